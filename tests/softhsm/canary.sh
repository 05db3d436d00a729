#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A dialect that is believed and wrong: it gives RFC 5649 the number of RFC 3394. The canary finds
# that out with throw-away keys; without it, a real key does.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

hsmferry=$abs_top_builddir/hsmferry

# wrong: a ceremony whose source speaks so.
wrong() {
    ceremony none -
    cat >"$tmp/c/wrong.yaml" <<END
name: wrong
title: a test
status: documents
sources: [none]
recognised: [{model: nothing}]
trust: file
believed: {exact-length: no, takes-length: no, copies: yes}
algorithms:
  rsa-oaep-sha1:
    - {mechanism: CKM_RSA_PKCS_OAEP, number: "0x9", parameters: oaep}
  aes-kwp:
    - {mechanism: CKM_AES_KEY_WRAP, number: "0x2109", parameters: none}
END
    edit "/^source:/,/^destination:/ s|^  api: .*|&\n  dialect: $tmp/c/wrong.yaml|"
    edit "s|object=\*|object=$1|"
}

# ends CODE COMMAND...: it ends with this code; what it says is in $tmp/log.
ends() {
    wanted=$1
    shift
    code=0
    "$@" </dev/null >"$tmp/log" 2>&1 || code=$?
    cat "$tmp/log"
    [ "$code" -eq "$wanted" ]
}

says() { # says WORDS...
    for words in "$@"; do
        grep -q -- "$words" "$tmp/log" || {
            echo "it does not say: $words"
            return 1
        }
    done
}

count() { # count FUNCTION: calls of the source's module
    grep -c "^$1 " "$tmp/c/old/calls/calls"
}

make_token old aes32:one:id=01 ec256:two:id=02
make_token new aes32:resident:id=d1

wrong two
ok "the source's number is wrong, and no other way is left: 69" ends 69 "$hsmferry" --plain \
    "$tmp/c/ceremony.yaml"
ok "the canary says so" says 'canary EC P-256, aes-kwp: failed' 'not aes-kwp: canary EC P-256' \
    'CANNOT GO: canary: decrypt the key'
not_ok "no step of the ceremony was begun" says ' 1 destination make the transport pair'
ok "one key was wrapped for the transport, and one throw-away key" test "$(count C_WrapKey)" -eq 2
ok "the throw-away pair was made inside" test "$(count C_GenerateKeyPair)" -ge 1

wrong one
ok "a secret goes the next way, directly: 0" ends 0 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "which is told" says 'canary AES 256, aes-kwp: failed' \
    'canary AES 256, rsa-oaep-sha1: passed' 'goes: directly under the transport key'

wrong one
ok "probe tells the same" ends 0 "$hsmferry" probe "$tmp/c/ceremony.yaml"
ok "... and touches nothing" says 'canary AES 256, aes-kwp: failed' \
    '1 of 1 keys can go; no key was touched'

wrong two
edit 's|^  gates: .*|&\n  canary: none|'
ok "control: without a canary a real key finds out: 65" ends 65 "$hsmferry" --plain \
    "$tmp/c/ceremony.yaml"
ok "... when it has left the source already" says '8 source .*encrypt the key' \
    '10 destination .*decrypt the key' 'WARNING: no canary'
finish
