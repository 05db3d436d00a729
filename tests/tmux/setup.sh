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
    press Home Down Down Down Down Down Down Enter
    sees ENVIRONMENT || return 1
    type_text "SOFTHSM2_CONF=$dir/softhsm2.conf"
    press Enter
    lacks ENVIRONMENT || return 1
    press Up Enter
    sees "another path" || return 1
    press End Enter
    sees "The module's path" || return 1
    press C-u
    type_text "$softhsm"
    press Enter
    lacks "The module's path"
}

# What both devices bear, read off the gate: the ends of their serials.
serial_ends() {
    screen | awk '{ while (match($0, /serial [0-9a-f]+/)) {
            s = substr($0, RSTART + 7, RLENGTH - 7); if (!seen[s]++) end[++n] = substr(s, length(s) - 3)
            $0 = substr($0, RSTART + RLENGTH) } }
        END { print end[1], end[2] }'
}

give_pin() {
    type_text "$1" && press Enter
}

stamp=none
console 80x24 --ascii
ok "it opens with nothing chosen" sees "Enter chooses one"
ok "also no kind: nothing is stamped" sees "production or rehearsal"
press F8
ok "F8 asks for the kind first" sees "Choose the kind first"
press F2
sees "Save the ceremony file as" && press C-u && type_text "$dir/none.yaml" && press Enter
ok "nor is a file saved that would say which" sees "Choose the kind first"
press Home Enter
ok "the title can be typed" sees "What this ceremony is called"
press C-u Enter
ok "... but not be empty" sees "A ceremony has a title"
press Enter
sees "What this ceremony is called" && press C-u && type_text "Root CA move 2026" && press Enter
ok "it stands in the first line" sees_like "^ hsmferry   Root CA move 2026 "
stamp=PRODUCTION
press Down Enter
ok "Enter chooses production, which the screen says" sees "Production: both officers by name"
press F8
ok "production names both officers" sees "Name the source officer first"
press Enter
ok "the source officer is asked for" sees "The name of the source officer"
give_pin "Ada Lovelace"
ok "the destination officer" sees "The name of the destination officer"
give_pin "Charles Babbage"
ok "and others with their roles" sees "Others who are present"
give_pin "Grace Hopper, witness"
ok "all of them are shown" sees "Ada Lovelace, source officer; Charles Babbage, destination"
press F3
ok "... and those for whom the line has no room, in the details" sees_like "Officer *Grace Hopper, witness"
press Escape
lacks DETAILS
ok "in production both answer at the gates" sees "both officers answer in turn: devices"
press Down Enter
ok "... which can be changed" sees_like "Gates *one officer answers"
press Enter
ok "... and changed back" sees "both officers answer in turn: devices"
resize 60x24
press Down
ok "in a window for one side, that side says how to reach the other" sees_like "SOURCE.* Tab: DESTINATION "
press Tab
ok "... and the other how to come back" sees_like "DESTINATION.* Tab: SOURCE "
press Tab
resize 80x24
ok "control: with room for both, nothing is said" lacks "Tab: "
press F8
ok "F8 does not go on without tokens" sees "Choose a token of the source first"
ok "the source's module is typed" module
ok "its slots are listed" sees "hsm-old"
ok "also one without a token" sees "not init."
ok "the source is chosen" choose hsm-old 1-40
ok "that is told" sees "hsm-old is the source"
press Tab
press Home Down Down Down Down Down Enter
sees "another path" && press End Enter && sees "The module's path" && press C-u
type_text "${softhsm%so}"
press Tab
ok "a path is completed on Tab" sees "$softhsm"
press C-u
type_text "/nowhere/x"
press Tab
ok "one that is nowhere is not" sees "This folder cannot be listed"
press Escape
lacks "The module's path"
ok "the destination's module is typed" module
ok "its slots are listed" sees "hsm-new"
ok "both serials are on the screen together" sees_like \
    "[0-9a-f]\{16\} ready.*[0-9a-f]\{16\} ready"
