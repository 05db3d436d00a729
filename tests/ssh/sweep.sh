#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole ceremonies whose agents are both beyond ssh, by a real server: the connection fails at one
# message, cut, torn, stalled or garbled, and then what must never be true is not (tests/faults). A
# few of the messages; in longer runs each of them.
set -u
# shellcheck source=tests/ssh/lib.sh
. "${0%/*}/lib.sh"
python=/usr/bin/python3 # Debian's own: it has Debian's modules
"$python" -c 'import cryptography, yaml' 2>/dev/null ||
    skip_all "python3-cryptography or python3-yaml is not installed"

# Many connections begin at the same time.
serve good 'PasswordAuthentication no' 'MaxStartups 200'
beyond good AGENT | "$python" -c 'import json, sys, yaml
print(json.dumps(yaml.safe_load(sys.stdin)["agent"][:-1]))' >"$ssh/words" || exit 99

sweep() {
    "$python" "$abs_top_srcdir/tests/faults/sweep.py" "$abs_top_builddir" --every 0 --commit 0 \
        --beyond "$ssh/words" "$@"
}

while read -r nth pair; do
    [ -z "${HSMFERRY_TEST_LONG:-}" ] || nth=1
    ok "$pair beyond ssh, the connection fails at each ${nth}th message and way" \
        sweep --link "$nth" --pair "$pair"
    sed -n 's/^[0-9]* runs, .*/# &/p' "$tmp/out"
done <<'END'
211 softhsm:softhsm
307 softhsm:nss
307 nss:softhsm
END

naive() { # at one of the answers around the commit; ok empties what the case before has printed
    for number in $(seq 26 48); do
        sweep --naive --dir "$tmp" --only "softhsm:nss/link/new:tear:from:$number" >"$tmp/naive" ||
            return 0
    done
    return 1
}
ok "control: the naive order is caught" naive
ok "... by what it leaves under its final name" grep 'has its final name, and nobody proved it' "$tmp/naive"
finish
