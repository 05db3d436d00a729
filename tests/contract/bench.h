/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the contract's tests share: an HSM on a fresh token, keys whose values are known (struct
 * object, in OpenSSL), and the ways to bring them in.
 */
#ifndef HSMFERRY_TESTS_CONTRACT_BENCH_H
#define HSMFERRY_TESTS_CONTRACT_BENCH_H

#include "hsm/hsm.h"
#include "tests/contract/contract.h"
#include "tests/fake/crypto.h"
#include "tests/fake/store.h"

/* A test of a list. */
struct contract_row {
    const char *name;
    void (*run)(void **state);
};

struct bench {
    const struct contract_hsm *kind;
    struct contract_place place;
    struct hsm *hsm; /* NULL: closed */
    struct hsm_capabilities caps;
    uint64_t pair; /* a transport key of the HSM's, once bench_kek() was called ... */
    uint64_t kek;  /* ... and an AES key under it, whose value we know: */
    struct object *kek_value;
    enum hsm_alg envelope; /* by which keys come in under it */
    struct err err;        /* of the last call */
};

/* Fails the test, with the sentence of b->err, unless ok. */
#define MUST(b, ok) bench_must((ok), &(b)->err, #ok, __FILE__, __LINE__)
void bench_must(bool ok, const struct err *err, const char *call, const char *file, int line);

/* Fails the test unless the call failed with this code and says why. */
#define MUST_FAIL(b, ok, want) bench_must_fail((ok), &(b)->err, (want), #ok, __FILE__, __LINE__)
void bench_must_fail(bool ok, const struct err *err, enum err_code want, const char *call,
                     const char *file, int line);

/* A fresh token; then open (no login), log in and learn the offers. */
bool bench_start(struct bench *b, const struct contract_hsm *kind);
void bench_open(struct bench *b);
void bench_login(struct bench *b);
void bench_close(struct bench *b); /* the token stays */
void bench_stop(struct bench *b);  /* the token goes */

/* All handles there are, as one number that changes with any of them. */
struct inventory {
    uint64_t *handles;
    size_t count;
};
struct inventory bench_inventory(struct bench *b);
/* Fails the test unless the handles are the same as then; frees then. */
void bench_same_inventory(struct bench *b, struct inventory then);

/* --- keys whose values we know --- */

/* "aes32", "generic13", "rsa2048", "ec256": with the flags of an ordinary key that may leave. */
struct object *known_key(const char *type);
extern const char *const known_types[]; /* NULL at the end */

/* Does this HSM know keys of this type? */
bool bench_has(const struct bench *b, const char *type);

/* What of it crosses in clear: the DER SubjectPublicKeyInfo of a pair. */
struct bytes known_spki(const struct object *known);

/* A self-signed certificate for it, as DER; name is "CN=...". */
struct bytes known_certificate(const struct object *known, const char *name);

/* Checks an HSM's answer to a challenge. */
bool known_answer_is_right(const struct object *known, enum hsm_proof proof,
                           const struct bytes *challenge, const struct bytes *answer);

/* --- bringing them in --- */

/* The OAEP that this HSM unwraps by (or wraps by), HSM_ALGS where there is none. */
enum hsm_alg bench_oaep(const struct bench *b, bool wrap);

/* The envelope for any key that this HSM unwraps by (or wraps by): AES_KWP before AES_CBC_PAD, or
 * HSM_ALGS where there is neither. */
enum hsm_alg bench_envelope(const struct bench *b, bool wrap);

/* Makes b->pair and b->kek. Skips the test where the HSM does not unwrap by OAEP and an envelope.
 */
void bench_kek(struct bench *b);

/* A template that makes the known key what its desc says. spki: room for what it points to. */
struct hsm_template bench_template(const struct object *known, struct bytes *spki);

/* Brings a known key in, as a temporary object. */
uint64_t bench_import(struct bench *b, const struct object *known);

/* And as a token object with its label and id. */
uint64_t bench_import_token(struct bench *b, const struct object *known);

/* Fails the test unless the object with this handle proves to hold the known key. */
void bench_prove(struct bench *b, uint64_t handle, const struct object *known);

#endif
