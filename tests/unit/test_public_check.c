/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/public_check.h: it accepts and refuses the same keys as EVP_PKEY_public_check(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "hsm/public_check.h"

enum { HALF = 512 };

/* In place of OpenSSL's, to count what is left to it. */
static unsigned asked;

static int openssl(EVP_PKEY_CTX *of)
{
    int (*real)(EVP_PKEY_CTX *) =
        (int (*)(EVP_PKEY_CTX *))(uintptr_t)dlsym(RTLD_NEXT, "EVP_PKEY_public_check");

    assert_non_null(real);
    return real(of);
}

int EVP_PKEY_public_check(EVP_PKEY_CTX *of)
{
    asked++;
    return openssl(of);
}

static BN_CTX *ctx;

static BIGNUM *prime(int bits)
{
    BIGNUM *n = BN_new();

    assert_int_equal(BN_generate_prime_ex2(n, bits, 0, NULL, NULL, NULL, ctx), 1);
    return n;
}

/* Frees both. */
static BIGNUM *product(BIGNUM *a, BIGNUM *b)
{
    BIGNUM *n = BN_new();

    assert_int_equal(BN_mul(n, a, b, ctx), 1);
    BN_free(a);
    BN_free(b);
    return n;
}

static BIGNUM *word(BN_ULONG value)
{
    BIGNUM *n = BN_new();

    assert_int_equal(BN_set_word(n, value), 1);
    return n;
}

static BIGNUM *power(BIGNUM *base, BN_ULONG exponent)
{
    BIGNUM *e = word(exponent), *n = BN_new();

    assert_int_equal(BN_exp(n, base, e, ctx), 1);
    BN_free(base);
    BN_free(e);
    return n;
}

/* Frees the modulus. */
static EVP_PKEY *key_of(BIGNUM *n, BN_ULONG exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = word(exponent);
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
    params = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(make), 1);
    assert_int_equal(EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(make);
    BN_free(n);
    BN_free(e);
    return key;
}

/* Frees the key. times: how often OpenSSL is to be asked. */
static void check(EVP_PKEY *key, bool passes, unsigned times)
{
    EVP_PKEY_CTX *of = EVP_PKEY_CTX_new(key, NULL);

    asked = 0;
    assert_int_equal(public_check(key), passes);
    assert_int_equal(asked, times);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(openssl(of) == 1, passes);
    ERR_clear_error();
    EVP_PKEY_CTX_free(of);
    EVP_PKEY_free(key);
}

static void test_sound(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        check(key_of(product(prime(HALF), prime(HALF)), 65537), true, 0);
    check(EVP_RSA_gen(2048), true, 0);
    check(key_of(product(prime(HALF), product(prime(HALF), prime(HALF))), 3), true, 0);
    check(EVP_EC_gen("P-256"), true, 1);
    check(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true, 1);
}

/* Fermat's theorem cannot tell it from a prime: (6m + 1)(12m + 1)(18m + 1), three primes (Chernick,
 * "On Fermat's simple theorem", 1939). */
static BIGNUM *pseudoprime(void)
{
    static const BN_ULONG factors[3] = {6, 12, 18};
    BIGNUM *m = NULL, *n = word(1);

    assert_true(BN_hex2bn(&m, "C11027C4D1C386BBC4CD613E30D8F16ADF91B7584A22673A5D") > 0);
    for (size_t i = 0; i < 3; i++) {
        BIGNUM *p = BN_dup(m);
        assert_true(BN_mul_word(p, factors[i]) && BN_add_word(p, 1));
        assert_int_equal(BN_check_prime(p, ctx, NULL), 1);
        n = product(n, p);
    }
    BN_free(m);
    return n;
}

static void test_weak(void **state)
{
    (void)state;
    check(key_of(prime(1024), 65537), false, 1);
    check(key_of(power(prime(HALF), 2), 65537), false, 1);
    check(key_of(power(prime(256), 5), 65537), false, 1);
    check(key_of(product(word(751), prime(1023)), 65537), false, 1);
    check(key_of(product(word(3), prime(1023)), 65537), false, 1);
    check(key_of(product(word(2), prime(1023)), 65537), false, 1);
    check(key_of(product(prime(HALF), prime(HALF)), 1), false, 1);
    check(key_of(product(prime(HALF), prime(HALF)), 65536), false, 1);
}

/* It is left to OpenSSL, which factors it, and refuses what can be factored so. */
static void test_undecided(void **state)
{
    (void)state;
    check(key_of(pseudoprime(), 65537), false, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_weak),
        cmocka_unit_test(test_undecided),
    };
    int failed;

    ctx = BN_CTX_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    BN_CTX_free(ctx);
    return failed;
}
