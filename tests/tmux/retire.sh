#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The removals on the screen: a wrong label, one officer alone, and a whole retirement.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

ceremony retire 'keys=aes32:alpha,aes16:beta' '' '[]' "'pkcs11:object=alpha', 'pkcs11:object=beta'"
cp "$dir/c.yaml" "$dir/migrate.yaml"
sed -i 's/^source:/source:\n  destroys: yes/; s/^destination:/destination:\n  destroys: yes/' "$dir/c.yaml"
cp "$dir/c.yaml" "$dir/alone.yaml"
officers() { # officers FILE ROLE NAME...
    officers_file=$1
    shift
    echo "officers:" >>"$officers_file"
    while [ $# -gt 1 ]; do
        echo "  - {role: $1, name: $2}" >>"$officers_file"
        shift 2
    done
}
officers "$dir/alone.yaml" 'source officer' 'Grace Hopper'
officers "$dir/c.yaml" 'source officer' 'Grace Hopper' 'destination officer' 'Ada Lovelace'

report() { # the newest report
    by_time "$dir/reports" yaml | tail -n 1
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

keys_of() { # keys_of SIDE: how many secret keys it has, as the fake stores them
    "$hsmferry" list --json "$dir/c.yaml" 2>/dev/null | python3 -c '
import json, sys
side = json.load(sys.stdin)[sys.argv[1]]
print(sum(1 for o in side["objects"] if o["class"] == "secret"))' "$1"
}

ok "the migration" "$hsmferry" --plain "$dir/migrate.yaml"
migrated=$(report)

console 80x24 retire "$migrated" "$dir/alone.yaml"
ok "one role only: refused in its own words" sees "nobody is the destination"
press Enter q
ok "one role only: exit 77" ended 77

console 80x24 retire "$migrated" "$dir/c.yaml"
ok "the title says what is done" sees "retire: Test of retire"
ok "the devices" devices
ok "the review says what is destroyed, and what is kept" \
    sees "2 keys are DESTROYED on the source, hsm-old"
ok "a wrong label" answer "type  retire 2 alpha  to start" "retire 2 beta"
ok "... is told" sees "That was wrong"
ok "... and the second time it is over" answer "type  retire 2 alpha  to start" "retire 2 Alpha"
ok "... in its own words" sees "answered wrong too often"
press Enter q
ok "a wrong label: exit 2" ended 2
ok "from outside: the source has its keys" test "$(keys_of source)" -eq 2

sed -i 's/^  gates: .*/  gates: [key]/' "$dir/c.yaml"
console 80x24 retire "$migrated" "$dir/c.yaml"
ok "again: the devices" devices
ok "again: the first officer" answer "type  retire 2  to start" "retire 2"
ok "again: not by the same officer twice" answer "then  retire 2  to start" "retire 2"
ok "... is told" sees "That was wrong"
ok "... but by the second one" answer "then  retire 2  to start" "AL retire 2"
ok "the label of the first key" answer "alpha  to destroy it" alpha
ok "the label of the second key" answer "beta  to destroy it" beta
ok "the last screen counts them" sees "2 destroyed"
ok "... and says that it is complete" sees "The removal is complete."
ok "... and what is true now" sees "every key that was destroyed on the source is proven"
press c
ok "the lanes: it was destroyed in the lane of the source" sees_like "DESTROY the key"
for size in 120x40 60x20 80x24; do
    resize "$size"
    ok "at $size: the destruction is seen" sees_like "DESTROY"
done
press q
ok "exit 0" ended 0
ok "from outside: the source has none, the destination all" \
    test "$(keys_of source) $(keys_of destination)" = "0 2"
ok "its report passes verify" "$hsmferry" verify "$(report)" --journal \
    "$(report | sed 's/yaml$/journal/')"
finish
