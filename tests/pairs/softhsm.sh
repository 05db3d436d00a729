#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kind of key from SoftHSM, through PKCS#11, to SoftHSM and to NSS.
set -u
# shellcheck source=tests/pairs/lib.sh
. "${0%/*}/lib.sh"

relay "all pairs with this source" matrix softhsm:softhsm softhsm:nss softhsm:softoken
finish
