#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad modules, tokens, PINs and keys, on real tokens: the exit code, and what the officer is told.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

untouched() { # untouched old|new: its objects are byte for byte what they were
    (cd "$tmp/made-$1/tokens" && find . -name '*.object' ! -name token.object | sort) >"$tmp/files"
    (cd "$tmp/c/$1/tokens" && find . -name '*.object' ! -name token.object | sort) |
        diff "$tmp/files" - || return
    while read -r file; do
        cmp "$tmp/made-$1/tokens/$file" "$tmp/c/$1/tokens/$file" || return
    done <"$tmp/files"
}

# refuses CODE SENSE...: it ends so, says each of these, and neither token was touched.
refuses() {
    ends "$@" && untouched old && untouched new
}

calls() { # calls old|new FUNCTION: how often it was called
    grep -c "^$2 " "$tmp/c/$1/calls/calls"
}

make_token old aes32:one:id=01 aes16:stays:id=02:-extractable \
    aes32:trusted:id=03:+wrap-with-trusted ed25519:ed:id=04 data:memo generic333:long:id=05 \
    aes32:twin:id=06 aes32:twin:id=07 aes32:taken:id=08 aes32:sameid:id=09 generic400:blob:id=0a \
    aes32:unproven:id=0b:-encrypt ec256:ec:id=0c
make_token new aes32:resident:id=d1 aes16:taken:id=d2 aes16:other:id=09

# keys LABEL...: these keys only.
keys() {
    list=
    for label in "$@"; do
        list="$list\"pkcs11:object=$label\", "
    done
    edit "s/^keys: .*/keys: [${list%, }]/"
}

one() { # one FAULT-OF-OLD FAULT-OF-NEW: a ceremony with a key that can go
    ceremony "$1" "$2"
    keys one
}

one - -
ok "control: nothing wrong, and it ends 0" ends 0 'complete: 1 migrated'
not_ok "... and the destination was written" untouched new
ok "... but not the source" untouched old

# --- modules ------------------------------------------------------------------------------------------

one - -
library=$(ldd "$quick" | sed -n 's/.*libcrypto.*=> \([^ ]*\) .*/\1/p')
edit "/^destination:/,\$ s|module: .*|module: $library|"
ok "a library that is no module" refuses 69 'has no C_GetFunctionList' 'Nothing was changed' \
    'Name the module that came with the HSM'
one none die:C_Initialize:1:11
ok "a module that crashes when it starts" refuses 69 'the agent ended, in open .*signal 11' \
    'Nothing more can be asked' 'Check the state of the HSM'
one none hang:C_Initialize:1
edit '/^destination:/,$ s/^  api: .*/&\n  time-limit: 2/'
ok "one that hangs" refuses 69 'no answer from the HSM for 2 s, in open' 'Check the state of the HSM'
one none fail:C_Initialize:1
ok "one that does not start" refuses 69 'does not start .C_Initialize. .0x30 CKR_DEVICE_ERROR' \
    'Nothing was changed' 'Check the HSM'
one none print:C_Initialize:1:hello
ok "one that only prints: it is told, and harms nothing" ends 0 'its library says: hello' 'complete: 1'

loaded() {
    test -e "$tmp/c/loaded"
}
pin_module() { # pin_module FILE: by the SHA-256 of this one
    one none none
    edit "/^destination:/,\$ s|^  api: .*|&\n  module-sha256: $(sha256sum "$1" | cut -c1-64)|" \
        "/^destination:/,\$ s|\"SHIM_FAULT|\"SHIM_LOADED=$tmp/c/loaded\", &|"
}
pin_module "$softhsm"
ok "another module than the one named" refuses 77 'is not the one that the ceremony file names' \
    'It was not loaded, and nothing was changed' 'Determine who replaced it; its SHA-256 is [0-9a-f]{64}'
not_ok "... and none of its code ran" loaded
pin_module "$shim"
ok "control: the one that is named" ends 0 'complete: 1 migrated'
ok "... whose code ran as it was loaded" loaded

# --- tokens -----------------------------------------------------------------------------------------

one none empty:C_GetSlotList:0
ok "no slot" refuses 69 'the destination has no slot at all' 'Nothing was changed' 'hsmferry list'
one - - && edit 's/token=new/token=never/'
ok "no such token" refuses 69 'no token of the destination is named by pkcs11:token=never' \
    'Nothing was changed' 'hsmferry list'
one - - && rm -r "$tmp"/c/new/tokens/* && edit 's/pkcs11:token=new/pkcs11:/'
ok "a token that is not initialised" ends 69 'cannot be used: not initialised' 'Nothing was changed' \
    "vendor's own tool"
one - -
token make new
at "$tmp/c/new" pkcs11-tool --module "$softhsm" --list-token-slots 2>/dev/null >"$tmp/slots"
serial=$(sed -n 's/^  serial num *: *//p' "$tmp/slots" | head -n 1)
ok "two tokens of one label" ends 78 '2 tokens of the destination are named' 'Nothing was changed' \
    'Add serial='
