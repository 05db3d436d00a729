#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Words and phrases that must not come back, each with a better one. No document has one. In the comments
# and messages of src and ui they still occur: their number is kept in tests/words.kept and may only fall.
# After it has fallen, write down the new number:
#
#   sh tests/words.sh --renew
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

# One line for each: a regular expression (ERE, without regard to case), a tab, and what to write instead.
words() {
    cat <<'END'
\b(anew|afresh)\b	again
\bwho(m?)(so)?ever\b	anyone who, or the role: an attacker, another user
\bas of (RFC|PKCS|[a-z]+\([1-9]\))	(RFC 7512); as defined in RFC 7512; see glob(7)
\bbehind\b	after, next to; reached through
\bwhere (it|they|this|that|he|a|an|the|no|not|none|nothing|there|any|one|two|both|some|only|what)\b	if; when; in which, to which
\b(tells?|telling)\b|\btold (as|in|with|at|by|of|up|where|how)\b|\b(is|are|was|were) told[.,;:]	report, show, state; distinguish
\b(goes|go|going|went|come|comes|came) along\b	is migrated with it; accompany
\b(can|could|cannot|may|might) (not )?go\b	can be migrated, cannot be migrated
\b(keys?|objects?|what|certificates?) stays?\b	is not migrated; is kept
\bgo(es)? (the whole|another|this|that) way\b	is migrated end to end; uses this wrap option, takes another route
\bthe whole way\b	end to end
\bof (its|their|his|her) own([.,;:)]|$| (that|in|on|and|by|from|which|is|was|for)\b)	separate; its own, before the noun
\bwhat (it|they|he|somebody) (is|are|was|has|had|can|could|may|demands?|wants?|says?|said|gets?|needs?|offers?|writes?|holds?)\b	name the thing: its capabilities, the values
\bin (plain )?lines\b|\bplain (lines|output|front end)\b	in line mode; line mode
\b(take|takes|taken|took|taking) (it |them |this )?back\b	undo, remove
\b(throw|thrown)-?away\b	test key; the canary
\b(find|finds|found|finding) (it |this )?out\b	detect, determine
\bbut for\b	except, unless
\bone and the same\b|\bthe very\b|\bthat very\b|\bthis very\b	the same; this
\bis spoken to\b|\bspeaks? no\b	is called; supports no
\bnot believed\b|\bis believed\b	is not trusted; is trusted
\bis not signed\b	reports can be signed: an unsigned report
\bits like\b	similar
\bbeside\b	next to; in addition to
\bunder way\b	in progress; current
\bin clear\b	in plaintext; unencrypted
\bhanded over\b	ownership passes to
\bwithout a word\b	silently
\band (its|their) kin\b	name the others
\bbrought to the disk\b	written to the disk
\b(cannot be|could not be|not) looked at\b	examined, checked
\b(tell|tells|told|telling) [a-z ]{0,20}(apart|from)\b	distinguish
\b(can|could|cannot|to) be had\b	is available
\b(make|makes|made|making) sense\b	interpret; valid
\bis no (number|file|key|certificate|module|curve|rehearsal|date|text|word|error|library|object)\b	is not a
END
}

