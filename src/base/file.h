/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are believed because nobody else can change, or even read, them. */
#ifndef HSMFERRY_BASE_FILE_H
#define HSMFERRY_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

/* Opens a file for reading into *fd. It must be a regular file, not a symbolic link, of this user
 * or root, without any of the permission bits in forbidden: 022, nobody else may write it; 077,
 * nor read it. Errors: ERR_NO_INPUT (there is none), ERR_DENIED, ERR_IO. */
bool file_open_trusted(const char *path, mode_t forbidden, int *fd, struct err *err);

/* Can nobody but root and this user exchange what is in the folders above this file, whose path is
 * absolute and without symbolic links? Each belongs to one of them, and no other may write it, but
 * for one that is sticky. Errors: ERR_DENIED, ERR_IO. */
bool file_folders_trusted(const char *path, struct err *err);

/* All that is in fd, which messages call name. Errors: ERR_CONFIG (more than max octets), ERR_IO,
 * ERR_FAILED. The caller frees *text. */
bool file_read(int fd, const char *name, size_t max, struct bytes *text, struct err *err);

/* The path without symbolic links (safe to show, cut where real_size is too small) and the SHA-256
 * of the regular file that is there now. False: it cannot be read; both are then empty. */
bool file_sha256(const char *path, char *real, size_t real_size, uint8_t sha256[32]);

/* The SHA-256 of all that is in fd, a regular file, which is written into copy, too (-1: nowhere).
 * False: it cannot be read, or not be copied; errno says why. */
bool file_digest(int fd, int copy, uint8_t sha256[32]);

/* A path as messages show it: made safe, and cut in the middle where it is long. out has FILE_SHOWN
 * bytes. Returns out. */
enum { FILE_SHOWN = 320 };
const char *file_shown(const char *path, char *out);

#endif
