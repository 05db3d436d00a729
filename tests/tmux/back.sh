#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer goes back from the review, marks other keys, and comes again: the record is about the plan
# that was carried out, and each answer is to the question that was on the screen.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

answer() {
    type_text "$1" && press Enter
}

report() {
    echo "$dir"/reports/*.yaml
}

says() { # says PATTERN: a line of the report
    grep -q -- "$1" "$(report)"
}

verifies() { # verifies CODE FILE [WORDS]
    "$hsmferry" verify "$2" >"$tmp/said" 2>&1
    [ $? -eq "$1" ] && grep -q -- "${3:-}" "$tmp/said" && return
    cat "$tmp/said"
    return 1
}

# forge SED-SCRIPT: the report, changed under a new seal; its name.
forge() {
    grep -v '^seal:' "$(report)" | sed "$1" >"$tmp/body"
    {
        cat "$tmp/body"
        printf 'seal: {lines: %d, sha256: "%.64s"}\n' "$(wc -l <"$tmp/body")" "$(sha256sum <"$tmp/body")"
    } >"$tmp/forged.yaml"
    echo "$tmp/forged.yaml"
}

# The second question about the review is the one that was answered.
asked_second() {
    second=$(sed -n 's/.*seq: \([0-9]*\),.*gate: "review", state: "open".*/\1/p' "$(report)" | sed -n 2p)
    [ -n "$second" ] && says "gate: \"review\", state: \"confirmed\".*asked: $second,"
}

walk() { # walk SIZE
    ceremony "back-$1" 'keys=aes32:alpha,generic32:gamma' '' '[review]'
    console "$1" "$dir/c.yaml"
    sees "alpha" && press Space Down Space
    ok "$1: both are marked" sees "2 of 2 marked"
    press F5
    ok "$1: the review" sees "ferry 2"
    ok "$1: ... warns of one of them" sees_like "weaker than the key\|more warning"
    press Escape
    ok "$1: back in the inventory" lacks "ferry 2"
    press Up Space
    ok "$1: one is marked" sees "1 of 2 marked"
    press F5
    ok "$1: the review of another plan" sees "ferry 1"
    not_ok "$1: ... without the warning about the other" sh -c \
        "tmux -L $server capture-pane -p | grep 'weaker than the key'"
    answer "ferry 1"
    ok "$1: the ceremony is complete" sees "The ceremony is complete."
    press q
    ok "$1: exit 0" ended 0
    ok "$1: the report passes verify" verifies 0 "$(report)"
    ok "$1: the journal has the first plan's warning" grep -q 'name=transport-strength' "$dir"/reports/*.journal
    not_ok "$1: the report has not" says 'name: "transport-strength"'
    ok "$1: the report has what is true of each plan" says 'name: "agent"'
    ok "$1: the first question is void" says 'gate: "review", state: "open".*void: "yes"'
    ok "$1: the second one was answered" asked_second
    ok "$1: what was waived is so for the key of the second plan" says \
        'gate: "key", state: "waived".*keys: "all", key-count: 1, labels: \["gamma"\]'
}
walk 80x24
walk 60x20

# --- controls: a record that mixes two plans does not pass ---
first='{keys: "1", name: "transport-strength", text: "AES 256 (256 bits of strength)"}'
ok "control: changed in nothing, it passes" verifies 0 "$(forge '')"
ok "a warning of the first plan is seen" verifies 65 "$(forge "s/^warnings:\$/&\\n- $first/")" \
    "of another type"
ok "a time that was waited twice is seen" verifies 65 \
    "$(forge 's/\(gate: "review", state: "confirmed".* ms: \)/\19/')" "for so long"
ok "an answer to the first question is seen" verifies 65 "$(forge "$(sed -n \
    's/.*seq: \([0-9]*\),.*state: "open".*void: "yes".*/s|\\(, asked: \\)[0-9][0-9]*|\\1\1|/p' "$(report)")")" "on the screen"
ok "a first question that is not void is seen, if it is taken for an answered one" verifies 65 \
    "$(forge 's/, void: "yes"//; s/\(gate: "review", state: "\)open\(".*"type  ferry 2\)/\1confirmed\2/')"
ok "a waiver for the keys of the first plan is seen" verifies 65 "$(forge 's/key-count: 1/key-count: 2/')" "were to be migrated"
finish
