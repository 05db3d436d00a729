#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What README.md shows is what happens: its commands run, its ceremony file works, and each line of
# output that it quotes is printed, in this order, but for times, numbers and names that differ.
set -u
TMPDIR=/tmp # the two columns of README.md's list have room for a short path
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

readme=$abs_top_srcdir/README.md
hsmferry=$abs_top_builddir/hsmferry
need_softhsm python3 certutil
umask 077

# shown COMMAND: what README.md shows below "$ COMMAND".
shown() {
    awk -v command="\$ $1" '/^```/ {inside = 0} inside {print} $0 == command {inside = 1}' "$readme"
}

# What differs from run to run becomes the same.
form() {
    sed -E 's/\r$//
        s/words [0-9]+, [0-9]+, [0-9]+ and [0-9]+ (of the fingerprint: ).*/\1WORDS/
        s/(both serials, the source.s first: ).*/\1SERIALS/
        s/[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z/TIME/
        s/"?[0-9]{4}-[0-9]{2}-[0-9]{2}.*(\.\.\.)?$/DATE/
        s/\b0x[0-9a-f]+ +/HEX /g
        s/\b[0-9a-f]{12,}\b.*$/HEX/
        s/(sha256|ceremony) [0-9a-f]*\.\.\.$/\1 HEX/
        s/[0-9]+\.[0-9] ms/N ms/
        s/^((REHEARSAL +)?Report +).*/\1PATH/
        s/seq: [0-9]+/seq: N/
        s/^< *[0-9]+>/<N>/
        s/(words +[0-9-]+ +[a-z]+) .*/\1 WORDS/
        s/ +/ /g
        s/ $//'
}

# has_lines FILE: are the lines of standard input in FILE, in their order? "..." at the end of one
# stands for the rest of it; "[...]" for any lines.
has_lines() {
    form >"$tmp/quoted"
    [ -s "$tmp/quoted" ] || { echo "README.md quotes nothing" && return 1; }
    form <"$1" | awk '
        FNR == NR {
            if ($0 != "[...]") { cut[++n] = sub(/\.\.\.$/, ""); line[n] = $0 }
            next
        }
        at < n && (cut[at + 1] ? index($0, line[at + 1]) == 1 : $0 == line[at + 1]) { at++ }
        END { if (at < n) { print "not printed: " line[at + 1]; exit 1 } }' "$tmp/quoted" -
}

# The ceremony file of README.md, on tokens that stand elsewhere.
ceremony_file() {
    awk '/^```/ {inside = 0} inside {print} /^```yaml$/ {inside = 1}' "$readme" |
        sed "s|/usr/lib/softhsm/libsofthsm2.so|$softhsm|; s|/tmp/ferry|$tmp/ferry|"
}

rehearse() {
    sh "$abs_top_srcdir/examples/rehearse.sh" --build "$abs_top_builddir" "$@" </dev/null
}

# on_terminal [WAIT TYPE]... -- COMMAND...: with the PINs typed first.
on_terminal() {
    python3 "$abs_top_srcdir/tests/terminal.py" ${first+"$first" '@serials\n'} \
        'on the source:' "$(cat "$tmp/ferry/pins/source")\n" \
        'on the destination:' "$(cat "$tmp/ferry/pins/destination")\n" "$@"
}

certutil='certutil -K -d sql:/tmp/ferry/nss-destination -f /tmp/ferry/pins/destination'

# Every command that README.md shows is tried here, or by run.sh.
knows_command() {
    case $1 in
    'sh examples/rehearse.sh' | 'sh examples/rehearse.sh --plain') ;;
    './autogen.sh' | 'mkdir build && cd build && ../configure && make && make check && make install') ;;
    'hsmferry probe move.yaml') ;;
    'hsmferry --plain software.yaml' | 'hsmferry list move.yaml' | 'hsmferry --plain move.yaml' | 'cat reports/*.yaml') ;;
    'hsmferry verify reports/*.yaml --journal reports/*.journal') ;;
    "$certutil") ;;
    *) return 1 ;;
    esac
}

grep '^\$ ' "$readme" | cut -c3- >"$tmp/commands"
while IFS= read -r command; do
    ok "known: $command" knows_command "$command"
done <"$tmp/commands"
for file in $(grep -oE '(examples|src|tests|ui)/[a-z./-]*[a-z/]' "$readme" | sort -u) SECURITY.md; do
    ok "there is $file" test -e "$abs_top_srcdir/$file"
done

for file in "$abs_top_srcdir"/tests/pairs/*.sh; do
    case ${file##*/} in lib.sh | transports.sh | companions.sh | compare.sh | derive.sh | retire.sh | fidelity.sh | hmac.sh | lengths.sh | rights.sh | rooms*.sh | walk.sh) continue ;; esac # of no HSM's own
    ok "its table names tests/pairs/${file##*/}" grep -q "works: .tests/pairs/${file##*/}" "$readme"
