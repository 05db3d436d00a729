#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys sealed for key services: OpenSSL opens each file with the service's private key, and finds the
# key. What is refused, and why.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"
need_softhsm certutil openssl pk12util pkcs11-tool "$python"

aes=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
mac=202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
word=736573616d65206f70656e2021 # 13 octets: SoftHSM would pad them
make_token old "aes32:aes:id=01:value=$aes" "generic32:mac:id=02:value=$mac" \
    "generic13:word:id=03:value=$word" rsa2048:rsa:id=04 ec256:ec:id=05 ec384:ec384:id=06 \
    aes16:short:id=07
keys=$tmp/keys
mkdir "$keys"
for bits in 1024 2048 3072 4096; do
    openssl genrsa -out "$keys/$bits.key" "$bits" 2>/dev/null &&
        openssl rsa -in "$keys/$bits.key" -pubout -out "$keys/$bits.pem" 2>/dev/null &&
        openssl rsa -in "$keys/$bits.key" -pubout -outform DER -out "$keys/$bits.der" 2>/dev/null ||
        exit 99
done

# prepare KEYS [POLICY]...: the token as it was made, and a ceremony file without a destination.
prepare() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c"
    mkdir "$tmp/c"
    cp -R "$tmp/made-old" "$tmp/c/old"
    configure_tokens "$tmp/c/old"
    echo swordfish >"$tmp/c/pin"
    cat >"$tmp/c/ceremony.yaml" <<END
title: Sealed
rehearsal: yes
source:
  api: pkcs11
$(side old -)
keys: [$1]
policy:
  rsa-bits: 2048
  gates: []
report-folder: reports
END
}

seal() { # seal SERVICE KEY-FILE [OPTION]...
    service=$1
    wrapping=$2
    shift 2
    timeout -k 5 600 "$quick" seal --for "$service" --wrapping-key "$wrapping" "$@" \
        "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
    status=$?
    cat "$tmp/log"
    return "$status"
}

# says CODE SENSE... -- ARGUMENT...: seal ends with this code, and says each of these.
says() {
    code=$1
    shift
    : >"$tmp/senses"
    while [ "$1" != -- ]; do
        printf '%s\n' "$1" >>"$tmp/senses"
        shift
    done
    shift
    seal "$@" >/dev/null
    status=$?
    cat "$tmp/log"
    while IFS= read -r sense; do
        grep -qE -- "$sense" "$tmp/log" || {
            echo "nothing says: $sense"
            return 1
        }
    done <"$tmp/senses"
    [ "$status" -eq "$code" ] || echo "it ended with $status, not $code"
    [ "$status" -eq "$code" ]
}

file_of() { # file_of LABEL: the sealed file of this key
    find "$tmp/c/reports" -name "*-sealed*.[0-9]*-$1.*" | grep .
}

# blob FORM FILE: the ciphertext in it.
blob() {
    case $1 in
    raw) cat "$2" ;;
    base64) base64 -d "$2" ;;
    byok) "$python" -c 'import base64, json, sys
byok = json.load(open(sys.argv[1]))
assert byok["schema_version"] == "1.0.0" and byok["generator"].startswith("hsmferry ")
assert byok["header"] == {"kid": "https://v.vault.azure.net/keys/kek/0123", "alg": "dir",
                          "enc": "CKM_RSA_AES_KEY_WRAP"}
assert "=" not in byok["ciphertext"]
sys.stdout.buffer.write(base64.urlsafe_b64decode(byok["ciphertext"] + "=="))' "$2" ;;
    esac
}

hash=sha1 # of OAEP
decrypt() { # decrypt BITS < OAEP
    openssl pkeyutl -decrypt -inkey "$keys/$1.key" -pkeyopt rsa_padding_mode:oaep \
        -pkeyopt "rsa_oaep_md:$hash"
}

# opened FORM BITS LABEL: what the service gets out of the key's file, in $tmp/opened.
opened() {
    octets=$(($2 / 8))
    blob "$1" "$(file_of "$3")" >"$tmp/blob" && head -c "$octets" "$tmp/blob" >"$tmp/oaep" &&
        decrypt "$2" <"$tmp/oaep" >"$tmp/opened" || return 1
    [ "$(wc -c <"$tmp/blob")" -gt "$octets" ] || return 0
    kek=$(od -An -v -tx1 "$tmp/opened" | tr -d ' \n')
    tail -c "+$((octets + 1))" "$tmp/blob" |
        openssl enc -d -id-aes256-wrap-pad -K "$kek" -iv A65959A6 >"$tmp/opened"
}

