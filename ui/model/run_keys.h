/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a run, which can be ten thousand. Those that were looked at or changed last are at
 * hand; of the others, only what changed in them is kept, from moment to moment. So a key can also
 * be read as it was at an earlier moment, and going there costs nothing that grows with the keys.
 */
#ifndef HSMFERRY_UI_MODEL_RUN_KEYS_H
#define HSMFERRY_UI_MODEL_RUN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"
#include "protocol/event.h"

/* How far a step has come; the last four as enum event_state. */
enum run_state { RUN_AHEAD, RUN_BEGUN, RUN_OK, RUN_FAILED, RUN_UNDONE };

/* The texts are kept in run.texts; in what run_step() returns, none is NULL. */
struct run_step {
    enum run_state state;
    uint32_t bytes;   /* what left, crossed the relay or arrived; 0: nothing */
    int64_t begun_ms; /* on the front end's own clock */
    int64_t micros;
    const char *call; /* the API's own call */
    const char *text;
    uint8_t sha256[32];
};

/* The steps that each key has for itself. */
enum { RUN_KEY_STEPS = STEP_SEAL - STEP_WRAP_KEY + 1 };

/* One proof of a key: before it was kept, after that, and by a fresh process. */
enum { RUN_PROOFS = 3 };
struct run_proof {
    enum run_state state;
    int64_t utc_ms;
    const char *call[2]; /* by side: what it computed, in its API's words; NULL: RUN_AHEAD */
};

/* One key of the plan, with all that is known of its way: any number may be in progress. */
struct run_key {
    struct key_desc source;
    struct key_desc destination; /* once migrated */
    uint32_t want_flags;
    enum key_route route;
    bool kept;  /* an interrupted ceremony has put it there already */
    bool begun; /* one of its steps has */
    bool in_progress;
    uint32_t companion_of; /* it is a companion of this key, from 1; 0: it was chosen itself */
    uint32_t companion, last_companion; /* of it, from 1; 0: it has none */
    uint32_t next_companion;            /* of the same key, from 1; 0: it is the last */
    enum key_outcome outcome;
    const char *reason; /* how it is migrated, or why not; later the last word on it */
    struct kcv kcvs[3]; /* the check values that are known */
    unsigned kcv_count;
    const char *proof; /* the method planned; later the proof's sentence */
    unsigned stages;   /* bit (1 << enum step_id) for each stage that proved it */
    int64_t proven_ms; /* wall clock of the last proof */
    struct run_proof proofs[RUN_PROOFS];
    struct run_step steps[RUN_KEY_STEPS]; /* see run_step() */
};

struct run_keys;

/* NULL: no memory. Freed with run_keys_free(), which is fine with NULL. */
struct run_keys *run_keys_new(void);
void run_keys_free(struct run_keys *keys);

/* The key with this number, from 1, that was changed before. Valid until RUN_KEYS_AT_HAND others
 * were looked at or changed. */
enum { RUN_KEYS_AT_HAND = 64 };
const struct run_key *run_keys_at(struct run_keys *keys, uint32_t number);

/* The same, to be changed; at first all zeros. Valid as long. NULL: no memory. */
struct run_key *run_keys_change(struct run_keys *keys, uint32_t number);

/* All keys as they are now are as at this moment; moments rise from 0. False: no memory. */
bool run_keys_keep(struct run_keys *keys, uint32_t moment);

/* Makes all keys as they were at this moment, which was kept. */
void run_keys_restore(struct run_keys *keys, uint32_t moment);

/* Keys that were put together from their changes so far: what a test counts; and the octets that
 * the changes take. */
uint64_t run_keys_unpacked(const struct run_keys *keys);
size_t run_keys_size(const struct run_keys *keys);

#endif
