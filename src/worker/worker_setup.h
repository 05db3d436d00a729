/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker is made from, and its commands. */
#ifndef HSMFERRY_WORKER_WORKER_SETUP_H
#define HSMFERRY_WORKER_WORKER_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/ceremony.h"
#include "ceremony/removal_job.h"
#include "ceremony/sign.h"
#include "ceremony/visit_job.h"
#include "hsm/uri.h"
#include "link/starter.h"
#include "protocol/event.h"

/* How to reach one HSM. */
struct worker_side {
    const char *const *argv;         /* the agent's command, NULL at the end */
    const char *const *environment;  /* the complete environment of the agent, NULL at the end */
    char pin_file[URI_PIN_FILE_MAX]; /* absolute; empty: officers are asked for the PIN (EVENT_PIN)
                                      */
    const char *const *pin_argv;     /* a program that gives the PIN, which the starter has as its
                                        number SIDES + side; NULL: none. Not copied */
    int limit_ms;                    /* for one call, in milliseconds */
    unsigned list_sessions;          /* at most so many read a list at the same time */
    bool named; /* by the ceremony file: it may be on another host, and locks the token there */
};

/* The key that signs the report, which stays in its HSM, and the file that it signs. */
struct worker_signer {
    struct hsm_where where;
    struct uri token, key;
    char role[64]; /* of the officer who gives its PIN; empty: not specified */
    void *ctx;
    /* Called on the worker's thread: the current digest to be signed; the signature; the reason why
     * there is none. */
    bool (*digest)(void *ctx, uint8_t sha256[32], struct err *err);
    bool (*keep)(void *ctx, const struct signature *signature, struct err *err);
    void (*failed)(void *ctx, const struct err *err);
};

struct worker_setup {
    struct ceremony_setup ceremony;
    struct worker_side side[SIDES];     /* SIDE_RELAY: of the signer */
    const struct worker_signer *signer; /* NULL: the report remains unsigned. Not copied */
    const struct visit_job *visit; /* NULL: a ceremony in one room. Its answer() is the worker's.
                                      Not copied */
    const struct removal_job *removal; /* likewise, of a removal; NULL: keys are carried */
    struct starter *starter;           /* starts the agents, by side; NULL: this process does */
    struct event_sink *record; /* gets every event on the worker's thread, before the pipe; may
                                  refuse it; may be NULL */
    const char *const *locks;  /* folders for locks, NULL at the end; NULL: no locks are taken */
    bool calls;                /* also emit every single call (EVENT_CALL) */
};

enum worker_command {
    WORKER_OPEN,     /* side: ceremony_open() */
    WORKER_DEVICES,  /* uris: ceremony_devices(); the gate waits for worker_answer() */
    WORKER_CHOOSE,   /* side, uri: ceremony_choose() */
    WORKER_REFRESH,  /* side: ceremony_refresh() */
    WORKER_VERDICTS, /* ceremony_verdicts(): once both sides are listed */
    WORKER_COMPARE,  /* ceremony_compare() */
    WORKER_MAP,      /* ceremony_map() */
    WORKER_PLAN,     /* selection: ceremony_negotiate() where needed, ceremony_plan() */
    WORKER_REVIEW,   /* ceremony_review(), which may wait for worker_exception() */
    WORKER_RESUME,   /* ceremony_resume(), in the place of WORKER_PLAN */
    WORKER_RUN,      /* ceremony_step() until it is done; gates wait for worker_answer() */
    WORKER_SIGN,     /* setup.signer: sign_sha256() of its digest(), then its keep() */
    WORKER_VISIT,    /* setup.visit: visit_run(), setup.removal: removal_run(); gates wait for
                        worker_answer() */
    WORKER_COMMANDS
};

#endif
