#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reports signed by keys that stay in SoftHSM and in NSS, RSA and EC: OpenSSL alone verifies them.
# The ceremony's own HSMs are test doubles; the tokens that sign are real.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm softhsm2-util pkcs11-tool certutil openssl
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077
SOFTHSM2_CONF=$tmp/softhsm2.conf
export SOFTHSM2_CONF

says() { # says WORDS COMMAND...: it prints these words
    words=$1
    shift
    "$@" 2>&1 | grep -q -e "$words"
}

make_tokens() {
    echo 47110815 >"$tmp/pin"
    mkdir "$tmp/tokens" "$tmp/nss" "$tmp/reports"
    printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$tmp/tokens" >"$SOFTHSM2_CONF"
    softhsm2-util --init-token --free --label card --pin 47110815 --so-pin 47110815
    key RSA:2048 01 audit-rsa && key EC:prime256v1 02 audit-ec && key RSA:1024 03 twin &&
        key RSA:1024 04 twin && key RSA:2048 05 raw --allowed-mechanisms RSA-PKCS,SHA1-RSA-PKCS &&
        key RSA:2048 06 hashing --allowed-mechanisms SHA256-RSA-PKCS,RSA-PKCS-PSS &&
        key EC:prime256v1 07 deriving --usage-derive --allowed-mechanisms ECDH1-DERIVE &&
        key EC:prime256v1 08 hashing-ec --allowed-mechanisms ECDSA-SHA256
    head -c 64 /dev/urandom >"$tmp/noise"
    certutil -N -d "sql:$tmp/nss" -f "$tmp/pin"
    certificate rsa -g 2048 && certificate ec -q nistp256
}

key() { # key TYPE ID LABEL [OPTION...], on the card
    key_type=$1 key_id=$2 key_label=$3
    shift 3
    case ${1:-} in --usage-*) ;; *) set -- --usage-sign "$@" ;; esac
    pkcs11-tool --module "$softhsm" --token-label card --login --pin 47110815 --keypairgen \
        --key-type "$key_type" --id "$key_id" --label "$key_label" "$@"
}

certificate() { # certificate TYPE ARGUMENT...: in NSS, with its key
    certutil -S -x -n "$1" -s "CN=$1" -t ,, -m "$$$#" -z "$tmp/noise" -d "sql:$tmp/nss" -f "$tmp/pin" -k "$@"
}

nss_id() { # the id of the NSS key of this type, as a URI writes it
    certutil -K -d "sql:$tmp/nss" -f "$tmp/pin" |
        sed -n "s/^< *[0-9]*> $1 *\([0-9a-f]*\) .*/\1/p" | sed 's/../%&/g'
}

