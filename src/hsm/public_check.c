/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For an RSA key, SP 800-89 5.3.3 asks that the modulus is odd, has no small factors, and is
 * neither a prime nor a power of one. OpenSSL shows the last by a round of Miller and Rabin to a
 * random base, and works in constant time, which a public number does not need. Fermat's theorem to
 * the base 2 shows the same: if n = p^k, then p - 1 divides n - 1, so p divides 2^(n-1) - 1. A
 * modulus that has no factor in common with this number is no power of a prime. What is not
 * accepted here is left to OpenSSL.
 */
#include "hsm/public_check.h"

#include <stddef.h>
#include <stdint.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

enum { SMALL_FACTORS_END = 752, MODULUS_BITS_MIN = 512, MODULUS_BITS_MAX = 16384 };

/* One division of the modulus for as many odd numbers as have a product of 32 bits. */
static bool has_small_factor(const BIGNUM *n)
{
    BN_ULONG product = 1, rest;
    uint32_t from = 3;

    for (uint32_t p = 3; p < SMALL_FACTORS_END; p += 2) {
        product *= p;
        if (p + 2 < SMALL_FACTORS_END && product <= UINT32_MAX / (p + 2))
            continue;
        rest = BN_mod_word(n, product);
        for (; from <= p; from += 2)
            if (rest % from == 0)
                return true;
        product = 1;
    }
    return false;
}

static bool is_no_power_of_prime(const BIGNUM *n)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *power = BN_new(), *less = BN_dup(n), *inverse = BN_new();
    bool ok = ctx && power && less && inverse && BN_sub_word(less, 1) &&
              BN_mod_exp_mont_word(power, 2, less, n, ctx, NULL) && BN_sub_word(power, 1) &&
              BN_mod_inverse(inverse, power, n, ctx); /* there is none if they have a factor */

    BN_free(power);
    BN_free(less);
    BN_free(inverse);
    BN_CTX_free(ctx);
    return ok;
}

static bool rsa_passes(const EVP_PKEY *pkey)
{
    BIGNUM *n = NULL, *e = NULL;
    const bool ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) &&
                    BN_num_bits(n) >= MODULUS_BITS_MIN && BN_num_bits(n) <= MODULUS_BITS_MAX &&
                    BN_is_odd(e) && !BN_is_one(e) && !has_small_factor(n) &&
                    is_no_power_of_prime(n);

    BN_free(n);
    BN_free(e);
    return ok;
}

bool public_check(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = NULL;
    bool ok = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && rsa_passes(pkey);

    if (!ok) {
        ctx = EVP_PKEY_CTX_new(pkey, NULL);
        ok = ctx && EVP_PKEY_public_check(ctx) == 1;
    }
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}
