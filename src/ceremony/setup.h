/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a ceremony, and the services that the engine needs from its host. */
#ifndef HSMFERRY_CEREMONY_SETUP_H
#define HSMFERRY_CEREMONY_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "hsm/hsm.h"
#include "plan/derived_key.h"
#include "plan/interrupted.h"
#include "plan/policy.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "protocol/officer.h"
#include "protocol/pace.h"
#include "protocol/removal.h"
#include "protocol/side.h"
#include "protocol/visit.h"

struct visit_pasts;

struct sealing;

/* How a side is reached, for the record. Not copied. */
struct ceremony_reach {
    const char *const *agent;       /* the agent's command; NULL: our own agent */
    const char *const *environment; /* all of its environment, NAME=value; NULL: none */
    const char *parameters;         /* the parameters of the module; NULL or "": none */
};

/* What carried keys in a rehearsal. {0}: none is known. */
struct rehearsed {
    char id[40];
    enum hsm_alg transport;
    uint32_t bits; /* of the RSA pair, or the curve's field */
    char kdf[16];  /* of a transport that is agreed on; empty: of another one */
};

/* The configuration; copied by ceremony_new(). */
struct ceremony_setup {
    char title[EVENT_TEXT_MAX];
    char file[EVENT_PATH_MAX];      /* the ceremony file; empty: none */
    uint8_t file_sha256[32];        /* of its bytes as they were read */
    char libraries[EVENT_TEXT_MAX]; /* of this program, with their versions */
    char confinement[96];           /* the confinement of this program; empty: not known */
    bool rehearsal;
    enum pace pace;    /* PACE_NONE: as PACE_RUN */
    unsigned sessions; /* on each side, for keys that are in progress together; 0: one key after the
                          other */
    struct officer officers[OFFICERS_MAX];
    unsigned officer_count;
    struct event_signer signer;         /* only emitted */
    struct hsm_where where[2];          /* by enum side: SIDE_SOURCE, SIDE_DESTINATION */
    struct ceremony_reach reach[SIDES]; /* SIDE_RELAY: the device of the key that signs */
    struct policy policy;
    bool resync;    /* what the destination has already is left out, and is no refusal */
    bool tries_all; /* a probe: both HSMs are tried for more than this ceremony needs */
    const struct script_said *script; /* what the ceremony file says; NULL: there is none. Not
                                         copied */
    const struct sealing *sealing;    /* for a key service, in place of the destination; NULL: for
                                         another HSM. Not copied */
    struct derived_key derived;       /* a new key that both sides derive, next to the one chosen */
    const struct visit_pasts *offers; /* of this host's report folder; NULL: none is known. Not
                                         copied */
    const struct rehearsed *rehearsed; /* the last one of the same two HSMs; NULL: none is known.
                                          Not copied */
    const struct interrupted_ceremony *interrupted; /* to be resumed; NULL: none. Not copied */
    struct {
        enum visit what;    /* VISIT_NONE: a ceremony in one room */
        char migration[40]; /* the id of all its visits */
        int64_t expires_ms; /* VISIT_OFFER: of the offer that is made */
    } visit;
    struct {
        enum removal what;           /* REMOVAL_NONE: a ceremony that carries keys */
        char report[EVENT_TEXT_MAX]; /* the file that names the keys, in safe text */
        uint8_t sha256[32];          /* of its bytes, as they were read */
    } removal;
};

/* The services of the host. */
struct ceremony_host {
    void *ctx;
    /* Starts an agent for this side and opens the HSM in it; called again for the fresh proof.
     * The first call to the HSM may report that it cannot be opened. */
    bool (*open)(void *ctx, enum side side, struct hsm **hsm, struct err *err);
    /* The same, through the path of an application to private keys (libp11): a driver that only
     * proves. Errors: ERR_NO_INPUT (this API has no other path). */
    bool (*open_app)(void *ctx, enum side side, struct hsm **hsm, struct err *err);
    /* Gives the PIN of the token in slot; pin is empty and has room for SECRET_PIN_MAX. */
    bool (*pin)(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                struct err *err);
    /* Locks the chosen token for this ceremony, before it is planned, and releases the previous
     * lock for this side: on this host, or through hsm, which open() opened, on its host. NULL:
     * tokens are not locked. */
    bool (*lock_token)(void *ctx, enum side side, struct hsm *hsm, const struct hsm_slot *slot,
                       struct err *err);
    int64_t (*utc_ms)(void *ctx);  /* wall clock */
    int64_t (*mono_us)(void *ctx); /* a clock that never goes back, microseconds */
    struct event_sink *sink;
    /* Calls work(arg, i) for each i below count, on so many threads at the same time, and returns
     * when all have returned. The threads may call mono_us() and the functions of HSMs with
     * sessions(). NULL: one after the other. */
    void (*spread)(void *ctx, size_t count, unsigned threads, void (*work)(void *arg, size_t i),
                   void *arg);
};

#endif
