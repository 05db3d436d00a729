/* SPDX-License-Identifier: Apache-2.0 */
/* Online key confirmation: both sides are asked, one after the other, to show that they hold the
 * same key. */
#ifndef HSMFERRY_TRANSFER_CONFIRM_H
#define HSMFERRY_TRANSFER_CONFIRM_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/plan.h"
#include "transfer/proof.h"
#include "transfer/step_result.h"
#include "transfer/transfer.h"

/* The two objects that should hold the key of this transfer; handle is the destination's. */
struct proof_pair confirm_pair(struct hsm *const hsm[2], const struct transfer *t, uint64_t handle);

/* Does the object on the destination have the requested kind and size, and no more rights? Errors:
 * ERR_DATA, ERR_DENIED, and others of fidelity_check(). */
bool confirm_attributes(const struct plan_item *item, const struct key_desc *is, bool temporary,
                        struct err *err);

/* Proves the temporary object; the final one, after reading it back. Errors: ERR_DATA (another
 * key), ERR_UNSUPPORTED (nothing proves it; or only the parity bits differ), errors of an HSM.
 */
bool confirm_arrived(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                     struct err *err);
bool confirm_final(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                   struct err *err);

/* Marks the key as proven, and destroys the temporary object. */
bool confirm_finish(struct hsm *hsm, struct transfer *t, struct err *err);

#endif
