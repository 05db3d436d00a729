/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM's state, and what its two halves (fake.c, fake_keys.c) share. */
#ifndef HSMFERRY_TESTS_FAKE_FAKE_STATE_H
#define HSMFERRY_TESTS_FAKE_FAKE_STATE_H

#include "hsm/hsm.h"
#include "tests/fake/personality.h"
#include "tests/fake/store.h"

struct fake {
    struct hsm base;
    struct personality p;
    struct store store;
    bool logged_in;
    struct bytes first_answer; /* to a challenge, for the lie "replay" */
};

struct fake *fake_of(struct hsm *hsm);

/* A call begins, on the library or on the token; and was made. fake_leave() returns true. */
bool fake_enter(struct fake *f, const char *call, struct err *err);
bool fake_enter_token(struct fake *f, const char *call, struct err *err);
bool fake_leave(struct fake *f, const char *call);

/* Shall the call under way tell this lie? */
bool fake_lies(struct fake *f, const char *call, const char *how);

/* The part of the contract that works with keys. */
bool fake_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);
bool fake_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err);
bool fake_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                    struct err *err);
bool fake_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                          struct err *err);
bool fake_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                      uint64_t *handle, struct err *err);
bool fake_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                   struct err *err);
bool fake_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                              struct hsm_pair *pair, struct err *err);
/* Is it the private half of ML-KEM? Its public half. */
bool fake_is_kem(const struct object *o);
bool fake_kem_public(const struct object *o, struct bytes *spki);
bool fake_encapsulate(struct hsm *hsm, const struct hsm_encapsulation *with, struct hsm_pair *pair,
                      struct err *err);
bool fake_gcm_encrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                      const struct bytes *context, const struct bytes *text,
                      struct bytes *ciphertext, struct err *err);
bool fake_gcm_decrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                      const struct bytes *context, const struct bytes *ciphertext,
                      struct bytes *text, struct err *err);
bool fake_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err);
bool fake_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err);
bool fake_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                  const struct secret *text, struct evidence_cipher *cipher, struct err *err);
bool fake_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                  const struct evidence_cipher *cipher, struct secret *text, struct err *err);
bool fake_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                   uint64_t *handle, uint64_t *public_handle, struct err *err);
bool fake_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
               struct bytes *wrapped_key, struct err *err);
bool fake_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                 const struct bytes *wrapped_key, const struct hsm_template *template,
                 uint64_t *handle, struct err *err);
bool fake_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                const struct bytes *challenge, struct bytes *answer, struct err *err);
bool fake_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                 const uint8_t *id, size_t id_len, uint64_t *final, struct err *err);
bool fake_make_public(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                      struct err *err);
bool fake_destroy(struct hsm *hsm, uint64_t handle, struct err *err);
bool fake_remove(struct hsm *hsm, const struct key_desc *is, struct err *err);
bool fake_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                  struct err *err);

#endif
