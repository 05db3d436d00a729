/* SPDX-License-Identifier: Apache-2.0 */
/* Locks between processes (flock(2)): they end with the process that holds them, however it ends,
 * and with those that it gave the open file to. */
#ifndef HSMFERRY_BASE_LOCK_H
#define HSMFERRY_BASE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Whose lock it is. */
struct lock_want {
    bool shared;      /* with others that want it so */
    uint64_t group;   /* 1 to LOCK_GROUP_MAX: those that name the same number have the lock
                         together; 0: this process alone, and those that it gave the file to */
    const char *what; /* the locked object, for messages ("The journal /x") */
};
#define LOCK_GROUP_MAX (UINT64_C(1) << 60)

/* Locks an open file without waiting; closing the file releases the lock. what: the locked object,
 * for messages ("the journal /x"). Succeeds if the file system does not support locks. Errors:
 * ERR_DENIED, naming the process that holds the lock. */
bool lock_take(int fd, bool shared, const char *what, struct err *err);

/* Takes a lock that all users of this host share, on a file in folder, which may be writable to
 * others if it has the sticky bit. Creates the file if needed, readable for everyone regardless of
 * the umask; its owner does not matter. The caller closes *fd, which releases the lock.
 *
 * Anyone who may write to the folder can hold the lock and thus deny it to others, and the file's
 * owner can remove the file; but nobody can redirect the lock to another file, or cause anything to
 * be read or written. Errors: ERR_NO_INPUT (no such folder), ERR_DENIED: another process, which is
 * named, holds the lock, or the object in its place is not a file that all users can open. */
bool lock_for_all(const char *folder, const char *name, const struct lock_want *want, int *fd,
                  struct err *err);

#endif
