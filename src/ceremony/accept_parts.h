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
    const struct sealed_bundle *bundle; /* or what stands for one */
    enum sealed_stage stage;            /* of it */
    struct record *records;             /* in the order of the file */
    size_t count, room, keys;
    struct key_desc pair[2]; /* private and public half; handle 0: not there */
    struct trial trials[TRIALS_MAX];
    unsigned trial_count;
    bool through; /* every record was tried */
    bool proven;  /* what was kept was proven by a fresh process, or should have been */
    bool waits;   /* the pair is left, because nothing else would complete the visit */
    bool destroyed;
    struct sealed_reader *draft; /* of a visit that was cut off after it had proven all; NULL */
};

struct accept *accept_of(const struct visit_walk *v);
const struct sealed_bundle *accept_bundle(const struct visit_walk *v);
enum sealed_stage accept_stage(const struct visit_walk *v);

/* The record with this number; NULL: there is none. */
struct record *accept_record_of(const struct accept *a, uint64_t number);

/* Negotiates with a source that can do all that this HSM can take. policy: that of the ceremony, or
 * with fewer transports. one_blob: that source can only make one blob. */
bool accept_negotiate(struct visit_walk *v, const struct policy *policy, bool one_blob,
                      struct err *err);

/* An empty record at the end. */
struct record *accept_add_record(struct accept *a, struct err *err);

/* Exactly one private key of the offer's name and public half, with the guards of the offer; none
 * if the visit was cut off after it was destroyed. */
bool accept_find_pair(struct visit_walk *v, struct err *err);

/* The transport as the offer left it, with the KEK of the bundle. */
bool accept_take_transport(struct visit_walk *v, struct err *err);

/* The destination decrypts the KEK, if there is one. */
bool accept_take_kek(struct visit_walk *v, struct err *err);

/* The transport keys are destroyed, and the pair unless it waits. */
bool accept_close(struct visit_walk *v, struct err *err);
void accept_free(struct visit_walk *v);

/* What was kept is proven by a process that took no part in the visit, once. */
bool accept_prove_fresh(struct visit_walk *v, struct err *err);

/* May it be carried in this way? */
bool accept_is_allowed(const struct visit_walk *v, const struct record *record);

/* Makes the plan of the records; what a visit that was cut off has kept is found in it. */
bool accept_make_plan(struct visit_walk *v, struct err *err);

/* Destroys the temporary objects that a visit that was cut off has left. */
bool accept_sweep_left(struct visit_walk *v, struct err *err);

/* Of the second reading: tries a test key, or keeps a key. ctx: the visit. Errors end the visit;
 * what fails one key only does not. */
bool accept_take_record(void *ctx, const struct sealed_key *key, struct err *err);

/* Carries out these rows of a test key, which is not kept, and of which nothing is recorded but the
 * result: t->temporary is then to be destroyed. */
bool accept_try_rows(struct visit_walk *v, struct transfer *t, const enum step_id *steps,
                     size_t step_count, struct err *err);

/* Records that result. passed: what is said if it passed. */
bool accept_say_trial(struct visit_walk *v, const struct trial *trial, const struct key_desc *key,
                      const struct bytes *wrapped, const char *passed, struct err *err);

/* The canary of a key that comes as a file: the way that this key will take, tried with a
 * test key of the relay. Errors: it did not arrive, or is another key there. */
bool arrive_canary(struct visit_walk *v, const struct sealed_key *way, struct err *err);

/* Before the pair is destroyed: the receipt, as far as it can be written, so that an accept that is
 * cut off later is completed by it: what may be weak is proven only while the pair exists. */
bool accept_draft(struct visit_walk *v, struct err *err);

/* Has a visit that was cut off left such a draft? *draft: it; NULL: no, or the pair still exists.
 */
bool accept_find_draft(struct visit_walk *v, struct sealed_reader **draft, struct err *err);

/* The last part: the file for the other room. */
bool accept_answer(struct visit_walk *v, struct err *err);

#endif
