# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of inputs from the field share: tokens made by other programs, and ceremonies
# between them without gates.

# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm softhsm2-util pkcs11-tool certutil
hsmferry=$quick
pin_file=$tmp/pin
for softoken in /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so /usr/lib64/libsoftokn3.so; do
    [ ! -f "$softoken" ] || break
done
mkdir "$tmp/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
    "$tmp/tokens" >"$tmp/softhsm2.conf"
SOFTHSM2_CONF=$tmp/softhsm2.conf
export SOFTHSM2_CONF
(umask 077 && echo 1234 >"$pin_file")

# soft LABEL: a SoftHSM token. nss NAME: an NSS database, in $tmp/NAME.
soft() {
    softhsm2-util --init-token --free --label "$1" --pin 1234 --so-pin 5678 >/dev/null
}

nss() {
    mkdir "$tmp/$1" && certutil -N -d "sql:$tmp/$1" -f "$pin_file" >/dev/null
}

# tool ARGUMENT...: pkcs11-tool on the token src.
tool() {
    pkcs11-tool --module "$softhsm" --token-label src --login --pin 1234 "$@" >/dev/null 2>"$tmp/tool"
}

# soft_side TOKEN-URI [MODULE [ENVIRONMENT...]], nss_side NAME, softoken_side NAME: the lines of one
# side of a ceremony file.
soft_side() {
    printf '  api: pkcs11\n  module: %s\n' "${2:-$softhsm}"
    printf '  token: "%s?pin-source=file:%s"\n' "$1" "$pin_file"
    printf '  environment: ["%s"]\n' "${3:-SOFTHSM2_CONF=$SOFTHSM2_CONF}"
}

nss_side() {
    printf '  api: nss\n  module: sql:%s\n' "$tmp/$1"
    printf '  token: "pkcs11:token=NSS%%20Certificate%%20DB?pin-source=file:%s"\n' "$pin_file"
}

# ceremony SOURCE DESTINATION KEY...: writes $tmp/c.yaml; $policy adds lines below "policy:".
ceremony() {
    {
        printf 'title: Field\nrehearsal: yes\nsource:\n%s\ndestination:\n%s\nkeys:\n' "$1" "$2"
        shift 2
        printf '  - "%s"\n' "$@"
        printf 'policy:\n  gates: []\n%s\nreport-folder: %s\n' "${policy:-}" "$tmp/reports"
    } >"$tmp/c.yaml"
}

# ends CODE COMMAND...: hsmferry COMMAND on the ceremony ends so; what it says is in $tmp/log.
ends() {
    wanted=$1
    shift
    code=0
    "$hsmferry" "$@" "$tmp/c.yaml" >"$tmp/log" 2>&1 </dev/null || code=$?
    cat "$tmp/log"
    [ "$code" -eq "$wanted" ]
}

says() { # says PATTERN...
    for words in "$@"; do
        grep -qE -- "$words" "$tmp/log" || {
            echo "it does not say: $words"
            cat "$tmp/log"
            return 1
        }
    done
}

# softoken_side NAME: the same database through PKCS#11.
softoken_side() {
    # shellcheck disable=SC2154 # set by the test
    printf '  api: pkcs11\n  module: %s\n' "$softoken"
    printf "  parameters: \"configdir='sql:%s' certPrefix='' keyPrefix='' secmod='' flags=\"\n" "$tmp/$1"
    printf '  token: "pkcs11:token=NSS%%20Certificate%%20DB?pin-source=file:%s"\n' "$pin_file"
}

# migrated LABEL, refused LABEL WORDS: what became of it, by the last ceremony's lines.
migrated() {
    grep -qE "$1: migrated" "$tmp/log"
}

refused() {
    grep -E "$1: .*CANNOT GO" "$tmp/log" | grep -qE -- "$2"
}

# kept_word: nothing that the review let go failed, and the reports are right.
kept_word() {
    ! grep -E ': failed|damaged or altered|determine what altered' "$tmp/log" || return 1
    for report in "$tmp"/reports/*.yaml; do
        "$hsmferry" verify "$report" || return 1
    done
}
