#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of each attribute that binds a key, and of each kind of key, between SoftHSM and NSS:
# what the report says of it, and what another program reads.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "every way to bind a key" "$python" "$abs_top_srcdir/tests/pairs/fidelity.py" \
    "$tmp" "$quick" softhsm:softhsm softhsm:nss softhsm:softoken nss:softhsm
finish
