# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of bad input share: a ceremony of test doubles that goes well until something is
# made wrong about it.

# shellcheck source=tests/ends.sh
. "${0%/*}/../ends.sh"

agent=$abs_top_builddir/tests/fake/hsmferry-agent-fake
umask 077

# ceremony SOURCE DESTINATION: two fresh test doubles, with these parameters beside the usual ones,
# and their ceremony file: $tmp/c/ceremony.yaml.
ceremony() {
    keep_reports "$tmp/c/reports"
    rm -rf "$tmp/c"
    mkdir "$tmp/c"
    echo swordfish >"$tmp/c/pin"
    cat >"$tmp/c/ceremony.yaml" <<END
title: Bad input
rehearsal: yes
officers:
  - name: Ada
source:
  api: fake
  module: $tmp/c/source
  parameters: "label=old;serial=$$;pin=swordfish;quick=yes;$1"
  token: "pkcs11:token=old?pin-source=file:$tmp/c/pin"
  agent: ["$agent"]
destination:
  api: fake
  module: $tmp/c/destination
  parameters: "label=new;serial=$$;pin=swordfish;quick=yes;$2"
  token: "pkcs11:token=new?pin-source=file:$tmp/c/pin"
  agent: ["$agent"]
keys: ["pkcs11:object=*"]
policy:
  rsa-bits: 2048
  gates: []
  canary: none # what is wrong here shall meet the ceremony itself
report-folder: reports
END
}

# good: such a ceremony with one key; nothing is wrong.
good() {
    ceremony 'keys=aes32:one' ''
}

# arrived: is there an object on the destination?
arrived() {
    grep -v '^wrong ' "$tmp/c/destination"
}
