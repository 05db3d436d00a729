/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each weakness is one predicate and one row of the table at the end. A destination with a broken
 * or planted key generator makes such keys, and an AES key encrypted under one is disclosed.
 */
#include "plan/rsa_check.h"

#include <stdint.h>
#include <string.h>

enum {
    SMALL_PRIMES_END = 1 << 16,
    FERMAT_ROUNDS = 1024,
    /* of the 38 odd primes that divide the M of every ROCA key, from 512 bits up */
    ROCA_PRIMES_END = 168,
    ROCA_GENERATOR = 65537,
    MODULUS_OCTETS_MAX = 2048,
};

/* --- small factors --- */

/* Trial division by all primes below 2^16. SP 800-89 5.3.3 asks for those below 752; the
 * larger ones cost almost nothing. */
static int has_small_factor(const BIGNUM *n, BN_CTX *ctx)
{
    bool composite[SMALL_PRIMES_END] = {false};

    (void)ctx;
    if (!BN_is_odd(n))
        return 1;
    for (uint32_t p = 3; p < SMALL_PRIMES_END; p += 2) {
        if (composite[p])
            continue;
        if (BN_mod_word(n, p) == 0)
            return 1;
        for (uint64_t multiple = (uint64_t)p * p; multiple < SMALL_PRIMES_END; multiple += p)
            composite[multiple] = true;
    }
    return 0;
}

/* --- octets that repeat --- */

/* At some distance every fourth octet or more is the same as this far ahead: runs of zeros or ones
 * (2^k + a little), patterns. Of random octets one in 256 is. Seen in the field: Bernstein et al.,
 * "Factoring RSA keys from certified smart cards: Coppersmith in the wild", ASIACRYPT 2013, 3. */
static int has_repeating_octets(const BIGNUM *n, BN_CTX *ctx)
{
    uint8_t octets[MODULUS_OCTETS_MAX];
    int len = BN_num_bytes(n);

    (void)ctx;
    if (len > MODULUS_OCTETS_MAX)
        return -1;
    BN_bn2bin(n, octets);
    for (int distance = 1; distance <= len / 2; distance++) {
        int same = 0;
        for (int i = distance; i < len; i++)
            same += octets[i] == octets[i - distance];
        if (same >= (len - distance) / 4)
            return 1;
    }
    return 0;
}

/* --- ROCA --- */

static bool is_power_of_generator(BN_ULONG residue, uint32_t prime)
{
    uint32_t power = 1;

    do {
        if (power == residue)
            return true;
        power = power * (ROCA_GENERATOR % prime) % prime;
    } while (power != 1);
    return false;
}

static bool is_prime_word(uint32_t number)
{
    for (uint32_t d = 3; d * d <= number; d += 2)
        if (number % d == 0)
            return false;
    return true;
}

/* Infineon's library made primes p = k * M + (65537^a mod M), where M is the product of the first
 * primes: so n is a power of 65537 modulo each of these. CVE-2017-15361; Nemec et al., "The Return
 * of Coppersmith's Attack", CCS 2017, 2.2: another modulus passes by a chance of 2^-27. */
static int has_roca_form(const BIGNUM *n, BN_CTX *ctx)
{
    (void)ctx;
    for (uint32_t p = 3; p < ROCA_PRIMES_END; p += 2)
        if (is_prime_word(p) && !is_power_of_generator(BN_mod_word(n, p), p))
            return 0;
    return 1;
}

/* --- squares and close primes --- */

/* root = floor(sqrt(n)), by Newton's iteration from above (Cohen, "A Course in Computational
 * Algebraic Number Theory", algorithm 1.7.1). */
static bool square_root(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
    BIGNUM *next;
    bool ok;

    BN_CTX_start(ctx);
    next = BN_CTX_get(ctx);
    ok = next && BN_set_word(next, 0) && BN_set_bit(next, (BN_num_bits(n) + 1) / 2);
    do
        ok = ok && BN_copy(root, next) && BN_div(next, NULL, n, root, ctx) &&
             BN_add(next, next, root) && BN_rshift1(next, next);
    while (ok && BN_cmp(next, root) < 0);
    BN_CTX_end(ctx);
    return ok;
}

static bool is_square_modulo(BN_ULONG residue, uint32_t modulus)
{
    for (uint32_t x = 0; x <= modulus / 2; x++)
        if (x * x % modulus == residue % modulus)
            return true;
    return false;
}

