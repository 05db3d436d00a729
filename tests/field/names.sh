#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# URIs as other programs print them, and ceremony files as other editors save them.
set -u
# shellcheck source=tests/field/lib.sh
. "${0%/*}/lib.sh"

command -v p11tool >/dev/null || skip_all "p11tool is not installed"
soft src && nss new || exit 99
tool --keygen --key-type AES:32 --label 'my key' --id ab0c --extractable
token=$(p11tool --provider "$softhsm" --list-token-urls 2>/dev/null | grep 'token=src')
key=$(GNUTLS_PIN=1234 p11tool --provider "$softhsm" --login --list-all "$token" 2>/dev/null |
    sed -n 's/.*URL: *//p' | grep my%20key)
slot=$(softhsm2-util --show-slots | awk '/^Slot/ { print $2; exit }')

# names CODE TOKEN-URI KEY-URI
names() {
    ceremony "$(soft_side "$2")" "$(nss_side new)" "$3"
    ends "$1" probe --no-canary
}

ok "p11tool prints both" test -n "$token" -a -n "$key"
ok "its token, our key" names 0 "$token" 'pkcs11:object=my%20key'
ok "its token, its key" names 0 "$token" "$key"
ok "our token, its key" names 0 pkcs11:token=src "$key"
ok "the slot, its key" names 0 "pkcs11:slot-id=$slot" "$key"
ok "other escapes" names 0 pkcs11:token=src 'pkcs11:object=%6d%79%20key'
ok "an id in small letters" names 0 pkcs11:token=src 'pkcs11:type=secret-key;id=%ab%0c'
ok "a separator at the end" names 0 pkcs11:token=src 'pkcs11:id=%AB%0C;'
ok "a key of another token is named in vain" names 78 pkcs11:token=src \
    "$(printf %s "$key" | sed 's/token=src/token=other/')"
ok "... which is said" says 'names another token'
ok "one that says more than is true of the token, too: 4" names 4 pkcs11:token=src \
    "$(printf %s "$key" | sed 's/serial=[0-9a-f]*/serial=0011223344556677/')"
for attribute in library-manufacturer=SoftHSM library-version=2.6 slot-description=x x-note=1; do
    ok "what does not count is named: ${attribute%=*}" names 78 "pkcs11:token=src;$attribute" \
        'pkcs11:object=my%20key'
    says "${attribute%=*}" || not_ok "... by its name" true
done

# saved WORDS COMMAND...: a good file that was changed so stays good.
saved() {
    saved_words=$1
    shift
    ceremony "$(soft_side pkcs11:token=src)" "$(nss_side new)" 'pkcs11:object=my%20key'
    "$@" <"$tmp/c.yaml" >"$tmp/changed" && cat "$tmp/changed" >"$tmp/c.yaml"
    ok "$saved_words" ends 0 probe --no-canary
}

marked() {
    printf '\357\273\277'
    cat
}

crlf() {
    sed 's/$/\r/'
}

saved "with CR LF" crlf
saved "with a byte order mark" marked
both() {
    marked | crlf
}
saved "with both" both
finish
