#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A module that answers with the handle of a stored object to whoever makes one: on both sides, at
# every such call, in a probe, a ceremony, a resume, a clean-up, a re-wrap comparison and a signature,
# no object is lost. Each of the three guards holds alone. And the controls: where the module lies to
# each guard as well, or none is on, an object is lost.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

hsmferry=$quick

by=rsa-oaep # the transport
two_sides() {
    ceremony "$@" && edit "s/^policy:/policy:\n  transports: [$by]/"
}

objects() { # objects old|new: each object, byte for byte
    (cd "$tmp/c/$1/tokens" && find . -name '*.object' ! -name token.object -exec cksum {} + | sort)
}

run() { # run CODE ARGUMENT...: hsmferry ends with this code
    code=$1
    shift
    status=0
    timeout -k 5 600 "$hsmferry" "$@" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq "$code" ] || echo "it ended with $status, not $code"
    [ "$status" -eq "$code" ]
}

# refused CODE COMMAND OLD NEW: it ends with the reason, and both tokens are as they were.
refused() {
    two_sides "$3" "$4"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    run "$1" "$2" "$tmp/c/ceremony.yaml" &&
        grep -q 'answered with the handle of an object that existed' "$tmp/log" &&
        objects old | diff "$tmp/old" - && objects new | diff "$tmp/new" -
}

