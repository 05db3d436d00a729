/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that hold for every HSM, whatever its driver or token does: a key that may not leave is not
 * wrapped, an algorithm gets only lengths that it can wrap, every damaged wrapped key gives the
 * same error, and only objects that this session created are the session's. The service calls these
 * functions, which call the driver.
 */
#ifndef HSMFERRY_AGENT_GUARD_H
#define HSMFERRY_AGENT_GUARD_H

#include <pthread.h>

#include "agent/agreed_rules.h"
#include "hsm/handles.h"
#include "hsm/hsm.h"

struct guard;

/* Algorithms that this HSM carries out in two calls: agent/two_calls.h. */
struct guard_in_two {
    uint32_t wraps, unwraps; /* bit for each algorithm */
    bool (*wrap)(struct guard *g, enum hsm_alg alg, const struct key_desc *wrapping, uint64_t key,
                 struct bytes *wrapped_key, struct err *err);
    bool (*unwrap)(struct guard *g, enum hsm_alg alg, const struct key_desc *unwrapping,
                   const struct bytes *wrapped_key, const struct hsm_template *template,
                   uint64_t *handle, struct err *err);
};

/* {.hsm = hsm} guards an open HSM. The sessions of one login, each on its own thread, share what is
 * known of its objects: {.hsm = further, .first = first} guards a further session. */
struct guard {
    struct hsm *hsm;
    struct guard *first; /* NULL: this one */
    /* Of the first only: */
    pthread_mutex_t lock; /* protects what follows */
    struct handles known;
    struct key_desc seen; /* the object that was described last, for one wrap(); handle 0: none */
    struct key_desc transport[WRAP_FAMILIES]; /* likewise, until it is destroyed */
    struct guard_in_two in_two;
    struct agreed agreed; /* agent/guard_agreement.h */
    struct {
        uint64_t handle; /* 0: none */
        uint32_t use;    /* KEY_ENCRYPT or KEY_DECRYPT */
    } evidence;          /* the evidence key, until it is destroyed */
};

/* Locks what the sessions of the login share, until guard_unlock(). */
struct guard *guard_lock(struct guard *g);
void guard_unlock(struct guard *login);

/* After the login: takes the inventory. A path that only proves creates and destroys nothing, and
 * has no inventory. Errors: as the driver's handles(). */
bool guard_begin(struct guard *g, struct err *err);
void guard_end(struct guard *g);

/* describe() of the contract. A key is not read again if it is wrapped next. */
bool guard_describe(struct guard *g, uint64_t handle, struct key_desc *key, struct err *err);

/* Another request follows: a key that is wrapped later is read again. */
void guard_forget_seen(struct guard *g);

/* wrap() of the contract. A transport key of this session is described once: nobody else can change
 * or replace it. Errors: ERR_DENIED (key may not leave, or not under this one; wrapping
 * may not wrap), ERR_UNSUPPORTED (wrapping is not a key for this algorithm, or key has a length
 * that the algorithm cannot wrap), and those of the driver. */
bool guard_wrap(struct guard *g, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                struct bytes *wrapped_key, struct err *err);

/* unwrap() of the contract, and guard_made() of the new object. Every ERR_DATA, regardless of its
 * origin, has the same text: an attacker learns nothing from a difference. */
bool guard_unwrap(struct guard *g, enum hsm_alg alg, uint64_t unwrapping,
                  const struct bytes *wrapped_key, const struct hsm_template *template,
                  uint64_t *handle, struct err *err);

/* wrap_layers() and unwrap_layers() of the contract, by the two keys of this session's agreement,
 * and under the rules of the two above. A key that is one layer does nothing alone. */
bool guard_wrap_layers(struct guard *g, const struct hsm_layers *by, uint64_t key,
                       struct bytes *wrapped_key, struct err *err);
bool guard_unwrap_layers(struct guard *g, const struct hsm_layers *by,
                         const struct bytes *wrapped_key, const struct hsm_template *template,
                         uint64_t *handle, struct err *err);

/* make_evidence_key(), seal() and unseal() of the contract. A session has one evidence key at a
 * time, and nothing but an answer, or a challenge that is drawn here, is encrypted under it:
 * neither prove() nor commit() takes it, and it is wrapped under a temporary AES key of this
 * session only. Errors: ERR_DENIED (there is one already; the key has other uses than it may have,
 * or could leave the destination, or is not this session's), ERR_UNSUPPORTED (the answers to this
 * proof are not sealed), and those of the driver. */
bool guard_make_evidence_key(struct guard *g, const char *label, uint64_t *handle, struct err *err);
bool guard_seal(struct guard *g, const struct evidence_subject *of, struct evidence_cipher *cipher,
                struct err *err);
bool guard_unseal(struct guard *g, const struct evidence_subject *of,
                  const struct evidence_cipher *cipher, struct bytes *answer, struct err *err);

/* prove() of the contract. By AES-ECB, the evidence key would show the key stream of each of its
 * ciphertexts. */
bool guard_prove(struct guard *g, enum hsm_proof proof, uint64_t handle,
                 const struct bytes *challenge, struct bytes *answer, struct err *err);

/* Is it a key of an agreement? Errors: ERR_DENIED. */
bool guard_not_agreed(struct guard *g, uint64_t handle, const char *use, struct err *err);

/* Is it the evidence key? Errors: ERR_DENIED. */
bool guard_not_evidence(struct guard *g, uint64_t handle, const char *use, struct err *err);

/* Records objects that the driver has created in this session; other may be 0: none. Errors:
 * ERR_HSM (it existed before; it is left untouched). */
bool guard_made(struct guard *g, uint64_t handle, struct err *err);
bool guard_made_two(struct guard *g, uint64_t handle, uint64_t other, struct err *err);

/* destroy() of the contract. An object that was already destroyed is not destroyed again: another
 * object may have its handle by now. */
bool guard_destroy(struct guard *g, uint64_t handle, struct err *err);

/* remove() of the contract, which names one object that another session made. */
bool guard_remove(struct guard *g, const struct key_desc *is, struct err *err);

/* tighten() of the contract: the object is read, and nothing that would loosen it is set. Errors:
 * ERR_DENIED. */
bool guard_tighten(struct guard *g, const struct key_desc *is, const struct tightening *to,
                   struct err *err);

#endif