choose hsm-old 41-
ok "one token is not both: what was chosen last holds" sees "choose another token as the source"
press F2
sees "Save the ceremony file as" && press C-u && type_text "$dir/half.yaml" && press Enter
ok "nothing is saved that names one side alone" sees "Choose a token of the source first"
press Up Up
ok "the destination is chosen" choose hsm-new 41-
press Left
choose hsm-old 1-40
ok "that is told, with what next" sees "Press F8 to continue"
press Right
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
type_text "$dir/production.yaml"
press Enter
ok "it is saved" sees "Saved:"
ok "as production" grep -q '^rehearsal: "*no' production.yaml
ok "with title, officers and roles" sh -c 'grep -q "Root CA move 2026" production.yaml &&
    grep -q "Ada Lovelace" production.yaml && grep -q "destination officer" production.yaml &&
    grep -q witness production.yaml'
press F8
ok "in production the devices come before any PIN" sees "DEVICES"
ok "the officer is asked by name" sees "1 of 2: Ada Lovelace, source officer"
type_text "$(serial_ends)"
press Enter
ok "then the second one, as the setup says" sees "2 of 2: Charles Babbage, destination officer"
type_text "CB $(serial_ends)"
press Enter
ok "the source's PIN is asked for" sees "SOURCE: token hsm-old"
give_pin 000000
ok "a wrong one is told" sees "FAILED"
press Enter
ok "then the same side is asked again" sees "SOURCE: token hsm-old"
ok "... of its officer, with a warning" sees "a wrong PIN was entered"
give_pin "$pin"
ok "before the destination's PIN is asked for" sees "DESTINATION: token hsm-new"
give_pin "$pin2"
ok "both are listed" sees " yes"
press q
ok "it ends" ended 0

# --- the last two HSMs ----------------------------------------------------------------------------------

recent=$XDG_STATE_HOME/hsmferry/recent
ok "both HSMs are kept in a file for this user alone" test "$(stat -c %a "$recent")" = 600
not_ok "... without a PIN" grep -q -e pin -e "$pin" -e "$pin2" "$recent"
cp -p "$recent" "$tmp/recent"
stamp=none
console 80x24 --ascii
ok "the next console offers them" sees "1  as last time's source"
ok "... both of them" sees "2  as last time's destination"
resize 60x20
ok "... also in a small window" sees "2  as last time's destination"
resize 80x24
press 1
ok "one key press names the source" sees_like "hsm-old *[0-9a-f]* *ready"
press Tab 2
ok "and one the destination" sees "As it was the destination of the last ceremony"
press F10
ok "it ends" ended 0
for hostile in "module relative.so" "environment LD_PRELOAD=/tmp/x.so" "token pkcs11:token=x?pin-value=1" \
    "environment TOKEN_PIN=1234" "api other" "$(printf 'module /x\033[2Jy')"; do
    word=${hostile%% *}
    sed "s|^$word .*|$hostile|" "$tmp/recent" >"$recent"
    console 80x24 --ascii
    sees "Enter chooses one" && press 1
    ok "hostile: $word is not offered" sees "There is no HSM of a ceremony before"
    press F10
    ended 0
done
cat "$tmp/recent" >"$recent"
chmod 644 "$recent"
console 80x24 --ascii
sees "Enter chooses one" && press 1
ok "nor what others may have read" sees "There is no HSM of a ceremony before"
press F10
ended 0
chmod 600 "$recent"
console 80x24 --ascii
ok "control: as it was, it is" sees "1  as last time's source"
press F10
ended 0

# --- what is known here -----------------------------------------------------------------------------------

