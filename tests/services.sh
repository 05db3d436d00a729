#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The services of the host that a ceremony file can ask for: a line in the log at begin, gate and end, and PINs
# from systemd-ask-password. Both are played here, in namespaces of their own; the HSMs are test doubles.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
unshare -m true 2>/dev/null || skip_all "no namespace can be made"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077

# ceremony [SOURCE'S LINE]: fresh HSMs and their ceremony file; both have the PIN marlinspike.
ceremony() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c"
    mkdir "$tmp/c"
    echo marlinspike >"$tmp/c/pin"
    cat >"$tmp/c/ceremony.yaml" <<END
title: "Lines of a log %s%n"
rehearsal: yes
syslog: yes
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/c/source
  parameters: "label=old;serial=$$;pin=marlinspike;keys=aes32:one,generic13:two,aes16:stays:-extractable"
  ${1:-token: "pkcs11:token=old?pin-source=file:$tmp/c/pin"}
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/c/destination
  parameters: "label=new;serial=$$;pin=marlinspike"
  token: "pkcs11:token=new?pin-source=file:$tmp/c/pin"
keys: ["pkcs11:"]
policy:
  rsa-bits: 2048
  gates: []
report-folder: reports
END
}

# A /dev of its own, so that a log can listen in it; and a program in the place of the host's.
# shellcheck disable=SC2016
private='
old=$1 && shift && mkdir -p "$old" && mount --rbind /dev "$old" && mount -t tmpfs none /dev &&
    for node in null zero urandom random tty; do : >"/dev/$node" && mount --bind "$old/$node" "/dev/$node" || exit 99; done &&
    ln -s /proc/self/fd /dev/fd && mkdir /dev/shm && mount -t tmpfs none /dev/shm || exit 99
exec "$@"'
# private COMMAND...
private() {
    unshare -m sh -c "$private" sh "$tmp/dev" "$@" </dev/null
}

# keep COMMAND...: what it prints is kept in $tmp/run.
keep() {
    keep_status=0
    "$@" >"$tmp/run" 2>&1 || keep_status=$?
    cat "$tmp/run"
    return "$keep_status"
}

with_log() {
    : >"$tmp/log"
    keep private python3 "$abs_top_srcdir/tests/syslog.py" "$tmp/log" "$@"
}

# logged WORDS: a line that begins as syslog(3) writes it, with these words.
logged() {
    grep -aqE "^<[0-9]+>[A-Z][a-z]{2} [ 0-9:]+ hsmferry\[[0-9]+\]: $1" "$tmp/log" || { cat "$tmp/log" && return 1; }
}

count() {
    [ "$(grep -ac hsmferry "$tmp/log")" -eq "$1" ]
}

ceremony
exits 0 "a ceremony with a log" with_log "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "its begin is logged, and its title can do no harm" logged 'rehearsal [0-9a-f]{8} begins.*: Lines of a log %s%n; ceremony file /'
ok "its gates are" logged 'ceremony [0-9a-f]{8}: gate fingerprint waived'
ok "its end is" logged 'ceremony [0-9a-f]{8} ends: complete, 2 migrated, 0 sealed, 1 refused, 0 failed, 0 left over, exit code 0$'
not_ok "no PIN is" grep -aq marlinspike "$tmp/log"
ok "the facility is that of authentication" grep -aqE '^<3[67]>' "$tmp/log"
ok "nothing else is logged" sh -c "! grep -aE 'hsmferry\[' '$tmp/log' | grep -avE 'begins|: gate|ends:'"
ceremony
exits 78 "without a log, the ceremony is refused" keep private "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "... it says why" grep -q '/dev/log: No such file' "$tmp/run"
ok "... and what to do" grep -q 'write "syslog: no"' "$tmp/run"
ok "... and left no report" test -z "$(ls "$tmp/c/reports" 2>/dev/null)"
exits 78 "doctor says so, too" keep private "$hsmferry" doctor "$tmp/c/ceremony.yaml"
ok "... in its row" grep -qE '^\[FAIL\] log .*/dev/log' "$tmp/run"
ceremony
sed -i '/^syslog/d' "$tmp/c/ceremony.yaml"
exits 0 "control: a ceremony that wants no log" with_log "$hsmferry" --plain "$tmp/c/ceremony.yaml"
ok "... writes no line" count 0
ceremony
exits 0 "control: probe, which is no ceremony" with_log "$hsmferry" probe "$tmp/c/ceremony.yaml"
ok "... writes no line" count 0

