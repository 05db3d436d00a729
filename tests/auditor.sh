#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The auditor's twelve questions: each is answered by a named field of the report and by a line of the
# sheet. The ceremony is one where much is to be asked: two officers, a key left out and one added, a
# refusal, an exception, a gate that the file waives. The HSMs are test doubles.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
hsmferry=$abs_top_builddir/hsmferry
agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077

echo marlinspike >"$tmp/pin"
cat >"$tmp/ceremony.yaml" <<END
title: Asked by an auditor
rehearsal: yes
officers:
  - {name: Ada, role: source officer}
  - {name: Charles, role: destination officer}
source:
  api: fake
  agent: ["$agent"]
  module: $tmp/source
  parameters: "label=old;serial=$$;pin=marlinspike;keys=aes32:one,ec256:two:+public,aes16:stays:-extractable"
  token: "pkcs11:token=old"
destination:
  api: fake
  agent: ["$agent"]
  module: $tmp/destination
  parameters: "label=new;serial=$$;pin=marlinspike"
  token: "pkcs11:token=new?pin-source=file:$tmp/pin"
keys:
  - {uri: "pkcs11:type=secret-key", expect: 3}
  - pkcs11:object=two
policy:
  rsa-bits: 2048
  gates: [devices, review, fingerprint]
  two-officers: [fingerprint]
report-folder: reports
END
exits 0 "a ceremony with an exception" python3 -B "$abs_top_srcdir/tests/auditor.py" run \
    "$hsmferry" "$tmp/ceremony.yaml" marlinspike
cp "$tmp/out" "$tmp/printed"
report=$(echo "$tmp"/reports/*.yaml)
exits 0 "its report passes with its ceremony file" "$hsmferry" verify "$report" \
    --ceremony "$tmp/ceremony.yaml"
echo '# touched' | cat "$tmp/ceremony.yaml" - >"$tmp/touched.yaml"
exits 65 "another ceremony file does not" "$hsmferry" verify "$report" --ceremony "$tmp/touched.yaml"
exits 64 "an option without its file" "$hsmferry" verify "$report" --ceremony
exits 66 "a ceremony file that is not there" "$hsmferry" verify "$report" --ceremony "$tmp/none"
ok "a sheet" "$hsmferry" sheet "$report"
cp "$tmp/out" "$tmp/sheet"
relay "the twelve questions" python3 -B "$abs_top_srcdir/tests/auditor.py" ask "$report" "$tmp/sheet"
relay "forged answers" python3 -B "$abs_top_srcdir/tests/auditor.py" forge "$hsmferry" "$report"

# --- a key of the script is left out at its gate ---
sed 's/^title: .*/title: Left out/; s/expect: 3/expect: 2/; s/gates: .*/gates: [key]/; s/two-officers: .*/canary: none/
    s/?pin-source=[^"]*//; s/\(token=[a-z]*\)"/\1?pin-source=file:PIN"/; s|file:PIN|file:'"$tmp"'/pin|
    s|/destination$|/destination-2|; s/^report-folder: .*/report-folder: left-out/' "$tmp/ceremony.yaml" >"$tmp/left-out.yaml"
exits 2 "a key left out at its gate" python3 -B "$abs_top_srcdir/tests/auditor.py" skip \
    "$hsmferry" "$tmp/left-out.yaml"
report=$(echo "$tmp"/left-out/*.yaml)
exits 0 "its report passes" "$hsmferry" verify "$report" --ceremony "$tmp/left-out.yaml"
ok "it says that the ceremony deviated" grep -q '^  script: "deviated"$' "$report"
ok "... and which key was left out" grep -q '{what: "left-out", line: 1, key: 1, label: "one"' "$report"
ok "a sheet of it" "$hsmferry" sheet "$report"
cp "$tmp/out" "$tmp/sheet"
ok "... says so, too" grep -q 'LEFT OUT  *one, key 1' "$tmp/sheet"
relay "a key left out, forged" python3 -B "$abs_top_srcdir/tests/auditor.py" forge-left-out "$hsmferry" "$report"
finish
