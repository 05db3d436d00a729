#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ceremonies on real tokens that are cut off: the next start tells it, resume brings all keys, clean
# takes back what was not proven; the source is never changed, and nothing is left over.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"

hsmferry=$quick

files() { # files old|new: each object, byte for byte; but for the login's own
    (cd "$tmp/c/$1/tokens" && find . -name '*.object' ! -name token.object -exec cksum {} + | sort)
}

count() { # count old|new: how many objects there are
    files "$1" | wc -l
}

labels() { # labels of the keys on the new token, as another program lists them
    PIN=swordfish at "$tmp/c/new" pkcs11-tool --module "$softhsm" --token-label new --login \
        --pin env:PIN --list-objects --type secrkey 2>/dev/null | sed -n 's/^ *label: *//p' | sort |
        xargs
}

# interrupt FAULT-OF-OLD FAULT-OF-NEW: a ceremony of three keys that is cut off; leaves $journal.
interrupt() {
    ceremony "$1" "$2"
    files old >"$tmp/old"
    timeout -k 5 600 "$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
    status=$?
    edit 's/SHIM_FAULT=[^"]*/SHIM_FAULT=/'
    journal=$(find "$tmp/c/reports" -name '*.journal')
    cat "$tmp/log"
    [ "$status" -eq "${3:-137}" ] && [ -n "$journal" ]
}

# run CODE WORDS ARGUMENT...: hsmferry ends with this code and says these words.
run() {
    code=$1
    words=$2
    shift 2
    status=0
    timeout -k 5 600 "$hsmferry" "$@" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq "$code" ] || echo "it ended with $status, not $code"
    [ "$status" -eq "$code" ] && grep -qE -- "$words" "$tmp/log"
}

files_are() { # files_are old|new: as they were noted before
    files "$1" | diff "$tmp/$1" -
}

source_is_unchanged() {
    files_are old
}

all_arrived() {
    [ "$(labels)" = "one resident three two" ] && [ "$(count new)" -eq 4 ] && source_is_unchanged
}

# The next start tells it; resume brings what is missing; then nothing is open any more.
resumes() {
    run 3 'A ceremony was interrupted: .*journal' --plain "$tmp/c/ceremony.yaml" &&
        grep -q 'now: Nothing new was started' "$tmp/log" &&
        grep -q "next: Run: hsmferry resume .*journal (or clean, to undo it)" "$tmp/log" &&
        run 0 'complete: 3 migrated' resume "$journal" && all_arrived &&
        run 0 'taken over by a later one' resume "$journal" &&
        run 4 'taken' --plain "$tmp/c/ceremony.yaml"
}

# cleans N: ... or clean leaves the N keys that were proven, and nothing else.
cleans() {
    run 0 "$1 migrated" clean "$journal" && [ "$(count new)" -eq $((1 + $1)) ] &&
        source_is_unchanged && run 0 'taken over by a later one' clean "$journal"
}

make_token old aes32:one:id=01 generic24:two:id=02 aes16:three:id=03
make_token new aes32:resident:id=d1

# --- cut off at each call that makes something ------------------------------------------------------

ceremony none none
ok "control: three keys, nothing wrong" run 0 'complete: 3 migrated' --plain "$tmp/c/ceremony.yaml"
cp -R "$tmp/c" "$tmp/whole"

# nth SIDE FUNCTION N: that call, counted from the last one (1) backwards, as the shim counts.
nth() {
    echo "$2:$(($(grep -c "^$2 " "$tmp/whole/$1/calls/calls") + 1 - $3))"
}

