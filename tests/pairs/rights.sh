#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every pattern of uses of every kind of key, between SoftHSM and NSS: how it is proven, and that it
# may do afterwards what it might before, and no more.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "all patterns of uses" "$python" "$abs_top_srcdir/tests/pairs/rights.py" \
    "$tmp" "$quick" softhsm:softhsm softhsm:nss nss:softhsm nss:nss
finish
