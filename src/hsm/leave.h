/* SPDX-License-Identifier: Apache-2.0 */
/* May a key leave its HSM? One answer: for the plan, which asks before, and for the agent, which
 * asks at the wrap. */
#ifndef HSMFERRY_HSM_LEAVE_H
#define HSMFERRY_HSM_LEAVE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/key.h"

/* Only a secret or private key that its HSM calls extractable: one of which that is not known stays
 * (PKCS#11 v2.40 4.9
 * and 4.10, CKA_EXTRACTABLE). One that asks for a trusted wrapping key leaves only under
 * one (CKA_WRAP_WITH_TRUSTED); wrapping NULL: it is not known yet, so none.
 * Errors: ERR_DENIED; ERR_UNSUPPORTED (no such key). The sentence is a reason: "not extractable".
 */
bool leave_check(const struct key_desc *key, const struct key_desc *wrapping, struct err *err);

#endif
