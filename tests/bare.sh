#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The two commands of README, as a newcomer runs them, on a bare Debian 12: so that no package is
# missing from examples/packages.sh that a developer's machine happens to have. Makes the system with
# debootstrap in a temporary folder, puts the files of this clone into it and runs both there, in
# namespaces of their own. Only root can do that; it needs git and a Debian mirror. With arguments it
# runs those commands instead.
set -u

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
top=$(cd "${0%/*}/.." && pwd) || exit 74
[ $# -gt 0 ] || set -- 'sh examples/rehearse.sh --plain' 'sh tests/run.sh'

# give_up WORDS: why this cannot be tried here. That is a failure, never a skipped test.
give_up() {
    echo "The bare system cannot be tried: $1" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || give_up 'only root can make one'
for program in debootstrap git unshare; do
    command -v "$program" >/dev/null || give_up "$program is not installed"
done
# In the new namespaces: the tree, then the command. Nothing of this host is in reach but its devices
# and its network.
# shellcheck disable=SC2016
enter='
tree=$1 && shift || exit
mount --make-rprivate / && mount --bind "$tree" "$tree" && mount -t proc proc "$tree/proc" &&
    mount --rbind /sys "$tree/sys" && mount --rbind /dev "$tree/dev" &&
    mount -t tmpfs tmpfs "$tree/dev/shm" && cd "$tree" && mkdir -p mnt && pivot_root . mnt &&
    umount -l /mnt && cd /hsmferry &&
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=xterm "$@"'

# within COMMAND...: in the tree.
within() {
    unshare --mount --ipc --pid --fork --kill-child sh -c "$enter" sh "$tree" "$@"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-bare.XXXXXX") || exit 74
tree=$work/tree
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 99' HUP INT TERM

debootstrap --variant=minbase bookworm "$tree" "$mirror" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    give_up "debootstrap of $mirror failed, its last words are above"
}
copy() {
    git -C "$top" ls-files -z >"$work/files" && [ -s "$work/files" ] && mkdir "$tree/hsmferry" &&
        tar -C "$top" --null -T "$work/files" -cf "$work/files.tar" &&
        tar -C "$tree/hsmferry" --no-same-owner -xf "$work/files.tar"
}
copy || give_up 'the files of this clone cannot be copied'
within true || give_up 'no namespaces can be made'

failed=0
for command in "$@"; do
    echo "== bare Debian 12: $command"
    # shellcheck disable=SC2086 # a command and its arguments
    within $command </dev/null >"$work/log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        tail -n 1 "$work/log"
    else
        failed=1
        grep -E '^(not ok|FAILED|SKIPPED)' "$work/log"
        tail -n 100 "$work/log"
        echo "FAILED: $command, with $status"
    fi
done
exit "$failed"
