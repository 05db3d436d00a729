/* SPDX-License-Identifier: Apache-2.0 */
/* Signing with a private key that stays in its HSM, by the operations that also prove keys. */
#ifndef HSMFERRY_CEREMONY_SIGN_H
#define HSMFERRY_CEREMONY_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ceremony/setup.h"
#include "hsm/key.h"
#include "hsm/uri.h"

/* A signature over a SHA-256, and by which key. {0} is empty; freed with signature_free(). */
struct signature {
    struct bytes bytes; /* RSASSA-PKCS1-v1_5 (RFC 8017 8.2), or ECDSA as DER (RFC 3279 2.2.3) */
    struct bytes spki;  /* the public half, DER SubjectPublicKeyInfo */
    struct key_desc key;
    struct hsm_slot slot; /* of its token */
};

/* Opens the HSM of SIDE_RELAY by host->open(), logs in to the one token with the PIN of
 * host->pin(), signs with the one private key, and closes it. The signature is checked under the
 * public half that the HSM reports. Errors: ERR_NO_INPUT (no such key), ERR_CONFIG (two of them, or
 * of the tokens), ERR_UNSUPPORTED (neither RSA nor EC, or its uses or allowed
 * mechanisms do not let it sign a digest), ERR_DATA (the result is no signature by that key), other
 * errors of the HSM. */
bool sign_sha256(const struct ceremony_host *host, const struct uri *token, const struct uri *key,
                 const uint8_t sha256[32], struct signature *out, struct err *err);

/* The same with out->key, on an HSM that is open. */
bool sign_digest(struct hsm *hsm, const uint8_t sha256[32], struct signature *out, struct err *err);

/* May this key sign a digest so that `openssl dgst -verify` accepts the signature? Errors:
 * ERR_UNSUPPORTED. */
bool sign_may(const struct key_desc *key, struct err *err);

/* The SHA-256 of the public half (DER) of the key that sign_sha256() would sign with. Errors: as
 * sign_sha256(). */
bool sign_public_half(const struct ceremony_host *host, const struct uri *token,
                      const struct uri *key, uint8_t sha256[32], struct err *err);

void signature_free(struct signature *signature);

#endif
