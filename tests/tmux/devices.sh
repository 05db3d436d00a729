#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A ceremony that is no rehearsal, on the screen: both devices are confirmed before any PIN, and a
# key of the source signs the report at its end.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

answer() {
    type_text "$1" && press Enter
}

openssl_verifies() {
    report=$(echo "$dir"/reports/*.yaml)
    openssl dgst -sha256 -verify "$report.pub.pem" -signature "$report.sig" "$report"
}

ceremony production 'keys=aes32:alpha,ec256:audit:+public' '' '[review]' '"pkcs11:object=alpha"'
sed -i 's/^rehearsal: yes/rehearsal: no/; s/?pin-source[^ ]*//
/^source:/i officers:\
- {name: Ada, role: source officer}\
- {name: Charles, role: destination officer}
/^report-folder/i sign-report: {side: source, key: "pkcs11:object=audit"}' "$dir/c.yaml"
stamp=PRODUCTION
console 80x24 "$dir/c.yaml"
ok "the devices are read out" sees "Compare both devices with the script on paper"
ok "by serial" sees_like "serial [0-9]*ination"
answer "tion urce"
ok "the wrong way round is wrong" sees "Tries left: 1"
answer "urce tion"
ok "then the source's officer is asked for the PIN" sees "Ada, source officer, your PIN:"
answer 1234
ok "and the destination's" sees "Charles, destination officer, your"
answer 1234
ok "a key goes" listed 3
migrate 1
ok "the PIN of the key that signs" sees "SIGN THE REPORT: token hsm-old"
answer 9999
ok "a wrong one is told" sees "FAILED"
press Enter
ok "... and that the report is not signed" sees "UNSIGNED: "
ok "... but can be" sees "S Sign"
press S
ok "S asks for it again" sees "SIGN THE REPORT: token hsm-old"
answer 1234
ok "the end says who signed" sees "by audit, EC P-256, on hsm-old"
ok "... and that F3 shows how that is checked" sees "F3 shows the commands for that"
resize 120x50
ok "... or, with room, the command and its files" sees_like "yaml\.pub\.pem"
resize 60x20
ok "60x20: no half of the words, but where they are" sees "F3 shows the words"
ok "... and nothing runs into the last line" sees_like "^ F1 Help F6 Compare F5 Replay "
resize 40x12
ok "40x12: what has no room is in the details" sees "more: F3"
resize 80x24
sees "F3 shows the commands for that"
not_ok "a report that is signed is not offered to be signed" sh -c "
    tmux -L $server capture-pane -p | tail -n 1 | grep -q 'S Sign'"
press S
ok "S does not sign it twice" sees "The report is signed already"
press F3
sees DETAILS && press End
ok "the details have the whole commands" sees "-signature"
not_ok "... of which nothing is cut" sh -c "tmux -L $server capture-pane -p | grep '~ *│'"
press Escape
lacks DETAILS
press q
ok "exit 0" ended 0
ok "OpenSSL alone verifies it" openssl_verifies
ok "the gate is in the report" grep -q 'gate: "devices", state: "confirmed", officer: "Ada"' \
    "$dir"/reports/*.yaml
finish
