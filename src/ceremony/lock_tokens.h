/* SPDX-License-Identifier: Apache-2.0 */
/* Both tokens belong to one ceremony alone while it runs. */
#ifndef HSMFERRY_CEREMONY_LOCK_TOKENS_H
#define HSMFERRY_CEREMONY_LOCK_TOKENS_H

#include <stdbool.h>

#include "base/err.h"

struct ceremony;

/* Claims both for this one. Errors: ERR_USAGE (no token is chosen), as the host's lock_token(). */
bool lock_tokens(struct ceremony *c, struct err *err);

#endif
