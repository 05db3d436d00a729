/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps of a protocol have in common. A step is a function on one HSM and one value (a
 * transport, or a transfer): it changes that value, reaches no other side, opens no gate and emits
 * no event. What the world is to hear of it is its result.
 */
#ifndef HSMFERRY_TRANSFER_STEP_RESULT_H
#define HSMFERRY_TRANSFER_STEP_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/facts.h"
#include "protocol/event.h"
#include "protocol/gate.h"
#include "protocol/side.h"
#include "protocol/step.h"

enum { STEP_KCVS_MAX = 4 };

/* Gathered while a step runs; true as far as it got when it fails. */
struct step_result {
    const char *call;            /* the API's own call; NULL: none */
    const struct bytes *crossed; /* what leaves, crosses the relay, arrives; NULL: nothing */
    char text[EVENT_TEXT_MAX];
    const struct bytes *fingerprint; /* of this public half, as this side reports it; NULL: none */
    bool has_proof;
    enum hsm_proof proof;
    struct kcv kcvs[STEP_KCVS_MAX];
    unsigned kcv_count;
};

/* What crosses the relay, bit by bit: what a step needs, and what it leaves there. */
enum wire {
    WIRE_PUBLIC = 1,    /* the transport public key */
    WIRE_READ_BACK = 2, /* the same, as the source reads it back */
    WIRE_KEK = 4,       /* the encrypted key-encryption key */
    WIRE_KEY = 8,       /* the encrypted key */
    WIRE_OBJECT = 16,   /* a public object */
    WIRE_ACCEPTED = 32, /* the destination's word that it decrypted the key-encryption key */
};

/* What a row of any table says of its step. */
struct step_head {
    enum step_id id;
    enum side side;         /* whose HSM it gets; SIDE_RELAY: none */
    enum gate gate;         /* waits before it */
    uint32_t needs, leaves; /* enum wire */
};

/* Is all there that this step needs? Errors: ERR_FAILED. */
bool step_has(const struct step_head *head, uint32_t there, struct err *err);

#endif
