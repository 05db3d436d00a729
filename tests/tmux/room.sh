#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Room: columns that come with wide windows, places in lists, a filter that is live, what was found,
# one undo for marks, a review whose warnings come once and before mechanisms; on two real tokens.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"
need_softhsm softhsm2-util

dir=$tmp/room
if ! sh "$abs_top_srcdir/examples/rehearse.sh" --pair softhsm:softhsm --build "$abs_top_builddir" \
    --dir "$dir" --prepare >"$tmp/rehearse" 2>&1; then
    cat "$tmp/rehearse"
    exit 99
fi
cd "$dir" || exit 99
sed 's/gates: \[\]/gates: [review, fingerprint]\n  transports: [rsa-oaep]/' ceremony.yaml >room.yaml
chmod 600 room.yaml

# On which line TEXT stands.
line_of() {
    screen | grep -nF -- "$1" | head -n 1 | cut -d: -f1
}

before() { # before TEXT OTHER: the first stands above the second
    test "$(line_of "$1")" -lt "$(line_of "$2")"
}

once() {
    test "$(screen | grep -cF -- "$1")" -eq 1
}

# The screen with its attributes has this text underlined (4), or has so in time.
underlined() {
    t capture-pane -p -e | grep -q "4[;0-9]*m$1"
}

stands_out() {
    stands_until=$(($(date +%s) + patience))
    until underlined "$1"; do
        [ "$(date +%s)" -lt "$stands_until" ] || return 1
        sleep 0.05
    done
}

console 80x24 room.yaml
ok "80x24: listed" listed 18
ok "the sorted column is marked" sees "label ▾"
ok "where one is in both lists" sees_like " 1/18 .* 1/3 "
press Down Down
ok "... follows the cursor" sees " 3/18 "
press s
ok "sorted by type" sees "type ▾"
press s s
ok "and by label again" sees "label ▾"
resize 120x40
ok "120x40: ids" sees " id "
resize 160x50
ok "160x50: uses" sees "enc dec"
resize 200x50
ok "200x50: check values" sees "ECB of zeros"
resize 60x20
ok "60x20: one pane, with its place" sees "/18 "
resize 80x24
sees "DESTINATION"

press F4
sees FILTER && type_text rsa
ok "the filter is live, with a count" sees "5 of 18 shown"
ok "... before Enter" lacks "archive-aes128"
press Escape
lacks FILTER
ok "Esc gives back what was shown" sees "/18 "
press /
sees FIND && type_text hmac
ok "what was found stands out" stands_out hmac
press Escape
lacks FIND
not_ok "... until Esc" underlined hmac
press Home
press /
sees FIND && type_text tls && press Enter
ok "the first one is found" sees " 12/18 "
press /
sees FIND && press Enter
ok "/ and Enter alone find the next one" sees " 17/18 "
press p
ok "p leads to the key before, past public objects" sees " 13/18 "
press n
ok "n to no later one: there is none" sees " 13/18 "
press Home n
ok "... and from key to key" sees " 2/18 "
press /
sees FIND && press Escape
lacks FIND
press -
ok "nothing is marked" sees "0 of 18 marked"
press u
ok "u takes that back" sees "13 of 18 marked"
press u
ok "... and does it over" sees "0 of 18 marked"
press +
sees MARK && type_text "payments*"
ok "+ replaces what it offered" sees_like "^│payments\* "
press Enter
ok "... and marks" sees "1 of 18 marked"
press -
sees "0 of 18 marked"
press '*'
sees "13 of 18 marked"

press F5
ok "the review" sees "Type  ferry"
ok "says each warning once" once "weaker than the key it carries"
ok "... with the line that would change it" sees "! \"transports\" that begins with ecdh-p521"
ok "... and stands above any mechanism" before "ceremony file" "key, type, what it will be"
not_ok "what must be read has no mechanism before it" sh -c "
    tmux -L $server capture-pane -p | sed '/key, type/q' | grep -q CKM_"
ok "... and what each key will be" sees "sensitive, not extractable"
resize 60x20
ok "60x20: what each key will be is there, too" sees "sens., not extr."
ok "... and no key of the last line is cut" sees "F2 Exception"
resize 80x24
sees "sensitive, not extractable"
press End
ok "mechanisms are after the keys" sees "aes-cbc-pad"
press PageUp
ok "... by name" sees "CKM_"
press Escape
lacks REVIEW
press F1
ok "help has its place" sees_like " 1-[0-9]* of [0-9]*"
press End
ok "... and no text stands under the names of keys" sees_like "│ \{17,\}operation on it"
press Escape
lacks HELP
press q
ok "exit 0" ended 0

# --- waiting, and the canary, on HSMs that are slow -------------------------------------------------------

ceremony slow "$few" 'slow=list:1:2500;slow=make_key:1:2500' '[review]' '"pkcs11:object=alpha"'
sed -i 's/slow=make_key:1:2500/slow=wrap:99:1/' "$dir/c.yaml"
sed -i '/^source:/,/^destination:/s/serial=/slow=make_key:1:2500;serial=/' "$dir/c.yaml"
console 80x24 "$dir/c.yaml"
sees "SOURCE" && press F5
ok "F5 waits for both HSMs, and says so" sees "The review opens once both HSMs are listed"
ok "the canary shows kind and seconds" sees_like "Canary, test keys: AES, [1-9]\.[0-9] s"
ok "then the review is there" sees "Type  ferry 1"
press F10
ended 0

cd "$tmp/room" || exit 99
before=COLORFGBG='0;15'
console 80x24 room.yaml
ok "colours on a light terminal" listed 18
press q
ended 0
unset before
finish
