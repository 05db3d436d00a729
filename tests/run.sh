#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests, from a fresh clone and from any folder: installs what they need, builds out of tree in a
# fresh folder, tests, installs. Before the last line, which counts "N passed, N failed", are the ten
# slowest tests.
set -u

usage='usage: sh tests/run.sh [--sanitize] [--long]

  --sanitize  build with AddressSanitizer and UndefinedBehaviorSanitizer
  --long      also what takes minutes: make distcheck, a build with clang, the long runs of tests,
              all of this once more on a bare Debian 12, the Debian packages on bare systems, and
              a build with tests within trixie and sid (tests/bare.sh, tests/packages.sh,
              tests/suites.sh; as root, with a mirror)'

sanitize='' long=''
for option in "$@"; do
    case $option in
    --sanitize) sanitize=yes ;;
    --long) long=yes ;;
    *)
        echo "$usage" >&2
        exit 64
        ;;
    esac
done

top=$(cd "$(dirname "$0")/.." && pwd) || exit 74
# shellcheck source=examples/packages.sh
. "$top/examples/packages.sh"
packages_need build rehearse test ${long:+long}

work=$(mktemp -d "${TMPDIR:-/tmp}/hsmferry-run.XXXXXX") || exit 74
trap 'exit 99' HUP INT TERM
passed=0
failed=0
skipped=0
slowest=''

# run WORDS COMMAND...: a step that counts as one case; its output is shown only where it fails.
run() {
    words=$1
    shift
    echo "== $words"
    if "$@" >"$work/step.log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        return 0
    fi
    failed=$((failed + 1))
    echo "FAILED: $words"
    tail -n 100 "$work/step.log"
    return 1
}

# finish: the count, and the status that goes with it. What failed stays for a look.
finish() {
    if [ "$failed" -eq 0 ]; then
        chmod -R u+w "$work" # distcheck makes folders that are not
        rm -rf "$work"
    else
        echo "The build folder stays for a look: $work/build"
    fi
    [ -z "$slowest" ] || printf 'The slowest tests:\n%s\n' "$slowest"
    echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
    exit "$((failed != 0))"
}

# build FOLDER [CONFIGURE OPTION...]
build() (
    folder=$1
    shift
    mkdir -p "$folder" && cd "$folder" && "$top/configure" -q --enable-werror "$@" &&
        make -s -j "$(nproc)"
)

install_and_look() (
    make -C "$work/build" -s install DESTDIR="$work/root" || exit
    for file in bin/hsmferry libexec/hsmferry-agent libexec/hsmferry-rehearsal-token share/man/man1/hsmferry.1 \
        share/man/man5/hsmferry-ceremony.5 share/hsmferry/dialects/softhsm.yaml; do
        [ -e "$work/root/usr/local/$file" ] || { echo "not installed: $file" && exit 1; }
    done
    "$work/root/usr/local/bin/hsmferry" --version
)

# count_test NAME: adds up the cases of one test by its lines "ok" and "not ok"; one without them is
# one case. A test that failed counts at least one failure.
count_test() {
    result=$(sed -n 's/^:test-result: //p' "$1.trs" | head -n 1)
    skip=$(grep -cE '^(not )?ok .*# SKIP' "$1.log")
    good=$(grep '^ok ' "$1.log" | grep -vc '# SKIP')
    bad=$(grep '^not ok ' "$1.log" | grep -vc '# SKIP')
    case $result in
    PASS) [ $((good + bad + skip)) -gt 0 ] || good=1 ;;
    SKIP) skip=$((skip + 1)) ;;
    *) [ "$bad" -gt 0 ] || bad=1 ;;
    esac
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
    if [ "$bad" -gt 0 ]; then
        echo "FAILED: $1 ($result)"
        cat "$1.log"
    fi
    if [ "$skip" -gt 0 ]; then
        echo "SKIPPED in $1:"
        grep SKIP "$1.log"
    fi
}

# One program more than there are processors: those on a terminal wait most of the time.
# CMOCKA_MESSAGE_OUTPUT: so that its programs too say "ok" and "not ok".
check() {
    echo "== make check"
    before=$failed
    cd "$work/build" || exit 74
    CMOCKA_MESSAGE_OUTPUT=TAP HSMFERRY_TEST_LONG=$long make -k -j "$(($(nproc) + 1))" check \
        >"$work/check.log" 2>&1 </dev/null
    status=$?
    for trs in $(find . -name '*.trs' | sort); do
        count_test "${trs%.trs}"
    done
    slowest=$(sh "$top/tests/slowest.sh" .)
    if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        failed=$((failed + 1))
        echo "FAILED: make check, outside of any test"
        tail -n 100 "$work/check.log"
    fi
}

# The console's scenarios under ThreadSanitizer: each report makes its program end with 66, which no
# scenario expects. GCC, when it instruments, also warns of pointers that are never null.
watch_threads() (
    build "$work/tsan" --enable-tsan --disable-werror || exit
    cd "$work/tsan" || exit
    TSAN_OPTIONS='exitcode=66' HSMFERRY_TEST_PATIENCE=120 make -k check \
        TESTS="$(cd "$top" && find tests/tmux -name '*.sh' ! -name lib.sh ! -name captures.sh)"
)

# What one compiler accepts by chance, the order of evaluation for one, the other shows.
with_clang() (
    build "$work/clang" CC=clang || exit
    cd "$work/clang" || exit
    make -k check TESTS="$(cd "$top" && echo tests/unit/test_*.c | sed 's/\.c//g')"
)

run 'autogen' "$top/autogen.sh" || finish
run 'configure and make' build "$work/build" ${sanitize:+--enable-sanitize} || finish
check
run 'make install' install_and_look
if [ -n "$long" ]; then
    run 'the console under ThreadSanitizer' watch_threads
    run 'clang: build and unit tests' with_clang
    run 'every fuzz target for 20 s' make -C "$work/build" -s fuzz FUZZ_SECONDS=20
    run 'guides and manual pages as PDF' make -C "$work/build" -s pdf
    run 'coverage' make -C "$work/build" -s coverage
    run 'make distcheck' make -C "$work/build" -s -j "$(nproc)" distcheck
    run 'both commands of README on a bare Debian 12' sh "$top/tests/bare.sh"
    for suite in bookworm trixie; do
        run "the Debian packages on a bare $suite" sh "$top/tests/packages.sh" "$suite"
    done
    for suite in trixie sid; do
        run "built and tested within $suite" sh "$top/tests/suites.sh" "$suite" && sed -n '/: skipped$/,$p' "$work/step.log"
    done
fi
finish
