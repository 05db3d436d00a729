#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Key files that are not read, and why: each refusal has a control, the same file without the fault.
set -u
# shellcheck source=tests/keyfile/lib.sh
. "${0%/*}/lib.sh"

need_softhsm python3

make_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make_key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_p12 p256 "$tmp/good.p12"
new_softhsm

# list FILE: both sides, without moving anything.
list() {
    ceremony "$1" softhsm
    "$abs_top_builddir/hsmferry" list "$tmp/c/ceremony.yaml"
}

# refused CODE WORDS SENSE FILE: it ends with this code, and says this.
refused() {
    exits "$1" "$2" list "$4"
    cp "$tmp/out" "$tmp/printed"
    ok "... and says why: $3" grep -qE "$3" "$tmp/printed"
    not_ok "... without the passphrase" grep -qF "$phrase" "$tmp/printed"
}

fresh() {
    rm -rf "$tmp/x.p12"
    cp "$tmp/good.p12" "$tmp/x.p12"
}

fresh
ok "control: a file at rest is listed" list "$tmp/x.p12"
cp "$tmp/out" "$tmp/printed"
ok "... as SOFTWARE" grep -q 'SOFTWARE x.p12' "$tmp/printed"
ok "... with the first digits of its SHA-256 as its serial" \
    grep -q "$(sha256sum <"$tmp/x.p12" | cut -c1-16)" "$tmp/printed"

# passphrases
printf 'another\n' >"$tmp/phrase"
refused 77 "a wrong passphrase for PKCS#12" 'wrong passphrase' "$tmp/x.p12"
printf '%s\n' "$phrase" >"$tmp/phrase"
openssl pkcs8 -topk8 -in "$tmp/p256.key" -passout pass:another -out "$tmp/other.pem"
refused 77 "a wrong passphrase for PKCS#8" 'wrong passphrase' "$tmp/other.pem"
openssl ec -in "$tmp/p256.key" -aes128 -passout pass:another -out "$tmp/old.pem" 2>/dev/null
refused 77 "... and for PEM of the old form" 'wrong passphrase' "$tmp/old.pem"
openssl pkcs8 -topk8 -in "$tmp/p256.key" -passout "file:$tmp/phrase" -out "$tmp/mine.pem"
cat "$tmp/mine.pem" "$tmp/other.pem" >"$tmp/mixed.pem"
refused 77 "two keys with two passphrases: all or nothing" 'wrong passphrase for item 2' "$tmp/mixed.pem"
cat "$tmp/mine.pem" "$tmp/p256.crt" >"$tmp/mixed.pem"
ok "control: what one passphrase opens is listed" list "$tmp/mixed.pem"

# who may read it
for mode in 604 640 622; do
    fresh
    chmod "$mode" "$tmp/x.p12"
    refused 77 "a file with the rights $mode" 'can be (read|changed) by other users' "$tmp/x.p12"
done
if [ "$(id -u)" -eq 0 ]; then
    fresh
    chown nobody "$tmp/x.p12"
    refused 77 "a file of another user" 'belongs to another user' "$tmp/x.p12"
else
    skip "a file of another user" "only root makes one"
fi

# what it is
fresh
ln -s "$tmp/good.p12" "$tmp/link.p12"
refused 77 "a symbolic link" 'is a symbolic link' "$tmp/link.p12"
mkfifo "$tmp/pipe.p12"
refused 77 "a named pipe" 'is not a regular file' "$tmp/pipe.p12"
refused 77 "a folder" 'is not a regular file' "$tmp"
refused 78 "no file" 'There is no file' "$tmp/none.p12"
: >"$tmp/empty.p12"
refused 65 "an empty file" 'is empty' "$tmp/empty.p12"
truncate -s 2M "$tmp/huge.p12"
refused 65 "a huge file" 'is larger than' "$tmp/huge.p12"
head -c 300 /dev/urandom >"$tmp/noise.p12"
refused 65 "a file with noise" 'nothing in the key file' "$tmp/noise.p12"
printf '\060\202' | cat - "$tmp/noise.p12" >"$tmp/noise.der"
refused 65 "noise that begins as DER" 'neither PKCS#12 nor PKCS#8' "$tmp/noise.der"
head -c 600 "$tmp/good.p12" >"$tmp/cut.p12"
refused 65 "PKCS#12 that was cut off" 'or is damaged' "$tmp/cut.p12"
fresh
printf '\377' | dd of="$tmp/x.p12" bs=1 seek=400 conv=notrunc 2>/dev/null
refused 77 "PKCS#12 with one octet changed" 'wrong passphrase for the key file, or it was altered' "$tmp/x.p12"
openssl pkcs8 -topk8 -in "$tmp/p256.key" -passout "file:$tmp/phrase" -out "$tmp/whole.pem"
sed '4d' "$tmp/whole.pem" >"$tmp/hole.pem"
refused 65 "encrypted PEM without one of its lines" 'no key and no certificate|damaged' "$tmp/hole.pem"
ok "control: with it" list "$tmp/whole.pem"
openssl pkcs8 -topk8 -in "$tmp/p256.key" -nocrypt | sed 's/^-----END.*//' >"$tmp/endless.pem"
refused 65 "PEM without its last line" 'no key and no certificate' "$tmp/endless.pem"

