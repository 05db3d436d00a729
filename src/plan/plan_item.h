/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the plan: one object, how it is migrated, and under which name it arrives. */
#ifndef HSMFERRY_PLAN_PLAN_ITEM_H
#define HSMFERRY_PLAN_PLAN_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/err_note.h"
#include "hsm/key.h"
#include "hsm/tightening.h"
#include "plan/suite.h"

/* A label and an id, as in struct key_desc. */
struct plan_name {
    uint16_t label_len, id_len;
    uint8_t label[KEY_LABEL_MAX], id[KEY_ID_MAX];
};

/* A copy that the destination has already, and the attributes of it that are set. */
struct plan_alignment {
    struct key_desc found; /* as listed there */
    struct tightening to;
};

/* The object that holds the public half of a private key, if the HSM does not match the two. */
struct proof_half {
    uint64_t handle;      /* 0: the HSM reports the public half with the key itself */
    enum key_class class; /* a public key or a certificate */
};

struct plan_item {
    const struct key_desc *key; /* as listed on the source: in the list of the plan; or own */
    struct key_desc *own;       /* a description that is not the listed one; NULL: none */
    uint64_t old_handle;  /* of the old key on the source, if this is a new one; 0: it is not */
    bool explicit;        /* selected by name, not by a pattern */
    enum key_route route; /* ROUTE_NONE: it cannot be migrated, for this reason */
    enum hsm_alg alg;     /* the algorithm that encrypts it, if it is migrated */
    uint32_t want_flags;
    uint32_t proofs;        /* bit (1 << enum hsm_proof) for each proof that is possible */
    bool renamed;           /* it takes the id of that key in place of its id on the source */
    const char *there;      /* as in struct plan_known: it is not migrated again */
    struct plan_name *from; /* key has the name that it gets on the destination; this is its name on
                               the source. NULL: they are the same */
    struct plan_alignment *align; /* what is done to a copy that is there; NULL: nothing */
    size_t newer;                 /* the item that is the newest version of it, from 1; 0: none */
    size_t companion_of; /* the item that it accompanies, from 1; 0: it was selected itself */
    uint32_t bytes; /* of a public object: the length of its DER, as the source reports it ... */
    uint8_t sha256[32];     /* ... and its digest */
    bool sought;            /* the public half of a private key was searched for ... */
    struct proof_half half; /* ... and found in this object; key.has_public is then set */
    bool shown;             /* the private key has answered under its public half */
    char half_text[128];    /* where and how it was found; or why it was not */
    bool unproven;          /* no proof is possible: it is migrated under a waiver */
    struct err_note reason; /* code ERR_NONE: it can be migrated; what: how; or why it cannot */
};

enum { PLAN_ITEM_MAX = 600 };
_Static_assert(sizeof(struct plan_item) <= PLAN_ITEM_MAX, "there are items by the ten thousand");

/* Frees what the item owns, not the item. */
void plan_item_free(const struct plan_item *item);

/* Gives the item a separate description, at first as listed (all zeros: none is), for those who
 * know better than the list. Errors: ERR_FAILED (memory). */
bool plan_item_own(struct plan_item *item, struct err *err);

/* The name of an object; and the same object under this name. */
struct plan_name plan_name_of(const struct key_desc *key);
struct key_desc plan_named(const struct key_desc *key, const struct plan_name *name);

/* The item's key as it is on the source, also if it arrives under another name. */
struct key_desc plan_item_listed(const struct plan_item *item);

/* The handle of the key on the source that was chosen. */
uint64_t plan_item_chosen(const struct plan_item *item);

/* The item arrives under this name. Errors: ERR_FAILED (memory). */
bool plan_item_rename(struct plan_item *item, const struct plan_name *name, struct err *err);

/* The copy found of the item is to be brought into line with it. Errors: ERR_FAILED (memory). */
bool plan_item_align(struct plan_item *item, const struct key_desc *found,
                     const struct tightening *to, struct err *err);

#endif
