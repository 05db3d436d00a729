/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The narrator: it makes every event, numbers it, adds the times, and passes it to the sink. A
 * sink may refuse an event: then the announced action is not carried out. All emit_*() then return
 * false, with the reason in *err.
 */
#ifndef HSMFERRY_CEREMONY_NARRATOR_H
#define HSMFERRY_CEREMONY_NARRATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/party.h"
#include "ceremony/setup.h"
#include "hsm/hsm.h"
#include "plan/plan.h"
#include "protocol/event.h"
#include "protocol/gate.h"
#include "protocol/officer.h"
#include "protocol/outcome.h"
#include "protocol/sessions.h"
#include "protocol/side.h"
#include "protocol/step.h"
#include "transfer/step_result.h"
#include "transfer/transfer.h"

/* The name of the warning that the host's clock went back. */
#define NARRATOR_CLOCK "clock"

struct narrator {
    const struct ceremony_host *host; /* its clocks, and its sink */
    int64_t begun_us;
    int64_t utc_ms;         /* time of the last event */
    uint64_t seq;           /* its number */
    uint32_t plan;          /* the current or last attempt at a plan, from 1 */
    struct err refused;     /* why the sink refused the last note */
    enum hsm_alg envelope;  /* the first one that was emitted */
    struct narrator *muted; /* not NULL: only warnings are emitted, by that one */
};

/* host and its sink must outlive the narrator. */
void narrator_begin(struct narrator *n, const struct ceremony_host *host);

/* Emits an event, with number and times filled in. */
bool emit_event(struct narrator *n, struct event *event, struct err *err);

/* Between a call with begins and the next one without, several actions are announced: none may take
 * place before the second call returned true. */
bool emit_together(struct narrator *n, bool begins, struct err *err);

bool emit_begin(struct narrator *n, const struct ceremony_setup *setup, const char *id,
                struct err *err);
bool emit_side(struct narrator *n, enum side side, enum side_state state, struct err *err);
bool emit_hsm(struct narrator *n, enum side side, const struct ceremony_setup *setup,
              const struct hsm_info *info, const struct hsm_slot *slot, struct err *err);
bool emit_note(struct narrator *n, enum event_kind kind, enum side side, const char *name,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Why the last emit_note() was refused. Returns false. */
bool emit_why(const struct narrator *n, struct err *err);

/* A warning of the plan that is being made: it is void once another plan is made. item: the key
 * that it is about, from 0; or NO_ITEM. */
enum { NO_ITEM = -1 };
bool emit_warning(struct narrator *n, enum side side, int64_t item, struct err *err,
                  const char *name, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

struct gate_word {
    enum gate gate;
    enum gate_state state;
    uint32_t key; /* from 1; 0: none */
    unsigned tries_left;
    const struct officer *officer; /* who answers; NULL: no officer is named */
    const char *question;
    const char *answer; /* what was asked for, once it was typed; "": nothing */
    size_t keys;        /* waived: as in struct event */
};
bool emit_gate(struct narrator *n, const struct gate_word *word, struct err *err);

/* have: by side. */
bool emit_sessions(struct narrator *n, const struct sessions_basis *basis, const uint32_t have[2],
                   struct err *err);

struct step_word {
    enum step_id id;
    enum event_state state;
    int64_t micros;
    const struct transfer *transfer;  /* NULL: a step of no key */
    const struct step_result *result; /* NULL: nothing to add */
};
bool emit_step(struct narrator *n, const struct step_word *word, struct err *err);
bool emit_fingerprint(struct narrator *n, enum side side, const struct bytes *spki, uint32_t bits,
                      struct err *err);

/* side: both. path: how the key on the destination was reached, if not through the driver that
 * moved it; otherwise NULL. */
bool emit_proof(struct narrator *n, const struct party *side, const struct transfer *transfer,
                enum step_id stage, const char *path, struct err *err);
bool emit_kcv(struct narrator *n, const struct transfer *transfer, const struct kcv *kcv,
              struct err *err);

struct inventory_word {
    enum side side;
    bool after;
    const uint64_t *handles;
    size_t count;
    uint32_t unexplained, missing, nameless;
};
bool emit_inventory(struct narrator *n, const struct inventory_word *word, struct err *err);
bool emit_key_done(struct narrator *n, const struct transfer *transfer, struct err *err);
/* Writes down that this key was left out at its gate; script: the ceremony file names it. */
bool emit_left_out(struct narrator *n, const struct transfer *transfer,
                   const struct officer *officer, bool script, struct err *err);
void emit_error(struct narrator *n, const struct err *failure);

struct end_word {
    enum end_outcome outcome;
    int exit_code;
    uint32_t left_over;
    const struct transfers *transfers;
    const char *text;
};
bool emit_end(struct narrator *n, const struct end_word *word, struct err *err);

/* Removes the check value of a stored secret: 24 bits of a digest must not be shown or recorded,
 * since they would help to guess a password. */
void redact_kcv(struct key_desc *key);

#endif
