#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The map on the screen: each state, filters, a challenge, what is missing is marked with one key, and a
# name that is taken: skipped, stopped, and typed anew.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

# on LABEL: the cursor is on its row, from the first one on.
on() {
    press /
    sees "Text to find" && type_text "$1" && press Enter
    lacks "Text to find"
}

objects() { # objects SIDE LABEL: how many objects of that label the side has
    "$hsmferry" list --json "$dir/c.yaml" | python3 -c 'import json, sys
side, label = sys.argv[1:]
print(sum(o["label"] == label for o in json.load(sys.stdin)[side]["objects"]))' "$1" "$2"
}

has() { # has SIDE LABEL COUNT
    test "$(objects "$1" "$2")" = "$3"
}

walk() { # walk SIZE
    ceremony "map-$1" 'keys=ec256:alpha:id=01,ec256:beta:id=02,aes32:gamma:id=03,aes16:stays:id=04:-extractable' \
        'keys=ec256:beta:id=02,aes32:gamma:id=03,rsa2048:omega:id=09' '[review]'
    console "$1" "$dir/c.yaml"
    ok "$1: both are listed" listed 4
    press F6
    ok "$1: what only the source has" sees_like "only on source  *alpha"
    ok "$1: only the destination" sees_like "only on destination  *omega"
    ok "$1: a name that another key has" sees_like "name taken  *beta"
    ok "$1: a name alone is not the same" sees_like "not known  *gamma"
    ok "$1: what cannot be migrated" sees_like "cannot be migrated  *stays"
    ok "$1: how many" sees "5 rows: 0 the same, 1 missing"
    on stays
    ok "$1: why it cannot" sees "not extractable"
    press F3
    ok "$1: the counts" sees_like "name taken  *1"
    press Escape
    lacks "DETAILS: "
    on gamma
    press "="
    ok "$1: a challenge shows that it is another key" sees_like "name taken  *gamma"
    press F4
    ok "$1: only what is not the same" sees "5 of 5 rows: not the same"
    press F4
    ok "$1: only one state" sees "1 of 5 rows: only on source"
    press F4 F4 F4 F4
    ok "$1: all again" sees "5 rows: 0 the same"
    press M
    ok "$1: what is missing is marked" sees "1 marked, 1 of them now"
    ok "$1: which is seen in its row" sees_like "\\* only on source  *alpha"
    on beta
    press Space
    ok "$1: a taken name is asked about" sees "THE NAME IS TAKEN"
    press Escape
    ok "$1: Esc stops" sees "nothing was marked or changed"
    press Space
    sees "THE NAME IS TAKEN" && press Enter
    ok "$1: an empty one skips it" sees "Skipped"
    on beta
    press Space
    sees "THE NAME IS TAKEN" && type_text "beta-2" && press Enter
    ok "$1: another one is taken" sees "it arrives as beta-2"
    press F5
    ok "$1: the review has both" sees "beta-2"
    sees "Type  ferry 2" && type_text "ferry 2" && press Enter
    ok "$1: the ceremony is complete" sees "The ceremony is complete."
    press Escape
    sees "can go?" && press F6
    ok "$1: the first is the same now" sees_like "same  *alpha"
    press q
    ok "$1: it ends with 0" ended 0
    ok "$1: the key and its public key arrived under the other name" has destination beta-2 2
    ok "$1: and the one whose name it was is still there" has destination beta 1
    ok "$1: the source has no other name" has source beta 1
    ok "$1: the report has both names" grep -q "on-source" "$dir"/reports/*.yaml
    ok "$1: and is valid" "$hsmferry" verify "$dir"/reports/*.yaml
}

walk 80x24
walk 120x40
walk 60x20
finish
