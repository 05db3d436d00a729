#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Secrets of every length from 1 to 128 bytes, from SoftHSM to SoftHSM, to NSS, and back; and from a
# SoftHSM that does not know how long they are.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "all lengths" "$python" "$abs_top_srcdir/tests/pairs/lengths.py" \
    "$tmp" "$quick" softhsm softhsm nss softhsm softhsm
finish
