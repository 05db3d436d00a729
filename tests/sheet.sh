#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hsmferry sheet: what an auditor asks, on paper and as a page of HTML; hostile labels; a thousand keys.
# In the long mode (HSMFERRY_TEST_LONG=1) also as PDF.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077
echo 1234 >"$tmp/pin"

# hold NAME TITLE OFFICER PARAMETERS KIND: a ceremony without gates on two fresh HSMs; its report is
# $tmp/NAME.yaml, its sheets $tmp/NAME.text and $tmp/NAME.html.
hold() {
    mkdir "$tmp/$1"
    cat >"$tmp/$1/ceremony.yaml" <<END
title: $2
rehearsal: $5
officers:
- {name: $3, role: source officer}
- {name: Charles, role: destination officer}
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1/source
  parameters: "label=old;serial=$$s$1;pin=1234;$4"
  token: "pkcs11:token=old?pin-source=file:$tmp/pin"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/$1/destination
  parameters: "label=new;serial=$$d$1;pin=1234"
  token: "pkcs11:token=new?pin-source=file:$tmp/pin"
keys: ["pkcs11:"]
policy:
  gates: []
report-folder: reports
END
    exits 0 "$1: a ceremony" "$hsmferry" --plain "$tmp/$1/ceremony.yaml"
    mv "$tmp/$1"/reports/*.yaml "$tmp/$1.yaml" # finish takes too long to look at a thousand keys
    exits 0 "$1: its sheet" "$hsmferry" sheet "$tmp/$1.yaml"
    cp "$tmp/out" "$tmp/$1.text"
    exits 0 "$1: its page of HTML" "$hsmferry" sheet --html "$tmp/$1.yaml"
    cp "$tmp/out" "$tmp/$1.html"
}

fits() { # fits TEXT: it is 80 columns wide, and each page has 60 lines at most
    python3 - "$1" <<'END'
import sys, unicodedata
wide = lambda line: sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
                        for c in line)
pages = open(sys.argv[1], encoding="utf-8").read().split("\f")
sys.exit(any(len(page.rstrip("\n").split("\n")) > 60 for page in pages) or
         any(wide(line) > 80 for page in pages for line in page.split("\n")))
END
}

pages() { # pages FILE MAX
    [ "$(grep -c 'page [0-9]*$' "$1")" -le "$2" ]
}

has() { # has FILE WORDS: fixed words
    grep -qF -- "$2" "$1"
}

page() { # page FILE [TEXT]...
    python3 "$abs_top_srcdir/tests/sheet_page.py" "$@"
}

# --- what an auditor asks -----------------------------------------------------------------------

# The report of a ceremony between a SoftHSM token and an NSS database.
real=$abs_top_srcdir/tests/kept/2/complete.yaml
mkdir "$tmp/real"
for file in complete.yaml complete.yaml.sig complete.yaml.pub.pem; do
    cat "$abs_top_srcdir/tests/kept/2/$file" >"$tmp/real/$file"
done
exits 0 "a sheet of a ceremony between two products" "$hsmferry" sheet "$tmp/real/complete.yaml"
cp "$tmp/out" "$tmp/real.text"
exits 0 "... and as a page of HTML" "$hsmferry" sheet --html "$tmp/real/complete.yaml"
cp "$tmp/out" "$tmp/real.html"
exits 64 "--html is for sheet alone" "$hsmferry" verify --html "$real"

says() { # says FILE PATTERN: in one line of the text, or in one element of the page
    tr '\n' ' ' <"$1" | sed 's/<[^>]*>/\n/g; s/  */ /g' | grep -qE -- "$2"
}

# Each question, the field of the report that answers it, and the words of both sheets.
while IFS='|' read -r question field words; do
    ok "the report answers: $question" python3 "$abs_top_srcdir/tests/read_report.py" "$real" "$field"
    for sheet in text html; do
        ok "so does its sheet ($sheet)" says "$tmp/real.$sheet" "$words"
    done
