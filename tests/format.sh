#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C file stands as .clang-format has it, and every file names its licence in its first lines.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

c_files() {
    find examples src tests ui -name '*.[ch]' 2>/dev/null | sort
}

formatted() {
    clang-format --style=file --dry-run --Werror "$@"
}

# licensed FILE...: prints those without an SPDX line among their first three.
licensed() {
    for file in "$@"; do
        head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
    done | { ! grep .; }
}

cd "$abs_top_srcdir" || exit
echo 'int  main( void ) {return 0;}' >"$tmp/bad.c"
cp .clang-format "$tmp"
not_ok "control: a file without a licence is seen" licensed "$tmp/bad.c"
# shellcheck disable=SC2046 # file names of the tree have no blanks
ok "every file names its licence" licensed $(c_files) \
    $(find examples tests dialects man ! -path 'tests/kept/[0-9]*/*' ! -path 'tests/golden/kept/*' \
        \( -name '*.sh' -o -name '*.py' -o -name '*.[1-9]' -o -name '*.yaml' \) 2>/dev/null)
if command -v clang-format >/dev/null; then
    not_ok "control: clang-format sees a file out of shape" formatted "$tmp/bad.c"
    # shellcheck disable=SC2046 # the same
    ok "every C file is as clang-format would write it" formatted $(c_files)
else
    skip "every C file is as clang-format would write it" "clang-format is not installed"
fi
finish
