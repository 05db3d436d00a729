/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of verify_rules.h about questions and their answers, waivers, policy, and warnings. */
#ifndef HSMFERRY_REPORT_VERIFY_GATES_H
#define HSMFERRY_REPORT_VERIFY_GATES_H

#include <stdbool.h>

#include "base/err.h"
#include "report/yaml_tree.h"

/* Is this entry of `gates` about a plan that was replaced? */
bool gates_is_void(const struct node *gate);

/* All hold of a report with `summary.gates-ms`; older ones pass. Errors: ERR_DATA, with the line.
 */
bool gates_check(const struct node *report, struct err *err);
bool gates_check_policy(const struct node *report, struct err *err);
bool gates_check_warnings(const struct node *report, struct err *err);

#endif
