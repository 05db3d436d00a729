#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys of newer kinds between opencryptoki 3.27, NSS 3.132 and SoftHSM: ML-DSA, ML-KEM, Ed25519, HMAC. For
# suites.sh, which runs it in a tree with these, within tests/opencryptoki/start.sh.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm softhsm2-util certutil openssl
hsmferry=$abs_top_builddir/hsmferry
keys=$abs_top_builddir/tests/suites/newer_keys
for ock in /usr/lib/*/pkcs11/libopencryptoki.so; do
    [ ! -f "$ock" ] || break
done
for softoken in /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so; do
    [ ! -f "$softoken" ] || break
done
umask 077
pin=87651234 # start.sh's
echo $pin >"$tmp/pin"
mkdir "$tmp/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tmp/tokens" \
    >"$tmp/softhsm2.conf"
SOFTHSM2_CONF=$tmp/softhsm2.conf
export SOFTHSM2_CONF

# --- places: "ock old", "nss DATABASE", "soft TOKEN" --------------------------------------------

parameters() { # parameters DATABASE
    printf "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='' flags=" "$tmp/$1"
}

database() { # database NAME: a fresh one
    rm -rf "${tmp:?}/$1"
    mkdir "$tmp/$1"
    certutil -N -d "sql:$tmp/$1" -f "$tmp/pin"
}

token() { # token NAME: a fresh one of SoftHSM
    softhsm2-util --delete-token --token "$1" >/dev/null 2>&1
    softhsm2-util --init-token --free --label "$1" --pin $pin --so-pin 87654321 >/dev/null
}

# on KIND PLACE WORD...: newer_keys there.
on() {
    kind=$1 place=$2
    shift 2
    case $kind in
    nss) "$keys" "$softoken" "$(parameters "$place")" 'NSS Certificate DB' $pin "$@" ;;
    soft) "$keys" "$softhsm" '' "$place" $pin "$@" ;;
    *) "$keys" "$ock" '' "$place" $pin "$@" ;;
    esac
}

side() { # side KIND PLACE
    case $1 in
    file)
        printf '  api: openssl\n  module: %s\n  token: "pkcs11:?pin-source=file:%s"\n' "$2" "$tmp/pin"
        return
        ;;
    nss) set -- "$softoken" 'NSS%20Certificate%20DB' "$(parameters "$2")" ;;
    soft) set -- "$softhsm" "$2" '' "SOFTHSM2_CONF=$SOFTHSM2_CONF" ;;
    *) set -- "$ock" "$2" ;;
    esac
    printf '  api: pkcs11\n  module: %s\n  token: "pkcs11:token=%s?pin-source=file:%s"\n' "$1" "$2" "$tmp/pin"
    [ -z "${3:-}" ] || printf '  parameters: "%s"\n' "$3"
    [ -z "${4:-}" ] || printf '  environment: ["%s"]\n' "$4"
}

# moves COUNT KIND PLACE KIND PLACE: all keys; so many arrive, and the exit code says the rest.
moves() {
    {
        printf 'title: Newer keys\nrehearsal: yes\nsource:\n%s\n' "$(side "$2" "$3")"
        printf 'destination:\n%s\n' "$(side "$4" "$5")"
        printf 'keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]\n'
        printf 'policy:\n  gates: []\nreport-folder: %s/reports\n' "$tmp"
    } >"$tmp/c.yaml"
    "$hsmferry" --plain "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1
    status=$?
    grep -q " $1 migrated" "$tmp/log" || cat "$tmp/log"
    grep -q " $1 migrated" "$tmp/log" && grep -q 'every key that arrived was proven\|complete' "$tmp/log"
}

# migrated KEY WAY: it arrived, proven that way.
migrated() {
    grep -q "key [0-9]* $1: migrated: $2" "$tmp/log"
}

# refused KEY WHY
refused() {
    grep -q "key [0-9]* $1: refused: .*$2" "$tmp/log"
}

# signs KIND PLACE LABEL PUBLIC: OpenSSL takes its signature for one by this public key.
signs() {
    echo 'a message' >"$tmp/message"
    on "$1" "$2" sign "$3" <"$tmp/message" >"$tmp/signature" &&
        openssl pkeyutl -verify -pubin -inkey "$4" -keyform DER -rawin -in "$tmp/message" \
            -sigfile "$tmp/signature"
}

fill() { # fill KIND PLACE NAME...: a key of each kind, and its public half in $tmp/KIND.NAME
    into=$1 at=$2
    shift 2
    id=0
    for name in "$@"; do
        id=$((id + 1))
        on "$into" "$at" make "$name" "$name" $id || return 1
        case $name in
        HMAC*) ;;
        *) on "$into" "$at" public "$name" >"$tmp/$into.$name" || return 1 ;;
        esac
    done
}

lattices='ML-DSA-44 ML-DSA-65 ML-DSA-87 ML-KEM-512 ML-KEM-768 ML-KEM-1024'
signed='both sides signed a random challenge'
secret='both sides decapsulated a fresh secret'

# arrived KIND PLACE FROM: all lattice keys were proven, and sign there as they did on FROM.
arrived() {
    for name in $lattices; do
        case $name in
        ML-DSA*)
            ok "... $name, proven by signatures" migrated "$name" "$signed"
            ok "... and OpenSSL takes one under the source's public key" \
                signs "$1" "$2" "$name" "$tmp/$3.$name"
            ;;
        *) ok "... $name, proven by a decapsulation" migrated "$name" "$secret" ;;
        esac
    done
}

# --- opencryptoki and NSS ------------------------------------------------------------------------

ok "keys of today on opencryptoki" fill ock old $lattices HMAC-SHA-256 Ed25519
database from
ok "... and in a database of NSS" fill nss from $lattices HMAC-SHA-256 Ed25519
database to
ok "opencryptoki to NSS: seven arrive" moves 7 ock old nss to
arrived nss to ock
not_ok "control: nor is what NSS signs right under another public key" \
    signs nss to ML-DSA-65 "$tmp/nss.ML-DSA-65"
ok "... HMAC-SHA-256" migrated HMAC-SHA-256 'both sides digested'
ok "... but Ed25519 is refused, whose inner form is opencryptoki's own" \
    refused Ed25519 'takes no Ed25519 key, or not as the source wraps it\|CKR_'
ok "NSS to opencryptoki: seven arrive" moves 7 nss from ock new
arrived ock new nss
ok "... but Ed25519 is refused" refused Ed25519 'takes no Ed25519 key, or not as the source wraps it'

# --- each with itself ----------------------------------------------------------------------------

database to
ok "NSS to NSS: all eight" moves 8 nss from nss to
ok "... Ed25519 too" migrated Ed25519 "$signed"
ok "... OpenSSL takes its signature" signs nss to Ed25519 "$tmp/nss.Ed25519"
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
ok "opencryptoki to opencryptoki: all eight" moves 8 ock old ock new
ok "... OpenSSL takes its signature" signs ock new Ed25519 "$tmp/ock.Ed25519"

# --- SoftHSM, which has none of them but HMAC ----------------------------------------------------

token to
ok "opencryptoki to SoftHSM: the HMAC key" moves 1 ock old soft to
ok "... ML-DSA is refused" refused ML-DSA-65 'the destination\|CKR_'
token from
ok "a key of HMAC on SoftHSM" fill soft from HMAC-SHA-256
database to
ok "SoftHSM to NSS" moves 1 soft from nss to
sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
ok "SoftHSM to opencryptoki" moves 1 soft from ock new

# --- key files -----------------------------------------------------------------------------------

for name in ED25519 ML-DSA-65; do
    openssl genpkey -algorithm $name -outform PEM -aes-256-cbc -pass "file:$tmp/pin" -out "$tmp/$name.pem"
    openssl pkey -in "$tmp/$name.pem" -passin "file:$tmp/pin" -pubout -outform DER -out "$tmp/file.$name"
    database to
    ok "a file with $name to NSS" moves 1 file "$tmp/$name.pem" nss to
    ok "... proven" migrated '.*' "$signed"
done
finish
