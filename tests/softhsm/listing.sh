#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many PKCS#11 calls a listed object costs: one C_GetAttributeValue, on each side.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

number=300
calls=$((number + 3)) # of the first object, the module is asked for each of three templates alone
objects=$abs_top_builddir/tests/softhsm/objects

# fill SIDE: a token with so many keys.
fill() {
    make_token "$1"
    configure_tokens "$tmp/made-$1"
    at "$tmp/made-$1" "$objects" "$softhsm" "$tmp/pin" "$1" make "$number"
}

# bare SIDE: the tool that the listing is compared with sees them too.
bare() {
    at "$tmp/c/$1" "$objects" "$softhsm" "$tmp/pin" "$1" list | grep "^$number objects, "
}

list() {
    timeout -k 5 600 "$quick" list "$tmp/c/ceremony.yaml" >"$tmp/list" || return
    [ "$(grep -c '^key-.* AES 256 .*|.*key-.* AES 256' "$tmp/list")" = "$number" ]
}

# at_most SIDE FUNCTION LIMIT: the listing made no more such calls.
at_most() {
    made=$(grep -c "^$2 *\$" "$tmp/c/$1/calls/calls")
    echo "$1: $made calls of $2"
    [ "$made" -gt 0 ] && [ "$made" -le "$3" ]
}

echo swordfish >"$tmp/pin"
ok "a source with $number objects" fill old
ok "a destination with $number objects" fill new
ceremony none none
ok "both sides are listed" list
for each in old new; do
    ok "$each: all of them are there" bare "$each"
    ok "$each: one call an object" at_most "$each" C_GetAttributeValue "$calls"
    ok "$each: few inventories" at_most "$each" C_FindObjectsInit 3
done

# What reads each attribute separately, because the call for all of them fails, is seen.
ceremony "fail:C_GetAttributeValue:1" none
ok "control: listed although a call failed" list
not_ok "control: the calls that this costs are seen" at_most old C_GetAttributeValue "$calls"
finish
