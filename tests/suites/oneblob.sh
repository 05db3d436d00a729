#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CKM_RSA_AES_KEY_WRAP of opencryptoki 3.27, and of nothing else of it, to and from the two calls of SoftHSM.
# For suites.sh, which runs it in a tree with these, within tests/opencryptoki/start.sh.
set -u
# shellcheck source=tests/suites/lib.sh
. "${0%/*}/lib.sh"

need_softhsm softhsm2-util pkcs11-tool
[ "$(ock_version)" != 3.23 ] || skip_all 'opencryptoki 3.23 has no CKM_RSA_AES_KEY_WRAP, and no AES key wrap'
make_softhsm

# The dialect of opencryptoki, but for its algorithms.
{
    printf 'try-standard: no\nalgorithms:\n'
    for hash in sha256 sha1; do
        printf '  rsa-aes-%s:\n' "$hash"
        printf '    - {mechanism: CKM_RSA_AES_KEY_WRAP, number: "0x1054", parameters: rsa-aes}\n'
    done
} >"$tmp/algorithms"
awk -v file="$tmp/algorithms" '
    /^[a-z]/ { skip = 0 }
    /^algorithms:/ { while ((getline line <file) > 0) print line; skip = 1 }
    !skip { print }' "$abs_top_srcdir/dialects/opencryptoki-3.27.yaml" >"$tmp/one-blob.yaml"

dialect=$tmp/one-blob.yaml
fill "$softhsm" from
fill "$ock" old
pkcs11-tool --module "$ock" -M --slot 0 2>/dev/null | grep -i '1054\|RSA-AES' | sed 's/^/# /'
ok "from SoftHSM's two calls to one blob" moves "$(soft_side from)" "$(ock_side new)" rsa-aes-sha1
ok "from one blob to SoftHSM's two calls" moves "$(ock_side old)" "$(soft_side to)" rsa-aes-sha1
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
ok "from one blob to one blob" moves "$(ock_side old)" "$(ock_side new)" rsa-aes-sha256

# Its own dialect, which is recognised by its version.
dialect=
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
ok "with its own dialect, from SoftHSM" moves "$(soft_side from)" "$(ock_side new)" ecdh-p256
ok "... by AES-KWP" grep -q 'under the AES key' "$tmp/log"
# The dialect of 3.8, in which nothing but AES-CBC carries a private key: the standard's mechanisms are found.
dialect=opencryptoki
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
ok "with an older dialect, too" moves "$(soft_side from)" "$(ock_side new)" rsa-oaep-sha1
ok "... by what was found" grep -q 'found by trying: the dialect opencryptoki does not name it' "$tmp/log"
# What OAEP cannot carry goes in one blob, if there is nothing else.
sed 's/^algorithms:/try-standard: no\n&/; /^  aes-/,/^  rsa-aes/{/^  rsa-aes/!d}' \
    "$abs_top_srcdir/dialects/opencryptoki-3.27.yaml" >"$tmp/mixed.yaml" # ECDH needs AES-KWP, too
dialect=$tmp/mixed.yaml
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
ok "by OAEP alone, from SoftHSM" moves "$(soft_side from)" "$(ock_side new)" rsa-oaep-sha1
ok "... private keys in one blob" grep -q 'in one blob, under a fresh AES key' "$tmp/log"
sed '/^  rsa-aes/,/^    -/d' "$tmp/mixed.yaml" >"$tmp/without.yaml"
dialect=$tmp/without.yaml
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
not_ok "control: without the mechanism they stay" moves "$(soft_side from)" "$(ock_side new)" rsa-oaep-sha1
ok "... for that reason" grep -q 'no envelope that both sides speak carries a private key' "$tmp/log"
finish
