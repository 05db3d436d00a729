/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of accept, for its files only. */
#ifndef HSMFERRY_CEREMONY_ACCEPT_PARTS_H
#define HSMFERRY_CEREMONY_ACCEPT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ceremony/visit_parts.h"
#include "transfer/evidence.h"

/* A record of the bundle. */
struct record {
    uint32_t number; /* in the file */
    enum sealed_role role;
    enum key_route route;
    enum hsm_alg alg;
    uint32_t want_flags;
    struct transfer *transfer; /* NULL: a test key */
    struct evidence evidence;
    struct bytes answer; /* to its open challenge */
};

struct accept {
    struct record *records; /* in the order of the file */
    size_t count, room, keys;
    struct key_desc pair[2]; /* private and public half; handle 0: not there */
    struct trial trials[TRIALS_MAX];
    unsigned trial_count;
    bool through; /* every record was tried */
    bool destroyed;
};

struct accept *accept_of(const struct visit_walk *v);
const struct sealed_bundle *accept_bundle(const struct visit_walk *v);
enum sealed_stage accept_stage(const struct visit_walk *v);

/* The record with this number; NULL: there is none. */
struct record *accept_record_of(const struct accept *a, uint64_t number);

/* Negotiates with the source as its bundle shows it. */
bool accept_negotiate(struct visit_walk *v, struct err *err);

/* May it be carried in this way? */
bool accept_is_allowed(const struct visit_walk *v, const struct record *record);

/* Makes the plan of the records; what a visit that was cut off has kept is found in it. */
bool accept_make_plan(struct visit_walk *v, struct err *err);

/* Destroys the temporary objects that a visit that was cut off has left. */
bool accept_sweep_left(struct visit_walk *v, struct err *err);

/* Of the second reading: tries a test key, or keeps a key. ctx: the visit. Errors end the visit;
 * what fails one key only does not. */
bool accept_take_record(void *ctx, const struct sealed_key *key, struct err *err);

/* The last part: the fresh proof, and the file for the other room. */
bool accept_answer(struct visit_walk *v, struct err *err);

#endif
