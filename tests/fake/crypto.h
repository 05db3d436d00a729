/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM's cryptography, with OpenSSL. All return false where it cannot be done. */
#ifndef HSMFERRY_TESTS_FAKE_CRYPTO_H
#define HSMFERRY_TESTS_FAKE_CRYPTO_H

#include <openssl/evp.h>

#include "tests/fake/store.h"
#include "hsm/evidence_form.h"
#include "hsm/facts.h"

/* Encrypts plain under the wrapping object (RSA public or AES, as alg wants it), and the inverse.
 */
bool crypto_wrap(enum hsm_alg alg, const struct object *wrapping, const struct bytes *plain,
                 struct bytes *wrapped_key);
bool crypto_unwrap(enum hsm_alg alg, const struct object *unwrapping,
                   const struct bytes *wrapped_key, struct bytes *plain);

/* The hash of a signature; its hash and padding, set; and what it is over: the challenge or the
 * hash of it. */
const EVP_MD *crypto_hash(struct hsm_signing signing);
bool crypto_pad(EVP_PKEY_CTX *ctx, struct hsm_signing signing);
bool crypto_hashed(struct hsm_signing signing, const struct bytes *challenge, struct bytes *out);

/* Encrypts EVIDENCE_TEXT octets of text by AES-256-GCM under key, or decrypts to text, which is
 * left alone if the tag is not the right one. */
bool crypto_gcm(const struct object *key, bool encrypt, const struct bytes *context, uint8_t *text,
                struct evidence_cipher *cipher);

/* Answers a challenge as facts.h says of each proof. */
bool crypto_prove(enum hsm_proof proof, const struct object *key, const struct bytes *challenge,
                  struct bytes *answer);

#endif
