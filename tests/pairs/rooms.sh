#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ceremonies in two rooms: from the offer to the judgement of the source, in both orders, between
# SoftHSM and NSS, by separate processes that have nothing in common but the files.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "two rooms" "$python" "$abs_top_srcdir/tests/pairs/rooms.py" \
    "$tmp" "$quick" softhsm:softhsm,strict softhsm:nss,strict \
    nss:softhsm,strict softhsm:softhsm,one-bundle softhsm:nss,one-bundle nss:softhsm,one-bundle
finish
