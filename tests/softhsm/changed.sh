#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# While the officers look at the plan, another program renames, destroys or replaces the key on the
# source: exit code 4, and nothing of it leaves. On SoftHSM, and on NSS through its own API.
set -u
# shellcheck source=tests/softhsm/two.sh
. "${0%/*}/two.sh"
need_softhsm certutil symkeyutil

# meanwhile CODE COMMAND SENSE...: runs the ceremony; at the review the command is carried out, and then
# the word is typed. It ends with this code, and says each of these.
meanwhile() {
    code=$1
    command=$2
    shift 2
    "$python" "$abs_top_srcdir/tests/terminal.py" 'to start:' "!$command" '' 'ferry 1\n' -- \
        "$quick" --plain "$tmp/c/ceremony.yaml" >"$tmp/log" 2>&1
    status=$?
    tr -d '\r' <"$tmp/log"
    for sense in "$@"; do
        grep -qE -- "$sense" "$tmp/log" || {
            echo "nothing says: $sense"
            return 1
        }
    done
    [ "$status" -eq "$code" ]
}

objects() { # on the destination
    find "$tmp/c/new/tokens" -name '*.object' ! -name token.object | wc -l
}

# conflicts COMMAND 69|3|other: a key that is gone costs the exit code 69 before anything is begun; 3
# if there is another in its place, which may be left over.
conflicts() {
    if [ "$2" != other ]; then
        meanwhile "$2" "$1" '1 of the objects that were on the source at the login is gone: handle [0-9]*: .*one' &&
            [ "$(objects)" -eq 1 ]
        return
    fi
    words='the key on the source was changed since it was listed'
    meanwhile 4 "$1" "one: failed: $words" "$words. Nothing of it left the source. Determine who is at work" \
        '0 migrated, 0 refused, 1 failed; source unchanged; nothing on the destination' &&
        [ "$(objects)" -eq 1 ]
}

passes() {
    meanwhile 0 "$1" '1 migrated' && [ "$(objects)" -eq 2 ]
}

asks() { # the review is asked for, of one key
    edit 's/object=\*/object=one/' 's/^  gates: .*/  gates: [review]\n  canary: none/'
}

make_token old aes32:one:id=01 aes32:two:id=02
make_token new aes32:resident:id=d1

# --- SoftHSM ------------------------------------------------------------------------------------------

tool="SOFTHSM2_CONF=$tmp/c/old/softhsm2.conf $python $abs_top_srcdir/tests/softhsm/tokens.py"
on_old="$softhsm old"
while read -r name how says; do
    ceremony - - && asks
    case $how in
    rename) command="$tool rename $on_old one eins" ;;
    destroy) command="$tool drop $on_old one" ;;
    replace) command="$tool drop $on_old one && $tool put $on_old aes32:one:id=01" ;;
    esac
    ok "SoftHSM: $name" conflicts "$command" "$says"
done <<'END'
renamed rename other
destroyed destroy 69
replaced replace 3
END
ceremony - - && asks
ok "another key is destroyed meanwhile: 69" meanwhile 69 "$tool drop $on_old two" \
    'at the login is gone: handle [0-9]*: .*two'
ceremony - - && asks
ok "control: nothing is changed meanwhile: 0" passes true

# --- NSS ----------------------------------------------------------------------------------------------

store=$tmp/c/nss
nss_key() { # a new key "one"
    echo "symkeyutil -K -n one -t aes -s 32 -d sql:$store -f $tmp/c/pin </dev/null >/dev/null"
}

nss_ceremony() {
    ceremony - - && asks
    mkdir "$store"
    certutil -N -d "sql:$store" -f "$tmp/c/pin" && sh -c "$(nss_key)"
    edit '/^source:/,/^destination:/{s/api: .*/api: nss/; s|module: .*|module: sql:'"$store"'|
        s/token=old/token=NSS%20Certificate%20DB/; /environment/d}'
}

drop="symkeyutil -D -n one -d sql:$store -f $tmp/c/pin"
rename="PYTHONPATH=$abs_top_srcdir/tests/pairs $python -B -c '
import nss_hand as n
n.initialize = n.function(n.nss, \"NSS_InitReadWrite\", n.c.c_int, n.c.c_char_p)
n.Hand(\"swordfish\", \"$store\")
name = n.function(n.nss, \"PK11_SetSymKeyNickname\", n.c.c_int, n.P, n.c.c_char_p)
n.must(name(n.fixed_keys(n.key_slot(), b\"one\", None), b\"eins\") == 0, \"rename\")'"
while read -r name how says; do
    nss_ceremony
    case $how in
    rename) command=$rename ;;
    destroy) command=$drop ;;
    replace) command="$drop && $(nss_key)" ;;
    esac
    ok "NSS: $name" conflicts "$command" "$says"
done <<'END'
renamed rename other
destroyed destroy 69
replaced replace 3
END
nss_ceremony
ok "control: nothing happens meanwhile: 0" passes true
finish