is_value() { # is_value FORM BITS LABEL HEX
    opened "$1" "$2" "$3" && od -An -v -tx1 "$tmp/opened" | tr -d ' \n' | grep -qx "$4"
}

public_of() { # public_of LABEL: the public half, as the token gives it
    PIN=swordfish at "$tmp/c/old" pkcs11-tool --module "$softhsm" --token-label old --login \
        --pin env:PIN --read-object --type pubkey --label "$1" --output-file "$tmp/$1.der" >/dev/null 2>&1
}

is_pair() { # is_pair FORM BITS LABEL: the private key of this public half
    opened "$1" "$2" "$3" && public_of "$3" &&
        openssl pkey -inform DER -in "$tmp/opened" -pubout -outform DER -out "$tmp/public" &&
        openssl pkey -pubin -inform DER -in "$tmp/$3.der" -outform DER -out "$tmp/token" &&
        cmp "$tmp/public" "$tmp/token"
}

is_private() { # no other user may read the files
    find "$tmp/c/reports" -type f ! -perm 600 | grep . && return 1
    find "$tmp/c/reports" -name '*.part' | grep . && return 1
    [ "$(find "$tmp/c/reports" -name '*-sealed*.[0-9]*' | wc -l)" -eq "$1" ]
}

objects() {
    find "$tmp/c/old/tokens" -name '*.object' ! -name token.object | wc -l
}

