#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys of newer kinds between opencryptoki 3.27, NSS 3.132 and SoftHSM: ML-DSA, ML-KEM, Ed25519, HMAC. For
# suites.sh, which runs it in a tree with these, within tests/opencryptoki/start.sh.
set -u
# shellcheck source=tests/suites/lib.sh
. "${0%/*}/lib.sh"

need_softhsm softhsm2-util certutil openssl
need_newer
for softoken in /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so; do
    [ ! -f "$softoken" ] || break
done
# shellcheck source=tests/newer_places.sh
. "${0%/*}/../newer_places.sh"

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
        on "$into" "$at" make "$name" "$name" "$id" || return 1
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

# shellcheck disable=SC2086 # a word for each kind
ok "keys of today on opencryptoki" fill ock old $lattices HMAC-SHA-256 Ed25519
database from
# shellcheck disable=SC2086 # a word for each kind
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

# --- over a transport that withstands a quantum computer -----------------------------------------

for over in ml-kem-768 ecdh-p384+ml-kem-768; do
    database to
    ok "opencryptoki to NSS by $over: seven arrive" moves 7 ock old nss to
    arrived nss to ock
    sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
    ok "NSS to opencryptoki by $over: six arrive" moves 6 nss from ock new
    arrived ock new nss
    ok "... but the key of HMAC, which keeps its length by RSA-OAEP alone" \
        refused HMAC-SHA-256 'carries multiples of 8 bytes only'
done
over=

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
