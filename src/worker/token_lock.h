/* SPDX-License-Identifier: Apache-2.0 */
/* A lock on a token: on one host, no two ceremonies change the same token, and none reads a token
 * that another one changes. */
#ifndef HSMFERRY_WORKER_TOKEN_LOCK_H
#define HSMFERRY_WORKER_TOKEN_LOCK_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "protocol/side.h"

/* Locks the token in this slot: the source's shared with others, the destination's exclusively. The
 * lock file is in the first of these folders (NULL at the end) that exists; a folder that exists
 * but cannot be used is never skipped, because other processes would not look in the next one. The
 * caller closes *fd, which releases the lock; so does the end of the process. Errors: ERR_DENIED
 * (names the process that has the lock, or the problem with the lock's folder). */
bool token_lock_take(const char *const *folders, const struct hsm_slot *slot, enum side side,
                     int *fd, struct err *err);

#endif
