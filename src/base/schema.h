/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML that people write, strictly checked against a libcyaml schema. libcyaml fills the
 * structures, but it is lenient with numbers, expands anchors, and reports the line of the value
 * before the wrong one; so everything is checked here first, and libcyaml gets only valid
 * documents.
 */
#ifndef HSMFERRY_BASE_SCHEMA_H
#define HSMFERRY_BASE_SCHEMA_H

#include <stdbool.h>

#include <cyaml/cyaml.h>

#include "base/err.h"
#include "base/schema_source.h"

/* Loads the document into *out according to schema (a mapping with a pointer); the caller frees it
 * with schema_free(). In addition to YAML's own rules and the schema, a document must not contain:
 * a second document, anchors, aliases, tags, control characters, repeated keys. CYAML_UINT accepts
 * only plain decimal numbers. The schema must be strict in its enums and flags. Errors: ERR_CONFIG,
 * "name:line:column: ..." with the nearest known key for an unknown one; no message contains a
 * value. ERR_FAILED (memory). */
bool schema_load(const struct schema_source *source, const cyaml_schema_value_t *schema, void **out,
                 struct err *err);
void schema_free(const cyaml_schema_value_t *schema, void *data);

/* Prefixes err->what with "name:line:column: ", the position of the value at path ("keys.2.name",
 * entries counted from 0), or of as much of the path as exists. Returns false. */
bool schema_at(const struct schema_source *source, struct err *err, const char *path, ...)
    __attribute__((format(printf, 3, 4)));

#endif
