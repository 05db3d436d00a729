#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Golden records: journal and report of a ceremony are the same, line by line, as when the kept ones
# were made. The HSMs are test doubles that draw the same random numbers in every run
# (tests/fake/seed.h), so there is little that normal.py must replace first, and all else counts.
#
#   make check TESTS=tests/golden/golden.sh
#       compares with tests/golden/kept/
#   abs_top_builddir=BUILD sh tests/golden/golden.sh --renew
#       writes tests/golden/kept/ again
#
# Renew them only for a change that is meant to change what is recorded. The difference that it makes
# (git diff tests/golden/kept) is part of that change: read it as you read code.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
command -v setsid >/dev/null || skip_all "setsid is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
"$hsmferry" --version | grep -q '^OpenSSL 3\.0\.' ||
    skip_all "the keys of the kept records are those that OpenSSL 3.0 makes of the same random numbers"
here=$abs_top_srcdir/tests/golden
patience=${HSMFERRY_TEST_PATIENCE:-60} # seconds
serial=golden$$ # tokens of one serial are one token, and another run may be under way
umask 077
mkdir "$tmp/reports" "$tmp/got"

# place NAME SOURCE DESTINATION [POLICY]...: two fresh HSMs with these parameters and their ceremony
# file, with these lines of policy. Most have no canary: it is in every record that does not turn it
# off, and comes to the same each time.
place() {
    name=$1
    dir=$tmp/$name
    mkdir "$dir"
    echo 1234 >"$dir/pin"
    cat >"$dir/ceremony.yaml" <<FILE
title: Golden $name
rehearsal: yes
officers:
- {name: Ada, role: source officer}
- {name: Charles, role: destination officer}
source:
  api: fake
  agent: ["$agent"]
  module: $dir/source
  parameters: "label=old;serial=${serial}a;seed=old;$2"
  token: "pkcs11:token=old?pin-source=file:$dir/pin"
destination:
  api: fake
  agent: ["$agent"]
  module: $dir/destination
  parameters: "label=new;serial=${serial}b;seed=new;$3"
  token: "pkcs11:token=new?pin-source=file:$dir/pin"
keys: ["pkcs11:"]
report-folder: reports
policy:
  rsa-bits: 2048
FILE
    shift 3
    printf '  %s\n' "$@" >>"$dir/ceremony.yaml"
}

