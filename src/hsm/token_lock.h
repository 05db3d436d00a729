/* SPDX-License-Identifier: Apache-2.0 */
/* A lock on a token: on one host, no two ceremonies change the same token, and none reads a token
 * that another one changes. */
#ifndef HSMFERRY_HSM_TOKEN_LOCK_H
#define HSMFERRY_HSM_TOKEN_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"

/* The folders in which the locks of all users of this host are, NULL at the end; a folder of one
 * user would not do. The first of them that exists is used; one that exists but cannot be used is
 * never skipped, because other processes would not look in the next one. */
extern const char *const token_lock_folders[];

/* The first of these folders that exists. */
const char *token_lock_folder(const char *const *folders);

/* Locks the token in this slot for a ceremony on this host: shared with others that only read it,
 * or exclusively. The caller closes *fd, which releases the lock; so does the end of the process.
 * Errors: ERR_DENIED (names the process that has the lock, or the problem with the lock's
 * folder). */
bool token_lock_take(const char *const *folders, const struct hsm_slot *slot, bool shared, int *fd,
                     struct err *err);

/* The same for a ceremony on another host, by each of its agents on this one: they have the lock
 * together, because they name the same ceremony, a random number. */
bool token_lock_join(const char *const *folders, const struct hsm_slot *slot, bool shared,
                     uint64_t ceremony, int *fd, struct err *err);

#endif
