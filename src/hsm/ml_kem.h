/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ML-KEM (FIPS 203), which OpenSSL has from 3.5 on: the form of what crosses, and the algorithms
 * themselves for test keys, so that an HSM is tried against an independent implementation. No
 * real key is made here, and the time that it takes depends on the test keys.
 */
#ifndef HSMFERRY_HSM_ML_KEM_H
#define HSMFERRY_HSM_ML_KEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    ML_KEM_SECRET = 32, /* octets of a shared secret */
    ML_KEM_PUBLIC_MAX = 1568,
    ML_KEM_PRIVATE_MAX = 3168,
    ML_KEM_CIPHERTEXT_MAX = 1568,
    ML_KEM_SEED = 64, /* d || z */
};

/* Octets of an encapsulation key, and of a ciphertext. set: 768 or 1024. */
size_t ml_kem_public_len(unsigned set);
size_t ml_kem_ciphertext_len(unsigned set);

/* Is it an encapsulation key: of that length, each coefficient below q (section 7.2)? */
bool ml_kem_is_public(unsigned set, const uint8_t *key, size_t len);

/* The SubjectPublicKeyInfo of an encapsulation key (RFC 9935): one form, ml_kem_spki_len() octets.
 */
size_t ml_kem_spki_len(unsigned set);
bool ml_kem_write_spki(unsigned set, const uint8_t *key, size_t len, struct bytes *spki);

/* The encapsulation key in it; empty: it is not that form. It borrows from spki. */
struct bytes ml_kem_read_spki(unsigned set, const struct bytes *spki);

/* ML-KEM.KeyGen_internal. Returns false if OpenSSL fails, as do the next two. */
bool ml_kem_generate(unsigned set, const uint8_t seed[ML_KEM_SEED],
                     uint8_t public_key[ML_KEM_PUBLIC_MAX],
                     uint8_t private_key[ML_KEM_PRIVATE_MAX]);

/* ML-KEM.Encaps_internal; message: 32 random octets. */
bool ml_kem_encapsulate(unsigned set, const uint8_t *public_key, const uint8_t message[32],
                        uint8_t ciphertext[ML_KEM_CIPHERTEXT_MAX], uint8_t secret[ML_KEM_SECRET]);

/* ML-KEM.Decaps_internal. A ciphertext that was changed gives another secret. */
bool ml_kem_decapsulate(unsigned set, const uint8_t *private_key, const uint8_t *ciphertext,
                        uint8_t secret[ML_KEM_SECRET]);

#endif
