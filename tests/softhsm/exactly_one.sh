#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# While keys are committed together, another program stores an object with the label and id of one of
# them. SoftHSM does not show it to the session that commits; the fresh process finds it. That key is
# not reported as migrated; the others are.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"

make_token old aes32:one:id=01 aes32:two:id=02 aes32:three:id=03 rsa2048:four:id=04
make_token new aes32:resident:id=d1

# meanwhile COMMAND...: a ceremony; the command is carried out while the second key is committed.
meanwhile() {
    ceremony none wait:C_CopyObject:2
    edit 's/^rehearsal: yes/&\nsessions: 2/' 's/^policy:/&\n  canary: none/'
    timeout -k 5 600 "$quick" --plain "$tmp/c/ceremony.yaml" </dev/null &
    pid=$!
    until [ "$(grep -c '^C_CopyObject ' "$tmp/c/new/calls/calls" 2>/dev/null)" -ge 2 ] 2>/dev/null; do
        kill -0 "$pid" || break
        sleep 0.05
    done
    "$@"
    touch "$tmp/c/new/calls/let-go"
    wait "$pid"
}

outcome() { # outcome LABEL WORD
    PYTHONPATH=$abs_top_srcdir/tests "$python" - "$1" "$2" "$tmp"/c/reports/*.yaml <<'PROGRAM'
import sys
import records
label, outcome, report = sys.argv[1:]
found = [key["outcome"] for key in records.load(report)["keys"] if key["label"] == label]
sys.exit(found != [outcome])
PROGRAM
}

exits 3 'an object of the same label and id' meanwhile token put new aes32:two:id=02
ok 'that key is not migrated' outcome two unknown
ok '... for this reason' grep -q 'does not find exactly one key of this name' "$tmp"/c/reports/*.journal
ok 'the others are migrated' outcome one migrated
ok '... all of them' outcome four migrated

exits 0 'control: an object of another name' meanwhile token put new aes32:five:id=05
ok 'control: the key is migrated' outcome two migrated
finish
