/* SPDX-License-Identifier: Apache-2.0 */
/* Commit, the one irreversible step, and the search for an object whose commit was not answered. */
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

/* Destroys the final object, if the HSM returned its handle. */
bool commit_undo(struct hsm *hsm, struct transfer *t, struct err *err);

/* A commit that failed may still have been carried out: then there is a new object with the key's
 * name, and a proof shows that it is the key. Any other object was made by somebody else and must
 * not be destroyed; the inventory will name it. Changes nothing. hsm: by enum side. found->handle
 * is 0: there is none. */
bool commit_find_lost(struct hsm *const hsm[2], const struct transfer *t, struct key_desc *found,
                      struct err *err);

#endif
