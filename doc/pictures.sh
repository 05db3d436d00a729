#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the README's pictures again from a real run: it creates two SoftHSM tokens, starts the console in
# tmux, and presses the keys that an officer would press.
# usage: sh doc/pictures.sh BUILD   (the build folder; the pictures are written next to this script)
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:?usage: sh doc/pictures.sh BUILD}" && pwd)
work=$(mktemp -d)
columns=80
lines=24
trap 'tmux -L pictures kill-server 2>/dev/null; rm -rf "$work"' EXIT
LC_ALL=C.UTF-8
TERM=xterm-256color
export LC_ALL TERM

t() {
    tmux -L pictures -f /dev/null "$@"
}

# await TEXT: waits until it is on the screen, for at most half a minute.
await() {
    for _ in $(seq 600); do
        ! t capture-pane -p | grep -qF -- "$1" || return 0
        sleep 0.05
    done
    echo "This did not come: $1" >&2
    t capture-pane -p >&2
    exit 1
}

# The words that the gate asks for: in the last list of words on the screen.
words() {
    t capture-pane -p | awk '
        match($0, /words [0-9]+, [0-9]+, [0-9]+ and [0-9]+/) {
            split(substr($0, RSTART, RLENGTH), ask, /[^0-9]+/)
        }
        !/ words / && match($0, /[0-9]+ [A-Za-z]+ [A-Za-z]+/) {
            n = split(substr($0, RSTART), part, " ")
            for (i = 2; i <= n && part[i] ~ /^[A-Za-z]+$/; i++) word[part[1] + i - 2] = part[i]
        }
        END { print word[ask[2]], word[ask[3]], word[ask[4]], word[ask[5]] }'
}

picture() {
    t capture-pane -e -p | LC_ALL=C awk -v columns="$columns" -v lines="$lines" \
        -f "$top/doc/svg.awk" >"$work/$1.svg"
    mv "$work/$1.svg" "$top/doc/$1.svg"
    echo "doc/$1.svg"
}

# heard: keys are taken; a dialog that opens by itself takes none for a moment.
heard() {
    while t capture-pane -p | grep -qF 'Keys are taken in a moment'; do
        sleep 0.05
    done
}

sh "$top/examples/rehearse.sh" --build "$build" --dir "$work/run" --prepare >/dev/null
# --prepare waives the gates; the pictures show them.
sed -i 's/gates: .*/gates: [review, fingerprint]/; s/^title: .*/title: Root CA move 2026\npace: run/' \
    "$work/run/ceremony.yaml"
t new-session -d -x "$columns" -y "$lines" "$build/hsmferry" "$work/run/ceremony.yaml"
await ' yes'
picture inventory
t send-keys F5
await 'Type  ferry'
heard
picture review
t send-keys -l "$(t capture-pane -p | grep -o 'ferry [0-9]*')"
t send-keys Enter
await 'as the SOURCE loaded it'
heard
picture fingerprint
t send-keys -l "$(words)"
t send-keys Enter
await 'The ceremony is complete.'
picture end
t send-keys c
await 'RELAY (this host)'
picture ceremony
t send-keys Escape
await 'The ceremony is complete.'
t send-keys F6
await 'by a fresh process'
t send-keys n n n n n n n n
await '[RSA 4096]'
picture verification
