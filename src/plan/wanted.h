/* SPDX-License-Identifier: Apache-2.0 */
/* What need be known of both HSMs, so that no more of them is tried. */
#ifndef HSMFERRY_PLAN_WANTED_H
#define HSMFERRY_PLAN_WANTED_H

#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/policy.h"

/* For the migration of any of these keys under this policy, in this role of the HSM. pads: it must
 * also be known whether the source pads what it wraps. */
struct hsm_wanted wanted_for(const struct key_list *keys, const struct policy *policy,
                             enum hsm_role role, bool pads);

#endif
