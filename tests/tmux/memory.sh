#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What 10,000 objects a side cost the console in memory, with both panes full and a verdict on each.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

if grep -q 'fsanitize=' "$abs_top_builddir/config.log" 2>/dev/null; then
    skip_all "a sanitizer has memory of its own"
fi

# most NUMBER: the most memory (kB) that the console had with so many objects a side, in $tmp/NUMBER.
most() {
    ceremony "many-$1" "bulk=$1" "bulk=$1"
    console 120x40 "$dir/c.yaml"
    sees "0 of $1 marked" && sees "name taken" && sees "same name" || return
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(hsmferry_pid)/status" >"$tmp/$1"
    press q
    echo "$1 objects a side: $(cat "$tmp/$1") kB"
    [ -s "$tmp/$1" ]
}

# each_takes LIMIT: an object takes no more bytes than this; a key's description alone has 1,000.
each_takes() {
    bytes=$((($(cat "$tmp/10000") - $(cat "$tmp/10")) * 1024 / 20000))
    echo "$bytes bytes an object"
    [ "$bytes" -le "$1" ]
}

# console_takes LIMIT: no more kB.
console_takes() {
    echo "$(cat "$tmp/10000") kB"
    [ "$(cat "$tmp/10000")" -le "$1" ]
}

ok "10 objects a side" most 10
ok "10,000 objects a side" most 10000
ok "the console takes at most 32.75 MiB (the goal is 32)" console_takes 33536
ok "an object takes at most 1,300 bytes" each_takes 1300
not_ok "control: less than its description is not possible" each_takes 999
finish
