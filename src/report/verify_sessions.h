/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of sessions: how many are used follows from what was measured, and with one session keys
 * follow each other. */
#ifndef HSMFERRY_REPORT_VERIFY_SESSIONS_H
#define HSMFERRY_REPORT_VERIFY_SESSIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* A report without `ceremony.sessions` passes: nothing was decided, or it is older than that. The
 * steps of keys, and with them the times that were measured, are in the journal only. Errors:
 * ERR_DATA, ERR_FAILED (memory). */
bool sessions_check(const struct node *report, const struct rule_steps *steps, struct err *err);

#endif
