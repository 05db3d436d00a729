/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SubjectPublicKeyInfo (RFC 5280 4.1.2.7), the form in which public keys cross the relay. OpenSSL
 * searches all its decoders and encoders for each key, which takes longer than to verify a
 * signature. RSA keys and points on named curves, which are nearly all keys, are read and written
 * here; OpenSSL does the rest.
 */
#ifndef HSMFERRY_HSM_SPKI_H
#define HSMFERRY_HSM_SPKI_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "hsm/key_kind.h"

/* The key that d2i_PUBKEY() reads; NULL if there is none, or if bytes follow it. The caller frees
 * it. The queue of OpenSSL's errors is left empty. */
EVP_PKEY *spki_read(const struct bytes *spki);

/* Writes an RSA public key, as i2d_PUBKEY() does. Both numbers are positive. */
bool spki_write_rsa(const BIGNUM *modulus, const BIGNUM *exponent, struct bytes *spki);

/* Writes the public key of a point on the curve with this NID, as i2d_PUBKEY() does. The point is
 * uncompressed, and known to be on the curve. */
bool spki_write_ec(int curve, const void *point, size_t len, struct bytes *spki);

/* The same of a key whose parameter set has one string of octets as its public key (RFC 8410, RFC
 * 9881, RFC 9935). Returns false if raw cannot be one: it has another length, or is a value under
 * which anybody could answer. */
bool spki_write_set(const struct key_set *set, const void *raw, size_t len, struct bytes *spki);

/* The set of such a key, and its octets; NULL if spki is none, or in any other encoding than that
 * of spki_write_set(). raw may be NULL. */
const struct key_set *spki_read_set(const struct bytes *spki, struct bytes *raw);

#endif
