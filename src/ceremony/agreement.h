/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides can do, what the policy allows, and the plan that follows: for the record. */
#ifndef HSMFERRY_CEREMONY_AGREEMENT_H
#define HSMFERRY_CEREMONY_AGREEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "hsm/hsm.h"
#include "plan/plan.h"
#include "plan/policy.h"
#include "plan/suite.h"
#include "transfer/transfer.h"

struct origins;

/* The suite of the two sides, and the policy under which it was negotiated. */
struct agreement {
    const struct policy *policy;
    const struct suite *suite;
    const struct party *side; /* both */
    bool rehearsal;
    uint32_t rsa_bits;            /* as the policy names it; a key service may have a longer key */
    uint32_t named, changed;      /* settings: as in struct script_watch */
    const struct origins *before; /* of an interrupted ceremony's policy; NULL: there is none */
};
bool emit_suite(struct narrator *n, const struct agreement *on, struct err *err);

/* The policy alone. */
bool emit_policy(struct narrator *n, const struct agreement *on, struct err *err);

/* Of one side alone: the policy, and the capabilities. */
bool emit_own(struct narrator *n, const struct agreement *on, enum side side, struct err *err);

/* The transport that was chosen. */
bool emit_transport(struct narrator *n, const struct agreement *on, struct err *err);

/* The transport did not work: emits the rejected one and the next one. */
bool emit_suite_again(struct narrator *n, const struct agreement *on, enum hsm_alg rejected,
                      const char *why, struct err *err);
bool emit_plan(struct narrator *n, const struct agreement *on, const struct plan *plan,
               const struct transfers *transfers, struct err *err);

#endif
