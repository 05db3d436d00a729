#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing that the review promises fails later for a reason that could have been known: keys of all
# kinds, sizes, curves, uses and allowed mechanisms, from and to SoftHSM, NSS, its PKCS#11 module and
# opencryptoki. With HSMFERRY_TEST_LONG all of them and all pairs, else some.
set -u
# Not where start.sh puts something else for opencryptoki.
case ${TMPDIR:-} in /dev/shm* | /run*) TMPDIR=/tmp && export TMPDIR ;; esac
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

how=thin
[ -z "${HSMFERRY_TEST_LONG:-}" ] || how=whole

# walk PAIR...: within $within if that is a script.
walk() {
    walk_folder=$(mktemp -d "$tmp/XXXXXX") || return
    ${within:+sh "$within"} "$python" "$abs_top_srcdir/tests/pairs/walk.py" "$walk_folder" \
        "$abs_top_builddir/hsmferry" "$how" "$@"
}

within=
relay "from SoftHSM" walk softhsm:softhsm softhsm:nss softhsm:softoken
relay "from NSS" walk nss:softhsm ${HSMFERRY_TEST_LONG:+nss:nss nss:softoken}
relay "from NSS's PKCS#11 module" walk softoken:softhsm \
    ${HSMFERRY_TEST_LONG:+softoken:nss softoken:softoken}

here=opencryptoki
within=$abs_top_srcdir/tests/opencryptoki/start.sh
start=0
why=$(sh "$within" true 2>&1) || start=$?
if [ "$start" -eq 77 ]; then
    skip "opencryptoki" "$why"
else
    ok "opencryptoki starts" test "$start" -eq 0
    relay "to and from opencryptoki" walk softhsm:$here $here:softhsm $here:nss \
        ${HSMFERRY_TEST_LONG:+nss:$here softoken:$here $here:softoken $here:$here}
fi
finish
