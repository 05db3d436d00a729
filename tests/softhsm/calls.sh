#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many PKCS#11 calls a key costs, on both tokens together and with the proof by a separate process,
# counted by pkcs11-spy (opensc): two ceremonies that differ in the number of their keys only.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

for spy in /usr/lib/*/pkcs11-spy.so /usr/lib/pkcs11-spy.so; do
    [ ! -f "$spy" ] || break
done
[ -f "$spy" ] || skip_all "pkcs11-spy (opensc) is not installed"

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

# Puts the spy between the agents and the tokens. It appends each call to the file of its side.
watch() {
    for each in old new; do
        conf=$tmp/c/$each/softhsm2.conf
        spied="\"PKCS11SPY=$softhsm\", \"PKCS11SPY_OUTPUT=$tmp/c/$each/spy\""
        edit "s|^  environment: .*$conf.*|  environment: [\"SOFTHSM2_CONF=$conf\", $spied]\n  environment-trusted: yes|"
    done
    edit "s|^  module: .*|  module: $spy|"
}

# spied FILE: the calls since the last time, into FILE, but those of a process that closes all sessions:
# that is libp11, an application, which reads each attribute in a call.
spied() {
    for each in old new; do
        sed -n "s/^[0-9]*: \(C_[A-Za-z]*\)\$/$each \1/p" "$tmp/c/$each/spy" |
            awk '/ C_Initialize$/ { n++ } { process[n] = process[n] $0 "\n" } / C_CloseAllSessions$/ { libp11[n] = 1 }
                END { for (i in process) if (!libp11[i]) printf "%s", process[i] }'
        rm "$tmp/c/$each/spy"
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
        spied "$tmp/$2" &&
        timeout -k 5 600 "$quick" list "$tmp/c/ceremony.yaml" </dev/null &&
        spied "$tmp/$2.list"
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
rsa2048 18 24
ec256 25 24
END

ok "a ceremony with $few keys, without a canary" run aes32 "$few" none
ok "... and with $many" run aes32 "$many" none
ok "what is needed once: at most 155 calls (the goal is 120)" once_at_most 155
sed 's/^/# /' "$tmp/out"
not_ok "control: a lower limit" once_at_most 10
finish
