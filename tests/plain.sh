#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The plain front end on a terminal and without one: gates, PINs, signals and its last lines. The
# HSMs are test doubles.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
command -v setsid >/dev/null || skip_all "setsid is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077

# ceremony GATES [PARAMETERS OF THE DESTINATION]: fresh HSMs and their ceremony file. The source's
# PIN is swordfish, the destination's marlinspike.
ceremony() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c"
    mkdir "$tmp/c"
    echo marlinspike >"$tmp/c/pin"
    cat >"$tmp/c/ceremony.yaml" <<END
title: Plain lines
rehearsal: yes
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/c/source
  parameters: "label=old;serial=$$;pin=swordfish;keys=aes32:one,generic13:two,aes16:stays:-extractable"
  token: "pkcs11:token=old"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/c/destination
  parameters: "label=new;serial=$$;pin=marlinspike;${2:-}"
  token: "pkcs11:token=new?pin-source=file:$tmp/c/pin"
keys: ["pkcs11:"]
policy:
  rsa-bits: 2048
  gates: $1
report-folder: reports
END
}

# no_pins ...: the same, and nobody is asked for a PIN.
no_pins() {
    ceremony "$1" "${2:-}"
    sed -i "s|pkcs11:token=old|&?pin-source=file:$tmp/c/pin|; s/swordfish/marlinspike/" \
        "$tmp/c/ceremony.yaml"
}

# on_terminal CODE [WAIT TYPE]...: runs the ceremony there, and it must end with this code.
on_terminal() {
    code=$1
    shift
    python3 "$abs_top_srcdir/tests/terminal.py" "$@" -- sh "$tmp/on-terminal" \
        "$hsmferry" "$tmp/c/ceremony.yaml" "$tmp/before" "$tmp/after" >"$tmp/log" 2>&1
    status=$?
    cat "$tmp/log"
    [ "$status" -eq "$code" ] || echo "ended with $status, not $code"
    [ "$status" -eq "$code" ]
}

# The settings of the terminal before and after; what Ctrl-C ends is not this shell.
cat >"$tmp/on-terminal" <<'END'
trap : INT
stty -a >"$3"
"$1" --plain "$2"
code=$?
stty -a >"$4"
exit $code
END

without_terminal() {
    setsid -w "$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
    status=$?
    cat "$tmp/log"
    return "$status"
}

logged() {
    grep -q -- "$1" "$tmp/log"
}

