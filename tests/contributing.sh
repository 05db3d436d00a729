#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CONTRIBUTING.md agrees with the tree: every path that it names exists, and its table of rooms says of
# each pair of rooms what tests/layers.sh enforces. So do the paths of README.md and SECURITY.md.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

# named PAGE: the paths in backticks there, except those with a placeholder such as NAME.
named() {
    # shellcheck disable=SC2016 # the backticks are those of Markdown
    grep -oE '`(src|ui|tests|dialects|doc|man|examples)/[^` ]*`|\]\([A-Za-z][^)]*\)' "$1" |
        sed -E 's/^(`|\]\()//; s/[`)]$//' | grep -vE '[A-Z]{4}/|NAME|^https?:' | sort -u
}

exist() {
    named "$1" >"$tmp/named"
    [ -s "$tmp/named" ] || { echo "$1 names no path" && return 1; }
    while IFS= read -r path; do
        # shellcheck disable=SC2086 # a path may be a pattern
        set -- $path
        [ -e "$1" ] || echo "there is no $path"
    done <"$tmp/named" | { ! grep .; }
}

# The table of tests/layers.sh: a room, a blank, and a regular expression.
rooms() {
    sed -n "/^rooms() {/,/^END/{/^[su][a-z]*\//p;}" tests/layers.sh
}

# agree PAGE: each pair of rooms for which the page's table and that of tests/layers.sh differ.
agree() {
    rooms >"$tmp/rooms"
    [ -s "$tmp/rooms" ] || { echo "tests/layers.sh has no rooms" && return 1; }
    awk '
        function short(room) { sub(/^src\//, "", room); return room }
        function lists(room, other, n, i, token) {
            n = split(may[room], token, ",")
            for (i = 1; i <= n; i++) {
                if (token[i] == "all" || token[i] == short(other)) return 1
                if (sub(/\*$/, "", token[i]) && index(short(other), token[i]) == 1) return 1
            }
            return 0
        }
        FNR == NR { allowed[$1] = "^(" $2 ")"; next }
        /^\| `(src|ui)\// {
            gsub(/[a-z\/]+ \([^)]*\)/, "") # rooms of which only some headers may be used
            split($0, cell, "|")
            gsub(/[ `]/, "", cell[2])
            gsub(/ /, "", cell[4])
            may[cell[2]] = cell[4]
        }
        END {
            for (room in allowed) if (!(room in may)) print "no row for " room
            for (room in may) if (!(room in allowed)) print "there is no room " room
            for (room in may)
                for (other in allowed)
                    if (room in allowed && room != other) {
                        is = short(other) "/x.h" ~ allowed[room]
                        if (is && !lists(room, other)) print room " may include " other
                        if (!is && lists(room, other)) print room " may not include " other
                    }
        }' "$tmp/rooms" "$1" | sort | { ! grep .; }
}

cd "$abs_top_srcdir" || exit
for page in CONTRIBUTING.md README.md SECURITY.md; do
    ok "every path that $page names exists" exist "$page"
done
ok "its table of rooms is that of tests/layers.sh" agree CONTRIBUTING.md

cp CONTRIBUTING.md "$tmp/bad.md"
# shellcheck disable=SC2016
echo 'See `src/base/nothing.h`.' >>"$tmp/bad.md"
not_ok "control: a path that does not exist" exist "$tmp/bad.md"
echo 'See [here](doc/nothing.md).' >"$tmp/bad.md"
not_ok "control: a link to a page that does not exist" exist "$tmp/bad.md"
sed '/^| .src\/journal/d' CONTRIBUTING.md >"$tmp/bad.md"
not_ok "control: a room without a row" agree "$tmp/bad.md"
sed '/^| .src\/plan/s/hsm, protocol/hsm, protocol, ceremony/' CONTRIBUTING.md >"$tmp/bad.md"
not_ok "control: a room that may not be included" agree "$tmp/bad.md"
sed '/^| .src\/report/s/, journal |/ |/' CONTRIBUTING.md >"$tmp/bad.md"
not_ok "control: a room that may be included and is not listed" agree "$tmp/bad.md"
finish
