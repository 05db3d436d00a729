# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2034 # lib.sh sets what is read here, and its readers read what is set
# Tokens of three vendors, keys of newer kinds on them, and ceremonies between any two. Sourced after lib.sh;
# ock and softoken are the modules, if there are any.
: "${ock:=}" "${softoken:=}" "${softhsm:=}"
keys=$abs_top_builddir/tests/suites/newer_keys
umask 077
pin=87651234 # that of opencryptoki/start.sh's tokens
echo "$pin" >"$tmp/pin"
mkdir "$tmp/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tmp/tokens" \
    >"$tmp/softhsm2.conf"
SOFTHSM2_CONF=$tmp/softhsm2.conf
export SOFTHSM2_CONF

# --- places: "ock old", "nss DATABASE" (native: the same, by NSS's own API), "soft TOKEN" -------

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
    native)
        printf '  api: nss\n  module: sql:%s\n  token: "pkcs11:token=NSS%%20Certificate%%20DB?pin-source=file:%s"\n' "$tmp/$2" "$tmp/pin"
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

over= # the only transport; empty: the strongest

# moves COUNT KIND PLACE KIND PLACE: all keys; so many arrive, and the exit code says the rest.
moves() {
    {
        printf 'title: Newer keys\nrehearsal: yes\nsource:\n%s\n' "$(side "$2" "$3")"
        printf 'destination:\n%s\n' "$(side "$4" "$5")"
        printf 'keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]\n'
        printf 'policy:\n  gates: []\n%sreport-folder: %s/reports\n' \
            "${over:+  transports: [$over]
}" "$tmp"
    } >"$tmp/c.yaml"
    "$abs_top_builddir/hsmferry" --plain "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1
    status=$?
    { grep -q " $1 migrated" "$tmp/log" && grep -q "transport: $over" "$tmp/log"; } || cat "$tmp/log"
    grep -q " $1 migrated" "$tmp/log" && grep -q "transport: $over" "$tmp/log" &&
        grep -q 'every key that arrived was proven\|complete' "$tmp/log"
}

# migrated KEY WAY: it arrived, proven that way.
migrated() {
    grep -q "key [0-9]* $1: migrated: $2" "$tmp/log"
}

# refused KEY WHY
refused() {
    grep -q "key [0-9]* $1: refused: .*$2" "$tmp/log"
}
