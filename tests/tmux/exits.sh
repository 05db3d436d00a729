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
