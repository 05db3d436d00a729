#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A console that is killed inside a commit: the next one asks first what is to become of that, says
# what it is about, and settles it on the screen.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

killed() { # killed NAME: at a key's commit
    ceremony "$1" "$few" 'slow=commit:3:3000' '[review]'
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && migrate 2 && sees_like "\[ \.\. \] [0-9 ]*keep" &&
        agents=$(pgrep -P "$(hsmferry_pid)") && kill -s KILL "$(hsmferry_pid)" &&
        sees "[exit 137]" && agents_end
}

# They finish the call that they are in, and find nobody to tell it to. Each by itself: kill fails as
# soon as one of them is gone.
agents_end() {
    agents_until=$(($(date +%s) + patience))
    for process in $agents; do
        while kill -0 "$process" 2>/dev/null; do
            [ "$(date +%s)" -lt "$agents_until" ] || return 1
            sleep 0.05
        done
    done
}

# The agents of a console that has left hold their tokens until their last call has ended.
left_open() {
    listed 5 && agents=$(pgrep -P "$(hsmferry_pid)") && press F10 && ended 3 && agents_end
}

again() {
    console "${1:-80x24}" "$dir/c.yaml"
    sees "A CEREMONY WAS INTERRUPTED"
}

# The command that the screen names, and whether its journal is the newest one.
names_newest() { # names_newest resume|clean
    named=$(screen | sed -n "s/.*hsmferry $1 \([^ ]*\.journal\).*/\1/p")
    newest=$(by_time "$dir/reports" journal | tail -n 1)
    echo "$named, $newest"
    [ -n "$named" ] && [ "$(realpath "$named")" = "$(realpath "$newest")" ]
}

# Nothing of the dialog is cut at the right edge.
nothing_cut() {
    ! screen | grep -q '~ *[|│]'
}

ok "killed inside a commit" killed left
ok "the next start asks first" again
ok "which ceremony it was" sees "Ceremony   REHEARSAL  Test of left"
ok "when it began" sees_like "Began      20[0-9-]*T[0-9:]*Z"
ok "its last step" sees_like "Last step  [0-9]* keep it under its own name, alpha "
ok "... whose end nobody knows" sees "begun, and not known to have ended"
ok "how many keys arrived" sees "Keys       0 of 2 arrived and are proven, 1 cut off"
ok "what resume will do" sees_like "migrates the keys that are"
ok "what clean will do" sees "was not proven, and migrates nothing"
ok "all of it at 80x24" nothing_cut
resize 60x20
ok "60x20: the question stays" sees "Type  resume  or  clean"
ok "... and nothing is cut" nothing_cut
press End
ok "... its end is there" sees "both tokens can be looked at"
resize 120x40
ok "120x40: all of it" sees "Esc: leaves it as it is"
press F10
ok "F10 leaves, and it stays open" ended 3
ok "asked again" again
ok "Esc leaves it alone" press Escape
ok "... both sides can be looked at" sees "Left alone"
ok "... and it is still open, as the exit code says" left_open
ok "asked once more" again
type_text clean
press Enter
ok "clean takes it back, on the screen" sees "The interrupted ceremony was cleaned up"
ok "... and says what is left" sees "Left over"
press q
ok "... and ends well" sees "[exit 0]"
console 80x24 "$dir/c.yaml"
ok "then nothing is open" listed 5

ok "killed once more" killed resumed
cd "$dir" || exit 99 # what the screen names is named from here
ok "asked" again
type_text resume
press Enter
ok "the review is on the screen" sees "Type  ferry"
ok "... with the key that is there" sees "there already, and proven"
press Escape
ok "Esc leaves it, and says what is true" sees "The interrupted ceremony is still open"
ok "... on the source" sees "On hsm-old: every key of the plan, unchanged."
ok "... on the destination" sees "On hsm-new: 1 of 2 keys, proven again; 1 missing."
ok "... at 80x24 to its end" sees "clean keeps what was proven"
resize 60x20
ok "... and at 60x20" sees "hsm-new: 1 of 2 keys, proven again; 1 missing."
press End
ok "... to its end, too" sees "migrates nothing more"
resize 80x24
sees "  hsmferry clean reports/"
ok "... how to go on, by the file's name" names_newest resume
ok "... or not to" names_newest clean
press x
ok "any key goes back to both sides" lacks "STILL OPEN"
press Space
ok "marks are the journal's" sees "The journal says which keys"
press F7
ok "no other HSM is chosen there" sees "This console settles an interrupted ceremony"
press F5
ok "F5 shows the review again" sees "Type  ferry 1"
resize 200x50
press Escape
sees "STILL OPEN" && press x && lacks "STILL OPEN" && press q
ok "left there, it stays open" ended 3
ok "... as the shell says" sees "Still open 1 of 2 keys on hsm-new, proven; go on with one of:"
ok "... with the command" names_newest resume
ok "... as the next start says" again
ok "... which counts the key that is there" sees "1 of 2 arrived and are proven"
press F10
ended 3
console 200x50 resume "$newest"
ok "that command shows the review" sees "Type  ferry 1"
press Escape
sees "STILL OPEN" && press x && lacks "STILL OPEN" && press F5
ok "left and shown again" sees "Type  ferry 1"
type_text "ferry 1"
press Enter
ok "... its word is still taken" sees "The ceremony is complete."
press q
ok "... and it ends well" ended 0
ok "control: completed, nothing is open" lacks "Still open"

ok "by its command it is on the screen, too" killed command
journal=$(ls "$dir"/reports/*.journal)
console 80x24 resume "$journal"
ok "... which asks for the gate" sees "Type  ferry"
migrate_word=$(screen | sed -n 's/.*Type  \(ferry [0-9]*\).*/\1/p')
type_text "$migrate_word"
press Enter
ok "... and comes to its end" sees "The ceremony is complete."
press q
ok "... with exit 0" ended 0
console 80x24 resume "$journal"
ok "settled, there is nothing to do" sees "taken over by a later one"

ok "killed, and resumed in lines" killed stopped
journal=$(ls "$dir"/reports/*.journal)
console 200x50 --plain resume "$journal"
ok "its review asks" sees_like "to start: *$"
kill -s INT "$(hsmferry_pid)"
ok "Ctrl-C leaves it open" sees "[exit 3]"
ok "... which it says" sees "Still open 1 of 2 keys on hsm-new, proven; go on with one of:"
ok "... with the command" names_newest resume
console 80x24 --plain resume "$newest"
ok "that goes on" sees_like "to start: *$"
type_text "ferry 1"
press Enter
ok "... to its end" sees "The ceremony is complete, exit code 0."
ceremony fresh "$few" '' '[review]' '"pkcs11:object=alpha"'
console 80x24 "$dir/c.yaml"
listed 5 && press F5 && sees "Type  ferry 1" && press Escape
ok "control: Esc at another review" lacks REVIEW
ok "... leaves nothing open" lacks "STILL OPEN"
press q
ok "... and nothing to do" ended 0
console 80x24 --plain "$dir/c.yaml"
sees_like "to start: *$" && kill -s INT "$(hsmferry_pid)"
ok "control: nor does Ctrl-C" sees "[exit 2]"
ok "... which names no command" lacks "Still open"

ok "killed for lines" killed lines
journal=$(ls "$dir"/reports/*.journal)
console 80x24 --plain clean "$journal"
ok "control: --plain stays in lines" sees_like 'exit code 0\.'
finish
