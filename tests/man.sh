#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages are well formed, and say what the program does.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v mandoc >/dev/null || skip_all "mandoc is not installed"

# Pages may refer to others that are not installed on this machine.
lint() {
    mandoc -Tlint -Wstyle "$1" | grep -v 'referenced manual not found' | { ! grep .; }
}

# knows_keys PAGE SCHEMA: each key of the schema has its line in the page.
knows_keys() {
    grep -oE '(TEXTS?|WORDS?|TRIES|CYAML_FIELD_[A-Z_]+)\("[a-z0-9-]+"' "$2" | cut -d'"' -f2 |
        while read -r key; do
            grep -qE "^\.I[tc] .*\b$key( |$)" "$1" || echo "$key is missing"
        done | { ! grep .; }
}

# The commands and options of --help, one a line: "list", "--json".
help_words() {
    "$abs_top_builddir/hsmferry" --help |
        sed -nE 's/^  hsmferry ([a-z-]+) .*/\1/p; s/^  (--[a-z-]+) .*/\1/p' | sort
}

# page_words PAGE: those that its sections Commands and Options explain.
page_words() {
    sed -n '/^\.Ss Commands/,/^\.Sh /p' "$1" |
        sed -nE 's/^\.It Nm Cm ([a-z-]+).*/\1/p; s/^\.It Fl (. , )?-([a-z-]+).*/--\2/p' | sort
}

# knows_options PAGE: the commands and options of --help have their lines, and no others have one.
knows_options() {
    help_words >"$tmp/help.words"
    page_words "$1" | diff "$tmp/help.words" -
}

# page_synopsis PAGE: each command of its synopsis and its options, as "list --compare --json".
page_synopsis() {
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh D/p' "$1" | awk '
        function flush(    i, n, name) {
            n = split(names, name, " ")
            for (i = 1; i <= n; i++) print name[i] options
            names = options = ""
        }
        /^\.Nm/ { flush() }
        /^\.Cm/ { for (i = 2; i <= NF; i++) if ($i != "|") names = names " " $i }
        { for (i = 1; i < NF; i++) if ($i == "Fl" || $i == ".Fl") options = options " -" $(i + 1) }
        END { flush() }' | sorted_options
}

# help_synopsis: the same from --help of each command, without the options of every screen.
help_synopsis() {
    for command in $(help_words | grep -v '^--'); do
        echo "$command" "$("$abs_top_builddir/hsmferry" "$command" --help |
            sed -nE 's/^  (--[a-z-]+).*/\1/p' | grep -vxE -e '--(plain|ascii|no-color)' | tr '\n' ' ')"
    done | sorted_options
}

sorted_options() { # a line for each command, and its options in one order
    while read -r name options; do
        # shellcheck disable=SC2046,SC2086 # lists of words
        echo "$name" $(printf '%s\n' $options | sort)
    done | sort
}

knows_synopsis() {
    help_synopsis >"$tmp/help.synopsis"
    page_synopsis "$1" | diff "$tmp/help.synopsis" -
}

# The section KEYS is what man/keys writes from the console's key table.
has_keys() {
    "$abs_top_builddir/man/keys" >"$tmp/keys"
    sed -n '/^\.Sh KEYS/,/^\.Sh [^K]/p' "$1" | sed -n '/^\.Bl/,/^\.El/p' | diff - "$tmp/keys"
}

# knows_fields PAGE: the fields of the schemas of sealed files, no more and no less.
knows_fields() {
    sed -n 's/^\.It Ic \([a-z0-9-]*\)$/\1/p' "$1" | sort -u >"$tmp/page.fields"
    cat src/sealed/*.schema.json | sed -n '/"properties": {/,$s/^ *"\([a-z0-9-]*\)": [{].*/\1/p' |
        grep -vx 'items\|properties' | sort -u | diff - "$tmp/page.fields"
}

has_example() {
    sed '/^#/d' examples/ceremony.yaml >"$tmp/example"
    sed -n '/^\.Bd -literal/,/^\.Ed/{/^\.[BE]d/d;p;}' man/hsmferry-ceremony.5 |
        head -n "$(wc -l <"$tmp/example")" | diff - "$tmp/example"
}

cd "$abs_top_srcdir" || exit
printf '%s\n' '.Dd November 23, 2026' '.Dt A 1' '.Os' '.Sh NAME' '.Nm a' '.Nd b' '.Zz c' >"$tmp/bad.1"
not_ok "control: mandoc sees an unknown macro" lint "$tmp/bad.1"
not_ok "control: keys that a page lacks are seen" knows_keys "$tmp/bad.1" src/config/config_schema.c
not_ok "control: options that a page lacks are seen" knows_options "$tmp/bad.1"
sed 's/^\.It Fl -compare$/&d/' man/hsmferry.1 >"$tmp/more.1"
not_ok "control: so is one that the program does not have" knows_options "$tmp/more.1"
sed '/^\.Sh SYNOPSIS/,/^\.Sh D/s/^\.Op Fl -html$//' man/hsmferry.1 >"$tmp/less.1"
not_ok "control: so is one that the synopsis of its command lacks" knows_synopsis "$tmp/less.1"
not_ok "control: keys of the screen that a page lacks are seen" has_keys "$tmp/bad.1"
for page in man/*.[1-8]; do
    ok "$page" lint "$page"
done
ok "hsmferry-ceremony.5 knows every key of the schema" \
    knows_keys man/hsmferry-ceremony.5 src/config/config_schema.c
ok "hsmferry-dialect.5 knows every key of the schema" \
    knows_keys man/hsmferry-dialect.5 src/driver/dialect/dialect_schema.c
ok "hsmferry.1 explains every option and command, and no other" knows_options man/hsmferry.1
ok "its synopsis has the options of each command" knows_synopsis man/hsmferry.1
ok "hsmferry.1 lists the screen's keys as they are" has_keys man/hsmferry.1
sed '/^\.It Ic transports/d' man/hsmferry-sealed.5 >"$tmp/fewer.5"
sed 's/^\.It Ic transports/&-all/' man/hsmferry-sealed.5 >"$tmp/others.5"
not_ok "control: a field of a sealed file that its page lacks is seen" knows_fields "$tmp/fewer.5"
not_ok "control: so is one that no file has" knows_fields "$tmp/others.5"
ok "hsmferry-sealed.5 explains the fields of the schemas, no more and no less" \
    knows_fields man/hsmferry-sealed.5
report_page() {
    python3 tests/report_page.py src/report/hsmferry-audit-3.schema.json "$1"
}
sed '/^\.It Ic exit-code/d' man/hsmferry-report.5 >"$tmp/less.5"
sed 's/^\.It Ic exit-code/&-name/' man/hsmferry-report.5 >"$tmp/more.5"
not_ok "control: a field of the report that its page lacks is seen" report_page "$tmp/less.5"
not_ok "control: so is one that no report has" report_page "$tmp/more.5"
ok "hsmferry-report.5 explains the fields of the schema, no more and no less" \
    report_page man/hsmferry-report.5
ok "its example is examples/ceremony.yaml" has_example
finish
