/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of pace: each wait is one that the pace in force asks for, and none is missing. */
#ifndef HSMFERRY_REPORT_VERIFY_PACE_H
#define HSMFERRY_REPORT_VERIFY_PACE_H

#include <stdbool.h>

#include "base/err.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* A report without `ceremony.pace` is older than that, and passes. Errors: ERR_DATA. */
bool pace_check(const struct node *report, const struct rule_steps *steps, struct err *err);

#endif
