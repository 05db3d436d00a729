#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a terminal sends that its description does not know; what is pasted; which side is opened
# again; terminals that have no screen.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

# bytes HEX...: one sequence at once, as a terminal sends it. bytes.sh sends them one byte at a time.
bytes() {
    t send-keys -H "$@"
}

# strange: Ctrl-Up, focus in, Home of other terminals, a mouse click, a report, Alt-y, and
# keys of strings.
strange() {
    bytes 1b 5b 31 3b 35 41
    bytes 1b 5b 49
    bytes 1b 5b 31 7e
    bytes 1b 4f 48
    bytes 1b 5b 3c 30 3b 39 3b 34 4d
    bytes 1b 5b 4d 20 21 21
    bytes 1b 5b 3f 31 3b 32 63
    bytes 1b 79
    bytes 1b 5d 30 3b 79 07
}

# The review and a PIN's dialog stay open, and nothing of it is typed there.
for type in xterm-256color screen linux vt100; do
    ceremony "on-$type" "$few" '' '[review]'
    sed -i '/^destination:/,/^keys:/s/?pin-source=.*//' "$dir/c.yaml"
    before="TERM=$type"
    console 80x24 "$dir/c.yaml"
    ok "$type: a PIN is asked for" sees "DESTINATION: token hsm-new"
    strange
    bytes 1b 5b 48
    type_text 1234
    press Enter
    ok "$type: unknown keys neither cancel nor spoil it" listed 5
    press Space Space
    press F5 c
    ok "$type: the review" sees "Type  ferry 2"
    strange
    type_text "ferry 2"
    ok "$type: unknown keys do not leave it" sees_like "Enter.*ferry 2 *.*$"
    press Enter
    ok "$type: nor disturb the words" sees "2 moved"
    press q
    ok "$type: exit 0" sees "[exit 0]" # not all of these have a screen to go back to
done
unset before

# A paste confirms nothing, with the line end that it brings along.
ceremony paste "$few" '' '[review]'
console 80x24 "$dir/c.yaml"
listed 5 && press Space Space && sees "2 of 5 marked" && press F5
ok "paste: the review" sees "Type  ferry 2"
bytes 1b 5b 32 30 30 7e
type_text "ferry 2"
bytes 0d 1b 5b 32 30 31 7e
ok "paste: it confirms nothing, and that is said" sees "Pasted text is not taken here"
type_text "ferry 2"
press Enter
ok "paste: typed words do" sees "2 moved"
press q
ok "paste: exit 0" ended 0

# Esc by itself is a key, Esc and a digit a function key.
ceremony esc "$few"
console 80x24 "$dir/c.yaml"
listed 5
press Escape 1
ok "esc: with a digit it is a function key" sees "Show the keys of this screen"
press Escape
ok "esc: alone it closes" lacks "Show the keys of this screen"
press q
ok "esc: exit 0" ended 0

# The destination fails, and the cursor is on the source: R is for the destination.
ceremony retry "$few"
sed -i '/^destination:/,/^keys:/s/?pin-source=.*//' "$dir/c.yaml"
console 80x24 "$dir/c.yaml"
ok "retry: the source is listed, the destination asks" sees "DESTINATION: token hsm-new"
type_text 4321
press Enter
ok "retry: a wrong PIN" sees "FAILED"
press Enter
ok "retry: is asked for again" sees "few tries are left"
press Escape
ok "retry: refused" sees "FAILED"
press Enter
lacks "FAILED ─"
sees "R tries again"
press R
ok "retry: the side that failed is asked again" sees "DESTINATION: token hsm-new"
type_text 1234
press Enter
ok "retry: both are listed" listed 5
press R
ok "retry: no healthy side is opened again" sees "Neither HSM failed"
press q
ok "retry: exit 0" ended 0

stamp=no
for type in dumb unknown ''; do
    ceremony "no-$type" "$few"
    before="TERM=$type"
    console 80x24 "$dir/c.yaml"
    ok "TERM=$type: what to use in its place" sees "use --plain"
    ok "TERM=$type: exit 64" ended 64
done
finish
