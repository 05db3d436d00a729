/* SPDX-License-Identifier: Apache-2.0 */
/* An index of a tape: which events there are to say something with, key by key and side by side. */
#ifndef HSMFERRY_JOURNAL_EVENT_INDEX_H
#define HSMFERRY_JOURNAL_EVENT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "journal/event_log.h"
#include "protocol/event.h"

struct ledger_key {
    size_t planned, done;
    size_t checks[KEY_CHECKS]; /* by method */
};

/* Places on the tape, 0: none. Where something was told again, the last word counts; a plan that
 * was made again replaces the one before. */
struct ledger {
    size_t begin, end, last;
    size_t hsm[2], choice[2], fingerprint[2]; /* [side], [is envelope], [side] */
    size_t more[HSM_ALGS];                    /* more envelopes */
    size_t offer[2][HSM_ALGS];
    size_t inventory[2][2];  /* [side][is after] */
    struct ledger_key *keys; /* by number - 1 */
    size_t key_count, key_room;
    uint32_t outcomes[KEY_OUTCOMES]; /* how many keys ended how ... */
    uint32_t along[KEY_OUTCOMES];    /* ... and what went along with one */
};

/* Reads the tape from its start. Freed with ledger_free() also on failure.
 * Errors: ERR_FAILED (memory). */
bool ledger_make(const struct tape *tape, struct ledger *ledger, struct err *err);
void ledger_free(struct ledger *ledger);

/* How this key stands: as it was told last, else as it was planned. */
enum key_outcome ledger_outcome(const struct event *planned, const struct event *done);

#endif
