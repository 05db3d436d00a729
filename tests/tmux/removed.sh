#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# After a migration from SoftHSM to NSS, on the screen: the map and what is missing, and a retirement
# that is refused until all is as the report says. pkcs11-tool and NSS's own tools judge.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil symkeyutil pkcs11-tool openssl "$python"
"$python" -c 'import PyKCS11' 2>/dev/null || skip_all "python3-pykcs11 is not installed"

softoken=$(find /usr/lib* -name libsoftokn3.so 2>/dev/null | head -n 1)
[ -n "$softoken" ] || skip_all "NSS's PKCS#11 module is not installed"
dir=$tmp/removed
export SOFTHSM2_CONF="$dir/softhsm2.conf" PYTHONDONTWRITEBYTECODE=1 PIN=swordfish
nss="-d sql:$dir/nss -f $dir/pin"
mkdir -p "$dir/tokens" "$dir/nss"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$dir/tokens" >"$SOFTHSM2_CONF"
(umask 077 && echo "$PIN" >"$dir/pin")

token() { # token COMMAND TOKEN [OBJECT]...
    token_command=$1
    shift
    "$python" "$abs_top_srcdir/tests/softhsm/tokens.py" "$token_command" "$softhsm" "$@"
}

# file NAME TOKEN [LINE]...: a ceremony file whose source is this token.
file() {
    file_name=$1
    file_token=$2
    shift 2
    (umask 077 && {
        printf 'title: From old to new\nrehearsal: yes\npace: run\nreport-folder: reports\n'
        printf 'source:\n  api: pkcs11\n  module: %s\n  destroys: yes\n' "$softhsm"
        printf '  token: pkcs11:token=%s?pin-source=file:%s\n' "$file_token" "$dir/pin"
        printf '  environment: ["SOFTHSM2_CONF=%s"]\n' "$SOFTHSM2_CONF"
        printf 'destination:\n  api: nss\n  module: sql:%s\n' "$dir/nss"
        printf '  token: pkcs11:token=NSS%%20Certificate%%20DB?pin-source=file:%s\n' "$dir/pin"
        printf "keys: ['pkcs11:object=*']\npolicy:\n  rsa-bits: 2048\n  gates: [review]\n"
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"$dir/$file_name.yaml")
}
one='officers: [{name: Grace Hopper, role: source officer}]'
both='officers: [{name: Grace Hopper, role: source officer}, {name: Ada Lovelace, role: destination officer}]'
signs="sign-report: {side: destination, key: 'pkcs11:object=two;type=private'}"

# What other programs list, in one line.
on_source() {
    pkcs11-tool --module "$softhsm" --token-label old --login --pin env:PIN --list-objects 2>/dev/null |
        grep -A 1 -E '^(Secret|Private) Key' | sed -n 's/.*label: *//p' | sort | tr '\n' ' '
}
on_destination() {
    # shellcheck disable=SC2086 # words
    {
        certutil -K $nss | sed -n 's/^< *[0-9]*> *[a-z]* *[0-9a-f]* *//p'
        symkeyutil -L $nss | awk '$2 ~ /^[0-9]+$/ {print $1}'
    } 2>/dev/null | sed 's/.*://' | sort | tr '\n' ' '
}
are() { # are SOURCE DESTINATION
    echo "$(on_source)/ $(on_destination)" | tee "$tmp/are"
    test "$(cat "$tmp/are")" = "${1:+$1 }/ $2 "
}

# Both serials are read from the screen, and typed.
devices() {
    sees "Compare both devices with the script" || return
    screen >"$tmp/screen"
    type_text "$(sed -n 's/.*serial \([^ ]*\).*/\1/p' "$tmp/screen" | sed 's/.*\(....\)$/\1/' |
        head -n 2 | tr '\n' ' ' | sed 's/ $//')"
    press Enter
}

answer() { # answer WHAT-IS-ASKED TEXT
    sees "$1" && type_text "$2" && press Enter
}

