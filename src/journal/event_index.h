/* SPDX-License-Identifier: Apache-2.0 */
/* An index of a tape: the relevant events, by key and by side. */
#ifndef HSMFERRY_JOURNAL_EVENT_INDEX_H
#define HSMFERRY_JOURNAL_EVENT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "journal/event_log.h"
#include "protocol/event.h"
#include "protocol/script_word.h"

struct event_index_key {
    size_t planned, done;
    size_t kcvs[KCV_METHODS]; /* by method */
    uint32_t line;            /* of the script, that names it; 0: none */
    size_t open;              /* the beginning of its last step, if that has no end */
};

/* A key of the plan by its handle on the source. */
struct event_index_handle {
    uint64_t handle;
    uint32_t number;
};

/* The script, and how far it was followed. */
struct event_index_script {
    uint32_t lines, keys, differences;  /* how many there are, of the plan made last */
    uint32_t arrived;                   /* keys of it that were migrated */
    size_t opened, planned;             /* the first event of each, as it came last */
    struct event_index_handle *handles; /* of the plan, sorted */
    size_t handle_count;
};

/* Places on the tape, 0: none. If an event was repeated, the latest one counts; a new plan replaces
 * the previous one. */
struct event_index {
    size_t begin, end, last;
    size_t hsm[2], choice[2], fingerprint[2]; /* [side], [is envelope], [side] */
    size_t more[HSM_ALGS];                    /* more envelopes */
    size_t capability[2][HSM_ALGS];
    size_t inventory[2][2]; /* [side][is after] */
    size_t plan;            /* what came before is not about the plan made last */
    uint32_t plan_number;   /* at which attempt that was made; 0: there is no plan */
    struct event_index_script script;
    struct event_index_key *keys; /* by number - 1 */
    size_t key_count, key_room;
    uint32_t outcomes[KEY_OUTCOMES];   /* the number of keys with each outcome ... */
    uint32_t companions[KEY_OUTCOMES]; /* ... and of companions */
};

/* Reads the tape from its start. The caller frees ledger with event_index_free(), also after a
 * failure. Errors: ERR_FAILED (memory). */
bool event_index_make(const struct event_log *log, struct event_index *index, struct err *err);
void event_index_free(struct event_index *index);

/* The number of the plan's key with this handle on the source; 0: there is none. */
uint32_t event_index_number(const struct event_index *index, uint64_t handle);

/* What became of the script. */
enum script_outcome event_index_script(const struct event_index *index);

/* How this key stands: as it was told last, else as it was planned. */
enum key_outcome event_index_outcome(const struct event *planned, const struct event *done);

#endif
