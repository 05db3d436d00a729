#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ceremonies in two rooms with an HSM that can do less than others: one blob, or no AES-GCM.
set -u
# Not where start.sh puts something else for opencryptoki.
case ${TMPDIR:-} in /dev/shm* | /run*) TMPDIR=/tmp && export TMPDIR ;; esac
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

limited=$abs_top_srcdir/tests/pairs/rooms_limited.py
relay "one blob in two rooms" "$python" "$limited" "$tmp/blob" "$quick" \
    softhsm:oneblob oneblob:softhsm
within=$abs_top_srcdir/tests/opencryptoki/start.sh
start=0
why=$(sh "$within" true 2>&1) || start=$?
if [ "$start" -eq 77 ]; then
    skip "opencryptoki in two rooms" "$why"
else
    relay "opencryptoki in two rooms" sh "$within" "$python" "$limited" "$tmp/ock" "$quick" \
        softhsm:opencryptoki opencryptoki:softhsm
fi
finish
