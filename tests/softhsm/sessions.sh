#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys that are in progress together: whatever the number of sessions, the same arrives, and the journal
# shows the order of each key's steps.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

objects=
for i in $(seq -w 1 20); do
    objects="$objects aes32:aes-$i:id=a0$i"
done
for i in 1 2 3; do
    objects="$objects rsa2048:rsa-$i:id=b00$i ec256:ec-$i:id=c00$i generic20:secret-$i:id=d00$i"
done
# shellcheck disable=SC2086
make_token old $objects
make_token new aes32:other

# moves SESSIONS: a ceremony with this number; "none" is a file that does not name it.
moves() {
    ceremony none none
    [ "$1" = none ] || edit "s/^rehearsal: yes/&\nsessions: $1/"
    timeout -k 5 600 "$quick" --plain "$tmp/c/ceremony.yaml" </dev/null
}

# The labels, classes and ids that arrived.
arrived() {
    at "$tmp/c/new" env PIN=swordfish pkcs11-tool --module "$softhsm" --token-label new --login \
        --pin env:PIN --list-objects 2>/dev/null | grep -E '^ +(label|ID)|Object' | grep -v token |
        sort
}

journal() {
    cat "$tmp"/c/reports/*.journal
}

# Did so many keys take the first step before one of them took the second?
begun_together() {
    journal | awk -F'\t' -v most="$1" '
        /\tstep=unwrap-key\t/ { exit found != most }
        /\tstep=wrap-key\t/ && /\tstate=begun/ { found++ }'
}

opened() { # opened SIDE: the sessions of the token, those of the fresh process included
    grep -c '^C_OpenSession ' "$tmp/c/$1/calls/calls"
}

verified() {
    "$quick" verify "$tmp"/c/reports/*.yaml --journal "$tmp"/c/reports/*.journal
}

exits 0 'one key follows the other' moves none
arrived >"$tmp/arrived.none"
ok 'control: all have arrived' test "$(grep -c 'label' "$tmp/arrived.none")" -ge 30
ok 'control: one key is in progress' begun_together 1
for sessions in 1 4 16; do
    exits 0 "with sessions: $sessions" moves $sessions
    arrived >"$tmp/arrived.$sessions"
    ok "the same has arrived with $sessions" cmp "$tmp/arrived.none" "$tmp/arrived.$sessions"
    ok "the report can be verified with $sessions" verified
    ok "keys were in progress together with $sessions" begun_together "$((sessions * 4 < 8 ? 8 : sessions * 4 > 29 ? 29 : sessions * 4))"
    ok "the source has opened $sessions" test "$(opened old)" -eq "$sessions"
done
finish