# run CODE [WORDS]...: hsmferry ends with this code, here with these words.
run() {
    code=$1
    shift
    [ $# -gt 0 ] || set -- --plain "$dir/ceremony.yaml"
    exits "$code" "$name: it ends with $code" setsid -w "$hsmferry" "$@" </dev/null
}

# ask CODE [WAIT TYPE]...: the same where officers answer.
ask() {
    code=$1
    shift
    exits "$code" "$name: it ends with $code" python3 "$abs_top_srcdir/tests/terminal.py" "$@" -- \
        "$hsmferry" --plain "$dir/ceremony.yaml"
}

# take [AS]: what was recorded since the last time.
take() {
    for file in "$dir"/reports/*.journal "$dir"/reports/*.yaml; do
        case $file in
        *'*'*) ;;
        *) mv "$file" "$tmp/reports/${1:-$name}.${file##*.}" ;;
        esac
    done
}

# The console of this ceremony is killed in the second commit, which hangs until it is.
killed() {
    setsid "$hsmferry" --plain "$dir/ceremony.yaml" </dev/null >"$tmp/out" 2>&1 &
    console=$!
    agents=
    until_time=$(($(date +%s) + patience))
    until agents=$(pgrep -P "$console") && grep -qs 'key=2.step=commit.state=begun' "$dir"/reports/*; do
        kill -0 "$console" && [ "$(date +%s)" -lt "$until_time" ] || return 1
        sleep 0.05
    done
    kill -KILL "$console"
    wait "$console"
    # shellcheck disable=SC2086 # one word each
    while kill -0 $agents 2>/dev/null; do sleep 0.05; done
}

few='keys=aes32:one,ec256:two:+public,generic13:three'
swift='canary: none'
open='gates: []'

# --- the ceremonies -------------------------------------------------------------------------------

place complete "keys=aes32:kek,aes16:mac:+sign,rsa2048:root:id=01:+public:+certificate,\
ec256:code:id=02:+public,generic13:password,aes16:stays:-extractable,ec521:alone" '' "$open"
run 0
take

# One fault each: a key that fails alone, and what ends the ceremony.
while read -r fault code source destination; do
    place "$fault" "$few;${source#-}" "${destination#-}" "$open" "$swift"
    run "$code"
    take
done <<'FAULTS'
make-pair 2 - fail=make_pair:1
wrap 3 fail=wrap:3:0x30 -
unwrap 65 - fail=unwrap:3:0x110
proof 65 - lie=prove:3:flip
commit 3 - fail=commit:1:0x30
destroy 3 - fail=destroy:0:0x30
source-gone 3 die=wrap:3 -
destination-gone 3 - late=commit:2
FAULTS

# The console is killed while the second key is being kept; then it goes on, or takes that back.
for act in resume clean; do
    place "$act" "$few" 'hang=commit:2' "$open" "$swift"
    ok "$act: killed inside a commit" killed
    take "$act-1"
    sed -i 's/;hang=[^"]*//' "$dir/ceremony.yaml"
    mkdir "$dir/reports/before"
    cp "$tmp/reports/$act-1.journal" "$dir/reports/interrupted.journal"
    run 0 "$act" "$dir/reports/interrupted.journal" "$dir/ceremony.yaml"
    rm "$dir"/reports/interrupted*
    take "$act-2"
done

# The source calls AES-CBC by the name of RFC 5649: the canary finds out, and another way is taken,
# but for what cannot go that way.
place canary "$few;means=aes-kwp:aes-cbc-pad" '' "$open"
run 69
take

place refused "$few" '' 'gates: [review]' "$swift"
ask 2 'to start:' 'ferry 7\n' 'to start:' 'yes\n'
take

# Two officers, a role and words that are wrong, and an exception.
place officers "$few" '' 'gates: [devices, review, fingerprint, key]' 'two-officers: [fingerprint]' \
    "$swift"
ask 0 "source's first:" '@serials\n' 'to start:' '\x21exception\n' \
    'was expected:' 'three officers\n' 'instead:' 'two came\n' 'by whom:' 'go on, Ada\n' \
    'to start:' 'ferry 3\n' \
    'of the fingerprint:' '@words\n' 'of the fingerprint:' 'source officer @words\n' \
    'of the fingerprint:' 'C @words\n' \
    'move this key:' 'one\n' 'move this key:' 'three\n' 'move this key:' 'two\n'
take

# Nothing proves this key, so both sides encrypt it once more and compare.
place rewrap 'keys=aes32:one:-encrypt:-decrypt' 'proofs=ecdh' "$open" "$swift" \
    'extractable: yes' 'unproven: waiver'
ask 69 'unproven' 'unproven\n'
take

# --- the comparison -------------------------------------------------------------------------------

# normal FROM TO
normal() {
    rm -rf "$2"
    mkdir "$2" && python3 "$here/normal.py" "$1" "$2" "WORK=$tmp" "BUILD=$abs_top_builddir" "SERIAL=$serial"
}

agree() { # every report with its journal
    for report in "$tmp"/reports/*.yaml; do
        "$hsmferry" verify "$report" --journal "${report%.yaml}.journal" || return
    done
}

same_list() {
    (cd "$tmp/got" && ls) >"$tmp/list" && (cd "$here/kept" && ls) | diff - "$tmp/list"
}

same() { # same FOLDER FILE
    diff -U 2 "$here/kept/$2" "$1/$2"
}

ok "every report agrees with its journal" agree
ok "what no two runs have in common is taken out" normal "$tmp/reports" "$tmp/got"
if [ "${1:-}" = --renew ]; then
    rm -f "$here"/kept/*
    cp "$tmp"/got/* "$here/kept"
fi
ok "the same files were written" same_list
for file in "$tmp"/got/*; do
    ok "${file##*/} is as kept" same "$tmp/got" "${file##*/}"
done

# --- controls: what must not pass -----------------------------------------------------------------

# doctored WORDS FILE SED-SCRIPT: the record differs once this was done to it.
doctored() {
    rm -rf "$tmp/bad"
    mkdir "$tmp/bad"
    sed -E "$3" "$tmp/reports/$2" >"$tmp/bad/$2"
    not_ok "control: $2 can be doctored: $1" cmp "$tmp/bad/$2" "$tmp/reports/$2"
    normal "$tmp/bad" "$tmp/bad-got"
    not_ok "control: $2 is not as kept with $1" same "$tmp/bad-got" "$2"
}

while IFS='|' read -r words script; do
    for file in complete.journal complete.yaml; do
        doctored "$words" "$file" "$script"
    done
done <<'DOCTORED'
one field changed|50s/(bytes|state|text|outcome|class|asked)(=|: )"?[a-z0-9]/&x/;60s/(bytes|state|text|flags|name|source)(=|: )"?[a-z0-9]/&x/;70s/[a-z0-9]$|[a-z0-9]"$/&x/
one line missing|60d
two lines swapped|60{h;d};61G
a line that comes twice|60p
DOCTORED
doctored "the digest of another blob" complete.journal '/step=wrap-key/s/(sha256=..)./\1x/'
doctored "another check value" complete.journal 's/(check-value=.)./\1x/'
doctored "a time of another form" complete.journal '60s/Z\t/+00:00\t/'
doctored "a seal that is none" complete.journal '/\tsum=/s/sum=./sum=/'
doctored "an id that is not the ceremony's" complete.journal '2!s/hsmferry:[0-9a-f]{16}/hsmferry:0123456789abcdef/'
doctored "a path elsewhere" complete.yaml 's,^(  module: ")[^"]*,\1/elsewhere/source,'
doctored "a time that is none" complete.yaml 's/^(  begun: )"[^"]*"/\1"never"/'
doctored "the seal of fewer lines" complete.yaml 's/^(seal: .lines: )./\1/'
finish
