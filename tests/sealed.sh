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
    ok "a bundle of 10,000 RSA 4096 keys is written in 64 MiB" within 64 "$many" write "$tmp/bundle" 10000
    ok "it is as large as such a bundle" test "$(stat -c %s "$tmp/bundle")" -gt 50000000
    ok "it is checked, and its keys are handed out, in 64 MiB" within 64 "$many" read "$tmp/bundle"
    echo "# $(cat "$tmp/out.memory")"
    not_ok "control: not in 2" within 2 "$many" read "$tmp/bundle"
fi
"$many" write "$tmp/few" 3 >"$tmp/out"
truncate -s -1 "$tmp/few"
not_ok "a bundle without its last octet is refused" "$many" read "$tmp/few"
finish
