/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys go, how, in what order; and which cannot, and why. */
#ifndef HSMFERRY_PLAN_PLAN_H
#define HSMFERRY_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "hsm/uri.h"
#include "plan/policy.h"
#include "plan/suite.h"

/* What the officers chose: by URIs (the ceremony file) or by handles (marked on the screen). */
struct selection {
    const struct uri *uris;
    size_t uri_count;
    const uint64_t *handles;
    size_t handle_count;
};

/* The object that a private key's public half is in, where the key's HSM does not join the two. */
struct proof_half {
    uint64_t handle;      /* 0: the HSM reports the half with the key itself */
    enum key_class class; /* a public key or a certificate */
};

struct plan_item {
    struct key_desc key;  /* as listed on the source */
    bool explicit;        /* chosen by itself, not by a pattern */
    enum key_route route; /* ROUTE_NONE: it cannot go, and reason says why */
    enum hsm_alg alg;     /* what encrypts it, where it goes */
    uint32_t want_flags;
    uint32_t proofs;     /* bit (1 << enum hsm_proof) for each that may prove it */
    bool renamed;        /* it takes the id of that key, not the one that it has on the source */
    size_t companion_of; /* goes along with this item, from 1; 0: it was chosen itself */
    uint32_t bytes;      /* of a public object: the length of its DER as the source told it ... */
    uint8_t sha256[32];  /* ... and its digest */
    bool sought;         /* a private key's public half was looked for, ... */
    struct proof_half half; /* ... and found in this object; key.has_public is then set */
    char half_text[128];    /* where and how; or why none was found */
    bool unproven;          /* none may: it goes by a waiver, vouched for by the envelope alone */
    struct err reason;      /* code ERR_NONE when it goes; what: why not, or how it goes */
};

struct plan {
    struct plan_item *items;
    size_t count;
    size_t movable;    /* how many of those that were chosen can go; ... */
    size_t companions; /* ... and of those that go along with one */
};

/* Makes the plan of what was chosen, in the order of labels; what accompanies the private keys
 * among it is for companion_add() to append. Errors: ERR_NO_INPUT (a named key is not on the
 * source), ERR_CONFLICT (two keys match a URI that names one). Freed with plan_free(). */
bool plan_make(const struct policy *policy, const struct suite *suite,
               const struct key_list *source, const struct key_list *destination,
               const struct selection *selection, struct plan *plan, struct err *err);
void plan_free(struct plan *plan);

/* Does this line of the ceremony file name this object? A pattern without a type means keys: public
 * keys and certificates are no secrets to carry, and those of a private key accompany it. */
bool plan_selects(const struct uri *uri, const struct key_desc *key);

/* Gives every item its verdict anew: after something was found out about the suite.
 * Errors: ERR_FAILED (memory). */
bool plan_judge(const struct policy *policy, const struct suite *suite,
                const struct key_list *source, const struct key_list *destination,
                struct plan *plan, struct err *err);

/* Appends an item. Errors: ERR_FAILED (memory). */
bool plan_add(struct plan *plan, const struct plan_item *item, struct err *err);

/* The verdict on every object of the source, in the order of its list, as the inventory shows them
 * before anything was chosen. Errors: ERR_FAILED (memory). Freed with plan_free(). */
bool plan_verdicts(const struct policy *policy, const struct suite *suite,
                   const struct key_list *source, const struct key_list *destination,
                   struct plan *plan, struct err *err);

#endif
