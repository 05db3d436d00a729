#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ledger: all keys at a glance, and any key's own steps, while it runs and afterwards.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

row() { # row LABEL PATTERN: the ledger's row of this key
    sees_like "[0-9] $1 .* $2"
}

relayed() { # relayed STEP: the digest under this step in the report, in the groups of the screen
    awk -v step="$1" 'index($0, "name: \"" step "\"") && match($0, /sha256: "[0-9a-f]+"/) {
        print substr($0, RSTART + 9, 39); exit }' "$dir"/reports/*.yaml |
        sed 's/..../& /g;s/ $//' | cut -c1-39
}

pace=step
ceremony ledger "$few" '' '[]' 'pkcs11:object=alpha, pkcs11:object=beta;type=private, pkcs11:object=gamma, pkcs11:object=stays'
console 80x24 "$dir/c.yaml"
sees "4 of 5 marked" && press F5 && sees "Type  start" && type_text start && press Enter
sees "step 1 of 12 PAUSED" && type_text , && sees "step 8 of 12 PAUSED" && type_text , && sees "key 2 of 4: beta"
type_text P && sees "It waits before each step" && type_text . && sees "step 9 of 12 PAUSED"

# --- while it runs ---
type_text L
ok "each key has a row" sees "KEYS 4, with 1 public object   1 proven   1 refused   0 failed"
ok "one that is proven, with its bytes" row alpha "ok  *40 B  *ok  *ok  *ok  *ok"
ok "and its check value from both sides" row alpha "=[0-9a-f]\{6\}"
ok "one under way" row beta "ok"
not_ok "control: it has not crossed" sh -c "tmux -L $server capture-pane -p | grep 'beta  *EC P-256  *ok  *152 B'"
ok "one that cannot go says why" row stays "refused: not extractable"
press Enter
ok "the first key's steps while another is under way" sees "STEPS OF KEY 1 of 4: alpha, AES 256"
ok "with the call" sees "fake unwrap aes-kwp"
ok "the bytes are the same at all three places" sees "the same bytes at 3 places: source, relay and destination"
type_text n
ok "n: the next key's" sees "STEPS OF KEY 2 of 4: beta, EC P-256"
ok "of which one step is done" sees "[ ok ]  8 source"
press Escape
ok "back to the ledger" sees "KEYS 4, with 1"
press Escape
ok "back to the step that waits" sees "step 9 of 12 PAUSED"
type_text '>'

# --- afterwards ---
ok "it runs to its end" sees "not every key was moved"
type_text L
ok "the ledger from the last screen" sees "KEYS 4, with 1 public object   3 proven   1 refused   0 failed"
ok "proven by a fresh process" row gamma "ok  *24 B  *ok  *ok  *ok  *ok  *ok"
press Home Enter
ok "the first key's steps after the last" sees "STEPS OF KEY 1 of 4: alpha, AES 256"
ok "with the SHA-256 that the report has" sees "sha256 $(relayed relay-key)"
ok "at all three places" test "$(screen | grep -cF "sha256 $(relayed wrap-key)")" = 3
type_text v
ok "v shows the key on both sides" sees "extractable"
ok "which is this key" sees "key 1 of"
press Escape
ok "back to its steps" sees "STEPS OF KEY 1"
press Escape
sees "KEYS 4, with 1" && press F4
ok "only what did not arrive" sees "1 of 5 rows: refused, failed or unproven"
ok "that is this key" row stays "refused: not extractable"
ok "and no other" lacks "alpha"
press F4
ok "all again" sees "alpha"
for size in 60x20 120x40 40x12 80x24; do
    resize "$size"
    ok "$size: it is still a ledger" sees "KEYS 4, with 1"
    ok "$size: with its keys" sees_like "[0-9] sta" # its label may be cut
done
ok "80x24: with all its columns" sees "fresh check"
press Escape
ok "back to the end" sees "not every key was moved"
press q
ok "it ends" ended 77
finish