done <<'QUESTIONS'
which keys|keys.0.label|RSA
from which device|source.serial|old, serial b08ed2004963f6d7
to which device|destination.label|NSS Certificate DB, serial 0000000000000000
who was there, in which role|ceremony.officers.0.role|Ada, source officer
who confirmed what and when|gates.0.at|2026-11-29 19:42:5
under which transport key|transport-key.destination.sha256|7c18 d218 681e 274d 68b3 fee2 bce4 b5a0
how was it compared|transport-key.agree|yes: both HSMs report this fingerprint
by which mechanisms|negotiation.envelope.algorithm|AES key wrap with padding \(RFC 5649\)
how was each key proven|proofs.0.text|both sides signed a random challenge
what changed in its rights|keys.0.attributes.0.verdict|extractable
what was waived|gates.0.state|waived
which policy was in force|policy.0.value|RSA bits of the transport key: 3072
what deviated|exceptions|EXCEPTIONS
what went wrong|warnings.0.text|weaker than the key it carries
was the file touched|seal.sha256|its seal is that of its lines
is it signed|signature.key|signature 1, valid under the key in
QUESTIONS
not_ok "control: a sheet that does not answer is seen" says "$tmp/real.text" 'AES key wrap with padding \(RFC 3394\)'

ok "its keys come first, one line each" grep -qE '^ +1 AES +AES 256 +01 +migrated +ECB [0-9a-f]{6}$' "$tmp/real.text"
no_long_digest() { # a digest is in groups of four
    ! sed 's/<[^>]*>/\n/g' "$1" | grep -E '[0-9a-f]{40}'
}
ok "digests are in groups of four" no_long_digest "$tmp/real.text"
ok "... in HTML too" no_long_digest "$tmp/real.html"
not_ok "control: one that is not is seen" no_long_digest "$real"

# The names of steps, proofs, algorithms, routes and findings are for programs.
internal() { # internal FILE: prints those that are in it, and fails if there are any
    sed 's/<[^>]*>/\n/g' "$1" | grep -owE 'make-pair|relay-(public|aes|key|object)|load-public|make-aes|(un)?wrap-(aes|key)|prove-(again|fresh)|read-object|aes-ecb|rsa-oaep-sha[0-9]*|aes-kwp?|aes-cbc-pad|[a-z-]+-signature|sha256-digest|same-bytes|ecb-zero|cmac-zero|spki-sha256|rewrap-sha256|transport-strength|no-canary|envelope' | { ! grep .; }
}
ok "no internal names" internal "$tmp/real.text"
ok "... in HTML neither" internal "$tmp/real.html"
not_ok "control: they are in the report, and seen there" internal "$real"
ok "the page is only text" page "$tmp/real.html" 'Ada, source officer'

touch_report() { # touch_report: one byte is another
    sed 's/Kept complete/Kept completf/' "$real" >"$tmp/touched.yaml"
    "$hsmferry" sheet --html "$tmp/touched.yaml"
}
exits 65 "no page of a report that was touched" touch_report
cat "$tmp/real/complete.yaml.pub.pem" >"$tmp/real/complete.yaml.sig"
exits 0 "a sheet beside a signature that is none" "$hsmferry" sheet "$tmp/real/complete.yaml"
cp "$tmp/out" "$tmp/invalid.text"
ok "... says so" has "$tmp/invalid.text" 'signature 1, NOT VALID under the key in'

# --- hostile labels, names and titles -------------------------------------------------------------

hostile='keys=aes32:%3cimg src=x onerror=alert(1)%3e,aes32:--%3e%3cscript%3e,aes32:%1b[2Jred%0a,aes32:%e2%80%aetxt.exe,aes32:%22%27%26amp%3b,aes32:%ff%fe%c0%80,aes16:%3c/td%3e%3c!--:-extractable,ec256:%e6%bc%a2%e5%ad%97,generic13:e%cc%81%3cstyle%3e'
hold hostile '"</title><script>alert(2)</script> --> \" &lt;"' '"<img src=x onerror=alert(3)> \"--> %s"' "$hostile" no
ok "the page runs and loads nothing" page "$tmp/hostile.html" \
    '<img src=x onerror=alert(1)>' '--><script>' '\x1b[2Jred\x0a' '\xe2\x80\xaetxt.exe' "\"'&amp;" '\xff\xfe\xc0\x80' \
    '</td><!--' '漢字' "$(printf 'e\314\201<style>')" '</title><script>alert(2)</script> --> " &lt;' \
    '<img src=x onerror=alert(3)> "--> %s'