edit "s/token=new/&;serial=$serial/" 's/^report-folder: .*/report-folder: again/'
ok "... and the serial tells them apart" ends 0 'complete: 1 migrated'

one - - && edit 's/token=new/&;serial=0123/'
ok "another serial" refuses 4 'the token new of the destination has the serial [0-9a-f]*, not the one' \
    'Nothing was changed' 'Determine which device this is'
one - -
at "$tmp/c/old" pkcs11-tool --module "$softhsm" --list-token-slots 2>/dev/null >"$tmp/slots"
serial=$(sed -n 's/^  serial num *: *//p' "$tmp/slots" | head -n 1)
edit "s|/c/new/softhsm|/c/old/softhsm|" "s/token=new/serial=$serial/"
ok "one token by two names" refuses 78 "source and destination are the same token: old, serial $serial" \
    'Nothing was changed' 'Name two different tokens'

# --- PINs -------------------------------------------------------------------------------------------

one none none && echo codfish >"$tmp/c/pin"
ok "a wrong PIN" refuses 77 'wrong PIN.*CKR_PIN_INCORRECT' 'One attempt was made' 'Make sure of the PIN'
ok "... is tried once" test "$(calls old C_Login)" -eq 1
one none fail:C_Login:1:0xa3
ok "an expired PIN" refuses 77 'CKR_PIN_EXPIRED' "Change the PIN with the HSM's own tool"
one none fail:C_Login:1:0xa4
ok "a PIN that is locked" refuses 77 'CKR_PIN_LOCKED' 'security officer of the HSM must unlock'
for pin in '' "$(head -c 256 /dev/zero | tr '\0' 1)" 'sword\000fish'; do
    one none none && printf "%b\\n" "$pin" >"$tmp/c/pin"
    ok "a PIN that cannot be one" refuses 64 'PIN file .* cannot be used' 'Write the PIN into it'
    ok "... is not tried" test "$(calls old C_Login)" -eq 0
done

# --- keys -------------------------------------------------------------------------------------------

now='Nothing was changed'
ceremony - - && keys one missing
ok "a key that is not there" refuses 66 'no key on the source is named by pkcs11:object=missing' "$now" \
    'hsmferry list'
ceremony - - && keys one twin
ok "two keys of one name" refuses 4 '2 keys on the source are named by pkcs11:object=twin' "$now" \
    'Add id= or type='

# stays CODE LABEL REASON [NEXT]: this key stays, alone and beside another one, which goes.
stays() {
    ceremony - - && keys "$2"
    ok "$2 alone stays" refuses "$1" "$2: .*CANNOT GO: $3" "$now" 'Read the reason next to each key'
    ceremony - - && keys one "$2"
    ok "$2 stays, the others go on" ends "$1" "$2: .*CANNOT GO: $3" "$2: refused: $3" \
        '1 migrated, 1 refused, 0 failed'
}

stays 77 stays 'not extractable'
stays 77 trusted 'needs a trusted wrapping key'
stays 69 ed '.*the HSM did not wrap the key'
stays 65 memo 'a data object'
stays 65 long '333 bytes: the envelope would pad them, and 214 is the most'
stays 4 taken 'its label or id is taken on the destination'
stays 4 sameid 'its label or id is taken on the destination'
ceremony - -
ok "all keys: what can go goes, and nothing named was refused" ends 0 \
    'complete: 6 migrated, 7 refused, 0 failed'

# SoftHSM forgets the length of what it unwraps.
ceremony - - && keys blob && edit 's/^  gates: .*/&\n  extractable: yes/'
ok "a secret of 400 bytes goes in the envelope" ends 0 'complete: 1 migrated'
token drop old blob
keys blob resident
edit 's/token=old/token=third/' 's/token=new/token=old/' 's/token=third/token=new/' \
    "s|/c/old/softhsm|/c/third/softhsm|; s|/c/new/softhsm|/c/old/softhsm|; s|/c/third/softhsm|/c/new/softhsm|" \
    's/^report-folder: .*/report-folder: again/'
ok "... and a second time not, for its length is no longer known" ends 65 \
    'CKR_KEY_SIZE_RANGE.*does not report its length' 'blob: failed' 'resident: migrated'

# --- what fails in the middle --------------------------------------------------------------------------

