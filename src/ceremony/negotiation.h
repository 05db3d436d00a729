/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both HSMs are asked before the suite is chosen: each transport only once a better one is out
 * of the question, because trying one takes key pairs and calls.
 */
#ifndef HSMFERRY_CEREMONY_NEGOTIATION_H
#define HSMFERRY_CEREMONY_NEGOTIATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "plan/suite.h"
#include "protocol/side.h"

struct ceremony;

/* What must be known of this side: all that the policy allows; a probe wants everything. */
struct hsm_wanted negotiation_wanted(const struct ceremony *c, enum side side);

/* Asks both sides, and chooses. Errors: as negotiate(), and those of capabilities(). */
bool negotiation_run(struct ceremony *c, struct suite *suite, struct err *err);

/* This transport does not work on this side, whatever the HSM says, because of why: the next
 * negotiation chooses another one. */
void negotiation_refute(struct ceremony *c, enum side side, enum hsm_alg alg, const char *why);

/* Does the plan refuse a secret that RSA-OAEP would carry in its own length, and the transport that
 * was chosen does not? Then the next negotiation chooses RSA-OAEP, until negotiation_relent(),
 * which returns true if there was anything to undo. */
bool negotiation_yields(struct ceremony *c);

/* The suite by which a key may be migrated, as far as is known before a plan: with RSA-OAEP, if it
 * could be chosen for a plan that needs it. */
void negotiation_could(const struct ceremony *c, struct suite *suite);
bool negotiation_relent(struct ceremony *c);

/* Is this the reason of a transport that gave way so? Then it has not failed. */
bool negotiation_yielded(const char *reason);

#endif
