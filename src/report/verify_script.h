/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of verify_rules.h about the script, and about the people. */
#ifndef HSMFERRY_REPORT_VERIFY_SCRIPT_H
#define HSMFERRY_REPORT_VERIFY_SCRIPT_H

#include <stdbool.h>

#include "base/err.h"
#include "report/yaml_tree.h"

/* Both hold of a report that has a script at all; the first ones of format 2 have none. Errors:
 * ERR_DATA, with the line. */
bool script_check(const struct node *report, struct err *err);
bool people_check(const struct node *report, struct err *err);

#endif
