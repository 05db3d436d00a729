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

# walk PAIR...: within $within if that is a script.
walk() {
    walk_folder=$(mktemp -d "$tmp/XXXXXX") || return
    ${within:+sh "$within"} "$python" "$abs_top_srcdir/tests/pairs/walk.py" "$walk_folder" \
        "$abs_top_builddir/hsmferry" ${HSMFERRY_TEST_LONG:+whole} "$@"
}
