#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every script of the tree passes shellcheck.
set -u
# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"

command -v shellcheck >/dev/null || skip_all "shellcheck is not installed"
cd "$abs_top_srcdir" || exit
# Not SC2317: that functions called through ok and run look unreachable to it.
printf '%s\n' '#!/bin/sh' "rm -r \$1" >"$tmp/bad.sh"
not_ok "control: shellcheck sees an unquoted word" shellcheck "$tmp/bad.sh"
for script in autogen.sh .ci/run debian/hsmferry.postrm debian/tests/rehearsal \
    $(find debian doc examples tests -name '*.sh' | sort); do
    [ ! -e "$script" ] || ok "$script" shellcheck -x -e SC2317 "$script"
done
finish
