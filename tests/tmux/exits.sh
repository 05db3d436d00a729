#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# However it ends, the terminal is given back.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

hit() { # hit SIGNAL: the program
    kill -s "$1" "$(hsmferry_pid)"
}

idle() { # idle NAME
    ceremony "$1" "$few"
    console 80x24 "$dir/c.yaml"
    listed 5
}

running() { # running NAME
    ceremony "$1" "$few" 'slow=make_pair:2:2000' '[review]'
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && migrate 2 &&
        sees "[ .. ] 1 make RSA pair"
}

for signal in TERM INT HUP; do
    ok "SIG$signal at the inventory: listed" idle "idle-$signal"
    ok "SIG$signal at the inventory: sent" hit "$signal"
    ok "SIG$signal at the inventory: exit 2" ended 2
    ok "SIG$signal in a ceremony: running" running "running-$signal"
    ok "SIG$signal in a ceremony: sent" hit "$signal"
    ok "SIG$signal in a ceremony: it stops, exit 2" ended 2
    ok "SIG$signal in a ceremony: with a report" report_says aborted
done

# --- at each prompt, and inside the commit ---

at_pin() {
    ceremony pin "$few"
    sed -i 's/?pin-source=.*//' "$dir/c.yaml"
    console 80x24 "$dir/c.yaml"
    sees "SOURCE: token hsm-old"
}

at_review() {
    ceremony review "$few"
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && press F5 && sees "Type  ferry 2"
}

at_gate() {
    ceremony gate "$few"
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && migrate 2 &&
        sees "as the SOURCE loaded it"
}

in_commit() {
    ceremony "commit-$1" "$few" 'slow=commit:3:1200' '[review]'
    console 80x24 "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked" && migrate 2 &&
        sees_like '\[ \.\. \] 11 keep it'
}

one_arrived() {
    grep -q '^  migrated: 1$' "$dir"/reports/*.yaml &&
        grep -q '^  exit-code: 3$' "$dir"/reports/*.yaml
}

for signal in TERM INT HUP; do
    case $signal in
    TERM) at=pin ;;
    INT) at=review ;;
    HUP) at=gate ;;
    esac
    ok "SIG$signal at a prompt: $at" "at_$at"
    ok "SIG$signal at a prompt: sent" hit "$signal"
    ok "SIG$signal at a prompt: exit 2" ended 2
    ok "SIG$signal inside the commit: running" in_commit "$signal"
    ok "SIG$signal inside the commit: sent" hit "$signal"
    ok "SIG$signal inside the commit: it is finished first, exit 3" ended 3
    ok "SIG$signal inside the commit: with a report of a key that is proven" one_arrived
done

# The window is closed while a step runs: no terminal any more, but an end and a report.
closed() {
    pid=$(hsmferry_pid)
    t kill-session -t "$session"
    closed_until=$(($(date +%s) + patience))
    while kill -0 "$pid" 2>/dev/null; do
        [ "$(date +%s)" -lt "$closed_until" ] || return 1
        sleep 0.05
    done
}
ok "closed window: running" running closed
t new-session -d -s keep "exec sleep 1000"
ok "closed window: it ends by itself" closed
ok "closed window: with a report" report_says aborted

# Whatever a crash is called in $?, the shell says 128 and the signal's number.
ok "SIGSEGV: listed" idle crash
ok "SIGSEGV: sent" hit SEGV
ok "SIGSEGV: told" sees "hsmferry crashed"
ok "SIGSEGV: the terminal is given back" ended 139
ok "SIGABRT: running" running abort
ok "SIGABRT: sent" hit ABRT
ok "SIGABRT: the terminal is given back" ended 134

# What a terminal that is not given back looks like, so that the checks above mean something.
ok "control: listed" idle control
ok "control: killed without a chance" hit KILL
ok "control: gone" sees "[exit 137]"
not_ok "control: that is seen" cmp "$dir/stty.before" "$dir/stty.after"
finish
