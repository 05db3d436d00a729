/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key agreement (hsm/key_agreement.h) under the rules of agent/agreed_rules.h. A session has one
 * pair at a time. It meets one other side, and derives one key, with the public half whose
 * fingerprint was reported: what a relay gives later has no effect.
 */
#ifndef HSMFERRY_AGENT_GUARD_AGREEMENT_H
#define HSMFERRY_AGENT_GUARD_AGREEMENT_H

#include "agent/guard.h"

/* make_agreement_pair(), encapsulate(), meet() and agree() of the contract, and guard_made() of the
 * new objects. What is encapsulated to is checked first, and is the one that is met. Errors:
 * ERR_DENIED (see the contract; also a derived key with other guards than were requested, which is
 * destroyed), ERR_UNSUPPORTED (the driver has none of it), and those of the driver. */
bool guard_make_agreement_pair(struct guard *g, enum hsm_alg alg, const char *label,
                               struct hsm_pair *pair, struct err *err);
bool guard_encapsulate(struct guard *g, const struct hsm_encapsulation *with, struct hsm_pair *pair,
                       struct err *err);
bool guard_meet(struct guard *g, const struct hsm_meeting *with, struct bytes *known,
                struct err *err);
bool guard_agree(struct guard *g, const struct hsm_agreement *on, uint64_t *handle,
                 struct err *err);

/* make_kek() of the contract: the last one is what a derived key may wrap. */
bool guard_make_kek(struct guard *g, uint32_t bits, const char *label, uint64_t *handle,
                    struct err *err);

#endif