mkdir -p "$tmp/home/.pki/nssdb" "$tmp/elsewhere"
touch "$tmp/home/.pki/nssdb/key4.db"
before="HOME=$tmp/home"
console 120x40 --ascii
unset before
sees "Enter chooses one" && press Home Down Down Down Down Down Enter
ok "modules are listed" sees "another path"
if ls /usr/lib/*/libopencryptoki.so.0 >/dev/null 2>&1; then
    ok "also those whose names have a version" sees_like "libopencryptoki\.so\.[0-9]"
fi
press Escape
lacks "another path" && press Up Enter Down Enter
ok "so are NSS databases in the usual places" sees "sql:$tmp/home/.pki/nssdb"
press Enter
ok "one is chosen" sees_like "Store *sql:"
press Enter
sees "another path" && press End Enter && sees "The module's path" && press C-u
type_text "sql:$tmp/else"
press Tab
ok "a folder is completed, wherever it is" sees "sql:$tmp/elsewhere/"
press Escape
lacks "The module's path"
press F10
ok "it ends" ended 0
if grep -q '^#define HSMFERRY_CONFINED 1' "$abs_top_builddir/build_config.h"; then
    stamp=PRODUCTION
    console 80x24 --ascii production.yaml
    sees "DEVICES" && press Escape
    sees "Stop the ceremony" && press y
    sees "FAILED" && press Enter
    lacks "FAILED" && press F7
    sees CEREMONY && press Home Down Down Down Down Down Enter
    sees "another path" && press End Enter && sees "The module's path" && press C-u
    type_text "$tmp/home/"
    press Tab
    ok "control: with a ceremony file there is no need to, and the box is closed" \
        sees "outside of what hsmferry reads"
    press Escape
    lacks "The module's path"
    press F10
    ended 0
    stamp=none
fi

# --- a rehearsal, without a file --------------------------------------------------------------------------

console 80x24 --ascii
sees "1  as last time's source" && press 1 Tab 2
stamp=PRODUCTION
press Tab Home Down Enter
sees "Production: both officers"
stamp=
press Enter
ok "Enter again chooses a rehearsal" sees "A rehearsal migrates the keys all the same"
press F2
ok "F2 asks for a path" sees "Save the ceremony file as"
press C-u
type_text "$dir/chosen.yaml"
press Enter
ok "it is saved" sees "Saved:"
press F8
ok "a rehearsal asks for the PIN at once" sees "SOURCE: token hsm-old"
type_text "$pin"
press Enter
ok "the destination's PIN is asked for" sees "DESTINATION: token hsm-new"
type_text "$pin2"
press Enter
ok "both are listed" sees " yes"

# --- killed, without a file -----------------------------------------------------------------------------

# Both PINs, as the screen asks for them.
pins() {
    sees "SOURCE: token hsm-old" && give_pin "$pin" &&
        sees "DESTINATION: token hsm-new" && give_pin "$pin2"
}

no_pin_in() {
    ! grep -q "$pin\|$pin2" "$@"
}

proven_before() {
    screen | grep -q "resident.*proven"
}

press Left F4
type_text "tls"
press Enter
ok "filtered" sees 'filter "tls"'
press Space F5
ok "a key is reviewed" sees "Type  ferry 1"
type_text "ferry 1"
press Enter
ok "it waits before its first step" sees PAUSED
type_text '>'
ok "at the fingerprint" sees "as the SOURCE reports them"
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
ok "... as it is told" grep -q 'there is none next to its journal' "$tmp/log"
mv "$beside.away" "$beside"
cp -R reports other
console 80x24 clean "other/${journal##*/}"
ok "clean asks for both PINs, on the screen" pins
ok "... and takes back what there is" sees "The interrupted ceremony was cleaned up."
press q
ok "... and ends well" ended 0
stamp=none
console 80x24
ok "the next start asks what is to become of it" sees "A CEREMONY WAS INTERRUPTED"
ok "... says which ceremony" sees "Ceremony   REHEARSAL  Ceremony of 20"
ok "... when it began" sees_like "Began      20[0-9-]*T[0-9:]*Z"
ok "... its last step" sees "Last step  3 "
ok "... how many keys arrived" sees "Keys       0 of 1 arrived and are proven"
ok "... and what either word will do" sees "migrates the keys that are"
stamp=
type_text resume
press Enter
ok "resume asks for both PINs, on the screen" pins
ok "... the plan" sees "Type  ferry 1"
type_text "ferry 1"
press Enter
ok "... it waits before its first step" sees PAUSED
type_text '>'
ok "... the fingerprint" compare
ok "... and the key arrives" sees "1 moved"
ok "... the last screen has the commands with their files" sees "Check with  hsmferry verify"
ok "... as they are named" sees_like "reports/20[0-9TZ-]*-ceremony-of-[0-9-]*\.yaml"
press F7
ok "... and begins no other ceremony" sees "This console settles an interrupted ceremony"
press q
ok "exit 0" ended 0

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
ok "it waits before its first step, too" sees PAUSED
type_text '>'
ok "compared" compare
ok "and moved between the tokens" sees "The ceremony is complete."
press F6
ok "and shown beside the original" sees "[ ok ] by a fresh process"
press Escape
sees "[ ok ] The ceremony" && press Escape
ok "the inventory says that it is proven" sees_like "proven [0-2][0-9]:[0-5][0-9]Z"
not_ok "... of no key that was there before" proven_before
press q
ok "exit 0 again" ended 0
finish
