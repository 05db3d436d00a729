#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reports and journals of every format that there ever was, as tests/kept/make.sh made them with the
# versions that wrote them: each command still reads them, and none takes one format for another.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
newest=3
umask 077

says() { # says CODE WORDS COMMAND...: it ends with this code and says these words
    code=$1
    words=$2
    shift 2
    status=0
    "$@" >"$tmp/said" 2>&1 </dev/null || status=$?
    cat "$tmp/said"
    [ "$status" -eq "$code" ] && grep -qe "$words" "$tmp/said"
}

place() { # place KEPT: the files in a folder of tests/kept, as they would lie in a report folder
    rm -rf "$tmp/old"
    mkdir "$tmp/old"
    for file in "$abs_top_srcdir/tests/kept/$1"/*; do
        cat "$file" >"$tmp/old/${file##*/}"
    done
}

seal() { # seal <BODY: a forger's seal
    cat >"$tmp/body"
    cat "$tmp/body"
    printf 'seal: {lines: %s, sha256: "%s"}\n' "$(wc -l <"$tmp/body")" \
        "$(sha256sum <"$tmp/body" | cut -d' ' -f1)"
}

makes_again() { # makes_again NAME: its journal makes its report, byte for byte
    own=$(sed -n 's/^  file: "\(.*\.journal\)"$/\1/p' "$tmp/old/$1.yaml") # from format 3 on, the report names it
    [ -z "$own" ] || cp "$tmp/old/$1.journal" "$tmp/old/$own"
    "$hsmferry" report "$tmp/old/${own:-$1.journal}" >"$tmp/again" && cmp "$tmp/again" "$tmp/old/$1.yaml"
}

# The two HSMs of the ceremony that was cut off, as it left them, and a ceremony file for them.
recreate() {
    place "$1"
    mkdir "$tmp/old/reports"
    mv "$tmp/old/cut.journal" "$tmp/old/reports"
    echo marlinspike >"$tmp/old/pin"
    cat >"$tmp/old/ceremony.yaml" <<END
title: Kept cut
rehearsal: yes
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/old/cut.source
  parameters: "label=old;serial=1;pin=marlinspike"
  token: "pkcs11:token=old?pin-source=file:$tmp/old/pin"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/old/cut.destination
  parameters: "label=new;serial=2;pin=marlinspike"
  token: "pkcs11:token=new?pin-source=file:$tmp/old/pin"
keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]
policy:
  gates: []
report-folder: reports
END
}

settle() { # settle COMMAND WORDS: resume or clean ends well and says these words
    says 0 "$2" "$hsmferry" "$1" "$tmp/old/reports/cut.journal" "$tmp/old/ceremony.yaml"
}

# The journal and report that go on from there are of the newest format, whatever went before.
goes_on_in_the_newest() {
    journal=$(find "$tmp/old/reports" -name '*Z-kept-cut.journal')
    [ "$(head -n 1 "$journal")" = "hsmferry-journal/$newest" ] &&
        says 0 "hsmferry-audit/$newest, to the last byte" \
            "$hsmferry" verify "${journal%.journal}.yaml" --journal "$journal" &&
        grep -qx "  resumes: \"$(sed -n 's/.*\tbegin\t.*\tid=\([0-9a-f]*\)\t.*/\1/p' \
            "$tmp/old/reports/cut.journal")\"" "${journal%.journal}.yaml"
}

# With a letter, if a later version recorded more in the same format.
for kept in 1 2 2b 3; do
    format=${kept%[a-z]}
    place "$kept"
    for name in complete failed; do
        ok "format $format, $name: verify" says 0 "hsmferry-audit/$format, to the last byte" \
            "$hsmferry" verify "$tmp/old/$name.yaml" --journal "$tmp/old/$name.journal"
        ok "format $format, $name: report" makes_again "$name"
        ok "format $format, $name: sheet" says 0 "Kept $name" "$hsmferry" sheet "$tmp/old/$name.yaml"
    done
    ok "format $format: its signature" says 0 'ok . signature  1: by the key in' \
        "$hsmferry" verify "$tmp/old/complete.yaml"
    "$hsmferry" report "$tmp/old/cut.journal" >"$tmp/old/cut.yaml"
    ok "format $format, cut off: verify" says 0 "hsmferry-audit/$format, to the last byte" \
        "$hsmferry" verify "$tmp/old/cut.yaml" --journal "$tmp/old/cut.journal"
    if python3 -c 'import jsonschema, yaml' 2>&-; then
        ok "format $format: they have the form of their schema" python3 \
            "$abs_top_srcdir/tests/read_report.py" --all "$tmp/old/complete.yaml" \
            "$tmp/old/failed.yaml" "$tmp/old/cut.yaml"
    else
        skip "format $format: they have the form of their schema" "jsonschema is not installed"
    fi

    recreate "$kept"
    ok "format $format, cut off: the next start tells it" says 3 'A ceremony was interrupted' \
        "$hsmferry" --plain "$tmp/old/ceremony.yaml"
    ok "format $format, cut off: resume" settle resume 'complete: 3 migrated'
    ok "... in the newest format" goes_on_in_the_newest
    ok "... once only" settle resume 'taken over by a later one'
    recreate "$kept"
    ok "format $format, cut off: clean" settle clean '[123] migrated'
    ok "... in the newest format" goes_on_in_the_newest
    ok "... once only" settle clean 'taken over by a later one'
done

# --- one format under another's name ---------------------------------------------------------------

for format in $(seq "$newest"); do
    place "$format"
    for other in $(seq "$newest"); do
        [ "$other" -eq "$format" ] && continue
        sed "s|^format: .*|format: \"hsmferry-audit/$other\"|; \$d" "$tmp/old/complete.yaml" | seal >"$tmp/forged"
        ok "a report of format $format is none of format $other" says 65 'FAIL. form' \
            "$hsmferry" verify "$tmp/forged"
        sed "1s/.*/hsmferry-journal\/$other/" "$tmp/old/complete.journal" >"$tmp/forged"
        ok "nor is a journal" says 65 'Line [23] of' "$hsmferry" report "$tmp/forged"
    done
done

# --- a format that is not known yet -----------------------------------------------------------------

recreate "$newest"
later=$((newest + 1))
sed "s|^format: .*|format: \"hsmferry-audit/$later\"|; \$d" "$tmp/old/complete.yaml" | seal >"$tmp/later"
ok "a report of format $later is refused, and why is told" says 65 \
    "hsmferry-audit/1 to $newest, and this is none of them: use the one that wrote it, or a later" \
    "$hsmferry" verify "$tmp/later"
ok "so is its sheet" says 65 "hsmferry-audit/1 to $newest" "$hsmferry" sheet "$tmp/later"
sed -i "1s/.*/hsmferry-journal\/$later/" "$tmp/old/reports/cut.journal" "$tmp/old/complete.journal"
for command in report resume clean; do
    ok "$command: so is a journal" says 65 'has a format that this hsmferry does not support' \
        "$hsmferry" "$command" "$tmp/old/reports/cut.journal"
    ok "... with what to do" grep -q "next: It supports hsmferry-journal/1 to $newest" "$tmp/said"
done
ok "verify: so is a journal" says 65 'has a format that this hsmferry does not support' \
    "$hsmferry" verify "$tmp/old/complete.yaml" --journal "$tmp/old/complete.journal"
ok "no ceremony begins beside one" says 65 'has a format that this hsmferry does not support' \
    "$hsmferry" --plain "$tmp/old/ceremony.yaml"
finish
