#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a ceremony's processes give up, seen from outside, and said in log and report; and what a
# ceremony file can demand of it.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
here=$(cd "${0%/*}" && pwd)
hsmferry=$abs_top_builddir/hsmferry
need_softhsm "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"
grep -q '^#define HSMFERRY_CONFINED 1' "$abs_top_builddir/build_config.h" ||
    skip_all "this build confines no process"
export PYTHONDONTWRITEBYTECODE=1

prepare() { # prepare NAME PAIR
    dir=$tmp/$1
    sh "$abs_top_srcdir/examples/rehearse.sh" --pair "$2" --build "$abs_top_builddir" \
        --dir "$dir" --prepare >"$tmp/rehearse" 2>&1
}

# The policy that asks nothing becomes this one; policy GATES [CONFINEMENT].
policy() {
    sed -i "s/^  gates: .*/  gates: $1${2:+\\n  confinement: $2}/" "$dir/ceremony.yaml" &&
        grep -q "^  gates: " "$dir/ceremony.yaml"
}

run() {
    "$hsmferry" --plain "$dir/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
}

logged() {
    grep -q "$1" "$tmp/log" || {
        cat "$tmp/log"
        return 1
    }
}

reported() { # reported COUNT VALUE: so many of the report's lines on confinement say so
    test "$(grep -c "^  confinement: \"$2\"" "$dir"/reports/*.yaml)" -eq "$1"
}

for name in look kill; do
    ok "two tokens to $name at" prepare $name softhsm:softhsm
    ok "... and a ceremony that asks" policy '[review]'
done
relay "the look at its processes" "$python" "$here/confine.py" "$hsmferry" \
    "$tmp/look/ceremony.yaml" "$tmp/kill/ceremony.yaml"

# --- said, and demanded ---

for pair in softhsm:nss nss:softoken softoken:softhsm; do
    ok "$pair" prepare "$pair" "$pair"
    ok "... with confinement required" policy '[]' required
    ok "... moves all" run
    ok "... the log says how it is confined" logged 'hsmferry: seccomp, Landlock [0-9]*$'
    ok "... and both agents" logged 'agent: seccomp, Landlock [0-9]*, no network$'
    ok "... so does the report" reported 2 'seccomp, Landlock [0-9]*, no network'
done

# A dialect that names a folder which is not there: less is said, or 78.
ok "a dialect that does not find its folder" prepare lost softhsm:softhsm
sed 's/SOFTHSM2_CONF"/NOWHERE"/' "$abs_top_srcdir/dialects/softhsm.yaml" >"$dir/lost.yaml"
chmod 600 "$dir/lost.yaml"
sed -i "s|^\\(  *\\)module: .*|&\\n\\1dialect: $dir/lost.yaml|" "$dir/ceremony.yaml"
ok "... is no hindrance" run
ok "... but said" logged 'agent: not wholly confined: seccomp; no folder: directories.tokendir in .NOWHERE'
ok "... and reported" reported 2 'not wholly confined: .*'
ok "... unless it is required" policy '[]' required
run
exits 0 "... 78" test $? -eq 78
ok "... with what is missing" logged 'requires confinement, and the agent is not wholly confined'

# --- a module by its name in p11-kit's configuration, which the agent reads before its box ---

named() { # named NAME: this module, on both sides
    sed -i "s|^\(  *\)module: .*|\1module: p11-kit:$1|" "$dir/ceremony.yaml"
}

ok "modules by their name in p11-kit" prepare named softhsm:softhsm
ok "... with confinement required" policy '[]' required
named softhsm2
ok "... move all" run
ok "... the report has the name" grep '^  module: "p11-kit:softhsm2"' "$dir"/reports/*.yaml
ok "... and the file" grep '^  module-file: ".*/libsofthsm2.so"' "$dir"/reports/*.yaml
named no-such-module
run
exits 0 "an unknown name: 78" test $? -eq 78
ok "... says where it was looked for" logged "on the agent's host has no module no-such-module"

# --- resume and clean: the journal is parsed in a box ---

# boxed SUFFIX: the trace has files of this name opened to be read (O_PATH: to make a rule of Landlock),
# each by a process that had its filter.
boxed() {
    awk -v suffix="$1" '
        /seccomp\(SECCOMP_SET_MODE_FILTER, .*\{len=/ { asked[$1] = 1 } # strace may break this line
        /seccomp.*\) += 0$/ && asked[$1] { filtered[$1] = 1 }
        index($0, suffix "\", O_RDONLY") && !/O_PATH/ { opened++; if (!filtered[$1]) { print; unboxed++ } }
        END { exit !(opened && !unboxed) }' "$tmp/trace"
}

# traced COMMAND [FILE]: on the journal of a ceremony that came to its end, so that nobody else reads it.
traced() {
    strace -f -qq -o "$tmp/trace" -e trace=openat,seccomp "$hsmferry" "$1" "$journal" ${2:+"$2"} \
        >"$tmp/log" 2>&1 && logged 'there is nothing to do'
}

if strace -f -qq -o /dev/null true 2>/dev/null; then
    dir=$tmp/softhsm:nss
    journal=$(find "$dir/reports" -name '*.journal')
    ok "replay of a ceremony" strace -f -qq -o "$tmp/trace" -e trace=openat,seccomp \
        "$hsmferry" replay --plain "$journal"
    ok "replay reads the journal in a box" boxed .journal
    for command in resume clean; do
        ok "$command of a ceremony that came to its end" traced "$command"
        ok "$command reads the journal in a box" boxed .journal
        not_ok "control: the ceremony file is read before there is a box" boxed ceremony.yaml
        ok "$command with the ceremony file" traced "$command" "$dir/ceremony.yaml"
        ok "... reads it in a box" boxed .journal
        ok "$command with a ceremony file that is missing" traced "$command" "$dir/missing.yaml"
        ok "... reads it in a box, too" boxed .journal
    done
else
    skip "resume reads the journal in a box" "strace is not installed, or may trace nothing here"
fi
finish