# refused WORDS CODE SENTENCE FILE [REPORT]: before any question of the review; nothing is destroyed.
refused() {
    console 80x24 retire "${5:-$migrated}" "$dir/$4.yaml"
    [ "$2" != 4 ] || [ "$4" = other ] || ok "$1: the devices" devices
    ok "$1: refused in its own words" sees "$3"
    press Enter q
    ok "$1: exit $2" ended "$2"
    ok "$1: from outside: no key is gone" are "one two" "one two"
}

token make old aes32:one:id=01 rsa2048:two:id=02
token make other aes32:one:id=01 rsa2048:two:id=02
# shellcheck disable=SC2086 # words
certutil -N $nss
file c old "$both"
file migrate old
sed -i "s,^keys: .*,keys: []," "$dir/migrate.yaml"
file alone old "$one"
file other other "$both"
file signed old "$both" "$signs"

console 80x24 "$dir/migrate.yaml"
ok "both are listed" listed 3
press F6
ok "the map: what only the source has" sees_like "only on source  *two"
press M
ok "M marks what is missing" sees "2 marked, 2 of them now"
press F5
ok "the review" answer "Type  ferry 2" "ferry 2"
ok "the ceremony is complete" sees "The ceremony is complete."
press Escape
sees "can go?" && press F6
ok "the map: by their public half they are the same" sees_like "same  *two"
press q
ok "exit 0" ended 0
ok "from outside: both have both keys" are "one two" "one two"
migrated=$(by_time "$dir/reports" yaml | tail -n 1)

"$python" - "$migrated" "$dir/resealed.yaml" <<'END'
import hashlib, re, sys
text = open(sys.argv[1], encoding="utf-8").read().replace("From old to new", "From new to old")
body, seal = text[:text.rindex("seal:")], text[text.rindex("seal:"):]
with open(sys.argv[2], "w", encoding="utf-8") as new:
    new.write(body + re.sub("[0-9a-f]{64}", hashlib.sha256(body.encode()).hexdigest(), seal))
END
ok "control: a resealed report passes verify" "$hsmferry" verify "$dir/resealed.yaml"

refused "one role only" 77 "nobody is the destination" alone
refused "a report of another pair" 4 "another pair of devices" other
refused "a resealed report" 77 "UNSIGNED" signed "$dir/resealed.yaml"

console 80x24 retire "$migrated" "$dir/c.yaml"
ok "a wrong label: the devices" devices
ok "a wrong label: the first time" answer "type  retire 2 one  to start" "retire 2 two"
ok "a wrong label: it is told" sees "That was wrong"
ok "a wrong label: the second time" answer "type  retire 2 one  to start" "retire 2 One"
ok "a wrong label: refused in its own words" sees "answered wrong too often"
press Enter q
ok "a wrong label: exit 2" ended 2
ok "a wrong label: from outside: no key is gone" are "one two" "one two"

tamper() {
    # shellcheck disable=SC2086 # words
    symkeyutil -D -n one $nss && "$python" "$abs_top_srcdir/tests/pairs/fill.py" "$PIN" "$softoken" \
        "NSS Certificate DB" "configdir='sql:$dir/nss' certPrefix='' keyPrefix='' secmod='' flags=" \
        aes32:one:id=01
}
cp -R "$dir/nss" "$dir/kept"
ok "another program puts another key in the place of a copy" tamper
refused "a copy that was tampered with" 4 "check value" c
rm -rf "$dir/nss"
mv "$dir/kept" "$dir/nss"

console 80x24 retire "$migrated" "$dir/c.yaml"
ok "all as the report says: the devices" devices
ok "the first officer" answer "type  retire 2 one  to start" "retire 2 one"
ok "the second officer" answer "then  retire 2 one  to start" "AL retire 2 one"
ok "the last screen counts them" sees "2 destroyed"
press q
ok "exit 0 again" ended 0
ok "from outside: the source has none of them, the destination both" are "" "one two"
finish
