#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs as built: the console links no HSM library, and both carry the hardening of the
# OpenSSF compiler guide.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

hsm_libraries='softhsm|softokn|freebl|nss3|nspr|opencryptoki|p11|pkcs11'

links_hsm_library() {
    ldd "$1" | grep -E "$hsm_libraries"
}

is_pie() {
    readelf -hd "$1" | grep -q 'Flags: .*PIE'
}

is_relro_now() {
    readelf -lWd "$1" | grep -q GNU_RELRO && readelf -d "$1" | grep -q 'Flags: .*NOW'
}

has_plain_stack() {
    readelf -lW "$1" | grep 'GNU_STACK' | grep -q 'RW '
}

has_no_rpath() {
    readelf -d "$1" | { ! grep -E 'RPATH|RUNPATH'; }
}

uses() {
    readelf --dyn-syms -W "$1" | grep -qE "$2"
}

properties='is_pie is_relro_now has_plain_stack has_no_rpath'

for program in readelf ldd; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
cd "$abs_top_builddir" || exit

not_ok "the console links no HSM library" links_hsm_library hsmferry
ok "control: the same look at a program that does" links_hsm_library hsmferry-rehearsal-token

if uses hsmferry '__[at]san_'; then
    skip "hardening" "a build with sanitizers"
    finish
fi
for program in hsmferry hsmferry-agent; do
    for property in $properties; do
        ok "$program $property" "$property" "$program"
    done
    ok "$program checks its stack" uses "$program" '__stack_chk_fail'
    ok "$program uses fortified functions" uses "$program" '_chk@'
done

printf '%s\n' '#include <string.h>' 'int main(int c, char **v)' \
    '{ char b[64]; strcpy(b, v[c - 1]); return b[0]; }' >"$tmp/soft.c"
ok "control: a program without all this can be built" "${CC:-cc}" -O0 -no-pie -fno-stack-protector \
    -U_FORTIFY_SOURCE -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/tmp "$tmp/soft.c" -o "$tmp/soft"
for property in $properties; do
    not_ok "control: it is not $property" "$property" "$tmp/soft"
done
not_ok "control: it does not check its stack" uses "$tmp/soft" '__stack_chk_fail'
not_ok "control: it uses no fortified functions" uses "$tmp/soft" '_chk@'
finish
