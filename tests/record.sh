#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The record of ten thousand keys: journal and report stay small, and no command that reads them
# needs much memory. The steps of keys are in the journal only, and are checked there.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
multiply=$abs_top_builddir/tests/multiply
replay=$abs_top_builddir/tests/replay_state
record="$abs_top_srcdir/tests/record.py"
umask 077

# few NAME KEYS: the record of a ceremony with these keys
few() {
    mkdir "$tmp/$1"
    echo 1234 >"$tmp/$1/pin"
    cat >"$tmp/$1/ceremony.yaml" <<END
title: Few
rehearsal: yes
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1/source
  parameters: "label=old;serial=$$a;keys=$2"
  token: "pkcs11:token=old?pin-source=file:$tmp/$1/pin"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1/destination
  parameters: "label=new;serial=$$b"
  token: "pkcs11:token=new?pin-source=file:$tmp/$1/pin"
keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]
report-folder: reports
policy:
  gates: []
END
    exits 0 "$1: a ceremony" "$hsmferry" --plain "$tmp/$1/ceremony.yaml"
}

# many NAME TIMES: the same with so many times the keys; $journal, $report
many() {
    mkdir "$tmp/$1/$2"
    ok "$1: $2 times" "$multiply" "$tmp/$1"/reports/*.journal "$2" "$tmp/$1/$2"
    report=$(echo "$tmp/$1/$2"/*.yaml)
    journal=${report%.yaml}.journal
}

small() { # small JOURNAL REPORT OBJECTS: one more key takes at most so many octets for each object
    # shellcheck disable=SC2046 # words
    set -- "$@" $(python3 "$record" size "$journal" "$report" 10000 "$less" "${less%.journal}.yaml" 100)
    echo "# one more key: journal $4, report $5 octets"
    [ "$4" -le $(($1 * $3)) ] && [ "$5" -le $(($2 * $3)) ]
}

within() { # within MIB COMMAND...
    python3 "$record" memory "$@" >"$tmp/out.memory"
}

# grows TIMES COMMAND: the work of reading the large record is at most so many times that of the small
# one. It is counted, not timed, and once for each command.
grows() {
    [ -s "$tmp/work.$2" ] || {
        "$abs_top_builddir/tests/record_work" "$2" "$less" "${less%.journal}.yaml" &&
            "$abs_top_builddir/tests/record_work" "$2" "$journal" "$report"
    } >"$tmp/work.$2" || return 1
    # shellcheck disable=SC2046 # words
    set -- "$1" $(cat "$tmp/work.$2")
    echo "# $2 and $3 blocks"
    [ "$3" -le $(($1 * $2)) ]
}

for keys in aes32:one:1 rsa2048:two:+public:2; do
    objects=${keys##*:}
    name=${keys%%:*}
    few "$name" "${keys%:*}"
    many "$name" 100
    less=$journal
    many "$name" 10000
    ok "$name: journal and report grow by 2,500 and 600 octets an object" small 2500 600 "$objects"
    not_ok "control: not by half of that" small 1250 300 "$objects"
    if ldd "$hsmferry" | grep -q libasan; then
        skip "$name: memory" "the address sanitizer needs more"
        continue
    fi
    ok "$name: the screen's replay, there and back, in 64 MiB" within 64 "$replay" "$journal"
    not_ok "control: not in 16" within 16 "$replay" "$journal"
    ok "$name: replay in lines, in 64 MiB" within 64 "$hsmferry" replay --plain "$journal"
    [ "$objects" -eq 1 ] || continue
    for command in replay resume verify sheet; do
        ok "$command: a hundred times as many keys are a hundred times as much work" \
            grows 110 "$command"
        not_ok "control: it is counted" grows 50 "$command"
    done
    ok "verify in 64 MiB" within 64 "$hsmferry" verify "$report"
    ok "verify --journal in 64 MiB" within 64 "$hsmferry" verify "$report" --journal "$journal"
    ok "sheet in 64 MiB" within 64 "$hsmferry" sheet "$report"
    ok "sheet --html in 64 MiB" within 64 "$hsmferry" sheet --html "$report"
    ok "report in 64 MiB" within 64 "$hsmferry" report "$journal"
    not_ok "control: not in 8" within 8 "$hsmferry" report "$journal"
done

few steps aes32:one,ec256:two:+public
relay "steps" python3 "$record" forge "$hsmferry" "$(echo "$tmp"/steps/reports/*.journal)"
finish
