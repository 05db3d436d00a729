#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line of hsmferry: what it takes, what it refuses and with which exit code.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

hsmferry=$abs_top_builddir/hsmferry
cd "$tmp" || exit

says() { # says WORDS COMMAND...: it prints these words
    words=$1
    shift
    "$@" 2>&1 | grep -q -- "$words"
}

# One refusal each, of at most three lines, with what to do next.
is_short() {
    "$@" 2>"$tmp/err" >"$tmp/none"
    [ ! -s "$tmp/none" ] && [ "$(wc -l <"$tmp/err")" -le 3 ] && grep -q '^  next: ' "$tmp/err"
}

into_full_disk() {
    "$@" >/dev/full
}

ok "--help succeeds" "$hsmferry" --help
ok "--help lists every command" says 'list CEREMONY.yaml' "$hsmferry" --help
ok "help is --help" says 'list CEREMONY.yaml' "$hsmferry" help
ok "--help names the options of all commands" says '^  --html .*sheet: one page' "$hsmferry" --help
ok "a command has its own --help" says '^usage: hsmferry load \[OPTION...\] OFFER CEREMONY.yaml \[ACK\]' \
    "$hsmferry" load --help
ok "--help asks for no file, and -h is the same" says 'Example:' "$hsmferry" verify -h
ok "it names only the options of its command" sh -c "! \"$hsmferry\" list --help | grep -q -- --html"
ok "--version succeeds" "$hsmferry" --version
for library in hsmferry OpenSSL libyaml libcyaml protobuf-c; do
    ok "--version tells that of $library" says "^$library [0-9]" "$hsmferry" --version
done
exits 64 "no ceremony file" "$hsmferry"
exits 64 "no ceremony file behind list" "$hsmferry" list
exits 64 "no ceremony file behind probe" "$hsmferry" probe
exits 64 "--no-canary is for probe alone" "$hsmferry" --no-canary --plain x.yaml
exits 64 "no second file after diff" "$hsmferry" diff x.yaml
ok "the missing file is named" says 'B.yaml is missing after: diff' "$hsmferry" diff x.yaml
ok "the next step is the help of the command" says 'see hsmferry diff --help' "$hsmferry" diff x.yaml
exits 64 "an option of another command" "$hsmferry" list --journal x.journal x.yaml
ok "the refusal names the commands that have it" says 'Only list, compare, probe and verify can do this' \
    "$hsmferry" sheet --json x.yaml
exits 64 "no word after an option that needs one" "$hsmferry" verify x.yaml --key
# shellcheck disable=SC2046 # a list of names
exits 64 "as many journals as there is room for, and one more" "$hsmferry" replay $(seq 17)
# shellcheck disable=SC2046
exits 66 "so many can be named" "$hsmferry" replay --plain $(seq 16)
exits 78 "options for all commands have no effect on some" "$hsmferry" list --plain missing.yaml
exits 64 "no journal behind report" "$hsmferry" report
exits 66 "a journal for replay that is not there" "$hsmferry" replay missing.journal
exits 66 "a journal that is not there" "$hsmferry" report missing.journal
for command in resume clean; do
    exits 64 "no journal behind $command" "$hsmferry" $command
    exits 66 "a journal for $command that is not there" "$hsmferry" $command missing.journal
done
echo nonsense >none.journal
exits 65 "what is no journal" "$hsmferry" report none.journal
chmod 666 none.journal
exits 77 "a journal that others can write" "$hsmferry" report none.journal
exits 64 "an unknown option" "$hsmferry" --nonsense x.yaml
exits 64 "an unknown short option" "$hsmferry" -x x.yaml
exits 64 "a word too many" "$hsmferry" x.yaml y.yaml
exits 64 "a word too many behind list" "$hsmferry" list x.yaml y.yaml
exits 64 "a ceremony that only compares" "$hsmferry" --compare x.yaml
ok "a refusal is short and says what next" is_short "$hsmferry" --nonsense
ok "an option is shown escaped" says '\\x1b' "$hsmferry" "--$(printf '\033')"
exits 78 "a ceremony file that is not there" "$hsmferry" --plain missing.yaml
exits 78 "a file called list" "$hsmferry" --plain -- ./list
exits 78 "a file that looks like an option" "$hsmferry" -- --plain
: >empty.yaml
exits 78 "an empty ceremony file" "$hsmferry" --plain empty.yaml
ok "that too is short and says what next" is_short "$hsmferry" --plain missing.yaml

# Two ceremony files side by side, on a host that has none of their HSMs.
sed 's|module: .*|&-not-here|' "$abs_top_srcdir/examples/ceremony.yaml" >a.yaml
sed 's/rehearsal: no/rehearsal: yes/; s/hsm-old/hsm-spare/' a.yaml >devices.yaml
sed 's/- "pkcs11:object=root.*/- {uri: "pkcs11:object=tls-*", expect: 4}/; t end
    s/- {uri: "pkcs11:object=tls.*/- "pkcs11:object=root-ca;type=private"/; :end' a.yaml >order.yaml
sed 's/expect: 4/expect: 5/' a.yaml >expect.yaml
sed 's/4096/3072/' devices.yaml >policy.yaml
sed '/tls-/d' a.yaml >key.yaml
chmod 600 ./*.yaml
ok "a ceremony file is the same as itself" says '^The same ceremony.$' "$hsmferry" diff a.yaml a.yaml
ok "the order of keys makes no other ceremony" \
    says '^The same ceremony.$' "$hsmferry" diff a.yaml order.yaml
exits 0 "other devices make no other ceremony" "$hsmferry" diff a.yaml devices.yaml
ok "they are told" says 'B source.token .*hsm-spare' "$hsmferry" diff a.yaml devices.yaml
exits 65 "another policy makes another ceremony" "$hsmferry" diff devices.yaml policy.yaml
ok "it is told" says 'A policy.rsa-bits *4096' "$hsmferry" diff devices.yaml policy.yaml
exits 65 "so does another number of keys that a pattern shall name" "$hsmferry" diff a.yaml expect.yaml
exits 65 "so does a key less" "$hsmferry" diff a.yaml key.yaml
ok "that is told" says 'A keys *pkcs11:object=tls-' "$hsmferry" diff a.yaml key.yaml
exits 64 "one file is not enough for diff" "$hsmferry" diff a.yaml
exits 78 "a file that is none" "$hsmferry" diff a.yaml empty.yaml
exits 74 "help into a full disk" into_full_disk "$hsmferry" --help
finish
