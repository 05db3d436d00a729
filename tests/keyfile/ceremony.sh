#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Software keys going in: PKCS#12, PKCS#8 and PEM, modern and legacy, into SoftHSM and into NSS. What the
# copy signs, OpenSSL verifies under the file's public key.
set -u
# shellcheck source=tests/keyfile/lib.sh
. "${0%/*}/lib.sh"

make_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make_key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
make_key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
make_key ed -algorithm ED25519

# The forms of a key file, from what make_key made.
make_p12 rsa "$tmp/modern.p12"
make_p12 rsa "$tmp/legacy.p12" -legacy
make_p12 p256 "$tmp/triple-des.p12" -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
openssl pkcs8 -topk8 -in "$tmp/p384.key" -passout "file:$tmp/phrase" -v2 aes-256-cbc \
    -out "$tmp/pkcs8.pem"
openssl pkcs8 -topk8 -in "$tmp/p521.key" -passout "file:$tmp/phrase" -scrypt -outform DER \
    -out "$tmp/pkcs8.der"
openssl rsa -in "$tmp/rsa.key" -traditional -aes128 -passout "file:$tmp/phrase" \
    -out "$tmp/traditional.pem" 2>/dev/null
cat "$tmp/p256.key" "$tmp/p256.crt" >"$tmp/clear.pem"

# id_of LABEL: the id of the private key with this label on the token.
id_of() {
    PIN=$(cat "$tmp/pin") pkcs11-tool --module "$softhsm" --token-label new --login --pin env:PIN \
        --list-objects --type privkey 2>/dev/null | awk -v label="$1" \
        '$1 == "label:" { is = $2 == label } is && $1 == "ID:" { print $2; exit }'
}

says() {
    grep -qE "$1" "$tmp"/c/reports/*.yaml
}

# softhsm_signs LABEL KEY [PUBLIC]: the copy on SoftHSM signs, and OpenSSL verifies with the public key of
# the file, or another one.
softhsm_signs() {
    openssl dgst -sha256 -binary -out "$tmp/digest" "$tmp/phrase" || return
    mechanism=ECDSA padding=
    if [ "$2" = rsa ]; then # SoftHSM's mechanism pads a DigestInfo
        mechanism=SHA256-RSA-PKCS
        padding="-pkeyopt digest:sha256"
        cp "$tmp/phrase" "$tmp/data"
    else
        cp "$tmp/digest" "$tmp/data"
    fi
    # shellcheck disable=SC2086 # two words, or none
    PIN=$(cat "$tmp/pin") pkcs11-tool --module "$softhsm" --token-label new --login --pin env:PIN --sign \
        --mechanism "$mechanism" --signature-format openssl --id "$(id_of "$1")" \
        --input-file "$tmp/data" --output-file "$tmp/signature" &&
        openssl pkeyutl -verify -pubin -inkey "$tmp/${3:-$2}.pub" -in "$tmp/digest" $padding \
            -sigfile "$tmp/signature"
}

# nss_signs LABEL KEY [PUBLIC]: a certificate request that NSS signs with the copy has this public key, and
# its signature is right.
nss_signs() {
    id=$(certutil -K -d "sql:$tmp/nss" -f "$tmp/pin" | sed -nE 's/^< *0> +\S+ +(\S+) .*/\1/p')
    certutil -R -d "sql:$tmp/nss" -f "$tmp/pin" -k "$id" -s "CN=$2" -a -o "$tmp/request.pem" &&
        sed -n '/-----BEGIN/,/-----END/p' "$tmp/request.pem" >"$tmp/request" &&
        openssl req -in "$tmp/request" -verify -noout &&
        openssl req -in "$tmp/request" -pubkey -noout >"$tmp/public" &&
        openssl pkey -pubin -in "$tmp/public" -outform DER >"$tmp/public.der" &&
        openssl pkey -pubin -in "$tmp/${3:-$2}.pub" -outform DER | cmp - "$tmp/public.der"
}

