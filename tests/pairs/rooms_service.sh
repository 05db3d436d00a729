#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys that come back from a key service as files, to SoftHSM and NSS: wrapped by OpenSSL's library
# under the public key of an offer, proven by a public key that came by another way, or waived.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "keys from a key service" "$python" "$abs_top_srcdir/tests/pairs/rooms_service.py" \
    "$tmp" "$quick" "${quick%/*}/hsmferry-agent" softhsm nss
finish
