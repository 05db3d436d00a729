/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the fields of sealed files as YAML: to a descriptor, or only into a digest. There is one
 * way to write each value. */
#ifndef HSMFERRY_SEALED_SEALED_ENCODE_H
#define HSMFERRY_SEALED_SEALED_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sealed/sealed_fields.h"

struct sealed_encoder;

/* fd: what is written goes there too, and the caller keeps it; -1: it is only digested. Errors:
 * ERR_FAILED (memory). */
bool sealed_encoder_new(int fd, struct sealed_encoder **out, struct err *err);
void sealed_encoder_free(struct sealed_encoder *e);

/* Writes the fields of a structure, each on its own line. Errors: ERR_DATA (a member has a value
 * that no file may have; the message names the field), ERR_IO, ERR_FAILED. */
bool sealed_encode(struct sealed_encoder *e, const struct sealed_table *table, const void *from,
                   struct err *err);

/* The same as the value of a field, or as one entry of a list that sealed_encode_list() began. */
bool sealed_encode_map(struct sealed_encoder *e, const char *name, const struct sealed_table *table,
                       const void *from, struct err *err);
bool sealed_encode_list(struct sealed_encoder *e, const char *name, struct err *err);
bool sealed_encode_entry(struct sealed_encoder *e, const struct sealed_table *table,
                         const void *from, struct err *err);

/* The octets so far and their SHA-256; what is buffered is written. Errors: ERR_IO, ERR_FAILED. */
bool sealed_encoder_sum(struct sealed_encoder *e, struct sealed_manifest *sum, struct err *err);

#endif
