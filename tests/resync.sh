#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A resync whose HSM dies while it sets attributes of a copy, or refuses to: what its report says, how it
# is resumed and cleaned up, and that a second one changes nothing. The HSMs are test doubles.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
value=value=1122334411223344112233441122334411223344112233441122334411223344
umask 077

# side NAME LABEL KEYS [FAULT]
side() {
    echo "$1: {api: fake, agent: [\"$agent\"], module: $tmp/c/$1.store, time-limit: 60, parameters:" \
        "\"label=$2;serial=$$$1;quick=yes;keys=$3;${4:-}\", token: \"pkcs11:token=$2?pin-source=file:$tmp/c/pin\"}"
}

# ceremony [FAULT OF THE DESTINATION [ITS KEYS]]: the copy of one may decrypt and leave, its original may
# not decrypt; two has no copy.
ceremony() {
    mkdir -p "$tmp/c"
    echo 1234 >"$tmp/c/pin"
    {
        echo "title: A copy that is there"
        echo "rehearsal: yes"
        side source old "aes32:two:id=02,aes32:one:id=01:-decrypt:$value"
        side destination new "${2:-aes32:one:id=01:$value}" "${1:-}"
        echo "keys: ['pkcs11:object=one', 'pkcs11:object=two']"
        echo "policy: {rsa-bits: 2048, gates: []}"
        echo "report-folder: reports"
    } >"$tmp/c/c.yaml"
}

# fresh FAULT: of the destination, in the call that sets attributes.
fresh() {
    rm -rf "$tmp/c"
    ceremony "$1"
    run "$hsmferry" resync "$tmp/c/c.yaml"
    journal=$(find "$tmp/c/reports" -name '*.journal')
    ceremony
}

# run WORDS...: ends with this exit code.
run() {
    code=0
    "$@" </dev/null >"$tmp/log" 2>&1 || code=$?
}

ended() {
    tail -n 3 "$tmp/log"
    test "$code" = "$1"
}

newest() {
    by_time "$tmp/c/reports" yaml | tail -n 1
}

valid() {
    "$hsmferry" verify "$(newest)" --journal "$(newest | sed 's/yaml$/journal/')"
}

says() {
    grep -q -e "$1" "$(newest)"
}

copy_is() {
    "$hsmferry" compare "$tmp/c/c.yaml" | grep -q "^$1  *one "
}

fresh "die=tighten:1"
ok "it must be resumed" ended 3
ok "its report does not hide that attributes may be set" says 'outcome: "unknown"'
ok "and passes verify" valid
run "$hsmferry" resume "$journal" "$tmp/c/c.yaml"
ok "resumed, the copy is brought into line" ended 0
ok "says its report" says 'changes: "decrypt: no; extractable: no"'
ok "which passes verify" valid
ok "the copy is the same now" copy_is same
run "$hsmferry" resync "$tmp/c/c.yaml"
ok "a second one ends with 0" ended 0
ok "and says that it changed nothing" says "nothing was changed"
ok "its report passes verify" valid
fresh "die=tighten:1"
run "$hsmferry" clean "$journal" "$tmp/c/c.yaml"
ok "cleaned up" ended 0
ok "the copy is as it was" copy_is "other attributes"
ok "the report of clean passes verify" valid
fresh "fail=tighten:1"
ok "refused by the HSM, it is not complete" ended 3
ok "its report says that it failed" says 'outcome: "failed"'
ok "and passes verify" valid
ok "nothing was set" copy_is "other attributes"
run "$hsmferry" resume "$journal" "$tmp/c/c.yaml"
ok "resumed, its copy is still found, and brought into line" ended 0
ok "says its report" says 'outcome: "aligned"'
ok "which passes verify" valid
ok "the copy is the same now" copy_is same

# lost KEY: what an HSM may leave that loses power while it changes an object: the copy is gone, and
# there is this key.
lost() {
    fresh "die=tighten:1"
    rm "$tmp/c/destination.store"
    ceremony "" "$1"
}

lost aes32:other:id=0f
run "$hsmferry" resume "$journal" "$tmp/c/c.yaml"
ok "resumed without the copy, the key is migrated again" ended 0
ok "says a warning" says "one: the copy that was to be brought into line is gone; the key is migrated again"
ok "its report passes verify" valid
ok "and it is the same" copy_is same
lost aes32:other:id=0f
run "$hsmferry" clean "$journal" "$tmp/c/c.yaml"
ok "clean migrates nothing" copy_is "only on source"
ok "and says that the copy is gone" says "is gone; hsmferry resync migrates the key again"
ok "its report passes verify" valid
lost aes32:one:id=01
run "$hsmferry" resume "$journal" "$tmp/c/c.yaml"
ok "another key in its place is a conflict" ended 4
ok "which is left alone" copy_is "not known"
finish
