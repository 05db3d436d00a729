/* SPDX-License-Identifier: Apache-2.0 */
/* Does a document conform to a JSON Schema? */
#ifndef HSMFERRY_REPORT_JSON_SCHEMA_H
#define HSMFERRY_REPORT_JSON_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "journal/event_log.h"
#include "report/yaml_tree.h"

/* Checks document against schema, which may contain only these keywords: $ref to a definition, type
 * (object, array, string, integer), properties, required, additionalProperties (false), items, enum
 * (of strings), pattern (an extended regular expression), minimum, maximum. Errors: ERR_DATA, with
 * the line and the place; ERR_FAILED: the schema contains something else. */
bool json_schema_check(const struct node *schema, const struct node *document, struct err *err);

/* The schema of each format of the report (the first is hsmferry-audit-1.schema.json), as it was
 * when this program was built. */
struct json_schema {
    const unsigned char *json;
    size_t len;
};
extern const struct json_schema json_schema_reports[RECORD_FORMAT];

#endif