run() {
    keep_reports "$tmp/c/reports"
    "$quick" --plain "$tmp/c/ceremony.yaml"
}

# moves FILE KEY LABEL DESTINATION: the key of this file arrives and signs there.
moves() {
    "new_$4" >/dev/null 2>&1
    ceremony "$tmp/$1" "$4"
    ok "$1 into $4" run
    cp "$tmp/out" "$tmp/printed"
    ok "... what the copy signs is right under the file's public key" "$4_signs" "$3" "$2"
    ok "... the report calls the source SOFTWARE" says "SOFTWARE $1"
}

while read -r file key label; do
    moves "$file" "$key" "$label" softhsm
done <<'END'
legacy.p12 rsa rsa
triple-des.p12 p256 p256
pkcs8.pem p384 pkcs8
pkcs8.der p521 pkcs8
traditional.pem rsa traditional
clear.pem p256 clear
modern.p12 rsa rsa
END
not_ok "control: not under another public key" softhsm_signs rsa rsa p256
ok "line mode says SOFTWARE" grep -q 'SOFTWARE modern.p12' "$tmp/printed"
ok "... and warns that copies of the file keep its keys" \
    grep -q 'the source is SOFTWARE: anyone' "$tmp/printed"
ok "... so does the report" says 'name: "software", text: "the source is SOFTWARE'
ok "the certificate accompanies its key" sh -c "PIN=\$(cat '$tmp/pin') pkcs11-tool --module '$softhsm' \
    --token-label new --login --pin env:PIN --read-object --type cert --label rsa 2>/dev/null |
    openssl x509 -inform DER | cmp - '$tmp/rsa.crt'"

moves pkcs8.pem p384 pkcs8 nss
moves legacy.p12 rsa rsa nss
moves modern.p12 rsa rsa nss
not_ok "control: nor is what NSS signs right under another one" nss_signs rsa rsa p256
ok "NSS has the certificate of the key" sh -c "certutil -L -d 'sql:$tmp/nss' -n rsa -a |
    openssl x509 | cmp - '$tmp/rsa.crt'"

# Several keys in one PKCS#12 file: OSSL_STORE would return one of them.
"$abs_top_builddir/tests/keyfile/bags" "$tmp/phrase" "$tmp/three.p12" "key:$tmp/rsa.key:one:01" \
    "key:$tmp/p256.key:two:02" "key:$tmp/ed.key:three:03" "cert:$tmp/rsa.crt:one:01" \
    "cert:$tmp/p384.crt:two:02"
new_softhsm
ceremony "$tmp/three.p12" softhsm
exits 69 "PKCS#12 with three keys: two arrive, and the third is refused" run
cp "$tmp/out" "$tmp/printed"
ok "... the first" softhsm_signs one rsa
ok "... the second" softhsm_signs two p256
ok "... the third is named with the reason" \
    grep -q 'three: Ed25519, CANNOT GO: .*the destination takes no Ed25519 key' "$tmp/printed"
ok "... a certificate of another key is refused, with the reason" \
    grep -q "two.*its public key is not the private key's" "$tmp/printed"
cat "$tmp/rsa.key" "$tmp/p256.key" >"$tmp/two.pem"
new_softhsm
ceremony "$tmp/two.pem" softhsm "pkcs11:object=two-2;type=private"
ok "PEM with two keys: each has its own name" run
ok "... and the named one arrived" softhsm_signs two-2 p256
not_ok "... alone" softhsm_signs two rsa

# What cannot be migrated is listed with its type, and the reason.
"$abs_top_builddir/tests/keyfile/bags" "$tmp/phrase" "$tmp/same.p12" "key:$tmp/rsa.key:one:01" \
    "key:$tmp/p256.key:one:01"
