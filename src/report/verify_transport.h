/* SPDX-License-Identifier: Apache-2.0 */
/* The transport that carried the keys: is it one that the policy of the same report allows? */
#ifndef HSMFERRY_REPORT_VERIFY_TRANSPORT_H
#define HSMFERRY_REPORT_VERIFY_TRANSPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "report/yaml_tree.h"

/* Neither below the floor of "transports", nor without the key-derivation function that "kdf"
 * requires. Older reports have no such policy. Errors: ERR_DATA. */
bool transport_check_policy(const struct node *report, struct err *err);

#endif
