#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hsmferry verify: a report that anybody has touched does not pass. The HSMs are test doubles.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077

says() { # says WORDS COMMAND...: it prints these words
    words=$1
    shift
    "$@" 2>&1 | grep -q -- "$words"
}

echo marlinspike >"$tmp/pin"
cat >"$tmp/ceremony.yaml" <<END
title: Verified
rehearsal: yes
officers:
  - name: Ada
    role: source officer
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/source
  environment: [A=quince-tern, B=two]
  parameters: "label=old;serial=$$;pin=marlinspike;keys=aes32:one,ec256:two:+public,aes16:stays:-extractable"
  token: "pkcs11:token=old?pin-source=file:$tmp/pin"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/destination
  parameters: "label=new;serial=$$;pin=marlinspike"
  token: "pkcs11:token=new?pin-source=file:$tmp/pin"
keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]
policy:
  gates: []
report-folder: reports
END
exits 0 "a ceremony" "$hsmferry" --plain "$tmp/ceremony.yaml"
report=$(echo "$tmp"/reports/*.yaml)
ok "its report passes" "$hsmferry" verify "$report"
ok "the verdict says whose it is" says '^REHEARSAL: Verified, ' "$hsmferry" verify "$report"
ok "and that nobody signed it" says 'UNSIGNED' "$hsmferry" verify "$report"
relay "its forgeries" python3 -B "$abs_top_srcdir/tests/forge.py" "$hsmferry" "$report"


# --- the transport is one that the policy allows ---
sed -e 's/^title: .*/title: Agreed/' -e 's/^report-folder.*/report-folder: agreed/' -e "s|$tmp/source|$tmp/source3|" \
    -e "s|$tmp/destination|$tmp/destination3|" -e 's/pin=marlinspike/&;offers=rsa-oaep-sha1,aes-kwp,ecdh-p521,ecdh-p256/' \
    -e 's/^policy:/&\n  kdf: required\n  transports: [ecdh-p521, rsa-oaep]/' "$tmp/ceremony.yaml" >"$tmp/agreed.yaml"
exits 0 "a ceremony under a floor, with a KDF" "$hsmferry" --plain "$tmp/agreed.yaml"
agreed=$(echo "$tmp"/agreed/*.yaml)
ok "its report passes" "$hsmferry" verify "$agreed"
disagreed() { # disagreed CODE WORDS SED-SCRIPT: the report changed so, under a new seal
    sed -e "$3" "$agreed" | sed '$d' >"$tmp/forged"
    printf 'seal: {lines: %s, sha256: "%s"}\n' "$(wc -l <"$tmp/forged")" \
        "$(sha256sum <"$tmp/forged" | cut -d' ' -f1)" >>"$tmp/forged"
    ! cmp -s "$agreed" "$tmp/forged" || echo "nothing was changed"
    exits "$1" "$2" "$hsmferry" verify "$tmp/forged"
}
disagreed 65 "no KDF where the policy requires one" 's/^    kdf: "x963-sha256"/    kdf: "none"/'
ok "... for that reason" says 'requires a KDF' "$hsmferry" verify "$tmp/forged"
disagreed 0 "control: where it does not" \
    's/^    kdf: "x963-sha256"/    kdf: "none"/; s/name: "kdf", value: "required"/name: "kdf", value: "if both have one"/'
disagreed 65 "a transport below the floor" 's/\(name: "transports", value: "\)ecdh-p521, /\1/'
ok "... for that reason" says 'does not allow this transport' "$hsmferry" verify "$tmp/forged"
disagreed 0 "control: the same without a floor" \
    's/\(name: "transports", value: "\)[^"]*/\1the strongest of both sides/'

# --- pace: it waited where the pace in force says, and nowhere else ---
# In line mode each wait is a question. Step by step through the transport key, to the end of the
# first key, one step more, and on.
sed -e 's/^rehearsal: yes/&\npace: step/' -e "s|$tmp/source|$tmp/source2|" -e "s|$tmp/destination|$tmp/destination2|" \
    -e 's/^title: .*/title: Paced/' -e 's/^report-folder.*/report-folder: paced/' \
    "$tmp/ceremony.yaml" >"$tmp/paced.yaml"
exits 0 "a ceremony that waits before its steps" python3 "$abs_top_srcdir/tests/terminal.py" \
    'carries out step 1;' '\n' 'carries out step 2;' '\n' 'carries out step 3;' 'later\n' \
    'carries out step 3;' 'key\n' 'carries out step 8;' 'key\n' 'carries out step 8;' 'run\n' -- \
    "$hsmferry" --plain "$tmp/paced.yaml"
paced=$(echo "$tmp"/paced/*.yaml)
ok "its report passes" "$hsmferry" verify "$paced" --journal "${paced%.yaml}.journal"
ok "it lists five waits" test "$(grep -c '^    - {.* ms: ' "$paced")" = 5
ok "and three paces" test "$(grep -c '^    - {seq: .* pace: .*}$' "$paced")" = 8
resealed() { # resealed SED-SCRIPT: the report changed so, under a new seal
    sed -e "$1" "$paced" | sed '$d' >"$tmp/forged"
    ! cmp -s "$tmp/forged" - <<END && printf 'seal: {lines: %s, sha256: "%s"}\n' "$(wc -l <"$tmp/forged")" \
        "$(sha256sum <"$tmp/forged" | cut -d' ' -f1)" >>"$tmp/forged"
$(sed '$d' "$paced")
END
}
unpaced() { # unpaced WORDS SED-SCRIPT WHY
    resealed "$2" || echo "nothing was changed"
    exits 65 "$1" "$hsmferry" verify "$tmp/forged"
    ok "and that is the reason" says "$3" "$hsmferry" verify "$tmp/forged"
}
resealed 's/^title: .*/&/;s/Paced/Placed/' && exits 0 "control: another title passes" \
    "$hsmferry" verify "$tmp/forged"
unpaced "a wait that is left out is missed" '/- {.*step: "relay-public", ms: /d' 'and nothing did'
unpaced "a change of pace that is not recorded is missed" '/- {.*pace: "key", step: "load-public"}/d' \
    'and nothing did'
unpaced "another pace at the start is seen" 's/\(- {.*pace: "\)step\(", step: "make-pair"}\)/\1run\2/' \
    'does not wait here'
unpaced "a wait before the proof of a kept key is seen" \
    's/step: "wrap-key", key: 3, ms/step: "prove-again", key: 3, ms/' 'must not wait for its proof'
unpaced "a wait before another step is seen" 's/step: "relay-public", ms/step: "load-public", ms/' \
    'not the one that was waited for'
unpaced "another time spent waiting is seen" 's/waited-ms: /&1/' 'not the sum of the waits'


# --- what was asked to run ---
digest() { # digest WORD: its SHA-256
    printf %s "$1" | sha256sum | cut -d' ' -f1
}

silent() { # silent WORD...: none of these is in report or journal
    for word in "$@"; do
        ! grep -rF "$word" "$tmp/reports" || return
    done
}

ok "the ceremony file by its SHA-256" grep -qx \
    "  file-sha256: \"$(sha256sum <"$tmp/ceremony.yaml" | cut -d' ' -f1)\"" "$report"
ok "a variable by its name and digest" grep -qx \
    "  - {name: \"A\", sha256: \"$(digest quince-tern)\"}" "$report"
ok "no value of a variable, no parameter" silent quince-tern marlinspike 'label=old'
not_ok "control: what is there is found" silent "$agent"

sed 's/Verified/Verifies/' "$report" >"$tmp/touched"

# --- the journal ---
journal=${report%.yaml}.journal
exits 0 "its journal makes the same report" "$hsmferry" verify "$report" --journal "$journal"
forge() { # forge SED: the report with this change, under a seal that anybody can make
    sed "$1" "$report" | sed '$d' >"$tmp/forged"
    printf 'seal: {lines: %s, sha256: "%s"}\n' "$(wc -l <"$tmp/forged")" \
        "$(sha256sum <"$tmp/forged" | cut -d' ' -f1)" >>"$tmp/forged"
}
forge 's/title: "Verified"/title: "Verifies"/'
exits 0 "control: a forgery under a new seal passes without it" "$hsmferry" verify "$tmp/forged"
exits 65 "and with it does not" "$hsmferry" verify "$tmp/forged" --journal "$journal"
ok "the first line that differs is named" says "line $(grep -n Verifies "$tmp/forged" | cut -d: -f1) " \
    "$hsmferry" verify "$tmp/forged" --journal "$journal"
for place in host user; do
    forge "s/^\\(  route: .*$place: \"\\)[^\"]*/\\1elsewhere/"
    exits 0 "control: another $place of the agents passes without it" "$hsmferry" verify "$tmp/forged"
    exits 65 "... and with it does not" "$hsmferry" verify "$tmp/forged" --journal "$journal"
    ok "... and its line is named" says "line $(grep -n elsewhere "$tmp/forged" | head -n 1 | cut -d: -f1) " \
        "$hsmferry" verify "$tmp/forged" --journal "$journal"
done
relay "its journal forged" python3 -B "$abs_top_srcdir/tests/forge.py" "$hsmferry" "$report" "$journal"

# --- signatures that OpenSSL alone made ---
for kind in 'RSA -pkeyopt rsa_keygen_bits:2048' 'EC -pkeyopt ec_paramgen_curve:P-256'; do
    name=${kind%% *}
    # shellcheck disable=SC2086 # words
    openssl genpkey -quiet -algorithm $kind -out "$tmp/$name.key" 2>/dev/null ||
        openssl genpkey -algorithm $kind -out "$tmp/$name.key" 2>/dev/null
    openssl pkey -in "$tmp/$name.key" -pubout -out "$tmp/$name.pem"
    openssl dgst -sha256 -sign "$tmp/$name.key" -out "$tmp/$name.sig" "$report"
    exits 0 "a signature by an $name key" "$hsmferry" verify "$report" --signature "$tmp/$name.sig" \
        --key "$tmp/$name.pem"
done
exits 65 "a signature by another key" "$hsmferry" verify "$report" --signature "$tmp/RSA.sig" \
    --key "$tmp/EC.pem"
echo other >"$tmp/other"
openssl dgst -sha256 -sign "$tmp/EC.key" -out "$tmp/other.sig" "$tmp/other"
exits 65 "the signature of something else" "$hsmferry" verify "$report" --signature "$tmp/other.sig" \
    --key "$tmp/EC.pem"
exits 65 "a key that is none" "$hsmferry" verify "$report" --signature "$tmp/EC.sig" --key "$tmp/other"
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$tmp/pss.key" 2>/dev/null
openssl pkey -in "$tmp/pss.key" -pubout -out "$tmp/pss.pem"
openssl dgst -sha256 -sign "$tmp/pss.key" -sigopt rsa_padding_mode:pss -out "$tmp/pss.sig" "$report"
ok "control: OpenSSL takes a signature by a key that is for PSS" openssl dgst -sha256 \
    -verify "$tmp/pss.pem" -sigopt rsa_padding_mode:pss -signature "$tmp/pss.sig" "$report"
exits 65 "a signature by such a key" "$hsmferry" verify "$report" --signature "$tmp/pss.sig" \
    --key "$tmp/pss.pem"

# A key on a curve of five points, which it describes itself.
cat >"$tmp/tiny.pem" <<'END'
-----BEGIN PUBLIC KEY-----
MDcwLwYHKoZIzj0CATAkAgEBMAwGByqGSM49AQECAWEwBgQBAgQBAwQDBAMGAgEFAgEUAwQABFAK
-----END PUBLIC KEY-----
END
printf '0\006\002\001\003\002\001\002' >"$tmp/tiny.sig"
signed_all() { # signed_all NUMBER...: the signature is one of all of these texts
    for n in "$@"; do
        echo "$n" >"$tmp/any"
        openssl dgst -sha256 -verify "$tmp/tiny.pem" -signature "$tmp/tiny.sig" "$tmp/any" || return
    done
}
ok "control: for OpenSSL one signature is that of three texts" signed_all 1 2 5
exits 65 "a key on a curve of five points" "$hsmferry" verify "$report" --signature "$tmp/tiny.sig" --key "$tmp/tiny.pem"
ok "... signs no report" says 'not of a type that signs reports' "$hsmferry" verify "$report" \
    --signature "$tmp/tiny.sig" --key "$tmp/tiny.pem"

sed 's/^-----BEGIN.*/&\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n/' \
    "$tmp/EC.pem" >"$tmp/asks.pem"
asks() { # asks COMMAND...: for a passphrase
    "$@" </dev/null 2>&1 | grep -i 'pass phrase'
}
ok "control: OpenSSL asks for the passphrase of a public key" asks openssl dgst -sha256 \
    -verify "$tmp/asks.pem" -signature "$tmp/EC.sig" "$report"
not_ok "a public key that says it is encrypted asks nothing" asks "$hsmferry" verify "$report" \
    --signature "$tmp/EC.sig" --key "$tmp/asks.pem"
exits 65 "... and is none" "$hsmferry" verify "$report" --signature "$tmp/EC.sig" \
    --key "$tmp/asks.pem"
exits 64 "a signature without a key" "$hsmferry" verify "$report" --signature "$tmp/EC.sig"
exits 64 "an option without its file" "$hsmferry" verify "$report" --key

# --- on paper ---
fits() { # the sheet is 80 columns wide, and each page has 60 lines at most
    awk '{sub(/^\f/, "", $0) && n = 0; if (length($0) > 80 || ++n > 60) exit 1}' "$tmp/out.sheet"
}

all_pages_say() {
    [ "$(grep -c 'page [0-9]*$' "$tmp/out.sheet")" -eq "$(grep -c 'REHEARSAL   page' "$tmp/out.sheet")" ]
}

ok "a sheet" "$hsmferry" sheet "$report"
cp "$tmp/out" "$tmp/out.sheet"
ok "it fits on paper" fits
ok "each page says that it is a rehearsal" all_pages_say
for word in 'old, serial '$$ 'ITS CODE WAS NOT CHECKED' "file sha256 *$(sha256sum <"$tmp/ceremony.yaml" | cut -c 1-4) " \
    "new, serial $$" 'Ada, source officer' 'waived' 'EXCEPTIONS' 'signature ___' \
    'refused: not extractable' 'check value' 'in words' 'extractable: yes -> no, tightened' \
    'local: yes -> no, by nature' 'by nature  *always-sensitive, never-extractable and local tell'; do
    ok "it says: $word" grep -q -- "$word" "$tmp/out.sheet"
done
exits 65 "no sheet of a report that was touched" "$hsmferry" sheet "$tmp/touched"

# --- no report at all ---
: >"$tmp/empty"
mkfifo "$tmp/pipe"
exits 66 "a file that is not there" "$hsmferry" verify "$tmp/missing"
exits 65 "an empty file" "$hsmferry" verify "$tmp/empty"
exits 65 "a pipe" "$hsmferry" verify "$tmp/pipe"
exits 65 "a folder" "$hsmferry" verify "$tmp"
exits 65 "a ceremony file" "$hsmferry" verify "$tmp/ceremony.yaml"
exits 64 "no file" "$hsmferry" verify
finish
