#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make fuzz: builds the fuzz targets with clang in the folder fuzz, lets libFuzzer run each of them, or
# those that are named, and says what came of it. Ends with 1 where it found something. What the
# fuzzer has learned stays in fuzz/learned, each find in fuzz/crashes.
set -u

usage='usage: fuzz.sh TREE SECONDS [TARGET...]'
[ $# -ge 2 ] || { echo "$usage" >&2 && exit 64; }
top=$1 seconds=$2
shift 2

mkdir -p fuzz/crashes && cd fuzz || exit 74
[ -e Makefile ] || "$top/configure" -q CC=clang --enable-fuzz || exit
make -s -j "$(nproc)" fuzz-targets || exit
TMPDIR=$PWD/tmp
export TMPDIR
mkdir -p "$TMPDIR" || exit 74

# last FIELD LOG: the last number that libFuzzer printed for it.
last() {
    sed -n "s/.*$1 *\([0-9]*\).*/\1/p" "$2" | tail -n 1
}

# run TARGET SECONDS: its row, and libFuzzer's status. An input that takes two minutes is a find, too.
run() {
    folders=
    for folder in "$top/tests/fuzz/corpus/$1" "$top/tests/fuzz/found/$1"; do
        [ ! -d "$folder" ] || folders="$folders $folder"
    done
    dictionary=$top/tests/fuzz/$1.dict
    [ -e "$dictionary" ] && dictionary=-dict=$dictionary || dictionary=
    mkdir -p "learned/$1"
    # shellcheck disable=SC2086 # a list of folders, and an option or none
    "./tests/fuzz/fuzz_$1" -max_total_time="$2" -timeout=120 -rss_limit_mb=2048 \
        -artifact_prefix="crashes/$1-" -print_final_stats=1 $dictionary "learned/$1" $folders \
        >"$1.log" 2>&1 </dev/null
    status=$?
    [ "$status" -eq 0 ] && result=clean || result="FOUND, see $PWD/$1.log"
    printf '%-12s %10s runs %6s edges  %s\n' "$1" "$(last 'stat::number_of_executed_units:' "$1.log")" \
        "$(last 'cov:' "$1.log")" "$result"
    return "$status"
}

# A fuzzer that does not find the fault that is there would find no other.
run control 60 >control.row
if ! grep -q FOUND control.row; then
    echo "The fuzzer did not find the fault in fuzz_control; see $PWD/control.log" >&2
    exit 1
fi
rm -rf learned/control crashes/control-*

if [ $# -eq 0 ]; then
    for source in "$top"/tests/fuzz/fuzz_*.c; do
        target=$(basename "$source" .c)
        [ "$target" = fuzz_control ] || set -- "$@" "${target#fuzz_}"
    done
fi
found=0
for target; do
    run "$target" "$seconds" || found=$((found + 1))
done
[ "$found" -eq 0 ] || echo "$found of $# targets found something; the inputs are in $PWD/crashes" >&2
exit "$((found != 0))"
