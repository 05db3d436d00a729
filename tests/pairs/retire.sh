#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# After a migration: keys are retired and copies undone on real tokens, judged from outside; and
# refused where anything is not as the report says.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

# removal WHAT PAIR
removal() {
    removal_folder=$(mktemp -d "$tmp/XXXXXX") || return
    "$python" "$abs_top_srcdir/tests/pairs/retire.py" "$removal_folder" "$quick" "$@"
}

relay "retire, SoftHSM to SoftHSM" removal retire softhsm:softhsm
relay "retire, SoftHSM to NSS" removal retire softhsm:nss
relay "retire, NSS to SoftHSM" removal retire nss:softhsm
relay "undo, SoftHSM to SoftHSM" removal undo softhsm:softhsm
relay "undo, SoftHSM to NSS" removal undo softhsm:nss
relay "undo, NSS to SoftHSM" removal undo nss:softhsm
relay "resume of a retirement" removal resume softhsm:softhsm
relay "a copy that was renamed on arrival" removal renamed softhsm:softhsm
relay "refused, each in its own words" removal refused softhsm:softhsm
relay "one token seen twice" removal twice nss:softoken
finish
