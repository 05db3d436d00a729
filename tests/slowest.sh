#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ten slowest tests of a fresh build folder, each with its seconds, the slowest first: from when its log
# was created to when the log was last written.
#
#   sh tests/slowest.sh BUILD
set -u

find "${1:?usage: slowest.sh BUILD}" -name '*.trs' | while read -r trs; do
    # Some file systems do not know when a file was created: then there is a 0.
    stat -c '%W %Y %n' "${trs%.trs}.log" 2>/dev/null
done | awk -v top="$1/" '$1 > 0 && $2 >= $1 {
    name = $3
    sub(/\.log$/, "", name)
    if (index(name, top) == 1) name = substr(name, length(top) + 1)
    printf "%6d s  %s\n", $2 - $1, name
}' | sort -rn | head -n 10
