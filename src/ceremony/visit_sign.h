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

/* Signs the file with this SHA-256, if the token has that key; trust: says so, or is empty. */
bool visit_sign(struct visit_walk *v, const uint8_t sha256[SHA256_SIZE], char trust[EVENT_TEXT_MAX],
                struct err *err);

#endif
