#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The officers' guide and the script on paper show and quote what the screens say: this test performs the
# ceremony of the guide, captures its screens, and compares. After a screen has changed, put the new ones into
# the guide, and read what stands around them:
#
#   abs_top_builddir=BUILD sh tests/tmux/guide.sh --renew
#
# The HSMs are test doubles that draw the same random numbers in every run, and time stands still (still.c).
set -u
renew=${1:-}
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
still=$abs_top_builddir/tests/tmux/still.so
[ -f "$still" ] || skip_all "$still is not built: make check TESTS="
sed -i '1a LD_PRELOAD='"$still"'; export LD_PRELOAD' "$tmp/run"
mkdir "$tmp/screens"

# A report of a ceremony that took no time is not checked.
tap_reports() {
    :
}

# shot NAME TEXT [KEY]...: these keys, then the screen with this text, once it is drawn to its end.
shot() {
    shot_name=$1 shot_text=$2
    shift 2
    [ $# -eq 0 ] || press "$@"
    sees "$shot_text" || return
    listens
    for _ in $(seq 50); do
        screen >"$tmp/last"
        sleep 0.1
        ! screen | cmp -s - "$tmp/last" || ! grep -qF -- "$shot_text" "$tmp/last" || break
    done
    python3 "$abs_top_srcdir/tests/tmux/normal.py" <"$tmp/last" >"$tmp/screens/$shot_name.txt"
}

answer() {
    type_text "$1" && press Enter
}

# side SIDE LABEL KEYS: one side of the ceremony file, the same in every run.
side() {
    cat <<SIDE
$1:
  api: fake
  agent: ["$agent"]
  module: $dir/$1.store
  parameters: "label=$2;serial=$4;seed=$1;$3"
  token: "pkcs11:token=$2"
  time-limit: 60
SIDE
}

dir=$tmp/guide
mkdir "$dir"
{
    cat <<'FILE'
title: Root CA move 2026
rehearsal: no
officers:
  - {name: Ada Lovelace, role: source officer}
  - {name: Charles Babbage, role: destination officer}
FILE
    side source hsm-old 'keys=ec256:code-sign-p256:+public,aes32:payments-aes256,aes16:stays-aes128:-extractable' \
        7f3a19c04e2b8d61
    side destination hsm-new '' 20c7e5519a03bf48
    cat <<'FILE'
keys:
  - "pkcs11:object=code-sign-p256;type=private"
  - "pkcs11:object=payments-*"
policy:
  rsa-bits: 3072
  gates: [review, fingerprint]
  two-officers: [fingerprint]
report-folder: reports
FILE
} >"$dir/c.yaml"
chmod 600 "$dir/c.yaml"
stamp=PRODUCTION

console 80x24 "$dir/c.yaml"
ok "both devices" shot devices "Compare both devices with the script on paper"
ok "what F1 says of them" shot devices-help "HELP: this question" F1
press Escape && lacks "HELP: this question"
answer "8d61 bf48"
ok "the source's PIN" shot pin "SOURCE: token hsm-old"
answer 1234
ok "the destination's PIN" shot pin-destination "DESTINATION: token hsm-new"
answer 1234
ok "the inventory" shot inventory "2 of 4 marked"
press Space
ok "a mark that is not in the script" shot not-as-the-script "NOT AS THE SCRIPT"
press u
lacks "NOT AS THE SCRIPT"
ok "the exception" shot exception "What was expected:" X
press Escape
lacks "What was expected:"
ok "the review" shot review "Type  ferry 2" F5
answer "wrong"
ok "a wrong word" shot wrong "That was wrong"
answer "ferry 2"
ok "the panel before the first step" shot step "RELAY (this host)"

# steps_to TEXT: step by step, until this is on the screen.
steps_to() {
    for _ in $(seq 30); do
        screen >"$tmp/before"
        ! grep -qF -- "$1" "$tmp/before" || return 0
        press .
        for _ in $(seq 100); do
            ! screen | cmp -s - "$tmp/before" || sleep 0.05
        done
    done
    screen
    return 1
}

ok "step by step to the fingerprint" steps_to "as the SOURCE loaded it"
ok "the fingerprint" shot fingerprint "as the SOURCE loaded it"
answer "$(asked_words)"
ok "the second officer" shot fingerprint-second "2 of 2"
answer "cb $(asked_words)"
ok "step by step to the first key" steps_to "encrypt the key"
ok "the first key" shot key "encrypt the key"
press '>'
ok "the end" shot end "The ceremony is complete."
ok "its details" shot end-details "DETAILS" F3
press Escape
lacks DETAILS
ok "the ledger" shot ledger " KEYS 2" L
press Escape
ok "the verification" shot verification "by a fresh process" F6
press q
ended 0

# --- the rehearsal of this ceremony, and the commands of the guide ---

sed 's/^rehearsal: no/rehearsal: yes/; s/hsm-/spare-/; s/\.store/.spare/' "$dir/c.yaml" >"$dir/rehearsal.yaml"
chmod 600 "$dir/rehearsal.yaml"
ok "it is the same ceremony" sh -c "\"$hsmferry\" diff \"$dir/rehearsal.yaml\" \"$dir/c.yaml\" \
    >\"$tmp/screens/diff.txt\""
stamp=REHEARSAL
console 80x24 "$dir/rehearsal.yaml"
ok "a rehearsal says so" shot rehearsal "SOURCE: token spare-old"
press C-c
sees "[exit "
(umask 077 && echo 1234 >"$dir/pin")
sed -i "s|token=spare-[a-z]*|&?pin-source=file:$dir/pin|; s/gates: .*/gates: []/; /two-officers/d" \
    "$dir/rehearsal.yaml"
mkdir "$dir/plain" && sed -i 's/^report-folder.*/report-folder: plain/' "$dir/rehearsal.yaml"
ok "it is performed in line mode" sh -c "\"$hsmferry\" --plain \"$dir/rehearsal.yaml\" >\"$tmp/screens/plain.txt\""
ok "its report is verified" sh -c "\"$hsmferry\" verify $dir/plain/*.yaml --journal $dir/plain/*.journal \
    --ceremony \"$dir/rehearsal.yaml\" >\"$tmp/screens/verify.txt\""

# --- the guides ---

# agree GUIDE...: they show and quote what was captured.
agree() {
    python3 "$abs_top_srcdir/tests/tmux/guide.py" "$tmp/screens" "$tmp/help" "$@"
}

"$hsmferry" --help >"$tmp/help"
guides="$abs_top_srcdir/doc/officers.md $abs_top_srcdir/doc/script.md"
# shellcheck disable=SC2086 # a list of files
[ "$renew" != --renew ] || agree $guides --renew >"$tmp/renewed"
for guide in $guides; do
    ok "${guide##*/} says what the screens say" agree "$guide"
done
commands_agree() { # of a page whose bold words are its own
    sed 's/\*\*//g' "$1" >"$tmp/${1##*/}"
    agree "$tmp/${1##*/}"
}
for guide in "$abs_top_srcdir/doc/integrator.md" "$abs_top_srcdir/README.md"; do
    ok "${guide##*/} has commands that exist" commands_agree "$guide"
done

# --- controls ---

sed 's/fake, firmware/fake, Firmware/' "$abs_top_srcdir/doc/officers.md" >"$tmp/changed.md"
not_ok "control: a screen of the guide that is another is seen" agree "$tmp/changed.md"
echo 'The screen says **The ceremony is completed.**' >"$tmp/word.md"
not_ok "control: so is a word that no screen says" agree "$tmp/word.md"
# shellcheck disable=SC2016
echo 'Start `hsmferry resume --force JOURNAL`.' >"$tmp/option.md"
not_ok "control: so is an option that does not exist" agree "$tmp/option.md"
# shellcheck disable=SC2016
echo 'Start `hsmferry resume JOURNAL`; the screen says **The ceremony is complete.**' >"$tmp/good.md"
ok "control: what is right is taken" agree "$tmp/good.md"
finish
