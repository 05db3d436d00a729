#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The screen itself: sizes, many keys, hostile labels, colours, ASCII, help, keys.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

colored() {
    t capture-pane -e -p | grep -qE "$(printf '\033')\[[0-9;]*3[0-7]m"
}

only_ascii() {
    ! screen | LC_ALL=C grep -n '[^ -~]'
}

ceremony plain "$few" 'slow=make_pair:2:3000' '[review]'
console 80x24 "$dir/c.yaml"
ok "resize: listed" listed 5
ok "colours: there are some" colored
for size in 200x60 41x13 100x12 79x24 80x24; do
    resize "$size"
    ok "resize: alive at $size" sees "hsm-old"
done
resize 30x8
ok "tiny: one sentence" sees "this window"
press F5 q y
resize 80x24
ok "tiny: no key did anything" sees "0 of 5 marked"
press Space Space
ok "resize while a step runs: begins" migrate 2
ok "resize while a step runs: it runs" sees "[ .. ] 1 make RSA pair"
resize 100x30
ok "resize while a step runs: drawn at the new size" sees "RELAY (this host)"
resize 20x5
ok "resize while a step runs: one sentence" sees "continues"
ok "resize while a step runs: the ceremony ends meanwhile" sees "hsmferry:"
resize 80x24
ok "resize while a step runs: complete" sees "The ceremony is complete."
press q
ok "resize: exit 0" ended 0

ceremony many "bulk=10000" "bulk=10000"
console 80x24 "$dir/c.yaml"
ok "10,000 keys: listed" sees "0 of 10000 marked"
press End
ok "10,000 keys: the last" sees "bulk-10000"
press Home
ok "10,000 keys: the first" sees "bulk-00001"
press /
type_text "bulk-07777"
press Enter
ok "10,000 keys: found" sees "bulk-07777"
press F4
type_text "0012"
press Enter
ok "10,000 keys: filtered" sees "filter \"0012\": 1"
press F4 C-u Enter
ok "10,000 keys: all again" lacks "filter"
press q
ok "10,000 keys: exit 0" ended 0

ceremony hostile 'keys=aes32:%1b[2Jred,aes32:a%0ab,aes32:%e2%80%aetxet,aes32:%ff%fe,aes32:%e6%bc%a2%e5%ad%97,aes32:e%cc%81'
console 120x40 "$dir/c.yaml"
ok "hostile labels: an escape sequence" sees '\x1b[2Jred'
ok "hostile labels: a newline" sees 'a\x0ab'
ok "hostile labels: text that runs the other way" sees '\xe2\x80\xaetxet'
ok "hostile labels: bytes that are not text" sees '\xff\xfe'
ok "hostile labels: wide characters as they are" sees '漢字'
press q
ok "hostile labels: exit 0" ended 0

ceremony nocolor "$few"
before=NO_COLOR=1
console 80x24 "$dir/c.yaml"
unset before
ok "NO_COLOR: listed" listed 5
not_ok "NO_COLOR: no colours" colored
press q
ok "NO_COLOR: exit 0" ended 0
console 80x24 --no-color "$dir/c.yaml"
ok "--no-color: listed" listed 5
not_ok "--no-color: no colours" colored
press q
ok "--no-color: exit 0" ended 0

console 80x24 --ascii "$dir/c.yaml"
ok "--ascii: listed" listed 5
ok "--ascii: nothing else" only_ascii
press F1
sees HELP
ok "--ascii: help too" only_ascii
press Escape
lacks HELP && press q
ok "--ascii: exit 0" ended 0
before=LC_ALL=C
console 80x24 "$dir/c.yaml"
unset before
ok "LC_ALL=C: listed" listed 5
ok "LC_ALL=C: ASCII by itself" only_ascii
press q
ok "LC_ALL=C: exit 0" ended 0

console 80x24 "$dir/c.yaml"
ok "keys: listed" listed 5
press '?'
ok "keys: ? is help" sees "HELP: Inventory"
press PageDown PageDown
ok "keys: help scrolls" sees "Esc and a digit"
press Escape
ok "keys: Esc closes it" lacks "HELP: Inventory"
press Escape 1
ok "keys: Esc and 1 is F1" sees "HELP: Inventory"
press Escape
ok "keys: Esc alone closes it" lacks "HELP: Inventory"
press d
ok "keys: d shows details" sees "destroyable"
press Escape
ok "keys: closed" lacks "destroyable"
press '*'
ok "keys: * inverts the marks of what can be migrated" sees "3 of 5 marked"
press -l -- -
ok "keys: - clears them" sees "0 of 5 marked"
press +
type_text "a*"
press Enter
ok "keys: + marks by pattern" sees "of 5 marked"
press C-l
ok "keys: Ctrl-L draws again" sees "hsm-old"
press Escape 0
ok "keys: Esc and 0 leaves" ended 0

before=TERM=no-such-terminal
console 80x24 "$dir/c.yaml"
unset before
ok "unknown TERM: refused with 64" ended 64
ok "unknown TERM: it says so, and what to do" sees "next: Set TERM to what the terminal is"
"$hsmferry" </dev/null >"$tmp/log" 2>&1
ok "no terminal: refused with 64" test $? -eq 64
ok "no terminal: it says what is missing" grep -q 'A ceremony file is missing' "$tmp/log"
console 20x5 "$dir/c.yaml"
ok "20x5: it starts, with one sentence" sees "make this"
resize 80x24
ok "20x5: and is there once the window is larger" listed 5
for size in 1x1 200x3 3x60 20x5 80x24; do
    resize "$size" # at any moment: before it is drawn at the last one
done
ok "20x5: resized again and again" listed 5
press q
ok "20x5: exit 0" ended 0
finish
