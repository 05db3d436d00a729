#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 10,000 objects on a token: a ceremony with one of them, and one with a thousand, told as it goes.
set -u
# shellcheck source=tests/badinput/lib.sh
. "${0%/*}/lib.sh"

seconds=10 # of silence: the machine may be busy

# Runs the ceremony; each of its lines with the second in which it came.
run_and_stamp() {
    { timeout -k 5 600 "$abs_top_builddir/hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null 2>&1
        echo "exit $?"; } | while IFS= read -r line; do
        echo "$(date +%s) $line"
    done >"$tmp/log"
}

says() {
    grep -E -- "$1" "$tmp/log"
}

tells_within() {
    awk -v most="$1" 'NR > 1 && $1 - last > most { print "silent before: " $0; bad = 1 }
        { last = $1 } END { exit bad }' "$tmp/log"
}

ceremony 'bulk=10000' '' && edit 's/object=\*/object=bulk-07777/'
ok "one key of 10,000" ends 0 'complete: 1 migrated' 'inventory before: 10000 objects'
ceremony 'bulk=10000' '' && edit 's/object=\*/object=bulk-07*/'
run_and_stamp
ok "a thousand of them" says 'complete: 1000 migrated, 0 refused, 0 failed'
ok "it ends 0" says 'exit 0$'
ok "progress is told" says 'moved [0-9]+ of 1000'
ok "it never falls silent" tells_within "$seconds"
not_ok "control: a silence would be seen" tells_within -1
finish
