/* SPDX-License-Identifier: Apache-2.0 */
/* What the journals of a room say of earlier visits. */
#ifndef HSMFERRY_CEREMONY_VISIT_PAST_H
#define HSMFERRY_CEREMONY_VISIT_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "hsm/facts.h"
#include "protocol/event.h"
#include "protocol/visit.h"
#include "sealed/sealed.h"

/* A file that an earlier visit took or wrote. */
struct visit_file {
    bool is;
    uint8_t sha256[SHA256_SIZE];
    int64_t utc_ms;            /* when that was recorded */
    char path[EVENT_PATH_MAX]; /* at that time */
};

/* What the journals of this room say of one migration. */
struct visit_past {
    char migration[SEALED_ID_SIZE];
    bool begun[VISITS]; /* one took a file, or a step */
    struct visit_file taken[SEALED_FORMATS][SEALED_STAGES];
    struct visit_file written[SEALED_FORMATS][SEALED_STAGES];
    struct visit_file drafted[SEALED_STAGES]; /* of receipts */
    uint8_t ceremony[SHA256_SIZE];            /* of the ceremony file of the offer */
    bool for_service;                         /* the offer's public key was written as PEM, too */
    struct visit_file returned;     /* the file of a key service, taken in place of a bundle ... */
    bool returned_over;             /* ... which cannot be taken again */
    struct hsm_slot slot;           /* the token of the offer */
    bool has_pair;                  /* the offer made a pair, with this public half: */
    uint8_t pair[SHA256_SIZE];      /* SHA-256 of its SubjectPublicKeyInfo */
    int64_t offered_ms, expires_ms; /* when the offer was begun, and when it expires */
    char accepted[EVENT_PATH_MAX];  /* the journal of the last accept; empty: there is none */
};

struct visit_pasts {
    struct visit_past *at;
    size_t count;
};

/* What is known of this migration; NULL: nothing. */
const struct visit_past *visit_past_of(const struct visit_pasts *pasts, const char *migration);

#endif
