/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony as it was asked for, and what the engine needs of its surroundings. */
#ifndef HSMFERRY_CEREMONY_SETUP_H
#define HSMFERRY_CEREMONY_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "hsm/hsm.h"
#include "plan/interrupted.h"
#include "plan/policy.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "protocol/officer.h"
#include "protocol/pace.h"
#include "protocol/side.h"

/* How a side is reached, for the record; not copied. */
struct ceremony_reach {
    const char *const *agent;       /* the agent's command; NULL: our own agent */
    const char *const *environment; /* all of its environment, NAME=value; NULL: none */
    const char *parameters;         /* what the module gets; NULL or "": nothing */
};

/* The ceremony as it was asked for; copied by ceremony_new(). */
struct ceremony_setup {
    char title[EVENT_TEXT_MAX];
    char file[EVENT_PATH_MAX];      /* the ceremony file; empty: none */
    uint8_t file_sha256[32];        /* of its bytes as they were read */
    char libraries[EVENT_TEXT_MAX]; /* of this program, with their versions */
    char confinement[96];           /* what this program has barred itself from; empty: not known */
    bool rehearsal;
    enum pace pace; /* PACE_NONE: as PACE_RUN */
    struct officer officers[OFFICERS_MAX];
    unsigned officer_count;
    struct event_signer signer;         /* told, and no more */
    struct hsm_where where[2];          /* by enum side: SIDE_SOURCE, SIDE_DESTINATION */
    struct ceremony_reach reach[SIDES]; /* SIDE_RELAY: the device of the key that signs */
    struct policy policy;
    const struct script_said *script; /* what the ceremony file says; NULL: there is none. Not
                                         copied */
    const struct interrupted_ceremony *interrupted; /* to be resumed; NULL: none. Not copied */
};

/* What the engine needs of its surroundings. */
struct ceremony_host {
    void *ctx;
    /* Starts an agent for this side and opens the HSM in it; called again for the fresh proof. */
    bool (*open)(void *ctx, enum side side, struct hsm **hsm, struct err *err);
    /* The same, on the path that an application takes to private keys (libp11): a driver that only
     * proves. Errors: ERR_NO_INPUT (this API has no other path). */
    bool (*open_app)(void *ctx, enum side side, struct hsm **hsm, struct err *err);
    /* Gives the PIN of the token in slot; pin is empty and has room for SECRET_PIN_MAX. */
    bool (*pin)(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                struct err *err);
    /* Claims the chosen token for this ceremony, before it is planned; the claim before for this
     * side ends. NULL: nobody else is there. */
    bool (*lock_token)(void *ctx, enum side side, const struct hsm_slot *slot, struct err *err);
    int64_t (*utc_ms)(void *ctx);  /* wall clock */
    int64_t (*mono_us)(void *ctx); /* a clock that never goes back, microseconds */
    struct event_sink *sink;
};

#endif