reported() {
    cat "$tmp"/c/reports/*.yaml | grep -q -- "$1"
}

# Each line bears the stamp.
is_rehearsal() {
    [ -s "$tmp/log" ] && ! grep -v '^REHEARSAL  ' "$tmp/log"
}

is_digest() {
    sha256sum "$tmp"/c/reports/*.yaml | grep "^$(echo "$1" | tr -d ' ') "
}

# reports PATHS VALUES: what the report says there, read with another YAML library.
reports() {
    # shellcheck disable=SC2086 # words
    said=$(python3 "$abs_top_srcdir/tests/read_report.py" "$tmp"/c/reports/*.yaml $1) &&
        echo "$said" && [ "$(echo "$said" | xargs)" = "$2" ]
}

pin='PIN of token old on the source:'

ceremony '[review, fingerprint]'
exits 77 "without a terminal nobody gives a PIN" without_terminal
ok "it says so" logged 'There is no terminal'
ok "the report says so too" reported 'outcome: "failed"'

listing() {
    setsid -w "$hsmferry" list "$@" "$tmp/c/ceremony.yaml" </dev/null >"$tmp/log" 2>&1
}
exits 77 "nor does a list have one" listing
ok "it says that it could not look" logged '^NOT LISTED: its objects could not be read  *| 0 objects$'
not_ok "and not that there are none" logged '^0 objects'
exits 77 "nor its JSON" listing --json
ok "which says so too" logged '"listed": false'

no_pins '[review]'
exits 2 "without a terminal an open gate is refused" without_terminal
ok "it says so" logged 'gate review: refused'
ok "the report says so too" reported 'gate: "review", state: "refused"'
ok "nothing but aborted" reported 'outcome: "aborted"'
sed -i 's/gates: .*/gates: []/' "$tmp/c/ceremony.yaml"
keep_reports "$tmp/c/reports"
exits 0 "waived, it goes to its end by itself" without_terminal
ok "the report reads as YAML and says so" reports \
    'summary.outcome summary.migrated summary.refused summary.exit-code keys.# keys.1.reason' \
    'complete 2 1 0 3 not extractable'
ok "the waiver is reported" reported 'gate: "review", state: "waived"'
ok "each line says that it is a rehearsal" is_rehearsal
sed -i.whole '3s/^REHEARSAL  //' "$tmp/log"
not_ok "control: one that does not would be seen" is_rehearsal
mv "$tmp/log.whole" "$tmp/log"
ok "the digest shown is that of the report" is_digest "$(sed -n 's/^REHEARSAL  SHA-256 *//p' "$tmp/log")"

ceremony '[review, key]'
ok "PIN and gates are answered on the terminal" on_terminal 0 "$pin" 'swordfish\n' \
    'to start:' 'ferry 2\n' 'move this key:' 'one\n' 'move this key:' 'two\n'
not_ok "the PIN is not shown" logged 'swordfish\|marlinspike'
not_ok "nor reported" reported 'swordfish\|marlinspike'
ok "control: what is typed at a gate is shown" logged 'to start: ferry 2'
ok "the terminal is as it was" diff "$tmp/before" "$tmp/after"

ceremony '[review]'
ok "a wrong answer may be given once" on_terminal 0 "$pin" 'swordfish\n' \
    'to start:' 'ferry 3\n' 'to start:' 'ferry 2\n'
ceremony '[review, key]'
ok "an exception is written down at the question for a PIN too" on_terminal 0 "$pin" \
    '\x21exception\n' 'was expected:' 'a green light\n' 'happened instead:' '\n' \
    'happened instead:' 'an amber one\n' 'and by whom:' 'Ada: go on\n' "$pin" 'swordfish\n' \
    'to start:' 'ferry 2\n' 'move this key:' 'one\n' 'move this key:' 'two\n'
ok "it is reported" reported '^  happened: "an amber one"$'
not_ok "the PIN behind it is not shown" logged 'swordfish'
ceremony '[review]'
ok "and not twice" on_terminal 2 "$pin" 'swordfish\n' 'to start:' 'ferry 3\n' 'to start:' 'yes\n'
ceremony '[review]'
ok "what is typed ahead answers nothing" on_terminal 2 "$pin" 'swordfish\nferry 2\n' 'to start:' '\n' \
    'to start:' '\n'
ceremony '[review]'
ok "the end of input is a no" on_terminal 2 "$pin" 'swordfish\n' 'to start:' '\x04'
ceremony '[review]'
ok "so is Ctrl-C" on_terminal 2 "$pin" 'swordfish\n' 'to start:' '\x03'
ok "it says so" logged 'SIGINT: the ceremony stops before its next step'
ceremony '[]'
ok "Ctrl-C at a PIN" on_terminal 2 "$pin" '\x03'
ok "the terminal is as it was" diff "$tmp/before" "$tmp/after"
ok "the report says aborted" reported 'outcome: "aborted"'
ceremony '[]'
ok "no PIN" on_terminal 77 "$pin" '\x04'
ceremony '[]'
ok "a wrong PIN is tried once" on_terminal 77 "$pin" 'codfish\n'
ok "the next step is named" logged 'Make sure of the PIN, then start again'
ceremony '[]'
ok "an empty PIN" on_terminal 64 "$pin" '\n'

ceremony '[]' 'slow=make_pair:2:3000'
ok "a signal within a step waits for its end" on_terminal 2 "$pin" 'swordfish\n' \
    '[ .. ]  1 destination' '\x03' 'SIGINT' '\x03'
ok "a second one changes nothing" logged 'SIGINT: the ceremony is stopping already'
ok "the step ended well" logged '\[ ok \]  1 destination make the transport pair'
not_ok "and the next did not begin" logged 'ok .  2 relay'

ceremony '[]' 'flags=pin-final-try'
sed -i 's/?pin-source[^"]*//' "$tmp/c/ceremony.yaml"
ok "the last try for a PIN wants a word first" on_terminal 0 "$pin" 'swordfish\n' \
    'type  last try  to go on:' 'last try\n' 'PIN of token new' 'marlinspike\n'
ceremony '[]' 'flags=pin-final-try'
sed -i 's/?pin-source[^"]*//' "$tmp/c/ceremony.yaml"
ok "another word leaves it alone" on_terminal 77 "$pin" 'swordfish\n' 'type  last try  to go on:' 'yes\n'

ceremony '[]' 'slow=commit:3:3000'
ok "a signal within a commit waits for its end" on_terminal 3 "$pin" 'swordfish\n' \
    '[ .. ] 11 destination key 1 one: keep it' '\x03'
ok "what was kept is proven again" logged 'ok . 11 relay       key 1 one: prove the kept key'
ok "the next key was not begun" reports 'summary.outcome summary.migrated keys.2.outcome' \
    'aborted 1 pending'

# --- signals --------------------------------------------------------------------------------------------

signal() { # signal NAME: as TYPE, it reaches the program itself
    echo "!kill -s $1 \$(pgrep -P \$PID)"
}

# stops CODE SIGNAL OUTCOME [WAIT TYPE]...: ... and says that it does, and the report how it ended.
stops() {
    stops_code=$1 stops_signal=$2 stops_outcome=$3
    shift 3
    on_terminal "$stops_code" "$pin" "$@" &&
        logged "SIG$stops_signal: the ceremony stops before its next step" &&
        reported "outcome: \"$stops_outcome\"" && diff "$tmp/before" "$tmp/after"
}

for name in TERM HUP QUIT; do
    ceremony '[review]'
    ok "SIG$name at a PIN: 2" stops 2 $name aborted "$(signal $name)"
    ceremony '[review]'
    ok "SIG$name at a gate: 2" stops 2 $name aborted 'swordfish\n' 'to start:' "$(signal $name)"
done
ok "what is true is told" logged 'source unchanged; nothing on the destination'
for name in TERM HUP; do
    ceremony '[]' 'slow=commit:3:1600'
    ok "SIG$name within a commit: it is finished first, and proven; 3" stops 3 $name aborted \
        'swordfish\n' '[ .. ] 11 destination key 1 one: keep it' "$(signal $name)"
    ok "... which is told" logged '\[ ok \]    destination key 1 one: migrated'
done

# --- exceptions -------------------------------------------------------------------------------------------

bang='\x21exception\n' # what begins with ! is not typed
ceremony '[review, key]'
ok "what is not as planned is written down at a gate, which is then asked again" on_terminal 0 \
    "$pin" 'swordfish\n' 'to start:' "$bang" 'expected:' 'three officers\n' 'instead:' '\n' \
    'instead:' 'two came\n' 'by whom:' 'go on, Ada\n' 'to start:' 'ferry 2\n' \
    'move this key:' 'one\n' 'move this key:' "$bang" 'expected:' 'a\n' 'instead:' 'b\n' \
    'by whom:' 'c\n' 'move this key:' 'two\n'
ok "the report has it" reports 'exceptions.# exceptions.0.expected exceptions.0.happened
    exceptions.0.decided exceptions.1.expected' '2 three officers two came go on, Ada a'
ceremony '[review]'
ok "SIGTERM while it is written: 2" stops 2 TERM aborted 'swordfish\n' 'to start:' "$bang" \
    'expected:' 'no sig' '' "$(signal TERM)"
ok "... and half of it is not in the report" reports 'exceptions.#' 0
ceremony '[review]'
ok "the end of input while it is written is a no" on_terminal 2 "$pin" 'swordfish\n' \
    'to start:' "$bang" 'expected:' '\x04'

# --- what is asked of officers ------------------------------------------------------------------------------

ceremony '[review, key]'
sed -i "/^source:/i officers:\\
- {name: Ada Lovelace, role: source officer}\\
- {name: Charles Babbage, role: destination officer}
/^  gates:/a\\  two-officers: [review, key]" "$tmp/c/ceremony.yaml"
help='\x21help\n'
ok "a key can be left out, by the second officer too" on_terminal 2 "$pin" 'swordfish\n' \
    'to start:' "$help" 'to start:' 'ferry 2\n' 'to start:' 'CB ferry 2\n' \
    'move this key:' 'one\n' 'move this key:' 'skip\n' \
    'move this key:' 'two\n' 'move this key:' 'cb two\n'
ok "the question is explained" logged 'Compare the two HSMs, the number of keys'
ok "... with the tries that are left" logged 'Tries left: 2'
ok "the second officer reads the whole review" awk '
    /The review once more, for Charles Babbage, destination officer:/ { again = 1 }
    again && /two: 13 bytes/ { seen = 1 }
    END { exit !seen }' "$tmp/log"
ok "a key is shown with its type and id" logged '^REHEARSAL    type  *AES 256'
ok "the report has what was left out, and its exception" reports \
    'keys.0.outcome keys.2.outcome exceptions.# exceptions.0.key exceptions.0.decided summary.exit-code' \
    'refused migrated 1 1 skip, typed by Charles Babbage, destination officer 2'
ok "the report agrees with itself" "$hsmferry" verify "$tmp"/c/reports/*.yaml
python3 - "$tmp"/c/reports/*.yaml "$tmp/forged.yaml" <<'END'
import hashlib, sys
with open(sys.argv[1], "rb") as report:
    body = b"".join(report.readlines()[:-1])
word = b'gate: "key", state: "confirmed", key: 3, officer: "Charles'
assert word in body
body = body.replace(word, word.replace(b"confirmed", b"refused"))
seal = b'seal: {lines: %d, sha256: "%s"}\n' % (body.count(b"\n"), hashlib.sha256(body).hexdigest().encode())
with open(sys.argv[2], "wb") as forged:
    forged.write(body + seal)
END
exits 65 "control: one of two is not enough for the other key" "$hsmferry" verify "$tmp/forged.yaml"

# --- report and journal --------------------------------------------------------------------------------------

no_pins '[]'
sed -i '/^keys:/d' "$tmp/c/ceremony.yaml"
exits 78 "a file that names no keys" without_terminal
no_pins '[]'
ln -s /tmp "$tmp/c/reports"
exits 74 "a report folder that is a symbolic link" without_terminal
ok "it says so, and what to do" logged 'is a symbolic link or not a folder'
ok "... next" logged 'next: Name a folder for the report'
ok "nothing was begun" test ! -e "$tmp/c/destination"
no_pins '[]'
sed -i 's|^report-folder: .*|report-folder: not/there|' "$tmp/c/ceremony.yaml"
exits 74 "a report folder in a folder that is missing" without_terminal
ok "it says so" logged 'The report folder .*not/there cannot be created: No such file'
ok "... and what to do next" logged 'next: Create it, or name another one'
echo untouched >"$tmp/target"
for how in "ln -s $tmp/target" "cp $tmp/target"; do
    no_pins '[review]'
    ok "something takes the report's name meanwhile ($how)" on_terminal 74 'to start:' \
        "!cd $tmp/c/reports && part=\$(ls *.part) && $how \${part%.part}" '' 'ferry 2\n'
    ok "it says so" logged 'could not be given its name: File exists'
    ok "... what is true, and what to do next" logged 'There is no report at .*run: hsmferry report'
    ok "... and that is not touched" test \
        "$(cat "$tmp/target" "$tmp"/c/reports/*.yaml | sort -u)" = untouched
    ok "the journal makes the report again" "$hsmferry" report "$tmp"/c/reports/*.journal
    rm -f "$tmp"/c/reports/*.yaml
done
no_pins '[]'
# No file of its own may grow beyond 6 blocks; the log goes through a pipe.
limited() {
    {
        (ulimit -f 6 && exec setsid -w "$hsmferry" --plain "$tmp/c/ceremony.yaml" 2>&1)
        echo $? >"$tmp/status"
    } </dev/null | cat >"$tmp/log"
    cat "$tmp/log"
    return "$(cat "$tmp/status")"
}
exits 74 "a disk that is full before the first step" limited
ok "it says so" logged 'The journal .* cannot be written: File too large'
not_ok "no step was begun" logged "  1 destination"
ok "no journal and no half report stays" test -z "$(find "$tmp/c/reports" -name '*.part' -o -name '*.journal')"
finish
