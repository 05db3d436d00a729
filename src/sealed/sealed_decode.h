/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the fields of sealed files, one libyaml event after the other, from a descriptor. Exactly
 * the fields of the tables are accepted, in their order, with exactly the values that
 * sealed_encode.h can write; no anchors, aliases or tags. Memory does not depend on the file.
 */
#ifndef HSMFERRY_SEALED_SEALED_DECODE_H
#define HSMFERRY_SEALED_SEALED_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sealed/sealed_fields.h"

struct sealed_decoder;

/* Reads from the start of the file, whatever the position of fd, which the caller keeps. Messages
 * call the file name, which must be valid until sealed_decoder_free(). Errors: ERR_FAILED
 * (memory). */
bool sealed_decoder_new(int fd, const char *name, struct sealed_decoder **out, struct err *err);
void sealed_decoder_free(struct sealed_decoder *d);

/* Each reads the next part of the document. Errors: ERR_DATA, "name:line:column: ..." (anything
 * else is there, or the file ends), ERR_IO, ERR_FAILED. */

/* The beginning, and the end: what follows is refused. manifest: the octets and the SHA-256 of the
 * whole file. */
bool sealed_decode_begin(struct sealed_decoder *d, struct err *err);
bool sealed_decode_end(struct sealed_decoder *d, struct sealed_manifest *whole, struct err *err);

/* The fields of a structure. *to must be zeroed. What was read so far stays there after a failure,
 * so that the caller can free it. */
bool sealed_decode(struct sealed_decoder *d, const struct sealed_table *table, void *to,
                   struct err *err);

/* The same as the value of a field. */
bool sealed_decode_map(struct sealed_decoder *d, const char *name, const struct sealed_table *table,
                       void *to, struct err *err);

/* The beginning of a list; one entry of it, or *end. */
bool sealed_decode_list(struct sealed_decoder *d, const char *name, struct err *err);
bool sealed_decode_entry(struct sealed_decoder *d, const struct sealed_table *table, void *to,
                         bool *end, struct err *err);

/* Sets ERR_DATA "name:line:column: why" for the part that was read last. Returns false. */
bool sealed_decode_wrong(const struct sealed_decoder *d, struct err *err, const char *why, ...)
    __attribute__((format(printf, 3, 4)));

#endif
