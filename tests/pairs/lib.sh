# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of pairs share: matrix.py on pairs of fresh tokens.

# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

python=/usr/bin/python3 # Debian's own: it has Debian's modules
need_softhsm certutil openssl pkcs11-tool symkeyutil "$python"
"$python" -c 'import PyKCS11, cryptography, yaml' 2>/dev/null ||
    skip_all "python3-pykcs11, python3-cryptography or python3-yaml is not installed"
PYTHONDONTWRITEBYTECODE=yes
export PYTHONDONTWRITEBYTECODE

# matrix PAIR...: these rows of the table in matrix.py; within $matrix_within if that is a script.
matrix() {
    matrix_folder=$(mktemp -d "$tmp/XXXXXX") || return
    ${matrix_within:+sh "$matrix_within"} "$python" "$abs_top_srcdir/tests/pairs/matrix.py" \
        "$matrix_folder" "$abs_top_builddir/hsmferry" "$@"
}
