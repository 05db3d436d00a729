#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the token in this slot (0 or 1) of start.sh's opencryptoki as new; nobody may be using it.
set -eu

[ -d /run/hsmferry-tokens ] || {
    echo 'fresh.sh works only in what start.sh starts' >&2
    exit 64
}
rm -rf "/var/lib/opencryptoki/token$1" "/dev/shm/var.lib.opencryptoki.token$1"
cp -a "/run/hsmferry-tokens/token$1" /var/lib/opencryptoki/
