/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of a transport, implemented with OpenSSL, to test an HSM against an independent
 * implementation. Its keys are test keys and protect nothing. */
#ifndef HSMFERRY_HSM_COUNTERPART_H
#define HSMFERRY_HSM_COUNTERPART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/facts.h"

struct counterpart;

/* Creates a counterpart with an RSA pair of 2048 bits; spki receives the DER of its public half. */
bool counterpart_new(struct counterpart **other, struct bytes *spki, struct err *err);
void counterpart_free(struct counterpart *other);

/* Decrypts OAEP, or an RSA_AES blob, with the counterpart's private key. Returns false if
 * wrapped_key is no such ciphertext for it. */
bool counterpart_decrypt(const struct counterpart *other, enum hsm_alg alg,
                         const struct bytes *wrapped_key, struct bytes *plain);

/* Encrypts likewise under the public key in spki. Returns false if that is not possible. */
bool counterpart_encrypt(enum hsm_alg alg, const struct bytes *spki, const struct bytes *plain,
                         struct bytes *wrapped_key);

/* Decrypts wrapped_key under an AES key of 32 octets by AES_KW, AES_KWP or AES_CBC_PAD (preceded by
 * the IV). Returns false if it is not a ciphertext of that algorithm. */
bool counterpart_open(enum hsm_alg alg, const struct bytes *key, const struct bytes *wrapped_key,
                      struct bytes *plain);

/* The inverse, by an algorithm without an IV. */
bool counterpart_close(enum hsm_alg alg, const struct bytes *key, const struct bytes *plain,
                       struct bytes *wrapped_key);

/* Generates a pair for a transport that is agreed on, and derives the AES key with the public half
 * in spki. *own: the public half of the new pair. info: as in struct hsm_agreement. */
bool counterpart_agree(enum hsm_alg alg, enum hsm_kdf kdf, const struct bytes *spki,
                       const uint8_t *info, struct bytes *own, struct bytes *key);

/* Encrypts data, a multiple of 16 octets, with AES-ECB under a key of 16, 24 or 32 octets. */
bool counterpart_ecb(const struct bytes *key, const struct bytes *data, struct bytes *out);

#endif
