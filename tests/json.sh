#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --json of list, compare, probe and verify: of the published form, whatever labels say. The HSMs are test doubles.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

python3 -c 'import jsonschema' 2>/dev/null || skip_all "python3-jsonschema is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
check=$abs_top_srcdir/tests/json_check.py
umask 077
cd "$tmp" || exit
echo 1234 >pin

# file NAME SOURCE DESTINATION [PIN]: a ceremony file for two HSMs with these parameters
file() {
    cat >"$1.yaml" <<END
title: '"}, "passed": true, "x": {"<img>'
rehearsal: yes
officers:
- {name: 'Ada "--> \\', role: source officer}
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1.source
  parameters: "label=old;serial=$$s$1;pin=1234;$2"
  token: "pkcs11:token=old?pin-source=file:$tmp/${4:-pin}"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1.destination
  parameters: "label=new;serial=$$d$1;pin=1234;$3"
  token: "pkcs11:token=new?pin-source=file:$tmp/pin"
keys: ["pkcs11:"]
policy:
  gates: []
report-folder: reports
END
}

# writes CODE WORDS FILE COMMAND...: it ends with this code; FILE has its standard output, "$tmp/err" its errors
writes() {
    code=$1
    words=$2
    to=$3
    shift 3
    status=0
    "$@" >"$to" 2>"$tmp/err" || status=$?
    cp "$tmp/err" "$tmp/out"
    tap_case "$((status != code))" "$words"
}

passes() { # passes FILE [PATH=VALUE]...
    python3 "$check" "$@"
}

is_only_an_error() {
    [ ! -s none.json ] && grep -q '^hsmferry: ' err
}

into_full_disk() {
    "$@" >/dev/full
}

ok "the examples of the manual page pass, and it explains every member" \
    python3 "$check" --page "$abs_top_srcdir/man/hsmferry-json.5"
sed 's/^\.It Ic passed/.It Ic past/' "$abs_top_srcdir/man/hsmferry-json.5" >less.5
not_ok "control: a member that it does not explain is seen" python3 "$check" --page less.5
sed 's/"passed": true/"passed": "yes"/' "$abs_top_srcdir/man/hsmferry-json.5" >less.5
not_ok "control: so is an example of another form" python3 "$check" --page less.5

# --- hostile labels --------------------------------------------------------------------------------

hostile='aes32:%22}%2c%0a%22x%22=%22,aes32:%5c%5c,aes32:%5cx41,aes32:%1b[2Jred,aes32:%e2%80%aetxt,aes32:%ff%fe%c0%80,aes32: ends ,aes32:%ed%a0%80,aes32:%00null,aes32:%f4%90%80%80,aes32:%3c/script%3e,aes16:stays:-extractable,ec256:%f0%9f%94%91:id=00ff:+public'
file hostile "keys=$hostile" 'keys=aes32:%5c%5c'
writes 0 "list" list.json "$hsmferry" list --json hostile.yaml
ok "it is of its form" passes list.json 'format="hsmferry-list/1"' 'source.objects.#=14' 'exit-code=0' 'errors=[]' \
    'source.slots.0.named=true' 'source.slots.0.label="old"' 'destination.objects.0.label="\\\\\\\\"' \
    'source.objects.5.label="\\xff\\xfe\\xc0\\x80"' 'source.objects.0.flags.extractable=true'
writes 0 "list --compare" compare.json "$hsmferry" list --json --compare hostile.yaml
ok "... says which are the same" passes compare.json 'compared.#=13'
writes 0 "compare" map.json "$hsmferry" compare --json hostile.yaml
ok "... has each object of both sides" passes map.json 'format="hsmferry-compare/1"' 'objects.#=14' 'errors=[]' \
    'objects.5.source.label="\\xff\\xfe\\xc0\\x80"' 'objects.1.state="not known"' 'objects.1.by="name"' \
    'objects.11.state="cannot be migrated"'
sed '0,/"by": "name"/s//"by": "its name"/' map.json >bad.json
not_ok "control: a word that no schema has is seen" passes bad.json
writes 0 "compare --challenge" asked.json "$hsmferry" compare --json --challenge hostile.yaml
ok "... knows by a challenge that a key of the same name is another one" passes asked.json \
    'objects.1.state="name taken"' 'objects.1.by="challenge"'
