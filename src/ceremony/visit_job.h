/* SPDX-License-Identifier: Apache-2.0 */
/* What a visit is made from. */
#ifndef HSMFERRY_CEREMONY_VISIT_JOB_H
#define HSMFERRY_CEREMONY_VISIT_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "ceremony/arrival.h"
#include "ceremony/visit_past.h"
#include "hsm/uri.h"
#include "plan/plan.h"
#include "plan/selection.h"
#include "protocol/event.h"
#include "protocol/visit.h"
#include "sealed/sealed.h"
#include "sealed/sealed_read.h"
#include "sealed/sealed_signature.h"

/* What a visit needs, from the command line, the ceremony file and earlier journals. */
struct visit_job {
    enum visit what;
    const struct arrival *arrival; /* accept: the file of a key service in place of a bundle */
    struct sealed_reader *file; /* that the other room wrote; withdraw: the own offer; NULL: none */
    struct sealed_reader *ack;  /* load, order strict: makes it the second one; NULL: none */
    const char *file_path, *ack_path; /* of these two; NULL: none */
    char out[EVENT_PATH_MAX];         /* the file that it writes; empty: none */
    bool makes_pem;                   /* offer: the public key for a key service, too, ... */
    char pem[EVENT_PATH_MAX];         /* ... in this file; empty: none */
    enum sealed_order order;
    const struct sealed_signers *signers;     /* of the other room */
    const struct sealed_signers *own_signers; /* of this one */
    /* Writes a signature and its public half (DER) next to the file. */
    bool (*keep_signature)(const char *path, const struct bytes *signature,
                           const struct bytes *spki, struct err *err);
    const struct visit_pasts *pasts; /* of this room */
    struct uri token;                /* of the own side */
    const struct selection *selection;
    /* Waits for the answer at the open gate, on this thread. False: it is refused. */
    bool (*answer)(void *ctx, char *typed, size_t size);
    void *ctx;
};

#endif
