/* SPDX-License-Identifier: Apache-2.0 */
/* What a report must say of a new key that both HSMs derived. */
#ifndef HSMFERRY_REPORT_VERIFY_DERIVED_H
#define HSMFERRY_REPORT_VERIFY_DERIVED_H

#include <stdbool.h>

#include "base/err.h"
#include "report/yaml_tree.h"

/* Does the ceremony derive a key? Then it carries none. */
bool derived_is(const struct node *report);

/* One new key, next to an old one; its transport is ECDH; officers compared its fingerprint, which
 * no policy waives; and neither side holds it in a form that could leave. Errors: ERR_DATA. */
bool derived_check(const struct node *report, struct err *err);

#endif
