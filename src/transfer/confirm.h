/* SPDX-License-Identifier: Apache-2.0 */
/* Key confirmation, online: both sides are asked one after the other whether they hold one key. */
#ifndef HSMFERRY_TRANSFER_CONFIRM_H
#define HSMFERRY_TRANSFER_CONFIRM_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/plan.h"
#include "transfer/proof.h"
#include "transfer/step_result.h"
#include "transfer/transfer.h"

/* The two places that are said to hold the key of this transfer: the destination's is handle. */
struct proof_pair confirm_pair(struct hsm *const hsm[2], const struct transfer *t, uint64_t handle);

/* Is what arrived what was asked for, in kind and size, and may it do no more? Errors: ERR_DATA,
 * ERR_DENIED, and others of fidelity_check(). */
bool confirm_attributes(const struct plan_item *item, const struct key_desc *is, bool temporary,
                        struct err *err);

/* The temporary object; then the final one, which is read back first. Errors: ERR_DATA (another
 * key), ERR_UNSUPPORTED (nothing proves it; or it differs in parity alone), what an HSM answered.
 */
bool confirm_arrived(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                     struct err *err);
bool confirm_final(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                   struct err *err);

/* The temporary object is needed no more: the final one is proven. */
bool confirm_finish(struct hsm *hsm, struct transfer *t, struct err *err);

#endif
