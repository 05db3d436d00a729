#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target, without a fuzzer, over its seeds and over each input that one has found: so that
# no target rots, and nothing that was found comes back.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

fuzz=$abs_top_srcdir/tests/fuzz
TMPDIR=$tmp
export TMPDIR

# inputs TARGET: the files of its seeds and finds.
inputs() {
    find "$fuzz/corpus/$1" "$fuzz/found/$1" -type f 2>/dev/null | sort
}

replays() {
    inputs "$1" | tr '\n' '\0' | xargs -0 "$abs_top_builddir/tests/fuzz/fuzz_$1"
}

for source in "$fuzz"/fuzz_*.c; do
    target=$(basename "$source" .c)
    target=${target#fuzz_}
    [ "$target" != control ] || continue
    ok "$target: it has seeds" test -n "$(inputs "$target")"
    ok "$target: every input keeps its promises" replays "$target"
    ok "$target: so does an empty one" "$abs_top_builddir/tests/fuzz/fuzz_$target" /dev/null
done
for folder in "$fuzz"/corpus/* "$fuzz"/found/*; do
    target=${folder##*/}
    ok "$target: its inputs in $(basename "${folder%/*}") are some target's" test -e "$fuzz/fuzz_$target.c"
done
printf 'wrap' >"$tmp/wrap"
printf 'warp' >"$tmp/warp"
ok "control: a target with a fault, and an input that does not meet it" \
    "$abs_top_builddir/tests/fuzz/fuzz_control" "$tmp/warp"
exits 134 "control: and one that does" "$abs_top_builddir/tests/fuzz/fuzz_control" "$tmp/wrap"
finish
