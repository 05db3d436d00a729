#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ECDH as the transport to and from opencryptoki, where it has what that takes; before, that it is RSA-OAEP, and why.
# For suites.sh, which runs it in a tree with these, within tests/opencryptoki/start.sh.
set -u
# shellcheck source=tests/suites/lib.sh
. "${0%/*}/lib.sh"

need_softhsm softhsm2-util pkcs11-tool certutil
make_softhsm
make_database
fresh() { # fresh SLOT: opencryptoki's token there is new again
    sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" "$1"
}

fill "$softhsm" from
fill "$ock" old
echo "# opencryptoki $(ock_version)"

if [ "$(ock_version)" = 3.23 ]; then
    # It derives, and has nothing to carry the KEK with under the derived key.
    weak='allow-unauthenticated-envelope: yes'
    ok "3.23 to NSS by RSA-OAEP" moves "$(ock_side old)" "$(nss_side)" rsa-oaep-sha256 3 "$weak"
    not_ok "control: not by ECDH" moves "$(ock_side old)" "$(nss_side)" ecdh-p256 3 'transports: [ecdh-p256]'
    skip "ECDH with opencryptoki 3.23" "it has no AES key wrap: CKM_AES_KEY_WRAP_KWP is in 3.27"
    finish
fi

# With SoftHSM, which has no KDF: on P-256 alone both keep the same octets.
ok "from SoftHSM, on P-256" moves "$(soft_side from)" "$(ock_side new)" ecdh-p256
ok "... without a KDF" grep -q 'KDF none' "$tmp/log"
ok "to SoftHSM, on P-256" moves "$(ock_side old)" "$(soft_side to)" ecdh-p256
# With NSS, both have the KDF of ANSI X9.63.
ok "to NSS, on P-521" moves "$(ock_side old)" "$(nss_side)" ecdh-p521 3 'extractable: yes'
ok "... with a KDF" grep -q 'KDF x963-sha256' "$tmp/log"
fresh 1
ok "from NSS, on P-521" moves "$(nss_side)" "$(ock_side new)" ecdh-p521
fresh 1
ok "to itself, on P-384" moves "$(ock_side old)" "$(ock_side new)" ecdh-p384 3 'transports: [ecdh-p384]'

# Without a KDF, P-521 gives another key than everywhere else: the trial before the ceremony shows it.
sed '/^  ecdh-p521/,/^  ecdh-p384/s/kdf-sha256/kdf-none/' "$abs_top_srcdir/dialects/opencryptoki-3.27.yaml" \
    >"$tmp/cut.yaml"
dialect=$tmp/cut.yaml
fresh 1
not_ok "control: P-521 without a KDF" moves "$(soft_side from)" "$(ock_side new)" ecdh-p521 3 'transports: [ecdh-p521]'
ok "... is refused by a trial" grep 'with KDF none: .*, though the dialect' "$tmp/log"
finish
