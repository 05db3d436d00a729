/* SPDX-License-Identifier: Apache-2.0 */
/* The proof by a fresh process. */
#ifndef HSMFERRY_CEREMONY_FRESH_H
#define HSMFERRY_CEREMONY_FRESH_H

#include <stdbool.h>

#include "base/err.h"
#include "transfer/step_result.h"
#include "transfer/transfer.h"

struct ceremony;

/* Proves every committed key from a separate process, and decides its outcome; also after a
 * failure. Errors: ERR_UNFINISHED (some key could not be proven). */
bool fresh_prove(struct ceremony *c, struct step_result *result, struct err *err);

/* Lists the destination from a separate process, and looks for the committed object of each of
 * these transfers, by the label of temporary objects. *missing: the first that is not there; NULL:
 * none. Errors: ERR_HSM (it does not see the token), other errors of the HSM. */
bool fresh_find(struct ceremony *c, const struct transfers *transfers,
                const struct transfer **missing, struct err *err);

#endif
