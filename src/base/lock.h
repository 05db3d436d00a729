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

/* Takes a lock that all users of this host share: that of a file in folder, which others may write
 * to if it is sticky. Makes the file there, readable for all whatever the umask; who made it does
 * not matter. *fd is the caller's to close, which gives the lock back.
 *
 * Whoever may write to the folder can keep the lock from others, and its file's owner can remove
 * that; but nobody can redirect it to another file, nor have anything read or written by it.
 * Errors: ERR_NO_INPUT (there is no such folder), ERR_DENIED: the lock is another process's, which
 * is named, or what lies in its place is no file that all users can open. */
bool lock_for_all(const char *folder, const char *name, bool shared, const char *what, int *fd,
                  struct err *err);

#endif
