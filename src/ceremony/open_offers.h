/* SPDX-License-Identifier: Apache-2.0 */
/* Transport pairs that wait on a token for a bundle from another room. */
#ifndef HSMFERRY_CEREMONY_OPEN_OFFERS_H
#define HSMFERRY_CEREMONY_OPEN_OFFERS_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/visit_past.h"
#include "hsm/key.h"
#include "protocol/side.h"

struct ceremony;

/* Is this object, by label and public half, one of the pair of this offer? */
bool open_offers_is_of(const struct visit_past *past, const struct key_desc *key);

/* Warns of each pair of an offer on this side's token, as listed: until when it waits, or since
 * when it has waited in vain. NULL: no offer is known. */
bool open_offers_warn(struct ceremony *c, enum side side, const struct visit_pasts *pasts,
                      struct err *err);

#endif
