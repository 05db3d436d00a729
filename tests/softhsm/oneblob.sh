#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A module that can wrap and unwrap by CKM_RSA_AES_KEY_WRAP only, and one that has the two calls of it:
# all keys go in both directions, and between two such modules; what is altered is refused.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

module=$abs_top_builddir/tests/modules/one_blob.so
cat >"$tmp/one-blob.yaml" <<'END'
name: one-blob
title: CKM_RSA_AES_KEY_WRAP alone
status: tried
sources: [tests/modules/one_blob.c]
recognised:
  - {manufacturer: "SoftHSM*"}
try-standard: no
algorithms:
  rsa-aes-sha256:
    - {mechanism: CKM_RSA_AES_KEY_WRAP, number: "0x1054", parameters: rsa-aes}
  rsa-aes-sha1:
    - {mechanism: CKM_RSA_AES_KEY_WRAP, number: "0x1054", parameters: rsa-aes}
template:
  value-length: refused
  omit: [derive-template]
END

# one_blob SIDE [HARM]: this side, old or new, has that module, within the shim if that is there.
one_blob() {
    edit "/token=$1?/,/^  environment-trusted\\|^destination\\|^keys/ {
        s|^  module: $softhsm|  module: $module\n  environment-trusted: yes|
        s|^  module: .*|&\n  dialect: $tmp/one-blob.yaml|
        s|SHIM_MODULE=[^\"]*|SHIM_MODULE=$module|
        s|^  environment: \[|&\"ONE_BLOB_MODULE=$softhsm\", \"ONE_BLOB_HARM=${2:-}\", |
    }"
}

labels() { # labels of the keys on the new token, as another program lists them
    PIN=swordfish at "$tmp/c/new" pkcs11-tool --module "$softhsm" --token-label new --login \
        --pin env:PIN --list-objects 2>/dev/null | sed -n '/^P[a-z]* Key\|^Secret Key/,/label/s/^ *label: *//p' |
        sort -u | xargs
}

arrived() {
    ends 0 "$1" 'canary .* passed' 'complete: 4 migrated' && [ "$(labels)" = "four one resident three two" ]
}

reported() { # reported WORDS...: each stands in the report
    for words in "$@"; do
        grep -qE -- "$words" "$tmp"/c/reports/*.yaml || {
            echo "the report does not say: $words"
            return 1
        }
    done
}

make_token old aes32:one:id=01 ec256:two:id=02 generic24:three:id=03 rsa2048:four:id=04
make_token new aes32:resident:id=d1

ceremony - -
ok "control: with the two calls on both sides, keys go in the envelope" \
    arrived 'transport: ecdh-p521.*'
not_ok "... and none in one blob" grep 'in one blob' "$tmp/log"

ceremony - -
one_blob new
ok "to a module with one blob" arrived 'transport: rsa-aes-sha1'
ok "... the review says how" grep -q 'in one blob, under a fresh AES key' "$tmp/log"
ok "... the report names both calls, and the one" reported 'CKM_RSA_AES_KEY_WRAP SHA-1' \
    'C_WrapKey CKM_RSA_PKCS_OAEP SHA-1, C_WrapKey CKM_AES_KEY_WRAP_PAD'

ceremony - -
one_blob old
ok "from a module with one blob" arrived 'transport: rsa-aes-sha1'
ok "... the report names both calls, and the one" reported 'C_WrapKey CKM_RSA_AES_KEY_WRAP SHA-1' \
    'C_UnwrapKey CKM_RSA_PKCS_OAEP SHA-1, C_UnwrapKey CKM_AES_KEY_WRAP_PAD'

ceremony - -
one_blob old
one_blob new
ok "between two of them" arrived 'transport: rsa-aes-sha1'

nothing_new() {
    [ "$(labels)" = resident ]
}

for part in head tail; do
    ceremony - -
    one_blob old "$part"
    ok "a module whose $part is wrong is found out when it is tried" \
        ends 69 'CKM_RSA_AES_KEY_WRAP SHA-1: (wrap )?gives another result'
    ok "... and nothing new" nothing_new
done

# The last blobs of a good ceremony, counted backwards: a key's, and the first one, of the transport.
ceremony none none
one_blob old
ok "control: within the shim" arrived 'transport: rsa-aes-sha1'
calls=$(grep -c '^C_WrapKey ' "$tmp/c/old/calls/calls")
ceremony "flip:C_WrapKey:$calls" none
one_blob old
ok "a blob altered on its way: one key fails, the others arrive" \
    ends 65 'it was damaged or altered' '3 migrated'
ceremony "flip:C_WrapKey:$((calls - 4))" none
one_blob old
ok "the transport's blob altered: nothing arrives" ends 65 'it was damaged or altered' '0 migrated'
ok "... nothing new" nothing_new

ceremony - -
one_blob new none
ok "control: without the mechanism there is no way" ends 69 'no way to carry the AES key'

ceremony - -
one_blob new
edit 's/^policy:/&\n  oaep-hashes: [sha256]/'
ok "the policy's hashes hold for one blob" ends 69 'no way to carry the AES key' \
    'rsa-aes-sha1.*the policy does not allow it|does not allow'
finish
