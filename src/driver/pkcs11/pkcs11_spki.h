/* SPDX-License-Identifier: Apache-2.0 */
/* Converts public halves between PKCS#11's attributes and DER SubjectPublicKeyInfo. All input is
 * hostile. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_SPKI_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_SPKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/key.h"

/* Bytes that belong to another object. */
struct view {
    const uint8_t *data;
    size_t len;
};

/* Builds the DER from CKA_MODULUS and CKA_PUBLIC_EXPONENT, or from CKA_EC_PARAMS and CKA_EC_POINT
 * (in an OCTET STRING as in the standard, or bare as on some tokens). Returns false if they do not
 * form a valid public key. */
bool spki_from_rsa(struct view modulus, struct view exponent, struct bytes *spki);
bool spki_from_ec(struct view params, struct view point, struct bytes *spki);

/* The same from CKA_EC_POINT of a curve of RFC 8410: bare octets, or in an OCTET STRING or a BIT
 * STRING, of which versions of the standard name each. */
bool spki_from_octets(const struct key_set *set, struct view point, struct bytes *spki);

/* Splits an RSA public key. Errors: ERR_DATA (not RSA, or trailing bytes). */
bool spki_to_rsa(const struct bytes *spki, struct bytes *modulus, struct bytes *exponent,
                 struct err *err);

/* The uncompressed point of an EC public key. Returns false if spki is not one. */
bool spki_to_point(const struct bytes *spki, struct bytes *point);

bool spki_sha256(const struct bytes *spki, uint8_t sha256[32]);

/* The bits of a modulus, without leading zeros. */
uint32_t spki_modulus_bits(struct view modulus);

/* The name of the curve that CKA_EC_PARAMS names, and the bits of its field (0: unknown). */
void spki_curve(struct view params, char name[KEY_CURVE_MAX], uint32_t *bits);

/* CKA_EC_PARAMS for a curve name from spki_curve(). Returns false if the name is not known. */
bool spki_curve_params(const char *name, struct bytes *params);

#endif
