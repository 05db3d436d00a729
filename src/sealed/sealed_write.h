/* SPDX-License-Identifier: Apache-2.0 */
/* Writes sealed files: as PATH.part, which gets its name when all of it is on the disk. */
#ifndef HSMFERRY_SEALED_SEALED_WRITE_H
#define HSMFERRY_SEALED_SEALED_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sealed/sealed.h"

struct sealed_writer;

/* Creates PATH.part (mode 0600) and writes everything that comes before the first key or result.
 * Errors: ERR_CONFLICT (PATH or PATH.part exists: neither is replaced), ERR_DATA (a member has a
 * value that no file may have: the message names the field), ERR_IO, ERR_FAILED. The caller ends
 * it with sealed_finish() or sealed_abandon(). */
bool sealed_begin(const char *path, const struct sealed_file *file, struct sealed_writer **out,
                  struct err *err);

/* Adds a key to a bundle, a result to a receipt; their numbers ascend. Errors: as sealed_begin();
 * also ERR_DATA (an answer that must not be in a file unencrypted, sealed_may_be_clear()). After a
 * failure the file can only be abandoned. */
bool sealed_add_key(struct sealed_writer *w, const struct sealed_key *key, struct err *err);
bool sealed_add_result(struct sealed_writer *w, const struct sealed_result *result,
                       struct err *err);

/* Writes the manifest, makes sure that all is on the disk, and gives the file its name, unless a
 * file has that name meanwhile. sha256: of the whole file. Frees w in any case; after a failure
 * no file is left. Errors: ERR_DATA (fewer or more keys than head.keys), ERR_CONFLICT, ERR_IO;
 * ERR_UNFINISHED: the file has its name, but its folder is perhaps not on the disk. */
bool sealed_finish(struct sealed_writer *w, uint8_t sha256[SHA256_SIZE], struct err *err);

/* Removes PATH.part and frees w, which may be NULL. */
void sealed_abandon(struct sealed_writer *w);

/* An offer or acknowledgement in one call. Errors: all of the above. */
bool sealed_write(const char *path, const struct sealed_file *file, uint8_t sha256[SHA256_SIZE],
                  struct err *err);

#endif
