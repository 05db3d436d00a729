/* SPDX-License-Identifier: Apache-2.0 */
/* Locks both tokens for one ceremony while it runs. */
#ifndef HSMFERRY_CEREMONY_LOCK_TOKENS_H
#define HSMFERRY_CEREMONY_LOCK_TOKENS_H

#include <stdbool.h>

#include "base/err.h"

struct ceremony;

/* Locks both tokens. Errors: ERR_USAGE (no token is chosen), as the host's lock_token(). */
bool lock_tokens(struct ceremony *c, struct err *err);

#endif
