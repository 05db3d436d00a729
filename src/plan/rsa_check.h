/* SPDX-License-Identifier: Apache-2.0 */
/* Detects RSA moduli that an attacker may be able to factor. */
#ifndef HSMFERRY_PLAN_RSA_CHECK_H
#define HSMFERRY_PLAN_RSA_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bn.h>

#include "base/err.h"

/* One kind of weak modulus. */
struct rsa_weakness {
    const char *what; /* "has a modulus that is a prime" */
    /* Is the odd modulus n > 2^64 weak in this way? -1: no memory. ctx: for temporaries. */
    int (*is)(const BIGNUM *n, BN_CTX *ctx);
};

/* All kinds that are detected, the cheap ones first. No check needs the private half, and each one
 * matches a modulus of two random primes with a probability below 2^-27. */
const struct rsa_weakness *rsa_weaknesses(size_t *count);

/* Is the odd modulus n > 2^64 of the key called what ("transport public key") free of all of them?
 * Takes about 40 ms for 4096 bits. Errors: ERR_DATA (weak; *err says in which way), ERR_FAILED
 * (memory). */
bool rsa_check_modulus(const BIGNUM *n, const char *what, struct err *err);

#endif
