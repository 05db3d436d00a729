/* SPDX-License-Identifier: Apache-2.0 */
/* The signature of the own room under a file that a visit writes. */
#ifndef HSMFERRY_CEREMONY_VISIT_SIGN_H
#define HSMFERRY_CEREMONY_VISIT_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "ceremony/visit_parts.h"

/* Before anything is made: can the key that the ceremony file names for this room sign? Warns if it
 * is not on the token. Errors: ERR_UNSUPPORTED, a sink that refuses. */
bool visit_find_signer(struct visit_walk *v, struct err *err);

/* Signs the file that was written, and records it; a file that cannot be signed is removed. */
bool visit_written(struct visit_walk *v, const struct sealed_head *head, const uint8_t sha256[32],
                   struct err *err);

#endif
