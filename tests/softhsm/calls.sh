#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many PKCS#11 calls a key costs, on both tokens together and with the proof by a separate process,
# counted: two ceremonies that differ in the number of their keys only.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

few=2
many=7 # so few that one follows the other

# keys KIND NUMBER: an old token with so many keys of this kind.
keys() {
    kind=$1
    number=$2
    set --
    while [ "$#" -lt "$number" ]; do
        set -- "$@" "$kind:key-$#:id=$(printf '%04x' "$(($# + 1))")"
    done
    make_token old "$@"
}

# Puts the shim between the agents and the tokens. It writes a line for each call into the folder of its
# side, with its process: pkcs11-spy does not tell two processes of one side apart.
watch() {
    for each in old new; do
        mkdir -p "$tmp/c/$each/calls"
        conf=$tmp/c/$each/softhsm2.conf
        watched="\"SHIM_MODULE=$softhsm\", \"SHIM_COUNT=$tmp/c/$each/calls\", \"SHIM_TIMES=yes\""
        edit "s|^  environment: .*$conf.*|  environment: [\"SOFTHSM2_CONF=$conf\", $watched]\n  environment-trusted: yes|"
    done
    edit "s|^  module: .*|  module: $shim|"
}

# counted FILE: the calls since the last time, into FILE. Those of a process that closes all sessions are in
# FILE.libp11: it is an application, which reads each attribute in a call.
counted() {
    : >"$1.libp11"
    for each in old new; do
        awk -v side="$each" -v apart="$1.libp11" '
            { calls[$1] = calls[$1] side " " $2 "\n" } $2 == "C_CloseAllSessions" { libp11[$1] = 1 }
            END { for (i in calls) if (libp11[i]) printf "%s", calls[i] >>apart; else printf "%s", calls[i] }' \
            "$tmp/c/$each/calls/times"
        rm -r "$tmp/c/$each/calls"
        mkdir "$tmp/c/$each/calls"
    done >"$1"
    [ -s "$1" ]
}

# run KIND NUMBER [CANARY]: a ceremony that moves so many keys. Its calls are then in $tmp/NUMBER, and
# those that a listing of both tokens takes in $tmp/NUMBER.list.
run() {
    keys "$1" "$2"
    ceremony - -
    watch
    edit "s/^policy:/policy:\n  canary: ${3:-required}/"
    timeout -k 5 600 "$quick" --plain "$tmp/c/ceremony.yaml" </dev/null &&
        counted "$tmp/$2" &&
        timeout -k 5 600 "$quick" list "$tmp/c/ceremony.yaml" </dev/null &&
        counted "$tmp/$2.list"
}

# table: the calls for each key more, by side and function, without those of the listings: the source is
# listed, and the destination by the fresh process. All that both ceremonies need once cancels out.
table() {
    for file in "1 $many" "-1 $few" "-1 $many.list" "1 $few.list"; do
        sed "s/^/${file% *} /" "$tmp/${file#* }"
    done | awk -v keys=$((many - few)) '
        { calls[$2 " " $3] += $1 }
        END { for (name in calls) if (calls[name]) print calls[name] / keys, name }' |
        sort -k2,2 -k1,1nr
}

# at_most LIMIT: a key takes no more calls than this.
at_most() {
    table
    table | awk -v limit="$1" '{ sum += $1 } END { print sum " calls"; exit sum > limit }'
}

# once_at_most LIMIT: what does not depend on the number of keys takes no more calls than this.
once_at_most() {
    each=$(table | awk '{ sum += $1 } END { print sum }')
    once=$(awk -v each="$each" -v keys="$few" -v list="$(wc -l <"$tmp/$few.list")" \
        'END { print NR - list - each * keys }' "$tmp/$few")
    echo "$once calls"
    [ "$once" -le "$1" ]
}

# one_more: as if each key had taken one more call.
one_more() {
    yes "new C_Encrypt" | head -n $((many - few)) >>"$tmp/$many"
}

# libp11_as_often FUNCTION: libp11 called it as often for many keys as for few.
libp11_as_often() {
    for number in "$few" "$many"; do
        count=$(grep -c " $1\$" "$tmp/$number.libp11")
        echo "$number keys: $count times $1"
        [ "$count" -gt 0 ] && [ "$count" -eq "${before:=$count}" ] || return
    done
    unset before
}

make_token new
# The limit is what a key takes now, a pair with its public object.
while read -r kind limit goal; do
    ok "a ceremony with $few keys, $kind" run "$kind" "$few"
    ok "a ceremony with $many keys, $kind" run "$kind" "$many"
    ok "$kind: at most $limit calls a key (the goal is $goal)" at_most "$limit"
    sed 's/^/# /' "$tmp/out"
    one_more
    not_ok "control, $kind: one more call is seen" at_most "$limit"
done <<END
aes32 16 16
generic32 34 18
rsa2048 21 24
ec256 24 24
END
ok "EC: libp11 searches the token as often for many keys as for few" libp11_as_often C_FindObjectsInit
not_ok "control: it signs with each" libp11_as_often C_SignInit

ok "a ceremony with $few keys, without a canary" run aes32 "$few" none
ok "... and with $many" run aes32 "$many" none
ok "what is needed once: at most 152 calls (the goal is 120)" once_at_most 152
sed 's/^/# /' "$tmp/out"
not_ok "control: a lower limit" once_at_most 10
finish