done

ok "the rehearsal runs to its end" rehearse --plain --dir "$tmp/rehearsal"
cp "$tmp/out" "$tmp/printed"
shown 'sh examples/rehearse.sh --plain' >"$tmp/shown"
ok "it prints what README.md shows" has_lines "$tmp/printed" <"$tmp/shown"
sed 's/code-sign-p256/code-sign-p255/' "$tmp/printed" >"$tmp/other"
not_ok "control: not where a name differs" has_lines "$tmp/other" <"$tmp/shown"
sed -n '1!G;h;$p' "$tmp/printed" >"$tmp/other"
not_ok "control: nor in another order" has_lines "$tmp/other" <"$tmp/shown"

ok "both tokens of a first ceremony" rehearse --prepare --dir "$tmp/ferry"
ceremony_file >"$tmp/ferry/move.yaml"
ok "they can be listed" on_terminal -- "$hsmferry" list "$tmp/ferry/move.yaml"
sed "s#$tmp/ferry#/tmp/ferry#" "$tmp/out" >"$tmp/printed"
shown 'hsmferry list move.yaml' >"$tmp/shown"
ok "as README.md shows it" has_lines "$tmp/printed" <"$tmp/shown"
ok "they can be probed" on_terminal -- "$hsmferry" probe "$tmp/ferry/move.yaml"
cp "$tmp/out" "$tmp/printed"
shown 'hsmferry probe move.yaml' >"$tmp/shown"
ok "as README.md shows it" has_lines "$tmp/printed" <"$tmp/shown"
first="the source's first:"
ok "the ceremony of README.md, on a terminal" on_terminal 'to start:' 'ferry 2\n' \
    'of the fingerprint:' '@words\n' -- "$hsmferry" --plain "$tmp/ferry/move.yaml"
cp "$tmp/out" "$tmp/printed"
shown 'hsmferry --plain move.yaml' >"$tmp/shown"
ok "it goes as README.md shows it" has_lines "$tmp/printed" <"$tmp/shown"
ok "its report can be verified" "$hsmferry" verify "$tmp"/ferry/reports/*.yaml \
    --journal "$tmp"/ferry/reports/*.journal
cp "$tmp/out" "$tmp/printed"
shown 'hsmferry verify reports/*.yaml --journal reports/*.journal' >"$tmp/shown"
ok "as README.md shows it" has_lines "$tmp/printed" <"$tmp/shown"
shown 'cat reports/*.yaml' >"$tmp/shown"
ok "so does its report" has_lines "$(echo "$tmp"/ferry/reports/*.yaml)" <"$tmp/shown"

# A key file, with the example's ceremony file, into the token that the first ceremony had as its source.
software_file() {
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$tmp/ferry/server.key" 2>/dev/null &&
        openssl req -new -x509 -key "$tmp/ferry/server.key" -subj /CN=server -out "$tmp/ferry/server.crt" &&
        openssl pkcs12 -export -inkey "$tmp/ferry/server.key" -in "$tmp/ferry/server.crt" -name server \
            -passout pass:of-the-file -out "$tmp/ferry/server.p12" &&
        sed "s|/root/|$tmp/ferry/|; s|/usr/lib/softhsm/libsofthsm2.so|$softhsm|
            s|/etc/softhsm/|$tmp/ferry/|; s|hsm-new|hsm-old|" \
            "$abs_top_srcdir/examples/software.yaml" >"$tmp/ferry/software.yaml"
}

ok "a PKCS#12 file and its ceremony file" software_file
ok "the ceremony from a key file, on a terminal" python3 "$abs_top_srcdir/tests/terminal.py" \
    "$first" '@serials\n' 'on the source:' 'of-the-file\n' \
    'on the destination:' "$(cat "$tmp/ferry/pins/source")\n" 'to start:' 'ferry 1\n' \
    'of the fingerprint:' '@words\n' -- "$hsmferry" --plain "$tmp/ferry/software.yaml"
cp "$tmp/out" "$tmp/printed"
shown 'hsmferry --plain software.yaml' >"$tmp/shown"
ok "it goes as README.md shows it" has_lines "$tmp/printed" <"$tmp/shown"

shown "$certutil" >"$tmp/shown"
ok "the key is there for another program" \
    sh -c "$(echo "$certutil" | sed "s|/tmp/ferry|$tmp/ferry|g")"
cp "$tmp/out" "$tmp/printed"
ok "which shows it as README.md does" has_lines "$tmp/printed" <"$tmp/shown"
finish
