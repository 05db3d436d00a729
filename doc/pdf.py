#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts all guides and manual pages into one PDF, to be printed for a ceremony.

usage: pdf.py TREE PDF VERSION

Needs python3-markdown, weasyprint, mandoc, and DejaVu fonts (for the lines of the screens).
"""
import html
import pathlib
import re
import subprocess
import sys

GUIDES = ["README.md", "doc/officers.md", "doc/script.md", "doc/integrator.md", "SECURITY.md"]
LONGEST = {"officers": 4}  # pages: officers have it in their hands during a ceremony
PAGES = ["hsmferry.1", "hsmferry-agent.8", "hsmferry-ceremony.5", "hsmferry-dialect.5", "hsmferry-report.5",
         "hsmferry-sealed.5", "hsmferry-json.5"]

STYLE = """
@page { size: A4; margin: 14mm 18mm 15mm 18mm;
    @bottom-right { content: counter(page); font: 8pt 'DejaVu Sans' }
    @bottom-left { content: string(part); font: 8pt 'DejaVu Sans' } }
@page :first { @bottom-left { content: none } @bottom-right { content: none } }
body { font: 9pt/1.35 'DejaVu Sans', sans-serif; hyphens: none }
body > section { break-before: page }
body > section > h1 { font-size: 17pt; string-set: part content(); bookmark-level: 1 }
h2, h1.Sh { font-size: 12.5pt; break-after: avoid; bookmark-level: 2; margin: 1.3em 0 0.4em }
h3, h2.Ss { font-size: 10.5pt; break-after: avoid; bookmark-level: 3; margin: 1em 0 0.3em }
p, ul, ol, dl { margin: 0.4em 0 } li { margin: 0.15em 0 } dd { margin-left: 8mm }
code, pre, .Li { font-family: 'DejaVu Sans Mono', monospace; font-size: 8.3pt }
pre { line-height: 1.16; background: #f4f4f1; padding: 2mm; white-space: pre-wrap; break-inside: avoid }
pre.screen { border: 0.4pt solid #555; background: white; padding: 0.7mm 2mm; line-height: 7.2pt }
pre.screen code { font-size: 6.4pt; line-height: 1.1; white-space: pre }
table.beside { margin: 2mm 0 } .beside td { border: none; padding: 0 } .beside h3 { margin-top: 0 }
.beside td { font-size: 9pt } .beside td + td { width: 116mm; padding-left: 4mm } .beside pre.screen { margin: 0 }
#officers td:first-child { white-space: nowrap } #officers .beside td:first-child { white-space: normal }
table { border-collapse: collapse; width: 100%; font-size: 8.4pt; margin: 0.5em 0 }
td, th { border: 0.4pt solid #999; padding: 1mm 1.5mm; vertical-align: top; text-align: left }
td { overflow-wrap: break-word } thead { display: table-header-group } tr { break-inside: avoid }
th:empty { border: none; padding: 0 } td:empty { height: 6mm }
table.head, table.foot { font-size: 8pt } table.head td, table.foot td { border: none }
.Bd-indent { margin-left: 6mm } dl.Bl-compact dd, dl.Bl-compact dt { margin-top: 0 }
dt { margin-top: 1.2mm; break-after: avoid } dd p { margin: 0.2em 0 } .manual-text { margin: 0 }
img { width: 100% } a { color: black; text-decoration: none } .contents li { list-style: none; margin: 1mm 0 }
.contents a::after { content: leader('.') target-counter(attr(href url), page) }
.title { margin-top: 60mm; font-size: 30pt }
"""


def anchor(name):
    """The name of a document in this PDF: "doc/officers.md" is "officers"."""
    return pathlib.PurePath(name).name.removesuffix(".md").lower()


def lists_apart(text):
    """Puts an empty line before each list that follows a paragraph, as python-markdown needs one."""
    lines, literal = [], False
    for line in text.split("\n"):
        literal ^= line.startswith("```")
        if not literal and re.match(r"(- |[0-9]+[.] )", line) and lines and lines[-1] and not lines[-1].startswith(
                ("- ", "  ")) and not re.match(r"[0-9]+[.] ", lines[-1]):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def guide(tree, name):
    """A guide as HTML: its pictures from the tree, its links to other documents within the PDF."""
    import markdown

    text = (tree / name).read_text(encoding="utf-8")
    body = markdown.markdown(lists_apart(text), extensions=["tables", "fenced_code", "sane_lists"], tab_length=3)
    folder = (tree / name).parent.resolve()
    body = re.sub(r'src="([^":]+)"', lambda m: f'src="{(folder / m[1]).as_uri()}"', body)
    documents = {anchor(g) for g in GUIDES}

    def link(found):
        target = anchor(found[1].split("#")[0])
        return f'href="#{target}"' if target in documents else "class='elsewhere'"

    body = re.sub(r'href="(?!https?:|#)([^"]+)"', link, body)
    # a screen stands to the right of the paragraph that explains it, and of its heading
    return re.sub(r"((?:<h3>[^\n]*</h3>\n)?<p>(?:(?!</p>).)*</p>\n)<!-- screen [^>]*-->\s*<pre>(.*?</pre>)",
                  r'<table class="beside"><tr><td>\1</td><td><pre class="screen">\2</td></tr></table>', body, flags=re.S)


def manual(tree, name):
    said = subprocess.run(["mandoc", "-Thtml", "-Ofragment,man=#%N.%S", str(tree / "man" / name)],
                          capture_output=True, text=True, check=True).stdout
    # each page has sections of the same names: an id must be unique
    return re.sub(r'(id|href)="(#?)(?!hsmferry)([A-Za-z_~0-9-]+)"', rf'\1="\2{name}-\3"', said)


def title_of(body):
    return html.unescape(re.sub(r"<[^>]*>", "", re.search(r"<h1[^>]*>(.*?)</h1>", body)[1]))


def main():
    import weasyprint

    tree, pdf, version = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    parts = [(anchor(name), guide(tree, name)) for name in GUIDES]
    parts += [(name, f"<h1>{name[:-2]}({name[-1]})</h1>" + manual(tree, name)) for name in PAGES]
    contents = "".join(f'<li><a href="#{name}">{html.escape(title_of(body))}</a></li>' for name, body in parts)
    text = (f"<html lang='en'><head><title>hsmferry {version}</title><style>{STYLE}</style></head><body>"
            f"<p class='title'>hsmferry {html.escape(version)}</p><p>Guides and manual pages</p>"
            f"<ul class='contents'>{contents}</ul>"
            + "".join(f"<section id='{name}'>{body}</section>" for name, body in parts) + "</body></html>")
    document = weasyprint.HTML(string=text, base_url=str(tree)).render()
    for name, most in LONGEST.items():
        pages = sum(name in page.anchors for page in document.pages)
        if not 0 < pages <= most:
            sys.exit(f"{name} has {pages} pages, not 1 to {most}: shorten it")
    document.write_pdf(pdf)


main()
