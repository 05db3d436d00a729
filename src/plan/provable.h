/* SPDX-License-Identifier: Apache-2.0 */
/* Which proofs a key allows: by its kind, its uses, its templates and its allowed mechanisms. */
#ifndef HSMFERRY_PLAN_PROVABLE_H
#define HSMFERRY_PLAN_PROVABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "plan/suite.h"

/* The proofs (bit 1 << enum hsm_proof) that this key allows and both sides can perform. */
uint32_t provable_by(const struct suite *suite, const struct key_desc *key);

/* All that this key allows, whether or not both sides can perform them. */
uint32_t provable_at_all(const struct key_desc *key);

/* Sets the reason why there is none; always false. A destination that supports no use of the key
 * may not support such keys at all. */
bool provable_explain(const struct suite *suite, const struct key_desc *key, struct err *why);

#endif
