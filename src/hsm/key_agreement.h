/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transports on which both sides agree by ECDH (family WRAP_AGREED): the public halves that cross,
 * what each side knows of them, and the key that follows. What crosses is hostile: a point on
 * another curve would give away a private key, bit by bit.
 */
#ifndef HSMFERRY_HSM_KEY_AGREEMENT_H
#define HSMFERRY_HSM_KEY_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"

/* The NID of the curve of alg in OpenSSL. */
int agreement_curve(enum hsm_alg alg);

/* Is this the public half of a pair for alg, in its one form: DER to its last byte, the curve by
 * its name, the point uncompressed, both coordinates below p, on the curve, not at infinity (SP
 * 800-56A section 5.6.2.3.3)? what: "transport public key", for the message. Errors: ERR_DATA. */
bool agreement_check_public(enum hsm_alg alg, const struct bytes *spki, const char *what,
                            struct err *err);

/* The point in such a public half: 04 || X || Y; its octets are those of spki. */
struct bytes agreement_point(enum hsm_alg alg, const struct bytes *spki);

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

/* The AES key that follows from the shared secret, the point's x-coordinate of len octets. info has
 * HSM_INFO_SIZE octets. Returns false if OpenSSL fails. */
bool agreement_key(enum hsm_kdf kdf, const uint8_t *secret, size_t len, const uint8_t *info,
                   uint8_t key[HSM_AGREED_BITS / 8]);

#endif
