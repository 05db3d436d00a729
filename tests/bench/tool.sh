#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tool.sh MODULE PIN KIND OLD-CONF NEW-CONF BLOB FIRST N: moves N secret keys as one would in a shell, with
# pkcs11-tool. The PIN is in its arguments: the tokens exist for the bench only.
set -eu
module=$1 pin=$2 kind=$3 old=$4 new=$5 blob=$6 number=$7 end=$(($7 + $8))
type=$(echo "$kind" | tr '[:lower:]' '[:upper:]')

tool() { # tool CONF TOKEN WORDS...: AES key wrap with padding, under the key "kek"
    conf=$1 token=$2
    shift 2
    SOFTHSM2_CONF=$conf pkcs11-tool --module "$module" --token-label "$token" --login --pin "$pin" \
        --mechanism 0x210A --id 4b "$@"
}

while [ "$number" -lt "$end" ]; do
    id=$(printf '01%06x' "$number")
    tool "$old" old --wrap --application-id "$id" --output-file "$blob"
    tool "$new" new --unwrap --application-id "$id" --application-label "$(printf 'key-%05u' "$number")" \
        --key-type "$type:" --sensitive --input-file "$blob"
    number=$((number + 1))
done
