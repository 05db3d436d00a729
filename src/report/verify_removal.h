/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of verify_rules.h about removals: no key is destroyed without a proven copy, and the report
 * neither claims a destruction that did not happen, nor hides one that did. */
#ifndef HSMFERRY_REPORT_VERIFY_REMOVAL_H
#define HSMFERRY_REPORT_VERIFY_REMOVAL_H

#include <stdbool.h>

#include "base/err.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* Is the report that of a removal? */
bool removal_is(const struct node *report);

/* Its keys, their counts, the two roles, and the proofs of the copies; in every other report
 * nothing is destroyed. Errors: ERR_DATA. */
bool removal_check(const struct node *report, struct err *err);

/* Its steps: the tokens are distinguished and every copy is proven before the first key is
 * destroyed, and the first copy once more before the second. Errors: ERR_DATA. */
bool removal_check_order(const struct node *report, const struct rule_steps *steps,
                         struct err *err);

#endif
