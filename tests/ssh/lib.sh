# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of agents beyond ssh share: a server on the loopback with keys and a configuration of
# its own, and the line of the manual with them. Nothing of the system's is touched.

# shellcheck source=tests/field/lib.sh
. "${0%/*}/../field/lib.sh"

sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || skip_all "sshd is not installed"
for program in ssh ssh-keygen python3; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
# shellcheck disable=SC2034 # for those who read this file
agent=$abs_top_builddir/hsmferry-agent
ssh=$tmp/ssh
servers=
trap 'end_servers; tap_end $?' EXIT
mkdir "$ssh"
chmod 700 "$ssh"
for key in host client other; do
    ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$ssh/$key" || exit 99
done
cp "$ssh/client.pub" "$ssh/authorized_keys"
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd # sshd requires it of root, and never writes to it

end_servers() {
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$servers" ] || kill $servers 2>/dev/null
}

# serve NAME LINE...: a server with these lines in its configuration; its port is in $ssh/NAME.port. No
# file in the account's home is read.
serve() {
    name=$1
    shift
    for _ in 1 2 3 4 5 6 7 8; do
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        cat >"$ssh/$name.conf" <<END
ListenAddress 127.0.0.1
Port $port
HostKey $ssh/host
AuthorizedKeysFile $ssh/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
KbdInteractiveAuthentication no
X11Forwarding no
SetEnv HOME=$ssh SHLVL=2
$(printf '%s\n' "$@")
END
        "$sshd" -D -e -f "$ssh/$name.conf" 2>"$ssh/$name.log" &
        server=$!
        until grep -qs 'Server listening' "$ssh/$name.log"; do
            kill -0 "$server" 2>/dev/null || break
            sleep 0.05
        done
        if kill -0 "$server" 2>/dev/null; then
            servers="$servers $server"
            echo "$port" >"$ssh/$name.port"
            echo "[127.0.0.1]:$port $(cat "$ssh/host.pub")" >>"$ssh/known_hosts"
            return 0
        fi
    done
    cat "$ssh/$name.log"
    exit 99
}

# beyond NAME COMMAND: the line of the manual, to this server, for this command there.
beyond() {
    sed -n '/^\.Ss ..An HSM in another/,/^\.Ed/{/^  agent:/,/\]$/p;}' "$abs_top_srcdir/man/hsmferry-ceremony.5" |
        sed "s|\"22\"|\"$(cat "$ssh/$1.port")\"|; s|/etc/hsmferry/known_hosts|$ssh/known_hosts|
            s|/etc/hsmferry/id_ed25519|$ssh/client|; s|hsm@hsm-host|$(id -un)@127.0.0.1|
            s|/usr/libexec/hsmferry-agent|$2|"
}
