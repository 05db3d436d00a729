/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of hsm.h as tests, one suite for every driver. The suite needs no key on the token
 * and no second tool: it speaks the protocol to the HSM with OpenSSL as the other side, so that it
 * knows every value that goes in and checks every ciphertext, signature and digest that comes out.
 */
#ifndef HSMFERRY_TESTS_CONTRACT_CONTRACT_H
#define HSMFERRY_TESTS_CONTRACT_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "hsm/hsm.h"

enum { CONTRACT_ENV_MAX = 4 };

struct object; /* tests/fake/store.h */

/* One fresh token, and how to reach it. */
struct contract_place {
    struct hsm_where where;
    uint64_t slot;
    char pin[32];
    char environment[CONTRACT_ENV_MAX][HSM_PATH_MAX]; /* of its agent: "NAME=value", "": none */
    const char *speaks; /* the dialect in which this HSM is recognised; NULL: not looked at */
    const char *lacks;  /* known_key() types that begin so do not exist here, blanks
                           between them; NULL: it has all */
    char folder[HSM_PATH_MAX]; /* for set_up() and tear_down(): what they keep of it */

    /* Of a source only, in which no key can be unwrapped: puts this key on the token, and nothing
     * else. NULL: keys are unwrapped. */
    bool (*put)(struct contract_place *place, const struct object *known);
};

/* A kind of HSM to be tested. */
struct contract_hsm {
    const char *name;

    /* One of the two: the driver, called in this process; or an absolute path of a program that
     * serves it, called through remote_open(). */
    const struct hsm_driver *driver;
    const char *agent;

    /* Makes a fresh token without objects, and *place to reach it. It may be called again before
     * tear_down(): then both tokens live at the same time. */
    bool (*set_up)(struct contract_place *place);
    void (*tear_down)(struct contract_place *place);
};

/* Runs every test on this HSM, each with a fresh token. Prints as cmocka does; returns how many
 * failed. What the agent guards is tested where there is one. */
int contract_run(const struct contract_hsm *hsm);

/* Only these: what a source does. */
int contract_run_source(const struct contract_hsm *hsm);

/* Only these: what the agent refuses for every driver. */
int contract_run_guards(const struct contract_hsm *hsm);

/* Runs the whole protocol, each kind of key by each way that both offer, from one HSM to another.
 * They may be the same kind; in one process that is for drivers that allow two. */
int contract_run_pair(const struct contract_hsm *from, const struct contract_hsm *to);

#endif
