/* SPDX-License-Identifier: Apache-2.0 */
/* Locks between processes (flock(2)): they end with the process that holds them, however it ends,
 * and with those that it gave the open file to. */
#ifndef HSMFERRY_BASE_LOCK_H
#define HSMFERRY_BASE_LOCK_H

#include <stdbool.h>
#include <stddef.h>
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

/* Takes a lock that all users of this host share, on a file in folder, which belongs to root or
 * this user, and may be writable to others if it has the sticky bit. Creates the file if needed,
 * readable for everyone regardless of the umask; its owner does not matter. The caller closes *fd,
 * which releases the lock.
 *
 * Anyone who may write to the folder can hold the lock and thus deny it to others, and the file's
 * owner can remove the file; but nobody can redirect the lock to another file, or cause anything to
 * be read or written. Errors: ERR_NO_INPUT (no such folder), ERR_DENIED: another process, which is
 * named, holds the lock, or the object in its place is not a file that all users can open. */
bool lock_for_all(const char *folder, const char *name, const struct lock_want *want, int *fd,
                  struct err *err);

/* Looks at such a lock without taking it, so that nobody is kept from it: holder, of size bytes, is
 * then the process that has it ("process 4711 (hsmferry, user 0)"), or empty. Errors: ERR_DENIED
 * (the file could not be used as a lock), ERR_NO_INPUT. */
bool lock_look(const char *folder, const char *name, char *holder, size_t size, struct err *err);

/* Could locks be kept in this folder? Errors: as lock_for_all(). */
bool lock_folder_check(const char *folder, struct err *err);

#endif
