#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A database of NSS is the same one by whatever name, through NSS's own API and through its PKCS#11
# module: never source and destination of one ceremony, never in two ceremonies at once.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/../softhsm/two.sh"
command -v certutil >/dev/null || skip_all "certutil is not installed"
for softoken in /usr/lib/*/nss/libsoftokn3.so /usr/lib/*/libsoftokn3.so; do
    [ ! -f "$softoken" ] || break
done
[ -f "$softoken" ] || skip_all "NSS's PKCS#11 module is not installed"

hsmferry=$quick

make_database() {
    mkdir "$tmp/$1" && echo swordfish >"$tmp/pin" &&
        certutil -N -d "sql:$tmp/$1" -f "$tmp/pin" >/dev/null 2>&1
}

# What each name of a side stands for: nss:FOLDER, or PKCS#11 with these parameters.
place() {
    echo "  token: \"pkcs11:token=NSS%20Certificate%20DB?pin-source=file:$tmp/pin\""
    case $1 in
    nss:*)
        echo "  api: nss"
        echo "  module: sql:${1#nss:}"
        ;;
    *)
        echo "  api: pkcs11"
        echo "  module: $softoken"
        printf '  parameters: "%s"\n' "$(printf '%s' "$1" | sed 's/"/\\"/g')"
        ;;
    esac
}

# between SOURCE DESTINATION: a ceremony file, $tmp/c.yaml.
between() {
    {
        printf 'title: Same\nrehearsal: yes\nsource:\n'
        place "$1"
        printf 'destination:\n'
        place "$2"
        printf 'keys: ["pkcs11:object=*"]\npolicy:\n  gates: []\nreport-folder: %s/reports\n' "$tmp"
    } >"$tmp/c.yaml"
}

same() { # same SOURCE DESTINATION: refused, and why
    between "$1" "$2"
    status=0
    "$hsmferry" --plain "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq 78 ] && grep -q 'source and destination are the same token' "$tmp/log"
}

# Two databases are two: what is refused is that there is no key in the source, after both are open.
different() {
    between "$1" "$2"
    status=0
    "$hsmferry" probe "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq 66 ] && grep -q 'no key on the source was selected' "$tmp/log"
}

make_database one && make_database two && cp -R "$tmp/one" "$tmp/copy" &&
    ln -s "$tmp/one" "$tmp/link" && mkdir "$tmp/hard" && ln "$tmp/one/"* "$tmp/hard" || exit 99

flags="flags=optimizeSpace"
cat >"$tmp/names" <<NAMES
nss:$tmp/one
nss:$tmp/one/
nss:$tmp/two/../one
nss:$tmp//./one
nss:$tmp/link
nss:$tmp/hard
configdir='sql:$tmp/one' certPrefix='' keyPrefix='' secmod='secmod.db' $flags
configdir="sql:$tmp/one/"
configdir=sql:$tmp/two/../one
configdir='sql:$tmp/link' tokenDescription='Another'
configdir='$tmp/hard'
NAMES
while IFS= read -r name; do
    ok "source, the same as by its name: $(echo "$name" | sed "s|$tmp||g")" same "$name" "nss:$tmp/one"
    ok "destination, the same through PKCS#11: $(echo "$name" | sed "s|$tmp||g")" same \
        "configdir='sql:$tmp/one'" "$name"
done <"$tmp/names"
ok "control: two databases, through NSS's API" different "nss:$tmp/one" "nss:$tmp/two"
ok "control: two databases, through PKCS#11" different "configdir='sql:$tmp/one'" \
    "configdir='sql:$tmp/two'"
ok "control: a copy is another one" different "nss:$tmp/one" "configdir='sql:$tmp/copy'"

# into NAME: the ceremony between SoftHSM's token and this database, as $tmp/c/into.yaml.
into() {
    {
        sed '/^destination:/,$d' "$tmp/c/ceremony.yaml"
        echo destination:
        place "$1"
        sed -n '/^keys:/,$p' "$tmp/c/ceremony.yaml"
    } >"$tmp/c/into.yaml"
}

