# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of key files share: a fresh destination, files made by openssl, and ceremonies.

# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm openssl certutil pkcs11-tool softhsm2-util
umask 077
phrase="a passphrase of the tests"
printf '%s\n' "$phrase" >"$tmp/phrase"
export SOFTHSM2_CONF="$tmp/softhsm2.conf"
cat >"$SOFTHSM2_CONF" <<END
directories.tokendir = $tmp/tokens
objectstore.backend = file
log.level = ERROR
END
mkdir -p "$tmp/tokens"
echo 4711-user >"$tmp/pin"

# new_softhsm: a fresh token, "new".
new_softhsm() {
    rm -rf "${tmp:?}/tokens"/*
    softhsm2-util --init-token --free --label new --so-pin 1234 --pin "$(cat "$tmp/pin")" >/dev/null
}

# new_nss: a fresh database.
new_nss() {
    rm -rf "$tmp/nss"
    mkdir "$tmp/nss" && certutil -N -d "sql:$tmp/nss" -f "$tmp/pin"
}

# ceremony FILE softhsm|nss [KEY...]: writes $tmp/c/ceremony.yaml, with all private keys of the file
# unless some are named.
ceremony() {
    mkdir -p "$tmp/c"
    {
        echo "title: Key file"
        echo "rehearsal: yes"
        echo "source:"
        echo "  api: openssl"
        echo "  module: $1"
        echo "  token: \"pkcs11:?pin-source=file:$tmp/phrase\""
        echo "destination:"
        case $2 in
        softhsm)
            echo "  api: pkcs11"
            echo "  module: $softhsm"
            echo "  environment: [\"SOFTHSM2_CONF=$SOFTHSM2_CONF\"]"
            echo "  token: \"pkcs11:token=new?pin-source=file:$tmp/pin\""
            ;;
        nss)
            echo "  api: nss"
            echo "  module: sql:$tmp/nss"
            echo "  token: \"pkcs11:token=NSS%20Certificate%20DB?pin-source=file:$tmp/pin\""
            ;;
        esac
        shift 2
        echo "keys:"
        [ $# -gt 0 ] || set -- "pkcs11:type=private"
        printf '  - "%s"\n' "$@"
        echo "policy: {gates: []}"
        echo "report-folder: reports"
    } >"$tmp/c/ceremony.yaml"
}

# make_key NAME GENPKEY-OPTION...: a private key and a certificate for it, in clear: NAME.key, NAME.crt.
make_key() {
    name=$1
    shift
    openssl genpkey -out "$tmp/$name.key" "$@" 2>/dev/null &&
        openssl req -new -x509 -key "$tmp/$name.key" -subj "/CN=$name" -days 30 -out "$tmp/$name.crt" &&
        openssl pkey -in "$tmp/$name.key" -pubout -out "$tmp/$name.pub"
}

# make_p12 NAME OUT OPTION...: both in a PKCS#12 file.
make_p12() {
    name=$1
    out=$2
    shift 2
    openssl pkcs12 -export -inkey "$tmp/$name.key" -in "$tmp/$name.crt" -name "$name" \
        -passout "file:$tmp/phrase" -out "$out" "$@"
}
