/* SPDX-License-Identifier: Apache-2.0 */
/* How the AES key is carried to the destination: one row for each transport. */
#ifndef HSMFERRY_PLAN_TRANSPORTS_H
#define HSMFERRY_PLAN_TRANSPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "hsm/wrap_alg.h"

/* In the order in which equally strong ones are preferred. */
enum transport_kind {
    TRANSPORT_ECDH_P521,
    TRANSPORT_ML_KEM_1024,
    TRANSPORT_HYBRID,
    TRANSPORT_ECDH_P384,
    TRANSPORT_ML_KEM_768,
    TRANSPORT_ECDH_P256,
    TRANSPORT_RSA_OAEP,
    TRANSPORTS
};

struct transport_kind_row {
    const char *name;  /* as the ceremony file has it: "ecdh-p521" */
    const char *title; /* "ECDH on P-521" */
    uint32_t algs;     /* bit (1 << enum hsm_alg) for each way to do it */
};
extern const struct transport_kind_row transport_kinds[TRANSPORTS];

/* The transport that alg belongs to; alg carries AES keys. */
enum transport_kind transport_of(enum hsm_alg alg);

/* Does it withstand a quantum computer? */
bool transport_is_post_quantum(enum transport_kind kind);

/* Bits of strength against the computers of today; for ML-KEM, those of the AES key that its
 * category is measured by (FIPS 203 section 8); for a hybrid, of its stronger part. rsa_bits: of an
 * RSA pair. */
unsigned transport_strength(enum transport_kind kind, uint32_t rsa_bits);

/* "EC P-521", "RSA 3072", "EC P-384, ML-KEM-768": the pair of this transport. bits: of its modulus
 * or field. out has TRANSPORT_TEXT bytes. Returns out. */
enum { TRANSPORT_TEXT = 32 };
char *transport_pair_text(enum hsm_alg alg, uint32_t bits, char *out);

/* What crosses before the officers compare fingerprints: "both public keys"; NULL: one public key
 * of RSA, which is the transport key. */
const char *transport_crosses(enum hsm_alg alg);

#endif
