#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two officers at one gate, an exception in the middle of it all, and the stamp of a rehearsal on
# every screen.
set -u
# shellcheck source=tests/tmux/lib.sh
. "${0%/*}/lib.sh"

says() { # says FILE-ENDING PATTERN: a line of the report or journal
    grep -q -- "$2" "$dir"/reports/*."$1"
}

answer() {
    type_text "$1" && press Enter
}

# mistype TEXT: an answer that is wrong: the console then asks for other words.
mistype() {
    asked=$(screen | grep -o 'then words [^:]*')
    answer "$1"
    for _ in $(seq $((patience * 10))); do
        now=$(screen | grep -o 'then words [^:]*') && [ "$now" != "$asked" ] && return
        sleep 0.1
    done
}

ceremony both "$few" 'slow=make_pair:2:2000' '[review, fingerprint]'
sed -i '/^source:/i officers:\
- {name: Ada, role: source officer}\
- {name: Charles, role: destination officer}\
- {name: Grace, role: witness}
/^  gates:/a\  two-officers: [fingerprint]' "$dir/c.yaml"
sed -i 's/?pin-source[^ ]*//' "$dir/c.yaml"
console 80x24 "$dir/c.yaml"
ok "the PIN of the source is asked of its officer by name" sees "Ada, source officer, your PIN:"
ok "stamp: PIN" sees REHEARSAL
answer 1234
ok "that of the destination of the other" sees "Charles, destination officer, your"
answer 1234
ok "marked" listed 5
press Space Space
ok "stamp: inventory" sees REHEARSAL
press F1
ok "stamp: help" sees HELP
press Escape
lacks HELP && press F5
ok "stamp: review" sees REHEARSAL
ok "one officer starts it" sees "Type  ferry 2"
answer "ferry 2"
ok "a step runs" sees "[ .. ] 1 make RSA pair"
ok "stamp: ceremony" sees REHEARSAL
press X
ok "an exception: what was expected" sees "What was expected:"
ok "stamp: exception" sees REHEARSAL
answer "the light on the HSM is green"
ok "an exception: what happened" sees "What happened instead:"
sleep 2 # the gate opens meanwhile, and waits
answer "it is amber"
ok "an exception: what was decided" sees "What was decided, and by whom:"
answer "go on; Grace looked at it"
ok "the gate opens behind it" sees "as the SOURCE loaded it"
ok "stamp: gate" sees REHEARSAL
ok "the first officer is asked" sees "Ada, source officer"
ok "and confirms" compare
ok "the second is asked by name" sees "Charles, destination officer"
ok "to type initials first" sees "type your initials, C"
mistype "A $(asked_words)"
ok "initials of the other are wrong" sees "That was wrong"
mistype "A $(asked_words)"
ok "twice" sees "That was wrong"
mistype "C wrong words"
ok "wrong words are wrong" sees "Tries left: 1"
press F2
ok "an exception while the question is open" sees "What was expected:"
press Escape
ok "given up" lacks "What was expected:"
ok "the question is there again" sees "Tries left: 1"
answer "C $(asked_words)"
ok "the right ones go on to the end" sees "The ceremony is complete."
ok "stamp: end" sees REHEARSAL
press v
ok "stamp: verification" sees "key 1 of 2"
press Escape
sees "The ceremony is complete." && press t
ok "stamp: log" sees " LOG  "
press /
answer "amber"
ok "the log has the exception" sees "exception: it is amber"
press Escape
sees "The ceremony is complete." && press F2
press q
ok "exit 0" ended 0
ok "the report has the exception with its step" says yaml '^  step: "make-pair"$'
ok "all of it" says yaml '^  decided: "go on; Grace looked at it"$'
ok "and the journal" says journal 'happened=it is amber'
ok "the report says who confirmed as what" says yaml \
    'gate: "fingerprint", state: "confirmed", officer: "Charles", role: "destination officer"'
ok "stamp: report" says yaml '^  rehearsal: "yes"$'
finish
