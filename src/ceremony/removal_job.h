/* SPDX-License-Identifier: Apache-2.0 */
/* What a removal is made from. */
#ifndef HSMFERRY_CEREMONY_REMOVAL_JOB_H
#define HSMFERRY_CEREMONY_REMOVAL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "hsm/key.h"
#include "hsm/uri.h"
#include "plan/plan.h"
#include "protocol/event.h"
#include "protocol/removal.h"

/* A key, or a public object that accompanies one, as the report names it. */
struct removal_key {
    struct key_desc was; /* class, label, id, and the public half if it is known; as it is called on
                            the destination */
    bool renamed;        /* it got another name there ... */
    struct plan_name from;               /* ... than this one, which it has on the source */
    char type[KEY_TYPE_TEXT];            /* "AES 256" */
    struct kcv_value check[KCV_METHODS]; /* by method; empty: the report has none */
    uint32_t owner;    /* the key that it accompanies, from 1; 0: it is one itself */
    char refused[160]; /* why it is never removed; empty: it may be */
    bool begun;        /* an interrupted removal announced its destruction ... */
    bool destroyed;    /* ... and read afterwards that it was gone */
};

/* A device, as the report describes it. */
struct removal_device {
    char label[4 * 32 + 1], serial[4 * 16 + 1], manufacturer[4 * 32 + 1];
};

struct removal_job {
    enum removal what;
    struct removal_key *keys; /* first the keys of the report in its order, then the companions */
    size_t count;
    struct removal_device device[2]; /* by enum side */
    bool of_rehearsal;               /* the report is that of a rehearsal */
    bool destroys; /* the ceremony file allows a rehearsal to destroy on this side */
    struct uri token[2];
    struct {
        struct uri token, key; /* of the key that "sign-report" names; key.text empty: none */
        uint8_t sha256[9][SHA256_SIZE]; /* of the public halves (DER) under which the report's
                                           signatures are valid */
        unsigned count;
    } signer;
    char left[40]; /* id of the interrupted removal that it takes over; empty: none */
    bool clean;    /* it only removes what that one has left over */
    /* Waits for the answer at the open gate, on this thread. False: it is refused. */
    bool (*answer)(void *ctx, char *typed, size_t size);
    void *ctx;
};

#endif
