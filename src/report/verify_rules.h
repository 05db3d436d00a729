/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that every report of the right form must satisfy, whatever happened in its ceremony. */
#ifndef HSMFERRY_REPORT_VERIFY_RULES_H
#define HSMFERRY_REPORT_VERIFY_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* One rule, of the report, or of the report and its steps. check: report has passed
 * json_schema_check(). Errors: ERR_DATA, with the line; ERR_FAILED (memory). */
struct verify_rule {
    const char *words; /* the rule: "no key is migrated without three proofs" */
    bool (*check)(const struct node *report, struct err *err);
    bool (*check_steps)(const struct node *report, const struct rule_steps *steps, struct err *err);
};

extern const struct verify_rule verify_rules[];
extern const size_t verify_rule_count;

#endif
