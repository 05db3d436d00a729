/* SPDX-License-Identifier: Apache-2.0 */
/* Is a copy that the destination had already in line with its original? */
#ifndef HSMFERRY_TRANSFER_IN_LINE_H
#define HSMFERRY_TRANSFER_IN_LINE_H

#include <stdbool.h>

#include "base/err.h"
#include "plan/plan.h"

/* Has the copy, as it was just read, what was set? Errors: ERR_UNSUPPORTED (not all of it),
 * ERR_DATA (it is looser than it was). */
bool in_line_holds(const struct plan_item *item, const struct key_desc *is, struct err *err);

/* The name under which the destination has, or will have, this key. */
const struct key_desc *in_line_name(const struct plan_item *item);

#endif