# side function from-the-end kinds kept
while read -r side function back kinds kept; do
    [ -n "${HSMFERRY_TEST_LONG:-}" ] || kinds=${kinds##*,} # all of them in longer runs
    call=$(nth "$side" "$function" "$back")
    for kind in $(echo "$kinds" | tr , ' '); do
        old=none
        new=none
        eval "$side=\$kind:\$call"
        ok "$kind at $call on $side" interrupt "$old" "$new"
        ok "... is told, and resumed" resumes
        ok "$kind at $call on $side again" interrupt "$old" "$new"
        ok "... and cleaned up: $kept keys stay" cleans "$kept"
    done
done <<'END'
new C_GenerateKeyPair 1 cut,widowed 0
old C_WrapKey 3 cut 0
new C_UnwrapKey 2 cutdone,widow 1
new C_CopyObject 3 cut,cutdone,widow,widowed 0
new C_CopyObject 2 cutdone 1
new C_CopyObject 1 widowed 2
END

# --- cut off while the canary stores -----------------------------------------------------------------

# Nothing was planned yet: what the canary left goes, and the ceremony starts again.
starts_over() { # starts_over resume|clean
    run 3 'A ceremony was interrupted: .*journal' --plain "$tmp/c/ceremony.yaml" &&
        run 0 'no plan was made before it was interrupted' "$1" "$journal" &&
        [ "$(count new)" -eq 1 ] && source_is_unchanged &&
        run 0 'taken over by a later one' "$1" "$journal" &&
        run 0 'complete: 3 migrated' --plain "$tmp/c/ceremony.yaml" && all_arrived
}

# The last copy that is made before the first step.
stores=$(nth new C_CopyObject 4)
for kind in cut cutdone widow widowed diedone; do
    status=137
    [ "$kind" != diedone ] || status=3 # the console lives, and says what may be there
    ok "$kind at the canary's $stores" interrupt none "$kind:$stores" "$status"
    ok "... is swept by resume" starts_over resume
    [ "$kind" = widow ] || continue
    ok "$kind at the canary's $stores again" interrupt none "$kind:$stores"
    ok "... and by clean" starts_over clean
done

# --- an agent that outlives its console in the call that keeps a key -------------------------------

agent_of() { # the number of the agent that has this environment
    grep -lsF "SHIM_COUNT=$tmp/c/new/calls" /proc/[0-9]*/environ | sed 's|[^0-9]||g' | head -n 1
}

# Nothing is looked at before that call has ended. In a namespace of processes the kernel no longer
# knows who took the lock.
waits() {
    by="(an agent of process [0-9]+, which itself has ended|process $agent \\(hsmferry-agent, )"
    # In a PID namespace of its own /proc/locks omits the locks of processes that have ended.
    [ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] || by="($by|another process)"
    files new >"$tmp/new"
    for command in resume clean; do
        run 77 "token new, .* is in use by $by" "$command" "$journal" && files_are new || return
    done
}

until_gone() { # until_gone PID: nothing of it is left but its number, if that
    for _ in $(seq 1200); do
        case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
        '' | [ZX]*) return 0 ;;
        esac
        sleep 0.1
    done
    return 1
}

# The call that waits is made now: until then nothing changes the tokens. Its agent ends after it.
until_done() {
    : >"$tmp/c/new/calls/let-go"
    until_gone "$1"
}

until_killed() {
    kill -9 "$1" && until_gone "$1"
}

second=$(nth new C_CopyObject 2)
ok "the console killed in a commit that takes long" interrupt none "widow:$second wait:$second"
agent=$(agent_of)
ok "... is told, and nothing is looked at" waits
ok "... until that agent has ended" until_done "$agent"
ok "... then all keys arrive" resumes
ok "the console killed in a commit that never ends" interrupt none "widow:$second hang:$second"
agent=$(agent_of)
ok "... is told, and nothing is looked at" waits
ok "... until that agent is ended" until_killed "$agent"
ok "... then all keys arrive" resumes

