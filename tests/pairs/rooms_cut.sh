#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Visits that are cut off: console and agents are killed before and after some of the calls that
# change an HSM.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

# In longer runs each of these calls; withdraw and confirm, which have few, at each in any run.
step=9
[ -z "${HSMFERRY_TEST_LONG:-}" ] || step=1
relay "visits that are cut off" "$python" "$abs_top_srcdir/tests/pairs/rooms_cut.py" \
    "$tmp/cut" "$quick" "${quick%/*}/hsmferry-agent" "$step"
finish