# a cipher that OpenSSL does not know: one digit of the identifier of PBES2's AES-256-CBC is changed
openssl pkcs8 -topk8 -in "$tmp/p256.key" -passout "file:$tmp/phrase" -outform DER -out "$tmp/known.der"
ok "control: a known cipher" list "$tmp/known.der"
python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(data.replace(bytes.fromhex("60864801650304012a"),
                                           bytes.fromhex("60864801650304017a")))' \
    "$tmp/known.der" "$tmp/unknown.der"
not_ok "control: it was changed" cmp "$tmp/known.der" "$tmp/unknown.der"
refused 69 "an unknown cipher" 'does not know the cipher' "$tmp/unknown.der"

# the two halves of another pair: a private key whose public half is another one's
openssl pkcs8 -topk8 -nocrypt -in "$tmp/p256.key" -outform DER -out "$tmp/p256.der"
make_key other -algorithm EC -pkeyopt ec_paramgen_curve:P-256
openssl pkcs8 -topk8 -nocrypt -in "$tmp/other.key" -outform DER -out "$tmp/other.der"
{ head -c 73 "$tmp/p256.der" && tail -c +74 "$tmp/other.der"; } >"$tmp/halves.der"
ceremony "$tmp/halves.der" softhsm
not_ok "a private key with the public half of another is not migrated" \
    "$quick" --plain "$tmp/c/ceremony.yaml"
cp "$tmp/out" "$tmp/printed"
ok "... and the reason is named" grep -q 'its two halves do not belong together' "$tmp/printed"

# not the pinned file
fresh
ceremony "$tmp/x.p12" softhsm
sed -i "s|^  module: .*x.p12|&\n  module-sha256: $(sha256sum <"$tmp/x.p12" | cut -d' ' -f1)|" "$tmp/c/ceremony.yaml"
ok "control: the pinned file" "$abs_top_builddir/hsmferry" list "$tmp/c/ceremony.yaml"
make_p12 p256 "$tmp/x.p12"
exits 77 "another file than the pinned one" "$abs_top_builddir/hsmferry" list "$tmp/c/ceremony.yaml"

# a source only
fresh
ceremony "$tmp/x.p12" softhsm
sed 's/^source:/SIDE/; s/^destination:/source:/; s/^SIDE/destination:/' "$tmp/c/ceremony.yaml" >"$tmp/c/turned.yaml"
chmod 600 "$tmp/c/turned.yaml"
exits 78 "a key file as the destination" "$abs_top_builddir/hsmferry" list "$tmp/c/turned.yaml"
cp "$tmp/out" "$tmp/printed"
ok "... and the reason" grep -q 'can only be the source' "$tmp/printed"

# nothing of OpenSSL's environment or configuration has an effect
fresh
ceremony "$tmp/x.p12" softhsm
echo 'openssl_conf = nowhere' >"$tmp/openssl.cnf"
ok "OPENSSL_CONF and OPENSSL_MODULES have no effect" env OPENSSL_CONF="$tmp/openssl.cnf" \
    OPENSSL_MODULES=/nonexistent "$abs_top_builddir/hsmferry" list "$tmp/c/ceremony.yaml"
finish
