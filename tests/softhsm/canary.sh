#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A dialect that is believed and wrong: it gives RFC 5649 the number of RFC 3394. The canary finds
# that out with throw-away keys; without it, a real key does.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

hsmferry=$quick

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
    '1 of 1 keys can be migrated; no key was touched'

wrong two
edit 's|^  gates: .*|&\n  canary: none|'
ok "control: without a canary a real key finds out: 65" ends 65 "$hsmferry" --plain \
    "$tmp/c/ceremony.yaml"
ok "... when it has left the source already" says '8 source .*encrypt the key' \
    '10 destination .*decrypt the key' 'WARNING: no canary'

# --- a destination that cannot store ------------------------------------------------------------------

# cannot CODE FAULTS-OF-NEW SENSE...: it is found out before any real key is wrapped.
cannot() {
    code=$1
    ceremony none "$2"
    edit 's/object=\*/object=one/'
    shift 2
    was=$(find "$tmp/c/new/tokens" -name '*.object' | sort | xargs)
    ends "$code" "$hsmferry" --plain "$tmp/c/ceremony.yaml" && says 'canary AES 256' "$@" &&
        ! grep -q ' 1 destination make the transport pair' "$tmp/log" &&
        [ "$(find "$tmp/c/new/tokens" -name '*.object' | sort | xargs)" = "$was" ]
}

# every KIND:ARGUMENT: at each copy but the first, which only looks whether there are any.
every() {
    for n in 2 3 4 5 6 7; do printf '%s:C_CopyObject:%s%s ' "${1%%:*}" "$n" ":${1#*:}"; done
}

ok "a destination that stores nothing: 69, before a real key is wrapped" cannot 69 \
    "$(every fail:0x30)" 'the key cannot be migrated: canary: make it a token object' \
    'becomes a token object with the label hsmferry:'
ok "one that is write-protected: 69" cannot 69 "$(every fail:0xe2)" 'CKR_TOKEN_WRITE_PROTECTED'
ok "one that is full: 2" cannot 2 "$(every fail:0x31)" 'CKR_DEVICE_MEMORY' \
    'The token is full: make room on it'

# pair FAULTS-OF-NEW: a ceremony of the EC pair, whose public key object goes along.
pair() {
    ceremony none "$1"
    edit 's/object=\*/object=two;type=private/'
}

pair none
ok "control: a pair goes with its public key" ends 0 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "... of which a throw-away one was stored, and was announced" says \
    'becomes a token object, and so does its public key, with the label hsmferry:'
# The last two that are made: the canary's, and the one that goes along.
last=$(grep -c '^C_CreateObject ' "$tmp/c/new/calls/calls")
none_made=$(for n in 0 1 2 3 4 5 6 7; do
    printf 'fail:C_CreateObject:%s:0x30 ' "$((last - 1 + n))"
done)
pair "$none_made"
ok "a destination that stores no public key: 69" ends 69 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "... the canary says so" says 'CANNOT GO: canary: make its public key a token object'
not_ok "... before the real pair is wrapped" says ' 8 source '
pair "$none_made"
edit 's|^  gates: .*|&\n  writes-before-review: no|'
ok "control: where the canary may not write, a real pair finds out: 3" ends 3 "$hsmferry" --plain \
    "$tmp/c/ceremony.yaml"
ok "... when it was moved already" says '8 source .*encrypt the key'
pair "$(printf 'fail:C_CreateObject:%s:0x13 ' "$((last - 1))" "$last")"
ok "one that refuses that public key costs no key: 0" ends 0 "$hsmferry" --plain \
    "$tmp/c/ceremony.yaml"

# full BYTES: no file that the destination's agent writes may be longer. SoftHSM does not say that an
# object did not get into its file: its own process has it all the same.
full() {
    ceremony - -
    edit 's/object=\*/object=one/' \
        "/^destination:/,/^keys:/ s|^  api: .*|&\n  agent: [/bin/sh, \"$tmp/limited\", \"$1\"]|"
}
cat >"$tmp/limited" <<END
trap '' XFSZ
exec prlimit --fsize="\$1" "$abs_top_builddir/hsmferry-agent"
END
full unlimited
ok "control: a disk with room" ends 0 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
full 500
ok "a full disk of which SoftHSM says nothing: 69" ends 69 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "... is found out by a fresh process" says 'a fresh process does not find it' \
    'Look whether the destination.s disk or token is full'
not_ok "... before a real key is wrapped" says ' 8 source '
full 500
edit 's|^  gates: .*|&\n  writes-before-review: no|'
ok "control: where the canary may not write, a real key is lost track of: 3" ends 3 "$hsmferry" \
    --plain "$tmp/c/ceremony.yaml"

ceremony none "$(every fail:0x30)"
edit 's/object=\*/object=one/' 's|^  gates: .*|&\n  writes-before-review: no|'
ok "control: where the canary may not write, a real key finds out" ends 2 "$hsmferry" --plain \
    "$tmp/c/ceremony.yaml"
ok "... when it was wrapped already" says 'the canary did not commit: the policy forbids writes' \
    '8 source .*encrypt the key' 'did not confirm that the key is stored'
ok "... which the report has" grep -A1 'name: "writes-before-review"' "$tmp"/c/reports/*.yaml
not_ok "... and nothing was announced" grep -q 'state=commits' "$tmp"/c/reports/*.journal

# --- what probe leaves ----------------------------------------------------------------------------------

ceremony none none
edit 's/object=\*/object=one/'
ok "probe stores a throw-away key, and says so" ends 0 "$hsmferry" probe "$tmp/c/ceremony.yaml"
ok "... that it is gone" says 'becomes a token object' 'canary: the inventories of both sides are' \
    'no key was touched'
ok "... and leaves no file" test -z "$(find "$tmp/c/reports" -type f)"
ceremony none cutdone:C_CopyObject:2
edit 's/object=\*/object=one/'
ok "a probe that is cut off right after that" ends 137 "$hsmferry" probe "$tmp/c/ceremony.yaml"
edit 's/SHIM_FAULT=[^"]*/SHIM_FAULT=/'
ok "... left it" test "$(find "$tmp/c/new/tokens" -name '*.object' ! -name token.object | wc -l)" -eq 2
ok "... which the next start tells" ends 3 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "clean removes it" ends 0 "$hsmferry" clean "$(find "$tmp/c/reports" -name '*.journal')"
ok "... and says what it was" says 'no plan was made before it was interrupted' \
    'left by the interrupted ceremony'
ok "... nothing is left" \
    test "$(find "$tmp/c/new/tokens" -name '*.object' ! -name token.object | wc -l)" -eq 1
ok "the ceremony then goes its way" ends 0 "$hsmferry" --plain "$tmp/c/ceremony.yaml"
finish
