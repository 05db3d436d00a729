#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A new key that both HSMs derive, on real tokens: other programs find the same key on both, and that it
# cannot leave; no policy waives its fingerprint; what fails or is interrupted leaves no half of it.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil pkcs11-tool symkeyutil "$python"
"$python" -c 'import PyKCS11' 2>/dev/null || skip_all "python3-pykcs11 is not installed"

# ceremony PAIR NAME [LINE...]: fresh tokens and a file that derives; these lines are in its policy.
ceremony() {
    dir=$tmp/$2
    file=$dir/ceremony.yaml
    pair=$1
    shift 2
    sh "$abs_top_srcdir/examples/rehearse.sh" --pair "$pair" --build "$abs_top_builddir" --plain \
        --prepare --dir "$dir" </dev/null >"$tmp/prepared" 2>&1 || return
    sed -i -e "/^keys:/d" -e "/^ *- \"*pkcs11:object/d" "$file"
    cat >>"$file" <<'END'
derive:
  old: "pkcs11:object=stays-aes256"
  as: "pkcs11:object=new-key;id=%77"
  uses: [encrypt, decrypt]
END
    for line in "$@"; do
        sed -i "s/^policy:/policy:\n  $line/" "$file" || return
    done
}

# typed [WAIT TYPE]...: the ceremony on a terminal.
typed() {
    "$python" "$abs_top_srcdir/tests/terminal.py" "$@" -- \
        "$abs_top_builddir/hsmferry" --plain "$file" >"$tmp/said" 2>&1
    said=$?
    cat "$tmp/said"
    return "$said"
}

derives() {
    typed "type  ferry 1  to start: " 'ferry 1\n' "of the fingerprint: " '@words\n'
}

# encrypted SIDE: what the new key of this side makes of a block, by a program that is not ours.
encrypted() {
    pin=$(cat "$dir/pins/$1")
    jobs='[["encrypt", "new-key", "77", "00112233445566778899aabbccddeeff"]]'
    if [ -d "$dir/nss-$1" ]; then
        echo "$jobs" | "$python" -B "$abs_top_srcdir/tests/pairs/hand.py" nss "$pin" "$dir/nss-$1"
    else
        token=hsm-old
        [ "$1" = source ] || token=hsm-new
        echo "$jobs" | SOFTHSM2_CONF="$dir/softhsm2.conf" "$python" -B \
            "$abs_top_srcdir/tests/pairs/hand.py" pkcs11 "$pin" "$softhsm" "$token"
    fi
}

alike() {
    source=$(encrypted source) && destination=$(encrypted destination)
    echo "$source $destination"
    [ "$source" = "$destination" ] && [ "${#source}" -gt 32 ]
}

# listed SIDE: the keys of a token of SoftHSM, or of a database.
listed() {
    if [ -d "$dir/nss-$1" ]; then
        symkeyutil -L -d "sql:$dir/nss-$1" -f "$dir/pins/$1"
    else
        token=hsm-old
        [ "$1" = source ] || token=hsm-new
        SOFTHSM2_CONF=$dir/softhsm2.conf pkcs11-tool --module "$softhsm" --token-label "$token" \
            --login --pin "$(cat "$dir/pins/$1")" --list-objects --type secrkey
    fi 2>&1
}

has_new() {
    listed "$1" | grep -a new-key
}

cannot_leave() {
    listed source | grep -a -A 3 new-key | grep -aE 'Access: +sensitive' | grep -avE '[^r] extractable'
}

report() {
    for report in "$dir"/reports/*.yaml; do :; done
    echo "$report"
}

says() {
    grep -qE "$1" "$(report)"
}

for pair in softhsm:nss nss:softhsm softhsm:softhsm softhsm:softoken softoken:nss; do
    ok "$pair: two tokens" ceremony "$pair" "$(echo "$pair" | tr : -)"
    not_ok "$pair: before, no HSM has the new key" has_new destination
    ok "$pair: both derive a new key, though the file waives all gates" derives
    ok "$pair: other programs find that both encrypt alike" alike
    ok "$pair: the report passes verify" "$abs_top_builddir/hsmferry" verify "$(report)"
    ok "$pair: it names the new key, and the old one" \
        says 'label: "new-key", id: "77", old-key: \{label: "stays-aes256"'
    case $pair in
    softhsm:*) ok "$pair: pkcs11-tool sees that it cannot leave" cannot_leave ;;
    esac
    exits 4 "$pair: a second time its name is taken" typed
done

ceremony softhsm:nss unattended
not_ok "without a terminal nobody compares the fingerprint" \
    "$abs_top_builddir/hsmferry" --plain "$file" </dev/null
not_ok "... and neither HSM has the key" has_new destination
not_ok "... nor the source" has_new source

ceremony softhsm:nss wrong
not_ok "wrong words end it" typed "type  ferry 1  to start: " 'ferry 1\n' \
    "of the fingerprint: " 'one two three four\n' "of the fingerprint: " 'one two three four\n'
not_ok "... and neither HSM has the key" has_new destination
not_ok "... nor the source" has_new source

ceremony softhsm:nss kdf "kdf: required"
not_ok "SoftHSM has no KDF: with one required, no key is derived" typed
ok "... and the line says so" grep -qi kdf "$tmp/said"

ceremony softhsm:nss rsa 'transports: ["rsa-oaep"]'
not_ok "a policy without ECDH derives nothing" typed
ok "... and says which line" grep -q 'a key is derived by ECDH' "$tmp/said"

# Line mode waits before each step: the process is killed between the two commits.
ceremony softhsm:nss cut
sed -i 's/^rehearsal:.*/&\npace: step/' "$file"
next="all that is left: "
# shellcheck disable=SC2016 # $PID is for the one who types
not_ok "a process that is killed between the two commits" typed \
    "type  ferry 1  to start: " 'ferry 1\n' \
    "$next" '\n' "$next" '\n' "$next" '\n' "$next" '\n' "$next" '\n' \
    "of the fingerprint: " '@words\n' \
    "$next" '\n' "$next" '\n' "$next" '\n' "$next" '\n' "$next" '!kill -KILL $PID'
ok "... leaves the key on the destination" has_new destination
not_ok "... and not on the source" has_new source
for journal in "$dir"/reports/*.journal; do :; done
ok "resume destroys that half" "$abs_top_builddir/hsmferry" --plain resume "$journal" "$file" </dev/null
not_ok "... and neither HSM has the key" has_new destination
sed -i '/^pace:/d' "$file"
ok "the ceremony is held again" derives
ok "... and both encrypt alike" alike
finish
