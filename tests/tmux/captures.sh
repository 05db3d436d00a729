#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every screen of the console as text, at 80x24 and at 120x40, to be compared before and after a
# change that is to move code and no pixel. Not part of make check: run by hand, for a minute or two.
#
#   make check TESTS=
#   abs_top_builddir=BUILD sh tests/tmux/captures.sh FOLDER
#   ... change the code, make check TESTS=, the same for another folder ...
#   diff -r FOLDER OTHER-FOLDER
#
# Names of parts after FOLDER (inventory, pins, gates, pace, unproven, failures) make only those.
# FOLDER/SIZE/NAME.txt is one screen. The HSMs are test doubles that draw the same random numbers in
# every run, and time stands still (still.c); what depends on the bytes of the two programs, the
# report's digest and its words, is replaced. So two runs of one build differ in nothing.
set -u
out=${1:?usage: captures.sh FOLDER [PART]...}
shift
parts=$*
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

mkdir -p "$out" && out=$(cd "$out" && pwd) || exit
most=$patience # also after something did not come
still=$abs_top_builddir/tests/tmux/still.so
[ -f "$still" ] || skip_all "$still is not built: make check TESTS="
# Paths are on the screens. Another run at the same time would have the same tokens, too.
mkdir /tmp/hsmferry-captures || exit
mv -T "$tmp" /tmp/hsmferry-captures && tmp=/tmp/hsmferry-captures || exit
cp "$agent" "$tmp/agent" && agent=$tmp/agent || exit
sed -i '1a LD_PRELOAD='"$still"'; export LD_PRELOAD' "$tmp/run"

# One side of a ceremony file, as in lib.sh, but the same in every run.
fake() {
    cat <<SIDE
$1:
  api: fake
  agent: ["$agent"]
  module: $dir/$1.store
  parameters: "label=${3:-hsm-$1};serial=still-${1%ination};seed=$1;$2"
  token: pkcs11:token=${3:-hsm-$1}${4:-}
  time-limit: 60
SIDE
}

# shot NAME TEXT: the screen with this text, once it is drawn to its end.
shot() {
    shot_file=$out/$size/$1.txt
    sees "$2" || return
    screen >"$tmp/now"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        cp "$tmp/now" "$tmp/last"
        sleep 0.1
        screen >"$tmp/now"
        ! cmp -s "$tmp/last" "$tmp/now" || break
    done
    normal <"$tmp/now" >"$shot_file"
}

normal() {
    python3 "$abs_top_srcdir/tests/tmux/normal.py"
}

