#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A SoftHSM beyond p11-kit's remoting, which fails at three attributes: no object is hidden by that.
set -u
# shellcheck source=tests/field/lib.sh
. "${0%/*}/lib.sh"

for client in /usr/lib/*/pkcs11/p11-kit-client.so; do :; done
[ -f "$client" ] || skip_all "p11-kit's client is not installed"
command -v p11-kit >/dev/null || skip_all "p11-kit is not installed"
soft src && nss new || exit 99
tool --keygen --key-type AES:32 --label k --id 01 --extractable
tool --keypairgen --key-type rsa:2048 --label r --id 02 --extractable
p11-kit server -f -n "$tmp/socket" --provider "$softhsm" pkcs11: >"$tmp/server" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; tap_end $?' EXIT
until [ -S "$tmp/socket" ] || ! kill -0 "$server"; do sleep 0.1; done

ceremony "$(soft_side pkcs11:token=src "$client" "P11_KIT_SERVER_ADDRESS=unix:path=$tmp/socket")" \
    "$(nss_side new)" 'pkcs11:object=*'
ok "its objects are listed" ends 0 list
ok "... with what they are" says '^k +AES' 'r +RSA 2048 private' '^3 objects'
ok "a ceremony: 0" ends 0 --plain
ok "a secret key is migrated" says 'key . k: migrated'
ok "a private key is refused for what it is" says 'key . r: RSA 2048, CANNOT GO: unsupported here'
ok "what could get lost is said" says 'WARNING: the source reads no unwrap template of any key'
finish
