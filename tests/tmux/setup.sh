#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From nothing: both HSMs are chosen on the screen, on real SoftHSM tokens; the choice is saved and
# run again. A ceremony without a file that is killed is resumed, and cleaned up, without one.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"
need_softhsm softhsm2-util

dir=$tmp/setup
if ! sh "$abs_top_srcdir/examples/rehearse.sh" --pair softhsm:softhsm --build "$abs_top_builddir" \
    --dir "$dir" --prepare >"$tmp/rehearse" 2>&1; then
    cat "$tmp/rehearse"
    exit 99
fi
cd "$dir" || exit 99
pin=$(cat pins/source)
pin2=$(cat pins/destination)

# row COLUMNS: the row at the cursor of the pane in these columns, in ASCII.
row() {
    screen | cut -c"$1" | grep '^|>' || echo none
}

# choose LABEL COLUMNS: down to the slot with this label; nobody knows the slots' order.
choose() {
    for _ in 1 2 3 4 5 6 7 8; do
        at=$(row "$2")
        case $at in
        *"$1"*ready*)
            press Enter
            return 0
            ;;
        esac
        press Down
        moved_from "$at" "$2" || break
    done
    echo "no row with $1"
    screen
    return 1
}

moved_from() {
    moved_until=$(($(date +%s) + patience))
    until [ "$(row "$2")" != "$1" ]; do
        [ "$(date +%s)" -lt "$moved_until" ] || return 1
        sleep 0.05
    done
}

# Types environment and module's path for the side at the cursor.
module() {
    press Home Down Down Enter
    sees ENVIRONMENT || return 1
    type_text "SOFTHSM2_CONF=$dir/softhsm2.conf"
    press Enter
    lacks ENVIRONMENT || return 1
    press Up Enter
    sees "another path" || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do # more than are known anywhere
        press Down
    done
    press Enter
    sees "The module's path" || return 1
    press C-u
    type_text "$softhsm"
    press Enter
    lacks "The module's path"
}

console 80x24 --ascii
ok "it opens with nothing chosen" sees "Enter chooses one"
ok "and says what is missing" sees "F8 Next"
press F8
ok "F8 does not go on without tokens" sees "Choose a token of the source first"
ok "the source's module is typed" module
ok "its slots are listed" sees "hsm-old"
ok "also one without a token" sees "not initialised"
ok "the source is chosen" choose hsm-old 1-40
ok "that is told" sees "hsm-old is the source"
press Tab
ok "the destination's module is typed" module
ok "its slots are listed" sees "hsm-new"
ok "the destination is chosen" choose hsm-new 41-
ok "that is told, with what next" sees "F8 goes on"
mkdir -p "$tmp/elsewhere"
press F2
ok "F2 asks for a path" sees "Save the ceremony file as"
press C-u
type_text "$tmp/elsewhere/chosen.yaml"
press Enter
if grep -q '^#define HSMFERRY_CONFINED 1' "$abs_top_builddir/build_config.h"; then
    ok "outside its folders nothing is saved" sees "FAILED"
    ok "... and nothing is there" test -z "$(ls -A "$tmp/elsewhere")"
    press Escape
    ok "... and the console goes on" lacks "FAILED"
else
    ok "unconfined it is saved anywhere" sees "Saved:"
fi
press F2
ok "F2 asks again" sees "Save the ceremony file as"
press C-u
type_text "$dir/chosen.yaml"
press Enter
ok "it is saved" sees "Saved:"
press F8
ok "the source's PIN is asked for" sees "SOURCE: token hsm-old"
type_text "$pin"
press Enter
ok "the destination's PIN is asked for" sees "DESTINATION: token hsm-new"
type_text "$pin2"
press Enter
ok "both are listed" sees " yes"

# --- killed, without a file -----------------------------------------------------------------------------

# lines_pins: the PINs, as plain lines ask for them.
lines_pins() {
    sees "PIN of token hsm-old" && type_text "$pin" && press Enter &&
        sees "PIN of token hsm-new" && type_text "$pin2" && press Enter
}

# The words of the fingerprint that the lines ask for.
lines_words() {
    screen | sed 's/^REHEARSAL  //' | awk '
        $1 == "words" && $3 == "destination" { for (i = 4; i <= NF; i++) word[++count] = $i }
        match($0, /type words [0-9]+, [0-9]+, [0-9]+ and [0-9]+/) {
            split(substr($0, RSTART, RLENGTH), ask, /[^0-9]+/)
        }
        END { print word[ask[2]], word[ask[3]], word[ask[4]], word[ask[5]] }'
}

no_pin_in() {
    ! grep -q "$pin\|$pin2" "$@"
}

press Left F4
type_text "tls"
press Enter
ok "filtered" sees 'filter "tls"'
press Space F5
ok "a key is reviewed" sees "Type  ferry 1"
type_text "ferry 1"
press Enter
ok "at the fingerprint" sees "as the SOURCE loaded it"
beside=$(ls "$PWD"/reports/*.ceremony)
journal=${beside%.ceremony}.journal
ok "what resuming needs lies beside the journal" test -e "$journal"
ok "... for its owner alone" test "$(stat -c %a "$beside")" = 600
ok "... and holds no PIN" no_pin_in "$beside" "$journal"
ok "... as it was saved" "$hsmferry" diff "$beside" "$dir/chosen.yaml"
kill -s KILL "$(hsmferry_pid)"
ok "killed" sees "[exit 137]"
mv "$beside" "$beside.away"
"$hsmferry" resume "$journal" </dev/null >"$tmp/log" 2>&1
exits 0 "without it nothing says how to reach the HSMs: 64" test $? -eq 64
ok "... as it is told" grep -q 'none lies beside its journal' "$tmp/log"
mv "$beside.away" "$beside"
cp -R reports other
console 80x24 clean "other/${journal##*/}"
ok "clean asks for both PINs" lines_pins
ok "... and takes back what there is" sees "[exit 0]"
console 160x50
ok "the next start asks what is to become of it" sees "A CEREMONY WAS INTERRUPTED"
type_text resume
press Enter
ok "resume asks for both PINs" lines_pins
ok "... the plan" sees "type  ferry 1"
type_text "ferry 1"
press Enter
ok "... the fingerprint" sees "of the fingerprint:"
type_text "$(lines_words)"
press Enter
ok "... and the key arrives" sees "1 migrated, 0 refused, 0 failed"
ok "exit 0" sees "[exit 0]"

console 80x24 "$dir/chosen.yaml"
ok "the saved file runs again" sees "SOURCE: token hsm-old"
type_text "$pin"
press Enter
ok "with the same destination" sees "DESTINATION: token hsm-new"
type_text "$pin2"
press Enter
ok "listed again" sees " yes"
press F4
type_text "aes"
press Enter
ok "filtered" sees 'filter "aes"'
press Home Space
press F2
ok "F2 asks for a path again" sees "Save the ceremony file as"
press C-u
type_text "$dir/marked.yaml"
press Enter
ok "and saves what is marked" sees "Saved:"
ok "by its name" grep -q 'object=' "$dir/marked.yaml"
press F5
ok "a key is reviewed" sees "Type  ferry 1"
type_text "ferry 1"
press Enter
ok "compared" compare
ok "and moved between the tokens" sees "The ceremony is complete."
press F6
ok "and shown beside the original" sees "again from a fresh process"
press q
ok "exit 0 again" ended 0
finish
