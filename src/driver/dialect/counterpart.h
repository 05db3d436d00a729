/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of a transport, played with OpenSSL: for trying an HSM out against an independent
 * implementation. Its keys are thrown away and protect nothing. */
#ifndef HSMFERRY_DRIVER_DIALECT_COUNTERPART_H
#define HSMFERRY_DRIVER_DIALECT_COUNTERPART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/facts.h"

struct counterpart;

/* Makes a other with an RSA pair of 2048 bits, and the DER of its public half. */
bool counterpart_new(struct counterpart **other, struct bytes *spki, struct err *err);
void counterpart_free(struct counterpart *other);

/* OAEP under the other's own pair. Returns false when wrapped_key is no OAEP ciphertext for it. */
bool counterpart_decrypt(const struct counterpart *other, enum hsm_alg alg,
                         const struct bytes *wrapped_key, struct bytes *plain);

/* OAEP under the public key in spki. Returns false when that is not possible. */
bool counterpart_encrypt(enum hsm_alg alg, const struct bytes *spki, const struct bytes *plain,
                         struct bytes *wrapped_key);

/* Decrypts wrapped_key under an AES key of 32 octets by AES_KW, AES_KWP or AES_CBC_PAD (IV in
 * front). Returns false where it is no ciphertext of that. */
bool counterpart_open(enum hsm_alg alg, const struct bytes *key, const struct bytes *wrapped_key,
                      struct bytes *plain);

/* AES-ECB of data, a multiple of 16 octets, under a key of 16, 24 or 32. */
bool counterpart_ecb(const struct bytes *key, const struct bytes *data, struct bytes *out);

#endif
