#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How much of the source the tests reach: builds again with gcov's counters, in its own folder, runs the tests that
# assert, and prints a table of lines and branches by folder. Fails if a folder reaches less than
# tests/coverage.kept says, or if a test fails.
#
#   make coverage                        or: sh tests/coverage.sh FOLDER [TEST...]
#   make coverage RENEW=--renew          writes the numbers down, as far as the goal
#
# FOLDER is made if it does not exist; a second run adds to its counts. Without TEST, the unit and contract tests
# and those on SoftHSM run. No process is confined in this build, as the counters are written when it ends:
# the tests of confinement are left out. A process that is killed counts nothing.
set -u

top=$(cd "${0%/*}/.." && pwd) || exit 74
folder=${1:?usage: coverage.sh FOLDER [TEST...]}
shift
command -v gcov >/dev/null || {
    echo "gcov is not installed" >&2
    exit 69
}
mkdir -p "$folder" && cd "$folder" || exit 74
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(cd "$top" && {
    find tests/unit tests/contract tests/softhsm -name 'test_*.c' ! -name '*_lib.c' | sed 's/\.c$//'
    find tests/softhsm -name '*.sh' ! -name two.sh ! -name tap.sh ! -name confine.sh
} | sort)

[ -f Makefile ] || "$top/configure" -q --disable-confinement CC="${CC:-gcc}" \
    CFLAGS='-O0 -g --coverage -fprofile-update=atomic' LDFLAGS=--coverage || exit 74
make -s >build.log 2>&1 || {
    tail -n 20 build.log >&2
    exit 74
}
status=0
make -k check TESTS="$*" >check.log 2>&1 || status=1
grep '^FAIL\|^ERROR' check.log
# shellcheck disable=SC2086 # nothing, or one word
python3 "$top/tests/coverage.py" . "$top" "$top/tests/coverage.kept" ${RENEW:-} || exit 1
exit "$status"
