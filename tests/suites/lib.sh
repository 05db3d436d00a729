# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of this folder share: tests/lib.sh, opencryptoki's tokens "old" and "new" of
# tests/opencryptoki/start.sh, SoftHSM's tokens "from" and "to", and an NSS database. All PINs are start.sh's.

# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

hsmferry=$abs_top_builddir/hsmferry
dialect= # of opencryptoki's sides; empty: its own
for ock in /usr/lib/*/pkcs11/libopencryptoki.so; do
    [ ! -f "$ock" ] || break
done
umask 077
echo 87651234 >"$tmp/pin"

# ock_version: "3.27"
ock_version() {
    dpkg-query -W -f '${Version}' opencryptoki | sed 's/^\([0-9]*\.[0-9]*\).*/\1/'
}

# is_older PACKAGE VERSION
is_older() {
    dpkg --compare-versions "$(dpkg-query -W -f '${Version}' "$1")" lt "$2"
}

# need_newer: the suite has ML-DSA and ML-KEM by PKCS#11 3.2, or the test is skipped.
need_newer() {
    if is_older opencryptoki 3.27 || is_older libnss3 2:3.132; then
        skip_all "opencryptoki $(ock_version) or NSS is older than 3.27 and 3.132, which have ML-DSA and ML-KEM by PKCS#11 3.2"
    fi
}

make_softhsm() {
    mkdir "$tmp/tokens"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tmp/tokens" \
        >"$tmp/softhsm2.conf"
    SOFTHSM2_CONF=$tmp/softhsm2.conf
    export SOFTHSM2_CONF
    for label in from to; do
        softhsm2-util --init-token --free --label "$label" --pin 87651234 --so-pin 87654321 >/dev/null
    done
}

# make_database: an empty NSS database, $database.
make_database() {
    database=$tmp/nss
    mkdir "$database" && certutil -N -d "sql:$database" -f "$tmp/pin"
}

fill() { # fill MODULE TOKEN: keys that another program makes
    for key in "--keygen --key-type AES:32 --label one --id 01" \
        "--keypairgen --key-type rsa:2048 --label two --id 02" \
        "--keypairgen --key-type EC:prime256v1 --label three --id 03"; do
        # shellcheck disable=SC2086 # words
        pkcs11-tool --module "$1" --token-label "$2" --login --pin 87651234 $key --sensitive \
            --extractable >"$tmp/out" 2>&1 || cat "$tmp/out"
    done
}

soft_side() { # soft_side TOKEN
    printf '  api: pkcs11\n  module: %s\n  token: "pkcs11:token=%s?pin-source=file:%s"\n' "$softhsm" \
        "$1" "$tmp/pin"
    printf '  environment: ["SOFTHSM2_CONF=%s"]\n' "$SOFTHSM2_CONF"
}

nss_side() { # the database, by NSS's own API
    printf '  api: nss\n  module: "sql:%s"\n  token: "pkcs11:token=NSS%%20Certificate%%20DB?pin-source=file:%s"\n' "$database" "$tmp/pin"
}

ock_side() { # ock_side TOKEN
    printf '  api: pkcs11\n  module: %s\n' "$ock"
    [ -z "$dialect" ] || printf '  dialect: %s\n' "$dialect"
    printf '  token: "pkcs11:token=%s?pin-source=file:%s"\n' "$1" "$tmp/pin"
}

# moves SOURCE DESTINATION TRANSPORT [KEYS [POLICY-LINE]]: so many keys (3) arrive over this transport.
moves() {
    {
        printf 'title: Suite\nrehearsal: yes\nsource:\n%s\ndestination:\n%s\n' "$1" "$2"
        printf 'keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]\n'
        printf 'policy:\n  gates: []\n%s\nreport-folder: %s/reports\n' "${5:+  $5}" "$tmp"
    } >"$tmp/c.yaml"
    "$hsmferry" --plain "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1
    status=$?
    cat "$tmp/log"
    [ "$status" -eq 0 ] && grep -q "transport: $3," "$tmp/log" &&
        grep -q "complete: ${4:-3} migrated" "$tmp/log"
}
