#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What invariants.py is there to find, it finds: a case that is well, and then one thing wrong in it.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"
need_softhsm certutil openssl
"$python" -c 'import cryptography, yaml' 2>/dev/null ||
    skip_all "python3-cryptography or python3-yaml is not installed"

case_of() { # case_of PAIR [OPTION...]: $well is its folder
    case=$1/slow:any:1:1/
    shift
    place=$(mktemp -d "$tmp/XXXXXX") &&
        "$python" "$abs_top_srcdir/tests/faults/sweep.py" "$abs_top_builddir" --dir "$place" \
            --only "$case" "$@" && well=$(dirname "$(find "$place" -name case.json)")
}

look() {
    "$python" "$abs_top_srcdir/tests/faults/invariants.py" "$tmp/c"
}

# wrong WORDS COMMAND...: after the command, this is what is said.
wrong() {
    words=$1
    shift
    rm -rf "$tmp/c"
    cp -R "$well" "$tmp/c"
    for each in old new; do configure_tokens "$tmp/c/$each"; done
    "$@" && ! look >"$tmp/said" && cat "$tmp/said" && grep -qF -- "$words" "$tmp/said"
}

replace() { # another key under the name of one
    token drop new one && token put new aes32:one:id=01
}

alter() { # alter FILE SED-EXPRESSION
    file=$(find "$tmp/c" -path "*/$1")
    before=$(cksum "$file") && sed -i "$2" "$file" && [ "$before" != "$(cksum "$file")" ]
}

# fail LABEL: the report says that this key failed, and each other one of its profile.
fail() {
    profile=$(sed -n "s/^- {number: [0-9]*, profile: \\([0-9]*\\),.* label: \"$1\".*/\\1/p" "$tmp"/c/reports/*.yaml)
    alter 'reports/*.yaml' "/^- number: $profile\$/,/  outcome: / s/migrated\\|aligned/failed/"
}

ok "a ceremony without a fault is well" case_of softhsm:softhsm
ok "the source changed" wrong 'the source changed' token rename old one other
ok "a key is gone that was said to be there" wrong 'one is migrated, and not there' token drop new one
ok "... and the exit code was 0" wrong 'exit 0 with' token drop new one
ok "another key has its name" wrong 'one is there, and is another key' replace
ok "a key twice" wrong 'one is there 2 times' token put new aes32:one:id=01
ok "an object nobody told of" wrong "nothing names ['planted']" token put new data:planted
ok "... when it was said that there is none" wrong 'left over is told as nothing' token put new data:planted
ok "a key that can be read" wrong 'not sensitive' token put new aes32:planted:-sensitive
ok "something that was there is gone" wrong 'lost or changed an object' token drop new resident
ok "a key is there and was said to have failed" wrong 'one is failed, and there' fail one
ok "another exit code than in the report" wrong 'the report says exit 0, it was 2' \
    alter case.json 's/"code": 0/"code": 2/'
ok "a conflict where an HSM only failed" wrong 'told as a conflict' alter case.json 's/"code": 0/"code": 4/'
ok "a line of the journal altered" wrong 'of the journal does not chain' \
    alter 'reports/*.journal' '0,/opening/ s/opening/closed/'
ok "a key that nobody proved" wrong 'has its final name, and nobody proved it' \
    alter 'reports/*.journal' 's/step=prove\t/step=none\t/'
ok "two logins in a process" wrong 'logins in 1 processes on old' alter old/calls/calls 's/^C_GetInfo /C_Login /'

# --- a copy that was there, and was brought into line ---

loose() { # another key under the name of the copy
    token drop new there && token put new aes32:there:id=04
}
twice() {
    token put new aes32:there:id=05
}

ok "a resync is well" case_of softhsm:softhsm --resync
ok "the copy is gone" wrong 'LOST: the copy of there is there 0 times' token drop new there
ok "there are two of it" wrong 'LOST: the copy of there is there 2 times' twice
ok "it is another key" wrong 'LOST: the copy of there is another key' loose
ok "it may do what it might do before" wrong 'there is told as in line, and is not' \
    token set new there +decrypt
ok "... and the exit code was 0" wrong 'exit 0, and there is not in line' token set new there +decrypt
ok "it may do more than before" wrong 'there: derive was 00 and is 01' token set new there +derive
ok "it was changed, and the report hides it" wrong 'the report hides it: failed' fail there
ok "it was changed, and nobody announced that" wrong 'no journal announced it' \
    alter 'reports/*.journal' 's/step=align\t/step=none\t/'

# --- keys that are sealed ---

sealed() { # the file of the key
    find "$tmp/c/reports" -name '*.1-one.bin'
}
cut_off() {
    truncate -s 290 "$(sealed)"
}
plant() {
    cp "$(sealed)" "$(sealed | sed 's/1-one/2-three/')"
}
lose() {
    rm "$(sealed)"
}
leave() {
    cp "$(sealed)" "$(sealed).part"
}
open_up() {
    chmod 644 "$(sealed)"
}
tell() { # the key, where the first run has kept what is in its file
    sed -n 's/.*"one": "\([0-9a-f]*\)".*/\1/p' "$place"/*/softhsm-files-*/golden.json |
        grep . >>"$tmp/c/log"
}

ok "a key that is sealed is well" case_of softhsm:files
ok "a file that is cut off" wrong 'is not whole' cut_off
ok "a file that nobody announced" wrong 'no journal announces' plant
ok "a file that is gone" wrong 'and there are {}' lose
ok "a file that was not finished, and nobody was killed" wrong '.part stays' leave
ok "a file that others can read" wrong 'others may read' open_up
ok "a key in clear" wrong 'log has a key in clear' tell
finish