/* Rules out 99 of 100 numbers without computing a root (Cohen, algorithm 1.7.3). */
static int is_square(const BIGNUM *n, BN_CTX *ctx)
{
    BN_ULONG residue = BN_mod_word(n, 64 * 63 * 65 * 11);
    BIGNUM *root;
    int result = 0;

    if (!is_square_modulo(residue, 64) || !is_square_modulo(residue, 63) ||
        !is_square_modulo(residue, 65) || !is_square_modulo(residue, 11))
        return 0;
    BN_CTX_start(ctx);
    root = BN_CTX_get(ctx);
    if (!root || !square_root(root, n, ctx) || !BN_sqr(root, root, ctx))
        result = -1;
    else
        result = BN_cmp(root, n) == 0;
    BN_CTX_end(ctx);
    return result;
}

/* Fermat's factoring: n = a^2 - b^2 for an a just above sqrt(n) if the primes are close.
 * CVE-2022-26320; Boeck, "Fermat Factorization in the Wild", IACR ePrint 2023/026: all keys found
 * in the field fell in one round, 100 are advised. b = 0 is a square, which has its own row. */
static int has_close_primes(const BIGNUM *n, BN_CTX *ctx)
{
    BIGNUM *a, *b2;
    int result = 0;
    bool ok;

    BN_CTX_start(ctx);
    a = BN_CTX_get(ctx);
    b2 = BN_CTX_get(ctx);
    ok = b2 && square_root(a, n, ctx) && BN_add_word(a, 1) && BN_sqr(b2, a, ctx) &&
         BN_sub(b2, b2, n);
    for (int i = 0; ok && result == 0 && i < FERMAT_ROUNDS; i++) {
        result = is_square(b2, ctx);
        /* (a + 1)^2 = a^2 + 2a + 1 */
        ok = BN_add(b2, b2, a) && BN_add_word(a, 1) && BN_add(b2, b2, a);
    }
    BN_CTX_end(ctx);
    return ok ? result : -1;
}

/* --- other powers --- */

/* Is n, which is odd, x^k for an odd k? If so then x = n^(1/k) modulo a power of two above x, since
 * the odd numbers modulo 2^m are a group whose order is a power of two. */
static int is_power(const BIGNUM *n, unsigned k, BN_CTX *ctx)
{
    BIGNUM *modulus, *exponent, *x;
    int result = -1;

    BN_CTX_start(ctx);
    modulus = BN_CTX_get(ctx);
    exponent = BN_CTX_get(ctx);
    x = BN_CTX_get(ctx);
    if (x && BN_set_word(modulus, 0) && BN_set_bit(modulus, BN_num_bits(n) / (int)k + 1) &&
        BN_set_word(x, k) && BN_mod_inverse(exponent, x, modulus, ctx) &&
        BN_mod_exp(x, n, exponent, modulus, ctx) && BN_set_word(exponent, k) &&
        BN_exp(x, x, exponent, ctx))
        result = BN_cmp(x, n) == 0;
    BN_CTX_end(ctx);
    return result;
}

/* Without a prime factor below 2^16 no power above the 16th part of its bits is possible. */
static int is_perfect_power(const BIGNUM *n, BN_CTX *ctx)
{
    int result = 0;

    for (unsigned k = 3; result == 0 && k <= (unsigned)BN_num_bits(n) / 16; k += 2)
        result = is_power(n, k, ctx);
    return result;
}

/* --- primes --- */

static int is_prime(const BIGNUM *n, BN_CTX *ctx)
{
    return BN_check_prime(n, ctx, NULL);
}

/* --- all of them --- */

const struct rsa_weakness *rsa_weaknesses(size_t *count)
{
    static const struct rsa_weakness rows[] = {
        {"has a modulus with a prime factor below 65536", has_small_factor},
        {"has a modulus whose octets repeat", has_repeating_octets},
        {"has a modulus as the broken generator of ROCA (CVE-2017-15361) makes them",
         has_roca_form},
        {"has a modulus that is a square", is_square},
        {"has a modulus whose two primes are too close to each other", has_close_primes},
        {"has a modulus that is a power of a smaller number", is_perfect_power},
        {"has a modulus that is a prime", is_prime},
    };

    *count = sizeof rows / sizeof rows[0];
    return rows;
}

bool rsa_check_modulus(const BIGNUM *n, const char *what, struct err *err)
{
    BN_CTX *ctx = BN_CTX_new();
    size_t count;
    const struct rsa_weakness *rows = rsa_weaknesses(&count);
    int weak = ctx ? 0 : -1;

    for (size_t i = 0; weak == 0 && i < count; i++) {
        weak = rows[i].is(n, ctx);
        if (weak > 0)
            err_set(err, ERR_DATA, "the %s %s", what, rows[i].what);
    }
    BN_CTX_free(ctx);
    if (weak < 0)
        err_set(err, ERR_FAILED, "the %s was not checked: no memory", what);
    return weak == 0;
}
