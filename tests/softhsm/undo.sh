#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A ceremony between two real tokens in which each step fails in turn. Afterwards, looked at from
# outside: the source is as it was, nothing is left behind, and code and report say what is true.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

# What is on a token: its files (but for the login's own, which each login writes), and its objects
# as another program lists them.
look() { # look old|new
    find "$tmp/c/$1/tokens" -name '*.object' ! -name token.object -exec sha256sum {} + |
        sed 's|  .*/|  |' | sort
    PIN=swordfish at "$tmp/c/$1" pkcs11-tool --module "$softhsm" --token-label "$1" --login \
        --pin env:PIN --list-objects 2>/dev/null
}

objects_of() { # objects_of old|new: how many there are, as files and as another program counts them
    files=$(grep -c '\.object$' "$tmp/now-$1")
    listed=$(grep -c ' Object[;:]* ' "$tmp/now-$1")
    [ "$files" -eq "$listed" ] || echo "$files files, but $listed objects on $1"
    echo "$files"
}

run() { # run KEY FAULT-OF-OLD FAULT-OF-NEW: one key's ceremony; leaves $code and what is on the tokens
    ceremony "$2" "$3"
    edit "s/object=\*/object=$1/; s/^policy:/policy:\n  transports: [rsa-oaep]/"
    code=0
    timeout -k 5 600 "$quick" --plain "$tmp/c/ceremony.yaml" </dev/null \
        >"$tmp/log" 2>&1 || code=$?
    look old >"$tmp/now-old"
    look new >"$tmp/now-new"
}

