/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transports on which both sides agree (family WRAP_AGREED), by ECDH, ML-KEM or both: what crosses,
 * what each side knows of it, and the key that follows. What crosses is hostile: a point on another
 * curve would give away a private key, bit by bit.
 *
 * The destination sends its public half: a SubjectPublicKeyInfo, for a hybrid two, that of the
 * curve first. The source answers with its own on that curve, and a ciphertext of ML-KEM after it;
 * without a curve, or without ML-KEM, with one of the two.
 */
#ifndef HSMFERRY_HSM_KEY_AGREEMENT_H
#define HSMFERRY_HSM_KEY_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"

/* The NID of the curve of alg in OpenSSL; alg has a curve. */
int agreement_curve(enum hsm_alg alg);

/* Is this the destination's public half for alg, in its one form: DER to its last byte, the curve
 * by its name, the point uncompressed, both coordinates below p, on the curve, not at infinity (SP
 * 800-56A section 5.6.2.3.3), every coefficient of an ML-KEM key below q (FIPS 203 section 7.2)?
 * what: "transport public key", for the message. Errors: ERR_DATA. */
bool agreement_check_public(enum hsm_alg alg, const struct bytes *spki, const char *what,
                            struct err *err);

/* The same for the source's answer. Every ciphertext of the right length is one (section 7.3). */
bool agreement_check_answer(enum hsm_alg alg, const struct bytes *answer, const char *what,
                            struct err *err);

/* The two parts of what crosses, each empty if alg has none: the SubjectPublicKeyInfo on the curve,
 * and that of ML-KEM or a ciphertext. They borrow from it. */
struct agreement_parts {
    struct bytes on_curve, kem;
};
struct agreement_parts agreement_split(enum hsm_alg alg, const struct bytes *crosses);

/* Puts them together. */
bool agreement_join(const struct agreement_parts *parts, struct bytes *crosses, struct err *err);

/* The point in what crosses: 04 || X || Y; its octets are those of crosses. Empty: too short. */
struct bytes agreement_point(enum hsm_alg alg, const struct bytes *crosses);

/* What both sides know: the name of the transport, NUL, the label of the migration, NUL, the
 * SHA-256 of the destination's public half, and of the source's. Returns its octets in out. */
enum { AGREEMENT_KNOWN_MAX = 32 + KEY_LABEL_MAX + 1 + 2 * 32 };
size_t agreement_known(enum hsm_alg alg, const char *migration, const uint8_t destination[32],
                       const uint8_t source[32], uint8_t out[AGREEMENT_KNOWN_MAX]);

/* The contract's meet() for every driver, by its public_key(). Two sides that were given different
 * public halves know different things. A public half that came back to its own side is
 * ERR_DATA. */
bool agreement_meet(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *known,
                    struct err *err);

/* The uses of the key that encapsulate() makes for this KDF: KEY_WRAP, KEY_ENCRYPT or KEY_DERIVE.
 */
uint32_t agreement_secret_use(enum hsm_kdf kdf);

/* Did encapsulate() make the key that agree() is asked for? Then this is its handle; else 0. */
uint64_t agreement_encapsulated(const struct hsm_agreement *on);

/* HKDF-SHA-256 of both secrets, curve first, as HSM_KDF_HKDF has it. Returns false if OpenSSL
 * fails. */
bool agreement_key_of_two(const struct bytes *on_curve, const struct bytes *kem,
                          const uint8_t *info, uint8_t key[HSM_AGREED_BITS / 8]);

/* The AES key that follows from the shared secret, the point's x-coordinate of len octets. info has
 * HSM_INFO_SIZE octets. Returns false if OpenSSL fails. */
bool agreement_key(enum hsm_kdf kdf, const uint8_t *secret, size_t len, const uint8_t *info,
                   uint8_t key[HSM_AGREED_BITS / 8]);

#endif
