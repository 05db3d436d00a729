/* SPDX-License-Identifier: Apache-2.0 */
/* The file of one sealed key. */
#ifndef HSMFERRY_TRANSFER_SEALED_FILE_H
#define HSMFERRY_TRANSFER_SEALED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "transfer/sealing.h"

/* The path of the file of this key, by its number in the plan and its label. out has EVENT_PATH_MAX
 * bytes. Returns out. */
char *sealed_file_path(const struct sealing *sealing, uint32_t number, const struct key_desc *key,
                       char *out);

/* Its content. kek: the encrypted AES key; NULL: the key is encrypted directly. Errors: ERR_FAILED
 * (memory). The caller frees *file. */
bool sealed_file_make(const struct sealing *sealing, const struct bytes *kek,
                      const struct bytes *wrapped, struct bytes *file, struct err *err);

/* Writes it, for this user alone: it appears whole under its name, or not at all; after an error
 * there is none. Errors:
 * ERR_CONFLICT (there is such a file, which is left as it is), ERR_IO. */
bool sealed_file_write(const char *path, const struct bytes *file, struct err *err);

/* Removes it again. Errors: ERR_IO. */
bool sealed_file_remove(const char *path, struct err *err);

#endif