take() { # take NAME TEXT [KEY]...: these keys, then the screen
    take_name=$1 take_text=$2 patience=$most
    shift 2
    [ $# -eq 0 ] || press "$@"
    ok "$size $take_name" shot "$take_name" "$take_text"
}

say() { # say TEXT: typed, and Enter
    type_text "$1" && press Enter
}

back() { # back TEXT: Esc takes this away
    press Escape
    lacks "$1"
}

start() { # start NAME SOURCE [DESTINATION [GATES]]: with two keys marked
    patience=$most
    ceremony "$size-$1" "$few;$2" "${3:-}" "${4:-[review]}"
    console "$size" "$dir/c.yaml"
    listed 5 && press Space Space && sees "2 of 5 marked"
}

leave() { # in any state
    kill -KILL "$(hsmferry_pid)" 2>/dev/null
    sees "[exit "
}

# A report of a ceremony that took no time is not checked.
tap_reports() {
    :
}

no_pins() {
    sed -i 's/?pin-source[^ ]*//' "$dir/c.yaml"
}

officers() { # with two officers at the fingerprint
    sed -i '/^source:/i officers:\
- {name: Ada, role: source officer}\
- {name: Charles, role: destination officer}
/^  gates:/a\  two-officers: [fingerprint]' "$dir/c.yaml"
}

at_inventory() {
    start inventory ''
    take inventory "2 of 5 marked"
    take inventory-destination "2 of 5 marked" Tab
    press Tab
    take inventory-help "HELP: Inventory" F1
    back "HELP: Inventory"
    take inventory-details "destroyable" F3
    back destroyable
    take inventory-filter "FILTER" F4
    say beta
    take inventory-filtered 'filter "beta"'
    press F4 C-u Enter
    lacks 'filter "beta"'
    take inventory-pattern " MARK " +
    back " MARK "
    take inventory-find "FIND" /
    back FIND
    take inventory-save "Save the ceremony file as" F2
    back "Save the ceremony file as"
    take exception "What was expected:" X
    back "What was expected:"
    take inventory-log " LOG  " t
    back " LOG  "
    take setup "Compare label and serial" F7
    take setup-help "HELP: Setup" F1
    back "HELP: Setup"
    take setup-details-ceremony "DETAILS: the ceremony" F3
    back "DETAILS: the ceremony"
    take setup-details "DETAILS: source" Down Down Down Down F3
    leave

    dir=$tmp
    console "$size"
    stamp=none # nobody has chosen a kind yet
    take setup-new "F8 Next"
    unset stamp
    leave

    ceremony "$size-other" 'keys=aes32:alpha,aes32:beta' 'keys=aes32:alpha'
    console "$size" "$dir/c.yaml"
    listed 2
    take inventory-taken "name taken"
    take compare "alpha" v
    leave
    start tiny ''
    t resize-window -x 30 -y 8
    take tiny "this window"
    t resize-window -x "${size%x*}" -y "${size#*x}"
    leave
}

at_pins() {
    ceremony "$size-pins" "$few"
    officers
    no_pins
    console "$size" "$dir/c.yaml"
    sees "your PIN:" && type_text 123
    take pin "Ada, source officer, your PIN:"
    press 5 Enter
    take pin-wrong "FAILED"
    press Enter
    take pin-few-tries "wrong PIN was" # asked again before anybody else is
    say 1234
    sees "Charles, destination officer, your" && press Escape
    take pin-refused "no PIN was given"
    press Enter
    take pin-again "R tries again"
    leave
    ceremony "$size-last" "$few;flags=pin-final-try"
    no_pins
    console "$size" "$dir/c.yaml"
    sees "LAST TRY" && say 1234
    take pin-last-try "Type  last try"
    leave
}

at_gates() {
    ceremony "$size-gates" "$few" 'slow=make_pair:1:2500' '[devices, review, fingerprint, key]
  canary: none'
    officers
    console "$size" "$dir/c.yaml"
    take gate-devices "Compare both devices with the script on paper"
    say "urce dest"
    listed 5 && press Space Space
    take review "Type  ferry 2" F5
    take review-scrolled "Type  ferry 2" PageDown
    say "ferry 3"
    take review-wrong "That was wrong"
    say "ferry 2"
    take ceremony-running "[ .. ] 1 make RSA pair"
    take gate-fingerprint "as the SOURCE loaded it"
    say "wrong words"
    take gate-fingerprint-wrong "That was wrong"
    say "$(asked_words)"
    take gate-fingerprint-second "type your initials, C"
    say "C $(asked_words)"
    take gate-key "Key 1 of 2"
    take stop "Stop the ceremony?" Escape
    press n
    lacks "Stop the ceremony?"
    say alpha
    sees "Key 2 of 2" && say beta
    take end "The ceremony is complete."
    take end-help "HELP: End" F1
    back "HELP: End"
    take end-steps "RELAY (this host)" c
    take ceremony-help "HELP: Ceremony" F1
    back "HELP: Ceremony"
    press Escape
    sees "The ceremony is complete."
    take ledger "KEYS 2" L
    take ledger-steps "STEPS OF KEY 1" Home Enter
    press Escape
    sees "KEYS 2" && press Escape
    sees "The ceremony is complete." && press F6
    take verification "key 1 of 2"
    take verification-next "key 2 of 2" n
    take verification-help "HELP: Verification" F1
    back "HELP: Verification"
    take log " LOG  " F8
    take log-first " LOG  " Home
    take log-details "any other key closes" F3
    back "any other key closes"
    take log-help "HELP: Log" F1
    leave
}

at_pace() {
    pace=default
    start pace '' '' '[]
  canary: none'
    unset pace
    press F5
    sees "Type  start" && say start
    take pace "step 1 of 12 PAUSED"
    take pace-help "HELP: Ceremony" F1
    back "HELP: Ceremony"
    take pace-finish "step 8 of 12 PAUSED" ,
    leave
}

at_unproven() {
    ceremony "$size-unproven" 'keys=aes32:alpha:-encrypt:-decrypt' 'proofs=ecdh' '[review]
  unproven: waiver
  extractable: yes
  canary: none' '"pkcs11:object=alpha"'
    console "$size" "$dir/c.yaml"
    listed 1 && press F5
    take review-unproven "Type  ferry 1"
    say "ferry 1"
    take gate-unproven "unproven  to move it"
    say unproven
    take end-unproven "The ceremony "
    leave
}

# fails NAME SOURCE DESTINATION: how the end looks then.
fails() {
    start "$1" "$2" "$3" '[]
  canary: none'
    press F5
    sees "Type  start" && say start
    take "end-$1" "The ceremony "
    leave
}

at_failures() {
    fails source-gone 'die=wrap:2' ''
    fails commit '' 'fail=commit:1:0x30'
    fails left-over '' 'fail=destroy:0:0x30'
    fails unknown '' 'late=commit:2'
    fails damaged '' 'fail=unwrap:2:0x110'
    start canary 'means=aes-kwp:aes-cbc-pad'
    take review-canary "Type  ferry" F5
    leave
    ceremony "$size-missing" "$few"
    sed -i "s|$agent|/nowhere/agent|" "$dir/c.yaml"
    console "$size" "$dir/c.yaml"
    take not-open "[FAIL] not open"
    leave
    start hung 'hang=wrap:2' '' '[]
  canary: none'
    press F5
    sees "Type  start" && say start
    sees "no answer from SOURCE for 1"
    take abandon "Give up the call" a
    press y
    take end-abandoned "0 moved"
    leave
    start killed '' 'hang=commit:2' '[]
  canary: none'
    press F5
    sees "Type  start" && say start
    sees "[ .. ] 11 keep it" && kill -KILL "$(hsmferry_pid)" && sees "[exit 137]"
    console "$size" "$dir/c.yaml"
    take interrupted "A CEREMONY WAS INTERRUPTED"
    press Escape
    take interrupted-left "Left alone"
    leave
}

for each in 80x24 120x40; do
    size=$each
    mkdir -p "$out/$size"
    for part in ${parts:-inventory pins gates pace unproven failures}; do
        "at_$part"
    done
done
finish
