# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests in shell share. A test reads this file, makes its checks with ok and not_ok and ends
# with finish. One line for each case, as TAP has them: run.sh counts them.

abs_top_srcdir=${abs_top_srcdir:-$(cd "${0%/tests/*}" && pwd)} # where make check sets none
abs_top_builddir=${abs_top_builddir:-$PWD}
export abs_top_srcdir abs_top_builddir
# A console whose agents search for no primes: what takes most of the time of a small ceremony.
# shellcheck disable=SC2034 # for those who read this file
quick=$abs_top_builddir/tests/faults/quick/hsmferry

tap_count=0
tap_failed=0
tap_finished=
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-test.XXXXXX") || exit 99
trap 'tap_end $?' EXIT
trap 'exit 99' HUP INT TERM

# A script that ends anywhere but in finish has failed, whatever its status.
tap_end() {
    rm -rf "$tmp"
    [ -n "$tap_finished" ] || {
        echo "not ok $((tap_count + 1)) - the test ended early, with status $1"
        exit 99
    }
}

# by_time FOLDER ENDING: its files, oldest first. The names of two files of one second are in no order.
by_time() {
    find "$1" -name "*.$2" -printf '%T@ %p\n' | sort -n | cut -d ' ' -f 2-
}

# tap_case STATUS WORDS: one case, and what it printed where it failed.
tap_case() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        printf 'ok %s - %s\n' "$tap_count" "$2"
    else
        tap_failed=$((tap_failed + 1))
        printf 'not ok %s - %s\n' "$tap_count" "$2"
        sed 's/^/# /' "$tmp/out"
    fi
}

# ok WORDS COMMAND...: the command must succeed. Here as below its output is left in $tmp/out.
ok() {
    exits 0 "$@"
}

# not_ok WORDS COMMAND...: the command must fail.
not_ok() {
    tap_words=$1
    shift
    if "$@" >"$tmp/out" 2>&1; then
        echo "succeeded, and should not" >>"$tmp/out"
        tap_case 1 "$tap_words"
    else
        tap_case 0 "$tap_words"
    fi
}

# exits CODE WORDS COMMAND...: the command must end with this code.
exits() {
    tap_wanted=$1
    tap_words=$2
    shift 2
    tap_status=0
    "$@" >"$tmp/out" 2>&1 || tap_status=$?
    [ "$tap_status" -eq "$tap_wanted" ] || echo "ended with $tap_status, not $tap_wanted" >>"$tmp/out"
    tap_case "$((tap_status != tap_wanted))" "$tap_words"
}

# relay WORDS COMMAND...: a program that makes cases itself and prints "ok - words", "not ok - words"
# or "skip - words # reason" for each. That it ran to its end is one more case.
relay() {
    tap_words=$1
    shift
    tap_status=0
    "$@" >"$tmp/cases" 2>&1 || tap_status=$?
    : >"$tmp/out"
    while IFS= read -r tap_line; do
        case $tap_line in
        'ok - '*) tap_case 0 "${tap_line#ok - }" ;;
        'not ok - '*) tap_case 1 "${tap_line#not ok - }" ;;
        'skip - '*) tap_line=${tap_line#skip - } && skip "${tap_line%% \# *}" "${tap_line#* \# }" ;;
        *) printf '# %s\n' "${tap_line#\# }" ;;
        esac
    done <"$tmp/cases"
    tap_case "$tap_status" "$tap_words"
}

# skip WORDS REASON: a case that cannot be tried here.
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: nothing of this test can be tried here.
skip_all() {
    echo "1..0 # SKIP $1"
    tap_finished=yes
    exit 77
}

# includes FOLDER...: every #include there, as FILE:#include "HEADER".
includes() {
    grep -rE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' "$@" 2>/dev/null |
        sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:#include /'
}

# need_softhsm PROGRAM...: skips the test where SoftHSM or one of the programs is missing.
need_softhsm() {
    for tap_program in "$@"; do
        command -v "$tap_program" >/dev/null || skip_all "$tap_program is not installed"
    done
    for softhsm in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
        [ ! -f "$softhsm" ] || return 0
    done
    skip_all "SoftHSM is not installed"
}

# keep_reports FOLDER: puts the reports in it aside, before the test makes it anew; finish looks at
# them all.
keep_reports() {
    [ ! -L "$1" ] || return 0
    mkdir -p "$tmp/kept"
    for tap_report in "$1"/*.yaml; do
        [ ! -f "$tap_report" ] ||
            mv "$tap_report" "$tmp/kept/$(find "$tmp/kept" -type f | wc -l).yaml"
    done
}

# Every report that the test made is of the published form, and hsmferry verify finds it in order.
tap_reports() {
    find "$tmp" -type f \( -path '*/reports/*.yaml' -o -path '*/kept/*.yaml' \) >"$tmp/reports.list"
    [ -s "$tmp/reports.list" ] || return 0
    tap_words="all $(wc -l <"$tmp/reports.list") reports"
    ok "$tap_words pass verify" tap_verify
    if python3 -c 'import jsonschema, yaml' 2>/dev/null; then
        ok "$tap_words are of the published form" xargs -d '\n' -a "$tmp/reports.list" \
            python3 "$abs_top_srcdir/tests/read_report.py" --all
    else
        skip "$tap_words are of the published form" \
            "python3-jsonschema or python3-yaml is not installed"
    fi
}

# A replay of every journal beside them ends in the state that its report says.
tap_replays() {
    find "$tmp" -type f -path '*/reports/*.journal' >"$tmp/journals.list"
    [ -s "$tmp/journals.list" ] || return 0
    if [ -x "$abs_top_builddir/tests/replay_state" ] && command -v python3 >/dev/null; then
        ok "all $(wc -l <"$tmp/journals.list") journals replay to what their reports say" \
            xargs -d '\n' -a "$tmp/journals.list" \
            python3 "$abs_top_srcdir/tests/replay.py" "$abs_top_builddir"
    else
        skip "all journals replay to what their reports say" \
            "python3 or tests/replay_state of the build is missing"
    fi
}

tap_verify() {
    while IFS= read -r tap_report; do
        "$abs_top_builddir/hsmferry" verify "$tap_report" >"$tmp/verdict" 2>&1 || {
            echo "$tap_report"
            cat "$tmp/verdict"
            return 1
        }
    done <"$tmp/reports.list"
}

finish() {
    tap_reports
    tap_replays
    echo "1..$tap_count"
    tap_finished=yes
    exit "$((tap_failed != 0))"
}
