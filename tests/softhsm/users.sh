#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two users of one host, root and nobody, on the same tokens: one waits for the other, whatever their
# umask and whatever somebody planted in the lock's place; nobody ever locks something else instead.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"
[ "$(id -u)" -eq 0 ] || skip_all "only root can be two users"

locks=/run/lock
stranger='setpriv --reuid=65534 --regid=65534 --clear-groups'
[ -d "$locks" ] || locks=/tmp
# What another user may see of this test: the programs are in reach, and the tokens theirs and ours.
chmod 711 "$tmp"
mkdir -m 755 "$tmp/bin"
cp "$quick" "${quick%/*}/hsmferry-agent" "$shim" "$tmp/bin"
cp -RL "$abs_top_builddir/dialects" "$tmp/bin/dialects"
chmod -R go+rX "$tmp/bin"
hsmferry=$tmp/bin/hsmferry
shim=$tmp/bin/shim.so

# both_users FAULT-OF-ROOT FAULT-OF-STRANGER: the tokens and two ceremony files on them, each with
# what the shim shall do to new ("-": no shim).
both_users() {
    ceremony - "$2"
    cp "$tmp/c/ceremony.yaml" "$tmp/theirs.yaml"
    ceremony - "$1"
    mkdir "$tmp/c/theirs"
    sed "s|/c/pin|/c/theirs/pin|" "$tmp/theirs.yaml" >"$tmp/c/theirs/ceremony.yaml"
    cp "$tmp/c/pin" "$tmp/c/theirs/pin"
    chmod -R a+rwX "$tmp/c/old" "$tmp/c/new"
    chown -R 65534:65534 "$tmp/c/theirs"
    chmod 711 "$tmp/c"
}

lock_of() { # lock_of old|new: its lock's file, as src/hsm/token_lock.c and hsm_identity() name it
    at "$tmp/c/$1" pkcs11-tool --module "$softhsm" --list-token-slots 2>/dev/null >"$tmp/slots"
    serial=$(sed -n "/token label *: $1\$/,/serial num/s/^  serial num *: *//p" "$tmp/slots")
    echo "$locks/hsmferry-$(printf 'SoftHSM project\nSoftHSM v2\n%s\n%s\n' "$serial" "$1" |
        sha256sum | cut -c1-32).lock"
}

root_moves() {
    "$hsmferry" --plain "$tmp/c/ceremony.yaml" </dev/null
}

stranger_moves() {
    (cd "$tmp/c/theirs" && $stranger "$hsmferry" --plain ceremony.yaml </dev/null)
}

# refused WHO SENSE REMEDY: this user's ceremony is refused with 77 and these words, changing nothing.
refused() {
    status=0
    "$1_moves" >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq 77 ] && grep -qE -- "$2" "$tmp/log" && grep -qE -- "$3" "$tmp/log" &&
        grep -q 'Nothing was changed' "$tmp/log" && [ -z "$(labels)" ]
}

labels() { # labels of the secret keys on the new token, as another program lists them
    PIN=swordfish at "$tmp/c/new" pkcs11-tool --module "$softhsm" --token-label new --login \
        --pin env:PIN --list-objects --type secrkey 2>/dev/null | sed -n 's/^ *label: *//p' | xargs
}

# while_in_call WHO: this user's ceremony waits in a call until let_go; leaves its number in $first.
while_in_call() {
    "$1_moves" >"$tmp/first" 2>&1 &
    first=$!
    for _ in $(seq 1200); do
        [ ! -s "$tmp/c/new/calls/calls" ] || ! grep -q '^C_UnwrapKey' "$tmp/c/new/calls/calls" ||
            return 0
        kill -0 "$first" 2>/dev/null || return
        sleep 0.1
    done
    return 1
}

let_go() {
    : >"$tmp/c/new/calls/let-go"
    chmod a+r "$tmp/c/new/calls/let-go"
    wait "$first"
}

# with_stranger COMMAND...: while another user's program that is no ceremony has the lock of new.
with_stranger() {
    mkfifo "$tmp/held"
    $stranger flock "$new" sh -c 'echo held && exec sleep 600' >"$tmp/held" &
    holder=$!
    read -r _ <"$tmp/held"
    "$@"
    with_status=$?
    kill -s KILL -- $(pgrep -P "$holder") "$holder"
    return "$with_status"
}

make_token old aes32:one:id=01
make_token new

both_users wait:C_UnwrapKey:1 -
old=$(lock_of old)
new=$(lock_of new)
rm -f "$old" "$new"

ok "root's ceremony, umask 077" while_in_call root
ok "... its locks are for all to take" test "$(stat -c %a "$old" "$new" | xargs)" = "644 644"
ok "... another user's is refused" refused stranger \
    'token new, .* is in use by process [0-9]+ \(hsmferry, user 0\)' 'Wait until it ends'
exits 0 "... and root's ends well" let_go
both_users - -
exits 0 "then that user's ceremony may, with root's lock" stranger_moves

rm -f "$old" "$new"
both_users - wait:C_UnwrapKey:1
ok "another user's ceremony, umask 077" while_in_call stranger
ok "... its locks are for all to take" test "$(stat -c %a:%u "$old" "$new" | xargs)" = \
    "644:65534 644:65534"
ok "... root's is refused" refused root \
    'token new, .* is in use by process [0-9]+ \(hsmferry, user 65534\)' 'Wait until it ends'
exits 0 "... and that user's ends well" let_go

# --- what may lie in the lock's place ----------------------------------------------------------------

rm -f "$old" "$new"
both_users - -
: >"$tmp/elsewhere"
: >"$new.other"
# words, the command that plants it, what is said, the remedy
while IFS='|' read -r words plant sense remedy; do
    rm -rf "$new"
    eval "$plant"
    ok "$words: refused" refused root "$new cannot be used as a lock: $sense" "$remedy $new"
done <<'PLANTED'
a symbolic link|ln -s "$tmp/elsewhere" "$new"|it is a symbolic link|let root remove
a link to nowhere|ln -s /nowhere/x "$new"|it is a symbolic link|let root remove
a pipe|mkfifo "$new"|it is not a regular file|let root remove
a folder|mkdir "$new"|it is not a regular file|let root remove
a device|mknod "$new" c 1 3|it is not a regular file|let root remove
a hard link|ln "$new.other" "$new"|it is a hard link|let root remove
a file of others with content|echo x >"$new"; chown 65534 "$new"|not every user may read it|chmod 644
PLANTED
rm -rf "$new" "$new.other"
ok "nothing was written where the link led" test ! -s "$tmp/elsewhere"
echo x >"$new"
ok "a file that this user may not read: refused" refused stranger 'not every user may read it' \
    "chmod 644 $new"
chmod 644 "$new"
exits 0 "... and once the remedy is done, not" stranger_moves
both_users - -
rm -f "$new" && install -o 65534 -m 644 /dev/null "$new"
ok "a stranger who holds the lock: refused, and named" with_stranger refused root \
    'token new, .* is in use by process [0-9]+ \(flock, user 65534\)' 'let root determine'
exits 0 "control: with none of that in its place" root_moves
rm -f "$old" "$new"
finish
