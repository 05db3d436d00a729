/* SPDX-License-Identifier: Apache-2.0 */
/* Are two keys, one of each side, equal? Done on request only, since it is an operation on both. */
#ifndef HSMFERRY_CEREMONY_COUPLE_H
#define HSMFERRY_CEREMONY_COUPLE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/key.h"
#include "protocol/outcome.h"

struct ceremony;

/* A key of the source and one of the destination. */
struct couple {
    const struct key_desc *key[2]; /* by side; one may be NULL */
};

/* Asks both HSMs, unless public halves show it, and emits the result; a suite was negotiated.
 * Errors: those that are no statement about the keys. */
bool couple_compare(struct ceremony *c, const struct couple *couple, enum comparison *result,
                    struct err *err);

#endif
