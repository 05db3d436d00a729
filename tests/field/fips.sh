#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An NSS database in FIPS mode, as destination and as source.
set -u
# shellcheck source=tests/field/lib.sh
. "${0%/*}/lib.sh"

command -v modutil >/dev/null || skip_all "modutil is not installed"
printf 'Fips-Pin.1234\n' >"$pin_file"
softhsm2-util --init-token --free --label src --pin Fips-Pin.1234 --so-pin 5678 >/dev/null || exit 99
nss new || exit 99
modutil -dbdir "sql:$tmp/new" -fips true -force >"$tmp/mod" 2>&1 || skip_all "no FIPS mode here"
sum=$(sha256sum <"$tmp/new/pkcs11.txt")

make() {
    pkcs11-tool --module "$softhsm" --token-label src --login --pin Fips-Pin.1234 "$@" >/dev/null 2>&1
}
make --keygen --key-type AES:32 --label aes --id 01 --extractable --sensitive || exit 99
make --keypairgen --key-type rsa:2048 --label rsa --id 02 --extractable --usage-sign || exit 99
make --keypairgen --key-type EC:prime256v1 --label ec --id 03 --extractable --usage-sign || exit 99
make --keygen --key-type GENERIC:40 --label secret --id 04 --extractable --sensitive || exit 99

fips_side() {
    nss_side new | sed 's/token=NSS%20Certificate%20DB/token=NSS%20FIPS%20140-2%20Certificate%20DB/'
}

keys='pkcs11:object=aes pkcs11:object=rsa;type=private pkcs11:object=ec;type=private pkcs11:object=secret'
# shellcheck disable=SC2086 # one word a key
ceremony "$(soft_side pkcs11:token=src)" "$(fips_side)" $keys
ok "into a database in FIPS mode" ends 0 --plain
for name in aes rsa ec secret; do
    ok "... $name" migrated "$name"
done
ok "... which is said" says 'NSS is in FIPS mode'
ok "... the review kept its word" kept_word
ok "its list of modules is as it was" test "$sum" = "$(sha256sum <"$tmp/new/pkcs11.txt")"

# As the source: what a database got before it was set to FIPS mode leaves it again. Its policy goes
# for some keys, too, such as RSA keys of 1024 bits.
make --keypairgen --key-type rsa:1024 --label short --id 05 --extractable --usage-sign || exit 99
softhsm2-util --init-token --free --label dst --pin Fips-Pin.1234 --so-pin 5678 >/dev/null || exit 99
nss old && nss plain || exit 99
policy='  extractable: yes'
ceremony "$(soft_side pkcs11:token=src)" "$(nss_side old)" 'pkcs11:object=*'
ok "a database of ordinary mode is filled" ends 0 --plain
policy=
modutil -dbdir "sql:$tmp/old" -fips true -force >/dev/null 2>&1
for to in "$(soft_side pkcs11:token=dst)" "$(nss_side plain)"; do
    ceremony "$(nss_side old | sed 's/token=NSS%20Certificate%20DB/token=NSS%20FIPS%20140-2%20Certificate%20DB/')" \
        "$to" 'pkcs11:object=*'
    ok "out of a database in FIPS mode" ends 0 --plain
    for name in aes rsa ec secret; do
        ok "... $name" migrated "$name"
    done
    ok "... the review kept its word" kept_word
    ok "... and each key is migrated or refused" says '[45] migrated, [01] refused, 0 failed'
done

# Without it, the mode is the other one.
modutil -dbdir "sql:$tmp/new" -fips false -force >/dev/null 2>&1
# shellcheck disable=SC2086
ceremony "$(soft_side pkcs11:token=src)" "$(fips_side)" $keys
ok "a database that is not has no such token" ends 69 --plain
finish
