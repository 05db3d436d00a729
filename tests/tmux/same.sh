#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Are two keys of one name the same? Asked on request, of real tokens whose keys we know, on the
# screen and in lines; and after a migration to another API.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil "$python"
"$python" -c 'import PyKCS11' 2>/dev/null || skip_all "python3-pykcs11 is not installed"

key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
dir=$tmp/same
export SOFTHSM2_CONF="$dir/softhsm2.conf" PYTHONDONTWRITEBYTECODE=1
mkdir -p "$dir/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$dir/tokens" >"$SOFTHSM2_CONF"
(umask 077 && echo swordfish >"$dir/pin")

token() {
    "$python" "$abs_top_srcdir/tests/softhsm/tokens.py" make "$softhsm" "$@"
}

# side NAME TOKEN
side() {
    printf '%s:\n  api: pkcs11\n  module: %s\n  token: pkcs11:token=%s?pin-source=file:%s\n' \
        "$1" "$softhsm" "$2" "$dir/pin"
    printf '  environment: ["SOFTHSM2_CONF=%s"]\n' "$SOFTHSM2_CONF"
}

(umask 077 && {
    printf 'title: Same\nrehearsal: yes\nreport-folder: reports\nkeys: []\n'
    side source hsm-old
    side destination hsm-new
} >"$dir/c.yaml")

# go_to LABEL KEYS...: the cursor, which is on that then.
go_to() {
    go_label=$1
    shift
    press "$@" && sees "$go_label: "
}

ok "a token with keys that we know" token hsm-old "aes32:alpha:id=01:+sign:value=$key" \
    "aes32:beta:id=02:value=$key" aes32:gamma:id=03 "generic:passphrase:id=04:value=0102030405" \
    "aes32:wrapper:id=05:-encrypt:-decrypt:+wrap:value=$key" ec256:signer:id=06
ok "another with the same, others, and a padded one" token hsm-new \
    "aes32:alpha:id=01:+sign:value=$key" aes32:beta:id=02 \
    "generic:passphrase:id=04:value=0102030405000000" \
    "aes32:wrapper:id=05:-encrypt:-decrypt:+wrap:value=$key" ec256:signer:id=06 aes32:delta:id=07

console 120x40 "$dir/c.yaml"
ok "both are listed" sees "name taken"
press Tab
ok "nobody was asked" sees_like "beta .*same name"
ok "public halves tell it without" sees_like "signer .*differs"
ok "the first key" go_to alpha g
press "="
ok "the same, with the method" sees "alpha: same, aes-ecb: both sides encrypted the same random"
ok "in the column, too" sees_like "alpha .* same *│"
ok "the second" go_to beta j
press "="
ok "is another one" sees "beta: differs: both sides answer the same challenge differently"
ok "in the column, too" sees_like "beta .* differs *│"
ok "one that is alone" go_to delta j
press "="
ok "has nobody to ask about" sees "The other side holds no key of this name."
ok "a secret" go_to passphrase j
press "="
ok "a padded one is another one" sees "passphrase: differs"
ok "one without a use that answers" go_to wrapper j j
press "="
ok "is digested" sees "wrapper: same, sha256-digest"
ok "back to the first" go_to alpha g
press F3
ok "the details have its check values" sees "f29000, ECB of zeros, the same on both sides"
ok "by both methods" sees "377822, CMAC of zeros, the same on both sides"
press Escape
ok "the details are closed" lacks "CMAC of zeros"
press v
ok "the comparison says how it was found" sees "[ ok ] same, aes-ecb: both sides encrypted"
ok "with the check values" sees_like "ECB of zeros *f29000"
press Escape
ok "back in the list" sees "alpha: AES 256"
press q
ok "it ends well" ended 0

# compares LABEL WORDS: a line of the last list.
compares() {
    grep -F "$1: $2" "$tmp/list" || { cat "$tmp/list" && return 1; }
}

ok "in lines" "$hsmferry" list --compare "$dir/c.yaml" >"$tmp/list"
"$hsmferry" list --compare "$dir/c.yaml" >"$tmp/list"
ok "the same" compares alpha "same, aes-ecb: both sides"
ok "with its check value" compares alpha "same, aes-ecb: both sides encrypted the same random \
block to the same ciphertext; check value f29000, ECB of zeros, the same on both sides"
ok "another" compares beta "differs: "
ok "a padded one" compares passphrase "differs: "
ok "by public halves" compares signer "differs, public half: "
ok "only on one side" compares gamma "only on the source"
ok "only on the other" compares delta "only on the destination"
"$hsmferry" list "$dir/c.yaml" >"$tmp/plain"
not_ok "control: not where it is not asked for" grep -q "same, aes-ecb" "$tmp/plain"

dir=$tmp/rehearsal
sh "$abs_top_srcdir/examples/rehearse.sh" --build "$abs_top_builddir" --dir "$dir" --plain \
    </dev/null >"$tmp/rehearsal.log"
"$hsmferry" list --compare "$dir/ceremony.yaml" >"$tmp/list"
ok "after a migration to NSS a cipher's key" compares payments-aes256 "same, aes-ecb: "
ok "a password" compares db-password13 "same, sha256-digest: "
ok "a private key" compares root-ca-rsa4096 "same, public half: "
ok "and one that stayed" compares stays-aes256 "only on the source"
finish
