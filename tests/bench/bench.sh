#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make bench` still runs: with four keys, each of its tables has every row and each row its numbers, and so
# have the files. Nothing is timed.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
need_softhsm softhsm2-util pkcs11-tool certutil

python=/usr/bin/python3
bench=$abs_top_srcdir/tests/bench/bench.py

# run WORDS...: the bench with these variables, in memory of the test's own folder.
run() (
    cd "$abs_top_builddir" && mkdir -p "$tmp/measured" &&
        env BENCH_OUT="$tmp/measured" BENCH_FOLDER="$tmp" SOFTHSM2_MODULE="$softhsm" "$@" \
            "$python" -B "$bench" quick
)

bench() {
    run BENCH_KEYS=4 BENCH_KINDS=ec BENCH_PARTS=ceremonies && mv "$tmp/measured/bench.tsv" "$tmp/ec.tsv" &&
        run BENCH_KEYS=4 BENCH_LATENCY_KEYS=2 BENCH_KINDS=aes BENCH_DELAYS=100 BENCH_SESSIONS=2 >"$tmp/shown" &&
        cat "$tmp/ec.tsv" >>"$tmp/measured/bench.tsv"
}

# What each part must have measured, at least.
measures() {
    cat <<'END'
ceremony	aes	ceremony
ceremony	aes	bare
ceremony	aes	staged
ceremony	aes	tool
ceremony	aes	ceremony / bare
ceremony	ec	pairs
ceremony	ec	ceremony / pairs
phase	aes	listing
phase	aes	transport key
phase	aes	keys
phase	ec	fresh proof
phase	ec	report
record	aes	journal
record	ec	report
record	aes	memory of console
record	aes	memory of agent
nss	aes	ceremony / bare
calls	aes	both
calls	aes	fixed
spent	aes	source
spent	aes	destination
spent	aes	fresh process
spent	aes	console
latency	aes	0.1 ms, bare
listing	aes	list / bare
paint	aes	first screen
paint	aes	first screen, 100 journals
screen	aes	screen / line mode
reading	aes	verify --journal
reading	aes	sheet
END
}

# complete FILE: each measure is there, with numbers.
complete() {
    measures | awk -F '\t' -v file="$1" '
        BEGIN { while ((getline line < file) > 0) { split(line, f, "\t"); value[f[1] "\t" f[2] "\t" f[4]] = f[5] } }
        value[$0] !~ /^-?[0-9.]+(e[-+][0-9]+)?$/ { print "not measured: " $0; bad = 1 }
        END { exit bad }'
}

# Times may be noise, and a process may end before its memory is looked at; but no count and no size is zero.
above_zero() {
    awk -F '\t' '$8 ~ /^calls|^B.key/ { seen++; if ($5 <= 0) { print; bad = 1 } } END { exit bad || !seen }' "$1"
}

tables() { # tables FILE: a title and rows for each part
    grep -c -e '^Milliseconds' -e '^Seconds' -e '^Bytes' -e '^PKCS#11 calls' -e '^AES keys' "$1" | grep -qx 11
}

ok "the bench runs with four keys" bench
ok "it prints all tables" tables "$tmp/shown"
ok "it measures all that it is for" complete "$tmp/measured/bench.tsv"
ok "... and latency by the number of sessions" grep -q '^latency	aes	2	0.1 ms, sessions: ' "$tmp/measured/bench.tsv"
ok "counts and sizes are above zero" above_zero "$tmp/measured/bench.tsv"
ok "its picture is XML" "$python" -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$tmp/measured/bench.svg"
grep -v '^screen' "$tmp/measured/bench.tsv" >"$tmp/damaged"
not_ok "control: a measure that is missing is found" complete "$tmp/damaged"
sed 's/\(calls	aes	8	both	\)[^	]*/\10/' "$tmp/measured/bench.tsv" >"$tmp/damaged"
not_ok "control: a count of nothing is found" above_zero "$tmp/damaged"

# loop NAME KIND: the kinds that the bench above left out; "KEYS SECONDS" are printed.
loop() {
    "$loops" "$softhsm" "$tmp/pin" "$1" "$2" | grep -qx '3 [0-9.]*'
}

loops=$abs_top_builddir/tests/bench/loops
mkdir "$tmp/tokens"
export SOFTHSM2_CONF="$tmp/softhsm2.conf"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tmp/tokens" >"$SOFTHSM2_CONF"
(umask 077 && echo swordfish >"$tmp/pin")
for label in old new; do
    softhsm2-util --init-token --free --label "$label" --so-pin swordfish --pin swordfish >"$tmp/init" || exit 99
done
for kind in generic rsa; do
    ok "three keys, $kind" "$loops" "$softhsm" "$tmp/pin" fill old "$kind" 3
    ok "$kind: a bare loop moves them" loop bare "$kind"
    ok "$kind: a staged loop moves them" loop staged "$kind"
done
ok "rsa: a bare loop moves them with their public objects" loop pairs rsa
not_ok "control: a loop without keys fails" loop bare aes
exits 1 "a kind that it does not know is refused" run BENCH_KINDS=dsa
finish
