#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Private keys whose public half bears another name, or is in a certificate only, as many programs
# leave them: it is found by a signature; nothing is believed because of a name.
set -u
# shellcheck source=tests/field/lib.sh
. "${0%/*}/lib.sh"

need_softhsm openssl
python=/usr/bin/python3 # Debian's own: it has Debian's modules
"$python" -c 'import PyKCS11, cryptography' 2>/dev/null ||
    skip_all "python3-pykcs11 or python3-cryptography is not installed"
cases=0

# pem NAME CURVE|rsa: a key and its certificate.
pem() {
    case $2 in
    rsa) set -- "$1" rsa:2048 -outform PEM ;;
    *) set -- "$1" ec -pkeyopt "ec_paramgen_curve:$2" ;;
    esac
    pem_name=$1
    pem_type=$2
    shift 2
    openssl req -x509 -newkey "$pem_type" "$@" -nodes -keyout "$tmp/$pem_name" \
        -out "$tmp/$pem_name.crt" -subj "/CN=$pem_name" -days 30 2>/dev/null
}

# source_of LINE...: a new token, $src, filled so; and two new destinations, $dst and $new.
source_of() {
    cases=$((cases + 1))
    src=src$cases dst=dst$cases new=new$cases
    soft "$src" && soft "$dst" && nss "$new" &&
        printf '%s\n' "$@" | (cd "$tmp" && "$python" \
            "$abs_top_srcdir/tests/field/halves.py" "$softhsm" "$src")
}

# to DESTINATION-SIDE CODE KEY...
to() {
    to_side=$1
    to_code=$2
    shift 2
    ceremony "$(soft_side "pkcs11:token=$src")" "$to_side" "$@"
    ends "$to_code" --plain
}

to_soft() {
    to "$(soft_side "pkcs11:token=$dst")" "$@"
}

to_nss() {
    to "$(nss_side "$new")" "$@"
}

# arrived CLASS COUNT: so many such objects are on the SoftHSM destination.
arrived() {
    pkcs11-tool --module "$softhsm" --token-label "$dst" --login --pin 1234 -O >"$tmp/there" 2>/dev/null
    cat "$tmp/there"
    [ "$(grep -c "^$1 Object" "$tmp/there")" -eq "$2" ]
}

# NSS finds the key by its certificate: it lists "u".
nss_joins() {
    certutil -L -d "sql:$tmp/$new" >"$tmp/there"
    cat "$tmp/there"
    grep -qE "^$1 +u,u,u" "$tmp/there"
}

for name in a b c; do pem "$name" P-256; done
pem p384 P-384
pem p521 P-521
pem rsa rsa
pem rsa2 rsa

found='its public half was found by a signature: in the'

for curve in a p384 p521; do
    source_of "key $curve k 01 sign" "cert $curve k 01"
    ok "$curve: in the certificate alone: to NSS" to_nss 0 'pkcs11:object=k;type=private'
    ok "... which the review says" says "$found certificate k"
    ok "... and NSS finds the key by it" nss_joins k
    ok "$curve: ... to SoftHSM" to_soft 0 'pkcs11:object=k;type=private'
    ok "... with a public key made of it" arrived 'Public Key' 1
done

source_of "key p384 k 01 sign" "public p384 k 02" "public a k 03"
ok "a public key with another id: to NSS" to_nss 0 'pkcs11:object=k;type=private'
ok "... is the one with the label that verifies" says "$found public key k" \
    'public EC P-384.*takes its id'
ok "... to SoftHSM it keeps its id" to_soft 0 'pkcs11:object=k;type=private'
ok "... and no second one is made" arrived 'Public Key' 1

source_of "key rsa k 01 sign" "public rsa k 01" "cert rsa c 6b657931" "cert rsa2 other 77"
ok "a certificate with another id and label: to NSS" to_nss 0 'pkcs11:object=k;type=private'
ok "... takes the key's id, which the review says" says 'certificate.*takes its id'
ok "... so that NSS finds the key by it" nss_joins c
ok "... to SoftHSM it keeps its id" to_soft 0 'pkcs11:object=k;type=private'
ok "... and another key's stays" arrived 'Certificate' 1

source_of "key a a - sign" "public a a -" "key b b - sign" "public b b -"
ok "two pairs without ids" to_soft 0 'pkcs11:type=private'
ok "... are two pairs there" arrived 'Public Key' 2

source_of "key a - - sign" "public b - -" "public a - -" "cert c - -"
ok "a key without any name" to_soft 0 'pkcs11:type=private'
ok "... is known by its curve" says "$found public key"

source_of "key a a 12 sign" "public a a 12" "cert a a 12" "key b b 12 sign" "public b b 12" \
    "cert b b 12"
ok "two EC pairs with one id" to_soft 0 'pkcs11:type=private'
ok "... both public keys arrive" arrived 'Public Key' 2
ok "... and both certificates" arrived 'Certificate' 2

source_of "key rsa a 12 sign" "public rsa a 12" "key rsa2 b 12 sign" "public rsa2 b 12"
ok "two RSA pairs with one id" to_soft 0 'pkcs11:type=private'
ok "... both public keys arrive" arrived 'Public Key' 2

source_of "key a k 12 sign" "public a k 12" "key b k 12 sign" "public b k 12"
ok "two pairs with one id and one label: 4" to_soft 4 'pkcs11:type=private'
ok "... for that reason" says 'two keys on the source bear this label and id'

# What lies: another key's, with this key's id and label.
source_of "key a k 01 sign" "cert b k 01" "public a x 02"
ok "a certificate that lies" to_nss 0 'pkcs11:object=k;type=private'
ok "... is not taken for the key's" says "$found public key x" \
    "certificate.*CANNOT GO: its public key is not the private key's"
