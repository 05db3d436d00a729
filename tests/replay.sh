#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hsmferry replay: journals of every format, without an HSM, in lines and on a terminal; what was
# altered is refused, and a hostile journal does no harm.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077

# chained FROM TO: the journal with the sums that its lines should bear, as a forger makes them.
cat >"$tmp/chain.py" <<'END'
import hashlib, sys
lines = open(sys.argv[1], "rb").read().splitlines()
head = hashlib.sha256(lines[0]).digest()
with open(sys.argv[2], "wb") as to:
    to.write(lines[0] + b"\n")
    for line in lines[1:]:
        line = line.split(b"\tsum=")[0]
        head = hashlib.sha256(head + line).digest()
        to.write(line + b"\tsum=" + head.hex().encode() + b"\n")
END

chained() {
    python3 "$tmp/chain.py" "$1" "$2"
}

replay() {
    "$hsmferry" replay --plain "$@" >"$tmp/said" 2>&1 </dev/null
}

prints() { # prints WORDS: the last replay did
    grep -qe "$1" "$tmp/said" || {
        cat "$tmp/said"
        return 1
    }
}

refused() { # refused LINE JOURNAL: with 65, and the line is named
    status=0
    replay "$2" || status=$?
    [ "$status" -eq 65 ] && prints "Line $1 of the journal"
}

# --- journals of every format ----------------------------------------------------------------------

for format in 1 2; do
    mkdir "$tmp/$format"
    for name in complete failed cut; do
        journal=$tmp/$format/$name.journal
        cat "$abs_top_srcdir/tests/kept/$format/$name.journal" >"$journal"
        ok "format $format: $name is replayed" replay "$journal"
        not_ok "format $format: no line of $name may be taken for a ceremony's" \
            grep -qv '^REPLAY  ' "$tmp/said"
    done
    ok "format $format: what was interrupted says so" prints "The journal ends here"
    ok "format $format: each ends as its report says" python3 "$abs_top_srcdir/tests/replay.py" \
        "$abs_top_builddir" "$tmp/$format"/*.journal
done
sed 's/outcome=migrated/outcome=failed/' "$tmp/2/complete.journal" >"$tmp/other"
chained "$tmp/other" "$tmp/other.journal"
ok "control: another outcome is another end" sh -c "
    '$abs_top_builddir/tests/replay_state' '$tmp/other.journal' | grep -q '^key 1 failed' &&
    '$abs_top_builddir/tests/replay_state' '$tmp/2/complete.journal' | grep -q '^key 1 migrated'"

# --- what was altered ------------------------------------------------------------------------------

journal=$tmp/2/complete.journal
last=$(wc -l <"$journal")
for line in 2 60 "$last"; do
    sed "${line}s/	\([a-z]\)/	x\1/" "$journal" >"$tmp/altered.journal"
    ok "line $line altered: refused, and named" refused "$line" "$tmp/altered.journal"
done
sed 60d "$journal" >"$tmp/altered.journal"
ok "a line left out: refused, and named" refused 60 "$tmp/altered.journal"
line=$(grep -n 'step=unwrap-key	state=ok' "$journal" | head -n 1 | cut -d: -f1)
sed "${line}s/state=ok/state=failed/" "$journal" >"$tmp/altered"
ok "a step that failed after all: refused, and named" refused "$line" "$tmp/altered"
chained "$tmp/altered" "$tmp/altered.journal"
ok "control: but for the sums it would be taken" replay "$tmp/altered.journal"
ok "control: and would show what did not happen" prints '\[FAIL\]'
head -c -20 "$journal" >"$tmp/torn.journal"
ok "a torn last line is left out" replay "$tmp/torn.journal"
ok "and that is said" prints "was not written to its end"
exits 66 "a journal that is not there" "$hsmferry" replay "$tmp/missing.journal"
exits 64 "no journal" "$hsmferry" replay
chmod 666 "$tmp/torn.journal"
exits 77 "a journal that others can write" "$hsmferry" replay "$tmp/torn.journal"

# --- a hostile one, with sums that are right --------------------------------------------------------

escape=$(printf '\033')
sed 's/	text=/	text=\\x1b]0;title\\x07\\x1b[2J/' "$journal" >"$tmp/hostile"
chained "$tmp/hostile" "$tmp/hostile.journal"
ok "escape sequences are taken" replay "$tmp/hostile.journal"
ok "and shown as what they are" prints '\\x1b\]0;title'
not_ok "and never printed" grep -q "$escape" "$tmp/said"
sed 's/	+[0-9]*	/	+9223372036854775807	/;s/	key=[0-9][0-9]*	/	key=4294967295	/' \
    "$journal" >"$tmp/hostile"
chained "$tmp/hostile" "$tmp/hostile.journal"
ok "numbers without measure do no harm" replay "$tmp/hostile.journal"
ok "nor in the model" "$abs_top_builddir/tests/replay_state" "$tmp/hostile.journal"
line=$(grep -n 'label-length' "$journal" | head -n 1 | cut -d: -f1)
sed 's/label-length=[0-9]*/label-length=4294967295/' "$journal" >"$tmp/hostile"
rm "$tmp/hostile.journal"
chained "$tmp/hostile" "$tmp/hostile.journal"
ok "a length that is longer than its text is refused" refused "$line" "$tmp/hostile.journal"

# --- the lines of a ceremony are those of its replay -----------------------------------------------

dir=$tmp/ceremony
mkdir "$dir"
echo 1234 >"$dir/pin"
side() {
    printf '%s:\n  api: fake\n  agent: ["%s"]\n  module: %s\n' "$1" "$agent" "$dir/$1"
    printf '  parameters: "label=%s;serial=%s%s;%s"\n' "$2" "$$" "$1" "$3"
    printf '  token: "pkcs11:token=%s?pin-source=file:%s"\n' "$2" "$dir/pin"
}
{
    printf 'title: Replayed\nrehearsal: yes\nkeys: ["pkcs11:"]\nreport-folder: reports\n'
    side source old 'keys=aes32:one,ec256:two:+public,generic13:three,aes16:stays:-extractable'
    side destination new ''
    printf 'policy:\n  rsa-bits: 2048\n  gates: []\n'
} >"$dir/c.yaml"
exits 0 "a ceremony in lines" sh -c "'$hsmferry' --plain '$dir/c.yaml' >'$dir/lines' </dev/null"
ok "its replay" replay "$dir"/reports/*.journal

same_lines() { # but for the end, where the one names the report, the other the journal
    # a step that takes a second is reported before its end, by the front end's own clock
    sed '/^REHEARSAL  Report /,$d;/ \[ \.\. \] *[0-9]/d' "$dir/lines" >"$tmp/run"
    sed 's/^REPLAY  //;/^REHEARSAL  Journal /,$d;/ \[ \.\. \] *[0-9]/d' "$tmp/said" >"$tmp/again"
    [ "$(wc -l <"$tmp/run")" -gt 60 ] && diff "$tmp/run" "$tmp/again"
}

ok "its replay has the same lines" same_lines
ok "and the same end" prints '^REPLAY  REHEARSAL  The ceremony is complete, exit code 0'
rm "$dir/source" "$dir/destination"
ok "it needs no HSM" replay "$dir"/reports/*.journal
finish
