/* SPDX-License-Identifier: Apache-2.0 */
/* A file with keys. It is opened once and read again for each key, so that its content is in memory
 * only meanwhile. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_FILE_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"

enum { KEY_FILE_MAX = 1024 * 1024, KEY_FILE_NAME = 128 };

struct key_file {
    int fd; /* -1: not open */
    size_t len;
    uint8_t sha256[SHA256_SIZE];
    char name[KEY_FILE_NAME]; /* the last part of its path, safe to show */
};

/* Opens the file. It must be a regular file that belongs to this user or root, that no other user
 * can read or write, and that is not empty. Errors: ERR_CONFIG (no absolute path, no such file),
 * ERR_DENIED (permissions, another owner, a symbolic link, not a regular file; not the content with
 * the SHA-256 in pinned, in hexadecimal, unless that is empty), ERR_DATA (empty, too long),
 * ERR_IO. */
bool key_file_open(const char *path, const char *pinned, struct key_file *file, struct err *err);
void key_file_close(struct key_file *file);

/* Its whole content, in locked memory, which the caller frees. Errors: ERR_CONFLICT (it is no
 * longer the same), ERR_IO, ERR_FAILED. */
bool key_file_read(const struct key_file *file, struct secret *text, struct err *err);

#endif
