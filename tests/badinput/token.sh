#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tokens that cannot be used, and HSMs that speak no common language: nothing is begun.
set -u
# shellcheck source=tests/badinput/lib.sh
. "${0%/*}/lib.sh"

# refused CODE WORDS SOURCE DESTINATION SENSE...: with these parameters.
refused() {
    code=$1
    words=$2
    ceremony "keys=aes32:one;$3" "$4"
    shift 4
    ok "$words" nothing_arrives "$code" "$@"
}

nothing_arrives() {
    ends "$@" && ! arrived
}

now='Nothing was changed'
tool="vendor's own tool"
good
ok "control: nothing wrong, and it ends 0" ends 0 'complete: 1 migrated'
good && edit 's/token=new/slot-id=2/'
ok "no token in the slot" nothing_arrives 69 'cannot be used: no token' "$now" "$tool"
good && edit 's/token=new/slot-id=3/'
ok "a token that is not initialised" nothing_arrives 69 'cannot be used: not initialised' "$now" "$tool"
refused 78 "two tokens of one label" '' twin=yes '2 tokens of the destination' "$now" 'Add serial='
refused 77 "a write-protected destination" '' flags=write-protected 'is write-protected' "$now" \
    'Remove the write protection'
refused 77 "a locked PIN" flags=pin-locked '' 'PIN locked' "$now" "$tool"
refused 77 "a PIN that must be changed" flags=pin-to-be-changed '' 'cannot be used: .*PIN' "$now" "$tool"
refused 69 "no common transport" offers=rsa-oaep-sha256,aes-kwp offers=rsa-oaep-sha1,aes-kwp \
    'no way to carry the AES key that both sides speak: .*source.*destination|destination.*source' "$now" \
    'Allow another transport or OAEP hash'
finish