source_of "key a k 01 sign" "public b k 01" "cert a x 02"
ok "a public key that lies" to_nss 0 'pkcs11:object=k;type=private'
ok "... is not believed, though the module joins it to the key" says "$found certificate x" \
    'public key.*CANNOT GO: it bears the private key.s id and is another'
source_of "key a k 01 sign" "public b k 01" "cert a k 02"
ok "... beside a certificate with the label" to_nss 0 'pkcs11:object=k;type=private'
ok "... which is taken" says "$found certificate k"
source_of "key a k 01 sign" "cert b k 01" "public c k 02" "public rsa k 01"
ok "nothing but what lies: 65" to_soft 65 'pkcs11:object=k;type=private'
ok "... in true words" says 'no public key or certificate on the source belongs to it'

source_of "key a k 01 sign,stays" "cert a k 01"
ok "what nothing can mend comes first" to_soft 77 'pkcs11:object=k;type=private'
ok "... not the public half" says 'CANNOT GO: not extractable'

source_of "key a k 01 derive" "cert b k 01" "cert a k 02"
ok "a key that only derives" to_soft 0 'pkcs11:object=k;type=private'
ok "... is asked to agree" says 'found by a key agreement: in the certificate k'

# More candidates than are tried; the names decide which come first.
openssl genpkey -genparam -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$tmp/params"
for i in $(seq 70); do openssl genpkey -paramfile "$tmp/params" -out "$tmp/m$i"; done
many=$(for i in $(seq 70); do echo "public m$i m$i $(printf %04x "$i")"; done)
source_of "$many" "key a k 01 sign"
ok "70 candidates by nothing but the curve: 65" to_soft 65 'pkcs11:object=k;type=private'
ok "... which is said" says 'of the first 64 public keys and certificates none belongs to it, and 6 more'
source_of "$many" "key a k 01 sign" "cert a k 02"
ok "... the label puts one in front of them" to_soft 0 'pkcs11:object=k;type=private'

# Other programs.
source_of "key a k 31 sign"
ok "p11tool writes a certificate, with an id of its own making" env GNUTLS_PIN=1234 p11tool \
    --provider "$softhsm" --login --batch --write --load-certificate "$tmp/a.crt" --label crt \
    "pkcs11:token=$src"
ok "... key and certificate arrive" to_soft 0 'pkcs11:object=k;type=private'
ok "... together" arrived 'Certificate' 1

if command -v keytool >/dev/null; then
    source_of "key b unused 99 sign"
    slot=$(softhsm2-util --show-slots | awk -v t="$src" '/^Slot/ { s = $2 } $1 == "Label:" && $2 == t { print s }')
    printf 'name = java\nlibrary = %s\nslot = %s\nattributes(*, CKO_PRIVATE_KEY, *) = {\n CKA_EXTRACTABLE = true\n}\n' \
        "$softhsm" "$slot" >"$tmp/java.cfg"
    ok "keytool makes an EC key, with a certificate alone" keytool -genkeypair -keyalg EC \
        -groupname secp384r1 -alias jk -dname CN=jk -keystore NONE -storetype PKCS11 \
        -providerClass sun.security.pkcs11.SunPKCS11 -providerArg "$tmp/java.cfg" -storepass 1234
    ok "... it goes to NSS" to_nss 0 'pkcs11:id=jk;type=private'
    ok "... which finds it by its certificate" nss_joins jk
    ok "... and to SoftHSM" to_soft 0 'pkcs11:id=jk;type=private'
else
    skip "keytool makes an EC key" "keytool is not installed"
fi

# NSS knows the half of each of its keys itself.
source_of "key b unused 99 sign"
openssl pkcs12 -export -inkey "$tmp/p384" -in "$tmp/p384.crt" -name k -out "$tmp/k.p12" \
    -passout pass:transfer 2>/dev/null
pk12util -i "$tmp/k.p12" -d "sql:$tmp/$new" -k "$pin_file" -W transfer >/dev/null
ceremony "$(nss_side "$new")" "$(soft_side "pkcs11:token=$dst")" 'pkcs11:object=k;type=private'
ok "from NSS" ends 0 --plain
ok "... with its certificate" arrived 'Certificate' 1
not_ok "... without looking for its half" says 'was found by'

# waits PATTERN: until the ceremony that runs in the background says so.
waits() {
    for _ in $(seq 600); do
        grep -qE -- "$1" "$tmp/log" && return
        sleep 0.1
    done
    return 1
}

# An interruption: the plan that resumes finds the same halves again.
source_of "key a k1 01 sign" "cert a k1 01" "key b k2 02 sign" "cert b x 03" "key c k3 04 sign" \
    "cert c k3 04" "key p384 k4 05 sign" "cert p384 k4 05" "key p521 k5 06 sign" "cert p521 k5 06"
rm -rf "$tmp/reports"
ceremony "$(soft_side "pkcs11:token=$src")" "$(nss_side "$new")" 'pkcs11:type=private'
"$hsmferry" --plain "$tmp/c.yaml" >"$tmp/log" 2>&1 </dev/null &
pid=$!
ok "the second key is on its way" waits 'key 2 k2: encrypt'
kill -9 "$pid"
wait "$pid" 2>/dev/null
resumed() {
    "$hsmferry" resume "$(find "$tmp/reports" -name '*.journal')" >"$tmp/log" 2>&1 </dev/null
    resume_code=$?
    cat "$tmp/log"
    return "$resume_code"
}
ok "resumed after it was killed" resumed
ok "... both keys are joined to their certificates" nss_joins k1
ok "... also by another id" nss_joins x
finish
