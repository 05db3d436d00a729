#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ssh that wants to ask for something while hsmferry has the screen: nothing of it is on the screen,
# and the officer reads why the HSM cannot be reached.
set -u
# shellcheck source=tests/ssh/lib.sh
. "${0%/*}/lib.sh"

command -v tmux >/dev/null || skip_all "tmux is not installed"
server_of_tmux=hsmferry-ssh-$$
trap 't kill-server 2>/dev/null; end_servers; tap_end $?' EXIT
unset SSH_ASKPASS DISPLAY

t() {
    tmux -L "$server_of_tmux" -f /dev/null "$@"
}

# starts COMMAND: in a terminal of its own.
terminals=0
starts() {
    terminals=$((terminals + 1))
    t new-session -d -s "t$terminals" -x 80 -y 24 "$1; echo ended; exec sleep 1000"
    t set-option -t "t$terminals" status off
}

# sees WORDS: at once or soon.
sees() {
    for _ in $(seq "${HSMFERRY_TEST_PATIENCE:-400}"); do
        t capture-pane -p -t "t$terminals" >"$tmp/pane"
        ! grep -qE -- "$1" "$tmp/pane" || return 0
        sleep 0.1
    done
    echo "the screen does not show: $1"
    cat "$tmp/pane"
    return 1
}

# A screen that hsmferry has drawn whole, from its first line to its last, and no word of ssh's question.
is_whole() {
    t capture-pane -p -t "t$terminals" >"$tmp/pane"
    cat "$tmp/pane"
    sed -n '1p' "$tmp/pane" | grep -q '^ *hsmferry' && sed -n '24p' "$tmp/pane" | grep -q 'F10' &&
        ! grep -qi "password: \|continue connecting" "$tmp/pane"
}

serve password 'PasswordAuthentication yes' 'PubkeyAuthentication no'
serve good 'PasswordAuthentication no'
soft src && nss new || exit 99

# asking NAME: a source beyond an ssh that would ask if it could, and the same command for a shell.
asking() {
    ceremony "$(soft_side pkcs11:token=src "$softhsm" HOME=/
        beyond "$1" "$agent")" "$(nss_side new)" 'pkcs11:object=k'
    sed -i 's|"-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"|"-o", "StrictHostKeyChecking=ask"|' \
        "$tmp/c.yaml"
}

command_of() {
    sed -n '/^  agent:/,/\]$/p' "$tmp/c.yaml" | tr -d '\n' | sed 's/^  agent: \[//; s/\]$//; s/", *"/ /g; s/"//g'
}

asking password
starts "$hsmferry $tmp/c.yaml"
ok "the officer reads that a password is wanted" sees 'Permission denied'
ok "... and what to do" sees 'start again'
ok "... on a screen that ssh has not touched" is_whole
starts "$(command_of)"
ok "control: in a shell the same command asks on the terminal" sees "'s password:"
asking good
sed -i "s|$ssh/known_hosts|$ssh/none|" "$tmp/c.yaml"
starts "$hsmferry $tmp/c.yaml"
ok "the officer reads that the host is not known" sees 'verification failed'
ok "... and what to do" sees 'start again'
ok "... on a screen that ssh has not touched" is_whole
starts "$(command_of)"
ok "control: in a shell the same command asks on the terminal" sees 'continue connecting'
finish
