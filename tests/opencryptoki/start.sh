#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command with an opencryptoki of its own: sh start.sh COMMAND [ARGUMENT...]
#
# The command sees two fresh soft tokens, "old" in slot 0 and "new" in slot 1, with the user PIN
# 87651234. Everything that opencryptoki keeps (its configuration, its tokens, its daemon's socket
# and shared memory) is in a mount, IPC and PID namespace that ends with the command: an installed
# opencryptoki is neither seen nor touched. Within it, fresh.sh makes a token new again, and HSMFERRY_OPENCRYPTOKI is set.
# Where that cannot be had, says why and ends with 77; 64 without a command.
set -u

skip() {
    echo "SKIPPED: $*" >&2
    exit 77
}

# inside: the namespaces' own part, as their first process.
inside() {
    state=/var/lib/opencryptoki lock=/run/lock/opencryptoki
    for place in /run /dev/shm /etc/opencryptoki $state; do
        mount -t tmpfs -o mode=0755 hsmferry "$place" || skip "$place cannot be mounted over"
    done
    chmod 1777 /dev/shm
    mkdir -p /run/lock
    # From 3.20 on: the daemon's own user, and which strengths keys may have.
    mkdir -m 0710 /run/opencryptoki
    ! id pkcsslotd >/dev/null 2>&1 || chown pkcsslotd:pkcs11 /run/opencryptoki
    (umask 027 && cat >/etc/opencryptoki/strength.conf) <<'END'
version strength-0
strength 256 { MOD_EXP = 15360 ECC = 512 SYMMETRIC = 256 digest = 512 signature = 512 }
strength 192 { MOD_EXP = 7680 ECC = 384 SYMMETRIC = 192 digest = 384 signature = 384 }
strength 128 { MOD_EXP = 3072 ECC = 256 SYMMETRIC = 128 digest = 256 signature = 256 }
strength 112 { MOD_EXP = 2048 ECC = 224 SYMMETRIC = 112 digest = 224 signature = 224 }
END
    chgrp pkcs11 /etc/opencryptoki/strength.conf
    echo 'version opencryptoki-3.1' >/etc/opencryptoki/opencryptoki.conf
    for slot in 0 1; do
        printf 'slot %s\n{\nstdll = libpkcs11_sw.so\ntokname = token%s\n}\n' $slot $slot \
            >>/etc/opencryptoki/opencryptoki.conf
        mkdir -p "$state/token$slot/TOK_OBJ" "$lock/token$slot"
    done
    chown -R root:pkcs11 $state $lock && chmod -R 0770 $state $lock
    pkcsslotd || skip 'pkcsslotd does not start'
    until_answers
    if ! make_token 0 old || ! make_token 1 new; then
        skip 'pkcsconf makes no token'
    fi
    cp -a $state /run/hsmferry-tokens
}

# The daemon answers a moment after it went to the background.
until_answers() {
    tries=0
    until pkcsconf -t >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || skip 'pkcsslotd does not answer'
        sleep 0.1
    done
}

# make_token SLOT LABEL: the four steps that pkcsconf has for it.
make_token() {
    {
        echo "$2" | pkcsconf -c "$1" -I -S 87654321 &&
            pkcsconf -c "$1" -P -S 87654321 -n 11223344 &&
            pkcsconf -c "$1" -u -S 11223344 -n 12345678 &&
            pkcsconf -c "$1" -p -U 12345678 -n 87651234
    } >/dev/null
}

if [ "${1-}" = --inside ]; then
    shift
    inside
    export HSMFERRY_OPENCRYPTOKI=yes
    # Its own leaks come out of a module that is unloaded by then: nothing could name them to ignore.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
    "$@"
    exit
fi
[ $# -gt 0 ] || {
    echo 'usage: sh start.sh COMMAND [ARGUMENT...]' >&2
    exit 64
}
command -v pkcsslotd >/dev/null || skip 'opencryptoki is not installed'
[ "$(id -u)" -eq 0 ] || skip 'only root can start an opencryptoki beside the installed one'
unshare --mount --ipc --pid --fork --mount-proc true 2>/dev/null ||
    skip 'this machine gives no namespaces to start an opencryptoki in'
exec unshare --mount --ipc --pid --fork --kill-child --mount-proc sh "$0" --inside "$@"
