#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a destination is known not to take is refused at the review, by its name and never as damage:
# long secrets, curves, explicit parameters. What nobody can know then costs no ceremony: DES keys
# without odd parity.
set -u
# shellcheck source=tests/field/lib.sh
. "${0%/*}/lib.sh"

soft src && soft dst && nss new && nss other || exit 99

# value KEY-TYPE LABEL ID USE, octets on stdin
value() {
    cat >"$tmp/value"
    tool --write-object "$tmp/value" --type secrkey --key-type "$1" --label "$2" --id "$3" \
        --extractable --sensitive "$4" || touch "$tmp/unmade"
}
for len in 256 257 1000; do
    tool --keygen --key-type GENERIC:$len --label s$len --id $((len + 1000)) --extractable \
        --sensitive || exit 99
done
openssl rand 32 | value AES: aes 04 --usage-decrypt
printf '\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024\025\026\027\030' |
    value DES3: even 05 --usage-decrypt
printf '\001\002\004\007\010\013\015\016\020\023\025\026\031\032\034\037\040\043\045\046\051\052\054\057' |
    value DES3: odd 06 --usage-decrypt
ok "all keys are made" test ! -e "$tmp/unmade"
id=20
for curve in secp224r1 secp256k1 brainpoolP256r1 brainpoolP384r1 prime256v1 secp384r1 secp521r1; do
    id=$((id + 1))
    tool --keypairgen --key-type EC:$curve --label ec-$curve --id $id --extractable --usage-sign ||
        exit 99
done

# to WORDS SIDE
to() {
    ceremony "$(soft_side pkcs11:token=src)" "$2" 'pkcs11:object=*;type=private' \
        'pkcs11:object=*;type=secret-key'
    ok "to $1" ends "${3:-0}" --plain
    for name in s256 aes odd ec-prime256v1 ec-secp384r1 ec-secp521r1; do
        ok "... $name goes" migrated "$name"
    done
}

# none_of WORDS: the known limits of NSS
none_of() {
    ok "... 257 bytes are too long for it" refused s257 '257 bytes: the destination takes no secret'
    ok "... 1000, too" refused s1000 'no secret of more than 256'
    ok "... P-224 has its name" refused ec-secp224r1 'no key on the curve P-224'
    ok "... secp256k1" refused ec-secp256k1 'no key on the curve secp256k1'
    ok "... brainpoolP256r1" refused ec-brainpoolP256r1 'no key on the curve brainpoolP256r1'
    ok "... brainpoolP384r1" refused ec-brainpoolP384r1 'no key on the curve brainpoolP384r1'
    ok "... a DES key without odd parity is refused as such" says 'a DES key without odd parity'
    ok "... the review kept its word" kept_word
}
to NSS "$(nss_side new)"
none_of
to "softoken through PKCS#11" "$(softoken_side other)"
none_of

to SoftHSM "$(soft_side pkcs11:token=dst)"
for name in s257 s1000 even ec-secp224r1 ec-secp256k1 ec-brainpoolP256r1; do
    ok "... $name goes" migrated "$name"
done
ok "... and the review kept its word" kept_word

# By its name, a key that is refused only at its proof is no success.
nss third || exit 99
ceremony "$(soft_side pkcs11:token=src)" "$(nss_side third)" pkcs11:object=even pkcs11:object=aes
ok "a named DES key without odd parity: 69" ends 69 --plain
ok "... and the next key arrives" migrated aes
ok "... which the last line counts" says '1 migrated, 1 refused, 0 failed'
finish
