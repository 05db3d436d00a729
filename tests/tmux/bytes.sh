#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every key and every sequence that is none, one byte at a time on a pty, under seven types of terminal.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

# bytes SCENARIO WORDS: runs it with the ceremony that was made last.
bytes() {
    relay "$2" /usr/bin/python3 "${0%/*}/bytes.py" "$1" "$hsmferry" "$dir/c.yaml"
}

# The destination's PIN is asked for.
asked() {
    sed -i '/^destination:/,/^keys:/s/?pin-source=.*//' "$dir/c.yaml"
}

ceremony pin "$few"
asked
bytes pin "the PIN, byte by byte"
bytes retry "the side that failed, byte by byte"
bytes slow "a slow line"
bytes resized "a new size after an Esc"
bytes hasty "control: a hasty console"

ceremony rows "$few" keys=aes32:onlyhere
asked
bytes rows "old rows, byte by byte"

ceremony letter "$few" "pin=12é34"
asked
bytes letter "a letter of two bytes"

ceremony gates "$few" '' '[review, key]'
bytes gates "gates, byte by byte"

ceremony offers "$few"
bytes offers "letters of keys"

ceremony keys bulk=60
bytes keys "each form of each key"
finish
