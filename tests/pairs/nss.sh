#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kind of key from a database of NSS, through NSS's own API, to SoftHSM and to NSS.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "all pairs with this source" matrix nss:softhsm nss:nss nss:softoken
finish
