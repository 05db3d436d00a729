#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A module that lies, in a tenth of the runs that make lies has: no object is lost, and no key is told
# as migrated that is not. And the controls: without the guards one is lost, and a report that was
# forged is found out.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil openssl "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"

# campaign OPTION...: says what it found, also where all is well.
campaign() {
    "$python" "$abs_top_srcdir/tests/faults/lies.py" "$abs_top_builddir" --dir "$tmp" "$@"
}

campaign_into() { # campaign_into FILE OPTION...
    file=$1
    shift
    campaign "$@" >"$file"
}

# The summary, after the words of the case.
counted() {
    sed -n 's/^[0-9]* runs, .*/# &/p' "$tmp/out"
}

lie='ceremony//known:C_UnwrapKey:0:resident swap:C_GetAttributeValue:0'
wrong='ceremony/other:C_SignInit:0:decoy/'

ok "whatever the module answers, no object is lost, and no key is called migrated that is not" \
    campaign --runs 200
counted
ok "control: with all guards on, this lie loses nothing" campaign --only "$lie"
not_ok "control: with the agent's off, it does" campaign_into "$tmp/lost" --guards-off driver,service \
    --only "$lie"
ok "... which the judge sees" grep 'LOST: 1 objects of new' "$tmp/lost"
ok "control: with signatures of another key, none is called migrated that is not" campaign --only "$wrong"
mkdir "$tmp/forge"
not_ok "control: a report that says otherwise is found out" campaign_into "$tmp/forged" --forge \
    --dir "$tmp/forge" --only "$wrong"
rm -r "$tmp/forge" # finish verifies every report that there is
ok "... by the key that is not there" grep 'FALSE: .* is told as migrated' "$tmp/forged"
finish
