/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The properties of each key-wrapping algorithm, one row each. All code asks this table; only the
 * API's number and call of an algorithm are the driver's.
 */
#ifndef HSMFERRY_HSM_WRAP_ALG_H
#define HSMFERRY_HSM_WRAP_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Algorithms by their output bytes, not by any API's number. Within a family the strongest comes
 * first; both sides are asked for them in this order. */
enum hsm_alg {
    HSM_RSA_OAEP_SHA256,
    HSM_RSA_OAEP_SHA1,
    HSM_AES_KWP,
    HSM_AES_KW,
    HSM_AES_CBC_PAD,
    HSM_RSA_AES_SHA256,
    HSM_RSA_AES_SHA1,
    HSM_ECDH_P521,
    HSM_ECDH_P384,
    HSM_ECDH_P256,
    HSM_ML_KEM_1024,
    HSM_ML_KEM_768,
    HSM_ECDH_P384_ML_KEM_768,
    HSM_ALGS
};

/* The type of the wrapping key. */
enum wrap_family {
    WRAP_RSA_OAEP, /* an RSA public key; the private key unwraps */
    WRAP_AES,      /* an AES key */
    WRAP_RSA_AES,  /* an RSA public key, which wraps an AES key that is made for this one key: the
                      blob is the wrapped AES key, and the key under it */
    WRAP_AGREED,   /* an AES key that both sides have from their two key pairs, or from what one of
                      them encapsulates, or both; it wraps one AES key by the inner algorithm, and
                      the blob is that wrapped key */
    WRAP_FAMILIES
};

/* Is the length of a secret preserved? */
enum wrap_length {
    WRAP_LENGTH_KEPT, /* always */
    WRAP_LENGTH_ASK,  /* according to the standard; but some HSMs pad the secret with zeros first:
                         see hsm_capabilities.exact_length */
    WRAP_LENGTH_MULTIPLE, /* multiples of the block are preserved, others cannot be wrapped */
};

enum { WRAP_VALUE_MAX = 8 };

struct wrap_alg {
    const char *name;     /* in events, reports, dialects and messages: "aes-kwp" */
    const char *title;    /* as the field calls it: "AES key wrap with padding" */
    const char *standard; /* "RFC 5649" */
    const char *words;    /* a remark for officers */
    enum wrap_family family;
    bool has_integrity; /* an altered wrapped key does not unwrap */
    bool repeats;       /* wrapping the same key twice under one key gives the same wrapped key */
    enum wrap_length exact_length;
    uint32_t iv;                   /* octets of random IV that precede the ciphertext */
    uint32_t block;                /* octets; the blob is a multiple of it */
    uint32_t least;                /* octets of the shortest wrapped key */
    uint32_t hash_len;             /* OAEP: octets of its hash, which MGF1 also uses ... */
    const char *hash;              /* ... and its name: "SHA-256" */
    uint8_t value[WRAP_VALUE_MAX]; /* the initial value of the standard ... */
    uint32_t value_len;            /* ... and its octets; 0: none */
    enum hsm_alg outer, inner;     /* RSA_AES: what wraps its AES key, and what the key under it;
                                      AGREED: inner wraps the AES key */
    const char *curve;             /* AGREED by ECDH: "P-521", as in struct key_desc; else NULL */
    uint32_t kem;                  /* AGREED by ML-KEM: its parameter set, 768 or 1024; else 0 */
    uint32_t bits;                 /* AGREED: of the curve's field; without one, the set */
    const char *openssl;           /* AES: OpenSSL's name of the algorithm with a key of 256 bits */
    /* Octets of the wrapped key for a key of len octets; 0: it cannot wrap that length. modulus:
     * octets of the RSA wrapping key. */
    size_t (*wrapped_len)(const struct wrap_alg *alg, size_t len, size_t modulus);
};

/* The row of an algorithm; alg must be one. */
const struct wrap_alg *wrap_alg(enum hsm_alg alg);

/* The algorithm of this name; HSM_ALGS: none. */
enum hsm_alg wrap_alg_named(const char *name);

/* Does an RSA key wrap by it, and its other half unwrap? */
bool wrap_is_by_rsa(enum hsm_alg alg);

/* Do both sides agree on the wrapping key (hsm/key_agreement.h)? */
bool wrap_is_agreed(enum hsm_alg alg);

/* Is it agreed on by ML-KEM, or by that and ECDH, so that no quantum computer finds the key? */
bool wrap_is_post_quantum(enum hsm_alg alg);

/* Octets of the wrapped key for a key of len octets; 0: this algorithm cannot wrap it. */
size_t wrap_ciphertext_len(enum hsm_alg alg, size_t len, size_t modulus);

/* Can a wrapped key of this algorithm have this length? */
bool wrap_may_be_ciphertext(enum hsm_alg alg, size_t len, size_t modulus);

/* Octets of the longest secret that OAEP can encrypt under a modulus of this many octets (RFC 8017
 * section 7.1.1). */
size_t wrap_oaep_max(enum hsm_alg alg, size_t modulus);

#endif
