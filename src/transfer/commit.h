/* SPDX-License-Identifier: Apache-2.0 */
/* The one irreversible step, and what became of one whose answer was lost. */
#ifndef HSMFERRY_TRANSFER_COMMIT_H
#define HSMFERRY_TRANSFER_COMMIT_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "transfer/step_result.h"
#include "transfer/transfer.h"

/* Makes the temporary object a token object; makes a token object of a public one. */
bool commit_key(struct hsm *hsm, struct transfer *t, struct step_result *result, struct err *err);
bool commit_object(struct hsm *hsm, struct transfer *t, struct step_result *result,
                   struct err *err);

/* Destroys the final object, where the HSM gave its handle. */
bool commit_undo(struct hsm *hsm, struct transfer *t, struct err *err);

/* A commit that failed may still have been carried out: then a new object bears the key's name and
 * proves to be the key. Any other was made by somebody else, and is not ours to destroy; the
 * inventory will name it. Changes nothing. hsm: by enum side; found->handle is 0: there is none. */
bool commit_find_lost(struct hsm *const hsm[2], const struct transfer *t, struct key_desc *found,
                      struct err *err);

#endif
