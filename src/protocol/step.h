/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the protocol: their names, numbers and sides. */
#ifndef HSMFERRY_PROTOCOL_STEP_H
#define HSMFERRY_PROTOCOL_STEP_H

#include <stdbool.h>

#include "protocol/side.h"

/* The protocol's steps, in its order, and then those of a removal, which come before its
 * inventory. step_number() returns the number that the documents use. */
enum step_id {
    STEP_MAKE_PAIR,
    STEP_RELAY_PUBLIC,
    STEP_LOAD_PUBLIC,
    STEP_RELAY_ANSWER, /* the source's public half too, if both agree on a key */
    STEP_LOAD_ANSWER,
    STEP_MAKE_KEK,
    STEP_WRAP_KEK,
    STEP_RELAY_KEK,
    STEP_UNWRAP_KEK,
    STEP_WRAP_KEY,
    STEP_RELAY_KEY,
    STEP_UNWRAP_KEY,
    STEP_PROVE,
    STEP_READ_OBJECT, /* public objects: in place of the four steps before */
    STEP_RELAY_OBJECT,
    STEP_COMMIT,
    STEP_ALIGN,  /* of a copy that is there already: in place of all steps before */
    STEP_DERIVE, /* of a new key: before STEP_PROVE, in place of all before; on the source ... */
    STEP_DERIVE_THERE,  /* ... and on the destination */
    STEP_COMMIT_SOURCE, /* of a new key: after STEP_COMMIT */
    STEP_PROVE_AGAIN,
    STEP_SEAL, /* for a key service: in place of all from STEP_UNWRAP_KEY on */
    STEP_DESTROY,
    STEP_INVENTORY,
    STEP_PROVE_FRESH,
    STEP_DISTINGUISH, /* of a removal (removal.h) only, as the three that follow */
    STEP_PROVE_NOW,
    STEP_DESTROY_KEY,
    STEP_PROVE_AFTER,
    STEPS
};

/* The step's name for reports ("make-pair"), its number in the protocol (1..12), its action in
 * a few words ("make the transport pair"), and its side. */
const char *step_name(enum step_id id);
int step_number(enum step_id id);
const char *step_title(enum step_id id);
enum side step_side(enum step_id id);

/* What crosses in a step. */
enum step_sent {
    STEP_SENT_NOTHING,
    STEP_SENT_PUBLIC,
    STEP_SENT_KEK,
    STEP_SENT_KEY,
    STEP_SENT_OBJECT
};

/* What officers read before a step: what it does, in one sentence in which '%' stands for the key,
 * and what leaves an HSM or this host, without a full stop. */
const char *step_does(enum step_id id);
/* If both sides agree on the transport's key; by_kem: by ML-KEM. */
const char *step_does_agreed(enum step_id id, bool by_kem);
const char *step_leaves(enum step_id id);
enum step_sent step_sent(enum step_id id);

#endif
