#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every tenth case of the fault sweep (make faults is all of it), some double faults and kills (those
# within a commit are kills.sh's); and its control: a destination that takes the naive order is found out.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil openssl "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"

# sweep OPTION...: tells what it found, also where all is well.
sweep() {
    "$python" "$abs_top_srcdir/tests/faults/sweep.py" "$abs_top_builddir" "$@"
}

# The summary, behind the words of the case.
counted() {
    sed -n 's/^[0-9]* runs, .*/# &/p' "$tmp/out"
}

naive() { # ok and not_ok empty what the case before has printed
    sweep --naive --pair softhsm:nss --of prove >"$tmp/naive"
}

hsms='--pair softhsm:softhsm --pair softhsm:nss --pair nss:softhsm'
# shellcheck disable=SC2086 # words
ok "whatever fails, what is said is true" sweep $hsms --every 40 --commit 0 --double 30 --kill 20 \
    ${HSMFERRY_TEST_LONG:+--whole}
counted
ok "of keys that are sealed, too: each file is whole and reported" sweep --pair softhsm:files \
    --pair nss:files --every 60 --kill 6
counted
for sessions in 1 4; do
    ok "the same with keys in progress together, sessions: $sessions" sweep --sessions "$sessions" \
        --pair softhsm:softhsm --whole --every 160 --commit 0 --double 5 --kill 5
    counted
done
every=120
[ -z "${HSMFERRY_TEST_LONG:-}" ] || every=1
ok "the same of a resync" sweep --resync --pair softhsm:softhsm --pair nss:softhsm --every "$every" \
    --commit 0 --double 5 --kill 5
counted
# A copy that is there: the calls which set its attributes, and the system calls within them.
ok "and of a copy that it brings into line, in NSS" sweep --resync --pair softhsm:nss --of tighten
counted
ok "... in SoftHSM" sweep --resync --pair softhsm:softhsm --of C_SetAttributeValue --every "$((every / 20 + 1))"
counted
ok "... whose HSM is killed there" sweep --resync --pair softhsm:softhsm --pair softhsm:nss --every 0 \
    --commit "$((every / 6 + 1))"
counted
not_ok "control: the naive order is caught" naive
ok "... by what it leaves under its final name" grep 'has its final name, and nobody proved it' "$tmp/naive"
ok "control: the right order is not" sweep --pair softhsm:nss --of prove
finish
