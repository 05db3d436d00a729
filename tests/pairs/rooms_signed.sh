#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files of two rooms that keys of their HSMs sign: SoftHSM and NSS on both sides.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "signed files" "$python" "$abs_top_srcdir/tests/pairs/rooms_signed.py" \
    "$tmp" "$quick" softhsm:nss nss:softhsm
finish
