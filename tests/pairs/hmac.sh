#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys whose type binds them to HMAC with one hash: they arrive with that type, or not at all.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm softhsm2-util certutil
for softoken in /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so; do
    [ ! -f "$softoken" ] || break
done
# shellcheck source=tests/newer_places.sh
. "${0%/*}/../newer_places.sh"


token from
ok "a key of HMAC-SHA-256 on SoftHSM" on soft from make HMAC-SHA-256 mac 1
token to
ok "SoftHSM to SoftHSM" moves 1 soft from soft to
ok "... proven" migrated mac 'both sides digested a random nonce'
database to
ok "SoftHSM to softoken" moves 1 soft from nss to
database to
not_ok "SoftHSM to NSS's own API: none" moves 1 soft from native to
ok "... refused for its type" grep -q \
    "mac: HMAC-SHA-256, 32 bytes, CANNOT GO: the destination's API takes no key of this type: HMAC-SHA-256" "$tmp/log"
database from
ok "a key of HMAC-SHA-256 in a database" on nss from make HMAC-SHA-256 mac 1
token to
ok "softoken to SoftHSM" moves 1 nss from soft to
ok "... proven" migrated mac 'both sides digested a random nonce'
finish
