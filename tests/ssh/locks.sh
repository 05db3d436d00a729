#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two consoles, each on a host of its own, and one token beyond ssh: the lock is on the token's host.
# Another host is a name space of mounts here, with another folder for locks.
set -u
# shellcheck source=tests/ssh/lib.sh
. "${0%/*}/lib.sh"

for program in unshare mount; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
unshare -m true 2>/dev/null || skip_all "no name space of mounts can be made here"

# elsewhere COMMAND...: on a host with locks of its own.
elsewhere() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare -m sh -c 'mount -t tmpfs locks /run/lock && exec "$@"' sh "$@"
}

shim=$abs_top_builddir/tests/faults/shim.so
calls=$tmp/calls
policy='  rsa-bits: 2048' # made faster
serve good 'PasswordAuthentication no'
soft new && soft new2 || exit 99
for token in src src2 src3; do
    soft "$token" || exit 99
    id=$((${id:-10} + 1))
    pkcs11-tool --module "$softhsm" --token-label "$token" --login --pin 1234 --keygen \
        --key-type AES:32 --label "k$token" --id "$id" --extractable >/dev/null 2>&1 || exit 99
done
mkdir "$calls"

# far TOKEN FAULT: the token beyond ssh. far_plain TOKEN: without a shim.
far() {
    soft_side "pkcs11:token=$1" "$shim" HOME=/
    echo '  environment-trusted: yes'
    beyond good "env -i SOFTHSM2_CONF=$SOFTHSM2_CONF SHIM_MODULE=$softhsm SHIM_COUNT=$calls SHIM_FAULT=$2 $agent"
}

far_plain() {
    soft_side "pkcs11:token=$1" "$softhsm" HOME=/
    beyond good "env -i SOFTHSM2_CONF=$SOFTHSM2_CONF $agent"
}

# written NAME SOURCE-TOKEN DESTINATION: the ceremony file $tmp/NAME.yaml.
written() {
    ceremony "$(soft_side "pkcs11:token=$2")" "$3" "pkcs11:object=k$2"
    sed "s|report-folder: .*|report-folder: $tmp/$1|" "$tmp/c.yaml" >"$tmp/$1.yaml"
}

# refused COMMAND...: as the token is in use there, and nothing was changed.
refused() {
    code=0
    "$@" >"$tmp/log" 2>&1 </dev/null || code=$?
    [ "$code" -eq 77 ] && says "The token new2*, serial [0-9a-f]*, .*is in use by .*process" \
        'Nothing was changed' 'Wait until it ends'
}

# not_refused COMMAND...: whatever becomes of it, no lock stands in its way.
not_refused() {
    "$@" >"$tmp/log" 2>&1 </dev/null
    cat "$tmp/log"
    ! grep -q 'is in use' "$tmp/log"
}

# begins TOKEN: a ceremony that waits in its third C_CopyObject, the first key's commit.
begins() {
    rm -rf "${calls:?}"/*
    written first src "$(far "$1" wait:C_CopyObject:3)"
    # shellcheck disable=SC2016 # for the inner shell
    elsewhere sh -c 'echo $$ >"$0" && exec "$@"' "$tmp/first.pid" \
        "$hsmferry" --plain "$tmp/first.yaml" </dev/null >"$tmp/first.log" 2>&1 &
    first=$!
    for _ in $(seq 1200); do
        [ "$(grep -sc '^C_CopyObject' "$calls/calls")" != 3 ] || return 0
        kill -0 "$first" 2>/dev/null || break
        sleep 0.1
    done
    cat "$tmp/first.log"
    exit 99
}

begins new
written second src2 "$(far_plain new)"
written local src2 "$(soft_side pkcs11:token=new)"
written control src3 "$(soft_side pkcs11:token=new)"
ok "a console on another host, beyond ssh: 77" refused elsewhere "$hsmferry" --plain "$tmp/second.yaml"
ok "... with the name of the token's host" says "on the host $(uname -n),"
ok "a console on the token's host: 77" refused "$hsmferry" --plain "$tmp/local.yaml"
ok "control: the lock of another host is none" not_refused \
    elsewhere "$hsmferry" --plain "$tmp/control.yaml"
exits 0 "looking is free" elsewhere "$hsmferry" list "$tmp/second.yaml"
: >"$calls/let-go"
exits 0 "the first one ends well" wait "$first"
exits 0 "then the next one has the token" elsewhere "$hsmferry" --plain "$tmp/second.yaml"

begins new2
kill -9 "$(cat "$tmp/first.pid")"
wait "$first" 2>/dev/null
written second src2 "$(far_plain new2)"
journal=$(echo "$tmp"/first/*.journal | tr ' ' '\n' | tail -n 1)
ok "an agent whose console is gone keeps the token: 77" refused \
    elsewhere "$hsmferry" --plain "$tmp/second.yaml"
ok "... from resume, too" refused elsewhere "$hsmferry" resume "$journal" "$tmp/first.yaml"
: >"$calls/let-go"
resumed() {
    for _ in $(seq 100); do # until the agent has ended
        "$hsmferry" resume "$journal" "$tmp/first.yaml" </dev/null && return
        sleep 0.1
    done
    return 1
}
ok "once it has ended, resume completes the ceremony" resumed
finish