ceremony() { # ceremony NAME [SIGN-REPORT...]: a ceremony file
    cat <<END
title: Signed
rehearsal: yes
officers:
  - {name: Grace, role: witness}
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1.source
  parameters: "label=old;serial=1;pin=47110815;keys=aes32:one,ec256:audit:+public"
  token: "pkcs11:token=old?pin-source=file:$tmp/pin"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1.destination
  parameters: "label=new;serial=2;pin=47110815"
  token: "pkcs11:token=new?pin-source=file:$tmp/pin"
keys: ["pkcs11:object=one"]
policy:
  gates: []
report-folder: reports
END
    shift
    [ $# -eq 0 ] || printf '%s\n' sign-report: "$@"
}

card() { # on the card, the key of this label
    ceremony "$1" '  device:' '    api: pkcs11' "    module: $softhsm" \
        "    environment: [\"SOFTHSM2_CONF=$SOFTHSM2_CONF\"]" \
        "    token: \"pkcs11:token=card?pin-source=file:$tmp/pin\"" \
        "  key: \"pkcs11:object=$1\"" '  officer: witness'
}

database() { # in the NSS database, the key of this type
    ceremony "$1" '  device:' '    api: nss' "    module: sql:$tmp/nss" \
        "    token: \"pkcs11:token=NSS%20Certificate%20DB?pin-source=file:$tmp/pin\"" \
        "  key: \"pkcs11:id=$(nss_id "$1")\""
}

# What was printed as the way to check it, run as it stands, without any program of ours.
printed_command_verifies() {
    sed -n 's/^REHEARSAL  Check it   //p' "$tmp/printed" >"$tmp/command" &&
        [ "$(wc -l <"$tmp/command")" -eq 1 ] && sh "$tmp/command" | grep -q '^Verified OK$'
}

openssl_verifies() { # openssl_verifies REPORT SIGNATURE PUBLIC-KEY
    openssl dgst -sha256 -verify "$3" -signature "$2" "$1"
}

signs() { # signs WORDS CODE COMMAND...: ends so, and what it printed is kept
    wanted=$2
    words=$1
    shift 2
    exits "$wanted" "$words" "$@"
    cp "$tmp/out" "$tmp/printed"
}

the_report() {
    sed -n 's/^REHEARSAL  Report  *//p' "$tmp/printed"
}

ok "tokens that sign" make_tokens

# --- at the end of a ceremony, each kind of key ---
for kind in card:audit-rsa card:audit-ec database:rsa database:ec; do
    name=${kind#*:}
    "${kind%:*}" "$name" >"$tmp/$name.yaml"
    signs "$name: a ceremony signs its report" 0 "$hsmferry" --plain "$tmp/$name.yaml"
    report=$(the_report)
    ok "$name: the printed command verifies it" printed_command_verifies
    ok "$name: so does hsmferry" says 'ok . signature  1: by the key in' "$hsmferry" verify "$report"
    exits 0 "$name: and with both files named" "$hsmferry" verify "$report" \
        --signature "$report.sig" --key "$report.pub.pem"
    ok "$name: the report says which key is to sign it" grep -q '^  key: "pkcs11:' "$report"
    eval "report_$(echo "$name" | tr -d -)=\$report"
done
ok "the end says who signed" grep -q '^REHEARSAL  Signed by  .*EC P-256, on NSS Certificate DB' "$tmp/printed"

# --- a second signature, and what is none ---
# shellcheck disable=SC2154 # set above
report=$report_auditrsa
signs "a second officer signs later" 0 "$hsmferry" sign "$report" "$tmp/audit-ec.yaml"
ok "its printed command verifies it" printed_command_verifies
ok "it is the second" test -f "$report.2.sig"
ok "hsmferry sees both" says 'signature  2: by the key in' "$hsmferry" verify "$report"
signs "the same key does not count twice" 4 "$hsmferry" sign "$report" "$tmp/audit-ec.yaml"
ok "and makes no third one" test ! -e "$report.3.sig"
# shellcheck disable=SC2154
other=$report_auditec
not_ok "OpenSSL: not the signature of another ceremony" openssl_verifies "$report" "$other.sig" "$other.pub.pem"
ok "control: it is that one's" openssl_verifies "$other" "$other.sig" "$other.pub.pem"
exits 65 "hsmferry: nor" "$hsmferry" verify "$report" --signature "$other.sig" --key "$other.pub.pem"
cp "$report" "$tmp/reports/copy.yaml"
cp "$other.sig" "$tmp/reports/copy.yaml.sig"
cp "$other.pub.pem" "$tmp/reports/copy.yaml.pub.pem"
exits 65 "nor where it lies beside the report" "$hsmferry" verify "$tmp/reports/copy.yaml"
rm "$tmp/reports/copy.yaml.sig"
ok "taken away, the report is unsigned, and it is said that it was to be" \
    says 'though a key was named that signs it' "$hsmferry" verify "$tmp/reports/copy.yaml"
sed 's/Signed/Sighed/' "$report" >"$tmp/touched"
exits 65 "no report is signed that was touched" "$hsmferry" sign "$tmp/touched" "$tmp/audit-ec.yaml"
ok "nothing is beside it" test ! -e "$tmp/touched.sig"

# --- on a side's own token, and not at all ---
ceremony side '  side: source' '  key: "pkcs11:object=audit"' >"$tmp/side.yaml"
signs "a key of the source" 0 "$hsmferry" --plain "$tmp/side.yaml"
ok "its printed command verifies it" printed_command_verifies
ceremony none >"$tmp/none.yaml"
signs "no key" 0 "$hsmferry" --plain "$tmp/none.yaml"
ok "unsigned, says the end" grep -q '^REHEARSAL  Signature  UNSIGNED: the ceremony file names no key' "$tmp/printed"
ok "so does the report" grep -q '^  signed: "UNSIGNED: ' "$(the_report)"
exits 78 "nothing to sign with" "$hsmferry" sign "$report" "$tmp/none.yaml"

# --- it fails: the report stays ---
card nobody >"$tmp/nobody.yaml"
signs "a key that is not there" 66 "$hsmferry" --plain "$tmp/nobody.yaml"
ok "unsigned, and why" grep -q '^REHEARSAL  Signature  UNSIGNED: no private key on that token' "$tmp/printed"
ok "the ceremony itself is complete" grep -q '^REHEARSAL  The ceremony is complete, exit code 66' "$tmp/printed"
exits 0 "its report is whole" "$hsmferry" verify "$(the_report)"
card twin >"$tmp/twin.yaml"
exits 78 "two keys of that name" "$hsmferry" sign "$report" "$tmp/twin.yaml"
# What a key allows counts before it is asked.
card raw >"$tmp/raw.yaml"
signs "control: a key that allows CKM_RSA_PKCS among others" 0 "$hsmferry" sign "$report" "$tmp/raw.yaml"
ok "its printed command verifies it" printed_command_verifies
rm "$report".3.*
for case in "hashing:allowed mechanisms lack CKM_RSA_PKCS" "hashing-ec:allowed mechanisms lack CKM_ECDSA" \
    "deriving:allowed mechanisms lack CKM_ECDSA"; do
    name=${case%%:*}
    card "$name" >"$tmp/$name.yaml"
    signs "$name: a key that may not sign a digest" 69 "$hsmferry" sign "$report" "$tmp/$name.yaml"
    ok "... with the reason" grep -q "this key signs no file: its ${case#*:}" "$tmp/printed"
done
echo 1234 >"$tmp/wrong"
sed "s|$tmp/pin|$tmp/wrong|" "$tmp/audit-rsa.yaml" >"$tmp/wrong.yaml"
exits 77 "a wrong PIN" "$hsmferry" sign "$other" "$tmp/wrong.yaml"
ok "none of them signed anything" test ! -e "$other.2.sig"
sed 's/^  device:/  side: source\n&/' "$tmp/audit-ec.yaml" >"$tmp/both.yaml"
exits 78 "a side and a device" "$hsmferry" sign "$report" "$tmp/both.yaml"
exits 66 "no such report" "$hsmferry" sign "$tmp/missing" "$tmp/audit-ec.yaml"
exits 64 "no ceremony file" "$hsmferry" sign "$report"
finish
