#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Offers that are open or have expired, and who leaves their pairs alone.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "open offers" "$python" "$abs_top_srcdir/tests/pairs/rooms_offers.py" "$tmp/offers" \
    "$quick" "${quick%/*}/hsmferry-agent" \
    "$abs_top_builddir/tests/faults/files.so"
finish
