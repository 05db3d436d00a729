#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One ceremony for a token, one console for a ceremony: who comes second is told who came first.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"
command -v flock >/dev/null || skip_all "flock is not installed"

hsmferry=$quick

# in_use SENSE ARGUMENT...: hsmferry is refused because of the first one.
in_use() {
    sense=$1
    shift
    status=0
    "$hsmferry" "$@" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq 77 ] && grep -q "$sense is in use by process $first" "$tmp/log" &&
        grep -q 'Nothing was changed' "$tmp/log" && grep -q 'Wait until it ends' "$tmp/log"
}

lock_of() { # lock_of old|new: its lock's file, as src/hsm/token_lock.c names it
    at "$tmp/c/$1" pkcs11-tool --module "$softhsm" --list-token-slots 2>/dev/null >"$tmp/slots"
    serial=$(sed -n "/token label *: $1\$/,/serial num/s/^  serial num *: *//p" "$tmp/slots")
    echo "/run/lock/hsmferry-$(printf 'SoftHSM project\nSoftHSM v2\n%s\n%s\n' "$serial" "$1" |
        sha256sum | cut -c1-32).lock"
}

make_token old aes32:one:id=01
make_token new aes32:resident:id=d1

ceremony none wait:C_CopyObject:3
sed 's/report-folder: .*/report-folder: other/' "$tmp/c/ceremony.yaml" >"$tmp/c/other.yaml"
sed 's/token=old/token=third/; s/token=new/token=old/; s/token=third/token=new/
    s|/c/old/|/c/third/|g; s|/c/new/|/c/old/|g; s|/c/third/|/c/new/|g; s/wait:[^"]*//' \
    "$tmp/c/other.yaml" >"$tmp/c/back.yaml"
"$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null >"$tmp/first" 2>&1 &
first=$!
for _ in $(seq 1200); do
    [ "$(grep -sc '^C_CopyObject' "$tmp/c/new/calls/calls")" != 3 ] || break
    sleep 0.1
done
journal=$(find "$tmp/c/reports" -name '*.journal')
ok "the same two tokens" in_use 'The token new, serial [0-9a-f]*,' --plain "$tmp/c/other.yaml"
ok "the other way round" in_use 'The token new, serial [0-9a-f]*,' \
    --plain "$tmp/c/back.yaml"
ok "its journal" in_use 'The journal .*' resume "$journal"
exits 0 "looking at both is free" "$hsmferry" list "$tmp/c/ceremony.yaml"
: >"$tmp/c/new/calls/let-go"
exits 0 "the first one ends well" wait "$first"
exits 4 "then the next one may, and finds the name taken" "$hsmferry" --plain "$tmp/c/other.yaml"

if [ -w /run/lock ]; then
    ceremony - -
    ok "another one that reads the same source: fine" flock -s "$(lock_of old)" \
        "$hsmferry" --plain "$tmp/c/ceremony.yaml"
    ceremony - -
    exits 77 "control: one that writes to it is not" flock "$(lock_of old)" \
        "$hsmferry" --plain "$tmp/c/ceremony.yaml"
    rm -f "$(lock_of old)" "$(lock_of new)"
else
    skip "shared sources" "/run/lock cannot be written"
fi
finish
