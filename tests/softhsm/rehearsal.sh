#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hsmferry rehearse, which needs no build tree: what it makes, what it refuses, and what it removes.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

hsmferry=$abs_top_builddir/hsmferry

# keep COMMAND...: what it prints is kept for printed.
keep() {
    keep_status=0
    "$@" >"$tmp/run" 2>&1 || keep_status=$?
    cat "$tmp/run"
    return "$keep_status"
}

printed() {
    grep -qE -- "$1" "$tmp/run"
}

# rehearse OPTION...: without a terminal, so in line mode.
rehearse() {
    keep setsid -w "$hsmferry" rehearse "$@" </dev/null
}

same() {
    echo "$2, not $1"
    [ "$1" = "$2" ]
}

need_softhsm setsid
command -v setsid >/dev/null || skip_all "setsid is not installed"

for pair in nss nss: :nss : nss:nss:nss nss:tpm softhsm:opencryptoki; do
    exits 64 "no pair: $pair" rehearse --pair "$pair" --dir "$tmp/none"
done
exits 64 "a folder that SoftHSM's configuration cannot name" rehearse --dir "$tmp/a=b"
exits 64 "one that NSS takes for another" rehearse --dir "$tmp/a\\b"
exits 64 "a path that is too long" rehearse --dir "$tmp/$(head -c 420 /dev/zero | tr '\0' x)"
exits 64 "--prepare is for rehearse" "$hsmferry" list --prepare "$tmp/x.yaml"
ok "... and nothing was made" test ! -e "$tmp/none" -a ! -e "$tmp/a=b" -a ! -e "$tmp/a\\b"

# Another folder for the test of each pair, with what a shell would have to quote.
for pair in softhsm:nss nss:softoken softoken:softhsm; do
    dir="$tmp/$pair b'c%d\"ü"
    ok "$pair" rehearse --pair "$pair" --dir "$dir"
    ok "... twelve keys are migrated" printed 'complete: 12 migrated, 1 refused'
    exits 0 "... its report is in order" "$hsmferry" verify "$dir"/reports/*.yaml --journal "$dir"/reports/*.journal
done

ok "a rehearsal is prepared" rehearse --prepare --dir "$tmp/a"
ok "it says where the ceremony file is" printed "^The rehearsal is ready: $tmp/a/ceremony.yaml\$"
ok "and the PINs" printed "^The PINs are in $tmp/a/pins/source and $tmp/a/pins/destination\$"
ok "and how to remove it" printed "hsmferry rehearse --remove $tmp/a\$"
ok "the PINs are for the owner only" same "600 600" \
    "$(stat -c %a "$tmp/a/pins/source" "$tmp/a/pins/destination" | xargs)"
ok "so are the folders" same "700 700 700 700" \
    "$(stat -c %a "$tmp/a" "$tmp/a/pins" "$tmp/a/tokens" "$tmp/a/reports" | xargs)"
not_ok "no PIN in the ceremony file" grep -qFf "$tmp/a/pins/source" "$tmp/a/ceremony.yaml"
ok "no ceremony was performed" test -z "$(ls "$tmp/a/reports")"
exits 0 "the prepared ceremony runs" "$hsmferry" --plain "$tmp/a/ceremony.yaml"

# What the script of a build tree prepares is the same ceremony.
ok "examples/rehearse.sh prepares one, too" sh "$abs_top_srcdir/examples/rehearse.sh" --build \
    "$abs_top_builddir" --prepare --dir "$tmp/s"
exits 0 "the two differ in nothing but the devices" "$hsmferry" diff "$tmp/a/ceremony.yaml" "$tmp/s/ceremony.yaml"
sed 's/^title: .*/title: Another/' "$tmp/s/ceremony.yaml" >"$tmp/other.yaml"
exits 65 "control: another title is seen" "$hsmferry" diff "$tmp/a/ceremony.yaml" "$tmp/other.yaml"

cp -R "$tmp/a" "$tmp/before"
exits 77 "a second rehearsal in the same folder is refused" rehearse --prepare --dir "$tmp/a"
ok "... and changed nothing" diff -r "$tmp/before" "$tmp/a"

# A token that cannot be made leaves nothing.
mkdir "$tmp/programs" "$tmp/mine"
cp "$hsmferry" "$tmp/programs"
printf '#!/bin/sh\nexit 69\n' >"$tmp/programs/hsmferry-rehearsal-token"
chmod +x "$tmp/programs/hsmferry-rehearsal-token"
exits 69 "a token that cannot be made" keep "$tmp/programs/hsmferry" rehearse --prepare --dir "$tmp/mine"
ok "... it says that nothing is left" printed 'What was made of the rehearsal was removed again'
ok "... and nothing is" test -z "$(ls "$tmp/mine")"

# --- removal ------------------------------------------------------------------------------------

echo kept >"$tmp/outside"
ln -s "$tmp/outside" "$tmp/a/reports/link"
ln -s "$tmp" "$tmp/a/tokens/folder"
keep_reports "$tmp/a/reports"
ok "a rehearsal is removed" rehearse --remove "$tmp/a"
ok "... with its folder" test ! -e "$tmp/a"
ok "... and nothing behind a link" test -e "$tmp/outside" -a -e "$tmp/before/ceremony.yaml"
echo mine >"$tmp/s/notes.txt"
ok "one with other files in its folder" rehearse --remove "$tmp/s"
ok "... these stay, and it says so" printed 'Other files in the folder stay'
ok "... nothing else does" same notes.txt "$(ls "$tmp/s")"
exits 66 "a folder that is not there" rehearse --remove "$tmp/nowhere"
exits 78 "a folder without a rehearsal" rehearse --remove "$tmp/s"
mkdir "$tmp/real"
sed "s/^title: .*/title: Root CA move/; s|$tmp/a|$tmp/real|" "$tmp/before/ceremony.yaml" >"$tmp/real/ceremony.yaml"
chmod 600 "$tmp/real/ceremony.yaml"
mkdir "$tmp/real/reports"
exits 65 "the folder of another ceremony" rehearse --remove "$tmp/real"
ok "... stays" test -e "$tmp/real/ceremony.yaml" -a -d "$tmp/real/reports"
chmod go+w "$tmp/before"
exits 77 "a folder that others may change" rehearse --remove "$tmp/before"
chmod go-w "$tmp/before"
exits 65 "a copy elsewhere: it names another folder" rehearse --remove "$tmp/before"
finish