# lost OLD NEW: the control: it is not seen, and an object that was there is gone.
lost() {
    two_sides "$1" "$2"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    timeout -k 5 600 "$hsmferry" probe "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
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
two_sides none none
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

mv "$tmp/whole" "$tmp/whole-rsa"
by=ecdh-p521
two_sides none none
ok "control: by ECDH, nothing wrong" run 0 --plain "$tmp/c/ceremony.yaml"
cp -R "$tmp/c" "$tmp/whole"
ok "ceremony: the source's EC pair" refused 2 --plain "known:$(nth old C_GenerateKeyPair 1):one" none
ok "ceremony: the destination's EC pair" refused 2 --plain none "known:$(nth new C_GenerateKeyPair 1):resident"
ok "ceremony: the source's derived key" refused 2 --plain "known:$(nth old C_DeriveKey 1):one" none
ok "ceremony: the destination's derived key" refused 2 --plain none "known:$(nth new C_DeriveKey 1):resident"
by=rsa-oaep
rm -rf "$tmp/whole"
mv "$tmp/whole-rsa" "$tmp/whole"

# one_arrives WORDS LIE: one key fails by it and is taken back; the other one arrives.
one_arrives() {
    two_sides none "$2"
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
    two_sides none "$2"
    objects new >"$tmp/new"
    run 69 probe "$tmp/c/ceremony.yaml" && grep -q "$words" "$tmp/log" &&
        objects new | diff "$tmp/new" -
}

ok "without the inventory, what is read by handle tells" \
    told 'answered with the handle of an object of another name' "$known $hide"
ok "what is read by handle is of another object: the inventory tells" \
    told 'answered with the handle of an object that existed' "$known $swap"
ok "control: without either, an object is lost" lost none "$known $hide $swap"

# --- each of the three alone: the driver, the service before it, the console ---

faulty=$abs_top_builddir/tests/faults/hsmferry-agent-faults

# blind WHOM OLD NEW: a ceremony whose agents have these guards off.
blind() {
    two_sides "$2" "$3"
    edit "s|^  api: .*|&\n  agent: [\"$faulty\"]|" \
        "s|\"SHIM_FAULT=|\"SHIM_GUARDS_OFF=$1\", &|"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
}

# alone CODE WHOM-IS-OFF WORDS OLD NEW: who is left refuses, in its own words. What the module made
# instead is swept by the driver; the others find it in the inventories: 3.
alone() {
    blind "$2" "$4" "$5"
    run "$1" --plain "$tmp/c/ceremony.yaml" &&
        grep -q "$3 answered with the handle of an object that existed" "$tmp/log" &&
        objects old | diff "$tmp/old" - && objects new | diff "$tmp/new" -
}

# lost_blind WHOM OLD NEW: the control.
lost_blind() {
    blind "$1" "$2" "$3"
    timeout -k 5 600 "$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
    cat "$tmp/log"
    objects old >"$tmp/old-now"
    objects new >"$tmp/new-now"
    [ -n "$(comm -23 "$tmp/old" "$tmp/old-now")$(comm -23 "$tmp/new" "$tmp/new-now")" ]
}

swap='swap:C_GetAttributeValue:0'
of_old="known:$(nth old C_GenerateKey 1):one $swap"
of_new="known:$(nth new C_UnwrapKey 3):resident $swap"
ok "the driver alone, on the source" alone 2 service 'the module' "$of_old" none
ok "the driver alone, on the destination" alone 2 service 'the module' none "$of_new"
ok "the service alone, on the source" alone 3 driver 'the HSM' "$of_old" none
ok "the service alone, on the destination" alone 3 driver 'the HSM' none "$of_new"
ok "the console alone, on the source" alone 3 driver,service 'the source' "$of_old" none
ok "the console alone, on the destination" alone 3 driver,service 'the destination' none "$of_new"
ok "control: none of them, on the source" \
    lost_blind driver,service "known:C_GenerateKey:0:one $swap hide:C_FindObjects:0:one" none
ok "control: none of them, on the destination" \
    lost_blind driver,service none "$of_new hide:C_FindObjects:0:resident"

# --- resume and clean ---

# kept: each object of before is as it was.
kept() {
    objects old >"$tmp/old-now"
    objects new >"$tmp/new-now"
    [ -z "$(comm -23 "$tmp/old" "$tmp/old-now")$(comm -23 "$tmp/new" "$tmp/new-now")" ]
}

not_kept() {
    ! kept
}

# lies OLD NEW: from now on the modules do so.
lies() {
    edit "/^source:/,/^destination:/ s|SHIM_FAULT=[^\"]*|SHIM_FAULT=${1#none}|" \
        "/^destination:/,/^keys:/ s|SHIM_FAULT=[^\"]*|SHIM_FAULT=${2#none}|"
}

interrupt() {
    two_sides none "cutdone:$(nth new C_CopyObject 1)"
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    run 137 --plain "$tmp/c/ceremony.yaml" && cp -R "$tmp/c" "$tmp/cut"
}

# taken_up KEPT COMMAND OLD NEW: what was cut off, with modules that lie.
taken_up() {
    rm -rf "$tmp/c"
    cp -R "$tmp/cut" "$tmp/c"
    rm -rf "$tmp/c"/*/calls/*
    lies "$3" "$4"
    timeout -k 5 600 "$hsmferry" "$2" "$(find "$tmp/c/reports" -name '*.journal')" \
        "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
    echo "it ended with $?" | cat "$tmp/log" -
    "$1"
}

# refused_up COMMAND OLD NEW: it is seen, and nothing is lost.
refused_up() {
    taken_up kept "$@" && grep -q 'answered with the handle of an object that existed' "$tmp/log"
}

ok "a ceremony that is cut off" interrupt
for call in known:C_GenerateKey known:C_GenerateKeyPair pknown:C_GenerateKeyPair \
    known:C_CreateObject known:C_UnwrapKey known:C_CopyObject; do
    case $call in # a source makes no other objects
    *:C_GenerateKey | *:C_CreateObject)
        ok "resume: ${call#*:} of the source, ${call%:*}" refused_up resume "$call:0:one" none
        ;;
    esac
    ok "resume: ${call#*:} of the destination, ${call%:*}" refused_up resume none "$call:0:resident"
    ok "clean: ${call#*:} of the source, ${call%:*}" taken_up kept clean "$call:0:one" none
    ok "clean: ${call#*:} of the destination, ${call%:*}" taken_up kept clean none \
        "$call:0:resident"
done
ok "control: a resume whose guards are lied to loses one" taken_up not_kept resume none \
    "$known $hide $swap"

# --- the re-wrap comparison ---

make_token old ec256:bare:id=01:-sign aes32:one:id=02 ec256:signer:id=03
make_token new aes32:resident:id=d1

# unproven OLD NEW: a key that can do nothing goes by a waiver, and is compared.
unproven() {
    two_sides "$1" "$2"
    edit 's/object=\*/object=bare;type=private/' \
        's|^  gates: .*|&\n  unproven: waiver\n  extractable: yes|'
    objects old >"$tmp/old"
    objects new >"$tmp/new"
    timeout -k 5 600 "$python" "$abs_top_srcdir/tests/terminal.py" 'as it left: ' 'unproven\n' -- \
        "$hsmferry" --plain "$tmp/c/ceremony.yaml" >"$tmp/log" 2>&1
    echo "it ended with $?" | cat "$tmp/log" -
}

compared() { # the ciphertexts were the same
    unproven none none
    grep -q 're-wrap comparison, the same on both sides' "$tmp/log" && kept && rm -rf "$tmp/whole" && cp -R "$tmp/c" "$tmp/whole"
}

# not_compared OLD NEW: the comparison says why there is none, and nothing is lost.
not_compared() {
    unproven "$1" "$2"
    grep -q 'answered with the handle of an object that existed' "$tmp/log" && kept
}

lost_compared() { # lost_compared OLD NEW: the control
    unproven "$1" "$2"
    not_kept
}

ok "re-wrap: nothing wrong" compared
ok "re-wrap: the second AES key of the source" not_compared \
    "known:$(nth old C_GenerateKey 1):one" none
ok "re-wrap: the second AES key of the destination" not_compared none \
    "known:$(nth new C_UnwrapKey 1):resident"
ok "control: a re-wrap whose guards are lied to loses one" lost_compared \
    "known:$(nth old C_GenerateKey 1):one hide:C_FindObjects:0:one $swap" none

# --- a signature under the report ---

make_token new aes32:resident:id=d1 ec256:signer:id=d2

# signed SIDE OLD|NEW LIE: nothing is made for it on that side, so nothing is destroyed.
signed() {
    two_sides none none
    edit 's/object=\*/object=one/' "\$ a sign-report:\n  side: $1\n  key: \"pkcs11:object=signer\""
    objects old >"$tmp/old"
    run 0 --plain "$tmp/c/ceremony.yaml" || return 1
    objects new >"$tmp/new"
    rm -f "$tmp/c"/*/calls/* "$tmp/c/reports"/*.sig "$tmp/c/reports"/*.pem
    if [ "$2" = old ]; then lies "$3" none; else lies none "$3"; fi
    run 0 sign "$(find "$tmp/c/reports" -name '*.yaml')" "$tmp/c/ceremony.yaml" && kept &&
        grep -q '^C_Sign ' "$tmp/c/$2/calls/calls" &&
        ! grep -E '^C_(Generate|Create|Unwrap|Copy|Destroy)' "$tmp/c/$2/calls/calls"
}

ok "sign: with the module that knows one answer to every such call" signed source old \
    'known:C_GenerateKey:0:one known:C_CreateObject:0:one known:C_CopyObject:0:one'
ok "sign: so on the destination's side" signed destination new \
    'known:C_GenerateKey:0:resident known:C_CreateObject:0:resident known:C_CopyObject:0:resident'
finish
