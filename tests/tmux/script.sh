#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The keys that the ceremony file names are the script. Marks that differ from it are shown, and no
# review opens before an exception says why.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

says() { # says FILE-ENDING PATTERN: a line of the report or journal
    grep -q -- "$2" "$dir"/reports/*."$1"
}

answer() {
    type_text "$1" && press Enter
}

verifies() { # verifies CODE [FILE]
    set -- "$1" "${2:-$(echo "$dir"/reports/*.yaml)}"
    "$hsmferry" verify "$2" >"$tmp/out" 2>&1
    [ $? -eq "$1" ]
}

on_sheet() { # on_sheet PATTERN
    "$hsmferry" sheet "$dir"/reports/*.yaml | grep -q -- "$1"
}

in_order() { # in_order: the exception is in the journal before the review opens, and that before its answer
    awk -F '\t' '/\texception\t/ { e = NR } /gate=review\tstate=open/ { o = NR }
        /gate=review\tstate=confirmed/ { c = NR } END { exit !(e && e < o && o < c) }' "$dir"/reports/*.journal
}

# --- as it says ---
keys='keys=aes32:alpha,aes32:beta,aes32:gamma'
ceremony followed "$keys" '' '[review]' '"pkcs11:object=alpha", "pkcs11:object=beta"'
console 80x24 "$dir/c.yaml"
ok "as the script says: marked" sees "2 of 3 marked"
not_ok "as the script says: no word of it" sh -c "tmux -L $server capture-pane -p | grep 'NOT AS'"
migrate 2
ok "as the script says: the last screen says so" sees_like "Script *followed"
press q
ok "as the script says: exit 0" ended 0
ok "as the script says: the report says so" says yaml '^  script: "followed"$'
ok "as the script says: it passes verify" verifies 0

# --- a key that cannot go; the public half that is made of another one has that one's handle ---
ceremony incomplete 'keys=ec256:pair,aes16:stays:-extractable' '' '[review]' '"pkcs11:"'
console 80x24 "$dir/c.yaml"
ok "a key of the script was refused: marked" sees "2 of 2 marked"
migrate 1
ok "a key of the script was refused: the last screen says so" sees_like "Script *incomplete"
press q
ended 0
ok "a key of the script was refused: the report says so" says yaml '^  script: "incomplete"$'
ok "a key of the script was refused: with the reason" says yaml 'outcome: "refused", reason: "not extractable"'
ok "a key of the script was refused: it passes verify" verifies 0

# --- a key left out, another one added ---
walk() { # walk SIZE
    ceremony "marks-$1" "$keys" '' '[review]' '"pkcs11:object=alpha", "pkcs11:object=beta"'
    console "$1" "$dir/c.yaml"
    ok "$1: marked" sees "2 of 3 marked"
    press Space
    ok "$1: a key left out is shown in the inventory" sees "NOT AS THE SCRIPT SAYS: 1 key left out: alpha"
    ok "$1: ... beside the key itself" sees "-alpha"
    press Down Space
    ok "$1: an added one, too" sees "1 key left out: alpha; 1 key added"
    ok "$1: ... beside the key itself" sees "+gamma"
    press F5
    ok "$1: an exception is asked for by itself" sees "What was expected:"
    press Enter
    ok "$1: what differs is filled in" sees "1 key left out: alpha; 1 key added: gamma"
    press Enter
    ok "$1: what was decided is not" sees "What was decided, and by whom:"
    press Enter
    ok "$1: it is not left empty" sees "What was decided, and by whom:"
    press Escape
    ok "$1: given up, nothing was started" sees "Nothing was started"
    ok "$1: back to the inventory" lacks "REVIEW"
    press F5
    sees "What was expected:" && press Enter
    sees "What happened instead:" && press Enter
    sees "What was decided, and by whom:" && answer "alpha stays; Ada and Charles"
    ok "$1: the review opens behind it" sees "Type  ferry 2"
    ok "$1: and shows it" sees "NOT AS THE SCRIPT SAYS: 1 key left out: alpha; 1 key"
    ok "$1: ... to its end" sees "added: gamma"
    answer "ferry 2"
    ok "$1: the ceremony is complete" sees "The ceremony is complete."
    ok "$1: the last screen says that it deviated" sees "deviated: 1 key left out: alpha"
    press q
    ok "$1: exit 0: all keys that were chosen were migrated, and the deviation is written" ended 0
    ok "$1: the report says deviated" says yaml '^  script: "deviated"$'
    ok "$1: the key left out" says yaml '{what: "left-out", line: 1, label: "alpha"'
    ok "$1: the key added" says yaml '{what: "added", key: 2, text: "gamma"}'
    ok "$1: the exception" says yaml '^  decided: "alpha stays; Ada and Charles"$'
    ok "$1: the exception came before the review opened" in_order
    ok "$1: it passes verify" verifies 0
    ok "$1: the sheet says it" on_sheet "LEFT OUT *alpha"
}
walk 80x24
walk 120x40
walk 60x20
finish
