#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hsmferry doctor: on a machine where a ceremony can run, and with one thing wrong in each row; every such row
# has its control in the first run.
set -u
# Where that can be, with a folder for locks that nobody else uses.
if [ -z "${doctor_inside-}" ] && unshare -m true 2>/dev/null; then
    # shellcheck disable=SC2016 # of the shell in there
    doctor_inside=yes exec unshare -m sh -c 'mount -t tmpfs -o mode=1777 none /run/lock && exec sh "$0"' "$0"
fi
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

need_softhsm setsid
umask 077
mkdir "$tmp/programs" "$tmp/programs/dialects" "$tmp/r"
cp "$abs_top_builddir/hsmferry" "$abs_top_builddir/hsmferry-agent" \
    "$abs_top_builddir/hsmferry-rehearsal-token" "$tmp/programs"
cp "$abs_top_srcdir"/dialects/*.yaml "$tmp/programs/dialects"
hsmferry=$tmp/programs/hsmferry

# doctor [ARGUMENT]...: what it prints, in $tmp/seen.
doctor() {
    setsid -w "$hsmferry" doctor "$@" </dev/null >"$tmp/seen" 2>&1
    doctor_status=$?
    cat "$tmp/seen"
    return "$doctor_status"
}

# row MARK NAME WORDS: a row with this mark and these words.
row() {
    grep -qE -- "^\[ ?$1 ?\] $2 +.*$3" "$tmp/seen" || { cat "$tmp/seen" && return 1; }
}

# remedy NAME WORDS: the line after a row that needs one.
remedy() {
    grep -A1 -E "^\[(note|FAIL)\] $1 " "$tmp/seen" | grep -qE -- "$2" || { cat "$tmp/seen" && return 1; }
}

# with CHANGE...: the ceremony file with these changes (sed), as $tmp/r/with.yaml.
with() {
    for change in "$@"; do set -- "$@" -e "$change" && shift; done
    sed "$@" "$tmp/r/ceremony.yaml" >"$tmp/r/with.yaml"
}

# fails CODE NAME WORDS REMEDY COMMAND...: doctor fails with this code, because of this row alone.
fails() {
    code=$1 name=$2 words=$3 what=$4
    shift 4
    exits "$code" "$name: $words" "$@"
    ok "... the row says so" row FAIL "$name" "$words"
    ok "... with its remedy" remedy "$name" "$what"
}

# notes NAME WORDS REMEDY COMMAND...: a ceremony can run, but this row says something.
notes() {
    name=$1 words=$2 what=$3
    shift 3
    exits 0 "$name: $words" "$@"
    ok "... the row says so" row note "$name" "$words"
    ok "... with its remedy" remedy "$name" "$what"
}

"$hsmferry" rehearse --prepare --dir "$tmp/r" </dev/null >/dev/null || exit
file=$tmp/r/ceremony.yaml

ok "a machine where a ceremony can run" doctor "$file"
ok "it says so" grep -qx 'A ceremony can run here.' "$tmp/seen"
not_ok "nothing fails" grep -q '^\[FAIL\]' "$tmp/seen"
for name in 'ceremony file' agent dialects modules 'PIN files' reports space 'lock folder' entropy; do
    ok "control: $name is in order" row ok "$name" ''
done
ok "every row that is not in order has a remedy" sh -c \
    "[ \$(grep -cE '^\[(note|FAIL)\]' '$tmp/seen') -eq \$(grep -cE '^ {20,}' '$tmp/seen') ]"
ok "without a ceremony file" doctor
ok "it says what is not checked" row '  ' modules 'not checked without a ceremony file'
ok "and that one could be named" remedy 'ceremony file' 'hsmferry doctor CEREMONY.yaml'
exits 64 "two files" doctor "$file" "$file"
cp -R "$tmp/r" "$tmp/r.before"
doctor "$file" >/dev/null
ok "it changes nothing" diff -r "$tmp/r.before" "$tmp/r"

# --- the ceremony ---------------------------------------------------------------------------------

exits 78 "a ceremony file that is not there" doctor "$tmp/nothing.yaml"
ok "... the row says so" row FAIL 'ceremony file' 'There is no file'
with 's/^title:/titel:/'
exits 78 "one with an error" doctor "$tmp/r/with.yaml"
ok "... the row names the place" row FAIL 'ceremony file' 'with.yaml:[0-9]+:'

mv "$tmp/programs/hsmferry-agent" "$tmp/programs/aside"
fails 66 agent 'cannot be started: No such file' 'Install hsmferry completely' doctor "$file"
printf '#!/bin/sh\necho "hsmferry-agent (hsmferry 0.1)"\n' >"$tmp/programs/hsmferry-agent"
chmod +x "$tmp/programs/hsmferry-agent"
fails 78 agent 'is hsmferry-agent \(hsmferry 0.1\), and this is hsmferry' 'in one version' doctor "$file"
printf '#!/bin/sh\nexit 127\n' >"$tmp/programs/hsmferry-agent"
fails 78 agent 'does not say its version' 'Install hsmferry completely' doctor "$file"
mv "$tmp/programs/aside" "$tmp/programs/hsmferry-agent"
with 's|^source:|&\n  agent: ["/nowhere/agent"]|'
fails 66 agent 'source: /nowhere/agent cannot be started' 'correct "agent"' doctor "$tmp/r/with.yaml"

cp "$tmp/programs/dialects/softhsm.yaml" "$tmp/programs/dialects/my-hsm.yaml"
fails 78 dialects 'says that its name is softhsm' 'Rename the file, or correct the name' doctor "$file"
sed -i 's/^name: .*/name: my-hsm/; s/SoftHSM/MyHSM/' "$tmp/programs/dialects/my-hsm.yaml"
ok "control: a copied dialect with a name of its own" doctor "$file"
rm "$tmp/programs/dialects/my-hsm.yaml"
with 's|^source:|&\n  dialect: unheard-of|'
fails 78 dialects 'there is no dialect unheard-of' 'hsmferry-dialect' doctor "$tmp/r/with.yaml"
mkdir "$tmp/aside"
mv "$tmp"/programs/dialects/*.yaml "$tmp/aside"
fails 78 dialects 'there is none' 'with its dialects' doctor "$file"
mv "$tmp"/aside/*.yaml "$tmp/programs/dialects"

cp -L "$softhsm" "$tmp/r/module.so"
chmod 755 "$tmp/r/module.so"
with "s|^  module: .*softhsm.*|  module: $tmp/r/module.so|"
ok "control: a module of this user" doctor "$tmp/r/with.yaml"
chmod go+w "$tmp/r/module.so"
fails 77 modules 'source: .*can be changed by other users' 'let nobody else write' doctor "$tmp/r/with.yaml"
chmod go-w "$tmp/r/module.so"
notes 'module pins' 'source: any content of the module would be used' \
    "module-sha256: $(sha256sum <"$tmp/r/module.so" | cut -d' ' -f1)" doctor "$tmp/r/with.yaml"
sed -i "s|^source:|&\n  module-sha256: $(sha256sum <"$tmp/r/module.so" | cut -d' ' -f1)|" "$tmp/r/with.yaml"
ok "control: a module that is pinned" doctor "$tmp/r/with.yaml"
ok "... the row says so" row ok 'module pins' 'source: the module is the pinned one'
echo >>"$tmp/r/module.so"
fails 77 'module pins' 'source: the module is not the pinned one' 'Determine who changed' doctor "$tmp/r/with.yaml"
rm "$tmp/r/module.so"
exits 78 "a module that is not there" doctor "$tmp/r/with.yaml"
ok "... the row says so" row FAIL modules 'source: .*module.so: No such file'

# A key file as the source, of the example.
openssl genpkey -algorithm RSA -out "$tmp/r/server.key" 2>/dev/null
sed -e "s|/root/server.p12|$tmp/r/server.key|; s|\"SOFTHSM2_CONF=.*\"|\"SOFTHSM2_CONF=$tmp/r/softhsm2.conf\"|" \
    -e "s|/usr/lib/softhsm/libsofthsm2.so|$softhsm|" "$abs_top_srcdir/examples/software.yaml" >"$tmp/r/software.yaml"
ok "control: a key file" doctor "$tmp/r/software.yaml"
ok "... the row says so" row ok modules 'source: .*server.key'
chmod 644 "$tmp/r/server.key"
fails 77 modules 'source: .*server.key can be read' 'chmod 600' doctor "$tmp/r/software.yaml"
chmod 600 "$tmp/r/server.key"
ln -s server.key "$tmp/r/link.key"
sed 's|server.key|link.key|' "$tmp/r/software.yaml" >"$tmp/r/with.yaml"
fails 77 modules 'source: .*link.key' 'Name the key file itself' doctor "$tmp/r/with.yaml"
sed "s|^source:|&\n  module-sha256: $(printf '%064d' 0)|" "$tmp/r/software.yaml" >"$tmp/r/with.yaml"
fails 77 'module pins' 'source: the key file is not the pinned one' 'Determine who changed' doctor "$tmp/r/with.yaml"
rm "$tmp/r/link.key" "$tmp/r/server.key"
exits 78 "a key file that is not there" doctor "$tmp/r/software.yaml"
ok "... the row says so" row FAIL modules 'source: .*server.key'

chmod 644 "$tmp/r/pins/source"
fails 77 'PIN files' 'source: .*pins/source' 'Let only the user' doctor "$file"
chmod 600 "$tmp/r/pins/source"

with "s|^report-folder: .*|report-folder: $tmp/none/reports|"
fails 74 reports 'none is not there' 'Choose a report-folder' doctor "$tmp/r/with.yaml"
chmod 777 "$tmp/r/reports"
notes reports 'others may write to' 'only this user' doctor "$file"
chmod 700 "$tmp/r/reports"

# --- the host --------------------------------------------------------------------------------------

# As root, in namespaces of its own: another file system, other locks.
mounted() {
    unshare -m sh -c "$1"' && shift && exec "$@"' sh "$1" setsid -w "$hsmferry" doctor "$file" \
        </dev/null >"$tmp/seen" 2>&1
}
if unshare -m true 2>/dev/null; then
    fails 74 space '[0-9] MB and room for' 'Free space' mounted "mount -t tmpfs -o size=1m none '$tmp/r/reports'"
    fails 74 space 'is read-only' 'Free space' \
        mounted "mount --bind '$tmp/r/reports' '$tmp/r/reports' && mount -o remount,ro,bind '$tmp/r/reports'"
    locks='mount -t tmpfs -o mode=1777 none /run/lock'
    fails 77 'lock folder' 'others may replace the files' 'install -d -o root -m 1777' \
        mounted 'mount -t tmpfs -o mode=0777 none /run/lock'
    fails 77 'lock folder' 'belongs to another user' 'install -d -o root' \
        mounted 'mount -t tmpfs -o mode=1777,uid=4711 none /run/lock'
    ok "control: no token is locked" mounted "$locks"
    ok "... the row says so" row ok 'token locks' 'no token is locked'
    lock=/run/lock/hsmferry-00112233445566778899aabbccddeeff.lock
    notes 'token locks' 'is held by (another )?process' 'Wait until that process ends' \
        mounted "$locks && : >$lock && exec 9<$lock && flock 9"
    notes 'token locks' 'it is a symbolic link' 'let root remove' mounted "$locks && ln -s /etc/passwd $lock"
    ok "control: a package's own folder is taken first" mounted "$locks && mkdir -m 1777 /run/lock/hsmferry"
    ok "... the row names it" row ok 'lock folder' '/run/lock/hsmferry'
    notes 'core dumps' 'memory can be swapped' 'swapoff' \
        mounted "printf 'Filename\n/swap\n' >'$tmp/swaps' && mount --bind '$tmp/swaps' /proc/swaps"
    ok "control: without swap" mounted ": >'$tmp/swaps' && mount --bind '$tmp/swaps' /proc/swaps"
    ok "... the row says so" row ok 'core dumps' 'nothing is swapped'
else
    skip "space, locks and swap" "no namespace can be made"
fi

limited() {
    prlimit --memlock=0 setpriv --bounding-set -ipc_lock --inh-caps -all setsid -w "$hsmferry" doctor \
        </dev/null >"$tmp/seen" 2>&1
}
if command -v prlimit >/dev/null && setpriv --bounding-set -ipc_lock true 2>/dev/null; then
    notes 'locked memory' 'the limit is 0 KB' 'Raise the limit' limited
else
    skip "locked memory" "no capability can be dropped"
fi

in_locale() {
    LC_ALL=$1 doctor
}
notes locale 'is not installed' 'LC_ALL=C.UTF-8' in_locale xx_XX.UTF-8
notes locale 'the screen shows ASCII alone' 'LC_ALL=C.UTF-8' in_locale C
ok "control: UTF-8" in_locale C.UTF-8
ok "... the row says so" row ok locale C.UTF-8

touch -d '+2 days' "$hsmferry"
notes clock 'is before hsmferry was installed' 'Set the clock' doctor
touch "$hsmferry"
ok "control: a clock that is right" doctor
ok "... the row says so" row ok clock '2[0-9-]+T'

# --- the terminal -----------------------------------------------------------------------------------

notes terminal 'not a terminal: line mode' 'hsmferry --plain' doctor
# on_terminal TERM COLUMNS LINES
on_terminal() {
    TERM=$1 script -qec "stty cols $2 rows $3; exec '$hsmferry' doctor" /dev/null </dev/null 2>&1 |
        tr -d '\r' >"$tmp/seen"
    cat "$tmp/seen"
    grep -q '^A ceremony can run here' "$tmp/seen"
}
if command -v script >/dev/null; then
    ok "control: a usual terminal" on_terminal xterm-256color 120 40
    ok "... the row says so" row ok terminal '120x40, with F1 to F10'
    notes terminal '60x20 is small' 'at least 80x24' on_terminal xterm-256color 60 20
    notes terminal 'no key F' 'Press Esc and a digit' on_terminal vt220 80 24
    notes terminal 'cannot show a screen: line mode only' 'hsmferry --plain' on_terminal dumb 80 24
    notes terminal 'is not known: line mode only' 'hsmferry --plain' on_terminal no-such-terminal 80 24
else
    skip "the terminal" "script is not installed"
fi

# --- confinement -------------------------------------------------------------------------------------

confined=$(sed -n 's/^#define HSMFERRY_CONFINED //p' "$abs_top_builddir/build_config.h")
doctor >/dev/null
if [ "$confined" = 1 ]; then
    ok "control: this kernel confines" row ok confinement 'seccomp, Landlock'
else
    ok "a build without confinement says so" row note confinement 'not '
fi
finish
