/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is known of an algorithm that wraps keys, in one row each. Everybody asks this table;
 * how an API calls the algorithm is the driver's own business.
 */
#ifndef HSMFERRY_HSM_WRAP_ALG_H
#define HSMFERRY_HSM_WRAP_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Algorithms by what the bytes on the wire are, not by any API's number. Within a family the
 * strongest comes first: that is the order in which both sides are asked for them. */
enum hsm_alg {
    HSM_RSA_OAEP_SHA256,
    HSM_RSA_OAEP_SHA1,
    HSM_AES_KWP,
    HSM_AES_KW,
    HSM_AES_CBC_PAD,
    HSM_ALGS
};

/* What key wraps. */
enum wrap_family {
    WRAP_RSA_OAEP, /* an RSA public key, which the private one unwraps */
    WRAP_AES,      /* an AES key */
};

/* Does a secret arrive as long as it left? */
enum wrap_length {
    WRAP_LENGTH_KEPT,     /* always */
    WRAP_LENGTH_ASK,      /* by the standard; but some HSMs pad the secret with zeros before: see
                             hsm_capabilities.exact_length */
    WRAP_LENGTH_MULTIPLE, /* multiples of the block are carried, others are not */
};

enum { WRAP_VALUE_MAX = 8 };

struct wrap_alg {
    const char *name;     /* in events, reports, dialects and messages: "aes-kwp" */
    const char *title;    /* as the field calls it: "AES key wrap with padding" */
    const char *standard; /* "RFC 5649" */
    const char *words;    /* what an officer should know of it */
    enum wrap_family family;
    bool has_integrity; /* an altered wrapped key does not unwrap */
    bool repeats;       /* the same key under the same key gives the same wrapped key */
    enum wrap_length exact_length;
    uint32_t iv;                   /* random octets in front of the ciphertext */
    uint32_t block;                /* octets of which a wrapped key is a multiple */
    uint32_t least;                /* octets of the shortest wrapped key */
    uint32_t hash_len;             /* OAEP: octets of its hash, which MGF1 uses as well ... */
    const char *hash;              /* ... and its name: "SHA-256" */
    uint8_t value[WRAP_VALUE_MAX]; /* the initial value that the standard fixes ... */
    uint32_t value_len;            /* ... and its octets; 0: there is none */
    const char *openssl;           /* AES: OpenSSL's name of it under a key of 256 bits */
    /* Octets of the wrapped key for a key of len octets; 0: it does not carry that. modulus: octets
     * of the RSA key that wraps. */
    size_t (*wrapped_len)(const struct wrap_alg *alg, size_t len, size_t modulus);
};

/* The row of an algorithm; alg must be one. */
const struct wrap_alg *wrap_alg(enum hsm_alg alg);

/* Octets of the wrapped key for a key of len octets; 0: this algorithm does not carry it. */
size_t wrap_ciphertext_len(enum hsm_alg alg, size_t len, size_t modulus);

/* Can a wrapped key be this long, whatever is in it? */
bool wrap_may_be_ciphertext(enum hsm_alg alg, size_t len, size_t modulus);

/* Octets of the longest secret that OAEP carries under a modulus of so many (RFC 8017 section
 * 7.1.1). */
size_t wrap_oaep_max(enum hsm_alg alg, size_t modulus);

#endif
