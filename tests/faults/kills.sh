#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The destination's agent is killed inside a commit, at single calls of the system. SoftHSM's
# C_CopyObject writes the whole of a key before it says that it is one for good: what stays is listed,
# and resume and clean take it away, or say what they could not. Then some of the points at which the
# sweep kills commits of SoftHSM and NSS, the canary's too (make faults is all of them).
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"

hsmferry=$quick
need_softhsm certutil openssl
"$python" -c 'import cryptography, yaml' 2>/dev/null ||
    skip_all "python3-cryptography or python3-yaml is not installed"
command -v strace >/dev/null || skip_all "strace is not installed"
strace -f -qq -o /dev/null true 2>/dev/null || skip_all "strace may trace nothing here"

count() { # count old|new: how many objects there are; an empty file is none, nor is anything in it
    find "$tmp/c/$1/tokens" -name '*.object' ! -name token.object -size +0 | wc -l
}

source_files() {
    (cd "$tmp/c/old/tokens" && find . -name '*.object' ! -name token.object -exec cksum {} + | sort)
}

# killed CALL N: a ceremony whose destination's agent is killed at its N-th CALL; leaves $journal.
# Fails where it was not killed, or before there was a key on its way.
killed() {
    ceremony - -
    edit 's|^policy:|&\n  writes-before-review: no|' # the first commit is that of the key
    agent="agent: [\"$(command -v strace)\", -f, -qq, -o, /dev/null, -e, trace=$1, -e, \"inject=$1:signal=KILL:when=$2\", \"$quick-agent\"]"
    sed "/^destination:/a\\  $agent" "$tmp/c/ceremony.yaml" >"$tmp/c/killed.yaml"
    cp "$tmp/c/ceremony.yaml" "$tmp/c/good.yaml"
    mv "$tmp/c/killed.yaml" "$tmp/c/ceremony.yaml"
    source_files >"$tmp/old"
    status=0
    timeout -k 5 600 "$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1 ||
        status=$?
    cat "$tmp/log"
    mv "$tmp/c/good.yaml" "$tmp/c/ceremony.yaml"
    journal=$(find "$tmp/c/reports" -name '*.journal')
    [ "$status" -ne 0 ] && [ -n "$journal" ] && grep -q 'killed by signal 9' "$tmp/log"
}

# settles COMMAND OBJECTS: it ends with 0 and as many objects on the destination; or with another code,
# and tells that something is left.
settles() {
    status=0
    timeout -k 5 600 "$hsmferry" "$1" "$journal" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    echo "$1 ended with $status, $(count new) objects"
    source_files | diff "$tmp/old" - || return 1
    if grep -q 'there is nothing to do' "$tmp/log"; then
        [ "$status" -eq 0 ] && [ "$(count new)" -eq 1 ] # the ceremony has seen that nothing stayed
    elif [ "$status" -eq 0 ]; then
        [ "$(count new)" -eq "$2" ]
    else
        grep -qE 'left over|unexplained|was not destroyed' "$tmp/log"
    fi
}

make_token old aes32:one:id=01
make_token new aes32:resident:id=d1

# Of a destination that gets one key, the first ftruncate is of the login and three are of the commit:
# the last one ends the half copy, which has the whole value by then.
for point in ftruncate:2 ftruncate:3 ftruncate:4 write:4 write:5; do
    for command in resume clean; do
        ok "the destination's agent dies at $point" killed "${point%:*}" "${point#*:}"
        [ "$point" != ftruncate:4 ] || ok "control: something is left" test "$(count new)" -eq 2
        objects=1
        [ "$command" = clean ] || objects=2
        ok "killed at $point, $command" settles "$command" "$objects"
    done
done

sweep() { # sweep N PAIR [OPTION]: each N-th point
    "$python" "$abs_top_srcdir/tests/faults/sweep.py" "$abs_top_builddir" --every 0 --jobs 4 \
        --commit "$1" --pair "$2" ${3:+"$3"}
}

while read -r nth pair; do
    [ -z "${HSMFERRY_TEST_LONG:-}" ] || nth=1
    ok "commits of $pair, killed at each ${nth}th system call" sweep "$nth" "$pair"
    sed -n 's/^[0-9]* runs, .*/# &/p' "$tmp/out"
done <<'END'
16 softhsm:softhsm
80 softhsm:nss
80 softhsm:softoken
END

# What lists no object with CKA_TOKEN false, as where such a one is taken for a session's, sweeps none.
hidden() { # ok and not_ok empty what the case before has printed
    sweep 4 softhsm:softhsm --blind >"$tmp/hidden"
}
not_ok "control: where a half copy is not listed, kills leave what nobody names" hidden
ok "... a copy under the temporary label" grep "nothing names \['hsmferry:" "$tmp/hidden"
ok "... of which resume says that nothing is left" \
    grep 'after resume: left over is told as nothing' "$tmp/hidden"

finish
