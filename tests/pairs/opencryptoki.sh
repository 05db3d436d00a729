#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kind of key to and from the soft token of opencryptoki: with the policy as it is without a
# word, and with keys in an envelope without integrity where the ceremony file allows that.
set -u
# Not where start.sh puts something else for opencryptoki.
case ${TMPDIR:-} in /dev/shm* | /run*) TMPDIR=/tmp && export TMPDIR ;; esac
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

matrix_within=$abs_top_srcdir/tests/opencryptoki/start.sh
start=0
why=$(sh "$matrix_within" true 2>&1) || start=$?
[ "$start" -ne 77 ] || skip_all "$why"
ok "opencryptoki starts" test "$start" -eq 0

here=opencryptoki
relay "all pairs to opencryptoki" matrix \
    softhsm:$here softhsm:$here:weak nss:$here nss:$here:weak softoken:$here softoken:$here:weak
# Under one daemon, a token lists one of its public keys twice after the other got some.
relay "all pairs from opencryptoki" matrix \
    $here:softhsm $here:nss $here:nss:weak $here:softoken $here:softoken:weak $here:$here \
    $here:$here:weak
finish
