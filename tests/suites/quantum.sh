#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Transports by ML-KEM, alone and with ECDH, between opencryptoki 3.27 and NSS 3.132 in both directions.
# For suites.sh, which runs it in a tree with these, within tests/opencryptoki/start.sh.
set -u
# shellcheck source=tests/suites/lib.sh
. "${0%/*}/lib.sh"

for program in pkcs11-tool certutil symkeyutil; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
need_newer
for softoken in /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so; do
    [ ! -f "$softoken" ] || break
done

# The keys of each side, as its own tools make them.
fill_ock() {
    for key in "--keygen --key-type AES:32 --label a-cipher --id 01" \
        "--keygen --key-type GENERIC:24 --label a-secret --id 02" \
        "--keypairgen --key-type rsa:2048 --label a-signer --id 03 --usage-sign" \
        "--keypairgen --key-type EC:prime256v1 --label a-curve --id 04 --usage-sign"; do
        # shellcheck disable=SC2086 # words
        pkcs11-tool --module "$ock" --token-label old --login --pin 87651234 $key --sensitive \
            --extractable >"$tmp/out" 2>&1 || cat "$tmp/out"
    done
}

fresh_nss() { # fresh_nss NAME
    rm -rf "${tmp:?}/$1"
    mkdir "$tmp/$1" && certutil -N -d "sql:$tmp/$1" -f "$tmp/pin"
}

fill_nss() { # fill_nss NAME
    head -c 64 /dev/urandom >"$tmp/noise"
    symkeyutil -K -n b-cipher -t aes -s 32 -d "sql:$tmp/$1" -f "$tmp/pin" >"$tmp/out" 2>&1
    certutil -G -k rsa -g 2048 -z "$tmp/noise" -d "sql:$tmp/$1" -f "$tmp/pin" >>"$tmp/out" 2>&1
    certutil -G -k ec -q nistp256 -z "$tmp/noise" -d "sql:$tmp/$1" -f "$tmp/pin" >>"$tmp/out" 2>&1
}

softoken_side() { # softoken_side NAME
    printf '  api: pkcs11\n  module: %s\n' "$softoken"
    printf "  parameters: \"configdir='sql:%s' certPrefix='' keyPrefix='' secmod='' flags=\"\n" \
        "$tmp/$1"
    printf '  token: "pkcs11:token=NSS%%20Certificate%%20DB?pin-source=file:%s"\n' "$tmp/pin"
}

write() { # write SOURCE DESTINATION POLICY...
    {
        printf 'title: Quantum\nrehearsal: yes\nsource:\n%s\ndestination:\n%s\n' "$1" "$2"
        printf 'keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]\n'
        printf 'policy:\n  gates: []\n  extractable: yes\nreport-folder: %s/reports\n' "$tmp"
    } >"$tmp/c.yaml"
    shift 2
    for line in "$@"; do
        sed -i "s/^policy:/policy:\n  $line/" "$tmp/c.yaml"
    done
}

run() {
    "$hsmferry" --plain "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1
    ran=$?
    cat "$tmp/log"
    return "$ran"
}

# moves TRANSPORT KDF COUNT: all keys, proven, by this transport, after a canary of each kind.
moves() {
    run && grep -F "transport: $1," "$tmp/log" && grep -F ", KDF $2" "$tmp/log" &&
        grep -q "complete: $3 migrated" "$tmp/log"
}

fill_ock
fresh_nss from
fill_nss from
for transport in ml-kem-768 ml-kem-1024 ecdh-p384+ml-kem-768; do
    case $transport in
    ecdh*) kdf=nested both=hkdf-sha256 ;;
    *) kdf=ml-kem both=ml-kem ;;
    esac
    fresh_nss to
    write "$(ock_side old)" "$(softoken_side to)" "transports: [$transport]"
    ok "opencryptoki to NSS by $transport" moves "$transport" "$kdf" 4
    sh "$abs_top_srcdir/tests/opencryptoki/fresh.sh" 1
    write "$(softoken_side from)" "$(ock_side new)" "transports: [$transport]"
    ok "NSS to opencryptoki by $transport" moves "$transport" "$kdf" 3
    fresh_nss to
    write "$(softoken_side from)" "$(softoken_side to)" "transports: [$transport]"
    ok "NSS to NSS by $transport" moves "$transport" "$both" 3
done
finish
