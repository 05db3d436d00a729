#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each call on journal and report fails in turn: the ceremony ends with 74 before the step that it
# would have lost, and what it did until then can be resumed, or is told again.
set -u
# shellcheck source=tests/badinput/lib.sh
. "${0%/*}/../badinput/lib.sh"

hsmferry=$abs_top_builddir/hsmferry
preload=$abs_top_builddir/tests/faults/files.so
ldd "$hsmferry" | grep -q libasan && skip_all "the address sanitizer must be loaded first"

# run FAULT COMMAND...: with this fault; leaves $status, and what it said in $tmp/log.
run() {
    fault=$1
    shift
    status=0
    env LD_PRELOAD="$preload" FILES_UNDER="$tmp/c/reports" FILES_COUNT="$tmp/calls" \
        FILES_FAULT="$fault" timeout -k 5 600 "$hsmferry" "$@" </dev/null >"$tmp/log" 2>&1 ||
        status=$?
}

counted() { # counted FUNCTION: how often it was called
    grep -cx "$1" "$tmp/calls"
}

keys_there() { # how often the key is on the destination
    [ -e "$tmp/c/destination" ] || echo 0
    grep -svc '^wrong ' "$tmp/c/destination"
}

is() { # is WHAT WANTED
    [ "$1" = "$2" ] || {
        echo "$1, not $2"
        return 1
    }
}

# What must hold after a fault, whatever it was.
holds() {
    cat "$tmp/log"
    journal=$(find "$tmp/c/reports" -name '*.journal' 2>/dev/null)
    report=$(find "$tmp/c/reports" -name '*.yaml' 2>/dev/null)
    # Once a key is there, proven, and only its last proof cannot be told, resuming is what is due.
    if [ "$status" -ne 3 ] || [ "$(keys_there)" -ne 1 ] ||
        ! grep -q 'one: unknown: The journal' "$tmp/log"; then
        is "$status" 74 || return
    fi
    # What failed, and what to do next.
    if ! grep -qE '(cannot be|could not be) .*(Input/output error|No space left)' "$tmp/log" ||
        ! grep -qE 'Check the disk|Make room|Copy it to another disk|then run: hsmferry resume|^  next: ' "$tmp/log"; then
        echo "nothing says what failed, or what to do next"
        return 1
    fi
    # No step that outlives the session without its line on the disk.
    [ "$(keys_there)" -eq 0 ] || grep -q 'step=commit' "$journal" || {
        echo "a key was kept, and no line announces it"
        return 1
    }
    [ -z "$report" ] || ! grep -q 'exit-code: 0' "$report" ||
        grep -q 'a power cut may lose it' "$tmp/log" || {
        echo "the report says that all is well"
        return 1
    }
    # The next start knows what is true, and makes it whole.
    run none --plain "$tmp/c/ceremony.yaml"
    case $status in
    0) ;; # nothing had begun, so it was done now
    3) run none resume "$journal" && is "$status" 0 || return ;;
    4) run none report "$journal" && is "$status" 0 || return ;; # done before; told again
    *) is "$status" "0, 3 or 4" || return ;;
    esac
    is "$(keys_there)" 1
}

good
: >"$tmp/calls"
run none --plain "$tmp/c/ceremony.yaml"
cp "$tmp/calls" "$tmp/reference"
ok "control: no fault" is "$status" 0
ok "... the key is there" is "$(keys_there)" 1
not_ok "control: a fault that is not told would be seen" holds

# The clock of the host goes back in the middle.
back() {
    good
    env LD_PRELOAD="$preload" CLOCK_BACK=60:7200 "$hsmferry" --plain "$tmp/c/ceremony.yaml" \
        </dev/null >"$tmp/log" 2>&1
    is $? 0 && journal=$(find "$tmp/c/reports" -name '*.journal') &&
        grep -E 'WARNING: the clock of this host went back by (7199|7200)\.[0-9]* s' "$tmp/log" &&
        is "$(grep -c 'name=clock' "$journal")" 1 &&
        "$hsmferry" verify "$tmp"/c/reports/*.yaml --journal "$journal" &&
        cut -f1 "$journal" | tail -n +2 | sort -nc
}
times_in_order() {
    cut -f2 "$journal" | tail -n +2 | sort -c
}
ok "the clock goes back: told and recorded; it ends 0, numbers keep the order" back
not_ok "control: times do not" times_in_order
good
run none --plain "$tmp/c/ceremony.yaml"
not_ok "control: nothing of it is said where it does not" grep 'the clock of this host' "$tmp/log"

turn=0
for function in openat write fsync renameat2; do
    count=$(grep -cx "$function" "$tmp/reference")
    ok "control: $function is called" test "$count" -gt 0
    at=1
    tried=0
    while [ "$at" -le "$count" ]; do
        # EIO and ENOSPC, once and from there on; of many calls each gets one of these in turn.
        for how in :5 +:28 +:5 :28; do
            turn=$((turn + 1))
            [ "$count" -le 12 ] || [ $((turn % 5)) -eq 0 ] || continue
            tried=$((tried + 1))
            good
            run "$function:$at$how" --plain "$tmp/c/ceremony.yaml"
            holds >"$tmp/held" 2>&1 || {
                echo "$function:$at$how"
                cat "$tmp/held"
            } >>"$tmp/violations"
        done
        at=$((at + 1))
    done
    ok "$function: $count calls, $tried faults, what is said is true" test ! -s "$tmp/violations"
    [ ! -s "$tmp/violations" ] || grep -vE "policy:|words |: wraps by|WARNING" "$tmp/violations" | tail -n 25 | sed 's/^/# /'
    rm -f "$tmp/violations"
done
finish
