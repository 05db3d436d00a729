/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of verify_rules.h about the visits of a ceremony in two rooms: each is one part of it. */
#ifndef HSMFERRY_REPORT_VERIFY_VISITS_H
#define HSMFERRY_REPORT_VERIFY_VISITS_H

#include <stdbool.h>

#include "base/err.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* Each file that came from the other room was authenticated before it was taken, and the files are
 * those of the visit; each outcome of a key is one that the visit can have. Errors: ERR_DATA. */
bool visits_check_files(const struct node *report, struct err *err);

/* The steps are those of the visit, in the protocol's order. Errors: ERR_DATA, ERR_FAILED. */
bool visits_check_order(const struct node *report, const struct rule_steps *steps, struct err *err);

#endif
