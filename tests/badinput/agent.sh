#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Agents that die, talk nonsense, too much or half, and HSMs that hang: before a ceremony begins and
# within it. What is on the destination afterwards is what is said.
set -u
# shellcheck source=tests/badinput/lib.sh
. "${0%/*}/lib.sh"

python=/usr/bin/python3
[ -x "$python" ] || skip_all "python3 is not installed"
hostile=$abs_top_builddir/tests/fake/hostile
gone='Nothing more can be asked of this HSM; whether it finished this call is not known\. Check the state of the HSM'

# agent.py stands between the two, as ssh does: what became of the agent's call is not known.
beyond='whether its agent is still in this call, which may write to the token, is not known\. Resume once'

# spoiled SIDE HOW CALL N: a ceremony in which this answer of this side is spoiled.
spoiled() {
    good
    range='/^source:/,/^destination:/'
    [ "$1" = source ] || range='/^destination:/,$'
    edit "$range s|^  agent: .*|  agent: [\"$python\", \"$abs_top_srcdir/tests/faults/agent.py\", \"$2\", \"$3\", \"$4\", \"$agent\"]|"
}

# The words with which each way is told.
words_of() {
    case $1 in
    die | late) echo 'the agent ended' ;;
    half) echo 'stopped in the middle of an answer' ;;
    garbage | more | other) echo 'is invalid' ;;
    huge) echo 'exceeds the maximum length' ;;
    esac
}

nothing_there() {
    ends "$@" && ! arrived
}

one_there() {
    ends "$@" && arrived
}

# --- before the ceremony ----------------------------------------------------------------------

while read -r how says; do
    good && edit "/^destination:/,\$ s|^  agent: .*|  agent: [\"$hostile\", \"$how\"]|" \
        's/^  module: .*destination/&\n  time-limit: 2/'
    ok "an agent's $how: 69" ends 69 "$says" "Check the state of the HSM, then start again|same version of both"
done <<'END'
noise is invalid|exceeds the maximum length
oversize exceeds the maximum length
deaf no answer from the HSM for 2 s
leave the agent ended.*exit 3
crash the agent ended.*killed by signal 9
half the agent ended|stopped in the middle
other-magic is invalid
answer-half stopped in the middle
answer-noise is invalid
answer-oversize exceeds the maximum length
answer-other-id is invalid
answer-never no answer from the HSM for 2 s
END
good && edit "/^destination:/,\$ s|^  agent: .*|  agent: [\"$tmp/no-agent\"]|"
ok "an agent that is not there: 66" ends 66 'no-agent cannot be started: No such file' \
    'No HSM was reached through it' 'Install hsmferry completely, with its agent'
good && edit "/^destination:/,\$ s|^  agent: .*|  agent: [\"$abs_top_srcdir/README.md\"]|"
ok "an agent that cannot be executed: 78" ends 78 'README.md cannot be started: Permission denied' \
    'Install hsmferry completely'
good && edit "/^destination:/,\$ s|^  agent: .*|  agent: [\"$hostile\", \"other-version\"]|"
ok "an agent of another version: 78" ends 78 'with protocol' 'Install the same version of both'

# --- within it: nothing arrived -------------------------------------------------------------------

spoiled destination none unwrap 1
ok "control: passed on unspoiled, it ends 0" one_there 0 'complete: 1 migrated'
for how in die late half garbage huge more other; do
    spoiled source "$how" wrap 2
    ok "$how as the source wraps: 2" nothing_there 2 "$(words_of "$how")" "$gone" \
        'nothing on the destination; the source could not be examined again'
    spoiled destination "$how" unwrap 2
    ok "$how as the destination unwraps: 2" nothing_there 2 "$(words_of "$how")" "$gone" \
        'source unchanged; nothing on the destination'
done
spoiled destination die commit 1
ok "death before the commit: 3" nothing_there 3 'the agent ended' "$beyond" 'key 1 one: unknown'

# --- after the commit: the key is there, and nobody says that it is not --------------------------------

for how in late half garbage huge; do
    spoiled destination "$how" commit 1
    ok "$how after the commit: 3" one_there 3 "$(words_of "$how")" "$beyond" 'unknown' \
        'something is left over'
done

# --- an HSM that lies about the commit, and then is gone: only a fresh process can look ---------------

lying() { # lying FAULTS: of the destination
    ceremony 'keys=aes32:one' "$1"
}
lying 'forget=commit:1;die=describe:6'
ok "kept, it said, and nothing is there: unknown" nothing_there 3 'key 1 one: unknown'
lying 'lie=commit:1:twice;fail=prove:2;die=destroy:3'
ok "two were made and one was taken back: the other is told" one_there 3 'something is left over'
lying 'fail=prove:2;die=destroy:3'
ok "control: one, taken back: nothing is there" nothing_there 2 'nothing on the destination'

# --- an HSM that hangs ------------------------------------------------------------------------------

for call in make_pair unwrap; do
    ceremony 'keys=aes32:one' "hang=$call:1" && edit '/^destination:/,$ s/^  api: fake/&\n  time-limit: 5/'
    ok "$call hangs" nothing_there 2 "no answer from the HSM for 5 s, in $call " "$gone" \
        'source unchanged; nothing on the destination'
done
ceremony 'keys=aes32:one' 'hang=commit:1' && edit '/^destination:/,$ s/^  api: fake/&\n  time-limit: 5/'
ok "commit hangs: it may be done yet" nothing_there 3 'for 5 s, in commit ' \
    'process [0-9]*, is left in this call, which may still write to the token' 'key 1 one: unknown'
finish
