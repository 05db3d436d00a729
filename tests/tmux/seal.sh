#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys are sealed for a key service on the screen: the service takes the place of the other HSM.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"

openssl genrsa -out "$tmp/service.key" 2048 2>/dev/null &&
    openssl rsa -in "$tmp/service.key" -pubout -out "$tmp/service.pem" 2>/dev/null || exit 99

# prepare NAME: a ceremony file without a destination.
prepare() {
    ceremony "$1" "$few"
    sed -i '/^destination:/,/^  time-limit:/d' "$dir/c.yaml"
}

seal() { # seal SIZE
    console "$1" seal --for rsa-aes --wrapping-key "$tmp/service.pem" "$dir/c.yaml"
}

file() {
    find "$dir/reports" -name '*.1-alpha.bin' | grep .
}

is_sealed() { # the report names the file by its digest
    grep -q 'sealed-for: "rsa-aes"' "$dir"/reports/*.yaml &&
        grep -q "file-sha256: \"$(sha256sum <"$(file)" | cut -d' ' -f1)\"" "$dir"/reports/*.yaml
}

prepare walk
seal 80x24
ok "the service is the destination" sees "CKM_RSA_AES_KEY_WRAP  serial"
ok "the source is listed" sees "0 of 5 marked"
press Space
ok "a key is marked" sees "1 of 5 marked"
press F2
sees "c.yaml" && press Enter
ok "it is not saved as a ceremony between two HSMs" sees "a ceremony that seals keys is not saved"
press Escape
lacks "is not saved" && press F5
ok "the review says for whom" sees "to CKM_RSA_AES_KEY_WRAP"
type_text "ferry 1"
press Enter
ok "the wrapping key is compared" sees "The service's wrapping key, as its file has it:"
not_ok "no file before that" file
ok "... by its words" compare
ok "the ceremony is complete" sees "The ceremony is complete."
ok "the key is sealed" sees "1 sealed   0 refused   0 failed"
ok "... and not moved" lacks moved
ok "the next command is shown" sees "C_UnwrapKey with CKM_RSA_AES_KEY_WRAP"
ok "the source is unchanged, and nobody looks at the service" sees "nothing on SOURCE"
ok "the report has the file" is_sealed
press c
ok "the lane has the file" sees_like "▶ \[ ok \] 11 .*"
ok "... its name" sees "1-alpha.bin"
ok "... and its digest" sees "sha256 $(sha256sum <"$(file)" | cut -c1-4)"
press L
ok "the ledger has a column for it" sees "seal "
ok "... and none for a proof" lacks prove
press Escape
lacks "KEYS 1"
press q
ok "it ends with 0" ended 0
ok "the command stands in the terminal" sees "Next, with the client of CKM_RSA_AES_KEY_WRAP"
journal=$(find "$dir/reports" -name '*.journal')
console 120x40 replay "$journal"
press End
ok "a replay shows the file, too" sees "1-alpha.bin"

prepare words
seal 60x30
ok "at 60 columns it is the same" sees "0 of 5 marked"
press Space F5
sees "Type  ferry 1" && type_text "ferry 1" && press Enter
sees "as the SOURCE loaded it" && type_text "a b c d" && press Enter
ok "control: with other words" sees "That was wrong"
type_text "a b c d"
press Enter
not_ok "... no file is written" file
finish
