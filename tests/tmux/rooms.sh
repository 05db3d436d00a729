#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A ceremony in two rooms on the screen: each visit says which one it is, what to carry to the other
# room, and what to read out there.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

ceremony rooms 'keys=aes32:alpha' '' '[devices, review, fingerprint]' "'pkcs11:object=alpha'"
printf 'sealed:\n  order: one-bundle\n' >>"$dir/c.yaml"

# The device of this room is compared, and no other one is shown.
device() { # device LABEL-OF-THE-OTHER
    sees "Compare this device with the script" || return
    screen >"$tmp/screen"
    ! grep -q "$1" "$tmp/screen" || return
    type_text "$(sed -n '/type the last/d; s/.*serial \([^ ]*\).*/\1/p' "$tmp/screen" | tail -c 5)"
    press Enter
}

# The words that the last screen tells to read out.
words() {
    screen | sed -n '/Read out/,/There/p' | sed '$d; s/Read out//' | tr -s ' \n' '  ' |
        sed 's/^ *//; s/ *$//'
}

written() { # written ENDING: the file that a visit wrote
    find "$dir/reports" -name "*.$1"
}

visit() { # visit WORD FILE...
    console 80x24 "$@" "$dir/c.yaml"
}

answer() { # answer WHAT-IS-ASKED TEXT
    sees "$1" && type_text "$2" && press Enter
}

visit offer
ok "offer: the title says which visit it is" sees "offer: Test of rooms"
ok "offer: the device" device hsm-old
ok "offer: the review says what is made, and where" sees "A transport pair is made"
ok "offer: its word" answer "type  offer  to start" offer
ok "offer: the last screen names the file to carry" sees_like "Carry .*offer"
ok "... and says that the visit is complete, not the ceremony" sees "This visit is complete."
ok "... and what is done there" sees_like "There *hsmferry load"
offered=$(words)
ok "... and twelve words" test "$(echo "$offered" | wc -w)" = 12
press c
ok "offer: the other lane is the file" sees_like "to carry: offer"
press q
ok "offer: exit 0" ended 0

visit load "$(written offer)"
ok "load: the device" device hsm-new
ok "load: none of the file's words is shown before they agree" \
    answer "type the first 12 words of the offer" "$(echo "$offered" | sed 's/^[^ ]*/wrong/')"
ok "load: wrong words are told" sees "That was wrong"
ok "load: the right ones" answer "type the first 12 words" "$offered"
ok "load: the review" answer "1 key encrypted for the other room, from hsm-old" "load 1"
ok "load: the fingerprint" compare
ok "load: what to carry" sees_like "Carry .*bundle"
bundled=$(words)
press q
ok "load: exit 0" ended 0

visit accept "$(written bundle)"
ok "accept: the device" device hsm-old
ok "accept: its words" answer "first 12 words of the bundle" "$bundled"
ok "accept: the review" answer "1 key decrypted from the bundle of the other room" "accept 1"
ok "accept: one key moved" sees "1 moved"
ok "accept: what to carry" sees_like "Carry .*receipt"
received=$(words)
press q
ok "accept: exit 0" ended 0

visit accept "$(written bundle)"
ok "accept again: refused on the screen, in one sentence" sees "was used before"
press Enter q
ok "accept again: exit 77" ended 77

# Words that are wrong twice refuse the file; both tries are in a journal, with its report.
wrong=$(echo "$received" | sed 's/^[^ ]*/accrue/')
visit confirm "$(written receipt)"
ok "wrong words: the device" device hsm-new
ok "wrong words: once" answer "first 12 words of the receipt" "$wrong"
ok "wrong words: another try" sees "That was wrong"
ok "wrong words: twice" answer "first 12 words of the receipt" "$wrong"
ok "wrong words: refused" sees "The file is refused."
press Enter
ok "wrong words: nothing was begun" sees "No step has begun."
press q
ok "wrong words: exit 77" ended 77
tried() {
    last=$(by_time "$dir/reports" journal | tail -n 1)
    test "$(grep -cE 'gate=file.state=(wrong|refused)' "$last")" -eq 2 &&
        "$abs_top_builddir/hsmferry" verify --journal "$last" "${last%.journal}.yaml"
}
ok "wrong words: both tries are in its journal and report" tried

visit confirm "$(written receipt)"
ok "confirm: the device" device hsm-new
ok "confirm: its words" answer "first 12 words of the receipt" "$received"
ok "confirm: the review" answer "whose answers from the other room are judged" "confirm 1"
ok "confirm: migrated" sees "1 moved"
press q
ok "confirm: exit 0" ended 0

visit offer
ok "a second offer: the device" device hsm-old
ok "a second offer" answer "type  offer  to start" offer
ok "... is made" sees_like "Carry .*offer"
press q
ok "... exit 0" ended 0
second=$(by_time "$dir/reports" offer | tail -n 1)
visit withdraw "$second"
ok "withdraw: the device" device hsm-old
ok "withdraw: its word" answer "The transport pair of the offer is destroyed" withdraw
ok "withdraw: done" sees "the transport pair of the offer is destroyed"
press q
ok "withdraw: exit 0" ended 0

# shellcheck disable=SC2046 # a word for each journal
console 80x24 replay $(by_time "$dir/reports" journal | head -n 3)
ok "replay: the first of three visits" sees "offer, visit 1 of 3"
press N
ok "replay: the second one" sees "load, visit 2 of 3"
press N
ok "replay: the third one" sees "accept, visit 3 of 3"
press N
ok "replay: there is no other one" sees "This is the last visit."
press P
ok "replay: back" sees "load, visit 2 of 3"
press q
finish
