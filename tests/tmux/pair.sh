#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The console between two APIs, on the rehearsal's real tokens: both are named, and the words of each
# are there to be read before the start and as it happens.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"
need_softhsm certutil

# prepare NAME: $dir with the tokens of the default pair and a ceremony for one private key.
prepare() {
    dir=$tmp/$1
    sh "$abs_top_srcdir/examples/rehearse.sh" --build "$abs_top_builddir" --dir "$dir" --prepare \
        </dev/null || return
    sed -i 's/gates: .*/gates: [review, fingerprint]/
        s/object=[*]/object=code-sign-p256;type=private/' "$dir/ceremony.yaml"
}

# The words of both sides, each at its place in the lanes.
lanes_speak() {
    sees "C_WrapKey" && sees "CKM_AES_KEY_WRAP_PAD" && sees "PK11_UnwrapPrivKey" &&
        sees "CKM_AES_KEY_WRAP_KWP"
}

listed_by_nss() {
    certutil -K -d "sql:$dir/nss-destination" -f "$dir/pins/destination" | grep code-sign-p256
}

walk() { # walk SIZE
    ok "$1: the rehearsal is prepared" prepare "pair-$1"
    console "$1" "$dir/ceremony.yaml"
    ok "$1: the source's API is named" sees "SOURCE  pkcs11 2.40 - SoftHSM v2"
    ok "$1: the destination's, too" sees "DESTINATION  nss 3."
    ok "$1: both are listed" listed 18
    press F5
    ok "$1: the review says from where to where" sees "from hsm-old (SoftHSM v2, pkcs11) to NSS"
    ok "$1: which transport" sees PK11_DeriveWithTemplate
    ok "$1: which envelope on the source" sees "C_WrapKey CKM_AES_KEY_WRAP_PAD, then"
    ok "$1: and which on the destination" sees "CKM_AES_KEY_WRAP_KWP"
    type_text "ferry 1"
    press Enter
    ok "$1: a rehearsal waits before the first step" sees "[NEXT] 1 make"
    type_text '>'
    ok "$1: both fingerprints are compared" compare
    ok "$1: the ceremony is complete" sees "The ceremony is complete."
    press c
    ok "$1: the lanes speak both APIs' words, those for a private key" lanes_speak
    ok "$1: and not those for a secret key" lacks PK11_UnwrapSymKey
    press Escape
    lacks "RELAY (this host)" && press F6
    ok "$1: what differs is to be seen at once" sees tightened
    ok "$1: and the proof" sees "[ ok ] by a fresh process"
    press q
    ok "$1: it ends with 0 and gives the terminal back" ended 0
    ok "$1: NSS's own tool lists the key" listed_by_nss
}

walk 80x24
walk 120x40
finish
