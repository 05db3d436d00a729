/* SPDX-License-Identifier: Apache-2.0 */
/* The proof by a fresh process. */
#ifndef HSMFERRY_CEREMONY_FRESH_H
#define HSMFERRY_CEREMONY_FRESH_H

#include <stdbool.h>

#include "base/err.h"
#include "transfer/step_result.h"

struct ceremony;

/* Proves every committed key from a separate process, and decides its outcome; also after a
 * failure. Errors: ERR_UNFINISHED (some key could not be proven). */
bool fresh_prove(struct ceremony *c, struct step_result *result, struct err *err);

#endif
