#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the files that tests/kept.sh reads in every later version: reports and journals of each end
# that a ceremony can have, as the programs in one folder write them.
#
#   make.sh BIN FOLDER   BIN has hsmferry, hsmferry-agent and hsmferry-agent-fake
#
# FOLDER gets complete (SoftHSM to NSS, signed by a key on SoftHSM), failed and cut: each a .journal
# and, but for cut, a .yaml. cut was killed while its second of three keys was being kept, so that
# resume and clean have work to do; cut.source and cut.destination are its two HSMs, test doubles.
set -eu
bin=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
softhsm=/usr/lib/softhsm/libsofthsm2.so
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fake() { # fake NAME KEYS FAULT: a ceremony file for two test doubles
    cat >"$1.ceremony" <<END
title: Kept $1
rehearsal: yes
officers:
  - {name: Ada, role: source officer}
source:
  api: fake
  agent: ["$bin/hsmferry-agent-fake"]
  module: $work/$1.source
  parameters: "label=old;serial=1;pin=marlinspike;keys=$2"
  token: "pkcs11:token=old?pin-source=file:$work/pin"
destination:
  api: fake
  agent: ["$bin/hsmferry-agent-fake"]
  module: $work/$1.destination
  parameters: "label=new;serial=2;pin=marlinspike$3"
  token: "pkcs11:token=new?pin-source=file:$work/pin"
keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]
policy:
  gates: []
report-folder: $1
END
}

keep() { # keep NAME: its report and journal, under that name
    for file in "$1"/*; do
        cp "$file" "$out/$1.${file#*Z-kept-"$1".}"
    done
}

tokens() { # SoftHSM with keys, an empty NSS database
    mkdir tokens nss
    printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$work/tokens" >softhsm2.conf
    softhsm2-util --init-token --free --label old --pin 47110815 --so-pin 47110815
    for key in keygen:01:AES:32 keypairgen:02:RSA:2048 keypairgen:03:EC:prime256v1; do
        id=${key#*:}
        kind=${id#*:}
        pkcs11-tool --module "$softhsm" --token-label old --login --pin 47110815 --"${key%%:*}" \
            --key-type "$kind" --id "${id%%:*}" --label "${kind%:*}" --extractable
    done
    certutil -N -d "sql:$work/nss" -f pin
}

real() { # a ceremony file for a SoftHSM token and an NSS database, signed by a key of the first
    cat <<END
title: Kept complete
rehearsal: yes
officers:
  - {name: Ada, role: source officer}
  - {name: Grace, role: destination officer}
source:
  api: pkcs11
  module: $softhsm
  module-sha256: $(sha256sum "$softhsm" | cut -d' ' -f1)
  environment: ["SOFTHSM2_CONF=$work/softhsm2.conf"]
  token: "pkcs11:token=old?pin-source=file:$work/pin"
destination:
  api: nss
  module: sql:$work/nss
  token: "pkcs11:token=NSS%20Certificate%20DB?pin-source=file:$work/pin"
keys: ["pkcs11:type=secret-key", "pkcs11:type=private"]
policy:
  gates: []
sign-report:
  side: source
  key: "pkcs11:object=EC"
report-folder: complete
END
}

echo 47110815 >pin
SOFTHSM2_CONF=$work/softhsm2.conf
export SOFTHSM2_CONF
tokens
real >complete.ceremony
"$bin/hsmferry" --plain complete.ceremony
keep complete

echo marlinspike >pin
fake failed aes32:one,aes32:two ';fail=commit:0:0x30'
if "$bin/hsmferry" --plain failed.ceremony; then
    exit 1
fi
keep failed

fake cut aes32:one,ec256:two:+public,generic13:three ';slow=commit:2:3000'
"$bin/hsmferry" --plain cut.ceremony &
console=$!
until grep -qs 'key=2.step=commit' cut/*.journal; do sleep 0.1; done
kill -KILL "$console"
wait "$console" || true
sleep 4 # the agent ends once it has kept that key
rm -f cut/*.part
keep cut
cp cut.source cut.destination "$out"
