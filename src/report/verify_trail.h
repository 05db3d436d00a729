/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the rules of verify_rules.h, and the rule of proofs. */
#ifndef HSMFERRY_REPORT_VERIFY_TRAIL_H
#define HSMFERRY_REPORT_VERIFY_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "protocol/step.h"
#include "report/verify_steps.h"
#include "report/yaml_tree.h"

/* Fails with ERR_DATA at the line of node. */
bool rule_wrong(const struct node *node, struct err *err, const char *why);

/* The first key (key is NULL), or the one after key; the companions follow after all keys. NULL:
 * there are no more. */
const struct node *rule_next_key(const struct node *report, const struct node *key);

/* The key or companion with this number; NULL: there is none, or they are not numbered from 1. */
const struct node *rule_key_numbered(const struct node *report, int64_t number);

/* No key is migrated without three proofs and all its steps, no public object without two. Whether
 * the steps are all there is not asked of a report that leaves them out. Errors: ERR_DATA,
 * ERR_FAILED (memory). */
bool trail_check_proofs(const struct node *report, const struct rule_steps *steps, struct err *err);

#endif
