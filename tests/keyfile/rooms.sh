#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a key file in one room into an HSM in the other.
set -u
# shellcheck source=tests/keyfile/lib.sh
. "${0%/*}/lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"
export PYTHONDONTWRITEBYTECODE=yes
relay "two rooms" "$python" "${0%/*}/rooms.py" "$tmp/rooms" "$quick"
finish
