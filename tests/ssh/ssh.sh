#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Agents beyond ssh, as the manual says: ceremonies in both directions, what ssh has to say, and the
# lock on a token that two consoles reach.
set -u
# shellcheck source=tests/ssh/lib.sh
. "${0%/*}/lib.sh"

remote="env -i SOFTHSM2_CONF=$SOFTHSM2_CONF $agent"
serve good 'PasswordAuthentication no'
serve password 'PasswordAuthentication yes' 'PubkeyAuthentication no'
soft src && soft back && nss new || exit 99
tool --keygen --key-type AES:32 --label k --id 01 --extractable
tool --keypairgen --key-type rsa:2048 --label r --id 02 --extractable

# far_soft TOKEN-LABEL, far_nss NAME: a side beyond ssh. Nothing of it is in the console's environment.
far_soft() {
    soft_side "pkcs11:token=$1" "$softhsm" HOME=/
    beyond good "$remote"
}

far_nss() {
    nss_side "$1"
    beyond good "env -i $agent"
}

# reported WORDS...: in the last report.
reported() {
    report=$(find "$tmp/reports" -name '*.yaml' -printf '%T@ %p\n' | sort -n | sed -n '$s/^[^ ]* //p')
    for words in "$@"; do
        grep -qE -- "$words" "$report" || {
            echo "the report does not say: $words"
            cat "$report"
            return 1
        }
    done
}

has_options() {
    for option in -T '"none"' BatchMode=yes StrictHostKeyChecking=yes UserKnownHostsFile= \
        ClearAllForwardings=yes ForwardAgent=no ForwardX11=no ServerAliveInterval= \
        ServerAliveCountMax=; do
        beyond good x | grep -q -e "$option" || { echo "without $option" && return 1; }
    done
}

same_in_readme() {
    for page in README.md man/hsmferry-ceremony.5; do
        sed -n '/^  agent: \["\/usr\/bin\/ssh", "-F"/,/\]$/p' "$abs_top_srcdir/$page" >"$tmp/${page##*/}"
    done
    [ -s "$tmp/README.md" ] && cmp "$tmp/README.md" "$tmp/hsmferry-ceremony.5"
}

ok "the manual's line has each option" has_options
ok "README.md has the same line" same_in_readme

policy='  extractable: yes'
ceremony "$(far_soft src)" "$(nss_side new)" 'pkcs11:object=k' 'pkcs11:object=r;type=private'
ok "a list beyond ssh" ends 0 list
ok "... with its keys" says 'k +AES' 'r +RSA 2048 private'
ok "SoftHSM beyond ssh to NSS: 0" ends 0 --plain
ok "... both migrated" says 'key . k: migrated' 'key . r: migrated'
ok "... the report names the way" reported '^  agent: \["/usr/bin/ssh", "-F", "none", .*@127.0.0.1"' \
    '^  agent-code: "not checked"' '^  agent-code: "own"' \
    "^  route: {by: \"command\", host: \"$(uname -n)\", user: \"$(id -un), uid $(id -u)\"}" \
    '^  route: {by: "local", '
sheet_names() {
    "$hsmferry" sheet "$report" >"$tmp/log" && says "reached through: ssh $(id -un)@127.0.0.1, port [0-9]" \
        "agent says that it runs on $(uname -n), as $(id -un), uid $(id -u)" "agent of this host, runs on"
}
ok "... in one line, as a warning" reported \
    "the source is reached through ssh $(id -un)@127.0.0.1, port [0-9]*; the code of its agent was not checked"
ok "... and its sheet" sheet_names
ceremony "$(far_nss new)" "$(far_soft back)" 'pkcs11:object=k' 'pkcs11:object=r;type=private'
ok "NSS to SoftHSM, both beyond ssh: 0" ends 0 --plain
ok "... both migrated" says 'key . k: migrated' 'key . r: migrated'

# --- what ssh says ---

ceremony "$(far_soft src)" "$(nss_side new)" 'pkcs11:object=k'
sed -i "s|$ssh/known_hosts|$ssh/none|" "$tmp/c.yaml"
ok "a host that is not known: 69" ends 69 list
ok "... and why" says 'Host key verification failed' 'No HSM was opened' 'then start again'
ceremony "$(far_soft src)" "$(nss_side new)" 'pkcs11:object=k'
sed -i "s|\"$(cat "$ssh/good.port")\"|\"$(cat "$ssh/password.port")\"|" "$tmp/c.yaml"
ok "a host that wants a password: 69" ends 69 list
ok "... and why" says 'Permission denied .password.' 'No HSM was opened' 'then start again'
finish
