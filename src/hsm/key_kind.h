/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of keys, and the parameter sets of those kinds that have named ones. Plan, policy,
 * proofs, drivers and screens ask these two tables, so that a new kind is a row here.
 */
#ifndef HSMFERRY_HSM_KEY_KIND_H
#define HSMFERRY_HSM_KEY_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum key_kind {
    KEY_KIND_OTHER, /* a type that this program does not migrate; type_name names it */
    KEY_KIND_AES,
    KEY_KIND_DES3,
    KEY_KIND_GENERIC, /* a generic secret: an HMAC key, a stored password, any value */
    KEY_KIND_RSA,
    KEY_KIND_EC,
    KEY_KIND_EDWARDS,    /* Ed25519, Ed448 (RFC 8032) */
    KEY_KIND_MONTGOMERY, /* X25519, X448 (RFC 7748) */
    KEY_KIND_ML_DSA,     /* FIPS 204 */
    KEY_KIND_ML_KEM,     /* FIPS 203 */
    KEY_KIND_HMAC_SHA1,  /* secrets whose type binds them to HMAC with one hash */
    KEY_KIND_HMAC_SHA224,
    KEY_KIND_HMAC_SHA256,
    KEY_KIND_HMAC_SHA384,
    KEY_KIND_HMAC_SHA512,
    KEY_KIND_NONE, /* not a key: a certificate or a data object */
    KEY_KINDS
};

/* What keys of a kind have in common. */
enum key_family {
    KEY_FAMILY_NONE,   /* they are not migrated */
    KEY_FAMILY_CIPHER, /* secrets of a block cipher: they have check values */
    KEY_FAMILY_VALUE,  /* secrets of any length. One may be a password, which a check value would
                          help to guess */
    KEY_FAMILY_PAIR,   /* private keys, which are proven by their public half */
};

enum { KEY_TYPE_NONE = UINT32_MAX }; /* a kind without a type number */

struct key_kind_row {
    const char *name; /* for screens and records: "AES", "HMAC-SHA-256" */
    enum key_family family;
    uint32_t type;     /* PKCS#11's CKK_ number, which NSS uses as well; or KEY_TYPE_NONE */
    uint32_t strength; /* FAMILY_VALUE: at most so many bits (SP 800-57 part 1, table 3); 0: a
                          stored value, as strong as its owner made it */
};

/* The row of a kind. Any number is valid; one that is no kind has the row of KEY_KIND_OTHER. */
const struct key_kind_row *key_kind_row(enum key_kind kind);

/* KEY_KIND_OTHER for a type without a kind. */
enum key_kind key_kind_of_type(uint64_t type);

bool key_kind_is(enum key_kind kind, enum key_family family);

/* A parameter set, or a curve that is one: the public key is one string of octets. Its name is the
 * "curve" of a key. */
struct key_set {
    const char *name;
    enum key_kind kind;
    const char *oid;     /* of the AlgorithmIdentifier, which has no parameters */
    uint32_t number;     /* PKCS#11's CKP_ number; 0: the set is a curve, named by its OID */
    uint32_t bits;       /* of a curve's field, otherwise 0 */
    uint32_t strength;   /* bits; FIPS 203 and 204: 128, 192, 256 for the categories 1 or 2, 3, 5 */
    uint32_t public_len; /* octets of the public key */
    uint32_t answer_len; /* of a signature; of the ciphertext of a key encapsulation; otherwise 0 */
};

/* NULL: there is none. number is never that of a curve. */
const struct key_set *key_set_named(const char *name);
const struct key_set *key_set_numbered(enum key_kind kind, uint64_t number);
const struct key_set *key_set_of_oid(const char *oid);

/* Are the sets of this kind numbered? */
bool key_kind_has_numbers(enum key_kind kind);

#endif
