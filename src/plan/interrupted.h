/* SPDX-License-Identifier: Apache-2.0 */
/* An interrupted ceremony, as its journal records it: the state from which another one resumes. */
#ifndef HSMFERRY_PLAN_INTERRUPTED_H
#define HSMFERRY_PLAN_INTERRUPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/explained.h"
#include "plan/origins.h"
#include "plan/plan.h"
#include "plan/script.h"

/* One key of its plan. */
struct interrupted_key {
    bool explicit; /* selected by name, not by a pattern */
    bool refused;  /* it could not be migrated then; if an HSM had failed, it may be possible now */
    bool announced;         /* its commit was announced, whatever the outcome */
    bool intended;          /* its commit was announced and not undone: it may exist, and be ours */
    bool proven;            /* ... and it was proven after its commit */
    bool waived;            /* it was migrated under a waiver, since nothing can prove it */
    bool failed;            /* it is known not to exist: its migration failed */
    bool derived;           /* it was to be new on both sides ... */
    bool kept_on_source;    /* ... and its commit there was announced and not undone */
    bool aligned;           /* its copy was there, and was to be brought into line */
    bool companion;         /* accompanies another key: added to the plan, not selected */
    struct plan_name *from; /* its name on the source, if it was to arrive under another one */
};

struct interrupted_ceremony {
    char id[40];             /* of that ceremony; its temporaries are labelled "hsmferry:<id>" */
    bool clean;              /* remove unproven keys, and migrate nothing */
    struct hsm_slot slot[2]; /* the tokens, by enum side */
    uint32_t nameless[2];    /* objects that bore neither class nor name when it began */
    bool unexplained;      /* at its end the destination held something that nobody could explain */
    uint32_t cuts;         /* commits that never told that they went well */
    struct key_list descs; /* the keys, as listed on the source then; ... */
    struct interrupted_key *keys; /* ... what is known of each, in the same order */
    struct script script;         /* that it was to follow; {0}: none */
    struct explained explained;   /* how its plan differed from that, and why */
    struct origins origins;       /* of its policy */
};

#endif
