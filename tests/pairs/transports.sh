#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Transports between real tokens: by default the strongest of both sides, and what the policy makes of it.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

need_softhsm certutil openssl pkcs11-tool symkeyutil

# ceremony PAIR [again]: two tokens that no key was moved between, and a ceremony file for them: $file.
ceremony() {
    dir=$tmp/$(echo "$1" | tr : -)${2:-}
    file=$dir/ceremony.yaml
    [ -f "$file.first" ] && cp "$file.first" "$file" && return
    sh "$abs_top_srcdir/examples/rehearse.sh" --pair "$1" --build "$abs_top_builddir" --plain \
        --prepare --dir "$dir" </dev/null >"$tmp/prepared" 2>&1 && cp "$file" "$file.first"
}

# policy LINE...: these lines in the policy of the file.
policy() {
    for line in "$@"; do
        sed -i "s/^policy:/policy:\n  $line/" "$file" || return
    done
}

move() {
    "$quick" --plain "$file" </dev/null >"$tmp/moved" 2>&1
    moved=$?
    cat "$tmp/moved"
    return "$moved"
}

by() {
    grep -F "transport: $1," "$tmp/moved"
}

probe() {
    "$abs_top_builddir/hsmferry" --plain probe "$file" </dev/null >"$tmp/moved" 2>&1
    moved=$?
    cat "$tmp/moved"
    return "$moved"
}

verify() {
    for report in "$dir"/reports/*.yaml; do
        "$abs_top_builddir/hsmferry" verify "$report" || return
    done
}

no_warning() {
    ! grep -E 'WARNING.*(strength|failed, which)' "$tmp/moved"
}

# Both directions, with and without a KDF that both have; all keys of the rehearsal.
for pair in softhsm:nss nss:softhsm softhsm:softoken softoken:softhsm nss:softoken softoken:nss; do
    case $pair in
    *softhsm*) kdf=none ;;
    *) kdf=x963-sha256 ;;
    esac
    ok "tokens for $pair" ceremony "$pair"
    ok "$pair: all keys are moved" move
    ok "$pair: by ecdh-p521" by ecdh-p521
    ok "$pair: with KDF $kdf" grep -F ", KDF $kdf" "$tmp/moved"
    ok "control: no warning by default" no_warning
    ok "$pair: the report is verified" verify
done

ok "tokens again" ceremony softhsm:nss again
for transport in ecdh-p384 ecdh-p256 rsa-oaep; do
    ceremony softhsm:nss again
    policy "transports: [$transport]"
    ok "$transport alone: a probe" probe
    case $transport in
    rsa-oaep) ok "... takes it" by rsa-oaep-sha1 ;;
    *) ok "... takes it" by "$transport" ;;
    esac
done
ceremony softhsm:nss again
policy "kdf: required" "transports: [ecdh-p521]"
exits 69 "a KDF that one side lacks is refused" probe
ok "... by name" grep -F 'no KDF that both sides have, and the policy requires one' "$tmp/moved"
ceremony softhsm:nss again
policy "kdf: required"
ok "with another transport allowed, that is used" probe
ok "... RSA" by rsa-oaep-sha1

# What differs from the rehearsal is a warning: its journal is in the report folder. It had other tokens.
ceremony softhsm:nss again
sed -i "s|^report-folder: .*|report-folder: $tmp/softhsm-nss/reports|" "$file"
sed -i 's/^rehearsal: .*/rehearsal: no/; s/name: \(.*\) Officer/{&, role: \1 officer}/; s/\(role: .\)/\L\1/' "$file"
ok "a ceremony that was rehearsed" probe
not_ok "control: the transport of the rehearsal is none" grep 'the rehearsal .* went by' "$tmp/moved"
policy "transports: [ecdh-p256]"
ok "... and by another transport" probe
ok "another transport than in the rehearsal is a warning" grep -E \
    'WARNING.*the rehearsal .* went by ecdh-p521 with KDF none; this ceremony goes by ecdh-p256' "$tmp/moved"
ok "the line that avoids a weaker one is named" grep -F '"transports" that begins with ecdh-p521' "$tmp/moved"
ok "... once" test "$(grep -c 'that begins with' "$tmp/moved")" = 1

# A token that fails with what its dialect has: below the floor it is refused, else officers are warned.
sed 's/kdf-none/kdf-sha256/; s/^name: .*/name: odd/' "$abs_top_srcdir/dialects/softhsm.yaml" >"$tmp/odd.yaml"
ceremony softhsm:nss again
sed -i "/^source:/,/^destination:/ s|^  api: .*|&\n  dialect: $tmp/odd.yaml|" "$file"
cp "$file" "$tmp/odd-ceremony.yaml"
policy "transports: [ecdh-p521, ecdh-p384]"
exits 69 "below the floor it is refused" probe
cp "$tmp/odd-ceremony.yaml" "$file"
ok "without a floor it is not" probe
ok "a stronger transport that fails is a warning" grep -F 'ecdh-p521 failed, which this HSM has' "$tmp/moved"
ok "... and so is a weaker one than the keys" grep -F 'weaker than the key it carries' "$tmp/moved"
finish
