/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a removal, for its files only. */
#ifndef HSMFERRY_CEREMONY_REMOVAL_PARTS_H
#define HSMFERRY_CEREMONY_REMOVAL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ceremony/members.h"
#include "ceremony/removal_job.h"
#include "transfer/step_result.h"
#include "transfer/witness.h"

/* One key of the job; its transfer has the same place. */
struct removal_item {
    const struct removal_key *of;
    const struct key_desc *at[2]; /* by side, as listed; NULL: it is not there */
    bool gone;                    /* an interrupted removal has destroyed it */
    bool wanted;                  /* it is removed, or was (gone) */
    struct witness *witness;      /* for the proofs of its copy; NULL: none */
};

struct removal_walk {
    struct ceremony *c;
    const struct removal_job *job;
    enum side from, keeper; /* whose keys are destroyed; whose copies stay */
    struct removal_item *items;
    size_t to_remove;  /* keys, without companions and without those that are gone */
    size_t destroyed;  /* by this ceremony */
    struct err failed; /* why it did not come to its end */
};

/* removal_enter.c: the two roles, the rehearsal, the signature of the report, and the devices; then
 * both HSMs are open, locked and listed. Errors: ERR_DENIED, ERR_CONFLICT (another pair),
 * ERR_STOPPED, errors of the HSMs. */
bool removal_enter(struct removal_walk *w, struct err *err);

/* removal_plan.c: looks for every key of the report on both sides, and records the plan. Errors:
 * ERR_FAILED (memory), a sink that refuses, ERR_GONE; the reason of the first key if none is left.
 */
bool removal_plan(struct removal_walk *w, struct err *err);

/* The plan of a removal that never listed its keys: it says which of them an interrupted removal
 * has announced. Errors: ERR_FAILED (memory), a sink that refuses. */
bool removal_plan_unseen(struct removal_walk *w, struct err *err);

/* removal_twice.c. Errors: ERR_CONFLICT (both sides are one token), ERR_UNFINISHED, errors of the
 * HSMs. */
bool removal_distinguish(struct removal_walk *w, struct step_result *result, struct err *err);

/* removal_prove.c: the HSM that loses the keys answers, for all turns. */
bool removal_witness(struct removal_walk *w, size_t i, struct err *err);

/* Opens a fresh process on the side that keeps the keys, and proves there the copies of these
 * items (count of them, from first on), which are wanted, each with the events of this step.
 * destroyed: only those that are gone from the other side. */
bool removal_prove(struct removal_walk *w, enum step_id stage, size_t first, size_t count,
                   bool destroyed, struct err *err);

/* Opens a gate and waits for the right answer; true also if the key is to be left out. Errors:
 * ERR_STOPPED, a sink that refuses. */
bool removal_gate(struct removal_walk *w, const struct gate_subject *about, struct err *err);

/* Have the officers asked to stop? Errors: ERR_STOPPED. */
bool removal_goes_on(const struct removal_walk *w, struct err *err);

/* A step, with its events, of one transfer or (NULL) of none. */
typedef bool removal_step_fn(struct removal_walk *w, void *ctx, struct step_result *result,
                             struct err *err);
bool removal_step(struct removal_walk *w, enum step_id id, const struct transfer *t,
                  removal_step_fn *run, void *ctx, struct err *err);

static inline struct party *removal_party(const struct removal_walk *w, enum side side)
{
    return &w->c->side[side];
}

#endif
