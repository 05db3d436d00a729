#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What crosses the relay was altered, or is not what it should be: nothing arrives.
set -u
# shellcheck source=tests/badinput/lib.sh
. "${0%/*}/lib.sh"

unchanged='source unchanged; nothing on the destination'

nothing_arrives() {
    ends 65 "$unchanged" "$@" && ! arrived
}

# refused WORDS SENSE...: the ceremony ends with 65, says each of these, and nothing arrived.
refused() {
    words=$1
    shift
    ok "$words" nothing_arrives "$@"
}

good
ok "control: nothing wrong, and it ends 0" ends 0 'complete: 1 migrated'
ok "... and the key arrives" arrived

# --- the transport public key -----------------------------------------------------------------

# spki FILE OPTION...: the public half of a new key.
spki() {
    file=$tmp/$1
    shift
    openssl genpkey "$@" -outform der 2>/dev/null |
        openssl pkey -inform der -pubout -outform der -out "$file"
}

# told FILE: the destination tells this public half.
told() {
    ceremony 'keys=aes32:one' "spki=$tmp/$1"
}

whom='Do not continue with this destination until you know who changed the key'
spki right -algorithm rsa -pkeyopt rsa_keygen_bits:2048
spki small -algorithm rsa -pkeyopt rsa_keygen_bits:1024
spki three -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
spki ec -algorithm ec -pkeyopt ec_paramgen_curve:P-256
size=$(wc -c <"$tmp/right")
{ cat "$tmp/right" && printf '\0'; } >"$tmp/long"
head -c $((size - 1)) "$tmp/right" >"$tmp/short"
# The modulus ends 5 bytes before the end, where the exponent stands: 02 03 01 00 01.
{ head -c $((size - 6)) "$tmp/right" && printf '\0\2\3\1\0\1'; } >"$tmp/even"
{ head -c $((size - 1)) "$tmp/right" && printf '\3'; } >"$tmp/exponent"
printf 'no key at all' >"$tmp/noise"

# modulus FILE HEX: the public half with this modulus.
modulus() {
    openssl asn1parse -genconf - -noout -out "$tmp/$1" >/dev/null <<END
asn1 = SEQUENCE:spki
[spki]
algorithm = SEQUENCE:algorithm
key = BITWRAP,SEQUENCE:key
[algorithm]
oid = OID:rsaEncryption
parameters = NULL
[key]
n = INTEGER:0x$2
e = INTEGER:0x10001
END
}

# calculated EXPRESSION: in hexadecimal.
calculated() {
    python3 -c "print('%x' % ($1))"
}

# a_prime BITS
a_prime() {
    echo "0x$(openssl prime -generate -bits "$1" -hex)"
}

p=$(a_prime 1024)
modulus sound "$(calculated "$p * $(a_prime 1024)")"
modulus prime "$(calculated "$(a_prime 2048)")"
modulus square "$(calculated "$p ** 2")"
modulus factor "$(calculated "65521 * $(a_prime 2032)")"

told small && refused "fewer bits than the policy wants" '1024' "$whom"
told three && refused "the exponent 3" 'exponent other than 65537' "$whom"
told exponent && refused "the exponent 65539" 'exponent other than 65537' "$whom"
told even && refused "an even modulus" 'even modulus' "$whom"
told ec && refused "not RSA" 'RSA' "$whom"
told long && refused "a byte after the end" '1 bytes after its end' "$whom"
told short && refused "a byte too few" 'not a SubjectPublicKeyInfo' "$whom"
told sound && refused "control: of the right form, and not the one that the destination has" \
    'cannot be used: it was damaged or altered'
told prime && refused "a modulus that is a prime" 'a modulus that is a prime' "$whom"
told square && refused "a modulus that is a square" 'a modulus that is a square' "$whom"
told factor && refused "a small factor" 'a prime factor below 65536' "$whom"
told noise && refused "no key at all" 'not a SubjectPublicKeyInfo' "$whom"
told right && refused "another key than the private half's" 'cannot be used: it was damaged or altered' \
    'before you try again'
ceremony 'keys=aes32:one;lie=load_public:1:other' ''
refused "the source holds another one than it was given" 'another transport public key' 'Do not continue'

# --- encrypted keys -------------------------------------------------------------------------------

altered='the encrypted key cannot be used: it was damaged or altered\. Nothing of it is on the destination\.'
for call in 1 2; do
    for lie in flip short long; do
        ceremony "keys=aes32:one;lie=wrap:$call:$lie" ''
        refused "blob $call: $lie" "$altered" 'before you try again'
    done
done
ceremony 'keys=generic13:one;lie=wrap:2:flip;exact=no' 'takes=no'
refused "a key directly under the transport key: flip" "$altered" 'before you try again'
ceremony 'keys=generic13:one;exact=no' 'takes=no'
ok "control: unaltered, that one arrives" ends 0 'complete: 1 migrated'

# --- what arrives -----------------------------------------------------------------------------------

move_nothing='Move nothing more there before you know why'
ceremony 'keys=aes32:one' 'lie=describe:5:kind'
refused "a key of another type" 'another type' "$move_nothing"
ceremony 'keys=generic32:one' 'lie=unwrap:2:other'
refused "another key" 'proof failed' 'determine what altered it'
ceremony 'keys=ec256:one:+public' 'lie=unwrap:2:other'
refused "another private key" 'another public key' "$move_nothing"
ceremony 'keys=aes32:one' 'lie=prove:1:flip'
refused "a proof that differs" 'proof failed' 'determine what altered it'
ceremony 'keys=aes32:one' 'lie=prove:2:flip'
refused "a proof that differs after the key was kept" 'undone: keep it' 'proof failed'
ceremony 'keys=aes32:one' 'lie=unwrap:2:guards'
refused "a destination that ignores the template" 'contrary to its template' "$move_nothing"
finish
