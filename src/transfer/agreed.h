/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides can derive once they have met. */
#ifndef HSMFERRY_TRANSFER_AGREED_H
#define HSMFERRY_TRANSFER_AGREED_H

#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/side.h"
#include "transfer/transport.h"

/* Derives the key that stays from this side's pair and what the other side sent; once for a pair.
 * Errors: as agree() of the contract. */
bool agreed_derive_key(struct hsm *hsm, const struct transport *t, enum side at,
                       const struct hsm_template *key, uint64_t *handle, struct err *err);

#endif
