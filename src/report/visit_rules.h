/* SPDX-License-Identifier: Apache-2.0 */
/* What each visit of a ceremony in two rooms ends with and carries, for the rules about its report.
 */
#ifndef HSMFERRY_REPORT_VISIT_RULES_H
#define HSMFERRY_REPORT_VISIT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/visit.h"
#include "report/yaml_tree.h"

struct visit_rule {
    uint32_t outcomes;          /* of keys, as bits 1 << enum key_outcome */
    const char *takes, *writes; /* formats of files, separated by blanks */
};

/* That of the visit that the report is about; VISIT_NONE: of none. */
const struct visit_rule *visits_rule(const struct node *report);

/* Has it taken this file from a key service? */
bool visits_is_returned(const struct node *file);

/* The visit that the report is about; VISIT_NONE: a ceremony in one room. */
enum visit visits_of(const struct node *report);

/* The steps of a key that arrived, as bits 1 << enum step_id; public: of a public object. */
uint32_t visits_way(enum visit visit, bool public);

#endif
