/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common parts of all steps. A step is a function on one HSM and one value (a transport, or a
 * transfer): it changes that value, reaches no other side, opens no gate and emits no event. Its
 * output is its result.
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

/* Filled in while a step runs; if the step fails, it describes what was done until then. */
struct step_result {
    const char *call;            /* the call of the API; NULL: none */
    const struct bytes *crossed; /* the data that leave, cross the relay or arrive; NULL: none */
    char text[EVENT_TEXT_MAX];
    const struct bytes *fingerprint; /* of this public half, as this side reports it; NULL: none */
    bool has_proof;
    enum hsm_proof proof;
    struct kcv kcvs[STEP_KCVS_MAX];
    unsigned kcv_count;
};

/* The data on the wire, one bit each: those that a step needs, and those that it leaves there. */
enum wire {
    WIRE_PUBLIC = 1,    /* the transport public key */
    WIRE_READ_BACK = 2, /* the same, as the source reads it back */
    WIRE_KEK = 4,       /* the encrypted key-encryption key */
    WIRE_KEY = 8,       /* the encrypted key */
    WIRE_OBJECT = 16,   /* a public object */
    WIRE_FILE = 64,     /* the sealed file is in its folder */
    WIRE_MET = 128,     /* both sides know both public halves */
    WIRE_ACCEPTED = 32, /* the destination confirmed that it decrypted the key-encryption key */
};

/* The part of a row that is the same in all tables. */
struct step_head {
    enum step_id id;
    enum side side;         /* the HSM that it is given; SIDE_RELAY: none */
    enum gate gate;         /* the gate before it */
    uint32_t needs, leaves; /* enum wire */
};

/* Are all data present that this step needs? Errors: ERR_FAILED. */
bool step_has(const struct step_head *head, uint32_t there, struct err *err);

#endif
