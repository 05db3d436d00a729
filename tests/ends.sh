# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# How a ceremony ends, and what it says: for tests that make $tmp/c/ceremony.yaml. Read in the place
# of lib.sh.

# shellcheck source=tests/lib.sh
. "${0%/tests/*}/tests/lib.sh"

# edit SED-EXPRESSION...: makes something wrong in the ceremony file.
edit() {
    for expression in "$@"; do
        sed -i -- "$expression" "$tmp/c/ceremony.yaml"
    done
}

# ends CODE SENSE...: the ceremony ends with this code, and says each of these (regular expressions):
# what failed, what is true now, what to do next. The limit is for what never ends, here as in other
# tests: whatever else a machine does, a ceremony takes less. $console: another console than $quick.
ends() {
    code=$1
    shift
    status=0
    wrong=0
    timeout -k 5 600 "${console:-$quick}" --plain "$tmp/c/ceremony.yaml" \
        </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    for sense in "$@"; do
        grep -qE -- "$sense" "$tmp/log" && continue
        echo "nothing says: $sense"
        wrong=1
    done
    [ "$status" -eq "$code" ] || echo "the ceremony ended with $status, not $code"
    [ "$status" -eq "$code" ] && [ "$wrong" -eq 0 ]
}
