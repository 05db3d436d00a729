#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What no visit takes: the files of strangers, used, changed and foreign ones, and those of another
# device, ceremony or stage.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "refused files" "$python" "$abs_top_srcdir/tests/pairs/rooms_refused.py" \
    "$tmp" "$abs_top_builddir/hsmferry"
finish
