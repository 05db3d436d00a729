/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal of an interrupted ceremony says: all that a resuming one starts from. */
#ifndef HSMFERRY_PLAN_INTERRUPTED_H
#define HSMFERRY_PLAN_INTERRUPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/script.h"

/* One key that was asked for. */
struct interrupted_key {
    bool explicit;  /* by itself, not by a pattern */
    bool refused;   /* it could not go then; where an HSM had failed, it may now */
    bool announced; /* its commit was, whatever became of it */
    bool intended;  /* its commit was announced, and not taken back: it may be there, and be ours */
    bool proven;    /* ... and it was proven behind its commit */
    bool waived;    /* it arrived, and nothing can prove it: that was waived then */
    bool failed;    /* it is known not to be there: its turn came and went */
    bool companion; /* goes along with another: it is not asked for, it comes by itself */
};

struct interrupted_ceremony {
    char id[40];             /* of that ceremony; its temporaries are labelled "hsmferry:<id>" */
    bool clean;              /* take back what was not proven, and start nothing over */
    struct hsm_slot slot[2]; /* the tokens, by enum side */
    uint32_t nameless[2];    /* objects that bore neither class nor name when it began */
    bool unexplained;      /* at its end the destination held something that nobody could explain */
    uint32_t cuts;         /* commits that never told that they went well */
    struct key_list descs; /* the keys, as listed on the source then; ... */
    struct interrupted_key *keys; /* ... what is known of each, in the same order */
    struct script script;         /* that it was to follow; {0}: none */
};

#endif
