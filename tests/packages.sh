#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian packages on a bare system of a suite:
#
#     sh tests/packages.sh bookworm|trixie [LOG]
#
# Makes two systems with debootstrap. In the first it builds the packages twice from one source archive, without a
# network; they must be the same to the last byte, lintian must have nothing to say, and autopkgtest must pass. In the
# second, which has nothing but what the packages declare, it installs them, and an ordinary user runs
# debian/tests/rehearsal, both without a network; then it removes them, and nothing may be left. Only root can do
# that; it needs a Debian mirror and a quarter of an hour. HSMFERRY_TREES names a folder for the systems that stays,
# and is used again. LOG gets all output.
set -u

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
top=$(cd "${0%/*}/.." && pwd) || exit 74
suite=${1:-}
case $suite in
bookworm | trixie) ;;
*) echo 'usage: sh tests/packages.sh bookworm|trixie [LOG]' >&2 && exit 64 ;;
esac

give_up() {
    echo "The packages of $suite cannot be tried: $1" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || give_up 'only root can make a system'
for program in debootstrap git unshare; do
    command -v "$program" >/dev/null || give_up "$program is not installed"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-packages.XXXXXX") || exit 74
log=${2:-$work/log}
trees=${HSMFERRY_TREES:-$work}
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 99' HUP INT TERM
failed=0

# step WORDS COMMAND...: one case.
step() {
    words=$1
    shift
    if "$@" >"$work/step" 2>&1 </dev/null; then
        echo "ok - $suite: $words"
    else
        echo "not ok - $suite: $words"
        tail -n 40 "$work/step" | sed 's/^/# /'
        failed=1
    fi
    { echo "== $words" && cat "$work/step"; } >>"$log"
}

# shellcheck disable=SC2016
enter='
tree=$1 && shift || exit
mount --make-rprivate / && mount --bind "$tree" "$tree" && mount -t proc proc "$tree/proc" &&
    mount --rbind /sys "$tree/sys" && mount --rbind /dev "$tree/dev" &&
    mount -t tmpfs tmpfs "$tree/dev/shm" && mount -t tmpfs tmpfs "$tree/run" && mkdir -m 1777 "$tree/run/lock" &&
    cp /etc/resolv.conf "$tree/etc/resolv.conf" 2>/dev/null
cd "$tree" && mkdir -p mnt && pivot_root . mnt && umount -l /mnt && cd / &&
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=xterm DEBIAN_FRONTEND=noninteractive "$@"'

# within TREE COMMAND...
within() {
    within_tree=$1
    shift
    # shellcheck disable=SC2086 # nothing, or one word
    unshare ${within_net-} --mount --ipc --pid --fork --kill-child sh -c "$enter" sh "$within_tree" "$@"
}

# offline TREE COMMAND...: as in a locked room.
offline() (
    within_net=--net
    within "$@"
)

# make_tree NAME [LIKE]: a bare system, in $trees/NAME; a copy of LIKE if that is given. dpkg does not wait for the disk
# in it: nobody needs it after a power failure.
make_tree() {
    [ -e "$trees/$1.made" ] || {
        if [ -n "${2-}" ]; then
            cp -a "$trees/$2" "$trees/$1"
        else
            debootstrap --variant=minbase "$suite" "$trees/$1" "$mirror"
        fi && echo force-unsafe-io >"$trees/$1/etc/dpkg/dpkg.cfg.d/unsafe-io" && : >"$trees/$1.made"
    }
}

# The files of this clone, and nothing else.
copy_source() {
    rm -rf "$build/source" && mkdir "$build/source" && git -C "$top" ls-files -z >"$work/files" &&
        tar -C "$top" --null -T "$work/files" -cf "$work/files.tar" &&
        tar -C "$build/source" --no-same-owner -xf "$work/files.tar" &&
        git -C "$top" log -1 --format=%ct >"$build/epoch"
}

mkdir -p "$trees" || exit 74
build=$trees/$suite-build
bare=$trees/$suite-bare
step 'a bare system' make_tree "$suite-bare"
[ -e "$trees/$suite-bare.made" ] || give_up 'debootstrap failed'
step 'a system to build in' make_tree "$suite-build" "$suite-bare"
needed=$(sed -n '/^Build-Depends:/,/^[A-Z]/s/^ \([a-z0-9-]*\).*/\1/p' "$top/debian/control" | sed 's/-compat$//')
# shellcheck disable=SC2086 # a list of words
step 'its packages' within "$build" sh -c 'apt-get -q update && apt-get -q -y install --no-install-recommends "$@"' \
    sh autoconf automake build-essential lintian make $needed
step 'the source' copy_source
step 'the source archive' offline "$build" sh -c 'cd /source && ./autogen.sh && mkdir build && cd build &&
    ../configure -q && make -s dist'
version=$(sed -n 's/^AC_INIT(\[hsmferry\], \[\(.*\)\], \[\], .*/\1/p' "$top/configure.ac")
for out in one two; do
    [ "$out" = one ] || skip=nocheck # its unit tests have run
    step "the packages, time $out" offline "$build" env SOURCE_DATE_EPOCH="$(cat "$build/epoch")" \
        DEB_BUILD_OPTIONS="${skip-}" sh /source/debian/deb.sh "/source/build/hsmferry-$version.tar.gz" "$version" "/out/$out"
done
step 'they are the same to the last byte' sh -c \
    "cd '$build/out/one' && ls *.deb && for deb in *.deb; do cmp \"\$deb\" '../two/'\"\$deb\" || exit; done"
step 'lintian finds nothing' offline "$build" sh -c 'lintian --fail-on error,warning --suppress-tags \
    bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs,no-manual-page /out/one/*.changes'
# shellcheck disable=SC2016 # of the shell in there
step 'autopkgtest' within "$build" sh -c 'apt-get -q -y install --no-install-recommends autopkgtest &&
    { id ada >/dev/null 2>&1 || useradd -m ada; } && autopkgtest --user ada /out/one/*.changes -- null;
    status=$?; apt-get -q -y purge hsmferry; exit "$status"'

# --- a system with nothing else ---------------------------------------------------------------------------

rm -rf "$bare/debs" && mkdir "$bare/debs" && cp "$build"/out/one/*.deb "$bare/debs"
cp "$top/debian/tests/rehearsal" "$bare/debs"
chmod 755 "$bare/debs" "$bare/debs/rehearsal"

# All files, but for what a package manager keeps of its own work.
everything() {
    find "$bare" -xdev \( -path "$bare/proc" -o -path "$bare/sys" -o -path "$bare/dev" -o -path "$bare/run" \
        -o -path "$bare/tmp" -o -path "$bare/debs" -o -path "$bare/mnt" -o -path "$bare/var/lib/apt" -o -path "$bare/var/cache" \
        -o -path "$bare/var/log" -o -path "$bare/var/lib/dpkg" \) -prune -o -printf '%P %m %u %g\n' | sort
}
# shellcheck disable=SC2016 # of the shell in there
step 'what it needs' within "$bare" sh -c 'apt-get -q update &&
    apt-get -q -y install --no-install-recommends $(dpkg-deb -f /debs/hsmferry_*.deb Depends | tr "," "\n" | sed "s/(.*//; s/|.*//; s/:any//")'
everything >"$work/before"
step 'the packages install' offline "$bare" sh -c 'apt-get -q -y install --no-install-recommends --no-download /debs/*.deb'
step 'an ordinary user rehearses' offline "$bare" sh -c 'useradd -m ada 2>/dev/null; setpriv --reuid ada --regid ada --clear-groups env HOME=/home/ada /debs/rehearsal'
grep '^A ceremony' "$work/step"
step 'its manual pages name its places' within "$bare" sh -c '! zgrep -l /usr/local /usr/share/man/man*/hsmferry*'
step 'it lists its libraries' test -s "$bare/usr/share/hsmferry/hsmferry.spdx.json"
step 'they are removed' within "$bare" sh -c 'userdel -r ada 2>/dev/null; apt-get -q -y purge hsmferry hsmferry-doc'
everything >"$work/after"
# The user that was added leaves copies of the files that name users.
step 'nothing is left' sh -c "diff '$work/before' '$work/after' | grep '^[<>]' | grep -vE ' etc/(passwd|group|shadow|gshadow|subuid|subgid)-? |^[<>] (etc|home|var/mail) ' | { ! grep .; }"
exit "$failed"
