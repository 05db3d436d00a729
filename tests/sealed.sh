#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sealed files of ten thousand RSA keys are written and read in little memory, and their schemas are those
# of the files.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
many=$abs_top_builddir/tests/sealed_many
umask 077

within() { # within MIB COMMAND...
    python3 "$abs_top_srcdir/tests/record.py" memory "$@" >"$tmp/out.memory"
}

if ldd "$many" | grep -q libasan; then
    skip "memory" "the address sanitizer needs more"
else
    ok "a bundle of 10,000 RSA 4096 keys is written in 64 MiB" within 64 "$many" write "$tmp/many" 10000
    ok "it is as large as such a bundle" test "$(stat -c %s "$tmp/many")" -gt 50000000
    ok "it is checked, and its keys are handed out, in 64 MiB" within 64 "$many" read "$tmp/many"
    echo "# $(cat "$tmp/out.memory")"
    not_ok "control: not in 2" within 2 "$many" read "$tmp/many"
fi

# The schemas are published, and are what the table of the fields says.
schema=$abs_top_builddir/tests/sealed_schema
is_schema() { # is_schema FORMAT FILE
    "$schema" schema "$1" | diff - "$2"
}
conforms() { # conforms FORMAT FILE
    python3 -c 'import json, jsonschema, sys, yaml
with open(sys.argv[1]) as schema, open(sys.argv[2]) as file:
    jsonschema.validate(yaml.load(file, yaml.SafeLoader), json.load(schema))' \
        "$abs_top_srcdir/src/sealed/hsmferry-$1-1.schema.json" "$2"
}
for format in offer bundle ack receipt; do
    ok "$format: its schema is that of its fields" \
        is_schema "$format" "$abs_top_srcdir/src/sealed/hsmferry-$format-1.schema.json"
    "$schema" sample "$format" "$tmp/$format" || exit
    if python3 -c 'import jsonschema, yaml' 2>/dev/null; then
        ok "$format: a file has the form of the schema" conforms "$format" "$tmp/$format"
        sed 's/^order: .*/&\nmore: "1"/' "$tmp/$format" >"$tmp/more"
        not_ok "control: $format: a file with one more field has not" conforms "$format" "$tmp/more"
    else
        skip "$format: a file has the form of the schema" "python3-jsonschema is not installed"
    fi
done
not_ok "control: the schema of another format is seen" \
    is_schema ack "$abs_top_srcdir/src/sealed/hsmferry-offer-1.schema.json"

# What another tool sees: the manifest is the SHA-256 of the lines before it.
octets=$(sed -n 's/^  octets: //p' "$tmp/ack")
ok "sha256sum finds the manifest" grep -q "sha256: \"$(head -c "$octets" "$tmp/ack" | sha256sum | cut -d' ' -f1)\"" \
    "$tmp/ack"
"$many" write "$tmp/few" 3 >"$tmp/out"
truncate -s -1 "$tmp/few"
not_ok "a bundle without its last octet is refused" "$many" read "$tmp/few"
finish
