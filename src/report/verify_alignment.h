/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of copies that were there already, and whose attributes were brought into line. */
#ifndef HSMFERRY_REPORT_VERIFY_ALIGNMENT_H
#define HSMFERRY_REPORT_VERIFY_ALIGNMENT_H

#include <stdbool.h>

#include "base/err.h"
#include "report/yaml_tree.h"

/* Errors: ERR_DATA, with the line. */
bool alignment_check(const struct node *report, struct err *err);

#endif
