#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates and public keys go along with private keys, between SoftHSM and NSS, and by themselves:
# other programs find the key by its certificate, and what they sign verifies under the original one.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

need_softhsm pk12util cmsutil
relay "companions" "$python" "$abs_top_srcdir/tests/pairs/companions.py" \
    "$tmp" "$quick" softhsm:softhsm softhsm:nss nss:softhsm nss:nss
finish
