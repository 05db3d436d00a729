#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The script, on real tokens: keys and settings that officers change on the screen, also where the
# ceremony is killed and resumed. Its exception is in the journal and counts for the same differences,
# without a terminal, too; a further one needs another exception.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/../tmux/lib.sh"
lib=$tmp # the next library makes another one
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"
trap 'end_tmux $?' EXIT
mv "$lib/run" "$tmp/run" && rm -rf "$lib"
XDG_STATE_HOME=$tmp/state
dir=$tmp/c

make_token old aes32:one:id=01 aes32:two:id=02 aes32:three:id=03 aes16:stays:id=04:-extractable
make_token new aes32:resident:id=d1

# script FAULT KEYS: a ceremony that runs without gates, and whose file names these keys.
script() {
    ceremony none "$1"
    edit "s/^keys: .*/keys: [$2]/" 's/^rehearsal: .*/&\npace: run/'
    console 120x40 "$dir/ceremony.yaml"
    sees_like "[0-9] of 4 marked" && sees " yes"
}
first='"pkcs11:object=one", "pkcs11:object=two"'

labels() { # labels of the secret keys on the new token, as another program lists them
    PIN=swordfish at "$tmp/c/new" pkcs11-tool --module "$softhsm" --token-label new --login \
        --pin env:PIN --list-objects --type secrkey 2>/dev/null | sed -n 's/^ *label: *//p' | sort | xargs
}

holds() { # holds LABELS
    labels >"$tmp/labels"
    cat "$tmp/labels"
    [ "$(cat "$tmp/labels")" = "$1" ]
}

explain() { # explain WHY: the exception that is asked for
    sees "What was expected:" && press Enter && sees "What happened instead:" && press Enter &&
        sees "What was decided, and by whom:" && type_text "$1" && press Enter
}

start() {
    sees "Type  start" && type_text start && press Enter
}

# Marks: one is left out, three is added.
other_keys() {
    press Space && sees "1 key left out: one" && press Down Space && sees "1 key added: three" &&
        press F5
}

# killed [COPY]: the ceremony waits within the commit of its first key, the third copy on the new token
# unless COPY says another number; its console is killed there, and its agents end.
killed() {
    agents=$(pgrep -P "$(hsmferry_pid)")
    killed_until=$(($(date +%s) + patience))
    until [ "$(grep -sc '^C_CopyObject' "$dir/new/calls/calls")" = "${1:-3}" ]; do
        [ "$(date +%s)" -lt "$killed_until" ] || return 1
        sleep 0.05
    done
    kill -s KILL "$(hsmferry_pid)" && sees "[exit 137]" || return 1
    : >"$dir/new/calls/let-go"
    for process in $agents; do
        while kill -0 "$process" 2>/dev/null; do
            [ "$(date +%s)" -lt "$killed_until" ] || return 1
            sleep 0.05
        done
    done
    journal=$(find "$dir/reports" -name '*.journal')
}
commit=wait:C_CopyObject:3 # the canary's are the first two

unattended() { # unattended resume|clean
    "$quick" --plain "$1" "$journal" </dev/null
}

newest() { # newest ENDING
    by_time "$dir/reports" "$1" | tail -n 1
}

reports() { # reports PATTERN: a line of the newest report
    grep -e "$1" "$(newest yaml)"
}

on_sheet() {
    "$quick" sheet "$(newest yaml)" | grep -e "$1"
}

passes() {
    "$quick" verify "$(newest yaml)"
}

# forge PATTERN TEXT: puts this text in the place of what matches in the newest report, and seals it again.
forge() {
    "$python" - "$(newest yaml)" "$tmp/forged.yaml" "$1" "$2" <<'END'
import hashlib, re, sys
with open(sys.argv[1]) as report:
    body = "".join(report.readlines()[:-1])
out, count = re.subn(sys.argv[3], sys.argv[4], body, count=1, flags=re.M)
assert count == 1
digest = hashlib.sha256(out.encode()).hexdigest()
with open(sys.argv[2], "w") as forged:
    forged.write(out + 'seal: {lines: %d, sha256: "%s"}\n' % (out.count("\n"), digest))
END
}

id_of() { # of the ceremony of this journal
    sed -n 's/.*\tid=\([0-9a-f]*\).*/\1/p;T;q' "$1"
}

quotes() { # quotes ID WHY: the report holds the exception of that ceremony
    awk -v id="$1" -v why="$2" '
        $0 == "  from: \"" id "\"" { from = 1 }
        from && $0 == "  decided: \"" why "\"" { found = 1 }
        END { exit !found }' "$(newest yaml)"
}

