#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A whole ceremony as a newcomer runs it, then looked at from outside, with tools that are not ours.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm pkcs11-tool openssl "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"

here=$(cd "${0%/*}" && pwd)
dir=$tmp/rehearsal
export SOFTHSM2_CONF="$dir/softhsm2.conf"

# All that both tokens tell of their objects.
look_again() {
    "$python" "$here/snapshot.py" "$softhsm" hsm-old "$dir/pins/source" >"$tmp/after.source" &&
        "$python" "$here/snapshot.py" "$softhsm" hsm-new "$dir/pins/destination" \
            >"$tmp/after.destination"
}

# The programs as built, but for a hsmferry that looks at the tokens first.
make_build() {
    mkdir -p "$tmp/build/examples"
    ln -s "$abs_top_builddir/hsmferry-rehearsal-token" "$tmp/build/"
    cat >"$tmp/build/hsmferry" <<END
#!/bin/sh
for token in hsm-old:source hsm-new:destination; do
    "$python" "$here/snapshot.py" "$softhsm" \${token%:*} "$dir/pins/\${token#*:}" \
        >"$tmp/before.\${token#*:}" || exit 99
done
exec "$abs_top_builddir/hsmferry" "\$@"
END
    chmod +x "$tmp/build/hsmferry"
}

rehearse() {
    sh "$abs_top_srcdir/examples/rehearse.sh" --pair softhsm:softhsm --build "$tmp/build" --plain \
        --dir "$dir" </dev/null
}

# tool TOKEN ARGUMENT...: pkcs11-tool on a token; the PIN is in $PIN.
tool() {
    token=$1
    shift
    pkcs11-tool --module "$softhsm" --token-label "$token" --login --pin env:PIN "$@"
}

# Objects of the source that are newer than the ceremony file. Not token.object: each login writes it.
source_written() {
    find "$source" -name '*.object' ! -name token.object -newer "$dir/ceremony.yaml" | grep .
}

# Objects of a token before the ceremony that are not there, or not the same, after it.
changed() {
    comm -23 "$tmp/before.$1" "$tmp/after.$1" | grep .
}

# A signature by the key that moved belongs to the certificate that stood beside the original. By
# id: pkcs11-tool takes no heed of a label there.
signs_for_certificate() {
    echo "made by the copy" >"$tmp/data"
    PIN=$(cat "$dir/pins/source") tool hsm-old --read-object --type cert --label tls-rsa2048 \
        --output-file "$tmp/cert.der" &&
        PIN=$(cat "$dir/pins/destination") tool hsm-new --sign --mechanism SHA256-RSA-PKCS \
            --id "$1" --input-file "$tmp/data" --output-file "$tmp/signature" &&
        openssl x509 -inform der -in "$tmp/cert.der" -noout -pubkey >"$tmp/public.pem" &&
        openssl dgst -sha256 -verify "$tmp/public.pem" -signature "$tmp/signature" "$tmp/data"
}

# tells FIELD FILE: the report has this file's SHA-256 under this name.
tells() {
    grep -qE "^  $1: \"$(sha256sum <"$2" | cut -d' ' -f1)\"$" "$report"
}

make_build
ok "the rehearsal runs to its end, without a terminal" rehearse
report=$(sed -n '$s/^The report is //p' "$tmp/out")
ok "its last line says where the report is" test -f "$report"
relay "the look from outside" "$python" "$here/outside.py" "$dir" "$softhsm" "$report"
ok "it has the SHA-256 of the program" tells program-sha256 "$abs_top_builddir/hsmferry"
ok "and of the agent that ran" tells agent-sha256 "$abs_top_builddir/hsmferry-agent"
ok "and of the module" tells module-sha256 "$softhsm"
not_ok "control: not of another file" tells module-sha256 "$abs_top_builddir/hsmferry-agent"
source=$(dirname "$(grep -l hsm-old "$dir"/tokens/*/token.object)")
not_ok "no object of the source was written" source_written

ok "the tokens can be looked at once more" look_again
ok "control: the look tells labels, flags and public halves" \
    grep -q 'CKA_EXTRACTABLE=01.*CKA_LABEL=746c732d72736132303438' "$tmp/before.source"
ok "the source: all objects with all attributes as they were" cmp "$tmp/before.source" "$tmp/after.source"
ok "the destination: what was there before is as it was" test -s "$tmp/before.destination"
not_ok "... each object" changed destination
ok "what the copy signs, OpenSSL verifies with the original's certificate" signs_for_certificate 04
not_ok "control: not what another key signs" signs_for_certificate 05

touch "$source"/*.object
ok "control: an object that was written would be seen" source_written
PIN=$(cat "$dir/pins/source") tool hsm-old --type secrkey --id 01 --set-id 0101 >"$tmp/out" 2>&1
ok "control: the snapshot can be made again" look_again
ok "control: one changed attribute would be seen" changed source
finish
