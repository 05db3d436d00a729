#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The connection to an agent on another host fails: cut while the agent commits a key; and, for a part of
# the messages, cut, torn, stalled and garbled (make faults is all of them).
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"
need_softhsm certutil openssl
"$python" -c 'import cryptography, yaml' 2>/dev/null ||
    skip_all "python3-cryptography or python3-yaml is not installed"

hsmferry=$quick
link=$abs_top_builddir/tests/faults/link
agent=$abs_top_builddir/hsmferry-agent

count() { # how many objects there are; an empty file is none
    find "$tmp/c/new/tokens" -name '*.object' ! -name token.object -size +0 | wc -l
}

# commits AGENT: a ceremony whose destination has this agent waits in the first key's commit.
commits() {
    ceremony - wait:C_CopyObject:3
    sed -i "/^destination:/a\\  agent: $1" "$tmp/c/ceremony.yaml"
    "$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1 &
    console=$!
    for _ in $(seq 1200); do
        [ "$(grep -sc '^C_CopyObject' "$tmp/c/new/calls/calls")" != 3 ] || return 0
        kill -0 "$console" 2>/dev/null || break
        sleep 0.1
    done
    cat "$tmp/log"
    exit 99
}

# ended CODE WORDS: the console ends so, and says this of the key.
ended() {
    status=0
    wait "$console" || status=$?
    cat "$tmp/log"
    [ "$status" -eq "$1" ] && grep -qE "key 1 one: .*$2" "$tmp/log"
}

resume() {
    status=0
    "$hsmferry" resume "$(by_time "$tmp/c/reports" journal | head -n 1)" </dev/null >"$tmp/log" 2>&1 ||
        status=$?
    cat "$tmp/log"
    return "$status"
}

in_use() {
    ! resume && [ "$status" -eq 77 ] && grep -q 'The token new, .* is in use by ' "$tmp/log"
}

resumed() { # once the agent has ended
    for _ in $(seq 300); do
        ! resume || return 0
        [ "$status" -eq 77 ] || return 1
        sleep 0.1
    done
    return 1
}

make_token old aes32:one:id=01
make_token new aes32:resident:id=d1

commits "[\"$link\", cut, to, \"0\", \"$tmp/c/new/calls\", \"$agent\"]"
kill -9 "$(head -n 1 "$tmp/c/new/calls/link.pid")"
ok "cut in a commit: 3, and the outcome is not known" ended 3 unknown
ok "... resume is refused while that agent has the token: 77" in_use
: >"$tmp/c/new/calls/let-go"
ok "... and completes the ceremony once it has ended" resumed
ok "... with the key" test "$(count)" -eq 2

# shellcheck disable=SC2016 # for the inner shell
commits "[/bin/sh, -c, 'echo \$\$ >>\"\$0/agent.pid\"; exec \"\$@\"', \"$tmp/c/new/calls\", \"$agent\"]"
kill -9 "$(head -n 1 "$tmp/c/new/calls/agent.pid")"
ok "control: an agent on this host that was killed there: the key is not there" ended 2 failed
ok "... and nothing appears" test "$(count)" -eq 1

sweep() {
    "$python" "$abs_top_srcdir/tests/faults/sweep.py" "$abs_top_builddir" --every 0 --commit 0 "$@"
}

while read -r nth pair; do
    [ -z "${HSMFERRY_TEST_LONG:-}" ] || nth=1
    ok "$pair, the connection fails at each ${nth}th message and way" sweep --link "$nth" --pair "$pair"
    sed -n 's/^[0-9]* runs, .*/# &/p' "$tmp/out"
done <<'END'
41 softhsm:softhsm
53 softhsm:nss
53 nss:softhsm
END

naive() { # ok and not_ok empty what the case before has printed
    sweep --naive --link 7 --pair softhsm:nss >"$tmp/naive"
}
not_ok "control: the naive order is caught" naive
ok "... by what it leaves under its final name" grep 'has its final name, and nobody proved it' "$tmp/naive"
finish