# --- an agent that cannot tell which file it is ---------------------------------------------------------

# blind SED-ADDRESS: there the agents see no /proc, as in a container that has none.
blind() {
    wrap="mount -t tmpfs none /proc \&\& exec $abs_top_builddir/hsmferry-agent"
    sed -i "$1 s|^  api: .*|&\n  agent: [$(command -v unshare), --mount, sh, -c, \"$wrap\"]|" "$tmp/c.yaml"
}

blind_apart() {
    between "nss:$tmp/one" "$1" && blind '1,$' || return
    status=0
    "$hsmferry" probe "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq 78 ] && grep -q 'cannot be distinguished: both are NSS Certificate DB' "$tmp/log" &&
        grep -q 'Give one of the two tokens another label' "$tmp/log"
}

# probes [COMMAND...]: into a database, with what the command changes; leaves what it says in $tmp/log.
probes() {
    into "nss:$tmp/one"
    cp "$tmp/c/into.yaml" "$tmp/c.yaml"
    "$@"
    "$hsmferry" probe "$tmp/c.yaml" </dev/null >"$tmp/log" 2>&1
}

if [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
    ok "not known: two databases of one label are refused" blind_apart "nss:$tmp/two"
    make_token old aes32:one:id=01
    make_token new
    ceremony - -
    ok "not known: probe works" probes blind '/^destination/,$'
    ok "... and the officers are told" grep -q 'this token has no serial: only its label distinguishes it from others' \
        "$tmp/log"
    ok "control: known" probes true
    not_ok "... and nobody is told" grep -q 'this token has no serial' "$tmp/log"
else
    skip "not known: two databases of one label are refused" "only root can hide /proc"
fi

# --- two ceremonies at once ---------------------------------------------------------------------------

in_use() { # in_use NAME: refused, since the first ceremony has it
    into "$1"
    sed -i 's/SHIM_FAULT=[^"]*/SHIM_FAULT=/; s/^report-folder: .*/report-folder: other/' "$tmp/c/into.yaml"
    status=0
    "$hsmferry" --plain "$tmp/c/into.yaml" </dev/null >"$tmp/log" 2>&1 || status=$?
    cat "$tmp/log"
    [ "$status" -eq 77 ] && grep -q "is in use by process $first" "$tmp/log"
}

# while_in_call NAME: a ceremony into this database waits in a call until let_go.
while_in_call() {
    ceremony wait:C_WrapKey:1 - && into "$1" || return
    "$hsmferry" --plain "$tmp/c/into.yaml" </dev/null >"$tmp/first" 2>&1 &
    first=$!
    for _ in $(seq 1200); do
        ! grep -qs '^C_WrapKey' "$tmp/c/old/calls/calls" || return 0
        kill -0 "$first" 2>/dev/null || return
        sleep 0.1
    done
    return 1
}

let_go() {
    : >"$tmp/c/old/calls/let-go"
    wait "$first"
}

make_token old aes32:one:id=01
make_token new

# holds NAME OTHER: while a ceremony into one has it, by this name, and none has the database OTHER.
holds() {
    held=$1
    other=$2
    ok "a ceremony into $(echo "$held" | sed "s|$tmp||g")" while_in_call "$held"
    while IFS= read -r name; do
        ok "... another one into $(echo "$name" | sed "s|$tmp||g")" in_use "$name"
    done <<NAMES
nss:$tmp/one
nss:$tmp/two/../one/
configdir='sql:$tmp/one'
configdir="sql:$tmp/hard/" tokenDescription='Another'
NAMES
    not_ok "... control: not one into another database" in_use "nss:$tmp/$other"
    ok "... control: that one was done" grep -q 'complete: 1 migrated' "$tmp/log"
    exits 0 "... and it ends well" let_go
}

make_database three && make_database four || exit 99
holds "nss:$tmp/one" three
keep_reports "$tmp/c/reports"
rm -rf "$tmp/one" "$tmp/hard"
make_database one && mkdir "$tmp/hard" && ln "$tmp/one/"* "$tmp/hard" || exit 99
holds "configdir='sql:$tmp/link'" four
finish