verified() {
    "$quick" verify --journal "$tmp"/c/reports/*.journal "$tmp"/c/reports/*.yaml
}

# --- each service -------------------------------------------------------------------------------------

pairs='"pkcs11:object=rsa;type=private", "pkcs11:object=ec;type=private"'
secrets='"pkcs11:object=aes", "pkcs11:object=mac"'
kid='--kid https://v.vault.azure.net/keys/kek/0123'

# service NAME BITS NEXT KEYS OPTION...: seals them.
service() {
    name=$1
    bits=$2
    next=$3
    prepare "$4"
    shift 4
    was=$(objects)
    ok "$name: keys are sealed" says 0 "is complete: 0 migrated, [0-9]+ sealed, 0 refused, 0 failed" \
        "^  $next" "^  .*$tmp/c/reports/.*-sealed[-0-9]*\.[0-9]" -- "$name" "$keys/$bits.pem" "$@"
    ok "$name: the report passes with its journal" verified
    ok "$name: nothing is left on the source" [ "$(objects)" -eq "$was" ]
}

echo token >"$tmp/token"
service aws-kms 4096 'aws kms import-key-material .*--import-token fileb://.*/token ' \
    "$pairs, $secrets" --import-token "$tmp/token"
ok "aws-kms: four files, for this user alone" is_private 4
ok "aws-kms: an AES key directly" is_value raw 4096 aes "$aes"
ok "aws-kms: an HMAC key directly" is_value raw 4096 mac "$mac"
ok "aws-kms: an RSA key" is_pair raw 4096 rsa
ok "aws-kms: an EC key" is_pair raw 4096 ec
not_ok "control: another private key opens none" is_value raw 2048 aes "$aes"
not_ok "control: it is not another key" is_value raw 4096 aes "$mac"
not_ok "control: nor another pair" sh -c "cmp '$tmp/rsa.der' '$tmp/ec.der'"
ok "SoftHSM's zeros are announced next to the key" \
    grep -q 'key [0-9] ec: WARNING: the source may add up to 7 zero octets' "$tmp/log"

for name in gcp-kms cloudhsm rsa-aes; do
    service "$name" 3072 '.*' "$pairs, $secrets"
    ok "$name: an AES key" is_value raw 3072 aes "$aes"
    ok "$name: a secret" is_value raw 3072 mac "$mac"
    ok "$name: an RSA key" is_pair raw 3072 rsa
    ok "$name: an EC key" is_pair raw 3072 ec
done

# shellcheck disable=SC2086 # two words
service azure-byok 2048 'az keyvault key import ' "$pairs, \"pkcs11:object=aes\"" $kid
ok "azure-byok: an AES key" is_value byok 2048 aes "$aes"
ok "azure-byok: an RSA key" is_pair byok 2048 rsa
ok "azure-byok: an EC key" is_pair byok 2048 ec

service vault-transit 4096 'vault write .*hash_function=SHA1' "$pairs, $secrets"
ok "vault-transit: an AES key" is_value base64 4096 aes "$aes"
ok "vault-transit: a secret" is_value base64 4096 mac "$mac"
ok "vault-transit: an RSA key" is_pair base64 4096 rsa

service rsa-oaep 2048 'openssl pkeyutl -decrypt .*rsa_oaep_md:sha1' "$secrets, \"pkcs11:object=word\""
ok "rsa-oaep: an AES key" is_value raw 2048 aes "$aes"
ok "rsa-oaep: a secret that SoftHSM would pad" is_value raw 2048 word "$word"

prepare "$secrets"
ok "a wrapping key in DER" says 0 '2 sealed' -- rsa-aes "$keys/3072.der"

# NSS can do SHA-256, and pads nothing: the file holds exactly the key that OpenSSL made.
of_nss() {
    mkdir "$tmp/c/db" && certutil -N -d "sql:$tmp/c/db" -f "$tmp/c/pin" >/dev/null &&
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/known.key" -out "$tmp/known.crt" \
            -subj /CN=known -days 30 2>/dev/null &&
        openssl pkcs12 -export -inkey "$tmp/known.key" -in "$tmp/known.crt" -name known \
            -passout pass:x -out "$tmp/known.p12" &&
        pk12util -i "$tmp/known.p12" -d "sql:$tmp/c/db" -k "$tmp/c/pin" -W x >/dev/null &&
        edit 's/api: .*/api: nss/' "s|module: .*|module: sql:$tmp/c/db|" '/environment/d' \
            "s|token: .*|token: \"pkcs11:token=NSS%20Certificate%20DB?pin-source=file:$tmp/c/pin\"|"
}
is_known() { # is_known FORM BITS
    openssl pkcs8 -topk8 -nocrypt -outform DER -in "$tmp/known.key" -out "$tmp/known.der" &&
        opened "$1" "$2" known && cmp "$tmp/opened" "$tmp/known.der"
}
prepare '"pkcs11:object=known;type=private"'
ok "an NSS database with a known key" of_nss
ok "oci: keys are sealed from NSS, with SHA-256" says 0 '1 sealed' 'RSA_OAEP_AES_SHA256' -- oci "$keys/4096.pem"
not_ok "... without a word of padding" grep -q 'zero octets' "$tmp/log"
hash=sha256
ok "oci: exactly the known key" is_known base64 4096
hash=sha1
not_ok "control: with the other hash nothing opens" is_known base64 4096
prepare '"pkcs11:object=known;type=private"'
ok "an NSS database once more" of_nss
# shellcheck disable=SC2086 # two words
ok "azure-byok: with SHA-1, though the source can do better" says 0 'transport: rsa-oaep-sha1' '1 sealed' \
    -- azure-byok "$keys/2048.pem" $kid
ok "azure-byok: exactly the known key" is_known byok 2048

# --- what is refused ----------------------------------------------------------------------------------

untouched() { # refused before anything began: no report
    find "$tmp/c/reports" -type f 2>/dev/null | grep . && return 1
    return 0
}

refused() { # refused CODE WORDS SENSE ARGUMENT...
    code=$1
    words=$2
    sense=$3
    shift 3
    prepare "$secrets"
    ok "refused: $words" says "$code" "$sense" -- "$@"
}

refused 69 "a service that takes SHA-256 only" \
    'rsa-oaep-sha1 destination: Oracle OCI Vault does not take it' oci "$keys/4096.pem"
prepare '"pkcs11:object=word"'
ok "refused: a secret that would be padded" says 65 'word: 13 bytes, CANNOT GO: aes-kwp would pad it' \
    -- rsa-aes "$keys/2048.pem"
ok "... which goes directly where the service takes that" says 0 '1 sealed' -- rsa-oaep "$keys/2048.pem"
ok "refused: a secret that is too short" says 69 'takes no secret of fewer than 28 bytes' \
    -- aws-kms "$keys/2048.pem"
prepare '"pkcs11:object=short"'
ok "refused: an AES key of another size" says 69 'takes AES keys of 256 bits only, not of 128' \
    -- aws-kms "$keys/2048.pem"
ok "control: which another service takes" says 0 '1 sealed' -- rsa-aes "$keys/2048.pem"
prepare '"pkcs11:object=mac"'
# shellcheck disable=SC2086 # two words
ok "refused: a kind that the service does not take" says 69 'Azure Key Vault takes no .* key as a file' \
    -- azure-byok "$keys/2048.pem" $kid
prepare '"pkcs11:object=rsa;type=private"'
ok "refused: a private key, directly" says 69 'RSA-OAEP takes no RSA key as a file' -- rsa-oaep "$keys/2048.pem"
prepare '"pkcs11:object=ec384;type=private", "pkcs11:object=rsa;type=public"'
ok "refused: a public key" says 69 'takes no public object as a file' -- rsa-aes "$keys/2048.pem"

# numbers FILE MODULUS EXPONENT: an RSA public key of these numbers, whatever they are.
numbers() {
    cat >"$tmp/key.conf" <<END
asn1=SEQUENCE:spki
[spki]
algorithm=SEQUENCE:rsa
key=BITWRAP,SEQUENCE:numbers
[rsa]
oid=OID:rsaEncryption
null=NULL
[numbers]
n=INTEGER:0x$2
e=INTEGER:$3
END
    openssl asn1parse -genconf "$tmp/key.conf" -noout -out "$1"
}
n=$(openssl rsa -in "$keys/2048.key" -noout -modulus 2>/dev/null | cut -d= -f2)
numbers "$keys/same.der" "$n" 65537
numbers "$keys/even.der" "${n%?}0" 65537
numbers "$keys/three.der" "$n" 3
numbers "$keys/small.der" "000000${n#??????}3" 65537
ok "control: a key that is made of the same numbers" cmp "$keys/same.der" "$keys/2048.der"
(cat "$keys/2048.der" && printf x) >"$keys/tail.der"
cat "$keys/2048.pem" "$keys/3072.pem" >"$keys/both.pem"
head -c 20000 /dev/zero >"$keys/huge"
: >"$keys/empty"
openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -out "$keys/ec.pem" 2>/dev/null
echo hello >"$keys/text"

while read -r code file sense; do
    refused "$code" "the wrapping key $file" "$sense" rsa-aes "$keys/$file"
    ok "... before anything began" untouched
done <<'END'
65 even.der even
65 three.der exponent
77 1024.pem has 1024 bits, and the policy wants 2048 or more
65 tail.der no such public key
65 both.pem more than one key
65 huge larger|too large|more than
65 empty no such public key|empty
65 text no such public key
65 ec.pem no such public key
65 2048.key no such public key
66 missing cannot be opened: No such file
END
refused 69 "a wrapping key of another size than the service's" 'has 4096 to 4096 bits, and this one 2048' \
    vault-transit "$keys/2048.pem"
prepare "$secrets"
edit 's/rsa-bits: .*/rsa-bits: 4096/'
ok "refused: fewer bits than the policy's" says 77 'the policy wants 4096 or more' -- rsa-aes "$keys/3072.pem"
ok "control: as many pass" says 0 '2 sealed' -- rsa-aes "$keys/4096.pem"
prepare "$secrets"
edit 's/^  gates: .*/&\n  oaep-hashes: [sha256]/'
ok "refused: a hash that the policy does not allow" says 69 'the policy does not allow it' \
    -- rsa-aes "$keys/2048.pem"

refused 64 "a service that nobody knows" 'Name one with --for: aws-kms, gcp-kms, .*rsa-oaep' nobody "$keys/2048.pem"
refused 64 "Azure without the key's name" 'must name its wrapping key by a URL' azure-byok "$keys/2048.pem"
refused 64 "a name that could leave its place" 'must name its wrapping key by a URL' \
    azure-byok "$keys/2048.pem" --kid 'https://x/"},"a":"'
# shellcheck disable=SC2086 # two words
refused 64 "a name that no file has" 'leave out --kid' rsa-aes "$keys/2048.pem" $kid
refused 66 "an import token that is not there" 'The import token cannot be read' \
    aws-kms "$keys/2048.pem" --import-token "$tmp/missing"
refused 64 "an import token for a service without" 'has no import token' \
    rsa-aes "$keys/2048.pem" --import-token "$tmp/token"
make_token new aes32:resident:id=d1
ceremony - -
ok "refused: a ceremony file that names a destination" says 78 'and this names an HSM' \
    -- rsa-aes "$keys/2048.pem"
prepare "$secrets"
ok "refused: without one, a ceremony between two HSMs" ends 78 'the key "destination" is missing'

# --- the examples ----------------------------------------------------------------------------------

# Each is read to its end: only its module or database is not there.
example() {
    sed "s|module: .*|module: $1|" "$abs_top_srcdir/examples/seal-$2.yaml" >"$tmp/c/ceremony.yaml"
}
prepare "$secrets"
example "$tmp/missing.so" aws
ok "the example for AWS is read" says 78 'missing.so cannot be opened' -- aws-kms "$keys/4096.pem"
example "sql:$tmp/missing" azure
# shellcheck disable=SC2086 # two words
ok "the example for Azure is read" says 78 'there is no folder .*missing' -- azure-byok "$keys/2048.pem" $kid
sed -i 's/^title/tittle/' "$tmp/c/ceremony.yaml"
# shellcheck disable=SC2086 # two words
ok "control: an unknown key would be seen" says 78 tittle -- azure-byok "$keys/2048.pem" $kid

# --- the fingerprint ----------------------------------------------------------------------------------

# In production the words of the service's key are asked for, whatever the ceremony file waives.
production() {
    prepare "$secrets"
    edit 's/^rehearsal: .*/rehearsal: no\nofficers: [{name: Ada, role: source officer}, {name: Bob, role: destination officer}]/'
}
production
not_ok "in production nothing waives the fingerprint" seal rsa-aes "$keys/2048.pem"
ok "... and no file is written" is_private 0
ok "with its words the keys are sealed" "$python" "$abs_top_srcdir/tests/terminal.py" \
    'of the fingerprint: ' '@words\n' -- "$quick" seal --plain --for rsa-aes \
    --wrapping-key "$keys/2048.pem" "$tmp/c/ceremony.yaml"
ok "... which are there" is_private 2
production
not_ok "control: other words seal nothing" "$python" "$abs_top_srcdir/tests/terminal.py" \
    'of the fingerprint: ' 'a b c d\n' 'of the fingerprint: ' 'a b c d\n' -- \
    "$quick" seal --plain --for rsa-aes --wrapping-key "$keys/2048.pem" "$tmp/c/ceremony.yaml"
ok "... no file" is_private 0

# --- killed -------------------------------------------------------------------------------------------

production
not_ok "killed at the gate" "$python" "$abs_top_srcdir/tests/terminal.py" \
    'of the fingerprint: ' "!kill -9 \$PID" -- "$quick" seal --plain --for rsa-aes \
    --wrapping-key "$keys/2048.pem" "$tmp/c/ceremony.yaml"
ok "there is nothing to resume" sh -c "'$quick' resume '$tmp'/c/reports/*.journal |
    grep -q 'is not resumed: it left nothing on the source'"
ok "... and files that no report has are to be removed" sh -c "'$abs_top_builddir/hsmferry' resume '$tmp'/c/reports/*.journal |
    grep -q 'Remove the files .* which no report has'"
ok "control: its journal has begun" grep -q load-public "$tmp"/c/reports/*.journal
edit 's/^rehearsal: .*/rehearsal: yes/'
ok "it starts over" says 0 '2 sealed' -- rsa-aes "$keys/2048.pem"

# --- what the service says afterwards -----------------------------------------------------------------

check() { # check CODE SENSE [FILE]
    status=0
    "$quick" check-sealed ${3:+--public-key "$3"} "$tmp/report.yaml" >"$tmp/log" 2>&1 ||
        status=$?
    cat "$tmp/log"
    [ "$status" -eq "$1" ] && grep -qE -- "$2" "$tmp/log"
}

prepare "$pairs, $secrets"
seal rsa-aes "$keys/2048.pem" >/dev/null
cp "$tmp"/c/reports/*.yaml "$tmp/report.yaml"
cp "$tmp/report.yaml" "$tmp/whole.yaml"
public_of rsa && openssl pkey -pubin -inform DER -in "$tmp/rsa.der" -out "$tmp/rsa.pem"
public_of ec
ok "the service's public key proves the key" check 0 'ok . rsa: proven' "$tmp/rsa.pem"
ok "... and no other one" check 0 'ec: unproven, the public key is another one' "$tmp/rsa.pem"
ok "in DER too" check 0 'ok . ec: proven' "$tmp/ec.der"
ok "a secret stays unproven" check 0 'aes: unproven, it has no public key' "$tmp/ec.der"
ok "without a public key nothing is proven" check 66 'mac: unproven'
ok "another public key is a reason for alarm" check 65 'belongs to none of the sealed keys' "$keys/3072.pem"
ok "no public key at all" check 65 'no such public key' "$keys/text"
sed -i '0,/sealed/s//Sealed/' "$tmp/report.yaml"
ok "an altered report proves nothing" check 65 'seal|altered|sha256' "$tmp/rsa.pem"

# forged SED: the report with these changes, under a seal that anybody can make.
forged() {
    sed '$d' "$tmp/whole.yaml" | sed "$1" >"$tmp/body"
    printf 'seal: {lines: %s, sha256: "%s"}\n' "$(wc -l <"$tmp/body")" \
        "$(sha256sum <"$tmp/body" | cut -d' ' -f1)" | cat "$tmp/body" - >"$tmp/forged.yaml"
    "$quick" verify "$tmp/forged.yaml"
}
ok "control: the report under such a seal passes" forged ''
not_ok "no sealed key is called migrated" forged 's/outcome: "sealed"/outcome: "migrated"/'
not_ok "none without its file" forged 's/, file-sha256: "[0-9a-f]*"//'
not_ok "none in a ceremony between two HSMs" forged '/sealed-for:/d'
not_ok "none for another service" forged 's/sealed-for: .*/sealed-for: "aws-kms"/'
not_ok "none that the summary does not count" forged 's/^  sealed: .*/  sealed: 3/'
# --- the services' own clients ------------------------------------------------------------------------

# Each sends a file to a server on this host, which unwraps what arrives. These clients are no Debian
# packages: only the long run fetches them.
clients='@aws-sdk/client-kms@3.1164.0 @azure/keyvault-keys@4.10.2 @google-cloud/kms@5.7.0 node-vault@0.12.0'
# shellcheck disable=SC2086 # a list of words
fetch_clients() {
    mkdir -p "$tmp/npm" && cd "$tmp/npm" && echo '{"private": true}' >package.json &&
        timeout 600 npm install --no-audit --no-fund --ignore-scripts --silent $clients </dev/null &&
        openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 30 \
            -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
}
sends() { # sends SERVICE BITS LABEL WANTED
    sent=$(file_of "$3") && cd "$tmp/npm" &&
        env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY \
            NODE_EXTRA_CA_CERTS="$tmp/npm/tls.crt" timeout 100 node \
            "$abs_top_srcdir/tests/softhsm/seal_clients.mjs" "$1" "$sent" "$keys/$2.key" tls.key tls.crt "$4"
}
by_clients() {
    prepare "$pairs, $secrets"
    public_of rsa
    ok "a file for AWS KMS" says 0 '4 sealed' -- aws-kms "$keys/4096.pem" --import-token "$tmp/token"
    ok "@aws-sdk/client-kms sends it: an AES key" sends aws-kms 4096 aes "$aes"
    ok "... an RSA key" sends aws-kms 4096 rsa "$tmp/rsa.der"
    not_ok "control: it is not another key" sends aws-kms 4096 aes "$mac"
    prepare "$pairs, $secrets"
    ok "a file for Google Cloud KMS" says 0 '4 sealed' -- gcp-kms "$keys/3072.pem"
    ok "@google-cloud/kms sends it: an AES key" sends gcp-kms 3072 aes "$aes"
    ok "... an RSA key" sends gcp-kms 3072 rsa "$tmp/rsa.der"
    prepare "$pairs"
    # shellcheck disable=SC2086 # two words
    ok "a file for Azure" says 0 '2 sealed' -- azure-byok "$keys/2048.pem" $kid
    ok "@azure/keyvault-keys sends it: an RSA key" sends azure-byok 2048 rsa "$tmp/rsa.der"
    prepare "$secrets"
    ok "a file for Vault" says 0 '2 sealed' -- vault-transit "$keys/4096.pem"
    ok "node-vault sends it: an AES key" sends vault-transit 4096 aes "$aes"
}
if [ -z "${HSMFERRY_TEST_LONG:-}" ]; then
    skip "the services' own clients" "only in the long run"
elif ! command -v npm >/dev/null; then
    skip "the services' own clients" "npm is not installed"
elif ! (fetch_clients) >"$tmp/out" 2>&1; then
    skip "the services' own clients" "npm cannot fetch them"
else
    by_clients
fi
finish
