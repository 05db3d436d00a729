#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests on versions of other software that Debian 12 does not have, in a tree of that suite:
#
#   sh tests/suites.sh sid BUILD    BUILD: where "make" and "make check TESTS=" were run
#
# Makes the tree with debootstrap in a temporary folder, puts the programs of BUILD and the tests into it and
# runs tests/suites/*.sh there, in namespaces of its own. Only root can do that; it needs a Debian mirror and
# ten minutes. HSMFERRY_TREE names a folder for the tree that stays, and is used again.
set -u

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
top=$(cd "${0%/*}/.." && pwd) || exit 74
packages=opencryptoki,softhsm2,opensc,procps,libcyaml1,libncursesw6,libnss3,libnss3-tools,openssl,libp11-3t64,libprotobuf-c1,libseccomp2,libyaml-0-2

# give_up WORDS: why this cannot be tried here. That is a failure, never a skipped test.
give_up() {
    echo "The suite cannot be tried: $1" >&2
    exit 1
}

if [ $# -ne 2 ] || [ ! -x "$2/hsmferry" ] || [ ! -x "$2/tests/suites/newer_keys" ]; then
    echo 'usage: sh tests/suites.sh SUITE BUILD' >&2
    exit 64
fi
[ "$(id -u)" -eq 0 ] || give_up 'only root can make a tree'
for program in debootstrap unshare; do
    command -v "$program" >/dev/null || give_up "$program is not installed"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-suite.XXXXXX") || exit 74
tree=${HSMFERRY_TREE:-$work/tree}
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 99' HUP INT TERM

if [ ! -e "$tree/usr/sbin/pkcsslotd" ]; then
    debootstrap --variant=minbase --include="$packages" "$1" "$tree" "$mirror" >"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        give_up "debootstrap of $1 from $mirror failed, its last words are above"
    }
fi

# In the new namespaces: the tree, then the command. A folder that is the root of its own mount can have
# namespaces within.
# shellcheck disable=SC2016
enter='
tree=$1 && shift || exit
mount --make-rprivate / && mount --bind "$tree" "$tree" && mount -t proc proc "$tree/proc" &&
    mount --rbind /sys "$tree/sys" && mount --rbind /dev "$tree/dev" &&
    mount -t tmpfs tmpfs "$tree/dev/shm" && mount -t tmpfs tmpfs "$tree/run" &&
    cd "$tree" && mkdir -p mnt && pivot_root . mnt && umount -l /mnt && cd /hsmferry/build &&
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        abs_top_srcdir=/hsmferry abs_top_builddir=/hsmferry/build "$@"'

within() {
    unshare --mount --ipc --pid --fork --kill-child sh -c "$enter" sh "$tree" "$@"
}

rm -rf "$tree/hsmferry"
copy() {
    mkdir -p "$tree/hsmferry/build/tests/suites" &&
        cp -R "$top/tests" "$top/dialects" "$tree/hsmferry" &&
        cp "$1/hsmferry" "$1/hsmferry-agent" "$tree/hsmferry/build" &&
        cp "$1/tests/suites/newer_keys" "$tree/hsmferry/build/tests/suites" &&
        ln -s ../dialects "$tree/hsmferry/build"
}
copy "$2" || give_up 'the programs cannot be copied'

failed=0
for test in "$top"/tests/suites/*.sh; do
    echo "== $1: ${test##*/}"
    within sh /hsmferry/tests/opencryptoki/start.sh sh "/hsmferry/tests/suites/${test##*/}" || failed=1
done
exit "$failed"