# The last calls of a ceremony with one key, in the order in which the shim counts them.
midway() { # midway FAULT-OF-OLD FAULT-OF-NEW
    one "$1" "$2"
    edit 's/^  gates: .*/&\n  canary: none/'
}
midway none none
ok "control: no fault" ends 0 'complete: 1 migrated'
wrap=C_WrapKey:$(calls old C_WrapKey)
unwrap=C_UnwrapKey:$(calls new C_UnwrapKey)
commit=C_CopyObject:$(calls new C_CopyObject)
nothing='0 migrated, 0 refused, 1 failed; source unchanged; nothing on the destination'
while IFS='|' read -r side fault code what next; do
    case $side in
    old) midway "$fault" none ;;
    new) midway none "$fault" ;;
    esac
    true=$nothing
    [ "$side/${fault%%:*}" != old/close ] ||
        true='nothing on the destination; the source could not be examined again'
    ok "$fault on $side: $code" refuses "$code" "$what" "$next" "$true"
done <<END
new|remove:$unwrap|2|did not unwrap the key.*CKR_DEVICE_REMOVED|Insert the token again and start over
old|close:$wrap|2|did not wrap the key.*CKR_SESSION_HANDLE_INVALID|Start over; temporary objects were destroyed
old|fail:$wrap|2|did not wrap the key.*CKR_DEVICE_ERROR|Check the HSM and its connection
new|fail:$unwrap:0x31|2|did not unwrap the key.*CKR_DEVICE_MEMORY|The token is full: make room on it
new|fail:$commit:0x31|2|did not confirm that the key is stored.*CKR_DEVICE_MEMORY|The token is full: make room on it
new|handle:$unwrap|2|did not unwrap the key|Check the HSM and its connection
new|handle:$commit|2|did not confirm that the key is stored|Check the HSM and its connection
old|long:$wrap|65|it was damaged or altered|Determine what alters it
END
existed='answered with the handle of an object that existed'
midway none "away:$commit"
ok "the device is gone at the commit, and for good: 3" ends 3 'CKR_DEVICE_REMOVED' \
    'nobody could look whether something is left over: look at both tokens'
midway none "again:$unwrap"
ok "a handle that is given out twice: 2" ends 2 "$existed" "$nothing" 'Do not use this module'
midway none "again:$commit"
ok "... at the commit: 2" ends 2 "$existed" "$nothing" 'Do not use this module'

# --- names ------------------------------------------------------------------------------------------

# Whatever is in a label: it arrives byte for byte, and is never printed as it is.
make_token old aes16::id=01 aes16:%0A%0D:id=02 aes16:%1B[2J:id=03 \
    aes16:a%E2%80%AEb:id=04 aes16:%FF%FE:id=05 aes16:%00:id=06 \
    "aes16:$(head -c 255 /dev/zero | tr '\0' x):id=07" aes16:%25s:id=08 "aes16:'\":id=09"
make_token new
names() { # names old|new: label and id of each object, in hexadecimal
    at "$tmp/c/$1" "$python" "$abs_top_srcdir/tests/softhsm/snapshot.py" "$softhsm" "$1" "$tmp/c/pin" |
        sed -n 's/.*\(CKA_ID=[0-9a-f]*\).*\(CKA_LABEL=[0-9a-f]*\).*/\1 \2/p' | sort
}
same_names() {
    names old >"$tmp/names" && [ "$(wc -l <"$tmp/names")" -eq 9 ] && names new | diff "$tmp/names" -
}
is_printable() {
    ! LC_ALL=C.UTF-8 grep -aP '[^[:print:]]|[\x{202a}-\x{202e}\x{2066}-\x{2069}]' "$@"
}
ceremony - -
ok "nine hostile names" ends 0 'complete: 9 migrated' '\\x1b\[2J' '\\xff\\xfe' 'a\\xe2\\x80\\xaeb'
ok "nothing of them is printed" is_printable "$tmp/log"
ok "nor in the report" is_printable "$tmp"/c/reports/*.yaml
ok "they arrived byte for byte" same_names
token rename new a%E2%80%AEb changed
not_ok "control: another name would be seen" same_names
printf '\033[2J' >"$tmp/raw"
not_ok "control: a raw one would be seen" is_printable "$tmp/raw"

# --- many of them -------------------------------------------------------------------------------------

if [ -n "${HSMFERRY_TEST_LONG:-}" ]; then
    # shellcheck disable=SC2046 # a list of words
    make_token old $(seq -f 'aes32:bulk-%05g' 1 10000)
    ceremony - - && keys bulk-07777
    ok "one of 10,000 keys" ends 0 'complete: 1 migrated' 'source +inventory before: 10000 objects'
    ceremony - - && keys 'bulk-07*'
    ok "a thousand of them" ends 0 'moved [0-9]+ of 1000' 'complete: 1000 migrated'
fi
finish
