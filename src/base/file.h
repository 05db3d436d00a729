/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are trusted because no other user can change, or even read, them. */
#ifndef HSMFERRY_BASE_FILE_H
#define HSMFERRY_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

/* Opens a file for reading into *fd. It must be a regular file, not a symbolic link, owned by this
 * user or root, without any of the permission bits in forbidden: 022 if no other user may write it,
 * 077 if no other user may read it either. Errors: ERR_NO_INPUT (no such file), ERR_DENIED,
 * ERR_IO. */
bool file_open_trusted(const char *path, mode_t forbidden, int *fd, struct err *err);

/* Can only root and this user replace files in the folders above this file? path is absolute and
 * contains no symbolic links. Each folder must belong to one of them, and be writable to no other
 * user unless it has the sticky bit. Errors: ERR_DENIED, ERR_IO. */
bool file_folders_trusted(const char *path, struct err *err);

/* Reads the whole content of fd, which messages call name. Errors: ERR_CONFIG (more than max
 * octets), ERR_IO, ERR_FAILED. The caller frees *text. */
bool file_read(int fd, const char *name, size_t max, struct bytes *text, struct err *err);

/* The path without symbolic links (safe to show, truncated if real_size is too small), and the
 * SHA-256 of the regular file that is there now. Returns false if the file cannot be read; both are
 * then empty. */
bool file_sha256(const char *path, char *real, size_t real_size, uint8_t sha256[32]);

/* The SHA-256 of the whole content of fd, a regular file, which is also copied to the descriptor
 * copy (-1: not copied). Returns false if it cannot be read or copied; errno holds the reason. */
bool file_digest(int fd, int copy, uint8_t sha256[32]);

/* A path for messages: made safe, and shortened in the middle if it is long. out has FILE_SHOWN
 * bytes. Returns out. */
enum { FILE_SHOWN = 320 };
const char *file_shown(const char *path, char *out);

#endif