reported() { # reported WORDS...: each stands in the report
    for words in "$@"; do
        grep -qF -- "$words" "$tmp"/c/reports/*.yaml || {
            echo "the report does not say: $words"
            return 1
        }
    done
}

ended() { # ended CODE WORDS...: with this code, and the report says it, and each of these
    wanted=$1
    shift
    [ "$code" -eq "$wanted" ] && reported "exit-code: $wanted" "$@"
}

untouched() { # untouched old|new
    diff "$tmp/was-$1" "$tmp/now-$1"
}

moved() { # the key is on the destination, and nothing else that was not there before but for the
    # public key object that goes along with a private key
    along=0
    [ "$key" != two ] || along=1
    [ "$(objects_of new)" = "$((before + 1 + along))" ] && grep -q "label: *$key\$" "$tmp/now-new"
}

# --- how it may end ---------------------------------------------------------------------------------

undone() {
    untouched new && ended 2 'left-over: 0' 'migrated: 0'
}

altered() { # what was relayed is not what was sent; one sentence, whatever was done to it
    untouched new && ended 65 'left-over: 0' 'migrated: 0' \
        'what: "the encrypted key cannot be used: it was damaged or altered"'
}

unlike() { # the proof says that it is not the same key
    untouched new && ended 65 'left-over: 0' 'migrated: 0' 'the proof failed'
}

lost() { # the device is gone, so nobody could look; there is nothing, though
    untouched new && ended 3 'migrated: 0' 'nobody could look'
}

kept() { # the key arrived, and nobody could prove that from a fresh process
    moved && ended 3 'outcome: "unknown"' 'migrated: 0'
}

unsure() { # the key arrived and is proven; what else there may be, nobody could see or destroy
    moved && ended 3 'outcome: "migrated"'
}

whole() { # the fault did not matter
    moved && ended 0 'outcome: "complete"' 'left-over: 0'
}

truly() { # whatever it is that the code says
    case $code in
    0) whole ;;
    3) { moved || untouched new; } && ended 3 ;;
    *) untouched new && ended "$code" 'migrated: 0' ;;
    esac
}

# Whatever happens, the source is as it was, and no temporary is left.
in_the_end() { # in_the_end HOW
    cat "$tmp/log"
    echo "ended with $code"
    untouched old && ! grep -h hsmferry: "$tmp/now-old" "$tmp/now-new" && "$1"
}

# faults SIDE FUNCTION N,... KIND[=ARGUMENT]: at the N-th calls, counted from the protocol's first
# step with this key.
faults() {
    base=$(grep -c "^$2 " "$tmp/before-$1-$key")
    argument=$(echo "$4" | sed -n 's/^[^=]*=/:/p')
    for n in $(echo "$3" | tr , ' '); do
        printf '%s:%s:%d%s ' "${4%%=*}" "$2" $((base + n)) "$argument"
    done
}

make_token old aes32:one:id=01 ec256:two:id=02 generic13:three:id=03
make_token new aes32:resident:id=d1
ceremony - -
look old >"$tmp/was-old"
look new | tee "$tmp/now-new" >"$tmp/was-new"
before=$(objects_of new)
for key in one two three; do
    run "$key" none none
    ok "control: without a fault $key arrives" in_the_end whole
    # The protocol begins with the third pair made on the destination, and on the source with the
    # third public key loaded: the first is to find out what it can, the second the canary's.
    awk '/^C_CreateObject/ && ++n == 3 { exit } { print }' "$tmp/c/old/calls/calls" \
        >"$tmp/before-old-$key"
    awk '/^C_GenerateKeyPair/ && ++n == 3 { exit } { print }' "$tmp/c/new/calls/calls" \
        >"$tmp/before-new-$key"
done
ok "the source was logged in to once" test "$(grep -c '^C_Login ' "$tmp/c/old/calls/calls")" -eq 1
ok "the destination once by each process" test "$(grep -c '^C_Login ' "$tmp/c/new/calls/calls")" -eq 3

while read -r key side function n kind end; do
    case $key in '#' | '') continue ;; esac
    due=$(faults "$side" "$function" "$n" "$kind")
    if [ "$side" = old ]; then run "$key" "$due" none; else run "$key" none "$due"; fi
    ok "$key, $side: $function $n $kind: $end" in_the_end "$end"
done <<'END'
# make the pair; a new object is read, and attribute by attribute if that fails: only then it is not
# known whether it is the one that was asked for
one new C_GenerateKeyPair 1 fail undone
one new C_GenerateKeyPair 1 late undone
one new C_GetAttributeValue 1 fail whole
one new C_GetAttributeValue 1,2,3 fail undone
# load it, read it back
one old C_CreateObject 1 fail undone
one old C_CreateObject 1 late undone
one old C_GetAttributeValue 1 fail whole
one old C_GetAttributeValue 1,2,3 fail undone
# make the AES key, wrap it, unwrap it
one old C_GenerateKey 1 fail undone
one old C_GenerateKey 1 late undone
one old C_WrapKey 1 fail undone
one old C_WrapKey 1 late undone
one new C_UnwrapKey 2 fail undone
one new C_UnwrapKey 2 late undone
one new C_UnwrapKey 2 remove undone
# read the key again, whose attributes are asked for one by one where the call fails as a whole; and
# the public object beside it: unreadable is not the same as changed
one old C_GetAttributeValue 4 fail whole
one old C_GetAttributeValue 4,5,6 fail undone
two old C_GetAttributeValue 5 fail whole
two old C_GetAttributeValue 5,6,7 fail undone
# wrap the key, unwrap it
one old C_WrapKey 2 fail undone
two old C_WrapKey 2 late undone
three old C_WrapKey 2 remove undone
one new C_UnwrapKey 3 fail undone
two new C_UnwrapKey 3 late undone
three new C_UnwrapKey 3 late undone
one new C_UnwrapKey 3 handle undone
one new C_UnwrapKey 3 close undone
one new C_UnwrapKey 3 away lost
one new C_UnwrapKey 3 die undone
# what is wrapped is altered on its way
one old C_WrapKey 1 flip altered
one old C_WrapKey 1 short altered
one old C_WrapKey 2 flip altered
two old C_WrapKey 2 short altered
one old C_WrapKey 2 long altered
one old C_WrapKey 2 long=100000 altered
two old C_WrapKey 2 empty altered
three old C_WrapKey 2 flip altered
# prove it
one old C_Encrypt 1 late undone
one new C_EncryptInit 1 fail undone
# (the last octet of the first answer belongs to a block of which only the check value is used)
one new C_Encrypt 1 short unlike
one new C_Encrypt 1 flip whole
one new C_Encrypt 2 flip unlike
two new C_Sign 1 late undone
two new C_Sign 1 empty undone
three old C_DigestKey 1 fail undone
three new C_DigestFinal 1 late undone
# keep it
one new C_CopyObject 1 fail undone
one new C_CopyObject 1 late undone
two new C_CopyObject 1 remove undone
one new C_CopyObject 1 away lost
one new C_CopyObject 1 handle undone
one new C_CopyObject 1 again undone
three new C_CopyObject 1 die undone
# prove it again, and destroy the temporary one
one new C_Encrypt 2 late undone
one new C_GetAttributeValue 5 fail whole
one new C_GetAttributeValue 5,6,7 fail undone
two new C_Sign 2 late undone
three new C_DigestKey 2 fail undone
one new C_DestroyObject 2 fail whole
one new C_DestroyObject 2 late whole
one new C_DestroyObject 2,3 fail undone
# destroy the transport keys, compare the inventories
one old C_DestroyObject 1 fail whole
one old C_DestroyObject 1 late whole
one old C_DestroyObject 1,2 fail unsure
one new C_DestroyObject 3,4 fail unsure
one old C_FindObjects 1 fail unsure
one new C_FindObjectsInit 2 fail unsure
# the fresh process
one new C_Initialize 1 fail kept
one new C_Login 1 fail kept
one new C_Encrypt 3 late kept
two new C_Sign 3 flip kept
one new C_Initialize 1 die kept
# the end
one old C_Logout 1 fail whole
one new C_Logout 2 fail whole
END

# The controls: what is planted during a ceremony is seen by it, and from outside.
key=one
run one none "plant:C_CopyObject:$(($(grep -c '^C_CopyObject' "$tmp/before-new-$key") + 1)):hsmferry:x"
ok "control: an object planted on the destination: exit 3" test "$code" -eq 3
ok "the report names it" reported 'exit-code: 3' 'left-over: 1' 'hsmferry:x'
not_ok "from outside it is seen" in_the_end unsure
ok "... by its label" grep -q 'label: *.hsmferry:x' "$tmp/now-new"
run one "plant:C_WrapKey:$(($(grep -c '^C_WrapKey' "$tmp/before-old-$key") + 1)):x" none
ok "control: an object planted on the source: exit 3" test "$code" -eq 3
ok "the report names it" reported 'exit-code: 3' 'left-over: 1' 'data, data, x'
not_ok "from outside it is seen" untouched old

# All calls of the protocol, each kind of fault in turn; in the long runs only.
if [ -n "${HSMFERRY_TEST_LONG:-}" ]; then
    run one none none
    set -- fail late close remove away die diedone empty short long flip handle again
    for side in old new; do
        n=$(wc -l <"$tmp/before-$side-$key")
        last=$(wc -l <"$tmp/c/$side/calls/calls")
        while [ $((n += 1)) -le "$last" ]; do
            kind=$1 && shift && set -- "$@" "$kind"
            echo "$side $kind:any:$n"
        done
    done >"$tmp/sweep"
    while read -r side due; do
        if [ "$side" = old ]; then run one "$due" none; else run one none "$due"; fi
        ok "$side $due" in_the_end truly
    done <"$tmp/sweep"
fi
finish
