/* SPDX-License-Identifier: Apache-2.0 */
/* One ceremony as its events report it: what the ceremony, verification and end views show. */
#ifndef HSMFERRY_UI_MODEL_RUN_H
#define HSMFERRY_UI_MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "protocol/removal.h"
#include "ui/model/failing.h"
#include "ui/model/run_file.h"
#include "ui/model/run_keys.h"
#include "ui/model/texts.h"

enum {
    RUN_NOTES_MAX = 64,
    RUN_MORE_MAX = 2,
    RUN_UNANSWERED_MS = 10000,
};

struct run_choice {
    enum hsm_alg alg;
    uint32_t bits; /* 0: nothing was chosen */
    char source_call[96];
    char destination_call[96];
    char keys[64]; /* the kinds that go in this envelope; empty: all that go in one */
    char kdf[16];  /* of a transport that is agreed on; empty: of another one */
    char reason[EVENT_TEXT_MAX];
};

struct run_note {
    enum event_kind kind; /* EVENT_WARNING or EVENT_REJECTED */
    unsigned keys;        /* how many keys of the plan it is about */
    uint32_t plan;        /* as in struct event */
    char name[64];
    char text[EVENT_TEXT_MAX];
};

struct run_gate {
    uint64_t seq; /* of the open gate, which the answer must name; 0: none is open */
    enum gate gate;
    uint32_t key; /* of the plan, from 1; 0: it is not about one key */
    unsigned tries_left;
    enum gate_state last; /* what became of the answer before */
    unsigned confirmed;   /* officers who have confirmed it so far */
    char question[EVENT_TEXT_MAX];
    char officer[EVENT_TEXT_MAX];
    char role[64];
};

struct run_fingerprint {
    uint8_t spki_sha256[32];
    uint32_t bytes, bits;
};

/* A call under way. */
struct run_call {
    int64_t since_ms; /* on the front end's own clock; 0: none is under way */
    char name[32], words[96];
};

/* How fast it goes on, and whether it waits. */
struct run_pace {
    enum pace pace;
    uint64_t seq;      /* of the EVENT_PACE with which it waits; 0: it does not ... */
    enum step_id step; /* ... before this step ... */
    uint32_t key;      /* ... of this key, from 1; 0: no key's */
    int64_t since_ms;  /* on the front end's own clock */
    int64_t waited_ms; /* since the first key began, without the wait under way */
};

struct run_inventory {
    bool known;
    uint32_t objects, unexplained, missing;
};

struct run {
    char title[EVENT_TEXT_MAX];
    char id[40];
    char version[32];
    struct run_choice transport, envelope;
    struct run_choice more[RUN_MORE_MAX]; /* envelopes for some of the keys */
    unsigned more_count;
    uint32_t
        canaries[CANARY_IMPOSSIBLE + 1]; /* bit (1 << enum key_kind) for each kind that ended so */
    int64_t canary_ms;                   /* wall clock of the last canary; 0: none yet */
    struct run_note notes[RUN_NOTES_MAX];
    unsigned note_count;
    unsigned notes_lost;                 /* warnings that had no room */
    uint32_t plan;                       /* of which the warnings are, as in struct event */
    struct script_summary script;        /* what is not as the script says, of the plan */
    char script_why[2 * EVENT_TEXT_MAX]; /* what was decided on that before interruptions */
    enum script_outcome script_outcome;  /* at the end */
    struct run_keys *keys;               /* of the plan; NULL: there was none yet */
    size_t key_count;
    size_t chosen;                /* of them, those that do not go along with another; ... */
    size_t movable;               /* ... and of these, those that can go */
    size_t companions;            /* of the others, those that can go */
    struct run_step steps[STEPS]; /* of the ceremony; a key has its own */
    enum step_id last_step;       /* the step that began last ... */
    uint32_t last_step_key;       /* ... and whose, from 1; 0: no key's */
    uint32_t latest;              /* the key that began last, from 1; 0: none yet */
    uint32_t latest_chosen;       /* the same, but no companion */
    uint32_t in_progress;         /* keys that have begun and are neither proven nor failed */
    uint32_t latest_over;         /* the key whose last step ended last; 0: none yet */
    uint32_t key_last;            /* the last one that ended */
    uint32_t arrived;             /* keys that were kept and proven */
    uint32_t proven_fresh;        /* and proven again from a fresh process */
    uint32_t migrated, unproven, refused, failed; /* migrated: known at the end only */
    uint32_t sealed;                              /* the same */
    bool derives;                         /* both sides derive a new key, and none is carried */
    bool for_service;                     /* its keys are sealed for a key service */
    enum visit visit;                     /* it is one of a ceremony in two rooms */
    enum removal removal;                 /* it carries no keys, and destroys some */
    char report[EVENT_TEXT_MAX];          /* that it is of */
    uint32_t destroyed;                   /* so many; known at the end only */
    struct run_file files[RUN_FILES_MAX]; /* that it has taken and written */
    unsigned file_count;
    uint32_t companions_migrated; /* companions; known at the end only */
    int64_t first_key_ms;         /* when the first key began, on the front end's own clock */
    int64_t begun_ms, ended_ms;
    struct failing failing;
    struct texts texts;
    struct run_gate gate;
    struct run_pace pace;
    struct run_fingerprint fingerprint[2];
    struct run_call call[2];
    struct run_inventory after[2];
    bool over;
    enum end_outcome outcome;
    int exit_code;
    uint32_t left_over;
    char end_text[EVENT_TEXT_MAX];
    char failure[4 * EVENT_TEXT_MAX]; /* why the current command has failed, and in which step */
};

/* What is said of a ceremony by the destination of its keys. */
struct run_place {
    const char *arrived; /* "moved" */
    const char *proven;  /* the same in the ledger */
    const char *made;    /* of whom the transport key is, as the destination's */
    unsigned hsms;       /* that are looked at again: the source alone, or both sides */
};

const struct run_place *run_place(const struct run *run);

/* Takes one event; now_ms is the front end's own clock. False when there is no memory. */
bool run_event(struct run *run, const struct event *event, int64_t now_ms);

/* Forgets the plan before it is made again. */
void run_forget_plan(struct run *run);
void run_free(struct run *run);

/* The key of the plan at number (from 1); NULL when there is none. Valid until the next event, or
 * until RUN_KEYS_AT_HAND others were looked at. */
const struct run_key *run_key_at(const struct run *run, size_t number);

/* A step of this key, or of the ceremony where it is no key's. */
const struct run_step *run_step(const struct run *run, size_t key, enum step_id id);

/* The key of which a picture of one key is, if nobody chose one: the key that began last; of a
 * ceremony that closes, the last one that was chosen, not what accompanies it. */
uint32_t run_latest_shown(const struct run *run);

/* The same step of the key that began last, for a picture of one key. While its companions cross,
 * and after them, it shows how the key itself went. */
const struct run_step *run_step_shown(const struct run *run, enum step_id id);

/* Keys that have come to their end, of those that can go. */
uint32_t run_keys_done(const struct run *run);

/* The step that began last; false: it has ended. */
bool run_step_now(const struct run *run, enum step_id *id);

/* Has a call into either HSM gone without an answer for limit_ms? Sets the side and for how
 * long. */
bool run_unanswered(const struct run *run, int64_t now_ms, int64_t limit_ms, enum side *side,
                    int64_t *for_ms);

#endif