# --- PINs of systemd-ask-password ----------------------------------------------------------------------

program=/usr/bin/systemd-ask-password
mkdir -p "$tmp/bin"
# with_program SCRIPT COMMAND...: this script stands in the place of the host's program.
with_program() {
    { echo '#!/bin/sh' && echo "$1"; } >"$tmp/bin/asks"
    chmod 755 "$tmp/bin/asks"
    shift
    # shellcheck disable=SC2016 # of the shell in there
    unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$tmp/bin/asks" "$program" "$@" </dev/null
}
asks() {
    ceremony "pin-entry: ask-password
  token: \"pkcs11:token=old\""
    sed -i '/^syslog/d' "$tmp/c/ceremony.yaml"
}
run() {
    asks
    keep with_program "$1" "$hsmferry" --plain "$tmp/c/ceremony.yaml"
}

if [ -e "$program" ]; then
    exits 0 "a PIN from the program" run "printf '%s\n' \"\$@\" >'$tmp/asked'; tr '\0' '\n' </proc/\$PPID/comm >'$tmp/parent'; echo marlinspike"
    ok "it is started without a terminal, and asks for this token" grep -qE '^hsmferry, Lines.* PIN of pkcs11:token=old \(source\)$' "$tmp/asked"
    ok "... and no shell starts it" grep -qx hsmferry "$tmp/parent"
    ok "the report names it" grep -q "file: \"$program\"" "$tmp"/c/reports/*.yaml
    not_ok "... and no officer" grep -q 'marlinspike' "$tmp"/c/reports/*.yaml "$tmp"/c/reports/*.journal
    exits 77 "a wrong PIN" run 'echo codfish'
    exits 77 "one that is not entered" run 'echo "Timer expired" >&2; exit 1'
    ok "... its last words are shown" grep -q 'gave no PIN: exit 1, Timer expired' "$tmp/run"
    ok "... with the next step" grep -q 'leave out "pin-entry"' "$tmp/run"
    exits 64 "an empty one" run 'echo'
    exits 64 "two lines" run 'echo marlinspike; echo marlinspike'
    exits 64 "one that is too long" run 'head -c 5000 /dev/zero | tr "\0" x'
    not_ok "what is printed is shown nowhere" grep -q 'xxxx' "$tmp/run"
    killed() {
        asks
        # shellcheck disable=SC2016 # of the program
        with_program 'echo $PPID $$ >'"$tmp/waits"'; exec sleep 600' "$hsmferry" --plain "$tmp/c/ceremony.yaml" >"$tmp/stopped" 2>&1 &
        pid=$!
        while [ ! -s "$tmp/waits" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        kill -TERM "$(cut -d' ' -f1 "$tmp/waits")"
        wait "$pid"
        status=$?
        cat "$tmp/stopped"
        return "$status"
    }
    exits 2 "a ceremony that is stopped ends the question" killed
    ok "... the program, too" sh -c "! kill -0 \$(cut -d' ' -f2 '$tmp/waits') 2>/dev/null"
    ok "doctor finds the program" sh -c "'$hsmferry' doctor '$tmp/c/ceremony.yaml' | grep -q 'ok . PIN files .*source: an officer enters the PIN'"
else
    skip "PINs of systemd-ask-password" "systemd is not installed"
fi
finish