ceremony "$tmp/same.p12" softhsm
not_ok "two keys with the same label and id: neither is migrated" run
cp "$tmp/out" "$tmp/printed"
ok "... and the reason is named" grep -q 'two keys on the source bear this label and id' "$tmp/printed"
openssl ecparam -name P-256 -genkey -noout -param_enc explicit -out "$tmp/explicit.pem"
{
    cat "$tmp/explicit.pem"
    openssl genpkey -algorithm X25519
    openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 2>/dev/null
    openssl genpkey -algorithm ED448
} >"$tmp/kinds.pem"
ceremony "$tmp/kinds.pem" softhsm
not_ok "keys of other kinds are not migrated" run
cp "$tmp/out" "$tmp/printed"
while read -r label reason; do
    ok "... $label: $reason" grep -q "$label: .*CANNOT GO: $reason" "$tmp/printed"
done <<'END'
kinds explicit EC parameters
kinds-2 canary: .*the HSM did not unwrap the key
kinds-3 unsupported type: RSA-PSS
kinds-4 canary: .*the destination takes no Ed448 key
END

# PKCS#12 without a MAC, with an empty passphrase, and PEM as Windows writes it
make_p12 p256 "$tmp/no-mac.p12" -nomac
openssl pkcs12 -export -inkey "$tmp/p256.key" -in "$tmp/p256.crt" -name p256 -passout pass: -out "$tmp/empty.p12"
sed 's/$/\r/' "$tmp/p256.key" >"$tmp/windows.pem"
moves no-mac.p12 p256 p256 softhsm
moves empty.p12 p256 p256 softhsm
moves windows.pem p256 windows softhsm

# The certificate's keyUsage restricts what the key may do on the destination.
openssl req -new -x509 -key "$tmp/rsa.key" -subj /CN=rsa -addext keyUsage=critical,digitalSignature \
    -out "$tmp/signs.crt"
cat "$tmp/rsa.key" "$tmp/signs.crt" >"$tmp/signs.pem"
cat "$tmp/rsa.key" "$tmp/rsa.crt" >"$tmp/all.pem"
new_softhsm
ceremony "$tmp/signs.pem" softhsm
ok "a key whose certificate says digitalSignature" run
# usage LABEL: the uses of the key on the token
usage() {
    PIN=$(cat "$tmp/pin") pkcs11-tool --module "$softhsm" --token-label new --login --pin env:PIN \
        --list-objects --type privkey 2>/dev/null | awk -v label="$1" \
        '$1 == "label:" { is = $2 == label } is && $1 == "Usage:" { sub(/^ *Usage: */, ""); print; exit }'
}
ok "... signs, and does nothing else" test "$(usage signs)" = sign
new_softhsm
ceremony "$tmp/all.pem" softhsm
ok "control: one whose certificate says nothing" run
ok "... may do what an RSA key can" test "$(usage all)" = "decrypt, sign, unwrap"

# The agent is confined before it has the passphrase.
ok "the agent is confined" says 'confinement: "seccomp, Landlock [0-9]+, no network"'

# Into a file for a key service, which has the private half of the wrapping key
seal() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c/reports"
    ceremony "$tmp/modern.p12" softhsm
    sed -i '/^destination:/,/^keys:/{/^keys:/!d;}' "$tmp/c/ceremony.yaml"
    "$quick" seal --for rsa-aes --wrapping-key "$tmp/service.der" --plain "$tmp/c/ceremony.yaml" </dev/null
}

unsealed() {
    /usr/bin/python3 "${0%/*}/unseal.py" "$tmp/service.key" "$1" "$tmp"/c/reports/*.bin
}

if /usr/bin/python3 -c 'import cryptography' 2>/dev/null; then
    openssl genrsa -out "$tmp/service.key" 3072 2>/dev/null
    openssl rsa -in "$tmp/service.key" -pubout -outform DER -out "$tmp/service.der" 2>/dev/null
    ok "a key of a key file is sealed for a key service" seal
    ok "... which has the key then" unsealed "$tmp/rsa.key"
    make_key another -algorithm RSA -pkeyopt rsa_keygen_bits:2048
    not_ok "control: not another one" unsealed "$tmp/another.key"
else
    skip "a key of a key file is sealed for a key service" "python3-cryptography is not installed"
fi
finish
