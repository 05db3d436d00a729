#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The way of an officer who never read a manual: PINs, marks, review, comparison, the end.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

walk() { # walk SIZE
    ceremony "happy-$1" "$few" "keys=aes32:other"
    sed -i 's/?pin-source=.*//' "$dir/c.yaml" # the PINs are typed here
    console "$1" "$dir/c.yaml"
    ok "$1: the source's PIN is asked for" sees "SOURCE: token hsm-old"
    type_text 1234
    not_ok "$1: the PIN is not shown" sh -c "tmux -L $server capture-pane -p | grep 1234"
    press Enter
    ok "$1: the destination's PIN is asked for" sees "DESTINATION: token hsm-new"
    type_text 1234
    press Enter
    ok "$1: both HSMs are listed" listed 5
    ok "$1: a key that cannot go says so" sees "not extr"
    press Space Space
    ok "$1: two keys are marked" sees "2 of 5 marked"
    press F5
    ok "$1: the review says what goes where" sees "2 keys go, with 1 public object, from hsm-old"
    ok "$1: and how" sees "Transport"
    type_text "ferry 2"
    press Enter
    ok "$1: both fingerprints are compared" compare
    ok "$1: the ceremony is complete" sees "The ceremony is complete."
    ok "$1: the report is named" sees .yaml
    ok "$1: nothing is left over" sees "nothing on DESTINATION"
    ok "$1: the report says it too" report_says complete
    press F6
    ok "$1: the keys are shown beside each other" sees "tightened"
    ok "$1: with the proof" sees "by a fresh process"
    press n
    ok "$1: the next key too" sees "key 2 of 2"
    press F8
    ok "$1: every call is in the log" sees "prove"
    press Escape
    ok "$1: back to the comparison" sees "key 2 of 2"
    press Escape
    ok "$1: back to the end" sees "The ceremony is complete."
    press Escape
    ok "$1: back to the inventory" sees "can go?"
    ok "$1: it says what was moved" sees "moved"
    press q
    ok "$1: it ends with 0 and gives the terminal back" ended 0
}

walk 80x24
walk 120x40
walk 60x30

# One ceremony after the other in one console, each with a report of its own.
ceremony again 'keys=aes32:a,aes32:b' '' '[review]' 'pkcs11:object=a'
console 80x24 "$dir/c.yaml"
ok "again: what the file names is marked" sees "1 of 2 marked"
migrate 1
ok "again: the first is complete" sees "The ceremony is complete."
press F5
ok "again: its steps can be seen again" sees "RELAY (this host)"
press Escape
ok "again: back from there" lacks "RELAY (this host)"
press F7
ok "again: both HSMs are there to choose from" sees "Compare label and serial"
ok "again: the source's token is found again" sees "*hsm-old "
ok "again: the destination's, too" sees "*hsm-new "
press F8
ok "again: listed anew" sees "name taken"
press - Down Space
ok "again: another key is marked" sees "1 of 2 marked"
press F5
ok "again: that is not as the file says" sees "What was expected:"
press Enter
sees "What happened instead:" && press Enter
sees "What was decided" && type_text "the second one" && press Enter
sees "Type  ferry 1" && type_text "ferry 1" && press Enter
ok "again: the second is complete" sees "The ceremony is complete."
ok "again: two reports" test "$(find "$dir/reports" -name '*.yaml' | wc -l)" -eq 2
press q
ok "again: exit 0" ended 0
finish
