/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of an agreement may do: one pair, one peer, one derived key, one AES key under it;
 * in two layers, one key for each. */
#ifndef HSMFERRY_AGENT_AGREED_RULES_H
#define HSMFERRY_AGENT_AGREED_RULES_H

#include "hsm/hsm.h"

/* {0}: there is none. */
struct agreed {
    uint64_t pair, public; /* the halves of the session's pair; 0: none; by ML-KEM alone, on the
                              source, pair is what was encapsulated */
    uint64_t kem;          /* besides: the private half of ML-KEM, or what was encapsulated ... */
    uint64_t kem_public;   /* ... and its public half */
    enum hsm_alg alg;
    struct bytes sent;           /* what encapsulate() returned; empty: nothing */
    enum hsm_kdf kdf;            /* with which it did */
    bool source;                 /* this side is the source */
    struct bytes peer;           /* the public half that it met; empty: none */
    uint8_t info[HSM_INFO_SIZE]; /* the digest of what was reported of that ... */
    bool met;                    /* ... by meet() */
    bool derived;                /* it has derived its key ... */
    uint64_t key;                /* ... which is this; 0: none */
    bool stays;                  /* the derived key is one that stays */
    bool spent;                  /* it has wrapped or unwrapped, or was asked to */
    bool outer_derived;          /* the same of the outer layer's key ... */
    uint64_t outer;              /* ... which is this; 0: none */
    uint64_t kek;                /* the last one that make_kek() made; 0: none */
};

/* May this pair meet this public half? Only the session's own pair, and always the same one.
 * Errors: ERR_DENIED. */
bool agreed_may_meet(const struct agreed *is, const struct hsm_meeting *with, struct err *err);

/* May it derive, with the public half that it met, for its side's use? Once. Errors: ERR_DENIED. */
bool agreed_may_derive(struct agreed *is, const struct hsm_agreement *on, struct err *err);

/* Is this the derived key as it must be, or what was encapsulated? Errors: ERR_DENIED (it could
 * leave, or do more). */
bool agreed_check_derived(const struct key_desc *key, uint32_t use, struct err *err);

/* The same of a key that stays, which must not do more than its template says. */
bool agreed_check_staying(const struct key_desc *key, const struct hsm_template *as,
                          struct err *err);

/* May this key be wrapped, or unwrapped with this template, under that one? Always, if that is not
 * the derived key; which may do it once, for one fresh AES key. Errors: ERR_DENIED. */
bool agreed_may_wrap(struct agreed *is, enum hsm_alg alg, uint64_t under, uint64_t key,
                     struct err *err);
bool agreed_may_unwrap(struct agreed *is, enum hsm_alg alg, uint64_t under,
                       const struct hsm_template *template, struct err *err);

/* The same in two layers: are these the two keys of the agreement, and is this what it reported? */
bool agreed_is_layered(const struct agreed *is, const struct hsm_layers *by, struct err *err);

/* Is it a key of the agreement? */
bool agreed_has(const struct agreed *is, uint64_t handle);

/* The object is gone. */
void agreed_gone(struct agreed *is, uint64_t handle);

void agreed_free(struct agreed *is);

#endif
