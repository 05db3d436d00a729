#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hsmferry-agent as a program: what it says of itself, and what it does with what is no message.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

agent=$abs_top_builddir/hsmferry-agent

says() {
    words=$1
    shift
    "$@" | grep -q "$words"
}

# given BYTES COMMAND...: with these bytes (as printf has them) on its input.
given() {
    bytes=$1
    shift
    # shellcheck disable=SC2059
    printf "$bytes" | "$@"
}

ok 'it says its version and its drivers' says 'drivers:' "$agent" --version
ok 'it says who starts it' says 'hsmferry, which starts it' "$agent" --help
exits 64 'an unknown option is refused' "$agent" --serve
exits 64 'two options are refused' "$agent" --version --help
if command -v script >/dev/null; then
    exits 64 'on a terminal it says that it is not run by hand' script -qec "$agent" /dev/null
else
    skip 'on a terminal it says that it is not run by hand' 'script is not installed'
fi

exits 0 'it ends when its channel does' given '' "$agent"
exits 65 'a greeting that is none ends it' given '\000\000\000\003abc' "$agent"
exits 65 'half a message ends it' given '\000\000\001\000half' "$agent"
exits 65 'a message that is too long ends it' given '\377\377\377\377' "$agent"
exits 65 'text ends it' given 'GET / HTTP/1.1\r\n\r\n' "$agent"
complains() {
    given '\000\000\000\003abc' "$agent" 2>"$tmp/said" | cmp - /dev/null && grep -q greeting "$tmp/said"
}
ok 'and it says so on standard error, not in the channel' complains

# A greeting, and two requests for the slots with these ids (protobuf, hsm.proto).
protocol=$(sed -n 's/.*WIRE_PROTOCOL = \([0-9]*\).*/\1/p' "$abs_top_srcdir/src/link/wire.h")
two_requests() {
    given "\\000\\000\\000\\007\\015HFRY\\020$(printf '\\%03o' "$protocol")$(printf \
        '\\000\\000\\000\\004\\010\\%03o\\042\\000' "$1" "$2")" "$agent" >/dev/null
}
exits 0 'control: two requests with ascending ids are answered' two_requests 1 2
exits 65 'an id that was used ends it' two_requests 2 2
exits 65 'an id below the last one ends it' two_requests 2 1
exits 65 'a request without an id ends it' two_requests 0 1
finish
