#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without "sessions:" in the ceremony file, the time of the first keys determines how many keys are in
# progress together, and a module that has one session is used with one.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

objects=
for i in 1 2 3 4 5 6 7 8; do
    objects="$objects aes32:aes-$i:id=a00$i"
done
# shellcheck disable=SC2086
make_token old $objects rsa2048:rsa:id=b001 ec256:ec:id=c001
make_token new aes32:other

# moves MICROSECONDS FAULT-OF-OLD [LINE]: a ceremony in which each call waits so long.
moves() {
    ceremony "$2" none
    edit "s/\"SHIM_COUNT=/\"SHIM_DELAY_US=$1\", &/" 's/^policy:/&\n  canary: none/' \
        "s/^rehearsal: yes/&${3:+\n$3}/"
    timeout -k 5 600 "$quick" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/lines"
}

report() {
    cat "$tmp"/c/reports/*.yaml
}

sessions() { # sessions SED-SCRIPT: the part of the report that says how many and why
    report | sed -n '/^  sessions:/,/^  *reason:/p' | grep -Eq -- "$1"
}

opened() { # opened SIDE: sessions of the token; the destination's fresh process has its own
    grep -c '^C_OpenSession ' "$tmp/c/$1/calls/calls"
}

# Did one key begin before the one before it was proven again?
together() {
    awk -F'\t' '
        /\tstate=begun/ && /\tstep=wrap-key\t/ { open++; most = open > most ? open : most }
        /\tstep=prove-again\t/ && /\tstate=ok/ { open-- }
        END { exit most < 2 }' "$tmp"/c/reports/*.journal
}

verified() {
    "$quick" verify "$tmp"/c/reports/*.yaml --journal "$tmp"/c/reports/*.journal
}

# sealed SED-SCRIPT: is the report, changed so and sealed again, still right by itself?
sealed() {
    report | sed '$d' >"$tmp/before"
    sed -e "$1" "$tmp/before" >"$tmp/forged"
    ! cmp -s "$tmp/forged" "$tmp/before" || return 99
    printf 'seal: {lines: %s, sha256: "%s"}\n' "$(wc -l <"$tmp/forged")" \
        "$(sha256sum <"$tmp/forged" | cut -d' ' -f1)" >>"$tmp/forged"
    "$quick" verify "$tmp/forged"
}

says() { # says WORDS COMMAND...: its output has these
    words=$1
    shift
    "$@" 2>&1 | grep -q -- "$words"
}

exits 0 'each call takes 10 ms' moves 10000 none
ok 'as many sessions are used as the keys that are left allow' sessions 'reason: .*: one session for each two keys that are left'
ok '... three' sessions 'source: 3$'
ok '... which the source has opened' test "$(opened old)" -eq 3
ok 'keys were in progress together' together
ok 'line mode says so' grep -q 'sessions: source 3, destination 3; the HSMs need ' "$tmp/lines"
ok 'the report can be verified' verified
exits 0 'control: another title passes' sealed 's/Two tokens/Three tokens/'
exits 65 'another time is seen' sealed 's/^\(    microseconds: \).*/\15000/'
ok '... for this reason' says 'numbers of sessions do not follow' sealed 's/^\(    microseconds: \).*/\15000/'
exits 65 'another reason is seen' sealed 's/for each two keys/for every two keys/'
exits 65 'more sessions are seen' sealed 's/^    source: 3/    source: 4/'
exits 65 'a measure of three keys is seen' sealed 's/measured-keys: 4/measured-keys: 3/'

exits 0 'the source opens one session' moves 10000 fail:C_OpenSession:2:0xB1
ok 'it is used with one' sessions 'source: 1$'
ok '... which is in the reason' sessions 'reason: .*; the source has no more than 1'
ok 'the report can be verified' verified

exits 0 'the source gives its first session as the second' moves 10000 handle:C_OpenSession:2:1
ok 'it is used with one' sessions 'source: 1$'
ok 'the report can be verified' verified

exits 0 'nothing waits' moves 0 none
ok 'control: the record says what decided' sessions 'measured-keys: 4'
ok 'control: with a reason' sessions 'reason: "?the HSMs need [0-9]+\.[0-9] ms'
ok 'the report can be verified' verified

for line in 'pace: key' 'pace: step'; do
    ceremony none none
    edit 's/"SHIM_COUNT=/"SHIM_DELAY_US=2000", &/' 's/^policy:/&\n  canary: none/' "s/^rehearsal: yes/&\n$line/"
    yes '' | timeout -k 5 600 "$quick" --plain "$tmp/c/ceremony.yaml" >"$tmp/paced" 2>&1
    not_ok "$line: one key follows the other" together
    not_ok '... and nothing is decided' sessions .
done

exits 0 'the ceremony file fixes two' moves 10000 none 'sessions: 2'
ok '... which are used' sessions 'source: 2$'
ok '... for this reason' sessions 'reason: .*the ceremony file fixes the number'
ok 'the report can be verified' verified
finish
