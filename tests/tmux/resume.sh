#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A console that is killed inside a commit: the next one asks first what is to become of that.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

killed() { # killed NAME: at a key's commit
    ceremony "$1" "$few" 'slow=commit:3:3000' '[review]'
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && migrate 2 && sees "keep it" &&
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
    console 80x24 "$dir/c.yaml"
    sees "A CEREMONY WAS INTERRUPTED"
}

ok "killed inside a commit" killed left
ok "the next start asks first" again
ok "Esc leaves it alone" press Escape
ok "... both sides can be looked at" sees "Left alone"
ok "... and it is still open, as the exit code says" left_open
ok "asked again" again
type_text clean
press Enter
ok "clean takes it back, in lines" sees_like 'exit code 0\.'
ok "... and ends well" sees "[exit 0]"
console 80x24 "$dir/c.yaml"
ok "then nothing is open" listed 5

ok "killed once more" killed resumed
ok "asked" again
type_text resume
press Enter
ok "the gate is asked again" sees "type  ferry"
finish
