#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the relay gets to see. The keys of these ceremonies are known to us: every octet that crosses
# the pipes is looked at, and all of the console's memory at each gate.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
here=$(cd "${0%/*}" && pwd)
need_softhsm nm "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"
umask 077

# softhsm_side source|destination TOKEN AGENT...: how to start its agent, each word with a comma.
softhsm_side() {
    cat <<END
$1:
  api: pkcs11
  module: $softhsm
  token: "pkcs11:token=$2?pin-source=file:$tmp/pins/$1"
  environment: ["SOFTHSM2_CONF=$tmp/softhsm2.conf"]
  agent: [$3]
END
}

# The test double, which keeps its keys in clear.
fake_side() {
    cat <<END
destination:
  api: fake
  module: $tmp/fake
  parameters: "label=fake;pin=$(cat "$tmp/pins/destination")"
  token: "pkcs11:token=fake?pin-source=file:$tmp/pins/destination"
  agent: ["$abs_top_builddir/tests/fake/hsmferry-agent-fake"]
END
}

# ceremony GATES SIDE SIDE: prints the ceremony file.
ceremony() {
    cat <<END
title: Known keys
rehearsal: yes
keys: ["pkcs11:type=private", "pkcs11:type=secret-key"]
policy: {gates: $1}
report-folder: .
$2
$3
END
}

look_at_memory() {
    ceremony '[review, key]' "$(softhsm_side source hsm-old "$agent")" "$(fake_side)" \
        >"$tmp/look/ceremony.yaml"
    relay "the look at the memory" "$python" "$here/memory.py" "$tmp/known.json" \
        "$tmp/pins/source" "$abs_top_builddir/hsmferry" --plain "$tmp/look/ceremony.yaml"
}

agent="\"$abs_top_builddir/hsmferry-agent\""
export PYTHONDONTWRITEBYTECODE=1
export SOFTHSM2_CONF="$tmp/softhsm2.conf"
mkdir -p "$tmp/tokens" "$tmp/pins" "$tmp/look" "$tmp/taps/source" "$tmp/taps/destination"
cat >"$SOFTHSM2_CONF" <<END
directories.tokendir = $tmp/tokens
objectstore.backend = file
log.level = ERROR
END
for side in source destination; do
    od -An -N8 -tx1 /dev/urandom | tr -d ' \n' >"$tmp/pins/$side"
done
ok "a token with keys that we know" "$python" "$here/known.py" "$softhsm" hsm-old \
    "$tmp/pins/source" "$tmp/known.json"
ok "a token without any" "$python" "$here/known.py" "$softhsm" hsm-new "$tmp/pins/destination"

if nm -D "$abs_top_builddir/hsmferry" | grep -q '__[at]san_'; then
    skip "the look at the memory" "a build with sanitizers"
else
    look_at_memory
fi

tap="/bin/sh, \"$here/tap.sh\", \"$tmp/taps"
ceremony '[]' "$(softhsm_side source hsm-old "$tap/source\", $agent")" \
    "$(softhsm_side destination hsm-new "$tap/destination\", $agent")" >"$tmp/ceremony.yaml"
ok "a ceremony with taps on its pipes" "$abs_top_builddir/hsmferry" --plain "$tmp/ceremony.yaml"
cp "$tmp"/*-known-keys.yaml "$tmp/report.yaml"
cp "$tmp"/*-known-keys.journal "$tmp/report.journal"
relay "the look at the pipes" "$python" "$here/pipes.py" "$tmp" "$abs_top_srcdir/src/link/hsm.proto"
finish
