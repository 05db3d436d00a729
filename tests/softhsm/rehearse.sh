#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rehearsal makes what it says, privately, and never over something that is there.
set -u
# Not where start.sh puts something else for opencryptoki.
case ${TMPDIR:-} in /dev/shm* | /run*) TMPDIR=/tmp && export TMPDIR ;; esac
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

rehearse() {
    sh "$abs_top_srcdir/examples/rehearse.sh" --build "$abs_top_builddir" "$@" </dev/null
}

# objects source|destination TOKEN: what is on a token, as another program lists it.
objects() {
    PIN=$(cat "$tmp/a/pins/$1") SOFTHSM2_CONF="$tmp/a/softhsm2.conf" \
        pkcs11-tool --module "$softhsm" --token-label "$2" --login --pin env:PIN --list-objects 2>/dev/null
}

# nss COMMAND...: a tool of NSS on the database of the default pair's destination.
nss() {
    nss_tool=$1
    shift
    "$nss_tool" "$@" -d "sql:$tmp/b/nss-destination" -f "$tmp/b/pins/destination"
}

same() {
    echo "$2, not $1"
    [ "$1" = "$2" ]
}

need_softhsm pkcs11-tool certutil symkeyutil
exits 64 "an option that there is not" rehearse --fast
exits 64 "--dir without a folder" rehearse --dir
exits 64 "--pair without one" rehearse --pair
for pair in nss nss: :nss : nss:nss:nss nss:tpm; do
    exits 64 "no pair: $pair" rehearse --pair "$pair" --dir "$tmp/none"
done
exits 64 "a folder that SoftHSM's configuration cannot name" rehearse --dir "$tmp/a=b"
exits 64 "the same for '#'" rehearse --dir "$tmp/a#b"
exits 64 "one that NSS takes for another" rehearse --dir "$tmp/a\\b"
ok "... and nothing was made" test ! -e "$tmp/none" -a ! -e "$tmp/a=b" -a ! -e "$tmp/a\\b"

ok "a rehearsal is made" rehearse --prepare --pair softhsm:softhsm --dir "$tmp/a"
ok "the PINs are for the owner only" same "600 600" \
    "$(stat -c %a "$tmp/a/pins/source" "$tmp/a/pins/destination" | xargs)"
ok "so are the folders" same "700 700 700" \
    "$(stat -c %a "$tmp/a/pins" "$tmp/a/tokens" "$tmp/a/reports" | xargs)"
ok "the PINs are random" test "$(cat "$tmp/a/pins/source")" != "$(cat "$tmp/a/pins/destination")"
not_ok "no PIN in the ceremony file" grep -qFf "$tmp/a/pins/source" "$tmp/a/ceremony.yaml"

objects source hsm-old >"$tmp/old"
objects destination hsm-new >"$tmp/new"
ok "9 secrets on the source" same 9 "$(grep -c '^Secret Key Object' "$tmp/old")"
ok "4 private keys" same 4 "$(grep -c '^Private Key Object' "$tmp/old")"
ok "4 public keys" same 4 "$(grep -c '^Public Key Object' "$tmp/old")"
ok "1 certificate" same 1 "$(grep -c '^Certificate Object' "$tmp/old")"
ok "12 may leave" same 12 "$(grep -cE 'Access:.* sensitive, extractable' "$tmp/old")"
ok "1 may not" same 1 "$(grep -c 'Access:.* never extractable' "$tmp/old")"
ok "2 other keys on the destination" same 2 "$(grep -cE '^(Secret|Private) Key' "$tmp/new")"

cp -R "$tmp/a" "$tmp/before"
exits 77 "a second rehearsal in the same folder is refused" rehearse --prepare --dir "$tmp/a"
ok "... and changed nothing" diff -r "$tmp/before" "$tmp/a"

ok "the default is from SoftHSM to a database of NSS" rehearse --dir "$tmp/b"
nss certutil -K >"$tmp/keys"
ok "... whose tools see what was there and the 4 private keys that came" \
    same 5 "$(grep -c '^<' "$tmp/keys")"
nss symkeyutil -L >"$tmp/keys"
ok "... and the 8 secrets, with their lengths" same "13 16 20 24 32 32 32 32 64" \
    "$(grep -oaE ' [0-9]+ +[0-9]+ +(aes|generic) ' "$tmp/keys" | awk '{print $1}' | sort -n | xargs)"
not_ok "... and not the one that stays" grep -q stays-aes256 "$tmp/keys"

for pair in softhsm:nss nss:softoken softoken:softhsm; do
    ok "$pair in a folder with blanks, quotes and umlauts" \
        rehearse --pair "$pair" --dir "$tmp/$pair b'c%d\"ü"
done

exits 64 "none with opencryptoki is prepared" rehearse --pair softhsm:opencryptoki --prepare
if sh "$abs_top_srcdir/tests/opencryptoki/start.sh" true >/dev/null 2>&1; then
    for pair in softhsm:opencryptoki opencryptoki:nss; do
        ok "$pair, in opencryptoki's own surroundings" rehearse --pair "$pair" --dir "$tmp/o-$pair"
        ok "... its report stays" test -n "$(find "$tmp/o-$pair/reports" -name '*.yaml')"
    done
else
    skip "pairs with opencryptoki" "it cannot be started here"
fi
finish
