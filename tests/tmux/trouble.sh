#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What HSMs and agents do wrong: wrong PINs, hung, dead and talking ones; stopping and giving up.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

begin() { # begin NAME SOURCE-PARAMETERS [DESTINATION-PARAMETERS]
    ceremony "$1" "$few;$2" "${3:-}" '[review]'
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && migrate 2
}

ceremony pin "$few"
sed -i 's/?pin-source=.*//' "$dir/c.yaml"
console 80x24 "$dir/c.yaml"
ok "PIN: asked for" sees "SOURCE: token hsm-old"
type_text 999
press BSpace
type_text 4321
press Enter
ok "PIN: a wrong one is told" sees "FAILED"
press Enter
ok "PIN: the same side is asked again" sees "SOURCE: token hsm-old"
press Escape
ok "PIN: refused, that is told" sees "no PIN was given"
press Enter
ok "PIN: then the other side goes on" sees "DESTINATION: token hsm-new"
press Escape
ok "PIN: refusing it is told too" sees "FAILED"
press Enter
ok "PIN: the pane says what can be done" sees "R tries again"
ok "PIN: a migration is not offered" lacks "F5 Migrate"
press Left R
ok "PIN: it is asked for again, with a warning" sees "SOURCE: token hsm-old"
type_text 1234
press Enter
ok "PIN: the right one opens the token" sees "of 5 marked"
press Tab R
ok "PIN: so with the other side" sees "DESTINATION: token hsm-new"
type_text 1234
press Enter
ok "PIN: both are listed" listed 5
press q
ok "PIN: exit 0" ended 0

ceremony last "$few;flags=pin-final-try"
sed -i 's/?pin-source=.*//' "$dir/c.yaml"
console 80x24 "$dir/c.yaml"
ok "last try: told" sees "LAST TRY"
type_text 1234
press Enter
ok "last try: words come first" sees "Type  last try"
type_text "last try"
press Enter
ok "last try: then the PIN" sees "PIN:"
type_text 1234
press Enter
ok "last try: opens the token" sees "of 5 marked"
press F10
ok "last try: leaving at a question" ended 0

ok "hung: begins" begin hung 'hang=wrap:4'
ok "hung: after ten seconds it is told" sees "no answer from SOURCE for 1"
press a
ok "hung: giving up asks" sees "Give up the call"
press y
ok "hung: the ceremony ends" sees "0 moved"
press F8
ok "hung: the log has it" sees "wrap"
press q
ok "hung: exit 2" ended 2

ok "unknown: begins" begin unknown '' 'hang=commit:3'
ok "unknown: after ten seconds it is told" sees "no answer from DESTINATION for 1"
press a
ok "unknown: giving up asks" sees "Give up the call"
press y
ok "unknown: the ceremony ends" sees "The ceremony failed."
ok "unknown: nobody knows whether the key was kept" sees "look for each unknown key"
press q
ok "unknown: exit 3" ended 3
ok "unknown: the report says so, too" grep '^  outcome: "unknown"$' "$dir"/reports/*.yaml
ok "unknown: and what is true" grep 'is left in this call, which may still write' "$dir"/reports/*.yaml

ok "dead: begins" begin dead 'die=wrap:4'
ok "dead: the ceremony ends" sees "The ceremony failed."
ok "dead: nothing was moved" sees "0 moved"
ok "dead: it says why" sees "Reason      step "
press q
ok "dead: exit 2" ended 2

ok "talking: begins" begin talking 'print=wrap:4:HELLO-FROM-THE-VENDOR'
ok "talking: the ceremony is complete" sees "The ceremony is complete."
not_ok "talking: the screen is not disturbed" sh -c "
    tmux -L $server capture-pane -p | grep HELLO"
press F8 g
press /
type_text "vendor"
press Enter
ok "talking: its words are in the log" sees "the library says: HELLO-FROM-THE-VENDOR"
press q
ok "talking: exit 0" ended 0

ok "stop: begins" begin stop '' 'slow=make_pair:2:2000'
ok "stop: a step runs" sees "[ .. ] 1 make RSA pair"
press q
ok "stop: q asks" sees "A ceremony is running"
press x
ok "stop: and takes no for an answer" lacks "A ceremony is running"
press C-z
ok "stop: Ctrl-Z is off" sees "Ctrl-Z is off"
press s
ok "stop: s asks" sees "Stop the ceremony?"
press y
ok "stop: it stops before the next step" sees "The ceremony was stopped."
ok "stop: ... and is no longer stopping" lacks "Stopping before"
press q
ok "stop: exit 2" ended 2

ok "leave: begins" begin leave '' 'slow=make_pair:2:2000'
ok "leave: a step runs" sees "[ .. ] 1 make RSA pair"
press q
ok "leave: q asks" sees "A ceremony is running"
press y
ok "leave: it stops, then ends" ended 2
ok "leave: with a report" report_says aborted

ceremony stuck "$few;hang=slots:1"
console 80x24 "$dir/c.yaml"
ok "hung at once: its seconds are shown" sees_like 'opening \.\.\. [0-9][0-9]* s'
press q
ok "hung at once: q leaves without waiting" ended 0

ceremony missing "$few"
sed -i "s|$agent|/nowhere/agent|" "$dir/c.yaml"
console 80x24 "$dir/c.yaml"
ok "missing agent: told in its pane" sees "[FAIL] not open"
press q
ok "missing agent: exit 66" ended 66
finish
