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

/* Between two rooms: opens that process while the offer's pair exists, and decrypts the evidence
 * key there, if the transport has one. fresh_prove() goes on with it; fresh_forget() closes it if
 * it does not. pair: the private half. Errors: those of the HSM; ERR_UNFINISHED (it does not find
 * the pair). Nothing is left open then. */
bool fresh_prepare(struct ceremony *c, const struct key_desc *pair, struct err *err);
void fresh_forget(struct ceremony *c);

/* Lists the destination from a separate process, and looks for the committed object of each of
 * these transfers, by the label of temporary objects. *missing: the first that is not there; NULL:
 * none. Errors: ERR_HSM (it does not see the token), other errors of the HSM. */
bool fresh_find(struct ceremony *c, const struct transfers *transfers,
                const struct transfer **missing, struct err *err);

#endif
