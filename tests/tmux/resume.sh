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
ok "clean takes it back, on the screen" sees "0 moved"
ok "... and says what is left" sees "Left over"
press q
ok "... and ends well" sees "[exit 0]"
console 80x24 "$dir/c.yaml"
ok "then nothing is open" listed 5

ok "killed once more" killed resumed
ok "asked" again
type_text resume
press Enter
ok "the review is on the screen" sees "Type  ferry"
ok "... with the key that is there" sees "there already, and proven"
press Escape
ok "Esc goes back to both sides" lacks REVIEW
press Space
ok "marks are the journal's" sees "The journal says which keys"
press F7
ok "no other HSM is chosen there" sees "This console settles an interrupted ceremony"
press F5
ok "F5 shows the review again" sees "Type  ferry 1"
press Escape
lacks REVIEW
press q
ok "left there, it stays open" ended 3
ok "... as the next start says" again
ok "... which counts the key that is there" sees "1 of 2 arrived and are proven"
press F10
ended 3

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

ok "killed for lines" killed lines
journal=$(ls "$dir"/reports/*.journal)
console 80x24 --plain clean "$journal"
ok "control: --plain stays in lines" sees_like 'exit code 0\.'
finish