# prose PAGE: the author's own words, a paragraph a line, with the number of its first line: no examples, no
# quotations, and of a manual page not the keys of the screen, which man/keys writes.
prose() {
    awk '
        function flush() {
            gsub(/`[^`]*`/, "...", text)
            gsub(/"[^"]*"/, "...", text)
            if (text) print FILENAME ":" first ": " text
            text = ""
        }
        /^```/ { flush(); literal = !literal; next }
        /^\.Bd / { literal = 1 }
        /^\.Ed/ { literal = 0 }
        /^\.Sh / { keys = $0 == ".Sh KEYS" }
        literal || keys { next }
        /^\.(Sh|Ss|Nd|It [^I])/ { flush(); text = $0; first = FNR; flush(); next }
        /^\./ { if ($0 !~ /^\.(Ql|Dq|Cm|Ic|Xr|Nm|Fl|Ar|Ev|Pa|Dv)/) flush(); else text = text " ..."; next }
        /^$|^[-|#*]|^[0-9]+\./ { flush() }
        { if (!text) first = FNR; text = text " " $0 }
        END { flush() }' "$1"
}

# The list, for grep.
patterns() {
    words | cut -f1
}

# found: the lines of standard input that have one, and for each the better word.
found() {
    tee "$tmp/text" | grep -iE -f "$tmp/patterns" | sort -u
    words | while IFS='	' read -r pattern better; do
        ! grep -qiE "$pattern" "$tmp/text" || echo "$pattern: $better"
    done
}

# clean PAGE...: none of the words is there.
clean() {
    for page in "$@"; do
        prose "$page"
    done >"$tmp/prose"
    [ -s "$tmp/prose" ] || { echo "there is no text" && return 1; }
    found <"$tmp/prose" | { ! grep .; }
}

clean_help() {
    "$abs_top_builddir/hsmferry" --help >"$tmp/help" && [ -s "$tmp/help" ] && clean "$tmp/help"
}

# count TREE: how often the words occur in src and ui, in comments and in strings.
count() {
    find "$1/src" "$1/ui" -name '*.[ch]' -exec cat {} + | grep -oiE -f "$tmp/patterns" | wc -l
}

# not_more TREE KEPT
not_more() {
    number=$(count "$1")
    kept=$(cat "$2")
    echo "$number now, $kept kept"
    [ "$number" -le "$kept" ]
}

cd "$abs_top_srcdir" || exit
patterns >"$tmp/patterns"
if [ "${1:-}" = --renew ]; then
    count . >tests/words.kept
fi
for page in ./*.md doc/*.md man/*.[1-8]; do
    ok "${page#./}" clean "$page"
done
ok "hsmferry --help" clean_help
ok "src and ui: no more of them than before" not_more . tests/words.kept
sed 's/^/# /' "$tmp/out"

# --- controls ----------------------------------------------------------------------------------------

# A sentence for each line of the list, so that no pattern is one that finds nothing.
sentences() {
    cat <<'END'
It must be said anew.
Whoever holds it can use it.
URIs as of RFC 7512 name it.
It comes behind the others.
They are one above the other where the window is too narrow.
It tells its version.
Certificates go along.
These keys cannot go.
Data objects stay.
It goes this way.
A key is sent the whole way.
It runs in a process of its own.
It shows what it can do.
It runs in plain lines.
A step that fails is taken back.
A throw-away key is made.
A wrong number is found out.
All are listed but for one.
It is the very certificate.
The module is spoken to in a dialect.
No number is believed: a dialect is not believed.
An altered report. It is not signed.
To NSS and its like.
The label is beside the id.
A call is under way.
The key is in clear.
The buffer is handed over.
It overwrites the key without a word.
CKA_WRAP_TEMPLATE and its kin.
The file cannot be brought to the disk.
The file cannot be looked at.
It tells one key from another.
The public half cannot be had.
The answer makes no sense, the parser makes sense of it.
This is no certificate.
END
}

ok "control: a sentence for each line of the list" test "$(sentences | wc -l)" -eq "$(words | wc -l)"
sentences >"$tmp/sentences"
words | cut -f1 | while IFS= read -r pattern; do
    n=$((${n:-0} + 1))
    sed -n "${n}p" "$tmp/sentences" | grep -qiE "$pattern" || echo "$n: $pattern"
done >"$tmp/deaf"
not_ok "control: none of its lines finds nothing" grep . "$tmp/deaf"
while IFS= read -r sentence; do
    echo "$sentence" >"$tmp/bad.md"
    not_ok "control: $sentence" clean "$tmp/bad.md"
done <"$tmp/sentences"
printf '%s\n' 'A process' 'of its' 'own.' >"$tmp/bad.md"
not_ok "control: a phrase that is broken over lines" clean "$tmp/bad.md"
printf '%s\n' '.Nm' 'moves' '.Xr a 1' 'the whole' 'way.' >"$tmp/bad.1"
not_ok "control: likewise between the macros of a manual page" clean "$tmp/bad.1"
# shellcheck disable=SC2016
printf '%s\n' 'A `throw-away` key:' '```' 'throw-away keys' '```' 'No more.' >"$tmp/good.md"
ok "control: a quotation is not the author's word" clean "$tmp/good.md"
mkdir -p "$tmp/tree/src" "$tmp/tree/ui"
echo '/* Whoever tells it. */' >"$tmp/tree/src/a.c"
echo 2 >"$tmp/two.kept"
ok "control: two in a tree" not_more "$tmp/tree" "$tmp/two.kept"
echo 'static const char *told_of[] = {"It was told anew."};' >"$tmp/tree/ui/b.h"
not_ok "control: a third is seen" not_more "$tmp/tree" "$tmp/two.kept"
finish
