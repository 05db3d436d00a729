#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every key and every sequence that is none, one byte at a time on a pty, under seven types of terminal.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

# bytes SCENARIO: runs it with the ceremony that was made last.
bytes() {
    relay "$1: it ran to its end" /usr/bin/python3 "${0%/*}/bytes.py" "$1" "$hsmferry" "$dir/c.yaml"
}

# The destination's PIN is asked for.
asked() {
    sed -i '/^destination:/,/^keys:/s/?pin-source=.*//' "$dir/c.yaml"
}

ceremony pin "$few"
asked
bytes pin
bytes retry
bytes slow
bytes hasty

ceremony letter "$few" "pin=12é34"
asked
bytes letter

ceremony gates "$few" '' '[review, key]'
bytes gates

ceremony offers "$few"
bytes offers

ceremony keys bulk=60
bytes keys
finish
