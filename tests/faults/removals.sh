#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Some cases of the fault sweep over removals (make faults is all of it), some double faults and kills;
# and its control: a key that is destroyed without a copy is found.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil openssl "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"

sweep() {
    "$python" "$abs_top_srcdir/tests/faults/removals.py" "$abs_top_builddir" "$@"
}

# The summary, behind the words of the case.
counted() {
    sed -n 's/^# [0-9]* cases, .*/&/p' "$tmp/out"
}

ok "no key is lost without a proven copy, and what is said is true" sweep --every 220 --double 2 --kill 2
counted
not_ok "control: a key that is destroyed without a copy is found" sweep --naive --pair softhsm:softhsm
finish