# --- a key left out, another one added; killed, and resumed ---
ok "as the file says: listed" script "$commit" "$first"
press F5
ok "control, as the file says: begun" start
ok "... killed" killed
exits 0 "... resumed without a terminal" unattended resume
ok "... the script was followed" reports '^  script: "followed"$'
ok "... and no exception was written" reports '^exceptions: \[\]'
ok "... it passes verify" passes

ok "other keys: listed" script "$commit" "$first"
ok "other keys: one left out, one added" other_keys
sees "What was expected:"
ok "other keys: before the exception nothing arrives" holds resident
ok "... and it is asked for by itself" explain "three instead of one; Ada"
ok "other keys: begun" start
ok "other keys: killed" killed
exits 0 "other keys: resumed without a terminal" unattended resume
cp "$tmp/out" "$tmp/printed"
ok "... with the keys that were chosen" holds "resident three two"
ok "... it says which exception counts" grep -q "written in the interrupted ceremony $(id_of "$journal")" "$tmp/printed"
ok "... it still deviates" reports '^  script: "deviated"$'
ok "... by the key left out" reports 'what: "left-out", line: 1, label: "one"'
ok "... and by the one added" reports 'what: "added", key: [0-9]*, text: "three"'
ok "... and quotes the exception" quotes "$(id_of "$journal")" "three instead of one; Ada"
not_ok "control: of that ceremony, not of another" quotes 0123 "three instead of one; Ada"
ok "... which the sheet says, too" on_sheet "from  *the interrupted ceremony $(id_of "$journal"), written"
ok "... it passes verify" passes
ok "control: an exception of something else, under a new seal" forge '^(  at: .*\n)  script: "yes"\n' '\1'
exits 65 "... does not pass" "$quick" verify "$tmp/forged.yaml"
cp "$tmp/out" "$tmp/printed"
ok "... because nothing says why" grep -q "no exception before the review says why" "$tmp/printed"

# --- a further difference: a key of the script that was refused is no longer there ---
ok "a key that cannot go, too: listed" script "$commit" "$first, \"pkcs11:object=stays\""
ok "... other keys" other_keys
ok "... explained" explain "three instead of one; Ada"
ok "... begun" start
ok "... killed" killed
ok "... then the key that cannot go is destroyed" token drop old stays
labels >"$tmp/before"
exits 3 "a further difference: without a terminal it stops" unattended resume
cp "$tmp/out" "$tmp/printed"
ok "... at the exception" grep -q 'There is no terminal on which to ask: type  !exception' "$tmp/printed"
ok "... which names all that differs" grep -q '2 keys left out: stays, one; 1 key added: three' "$tmp/printed"
ok "... nothing was migrated" holds "$(cat "$tmp/before")"
ok "... it stays open, and names its own journal" grep -q "hsmferry resume $(newest journal)" "$tmp/printed"
ok "... its report passes verify" passes
console 120x40 resume "$(newest journal)"
ok "... on a screen the exception is asked for" sees "What was expected:"
press Escape
ok "... given up, it says so" sees "no exception says why"
ok "... and that it is still open" sees "The interrupted ceremony is still open"
press x
lacks "STILL OPEN" && press F5
ok "... F5 asks for it again" explain "stays was destroyed, too; Ada"
ok "... then the review says what was decided before" sees "Decided before the interruption: three"
ok "... and goes on" start
ok "... to its end" sees "The ceremony is complete."
press q
ok "... and ends well" ended 0
ok "... both exceptions are in the report" reports 'exceptions: 2'
ok "... the first one quoted" quotes "$(id_of "$journal")" "three instead of one; Ada"
ok "... the other one written here" reports '  decided: "stays was destroyed, too; Ada"'
ok "... it passes verify" passes

# --- the officers go back from the review, and a second plan replaces the first ---
ok "another plan: listed" script - "$first"
ok "another plan: other keys" other_keys
ok "another plan: explained" explain "three instead of one; Ada"
ok "another plan: the review opens" sees "Type  start"
press Escape
ok "another plan: Esc leads back" lacks "REVIEW"
press F5
ok "another plan: it is explained, too" explain "three instead of one, as before; Ada"
ok "another plan: begun" start
ok "another plan: complete" sees "The ceremony is complete."
press q
ok "another plan: it ends well" ended 0
void() { # void WHY: the report calls this exception void
    awk -v why="$1" '
        /^  - / || /^- / { void = 0 }
        /^  void: "yes"$/ { void = 1 }
        $0 == "  decided: \"" why "\"" && void { found = 1 }
        END { exit !found }' "$(newest yaml)"
}
ok "another plan: both exceptions are in the report" reports '^  exceptions: 2$'
ok "... the first one as void" void "three instead of one; Ada"
not_ok "control: not the second" void "three instead of one, as before; Ada"
ok "... which the sheet says, too" on_sheet 'of a plan that was replaced'
ok "... it passes verify" passes
ok "control: the second one void, too, under a new seal" forge \
    '^(  script: "yes"\n)(  expected)' '\1  void: "yes"\n\2'