sed 's/&lt;img/<img/; s/onerror=alert(1)&gt;/onerror=alert(1)>/' "$tmp/hostile.html" >"$tmp/open.html"
not_ok "control: a label that is not escaped is seen" page "$tmp/open.html"
sed 's/--&gt;/-->/; s/&lt;!--/<!--/' "$tmp/hostile.html" >"$tmp/open.html"
not_ok "control: so is a comment" page "$tmp/open.html"
sed 's/<meta http-equiv[^>]*>//' "$tmp/hostile.html" >"$tmp/open.html"
not_ok "control: so is a page without a policy" page "$tmp/open.html"
printf '%s\342\200\256\n' "$(cat "$tmp/hostile.html")" >"$tmp/open.html"
not_ok "control: so is text that runs the other way" page "$tmp/open.html"
for sheet in text html; do
    ok "the policy, and from where it comes ($sheet)" says "$tmp/hostile.$sheet" 'rehearsal: no; devices: gate waived; review: gate waived'
    ok "what was waived, and for which keys ($sheet)" says "$tmp/hostile.$sheet" \
        'waived by the ceremony file: .*review of the keys, .*migration of each key: keys 1 to '
done
for words in '\x1b[2Jred\x0a' '\xe2\x80\xaetxt.exe' '\xff\xfe\xc0\x80' 'not extractable'; do
    ok "the text shows $words" has "$tmp/hostile.text" "$words"
done
ok "the text fits on paper" fits "$tmp/hostile.text"
ok "so does the other" fits "$tmp/real.text"

# --- a thousand keys -------------------------------------------------------------------------------

hold many '"A thousand"' Ada 'bulk=999;keys=ec256:pair:+public:+certificate' yes
ok "1,000 keys fit on 30 pages" pages "$tmp/many.text" 30
not_ok "control: 20 pages are not enough" pages "$tmp/many.text" 20
each_has_a_line() {
    [ "$(grep -cE '^ *[0-9]+ (bulk-[0-9]{5}|pair) .* migrated ' "$tmp/many.text")" -eq 1000 ]
}
ok "each has its line" each_has_a_line
ok "what is the same of all is said once" grep -qE '^  999 keys +both sides encrypted' "$tmp/many.text"
ok "... for 1 to 999" has "$tmp/many.text" '1 to 999'
ok "that fits on paper, too" fits "$tmp/many.text"
ok "each page says that it is a rehearsal" awk '/page [0-9]+$/ && !/REHEARSAL   page/ {bad = 1} END {exit bad}' \
    "$tmp/many.text"
ok "the page of HTML is only text" page "$tmp/many.html" bulk-00999

# --- as PDF ----------------------------------------------------------------------------------------

if [ "${HSMFERRY_TEST_LONG:-}" != 1 ]; then
    skip "as PDF" "HSMFERRY_TEST_LONG is not 1"
elif ! command -v chromium >/dev/null || ! command -v pdftotext >/dev/null; then
    skip "as PDF" "chromium or poppler-utils is not installed"
else
    to_pdf() { # to_pdf NAME: it ends with 0 whatever happens, so look at the file
        timeout 120 chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer \
            --user-data-dir="$tmp/browser" --print-to-pdf="$tmp/$1.pdf" "file://$tmp/$1.html"
        pdftotext -layout "$tmp/$1.pdf" "$tmp/$1.pdftext"
    }
    for name in real hostile many; do
        ok "$name: PDF" to_pdf "$name"
        pdfinfo "$tmp/$name.pdf" >"$tmp/$name.info" 2>&1
        ok "$name: more pages than one" grep -qE '^Pages: +([2-9]|[0-9]{2,})$' "$tmp/$name.info"
        ok "$name: A4" grep -qE '^Page size: .*A4' "$tmp/$name.info"
    done
    each_page() { # each_page WORDS: of the thousand keys
        python3 -c 'import sys; pages = open(sys.argv[1], encoding="utf-8").read().split("\f")[:-1]
sys.exit(not all(sys.argv[2] in page for page in pages))' "$tmp/many.pdftext" "$1"
    }
    ok "many: each page is stamped" each_page REHEARSAL
    ok "many: each page has its number" each_page "of $(pdfinfo "$tmp/many.pdf" | sed -n 's/^Pages: *//p')"
    not_ok "control: what is not on each page is seen" each_page bulk-00500
    pdftotext -raw "$tmp/hostile.pdf" - | tr -d '\n ' >"$tmp/hostile.words" # cells are narrow
    for words in '<imgsrc=xonerror=alert(1)>' '--><script>' '</td><!--'; do
        ok "hostile: no label became markup: $words" has "$tmp/hostile.words" "$words"
    done
fi
finish
