#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys that name the mechanisms that they allow (CKA_ALLOWED_MECHANISMS): each is proven by one of
# those, or refused at the review.
set -u
# shellcheck source=tests/field/lib.sh
. "${0%/*}/lib.sh"

soft src && soft dst && nss new && nss other || exit 99
id=10
# key KEY-TYPE LABEL MECHANISMS [USE]
key() {
    id=$((id + 1))
    tool --keypairgen --key-type "$1" --label "$2" --id $id --extractable "${4:---usage-sign}" \
        --allowed-mechanisms "$3" || exit 99
}
key rsa:2048 raw RSA-PKCS
key rsa:2048 pkcs256 SHA256-RSA-PKCS
key rsa:2048 pkcs384 SHA384-RSA-PKCS
key rsa:2048 pkcs512 SHA512-RSA-PKCS
key rsa:2048 pss RSA-PKCS-PSS
key rsa:2048 pss256 SHA256-RSA-PKCS-PSS
key rsa:2048 pss384 SHA384-RSA-PKCS-PSS
key rsa:2048 pss512 SHA512-RSA-PKCS-PSS
key rsa:2048 several SHA1-RSA-PKCS,SHA384-RSA-PKCS
key rsa:2048 sha1 SHA1-RSA-PKCS
key rsa:2048 oaep RSA-PKCS-OAEP --usage-decrypt
key EC:prime256v1 ecdsa ECDSA
key EC:secp384r1 ecdsa-sha1 ECDSA-SHA1
key EC:prime256v1 ecdh ECDH1-DERIVE --usage-derive
refusal='of the mechanisms that it allows, none is a proof'

ceremony "$(soft_side pkcs11:token=src)" "$(soft_side pkcs11:token=dst)" 'pkcs11:type=private'
ok "they go from SoftHSM to SoftHSM" ends 0 --plain
for name in raw pkcs256 pkcs384 pkcs512 pss pss256 pss384 pss512 several oaep ecdsa ecdh; do
    ok "... $name" migrated "$name"
done
for name in sha1 ecdsa-sha1; do
    ok "... but not $name" refused "$name" "$refusal"
done
ok "... each by what it allows" says 'rsa-pss-signature' 'rsa-pss-sha512-signature' \
    'rsa-sha384-signature' 'rsa-sha256-signature'
ok "... and the review kept its word" kept_word

# From there on, each is in the other token, too: by the mechanisms, which were carried along.
allows_the_same() {
    pkcs11-tool --module "$softhsm" --token-label dst --login --pin 1234 -O --type privkey \
        >"$tmp/there" 2>/dev/null
    grep -q "SHA384-RSA-PKCS-PSS" "$tmp/there"
}
ok "the copies allow the same" allows_the_same

# A destination that keeps no such list gets none of these keys, also by the other path to it.
tool --keypairgen --key-type rsa:2048 --label free --id 99 --extractable --usage-sign || exit 99
for to in "$(nss_side new)" "$(softoken_side other)"; do
    ceremony "$(soft_side pkcs11:token=src)" "$to" 'pkcs11:type=private'
    ok "they do not go to NSS" ends 0 --plain
    for name in raw several oaep ecdsa ecdh; do
        ok "... not $name" refused "$name" 'the destination keeps no list of allowed mechanisms'
    done
    ok "... but a key that allows all does" migrated free
    ok "... and the review kept its word" kept_word
done
finish
