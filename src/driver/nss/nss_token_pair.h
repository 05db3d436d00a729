/* SPDX-License-Identifier: Apache-2.0 */
/* The transport pair of a ceremony in two rooms (hsm/hsm.h): token objects, which NSS's own
 * functions cannot make unmodifiable. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_TOKEN_PAIR_H
#define HSMFERRY_DRIVER_NSS_NSS_TOKEN_PAIR_H

#include "driver/nss/nss_db.h"

bool nss_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                         struct err *err);

#endif
