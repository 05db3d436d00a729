/* SPDX-License-Identifier: Apache-2.0 */
/* RSA moduli that somebody may be able to factor: is this one of them? */
#ifndef HSMFERRY_PLAN_RSA_CHECK_H
#define HSMFERRY_PLAN_RSA_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bn.h>

#include "base/err.h"

/* A way in which a modulus is weak. */
struct rsa_weakness {
    const char *what; /* "has a modulus that is a prime" */
    /* Is the odd modulus n > 2^64 weak in this way? -1: no memory. ctx: for temporaries. */
    int (*is)(const BIGNUM *n, BN_CTX *ctx);
};

/* All that are looked for, the cheap ones first. None needs the private half, and none ever fits a
 * modulus of two random primes but by a chance of less than 2^-27. */
const struct rsa_weakness *rsa_weaknesses(size_t *count);

/* Is the odd modulus n > 2^64 of the key called what ("transport public key") free of all of them?
 * Takes about 40 ms for 4096 bits. Errors: ERR_DATA (weak; *err says in which way), ERR_FAILED
 * (memory). */
bool rsa_check_modulus(const BIGNUM *n, const char *what, struct err *err);

#endif
