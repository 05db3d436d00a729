#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and tests hsmferry with the compiler, the libraries and the HSMs of another Debian suite, in a tree of
# that suite:
#
#   sh tests/suites.sh trixie | sid [TEST...]    TEST: make check's; without any, those of "tests" below
#
# Makes the tree with debootstrap in a temporary folder, with what debian/control wants for building, copies the
# source into it, builds it there without warnings, and runs the tests and tests/suites/*.sh in namespaces of their own.
# What could not be tried there is listed at the end. Only root can do that; it needs a Debian mirror and half
# an hour. HSMFERRY_TREE names a folder for the tree that stays, and is used again.
set -u

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
top=$(cd "${0%/*}/.." && pwd) || exit 74
packages='autoconf automake gcc libc6-dev make libnss3-tools opencryptoki opensc openssl procps python3
    python3-cryptography python3-jsonschema python3-yaml softhsm2'
# Each driver on its HSM, and ceremonies between any two of them.
tests='tests/contract/test_contract_softhsm tests/contract/test_contract_softoken tests/contract/test_contract_nss
    tests/contract/test_contract_opencryptoki tests/contract/test_contract_openssl
    tests/pairs/softhsm.sh tests/pairs/nss.sh tests/pairs/softoken.sh tests/pairs/opencryptoki.sh
    tests/pairs/transports.sh'

# give_up WORDS: why this cannot be tried here. That is a failure, never a skipped test.
give_up() {
    echo "The suite cannot be tried: $1" >&2
    exit 1
}

suite=${1-}
case $suite in
trixie | sid) shift ;;
*)
    echo 'usage: sh tests/suites.sh trixie | sid [TEST...]' >&2
    exit 64
    ;;
esac
[ $# -eq 0 ] || tests=$*
[ "$(id -u)" -eq 0 ] || give_up 'only root can make a tree'
for program in debootstrap unshare; do
    command -v "$program" >/dev/null || give_up "$program is not installed"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-suite.XXXXXX") || exit 74
tree=${HSMFERRY_TREE:-$work/tree}
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 99' HUP INT TERM

# In the new namespaces: the tree, then the command. A folder that is the root of its own mount can have
# namespaces within.
# shellcheck disable=SC2016
enter='
tree=$1 && shift || exit
mount --make-rprivate / && mount --bind "$tree" "$tree" && mount -t proc proc "$tree/proc" &&
    mount --rbind /sys "$tree/sys" && mount --rbind /dev "$tree/dev" &&
    mount -t tmpfs tmpfs "$tree/dev/shm" && mount -t tmpfs tmpfs "$tree/run" &&
    cd "$tree" && mkdir -p mnt && pivot_root . mnt && umount -l /mnt && cd /hsmferry/build &&
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        CMOCKA_MESSAGE_OUTPUT=TAP abs_top_srcdir=/hsmferry abs_top_builddir=/hsmferry/build "$@"'

within() {
    mkdir -p "$tree/hsmferry/build" &&
        unshare --mount --ipc --pid --fork --kill-child sh -c "$enter" sh "$tree" "$@"
}

# quietly WORDS COMMAND...: its output only if it fails, and then it is the end.
quietly() {
    words=$1
    shift
    "$@" >"$work/log" 2>&1 </dev/null || {
        tail -n 40 "$work/log" >&2
        give_up "$words failed; its last words are above"
    }
}

# The packages that debian/control names to build with: the first of each line of alternatives.
to_build() {
    awk '/^Build-Depends:/ { on = 1; next } /^[^ ]/ { on = 0 } on { sub(/,$/, "", $1); print $1 }' "$top/debian/control" |
        grep -v '^debhelper'
}

if [ ! -e "$tree/usr/sbin/pkcsslotd" ]; then
    quietly "debootstrap of $suite from $mirror" debootstrap --variant=minbase "$suite" "$tree" "$mirror"
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d" && chmod 755 "$tree/usr/sbin/policy-rc.d"
    cp /etc/resolv.conf "$tree/etc/resolv.conf"
    # shellcheck disable=SC2046,SC2086 # words
    quietly "installing what a build needs" within apt-get install -y -q --no-install-recommends $packages $(to_build)
fi

# The source as it is now; of a tree that stays, only what was built.
copy() {
    mkdir -p "$tree/hsmferry/build" &&
        find "$tree/hsmferry" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} + || return
    if [ -e "$top/.git" ]; then
        (cd "$top" && git ls-files -z | tar --null --files-from=- -cf -)
    else
        tar -C "$top" -cf - .
    fi | tar -C "$tree/hsmferry" -xf - && chmod -R go-w "$tree/hsmferry"
}
copy || give_up 'the source cannot be copied'

echo "== $suite: build"
quietly 'autoreconf' within sh -c 'cd /hsmferry && autoreconf -i'
quietly 'configure' within /hsmferry/configure -q --enable-werror
quietly 'the build without warnings' within make -s -k -j "$(nproc)"
# shellcheck disable=SC2016 # dpkg-query's
within sh -c 'gcc --version | head -n 1
    dpkg-query -W -f "\${Package} \${Version}\n" opencryptoki libnss3 softhsm2 libssl-dev' | sed 's/^/# /'

failed=0
echo "== $suite: make check"
# A test that fails is shown by make itself. cmocka 2 deprecates macros whose successors Debian 12's does not have.
# shellcheck disable=SC2086 # words, on one line
tests=$(printf '%s ' $tests)
within make -k check CFLAGS='-g -O2 -Wno-error=deprecated-declarations' VERBOSE=yes TESTS="$tests" >"$work/check.log" 2>&1 </dev/null || failed=1
grep -E '^(PASS|FAIL|SKIP|ERROR|XPASS)' "$work/check.log"
[ "$failed" -eq 0 ] || grep -E '^not ok|: error:' "$work/check.log"
for test in "$top"/tests/suites/*.sh; do
    [ "${test##*/}" != lib.sh ] || continue
    echo "== $suite: ${test##*/}"
    within sh /hsmferry/tests/opencryptoki/start.sh sh "/hsmferry/tests/suites/${test##*/}" \
        >"$work/out" 2>&1 </dev/null
    status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || failed=1 # 77: all of it is skipped, and it says why
    [ -s "$work/out" ] || {
        failed=1
        echo "not ok - ${test##*/} says nothing"
    }
    cat "$work/out"
    cat "$work/out" >>"$work/check.log"
done

echo "== $suite: skipped"
grep -hE '# SKIP|^SKIP|^SKIPPED' "$work/check.log" || echo 'nothing'
exit "$failed"
