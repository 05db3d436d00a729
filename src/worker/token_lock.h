/* SPDX-License-Identifier: Apache-2.0 */
/* A claim on a token: on one host no two ceremonies change the same token, and none reads what
 * another one changes. */
#ifndef HSMFERRY_WORKER_TOKEN_LOCK_H
#define HSMFERRY_WORKER_TOKEN_LOCK_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "protocol/side.h"

/* Claims the token in this slot: the source's together with others, the destination's alone. The
 * lock's file lies in the first of these folders (NULL at the end) that is there; a folder that
 * cannot be used is never passed over, since others would not look for a lock in the next one. *fd
 * is the caller's to close, which ends the claim, and so does the end of the process. Errors:
 * ERR_DENIED (naming the process that has it, or what is wrong with the lock's place). */
bool token_lock_take(const char *const *folders, const struct hsm_slot *slot, enum side side,
                     int *fd, struct err *err);

#endif
