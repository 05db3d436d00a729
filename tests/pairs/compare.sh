#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each state of the map, after a migration and after changes by other programs, and a resync; between
# SoftHSM and NSS.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

need_softhsm pk12util
"$python" -c 'import jsonschema' 2>/dev/null || skip_all "python3-jsonschema is not installed"
relay "compare" "$python" "$abs_top_srcdir/tests/pairs/compare.py" \
    "$tmp" "$quick" softhsm:softhsm softhsm:nss nss:softhsm
finish
