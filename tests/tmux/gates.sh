#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every gate confirmed, answered wrong, refused; and nothing that was typed before it counts.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

begin() { # begin NAME [GATES [DESTINATION-PARAMETERS]]
    ceremony "$1" "$few" "${3:-}" "${2:-[review, fingerprint]}"
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked"
}

ok "review: marked" begin review
press c
ok "review: Esc goes back" sees "Type  ferry 2"
press Escape
ok "review: to the inventory" lacks "REVIEW"
press F5
ok "review: the key that opened it and Enter do not start it" sees "Type  ferry 2"
press F5 Enter
type_text "ferry 3"
press Enter
ok "review: a wrong word is told" sees "That was wrong"
type_text "yes"
press Enter
ok "review: wrong twice stops it" sees "The ceremony was stopped."
ok "review: nothing was moved" sees "0 moved"
press q
ok "review: exit 2" ended 2

ok "typed ahead: marked" begin ahead
press F5 f e r r y Space 2 Enter
ok "typed ahead: the review is there and waits" sees "Type  ferry 2"
ok "typed ahead: with nothing typed into it" sh -c "
    tmux -L $server capture-pane -p | grep -q 'go back: *│'"
press Escape
ok "typed ahead: and nothing began" sees "2 of 5 marked"
press q
ok "typed ahead: exit 0" ended 0

ok "fingerprint: marked" begin words '[review, fingerprint]' 'slow=make_pair:2:1500'
ok "fingerprint: the ceremony begins" migrate 2
ok "fingerprint: a step runs" sees "[ .. ] 1 make RSA pair"
type_text "solo speculate" # before anything is asked
press Enter
ok "fingerprint: the gate opens" sees "as the SOURCE loaded it"
ok "fingerprint: what was typed before does not count" lacks "That was wrong"
type_text "wrong words"
press Enter
ok "fingerprint: a wrong word is told" sees "That was wrong. Tries left: 1"
ok "fingerprint: the right words go on" compare
ok "fingerprint: to the end" sees "The ceremony is complete."
press q
ok "fingerprint: exit 0" ended 0

ok "fingerprint wrong: marked" begin wrong
ok "fingerprint wrong: the ceremony begins" migrate 2
ok "fingerprint wrong: the gate opens" sees "as the SOURCE loaded it"
type_text "wrong words"
press Enter
ok "fingerprint wrong: once" sees "That was wrong. Tries left: 1"
type_text "wrong again"
press Enter
ok "fingerprint wrong: twice stops it" sees "The ceremony was stopped."
press q
ok "fingerprint wrong: exit 65" ended 65

ok "fingerprint refused: marked" begin refused
ok "fingerprint refused: the ceremony begins" migrate 2
ok "fingerprint refused: the gate opens" sees "as the SOURCE loaded it"
press Escape
ok "fingerprint refused: Esc asks" sees "Stop the ceremony?"
press n
ok "fingerprint refused: and takes no for an answer" sees "as the SOURCE loaded it"
press Escape
ok "fingerprint refused: asks again" sees "Stop the ceremony?"
press y
ok "fingerprint refused: stopped" sees "The ceremony was stopped."
ok "fingerprint refused: the report says so" report_says aborted
press q
ok "fingerprint refused: exit 2" ended 2

ok "key: marked" begin key '[review, key]'
ok "key: the ceremony begins" migrate 2
ok "key: the first is asked for" sees "Key 1 of 2"
type_text "alpha"
press Enter
ok "key: so is the second" sees "Key 2 of 2"
type_text "beta"
press Enter
ok "key: both were moved" sees "2 moved"
press q
ok "key: exit 0" ended 0

ok "waived: marked" begin waived '[]'
press F5
ok "waived: the screen still wants a word" sees "Type  start"
press Enter
type_text "start"
press Enter
ok "waived: then it runs to the end" sees "The ceremony is complete."
press q
ok "waived: exit 0" ended 0
finish
