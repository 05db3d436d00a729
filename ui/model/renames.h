/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that arrive under another label, because theirs is taken on the destination: as officers
 * typed it. */
#ifndef HSMFERRY_UI_MODEL_RENAMES_H
#define HSMFERRY_UI_MODEL_RENAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "plan/selection.h"

/* {0} is empty and valid. */
struct renames {
    struct plan_known *at; /* sorted by handle */
    size_t count;
};

/* The key with this handle arrives under this label; NULL: under its own one. Errors: ERR_FAILED
 * (memory), ERR_USAGE (too long, or empty). */
bool renames_set(struct renames *r, uint64_t handle, const char *label, struct err *err);

/* The name under which it arrives; NULL: its own one. */
const struct plan_name *renames_find(const struct renames *r, uint64_t handle);

/* The handles are of other keys from now on. */
void renames_free(struct renames *r);

#endif