exits 65 "... does not pass" "$quick" verify "$tmp/forged.yaml"
cp "$tmp/out" "$tmp/printed"
ok "... because no other one says why" grep -q "about the plan that was carried out\|no exception before" "$tmp/printed"

# --- without a terminal ---
count() { # count EXPECTED: a line that must name so many keys
    ceremony - -
    edit "s/^keys: .*/keys: [{uri: \"pkcs11:object=*\", expect: $1}]/"
}
count 3
ok "another count, unattended: it stops" ends 2 'There is no terminal on which to ask: type  !exception' \
    'line 1 names 4, not 3' 'aborted|did not come to its end'
ok "... and nothing was migrated" holds resident
ok "... as the report says" reports '^  migrated: 0$'
count 4
ok "control: the count of the file: it goes to its end" ends 0 'exit code 0'
ok "... and all that can go arrived" holds "one resident three two"

# --- a setting ---
# production FAULT: the file says production; the console stands before both lists.
production() {
    ceremony none "$1"
    edit "s/^keys: .*/keys: [$first]/" 's/^rehearsal: .*/rehearsal: no\npace: run/' \
        '/^source:/i officers:\n- {name: Ada Lovelace, role: source officer}\n- {name: Charles Babbage, role: destination officer}'
    stamp=PRODUCTION
    console 120x40 "$dir/ceremony.yaml"
    sees_like "2 of 4 marked" && sees " yes"
}

rehearses() { # the officers make a rehearsal of it, and open the review
    press F7 && sees "PRODUCTION" && press Home Down Enter && stamp=REHEARSAL &&
        sees "REHEARSAL: the keys" && sees_like '[*]new  *[0-9a-f]*  *ready' && press F8 && sees_like "2 of 4 marked" && sees " yes" && press F5
}

in_order() { # the exception is in the journal before the first step
    awk -F '\t' '/\texception\t/ { e = NR } /\tstep\t/ && !s { s = NR } END { exit !(e && s && e < s) }' \
        "$(newest journal)"
}

ok "a setting: listed" production -
ok "a setting: changed on the screen" rehearses
ok "a setting: the exception is asked for by itself" sees "What was expected:"
press Escape
ok "a setting: given up, nothing was started" sees "Nothing was started"
ok "a setting: nothing arrived" holds resident
press F5
ok "a setting: asked again" explain "only to practise; Ada and Charles"
ok "a setting: begun" start
ok "a setting: complete" sees "The ceremony is complete."
press q
ok "a setting: it ends well" ended 0
ok "a setting: deviated" reports '^  script: "deviated"$'
ok "a setting: which one" reports 'what: "policy", text: "rehearsal"'
ok "a setting: which one, on the sheet" on_sheet 'rehearsal'
ok "a setting: the exception came before the first step" in_order
ok "a setting: it passes verify" passes
ok "control: the exception of another ceremony, under a new seal" forge '^(  script: "yes"\n)' \
    '\1  from: "e534c048cc365af3"\n  written: "2026-11-30T08:48:05.235Z"\n'
exits 65 "... does not pass" "$quick" verify "$tmp/forged.yaml"
cp "$tmp/out" "$tmp/printed"
ok "... because nothing was resumed" grep -q "it is quoted, and no interrupted ceremony was resumed" "$tmp/printed"

# The canary runs again for a rehearsal: two copies more.
ok "a setting, killed: listed" production wait:C_CopyObject:5
ok "a setting, killed: changed" rehearses
ok "a setting, killed: explained" explain "only to practise; Ada and Charles"
ok "a setting, killed: begun" start
ok "a setting, killed" killed 5
exits 0 "a setting, killed: resumed without a terminal" unattended resume
ok "... it still deviates" reports '^  script: "deviated"$'
ok "... by that setting" reports 'what: "policy", text: "rehearsal"'
ok "... which came from the screen" reports 'name: "rehearsal".*from: "screen"'
ok "... another one from the file" reports 'name: "rsa-bits".*from: "file"'
ok "... and what nobody named is the default" reports 'name: "sensitive".*from: "default"'
ok "... and quotes the exception" quotes "$(id_of "$journal")" "only to practise; Ada and Charles"
ok "... it passes verify" passes

ok "control, a setting that nobody changes: listed" production "$commit"
press F5
ok "control: begun" start
ok "control: killed" killed
exits 0 "control: resumed without a terminal" unattended resume
ok "control: the script was followed" reports '^  script: "followed"$'
ok "control: that setting came from the file" reports 'name: "rehearsal".*from: "file"'
finish
