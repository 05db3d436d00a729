/* SPDX-License-Identifier: Apache-2.0 */
/* The check of a document for schema_load(), and the functions that schema.c shares with it. */
#ifndef HSMFERRY_BASE_SCHEMA_CHECK_H
#define HSMFERRY_BASE_SCHEMA_CHECK_H

#include <yaml.h>

#include "base/err.h"
#include "base/schema_source.h"

/* Does the document conform to the schema, and to the additional rules of schema_load()? */
bool schema_check(const struct schema_source *source, const cyaml_schema_value_t *schema,
                  struct err *err);

/* Creates a parser that reads source; the caller deletes it. */
bool schema_start(const struct schema_source *source, yaml_parser_t *parser, struct err *err);

/* Sets ERR_CONFIG "name:line:column: problem". Returns false. */
bool schema_wrong(const struct schema_source *source, yaml_mark_t mark, const char *problem,
                  struct err *err);

#endif
