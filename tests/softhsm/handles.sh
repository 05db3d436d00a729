#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A module that answers with the handle of a stored object to whoever makes one: on both sides, at
# every such call, in a probe, a ceremony and a resume, no object is lost. And the controls: where it
# lies to each guard as well, one is.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

hsmferry=$abs_top_builddir/hsmferry

objects() { # objects old|new: each object, byte for byte
    (cd "$tmp/c/$1/tokens" && find . -name '*.object' ! -name token.object -exec cksum {} + | sort)
}

run() { # run CODE ARGUMENT...: hsmferry ends with this code
    code=$1
    shift
    status=0
    timeout -k 5 200 "$hsmferry" "$@" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq "$code" ] || echo "it ended with $status, not $code"
    [ "$status" -eq "$code" ]
}

# refused CODE COMMAND OLD NEW: it ends with the reason, and both tokens are as they were.
refused() {
    ceremony "$3" "$4"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    run "$1" "$2" "$tmp/c/ceremony.yaml" &&
        grep -q 'answered with the handle of an object that existed' "$tmp/log" &&
        objects old | diff "$tmp/old" - && objects new | diff "$tmp/new" -
}

# lost OLD NEW: the control: it is not seen, and an object that was there is gone.
lost() {
    ceremony "$1" "$2"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    timeout -k 5 200 "$hsmferry" probe "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
    cat "$tmp/log"
    objects old >"$tmp/old-now"
    objects new >"$tmp/new-now"
    ! { diff "$tmp/old" "$tmp/old-now" && diff "$tmp/new" "$tmp/new-now"; }
}

make_token old aes32:one:id=01 generic24:two:id=02
make_token new aes32:resident:id=d1

for call in known:C_GenerateKey known:C_GenerateKeyPair pknown:C_GenerateKeyPair \
    known:C_CreateObject known:C_UnwrapKey known:C_CopyObject; do
    ok "probe: ${call#*:} of the source, ${call%:*}" refused 69 probe "$call:0:one" none
    ok "probe: ${call#*:} of the destination, ${call%:*}" refused 69 probe none "$call:0:resident"
done

# Those that are made when the HSMs were tried: counted from the last one (1) of a good ceremony.
ceremony none none
ok "control: nothing wrong" run 0 --plain "$tmp/c/ceremony.yaml"
cp -R "$tmp/c" "$tmp/whole"

nth() { # nth SIDE FUNCTION N
    echo "$2:$(($(grep -c "^$2 " "$tmp/whole/$1/calls/calls") + 1 - $3))"
}

ok "ceremony: the AES key" refused 2 --plain "known:$(nth old C_GenerateKey 1):one" none
ok "ceremony: the public key" refused 2 --plain "known:$(nth old C_CreateObject 1):one" none
ok "ceremony: the pair" refused 2 --plain none "known:$(nth new C_GenerateKeyPair 1):resident"
ok "ceremony: its public half" refused 2 --plain none "pknown:$(nth new C_GenerateKeyPair 1):resident"
ok "ceremony: the unwrapped AES key" refused 2 --plain none "known:$(nth new C_UnwrapKey 3):resident"


# one_arrives WORDS LIE: one key fails by it and is taken back; the other one arrives.
one_arrives() {
    ceremony none "$2"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    run 3 --plain "$tmp/c/ceremony.yaml" &&
        grep -q 'answered with the handle of an object that existed' "$tmp/log" &&
        grep -q "$1" "$tmp/log" &&
        objects old | diff "$tmp/old" - && objects new >"$tmp/new-now" &&
        [ "$(comm -12 "$tmp/new" "$tmp/new-now" | wc -l)" -eq 1 ] &&
        [ "$(wc -l <"$tmp/new-now")" -eq 2 ]
}

ok "ceremony: the unwrapped key" one_arrives 'key 2 two: migrated' \
    "known:$(nth new C_UnwrapKey 2):resident"
# The copy is made all the same: it is found by its name, proven, and taken back.
ok "ceremony: the commit" one_arrives 'kept by a commit that failed, handle [0-9]*: secret' \
    "known:$(nth new C_CopyObject 1):resident"

# --- each guard of the agent alone, and none of them ---

known='known:C_GenerateKey:1:resident'
hide='hide:C_FindObjects:0:resident'
swap='swap:C_GetAttributeValue:0'

# told WORDS NEW: as refused, but for these words.
told() {
    words=$1
    ceremony none "$2"
    objects new >"$tmp/new"
    run 69 probe "$tmp/c/ceremony.yaml" && grep -q "$words" "$tmp/log" &&
        objects new | diff "$tmp/new" -
}

ok "without the inventory, what is read by handle tells" \
    told 'answered with the handle of an object of another name' "$known $hide"
ok "what is read by handle is of another object: the inventory tells" \
    told 'answered with the handle of an object that existed' "$known $swap"
ok "control: without either, an object is lost" lost none "$known $hide $swap"
finish
