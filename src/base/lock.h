/* SPDX-License-Identifier: Apache-2.0 */
/* Locks between processes (flock(2)): they end with the process that holds them, however it ends,
 * and with those that it gave the open file to. */
#ifndef HSMFERRY_BASE_LOCK_H
#define HSMFERRY_BASE_LOCK_H

#include <stdbool.h>

#include "base/err.h"

/* Takes the lock of an open file without waiting; closing the file gives it back. what: whose lock
 * it is, for messages ("the journal /x"). Where the file system has no locks it succeeds.
 * Errors: ERR_DENIED, naming the process that holds it. */
bool lock_take(int fd, bool shared, const char *what, struct err *err);

/* Opens the file of a lock in folder, which others may write to if it is sticky, or makes it there;
 * *fd stays the caller's to close. Whoever may write there can keep the lock, but can neither
 * redirect it to another file nor read anything from it. Errors: ERR_IO. */
bool lock_open(const char *folder, const char *name, int *fd, struct err *err);

#endif
