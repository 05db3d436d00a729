#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every claim of SECURITY.md names tests, and each of them exists and is run.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

# named FILE: each test that it names, one line each: where, a tab, and what, which is a function or
# the words of a case.
named() {
    awk '
        function tell(where, what, n) {
            while (match(line, /"[^"]*"|`[^`]*`/)) {
                what = substr(line, RSTART + 1, RLENGTH - 2)
                line = substr(line, RSTART + RLENGTH)
                if (n++) print where "\t" what; else where = what
            }
            line = ""
        }
        /^- `tests\// {tell(); line = $0; next}
        line != "" && /^  / {line = line $0; next}
        {tell()}
        END {tell()}' "$1"
}

# claims_without_test FILE: claims, which begin in bold, that no test follows.
claims_without_test() {
    awk '/^# What it does not/ {exit}
        /^\*\*/ {if (claim) print claim; claim = $0}
        /^- `tests\// {claim = ""}
        END {if (claim) print claim}' "$1" | grep .
}

# Is this file a test of make check, or what one of them is made of or starts?
is_run() {
    stem=$(basename "$1")
    stem=${stem%.*}
    case $1 in
    *.py) grep -rqF "$(basename "$1")" --include='*.sh' tests ;;
    *.sh) grep -qE "^	%D%/${1#tests/} ?" tests/local.mk ;;
    tests/contract/[!t]*.c) grep -q '^TESTS += ' tests/contract/local.mk ;;
    *) grep -qE "^TESTS \+= %D%/${stem##*/}\$" "${1%/*}/local.mk" ;;
    esac
}

exists() {
    if [ "${1%.c}" != "$1" ]; then
        # made, and given to cmocka, by some macro as TEST(name)
        grep -qE "^static void $2\(" "$1" && [ "$(grep -cwE "(test_)?${2#test_}" "$1")" -ge 2 ]
    else
        grep -qF -- "$2" "$1"
    fi
}

stands() {
    named "$1" >"$tmp/named"
    while IFS='	' read -r where what; do
        is_run "$where" || echo "not run: $where"
        exists "$where" "$what" || echo "not in $where: $what"
    done <"$tmp/named" | { ! grep .; }
}

cd "$abs_top_srcdir" || exit
named SECURITY.md >"$tmp/named"
ok "SECURITY.md names many tests" test "$(wc -l <"$tmp/named")" -gt 80
ok "every test that SECURITY.md names exists and is run" stands SECURITY.md
not_ok "every claim names one" claims_without_test SECURITY.md
sed 's/order_of_steps/order_of_things/' SECURITY.md >"$tmp/bad.md"
not_ok "control: a function that there is not" stands "$tmp/bad.md"
sed 's/nor reported/nor recorded/' SECURITY.md >"$tmp/bad.md"
not_ok "control: a case that there is not" stands "$tmp/bad.md"
sed 's|tests/plain.sh|tests/lib.sh|' SECURITY.md >"$tmp/bad.md"
not_ok "control: a file that is no test" stands "$tmp/bad.md"
sed '/tests\/layers/d; /tests\/hardening/d' SECURITY.md >"$tmp/bad.md"
ok "control: a claim without a test" claims_without_test "$tmp/bad.md"
finish