writes 0 "probe" probe.json "$hsmferry" probe --json hostile.yaml
ok "it is of its form" passes probe.json 'format="hsmferry-probe/1"' 'keys.#=14' 'exit-code=0' \
    'negotiation.envelope.algorithm="aes-kwp"' 'source.token.label="old"' 'offers.#=10'

# A writer that does not escape would let a label make members.
sed 's/\\"}/"}/' list.json >bad.json
not_ok "control: a label that is not escaped is seen" passes bad.json
sed '0,/"label-hex": "../s//&00/' list.json >bad.json
not_ok "control: so is one that is not its bytes" passes bad.json
sed '0,/"class": /s//"colour": "red", &/' list.json >bad.json
not_ok "control: so is a member that no schema has" passes bad.json
sed '0,/"extractable": true/s//"extractable": "yes"/' list.json >bad.json
not_ok "control: so is a value of another type" passes bad.json
printf '%s\342\200\256\n' "$(cat list.json)" >bad.json
not_ok "control: so is text that runs the other way" passes bad.json

# --- what is not reported ----------------------------------------------------------------------------

file silent 'keys=aes32:one;lie=describe:0:label' 'fail=handles:1:0x30'
writes 69 "list of an HSM that fails" failed.json "$hsmferry" list --json silent.yaml
ok "... has the other one's objects and the error" passes failed.json 'destination.objects=[]' 'source.objects.#=1' \
    'errors.0.side="destination"' 'errors.0.hsm-code="0x30"' 'exit-code=69' \
    'destination.listed=false' 'source.listed=true'
ok "... which standard error has, too" grep -q '^hsmferry: ' err
echo 9999 >wrong
file pin 'keys=aes32:one' '' wrong
writes 77 "probe with a wrong PIN" pin.json "$hsmferry" probe --json pin.yaml
ok "... is of its form" passes pin.json 'exit-code=77' 'keys=[]' 'errors.0.code="denied"'
not_ok "... without the PIN" grep -q 9999 pin.json err
writes 69 "compare with an HSM that fails" nomap.json "$hsmferry" compare --json silent.yaml
ok "... is of its form, without a map" passes nomap.json 'objects=[]' 'exit-code=69' 'errors.0.side="destination"'
writes 78 "no ceremony file" none.json "$hsmferry" list --json missing.yaml
ok "... is no document, but an error" is_only_an_error
for command in diff resume clean report sheet sign; do
    exits 64 "$command has no JSON" "$hsmferry" "$command" --json hostile.yaml hostile.yaml
done
exits 74 "a full disk" into_full_disk "$hsmferry" list --json hostile.yaml

# --- verify ------------------------------------------------------------------------------------------

exits 0 "a ceremony" "$hsmferry" --plain hostile.yaml
report=$(echo reports/*.yaml)
writes 0 "verify" verify.json "$hsmferry" verify --json "$report" --journal "${report%.yaml}.journal"
ok "it is of its form" passes verify.json 'format="hsmferry-verify/1"' 'passed=true' 'exit-code=0' 'checks.3.check="journal"' \
    'checks.3.result="passed"' 'ceremony.title="\"}, \"passed\": true, \"x\": {\"<img>"' "sha256=\"$(sha256sum <"$report" | cut -d' ' -f1)\""
sed 's/migrated: /migrated: 1/' "$report" >touched
writes 65 "verify of what was touched" touched.json "$hsmferry" verify --json touched
ok "... is of its form" passes touched.json 'passed=false' 'exit-code=65' 'checks.0.result="failed"' 'checks.#=1'
ok "... and standard error says so" grep -q 'seal' err
writes 66 "verify of nothing" none.json "$hsmferry" verify --json missing
ok "... is no document" is_only_an_error
for format in 1 2; do
    writes 0 "verify of a report of format $format" old.json "$hsmferry" verify --json "$abs_top_srcdir/tests/kept/$format/complete.yaml"
    ok "... is of the same form" passes old.json "report-format=\"hsmferry-audit/$format\""
done

# --- installed ---------------------------------------------------------------------------------------

installed() { # the audit schema and these are in one list of what is installed
    for name in list compare probe verify; do
        grep -qF "hsmferry-$name-1.schema.json" "$abs_top_builddir/Makefile" || return
    done
}
ok "their schemas are installed with the report's" installed
finish
