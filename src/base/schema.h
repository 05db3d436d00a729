/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML that people write, checked against a libcyaml schema to the last word. libcyaml fills the
 * structures, but it is lenient with numbers, obeys anchors, and names the line of the value before
 * the wrong one; so all is checked here first, and libcyaml meets only what fits.
 */
#ifndef HSMFERRY_BASE_SCHEMA_H
#define HSMFERRY_BASE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <cyaml/cyaml.h>

#include "base/err.h"

struct schema_source {
    const char *name; /* as messages call it */
    const char *text;
    size_t len;
    /* An entry of a list of these mappings may be its first field alone; NULL: none may. The list
     * is one of the document's own keys. */
    const cyaml_schema_value_t *short_form;
    /* What to do about this unknown key; NULL: nothing special. May itself be NULL. */
    const char *(*advice)(const char *key);
};

/* Loads the document into *out as schema (a mapping behind a pointer) says; freed with
 * schema_free(). Beyond YAML's own rules and the schema's, it must not have: a second document,
 * anchors, aliases, tags, control characters, keys that come twice. CYAML_UINT takes plain decimal
 * numbers only. The schema must be strict in its enums and flags. Errors: ERR_CONFIG,
 * "name:line:column: ..." with the nearest known key for an unknown one; no message holds a value.
 * ERR_FAILED (memory). */
bool schema_load(const struct schema_source *source, const cyaml_schema_value_t *schema, void **out,
                 struct err *err);
void schema_free(const cyaml_schema_value_t *schema, void *data);

/* Puts "name:line:column: " in front of err->what: where the value at path is ("keys.2.name",
 * entries counted from 0), or as much of the path as there is. Returns false. */
bool schema_at(const struct schema_source *source, struct err *err, const char *path, ...)
    __attribute__((format(printf, 3, 4)));

#endif
