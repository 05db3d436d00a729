/* SPDX-License-Identifier: Apache-2.0 */
/* One ceremony as its events told it: what the ceremony, verification and end views show. */
#ifndef HSMFERRY_UI_MODEL_RUN_H
#define HSMFERRY_UI_MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"

enum { RUN_NOTES_MAX = 24, RUN_MORE_MAX = 2, RUN_UNANSWERED_MS = 10000 };

/* One key of the plan. */
struct run_key {
    struct key_desc source;
    struct key_desc destination; /* once migrated */
    uint32_t want_flags;
    enum key_route route;
    uint32_t companion_of; /* it goes along with this key, from 1; 0: it was chosen itself */
    enum key_outcome outcome;
    char reason[EVENT_TEXT_MAX]; /* how it goes or why not; later the last word on it */
    struct check checks[3];      /* the check values, where they were told */
    unsigned check_count;
    char proof[EVENT_TEXT_MAX]; /* the method planned; later the proof's sentence */
    unsigned stages;            /* bit (1 << enum step_id) for each stage that proved it */
    int64_t proven_ms;          /* wall clock of the last proof */
};

struct run_step {
    enum event_state state;
    bool told;        /* it has begun */
    int64_t begun_ms; /* on the front end's own clock */
    uint32_t bytes;
    uint8_t sha256[32];
    int64_t micros;
    char words[96];
    char text[EVENT_TEXT_MAX];
};

struct run_choice {
    bool told;
    enum hsm_alg alg;
    uint32_t bits;
    char source_words[96];
    char destination_words[96];
    char keys[64]; /* the kinds that go in this envelope; empty: all that go in one */
    char reason[EVENT_TEXT_MAX];
};

struct run_note {
    enum event_kind kind; /* EVENT_WARNING or EVENT_REJECTED */
    unsigned keys;        /* of how many keys of the plan it was told */
    char name[64];
    char text[EVENT_TEXT_MAX];
};

struct run_gate {
    uint64_t seq; /* of the open gate, which the answer must name; 0: none is open */
    enum gate gate;
    uint32_t key; /* of the plan, from 1; 0: it is not about one key */
    unsigned tries_left;
    enum gate_state last; /* what became of the answer before */
    char question[EVENT_TEXT_MAX];
    char officer[EVENT_TEXT_MAX];
    char role[64];
};

struct run_fingerprint {
    bool told;
    uint8_t spki_sha256[32];
    uint32_t bytes, bits;
};

/* A call under way. */
struct run_call {
    bool under_way;
    int64_t since_ms; /* on the front end's own clock */
    char name[32], words[96];
};

struct run_inventory {
    bool told;
    uint32_t objects, unexplained, missing;
};

struct run {
    char title[EVENT_TEXT_MAX];
    char id[40];
    char version[32];
    bool rehearsal;
    struct run_choice transport, envelope;
    struct run_choice more[RUN_MORE_MAX]; /* envelopes for some of the keys */
    unsigned more_count;
    uint32_t
        canaries[CANARY_IMPOSSIBLE + 1]; /* bit (1 << enum key_kind) for each kind that ended so */
    int64_t canary_ms;                   /* wall clock of the last canary; 0: none yet */
    struct run_note notes[RUN_NOTES_MAX];
    unsigned note_count;
    struct run_key *keys; /* of the plan, in its order */
    size_t key_count, key_room;
    size_t chosen; /* of them, those that do not go along with another; ... */
    size_t goes;   /* ... and of these, those that can go */
    size_t along;  /* of the others, those that can go */
    struct run_step steps[STEPS];
    enum step_id last_step;
    uint32_t key_now;                             /* the key at hand, from 1; 0: none yet */
    uint32_t key_last;                            /* the last one that ended */
    uint32_t arrived;                             /* keys that were kept and proven */
    uint32_t proven_fresh;                        /* and proven again from a fresh process */
    uint32_t migrated, unproven, refused, failed; /* migrated: told at the end only */
    uint32_t went_along;                          /* companions; told at the end only */
    int64_t first_key_ms; /* when the first key began, on the front end's own clock */
    int64_t begun_ms, ended_ms;
    struct run_gate gate;
    struct run_fingerprint fingerprint[2];
    struct run_call call[2];
    struct run_inventory after[2];
    bool over;
    enum end_outcome outcome;
    int exit_code;
    uint32_t left_over;
    char end_text[EVENT_TEXT_MAX];
};

/* Takes one event; now_ms is the front end's own clock. False when there is no memory. */
bool run_event(struct run *run, const struct event *event, int64_t now_ms);

/* Forgets the plan before it is made anew. */
void run_forget_plan(struct run *run);
void run_free(struct run *run);

/* The key of the plan at number (from 1); NULL when there is none. */
const struct run_key *run_key_at(const struct run *run, size_t number);

/* Keys that have come to their end, of those that can go. */
uint32_t run_keys_done(const struct run *run);

/* The step under way; false: none. */
bool run_step_now(const struct run *run, enum step_id *id);

/* Has a call into either HSM gone without an answer for limit_ms? Sets the side and for how
 * long. */
bool run_unanswered(const struct run *run, int64_t now_ms, int64_t limit_ms, enum side *side,
                    int64_t *for_ms);

#endif
