/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of verify_rules.h about questions and their answers, waivers, policy, and warnings. */
#ifndef HSMFERRY_REPORT_VERIFY_GATES_H
#define HSMFERRY_REPORT_VERIFY_GATES_H

#include <stdbool.h>

#include "base/err.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* Is this entry of `gates` about a plan that was replaced? */
bool gates_is_void(const struct node *gate);

/* Each step that needs a gate comes after it. Without the steps of keys: each key that arrived has
 * passed its gate. Errors: ERR_DATA, with the line; ERR_FAILED (memory). */
bool gates_check_order(const struct node *report, const struct rule_steps *steps, struct err *err);

/* All hold of a report with `summary.gates-ms`; older ones pass. Errors: ERR_DATA, with the line.
 */
bool gates_check(const struct node *report, struct err *err);
bool gates_check_policy(const struct node *report, struct err *err);
bool gates_check_warnings(const struct node *report, struct err *err);

#endif
