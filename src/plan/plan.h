/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: which keys are migrated, how and in what order; and which cannot be, and why. */
#ifndef HSMFERRY_PLAN_PLAN_H
#define HSMFERRY_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "plan/plan_item.h"
#include "plan/policy.h"
#include "plan/suite.h"

/* A public key of the source that was read for the plan, and was as it was listed. */
struct plan_read {
    uint64_t handle;
    uint32_t bytes; /* of its DER */
};

struct plan {
    struct plan_read *read; /* in ascending order of the handles */
    size_t read_count;
    struct plan_item *items;
    size_t count;
    size_t movable;    /* how many of the selected ones can be migrated ... */
    size_t companions; /* ... and how many companions */
};

/* Frees what plan_make() (selection.h) has made. */
void plan_free(struct plan *plan);

/* Judges every item again: after the suite has changed.
 * Errors: ERR_FAILED (memory). */
bool plan_judge(const struct policy *policy, const struct suite *suite,
                const struct key_list *source, const struct key_list *destination,
                struct plan *plan, struct err *err);

/* Appends an item, and takes over what it owns. Errors: ERR_FAILED (memory); what it owns is then
 * freed. */
bool plan_add(struct plan *plan, const struct plan_item *item, struct err *err);

/* The companions of renamed keys take over their new label and id, as far as they had the old ones.
 * Errors: ERR_FAILED (memory). */
bool plan_rename_companions(struct plan *plan, struct err *err);

/* A listed key has moved to another place of the list. */
void plan_key_moved(struct plan *plan, const struct key_desc *from, const struct key_desc *to);

/* The verdict on every object of the source, in the order of its list, as the inventory shows it
 * before any selection. */
struct plan_verdict {
    uint64_t handle;
    bool movable;
    struct err_note reason; /* how, or why not */
};
struct plan_verdicts {
    struct plan_verdict *at;
    size_t count;
};

/* What of the verdict lies in the object itself: true if it may leave the source, wherever it goes.
 * Otherwise *reason is that of its verdict. */
bool plan_may_leave(const struct key_desc *key, struct err *reason);

/* Errors: ERR_FAILED (memory). Freed with plan_verdicts_free(). */
bool plan_verdicts(const struct policy *policy, const struct suite *suite,
                   const struct key_list *source, const struct key_list *destination,
                   struct plan_verdicts *out, struct err *err);
void plan_verdicts_free(struct plan_verdicts *verdicts);

#endif
