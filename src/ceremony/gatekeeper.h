/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates: what is to be typed, by whom, and whether it was. If a gate waits for both officers, the
 * second one types initials first, and is asked for other words, so that no echo of the first
 * answer passes. A key can be left out at its gate.
 */
#ifndef HSMFERRY_CEREMONY_GATEKEEPER_H
#define HSMFERRY_CEREMONY_GATEKEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ceremony/narrator.h"
#include "hsm/facts.h"
#include "plan/plan.h"
#include "protocol/gate.h"
#include "protocol/officer.h"

/* The subject of the question to the officers. */
struct gate_subject {
    enum gate gate;
    const struct hsm_slot *devices;    /* GATE_DEVICES: two, by side ... */
    const struct hsm_slot *device;     /* ... or the one of this room */
    const char *word;                  /* GATE_REVIEW: what is typed; NULL: "ferry" and keys */
    size_t keys;                       /* how many are to be migrated; GATE_DEVICES: not known */
    const struct bytes *transport_key; /* GATE_FINGERPRINT: as the source reads it back */
    const struct plan_item *item;      /* GATE_KEY ... */
    uint32_t number;                   /* ... and its number in the plan, from 1 */
    const char *act;                   /* GATE_KEY: what is done; NULL: "move this key" */
    bool exact;                        /* GATE_REVIEW: the word has a label, whose case counts */
};

/* The longest label that is typed. */
enum { GATE_LABEL_MAX = 40 };

struct gatekeeper {
    uint32_t gates;        /* bit (1 << enum gate) for each that waits; the others are waived */
    uint32_t two_officers; /* those of them that wait for both officers */
    const struct officer *officers;
    unsigned officer_count;
    const char *const *answerers; /* roles of the two that answer; NULL: officer_roles */

    uint32_t passed; /* bit for each gate */
    bool vouched;    /* the officers accepted the current key although nothing can prove it */

    bool open; /* an answer is awaited, at the gate: */
    enum gate now;
    uint32_t key;                /* the key's number; 0: none */
    bool waiver;                 /* it wants that word */
    bool exact;                  /* the case of what is typed counts */
    unsigned tries;              /* left; 0: it was not asked yet */
    unsigned roles;              /* tries left to say who it is */
    char mark[OFFICER_ROLE_MAX]; /* what the second officer types first: initials, or the role */
    bool skip;                   /* the key at hand is to be left out, says the last answer */
    bool half;                   /* the first of two officers has confirmed */
    uint32_t places;             /* of the fingerprint, asked of the first of them */
    char expected[64];
    const struct officer *officer; /* whose answer is awaited; NULL: no officer is named */
};

/* True if the gate is passed; otherwise it is open, or *err is set. Errors: a sink that refuses;
 * ERR_FAILED (no random numbers). */
bool gatekeeper_pass(struct gatekeeper *k, const struct gate_subject *about, struct narrator *n,
                     struct err *err);

/* Judges what was typed at the open gate; without one, nothing. After a wrong answer with tries
 * left it is true, and gatekeeper_pass() asks again; so it is if the officers leave a key out,
 * which sets skip: the caller goes on to the next key. Errors: ERR_STOPPED, ERR_DATA (wrong too
 * often; the fingerprint), a sink that refuses. */
bool gatekeeper_answer(struct gatekeeper *k, const char *typed, struct narrator *n,
                       struct err *err);

/* The officers stopped: refuses an open gate and closes it. */
void gatekeeper_refuse(struct gatekeeper *k, struct narrator *n);

/* What is asked, was confirmed or was waived at this gate is void: the plan is made again. The
 * record hears nothing until the gate opens, or is waived, again. */
void gatekeeper_withdraw(struct gatekeeper *k, enum gate gate);

/* The next key is another one: its gate waits again, and so does the word for it. A waiver by the
 * ceremony file is for all of them. */
void gatekeeper_next_key(struct gatekeeper *k);

/* Voids a confirmation: the officers are asked again. */
void gatekeeper_forget(struct gatekeeper *k, enum gate gate);

#endif
