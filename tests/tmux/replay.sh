#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A ceremony and its replay show the same: from the last screen, and by hsmferry replay, at each
# moment, in each size; and every screen of a replay says that it is one.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

# The screen between title and last lines, without what a clock measures; not the log below it, where
# a live ceremony has each call.
picture() {
    screen | sed '1d;$d' | sed '$d;/^──*$/,$d' |
        sed -E 's/[0-9]+:[0-9]{2}:[0-9]{2}/TIME/g;s/ +[0-9.]+ m?s\b/ TOOK/g;s/ +[0-9]+ keys\/s.*left//' |
        sed -E 's/─+▶/ARROW/g;s/◀─+/ARROW/g;s/ +/ /g;s/ $//'
}

keep() { # keep NAME TEXT: the picture, once this text is on it
    sees "$2" && picture >"$tmp/$1"
}

same() { # same NAME: so is the picture now, or comes to be
    until_time=$(($(date +%s) + patience))
    until picture | diff "$tmp/$1" - >"$tmp/difference"; do
        [ "$(date +%s)" -lt "$until_time" ] || { cat "$tmp/difference" && return 1; }
        sleep 0.05
    done
}

replays() { # replays SIZE: every screen says so
    sees "REPLAY   REHEARSAL" && sees "$1"
}

run_and_replay() { # run_and_replay SIZE
    ceremony "replay-$1" "$few;hang=wrap:3" '' '[review]
  canary: none'
    sed -i 's/time-limit: 60/time-limit: 3600/' "$dir/c.yaml"
    console "$1" "$dir/c.yaml"
    listed 5
    press Space Space
    ok "$1: the ceremony starts" migrate 2
    ok "$1: the second key is being wrapped" keep "$1-middle" "key 2 of 2: beta"
    press a
    ok "$1: it is given up" sees "Give up the call"
    press y
    ok "$1: the ceremony is over" sees "The ceremony "
    press c
    ok "$1: its last step" keep "$1-end" "The ceremony has ended"
    press Escape
    ok "$1: the last screen" sees "Left over"
    press F6
    ok "$1: a key's card" keep "$1-card" "key 1 of 2"
    press Escape
    sees "Left over"
    press F5
    ok "$1: F5 replays it" replays "REPLAY paused"
    moments "$1" "from the last screen"
    press Escape
    ok "$1: back on the last screen" lacks " REPLAY "
    ok "$1: it is the live one" sees "Left over"
    press q
    sees "[exit "
    journal=$(find "$dir/reports" -name '*.journal')
    console "$1" replay "$journal"
    ok "$1: hsmferry replay" replays "REPLAY paused"
    moments "$1" "by itself"
    press Escape
    ok "$1: it ends with 0 and gives the terminal back" ended 0
}

moments() { # moments SIZE HOW
    press End
    ok "$1, $2: the end" same "$1-end"
    press p
    ok "$1, $2: where the last key begins" same "$1-middle"
    press n F6
    ok "$1, $2: a key's card" same "$1-card"
    press Escape
    sees "RELAY (this host)"
    press Home
    ok "$1, $2: the beginning" sees "event 1 of"
    press n n
    ok "$1, $2: the second key, from the beginning" same "$1-middle"
    press Home Space Space Space
    ok "$1, $2: played at 10x it comes to its end" sees ", the end"
    ok "$1, $2: which is the same" same "$1-end"
}

run_and_replay 80x24
run_and_replay 120x40

# Every screen of a replay, in every size.
journal=$(find "$dir/reports" -name '*.journal')
console 60x20 replay "$journal"
stamp() { # stamp WORDS TEXT [KEY]...
    words=$1
    text=$2
    shift 2
    [ $# -eq 0 ] || press "$@"
    for at in 60x20 120x40 80x24; do
        resize "$at"
        ok "stamp: $words at $at" replays "$text"
    done
}
stamp "the lanes" "REPLAY paused"
stamp "the end" ", the end" End
stamp "the card" "key 1 of 2" F6
stamp "the log" " LOG " F8
press Escape
sees "RELAY (this host)"
stamp "the outcome" "its chain ends in" F9
stamp "help" "HELP: Outcome" F1
press x
lacks "HELP:"
press Escape
sees "RELAY (this host)"
stamp "help of the lanes" "HELP: Replay" F1
press x
lacks "HELP:"
resize 30x8
ok "stamp: in a tiny window" sees "REPLAY   REHEARSAL. Make"
resize 80x24
sees "RELAY (this host)"
press q
ok "it ends" ended 0

sed '30s/	[a-z]/&x/' "$journal" >"$dir/altered.journal"
chmod 600 "$dir/altered.journal"
stamp=none # what is not replayed is not stamped
console 80x24 replay "$dir/altered.journal"
ok "an altered journal is refused, and its line named" sees "Line 30 of the journal"
ok "with 65" sees "[exit 65]"
finish
