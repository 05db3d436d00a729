/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of one key: keys whose labels differ in a number only, as the policy writes it. */
#ifndef HSMFERRY_PLAN_VERSIONS_H
#define HSMFERRY_PLAN_VERSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"
#include "plan/policy.h"

/* Is this the label of a version? *number: which one. */
bool versions_number(const struct policy *policy, const struct key_desc *key, uint64_t *number);

/* Sets item->newer of each key that only a pattern of the ceremony file selects, and that is an
 * older version; a key that is named is taken. Errors: ERR_CONFLICT (two are the newest). */
bool versions_settle(const struct policy *policy, struct plan *plan, struct err *err);

#endif
