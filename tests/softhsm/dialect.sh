#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dialects from the ceremony file to the report, on two real tokens: which one is taken and told, and
# what becomes of a wrong one.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

hsmferry=$quick
ours=$abs_top_srcdir/dialects/softhsm.yaml
mine=$tmp/mine.yaml

# with DIALECT COMMAND...: a fresh ceremony whose source is spoken to in this dialect; "" for none.
with() {
    dialect=$1
    shift
    ceremony - -
    [ -z "$dialect" ] || edit "s|^source:|source:\n  dialect: $dialect|"
    timeout -k 5 600 "$hsmferry" "$@" "$tmp/c/ceremony.yaml" </dev/null
}

# SoftHSM's dialect under another name, with these changes.
write_mine() {
    sed 's/^name: .*/name: mine/; s/^status: .*/status: documents/' "$ours" | sed "$@" >"$mine"
}

# reported SIDE KEY VALUE: so it stands in the report.
reported() {
    "$python" - "$@" "$tmp"/c/reports/*.yaml <<'END'
import sys
import yaml
side, key, value, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    told = yaml.safe_load(file)[side]["dialect"][key]
sys.exit(None if told == value else f"{side} {key}: {told}")
END
}

# said WORDS...: each in what the last case but these printed.
said() {
    for words in "$@"; do
        grep -qF -- "$words" "$tmp/run" || { cat "$tmp/run" && return 1; }
    done
}

# runs CODE WORDS DIALECT COMMAND...: a case that leaves what it printed for said.
runs() {
    exits "$1" "$2" with "$3" "$4"
    cp "$tmp/out" "$tmp/run"
}

"$python" -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
make_token old aes32:one:id=01 rsa2048:two:id=02
make_token new

runs 0 "without a word, both sides are recognised" '' --plain
ok "the lines tell the dialect" said 'dialect softhsm (tried) sha256 '
for side in source destination; do
    ok "the report tells the $side's" reported $side name softhsm
    ok "and that it was tried" reported $side status tried
    ok "and its file" reported $side sha256 "$(sha256sum <"$ours" | cut -d' ' -f1)"
done

runs 0 "a dialect by its name" generic-3.x list
ok "the list tells it" said 'SOURCE  pkcs11, dialect generic-3.x (from documents)'
runs 78 "one that lists no such variable" nss-softoken --plain
ok "is told" said 'SOFTHSM2_CONF is set, and the dialect nss-softoken lists no such variable'

write_mine ''
runs 0 "a dialect by its path" "$mine" --plain
ok "the report tells it" reported source name mine
ok "and that it is from documents" reported source status documents
ok "and its file" reported source sha256 "$(sha256sum <"$mine" | cut -d' ' -f1)"
ok "but not for the other side" reported destination name softhsm

# The AES key goes under the transport key itself then, and the private key stays.
wrong='s/CKM_AES_KEY_WRAP_PAD, number: "0x210a"/CKM_AES_KEY_WRAP, number: "0x2109"/'
write_mine -e "$wrong" -e '/CKM_AES_KEY_WRAP_KWP/d; /^  aes-kw:/,/2109/d'
runs 0 "a dialect with a wrong number" "$mine" --plain
ok "is not believed, and the standard's number is found" said 'found by trying: the dialect mine'
ok "by which all keys go" said 'complete: 2 migrated'
write_mine -e "$wrong" -e '/CKM_AES_KEY_WRAP_KWP/d; /^  aes-kw:/,/2109/d' -e 's/^algorithms:/try-standard: no\n&/'
runs 0 "one that allows no other number" "$mine" --plain
ok "is not believed" said \
    'CKM_AES_KEY_WRAP: is RFC 3394, not RFC 5649, though the dialect mine names it'
ok "and no envelope is spoken" said 'two: RSA 2048, CANNOT GO'

# Where the file is believed, the first to notice is the throw-away key that goes ahead of the keys.
believe='s/^algorithms:/trust: file\nbelieved: {exact-length: no, takes-length: no, copies: yes}\n&/'
write_mine "$believe"
runs 0 "control: a dialect that is believed, and right" "$mine" --plain
ok "is not tried" said 'taken from the dialect mine, not tried'
write_mine -e "$believe" -e "$wrong"
runs 69 "one that is believed, and wrong" "$mine" --plain
ok "is found out by the canary" said 'canary AES 256, aes-kwp: failed' \
    'canary RSA 2048, aes-kwp: failed'
ok "no private key moves" said 'two: RSA 2048, CANNOT GO: canary'

write_mine 's/^status: documents/status: good/'
runs 78 "a wrong dialect stops before anything" "$mine" --plain
ok "with its line and column" said "mine.yaml:4:9: "
runs 78 "and so does one that is not there" luna2 --plain
ok "which is told" said 'there is no dialect luna2'
write_mine ''
chmod 0666 "$mine"
runs 77 "and one that others may write" "$mine" --plain
ok "which is told, too" said 'can be changed by other users'
finish
