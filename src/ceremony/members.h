/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a ceremony, for the files of this room only. */
#ifndef HSMFERRY_CEREMONY_MEMBERS_H
#define HSMFERRY_CEREMONY_MEMBERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/agreement.h"
#include "ceremony/gatekeeper.h"
#include "ceremony/inventories.h"
#include "ceremony/narrator.h"
#include "ceremony/pacer.h"
#include "ceremony/party.h"
#include "ceremony/rows.h"
#include "ceremony/script_watch.h"
#include "ceremony/setup.h"
#include "plan/map.h"
#include "plan/plan.h"
#include "plan/suite.h"
#include "transfer/transfer.h"
#include "transfer/transport.h"

/* Which table is walked. */
enum phase {
    PHASE_TRANSPORT,
    PHASE_KEYS,
    PHASE_CLOSING, /* a failure, or the end */
    PHASE_OVER,
};

enum { WINDOW_KEYS = 64, WINDOWS = 2 };

/* Keys of one table, that are all in the same row. */
struct window {
    size_t item[WINDOW_KEYS]; /* of the plan, ascending */
    size_t count;             /* 0: none is in progress */
    size_t at;                /* the row that comes next */
};

/* What the HSMs took for the first keys, which follow each other: microseconds by row. */
enum { MEASURED_ROWS = 8 };
struct measure {
    uint32_t keys; /* that were proven, without companions */
    int64_t fastest[MEASURED_ROWS];
    int64_t at_hand[MEASURED_ROWS]; /* of the current key */
};

/* {0}: no keys are in progress together; see windows.h. */
struct windows {
    struct measure measured;
    bool decided;      /* for the whole ceremony: */
    unsigned sessions; /* so many are asked for on each side */
    unsigned threads;  /* that work at the same time */
    unsigned keys;     /* of a window, at most */
    bool open;
    size_t first; /* no key before this one is still to come */
    struct window at[WINDOWS];
    bool ends;      /* no further key begins, because ... */
    struct err why; /* ... of this */
};

struct walk {
    enum phase phase;
    bool begun;  /* the first step was reached: the plan is fixed */
    size_t at;   /* the row of the table that comes next */
    size_t item; /* the current key */
    atomic_bool stop;
    struct pacer pacer;
    struct windows windows; /* keys that are in progress together */
};

/* Both devices at the time when the officers confirm them. */
struct devices {
    bool read_out;                /* they are recorded */
    struct hsm_slot confirmed[2]; /* ... in this state */
    struct err failure;           /* the outcome of that gate */
};

/* How it ends. */
struct result {
    struct err failure; /* the first one that ended the ceremony or failed a key */
    struct leftovers left;
    bool aborted; /* an officer or a signal stopped it */
    int exit_code;
};

/* What is known of the source's keys before any plan. */
struct verdicts {
    bool made;
    struct plan_verdicts keys; /* may each be migrated? */
    struct map map;            /* no rows: none was made */
    struct script_watch script;
};

struct ceremony {
    struct ceremony_setup setup;
    struct ceremony_host host;
    char id[40];
    struct narrator narrator;
    struct gatekeeper gatekeeper;
    struct devices devices;
    struct party side[2];
    struct suite suite; /* no options: nothing was negotiated */
    struct verdicts verdicts;
    struct plan plan;
    struct transport transport;
    struct transfers transfers; /* one for each item of the plan, once it is made */
    struct walk walk;
    struct result result;
};

static inline struct hsm *source_of(const struct ceremony *c)
{
    return c->side[SIDE_SOURCE].hsm;
}

static inline struct hsm *destination_of(const struct ceremony *c)
{
    return c->side[SIDE_DESTINATION].hsm;
}

static inline struct agreement agreement_of(const struct ceremony *c)
{
    return (struct agreement){
        .policy = &c->setup.policy,
        .suite = &c->suite,
        .side = c->side,
        .rehearsal = c->setup.rehearsal,
        .rsa_bits = c->setup.sealing && c->setup.script ? c->setup.script->policy.rsa_bits
                                                        : c->setup.policy.rsa_bits,
        .named = c->verdicts.script.named,
        .changed = c->verdicts.script.changed,
        .before = c->setup.interrupted ? &c->setup.interrupted->origins : NULL};
}

static inline struct crew crew_of(struct ceremony *c)
{
    return (struct crew){c->side, &c->narrator};
}

#endif
