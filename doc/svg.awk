# SPDX-License-Identifier: Apache-2.0
# What `tmux capture-pane -e -p` prints, as an SVG picture: text in runs of one look, on cells of one
# size. Set columns and lines with -v. Runs bytewise (LC_ALL=C): UTF-8 is read by its first bytes.

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

function flush_run(    width, paper, ink) {
    if (run == "")
        return
    width = column - start
    paper = reverse ? (color ? color : ink_color) : ""
    ink = reverse ? paper_color : (color ? color : ink_color)
    if (paper != "")
        printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
            left + start * cell_w, top + row * cell_h, width * cell_w, cell_h, paper
    if (run !~ /^ *$/)
        printf "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" fill=\"%s\"%s%s>%s</text>\n",
            left + start * cell_w, top + row * cell_h + 14, width * cell_w, ink,
            bold ? " font-weight=\"bold\"" : "", dim ? " opacity=\"0.6\"" : "", escaped(run)
    run = ""
    start = column
}

function look(codes,    n, part, i) {
    flush_run()
    n = split(codes, part, ";")
    if (n == 0)
        part[n = 1] = 0
    for (i = 1; i <= n; i++) {
        if (part[i] + 0 == 0) bold = dim = reverse = 0
        if (part[i] + 0 == 0 || part[i] == 39) color = ""
        if (part[i] == 1) bold = 1
        if (part[i] == 2) dim = 1
        if (part[i] == 7) reverse = 1
        if (part[i] == 22) bold = dim = 0
        if (part[i] == 27) reverse = 0
        if (part[i] in colors) color = colors[part[i]]
    }
}

BEGIN {
    cell_w = 8.4; cell_h = 18; left = top = 10
    paper_color = "#1d2021"; ink_color = "#e6e1d6"
    colors[31] = "#f0665c"; colors[32] = "#a9c25d"; colors[33] = "#e8b84b"
    colors[35] = "#d7a0c8"; colors[36] = "#7cc5c0"
    width = 2 * left + columns * cell_w; height = 2 * top + lines * cell_h
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"",
        width, height, width, height
    print " font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">"
    printf "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n<g xml:space=\"preserve\">\n",
        paper_color
}

{
    column = start = 0
    row = NR - 1
    for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        if (c == "\033") {
            rest = substr($0, i)
            match(rest, /^\033\[[0-9;]*m/)
            look(substr(rest, 3, RLENGTH - 3))
            i += RLENGTH - 1
            continue
        }
        if (c >= "\200" && c < "\300") { # the rest of a character
            run = run c
            continue
        }
        run = run c
        column++
    }
    flush_run()
}

END { print "</g>\n</svg>" }
