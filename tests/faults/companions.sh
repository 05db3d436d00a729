#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A fault while a certificate or a public key is read or made, on real tokens: what goes along with a
# key is there where the ceremony ends with 0; where it is not, resume brings it.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"

need_softhsm openssl
hsmferry=$quick

tool() { # tool old|new ARGUMENT...: pkcs11-tool on the token of this case
    tool_side=$1
    shift
    PIN=swordfish at "$tmp/c/$tool_side" pkcs11-tool --module "$softhsm" \
        --token-label "$tool_side" --login --pin env:PIN "$@"
}

hsmferry() { # hsmferry ARGUMENT...: its exit code in $status
    status=0
    timeout -k 5 600 "$hsmferry" "$@" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
}

objects() { # what bears the key's id on the new token, and in all that is there
    tool new --list-objects 2>/dev/null >"$tmp/objects"
    grep -cE '^(Private Key|Public Key|Certificate) Object' "$tmp/objects"
}

same_certificate() {
    rm -f "$tmp/read.der"
    tool new --read-object --type cert --id 02 --output-file "$tmp/read.der" >"$tmp/tool" 2>&1 &&
        cmp "$tmp/read.der" "$tmp/signer.der"
}

whole() { # private key, public key and certificate
    [ "$(objects)" -eq 3 ] && same_certificate
}

# Whatever fails: what ended with 0 is whole, what ended with 3 is whole once it was resumed, and
# anything else left nothing, and is whole the next time.
loses_nothing() { # loses_nothing FAULT-OF-OLD FAULT-OF-NEW
    ceremony "$1" "$2"
    hsmferry --plain "$tmp/c/ceremony.yaml"
    first=$status
    echo "$first" >>"$tmp/codes"
    edit 's/SHIM_FAULT=[^"]*/SHIM_FAULT=/'
    case $first in
    0) ;;
    3) hsmferry resume "$(find "$tmp/c/reports" -name '*.journal')" ;;
    *)
        [ "$(objects)" -eq 0 ] || return
        hsmferry --plain "$tmp/c/ceremony.yaml"
        ;;
    esac
    [ "$status" -eq 0 ] && whole
}

# before_last SIDE FUNCTION: how often it was called on this side before the last C_CreateObject there.
before_last() {
    awk -v f="$2" '$1 == f { n++ } $1 == "C_CreateObject" { at = n } END { print at }' \
        "$tmp/whole/$1/calls/calls"
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/signer.key" \
    -subj /CN=signer -days 30 -outform DER -out "$tmp/signer.der" 2>/dev/null
openssl pkey -in "$tmp/signer.key" -outform DER -out "$tmp/signer.key.der"
openssl pkey -in "$tmp/signer.key" -pubout -outform DER -out "$tmp/signer.pub.der"
make_token old
make_token new
ceremony none none
for type in privkey pubkey cert; do
    case $type in
    privkey) set -- "$tmp/signer.key.der" --usage-sign --sensitive --extractable ;;
    pubkey) set -- "$tmp/signer.pub.der" ;;
    cert) set -- "$tmp/signer.der" ;;
    esac
    tool old --type "$type" --id 02 --label signer --write-object "$@" >"$tmp/tool" 2>&1
done
rm -rf "$tmp/made-old"
mv "$tmp/c/old" "$tmp/made-old"
rm -rf "$tmp/made-old/calls"

ceremony none none
ok "control: without a fault all three arrive" hsmferry --plain "$tmp/c/ceremony.yaml"
ok "... as they were" whole
cp -R "$tmp/c" "$tmp/whole"
: >"$tmp/codes"

# Read for the plan; made, read back; and, in longer runs, every call.
last=$(before_last old C_GetAttributeValue)
from=$((last - 6))
[ -z "${HSMFERRY_TEST_LONG:-}" ] || from=1
for n in $(seq "$from" "$last"); do
    ok "the source fails at read $n" loses_nothing "fail:C_GetAttributeValue:$n" none
done
made=$(grep -c '^C_CreateObject ' "$tmp/whole/new/calls/calls")
for kind in fail late; do
    for n in $((made - 1)) "$made"; do
        ok "the destination fails to make it: $kind at $n" \
            loses_nothing none "$kind:C_CreateObject:$n"
    done
done
reads=$(before_last new C_GetAttributeValue)
for n in $(seq "$reads" 14 $((reads + 28))); do
    ok "the destination fails at read $n" loses_nothing none "fail:C_GetAttributeValue:$n"
done
ok "control: some of them cost what goes along, and were resumed" grep -qx 3 "$tmp/codes"

# Chosen by itself.
ceremony none none
edit 's/object=\*/object=signer;type=cert/'
ok "control: the certificate alone" hsmferry --plain "$tmp/c/ceremony.yaml"
reads=$(grep -c '^C_GetAttributeValue ' "$tmp/c/old/calls/calls")
lost=0
from=$((reads - 4))
[ -z "${HSMFERRY_TEST_LONG:-}" ] || from=1
for n in $(seq "$from" "$reads"); do
    ceremony "fail:C_GetAttributeValue:$n" none
    edit 's/object=\*/object=signer;type=cert/'
    hsmferry --plain "$tmp/c/ceremony.yaml" >/dev/null
    [ "$status" -ne 0 ] || same_certificate || lost=$((lost + 1))
done
ok "alone, whatever read fails: not lost at exit 0" test "$lost" -eq 0
finish