# late FAULT: a commit that is given up after ten seconds; it is not known what becomes of it.
late() {
    ceremony none "$1" && files old >"$tmp/old" && edit '/^destination:/,$ s/^  api: pkcs11/&\n  time-limit: 10/'
    run 3 'is left in this call, which may still write to the token' --plain "$tmp/c/ceremony.yaml" &&
        grep -q 'key 2 .*: unknown' "$tmp/log" || return
    edit 's/SHIM_FAULT=[^"]*/SHIM_FAULT=/; /time-limit: 10$/d'
    journal=$(find "$tmp/c/reports" -name '*.journal')
    agent=$(sed -n 's/.*agent, process \([0-9]*\), is left.*/\1/p' "$tmp/log" | head -n 1)
    grep -q 'outcome: "unknown"' "$tmp"/c/reports/*.yaml && grep -q 'outcome=unknown' "$journal" &&
        kill -0 "$agent"
}

ok "a commit over its time limit, done at last" late "wait:$second"
ok "... nothing is looked at before its end" waits
ok "... until that agent has ended" until_done "$agent"
ok "... the key was kept" test "$(labels)" = "one resident three"
ok "... resume finds it, and brings the others" resumes
ok "a commit over its time limit, never done" late "hang:$second"
ok "... nothing is looked at before its end" waits
ok "... until that agent is ended" until_killed "$agent"
ok "... the key was not kept" test "$(labels)" = "one resident"
ok "... and clean takes nothing back" cleans 1

# --- what a resumed ceremony finds ------------------------------------------------------------------

half() { # a crash inside C_CopyObject: eight bytes, without class or label
    half=$(find "$tmp/c/new/tokens" -mindepth 1 -type d)/half
    head -c 8 /dev/zero >"$half.object" && : >"$half.lock"
}

third=$(nth new C_CopyObject 1)
interrupt none "cut:$third" && half
ok "half an object that a cut commit left is destroyed" resumes
interrupt none "cut:$third" && half
ok "... also when cleaning up" cleans 2
interrupt none "cut:$(nth new C_UnwrapKey 1)" && half
ok "one that no commit explains is told and left alone" \
    run 0 'bear neither class nor name' resume "$journal"
ok "... it is still there" test "$(count new)" -eq 5

interrupt none "cut:$third" && truncate -s -7 "$journal"
ok "a torn last line is left out, and told" run 0 'last line is incomplete' resume "$journal"
ok "... and all keys arrive" all_arrived
interrupt none "cut:$third" && sed -i '/\tgate\t/s/waived/refused/' "$journal"
gate=$(sed -n '/\tgate\t/{=;q}' "$journal") # the first line that bears a sum
files new >"$tmp/new"
for command in resume clean report; do
    ok "an altered journal, for $command" run 65 "Lines 2 to $gate of the journal .*do not have the correct sum" \
        $command "$journal"
    ok "... and what to do" grep -q 'next: .*determine by whom, and check both tokens' "$tmp/log"
done
ok "... and nothing was touched" files_are new
interrupt none "cut:$(nth new C_UnwrapKey 1)" && token put new generic24:two:id=02
files new >"$tmp/new"
ok "a key that is there, and was not put there: a conflict" run 4 'did not put it' resume "$journal"
ok "... and nothing was touched" files_are new
interrupt none "cut:$third" && token put new generic24:two:id=02
files new >"$tmp/new"
for command in resume clean; do
    ok "another key in its place: a conflict for $command" run 4 'is another key' $command "$journal"
    ok "... and $command touched nothing" files_are new
done
# A destination that cannot digest can prove no secret: "two" is refused.
second=$(nth new C_CopyObject 3) # the canary stores one less, and "two" is not kept
interrupt none "fail:C_DigestKey:0 cut:$second"
ok "control: a key is refused since an HSM fails" grep -q 'two: .*CANNOT GO' "$tmp/log"
ok "... and goes once it no longer does" resumes
interrupt none "fail:C_DigestKey:0 cut:$second"
ok "... but not when cleaning up" cleans 1
interrupt none "cut:$third" && token rename old two changed
ok "a key that is no longer on the source: a conflict" run 4 'no longer on the source' resume "$journal"
interrupt none "cut:$third"
edit 's/SHIM_FAULT=/&fail:C_FindObjects:0/'
ok "an HSM that fails is neither conflict nor clean" run 69 'CKR_DEVICE_ERROR' resume "$journal"
edit 's/SHIM_FAULT=[^"]*/SHIM_FAULT=/'
finish
