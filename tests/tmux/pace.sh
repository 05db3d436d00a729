#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The pace: an officer sees each step before it is carried out, and lets it go on.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

two='keys=aes32:alpha,ec256:beta:+public'
both='pkcs11:object=alpha, pkcs11:object=beta;type=private'

# begins NAME PACE [SOURCE-PARAMETERS]: a ceremony of two keys that waits before its first step, which
# no gate comes before.
begins() {
    pace=$2
    ceremony "$1" "$two${3:-}" '' '[]' "$both"
    [ -z "${3:-}" ] || sed -i 's/^policy:/&\n  canary: none/' "$dir/c.yaml"
    console "${size:-80x24}" "$dir/c.yaml"
    sees "2 of 3 marked" && press F5 && sees "Type  start" && type_text start && press Enter
    sees PAUSED && sees_like "\[NEXT\] 1 \(make R\|RSA key\)"
}

# step NUMBER TEXT: what is waited for is carried out, and step NUMBER comes next.
step() {
    type_text . && sees "step $1 of 12 PAUSED" && sees "$2"
}

waits_in_journal() {
    grep -c "	state=waits	" "$dir"/reports/*.journal
}

# --- the default: step by step through the transport key and the first key ---
ok "default: it waits before the first step" begins default default
ok "the sentence says where" sees "The DESTINATION makes an RSA key pair"
ok "and what leaves" sees "Nothing leaves, and the private half never will."
ok "the step is marked" sees "[NEXT] 1 make RSA pair"
ok "step 2 is not carried out" sees "[    ] 2 public key"
ok "both tokens stay locked while it waits" sh -c \
    "sed 's/^report-folder:.*/report-folder: other/' '$dir/c.yaml' >'$dir/other.yaml' && chmod 600 '$dir/other.yaml' &&
     ! '$hsmferry' --plain '$dir/other.yaml' >'$dir/other.log' 2>&1 && grep -qi 'in use\|lock\|another' '$dir/other.log'"
ok "the next one crosses the relay" step 2 "What crosses is public, about 294 bytes."
ok "3" step 3 "The SOURCE loads the public half and reads it back"
ok "4" step 4 "The SOURCE makes the KEK"
ok "5" step 5 "What leaves is ciphertext, 256 bytes."
ok "6" step 6 "What crosses is ciphertext, 256 bytes."
ok "7" step 7 "The DESTINATION decrypts the KEK"
ok "8: the key by its label and type" step 8 "The SOURCE encrypts alpha (AES 256) under the KEK"
ok "with its mechanism" sees "fake wrap aes-kwp."
ok "and its bytes" sees "What leaves is ciphertext, 40 bytes."
ok "9" step 9 "This host carries the encrypted key alpha (AES 256)"
ok "10" step 10 "into a temporary key"
ok "11: the proof" step 11 "to prove that both hold alpha"
ok "11: the commit" step 11 "keeps alpha (AES 256) under its own name"
type_text .
ok "after the first key it runs to its end" sees "The ceremony is complete."
ok "it waited twelve times" test "$(waits_in_journal)" = 12
not_ok "never before the proof that follows a commit" \
    grep -q 'state=waits.*step=prove-again' "$dir"/reports/*.journal
sed 's/step=commit/step=prove-again/' "$dir"/reports/*.journal >"$dir/altered"
ok "control: such a wait would be seen" grep -q 'state=waits.*step=prove-again' "$dir/altered"
ok "the report has the pace" grep -q 'pace: "first-key", step: "make-pair"}' "$dir"/reports/*.yaml
ok "and passes" "$hsmferry" verify "$dir"/reports/*.yaml
press q
ok "it ends with 0" ended 0

# --- the keys: a key at a time, run, pause ---
ok "key: it waits before the transport key" begins key key
type_text .
ok "then before the first key" sees "key 1 of 2: alpha"
ok "which is step 8" sees "step 8 of 12 PAUSED"
type_text P
ok "P makes it wait before each step" sees "It waits before each step from here on."
ok "so the next one, too" step 9 "This host carries the encrypted key alpha"
type_text ,
ok "a comma finishes the key" sees "The SOURCE encrypts beta (EC P-256)"
type_text p
ok "p shows the key before" sees "key 1 of 2: alpha"
ok "with its steps" sees "[ ok ] 9 40 bytes"
type_text n
ok "n the next one" sees "[NEXT] 8 wrap the key"
type_text '>'
ok "it runs on" sees "The ceremony is complete."
ok "every change is in the report" test "$(grep -c '^    - {seq: .*pace: "[a-z]*", step: "[a-z-]*"\(, key: [0-9]\)*}$' "$dir"/reports/*.yaml)" = 4
ok "and it passes" "$hsmferry" verify "$dir"/reports/*.yaml
press q
ok "it ends with 0" ended 0

# --- an exception, and a stop, while it waits ---
ok "stop: it waits" begins stop step
step 2 "public half" && step 3 "SOURCE loads"
press F2
ok "an exception can be written down" sees "What was expected"
type_text "a quiet room" && press Enter
sees "What happened" && type_text "a drill" && press Enter
sees "What was decided" && type_text "go on" && press Enter
ok "it is" sees "The exception is written down."
ok "and it still waits" sees "step 3 of 12 PAUSED"
press F7
ok "it asks before it stops" sees "Stop the ceremony?"
type_text y
ok "it stops without another word" sees "The ceremony was stopped."
ok "nothing is left over" sees "nothing on DESTINATION"
ok "the report has the exception" grep -q 'happened: "a drill"' "$dir"/reports/*.yaml
ok "and passes" "$hsmferry" verify "$dir"/reports/*.yaml
press q
ok "it ends with 2: nothing has changed" ended 2

# --- an HSM that ends the session while it waits ---
ok "gone: it waits" begins gone key ";fail=wrap:3:0xb3"
type_text . && sees "step 8 of 12 PAUSED" && type_text , && sees "encrypts beta" && type_text ,
ok "what failed is named" sees "not every key was moved"
ok "as a session that ended in a wait" grep -q 'ended the session in, or after, a wait' \
    "$dir"/reports/*.yaml
press q
ok "it ends with 3" ended 3
sed -i 's/;fail=wrap:3:0xb3//;s/^pace:.*/pace: run/' "$dir/c.yaml"
ok "resume takes over" "$hsmferry" resume "$dir"/reports/*.journal

# --- small windows ---
size=60x20
ok "60x20: it waits" begins small step
ok "60x20: it says what leaves" sees "Nothing leaves, and the private half never will."
resize 40x12
ok "40x12: so, too" sees "NEXT"
resize 39x11
ok "39x11: in a sentence" sees "waits before step 1"
resize 120x40
ok "120x40: again" sees "[NEXT] 1 make RSA pair"
type_text '>'
ok "and on" sees "The ceremony is complete."
press q
ok "it ends with 0" ended 0
finish
