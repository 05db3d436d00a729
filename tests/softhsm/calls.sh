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
many=8

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

# run KIND NUMBER: a ceremony that moves so many keys; its calls are then in $tmp/NUMBER.
run() {
    keys "$1" "$2"
    ceremony - -
    watch
    timeout -k 5 100 "$abs_top_builddir/hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null || return
    for each in old new; do
        sed -n "s/^[0-9]*: \(C_[A-Za-z]*\)\$/$each \1/p" "$tmp/c/$each/spy"
    done >"$tmp/$2"
    [ -s "$tmp/$2" ]
}

# The calls for each key more, by side and function. All that both ceremonies need once cancels out.
table() {
    sort "$tmp/$few" | uniq -c | sed 's/^/-1 /' >"$tmp/sums"
    sort "$tmp/$many" | uniq -c | sed 's/^/1 /' >>"$tmp/sums"
    awk -v keys=$((many - few)) '
        { calls[$3 " " $4] += $1 * $2 }
        END { for (name in calls) if (calls[name]) print calls[name] / keys, name }' \
        "$tmp/sums" | sort -k2,2 -k1,1nr
}

# at_most LIMIT: a key takes no more calls than this, the listings included.
at_most() {
    table
    table | awk -v limit="$1" '{ sum += $1 } END { print sum " calls"; exit sum > limit }'
}

# one_more: as if each key had taken one more call.
one_more() {
    yes "new C_Encrypt" | head -n $((many - few)) >>"$tmp/$many"
}

make_token new
# The limit is what a key takes now, a pair with its public object; the goal is to be reached without the
# listings and the public object.
while read -r kind limit goal; do
    ok "a ceremony with $few keys, $kind" run "$kind" "$few"
    ok "a ceremony with $many keys, $kind" run "$kind" "$many"
    ok "$kind: at most $limit calls a key (the goal is $goal)" at_most "$limit"
    sed 's/^/# /' "$tmp/out"
    one_more
    not_ok "control, $kind: one more call is seen" at_most "$limit"
done <<END
aes32 63 16
generic32 69 18
rsa2048 103 18
ec256 173 18
END
finish
