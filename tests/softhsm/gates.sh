#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A ceremony on real tokens that its officers end at each of the gates: nothing has changed, and the
# report of it is in order.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm python3 certutil
umask 077

# at GATE: the rehearsal's ceremony with one key, and with this gate alone.
at() {
    sed "s/gates: .*/gates: [$1]/; s/object=\*/object=archive-aes128/; s/^title: .*/title: At $1/" \
        "$tmp/r/ceremony.yaml" >"$tmp/r/$1.yaml"
}

# answered WAIT TYPE GATE: runs it, and answers once.
answered() {
    python3 "$abs_top_srcdir/tests/terminal.py" "$1" "$2" -- \
        "$abs_top_builddir/hsmferry" --plain "$tmp/r/$3.yaml"
}

arrived() { # how many keys of that name there are on the destination
    certutil -K -d "sql:$tmp/r/nss-destination" -f "$tmp/r/pins/destination" >"$tmp/out" 2>&1
    symkeyutil -L -d "sql:$tmp/r/nss-destination" -f "$tmp/r/pins/destination" 2>&1 |
        grep -c archive-aes128
}

ok "the rehearsal's tokens" sh "$abs_top_srcdir/examples/rehearse.sh" \
    --build "$abs_top_builddir" --prepare --dir "$tmp/r"
while read -r gate prompt; do
    at "$gate"
    exits 2 "$gate: Ctrl-C ends it" answered "$prompt" '\x03' "$gate"
    cp "$tmp/out" "$tmp/printed"
    ok "$gate: ... and says that nothing has changed" \
        grep -q 'source unchanged; nothing on the destination\|Nothing was changed' "$tmp/printed"
    ok "$gate: ... as is true" test "$(arrived)" -eq 0
    ok "$gate: the report says so" \
        grep -q '^  outcome: "aborted"' "$(find "$tmp/r/reports" -name "*at-$gate.yaml")"
done <<END
devices source's first:
review to start:
fingerprint of the fingerprint:
key move this key:
END
exits 0 "control: it goes where it is answered" answered 'move this key:' 'archive-aes128\n' key
not_ok "control: then the key is there" test "$(arrived)" -eq 0
finish
