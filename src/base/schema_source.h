/* SPDX-License-Identifier: Apache-2.0 */
/* A document for schema_load(), and the exceptions that apply to it. */
#ifndef HSMFERRY_BASE_SCHEMA_SOURCE_H
#define HSMFERRY_BASE_SCHEMA_SOURCE_H

#include <stddef.h>

#include <cyaml/cyaml.h>

struct schema_source {
    const char *name; /* its name in messages */
    const char *text;
    size_t len;
    /* An entry of a list of these mappings may be its first field alone; NULL: none may. The list
     * is one of the document's own keys. */
    const cyaml_schema_value_t *short_form;
    /* What to do about this unknown key; NULL: nothing special. May itself be NULL. */
    const char *(*advice)(const char *key);
};

#endif
