/* SPDX-License-Identifier: Apache-2.0 */
/* May a key leave its HSM? The plan asks in advance, and the agent again before the wrap; both get
 * the same answer. */
#ifndef HSMFERRY_HSM_LEAVE_H
#define HSMFERRY_HSM_LEAVE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/key.h"

/* Only a secret or private key that its HSM reports as extractable may leave; not one for which
 * that is not known (PKCS#11 v2.40 sections 4.9 and 4.10, CKA_EXTRACTABLE). A key with
 * CKA_WRAP_WITH_TRUSTED leaves only under a trusted wrapping key; wrapping NULL: it is not known
 * yet, so such a key may not leave. Errors: ERR_DENIED; ERR_UNSUPPORTED (not a secret or private
 * key). The error's text is a reason: "not extractable". */
bool leave_check(const struct key_desc *key, const struct key_desc *wrapping, struct err *err);

#endif
