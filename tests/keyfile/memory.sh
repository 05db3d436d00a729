#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the keys of a key file are: in the agent, one at a time, while it is used; and nowhere after that.
set -u
# shellcheck source=tests/keyfile/lib.sh
. "${0%/*}/lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
here=$(cd "${0%/*}" && pwd)
"$python" -c 'import PyKCS11, cryptography' 2>/dev/null ||
    skip_all "python3-pykcs11 or python3-cryptography is not installed"
export PYTHONDONTWRITEBYTECODE=1

make_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make_key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
make_p12 rsa "$tmp/rsa.p12"
make_p12 p256 "$tmp/p256.p12" -legacy
make_p12 p384 "$tmp/p384.p12"
openssl pkcs8 -topk8 -in "$tmp/p256.key" -passout "file:$tmp/phrase" -out "$tmp/p256.pem"
openssl rsa -in "$tmp/rsa.key" -traditional -aes128 -passout "file:$tmp/phrase" -out "$tmp/rsa.pem" 2>/dev/null
cat "$tmp/p384.key" "$tmp/p384.crt" >"$tmp/p384.pem"

if nm "$abs_top_builddir/tests/keyfile/leftovers" | grep -q '__[at]san_'; then
    skip "what is left in memory" "a build with sanitizers"
    finish
fi
for key in rsa p256 p384; do
    "$python" "$here/needles.py" "$tmp/$key.key" >"$tmp/needles"
    for form in p12 pem; do
        relay "$key.$form: what is left in memory" "$abs_top_builddir/tests/keyfile/leftovers" \
            "$tmp/$key.$form" "$tmp/phrase" "$tmp/needles"
    done
done
"$python" "$here/needles.py" "$tmp/rsa.key" >"$tmp/needles"
relay "what OpenSSL alone leaves" "$abs_top_builddir/tests/keyfile/leftovers" --without "$tmp/rsa.key" - \
    "$tmp/needles"
# The needles of another key are found nowhere, so the control that finds them must fail.
"$python" "$here/needles.py" "$tmp/p384.key" >"$tmp/needles"
not_ok "control: another key is not found while this one is used" \
    "$abs_top_builddir/tests/keyfile/leftovers" "$tmp/rsa.p12" "$tmp/phrase" "$tmp/needles"

"$abs_top_builddir/tests/keyfile/bags" "$tmp/phrase" "$tmp/both.p12" "key:$tmp/rsa.key:rsa:01" \
    "key:$tmp/p256.key:p256:02"
"$python" "$here/needles.py" --known "$tmp/known.json" "rsa=$tmp/rsa.key" "p256=$tmp/p256.key"
ceremony "$tmp/both.p12" softhsm
{
    sed '/^destination:/,$d' "$tmp/c/ceremony.yaml"
    cat <<END
destination:
  api: fake
  module: $tmp/fake
  parameters: "label=fake;pin=$(cat "$tmp/pin")"
  token: "pkcs11:token=fake?pin-source=file:$tmp/pin"
  agent: ["$abs_top_builddir/tests/fake/hsmferry-agent-fake"]
keys: ["pkcs11:type=private"]
policy: {gates: [review, key]}
report-folder: reports
END
} >"$tmp/c/look.yaml"
relay "the look at a ceremony" "$python" "$here/look.py" "$tmp/known.json" "$tmp/phrase" \
    "$abs_top_builddir/hsmferry" --plain "$tmp/c/look.yaml"
finish
