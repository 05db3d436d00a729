/* SPDX-License-Identifier: Apache-2.0 */
/* Which public key belongs to a private one? */
#ifndef HSMFERRY_CEREMONY_HALF_H
#define HSMFERRY_CEREMONY_HALF_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "plan/plan.h"

/* Finds the public half of each private key of the plan that could leave, and notes in the source's
 * list what its certificates certify, and in plan->read the public keys that were read. Errors:
 * ERR_GONE, ERR_FAILED, or a record that refuses. */
bool halves_find(struct party *source, struct plan *plan, struct narrator *n, struct err *err);

#endif
