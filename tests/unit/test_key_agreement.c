/* SPDX-License-Identifier: Apache-2.0 */
/* Public halves that are none, what both sides know of them, and the keys that follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "hsm/key_agreement.h"
#include "hsm/spki.h"

static const enum hsm_alg algs[] = {HSM_ECDH_P521, HSM_ECDH_P384, HSM_ECDH_P256};
enum { ALGS = sizeof algs / sizeof algs[0], POINT_MAX = 160 };

static bool accepts(enum hsm_alg alg, const struct bytes *spki)
{
    struct err err = {0};
    bool ok = agreement_check_public(alg, spki, "public key", &err);

    assert_int_equal(err.code, ok ? ERR_NONE : ERR_DATA);
    return ok;
}

/* A public key of this curve with these octets in the place of its point. */
static bool accepts_point(enum hsm_alg alg, const uint8_t *point, size_t len)
{
    struct bytes spki = {0};
    bool ok;

    assert_true(spki_write_ec(agreement_curve(alg), point, len, &spki));
    ok = accepts(alg, &spki);
    bytes_free(&spki);
    return ok;
}

/* A point of a fresh pair. Returns its octets. */
static size_t make_point(enum hsm_alg alg, uint8_t point[POINT_MAX], struct bytes *spki)
{
    EVP_PKEY *pair = EVP_EC_gen(wrap_alg(alg)->curve);
    uint8_t *der = NULL;
    struct bytes is;
    int len = i2d_PUBKEY(pair, &der);

    assert_true(len > 0 && bytes_set(spki, der, (size_t)len, NULL));
    is = agreement_point(alg, spki);
    assert_true(is.len > 0 && is.len <= POINT_MAX);
    memcpy(point, is.data, is.len);
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
    return is.len;
}

static void points_of_these_curves_are_taken(void **state)
{
    uint8_t point[POINT_MAX];
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        struct bytes spki = {0};
        size_t len = make_point(algs[i], point, &spki);
        assert_true(accepts(algs[i], &spki));
        assert_true(accepts_point(algs[i], point, len));
        for (size_t j = 0; j < ALGS; j++) /* of another curve, by its own name */
            assert_int_equal(accepts(algs[j], &spki), i == j);
        bytes_free(&spki);
    }
}

static void invalid_points_are_refused(void **state)
{
    uint8_t point[POINT_MAX], other[POINT_MAX] = {4};
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        struct bytes spki = {0};
        size_t len = make_point(algs[i], point, &spki), half = len / 2;
        bytes_free(&spki);
        assert_true(accepts_point(algs[i], point, len)); /* control */
        point[len - 1] ^= 1;
        assert_false(accepts_point(algs[i], point, len));
        point[len - 1] ^= 1;
        /* (x, 0) is of order 2 on y^2 = x^3 - 3x + (3x - x^3); (0, 0) on another one */
        memset(other + 1, 0, sizeof other - 1);
        assert_false(accepts_point(algs[i], other, len));
        other[half] = 2;
        assert_false(accepts_point(algs[i], other, len));
        memset(other + 1, 0xff, sizeof other - 1); /* not below p */
        assert_false(accepts_point(algs[i], other, len));
        assert_false(accepts_point(algs[i], (const uint8_t *)"", 1)); /* infinity */
        assert_false(accepts_point(algs[i], point, 1));
        assert_false(accepts_point(algs[i], point, len - 1));
    }
}

/* The octets of (x, y). */
static size_t write_point(const BIGNUM *x, const BIGNUM *y, enum hsm_alg alg,
                          uint8_t point[POINT_MAX])
{
    const int octets = ((int)wrap_alg(alg)->bits + 7) / 8;

    point[0] = 4;
    assert_true(BN_bn2binpad(x, point + 1, octets) == octets &&
                BN_bn2binpad(y, point + 1 + octets, octets) == octets);
    return 1 + 2 * (size_t)octets;
}

/* b of the curve y^2 = x^3 - 3x + b on which the points with this x are of order 3, which is where
 * 3x^4 - 18x^2 + 12bx - 9 = 0; and x^3 - 3x + b. */
static void solve_for_order_three(const BIGNUM *x, const BIGNUM *p, BIGNUM *b, BIGNUM *square,
                                  BN_CTX *ctx)
{
    BIGNUM *xx = BN_new(), *t = BN_new();

    assert_true(BN_mod_sqr(xx, x, p, ctx) && BN_mod_sqr(t, xx, p, ctx));
    assert_true(BN_mul_word(t, 3) && BN_mul_word(xx, 18) && BN_mod_sub(b, xx, t, p, ctx));
    assert_true(BN_add_word(b, 9) && BN_copy(t, x) && BN_mul_word(t, 12));
    assert_true(BN_mod_inverse(t, t, p, ctx) && BN_mod_mul(b, b, t, p, ctx));
    assert_true(BN_mod_sqr(xx, x, p, ctx) && BN_sub_word(xx, 3));
    assert_true(BN_mod_mul(square, xx, x, p, ctx) && BN_mod_add(square, square, b, p, ctx));
    BN_free(xx);
    BN_free(t);
}

/* Is it a point of this order on y^2 = x^3 - 3x + b? A token that calculates with it regardless
 * gives away its private key modulo that order. */
static bool is_of_order(const BIGNUM *p, const BIGNUM *b, const BIGNUM *x, const BIGNUM *y,
                        unsigned order, BN_CTX *ctx)
{
    BIGNUM *a = BN_dup(p), *n = BN_new();
    EC_GROUP *group;
    EC_POINT *at, *times;
    bool is;

    assert_true(BN_sub_word(a, 3) && BN_set_word(n, order));
    group = EC_GROUP_new_curve_GFp(p, a, b, ctx);
    assert_non_null(group);
    at = EC_POINT_new(group);
    times = EC_POINT_new(group);
    is = EC_POINT_set_affine_coordinates(group, at, x, y, ctx) == 1 && /* it is on that curve */
         EC_POINT_copy(times, at) == 1;
    for (unsigned i = 1; is && i < order; i++)
        is = !EC_POINT_is_at_infinity(group, times) &&
             EC_POINT_add(group, times, times, at, ctx) == 1;
    is = is && EC_POINT_is_at_infinity(group, times);
    EC_POINT_free(at);
    EC_POINT_free(times);
    EC_GROUP_free(group);
    BN_free(a);
    BN_free(n);
    return is;
}

static void small_order_on_another_curve(enum hsm_alg alg, const BIGNUM *p, BN_CTX *ctx)
{
    BIGNUM *x = BN_new(), *y = BN_new(), *b = BN_new(), *square = BN_new();
    uint8_t point[POINT_MAX];
    BN_ULONG small = 1;

    do
        assert_true(BN_set_word(x, ++small));
    while ((solve_for_order_three(x, p, b, square, ctx), BN_kronecker(square, p, ctx) != 1));
    assert_non_null(BN_mod_sqrt(y, square, p, ctx));
    assert_true(is_of_order(p, b, x, y, 3, ctx)); /* control */
    assert_false(accepts_point(alg, point, write_point(x, y, alg, point)));
    /* (2, 0) is of order 2 where b = 3 * 2 - 2^3 = -2 */
    assert_true(BN_set_word(x, 2) && BN_set_word(y, 0) && BN_copy(b, p) && BN_sub_word(b, 2));
    assert_true(is_of_order(p, b, x, y, 2, ctx)); /* control */
    assert_false(accepts_point(alg, point, write_point(x, y, alg, point)));
    BN_free(x);
    BN_free(y);
    BN_free(b);
    BN_free(square);
}

static void points_of_small_order_are_refused(void **state)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = BN_new();
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        EC_GROUP *group = EC_GROUP_new_by_curve_name(agreement_curve(algs[i]));
        assert_true(EC_GROUP_get_curve(group, p, NULL, NULL, ctx) == 1);
        small_order_on_another_curve(algs[i], p, ctx);
        EC_GROUP_free(group);
    }
    BN_free(p);
    BN_CTX_free(ctx);
}

/* x + p names the same point as x: of a relay that hides data in it, or of an HSM that reduces. */
static void a_coordinate_is_below_p(void **state)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = BN_new(), *x = BN_new(), *y = BN_new();
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        EC_GROUP *group = EC_GROUP_new_by_curve_name(agreement_curve(algs[i]));
        EC_POINT *at = EC_POINT_new(group);
        const int octets = ((int)wrap_alg(algs[i])->bits + 7) / 8;
        uint8_t point[POINT_MAX] = {4};
        size_t len = 1 + 2 * (size_t)octets;
        BN_ULONG small = 1;
        assert_true(EC_GROUP_get_curve(group, p, NULL, NULL, ctx) == 1);
        while (BN_set_word(x, small) == 1 &&
               EC_POINT_set_compressed_coordinates(group, at, x, 0, ctx) != 1)
            small++;
        assert_true(EC_POINT_get_affine_coordinates(group, at, x, y, ctx) == 1);
        assert_true(BN_bn2binpad(x, point + 1, octets) == octets &&
                    BN_bn2binpad(y, point + 1 + octets, octets) == octets);
        assert_true(accepts_point(algs[i], point, len)); /* control */
        assert_true(BN_add(x, x, p) == 1 && BN_bn2binpad(x, point + 1, octets) == octets);
        assert_false(accepts_point(algs[i], point, len));
        EC_POINT_free(at);
        EC_GROUP_free(group);
    }
    BN_free(p);
    BN_free(x);
    BN_free(y);
    BN_CTX_free(ctx);
}

/* OpenSSL reads these, and so do HSMs: they are refused here, not there. */
static void other_encodings_are_refused(void **state)
{
    uint8_t point[POINT_MAX], longer[POINT_MAX + 1];
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        struct bytes spki = {0}, form = {0};
        size_t len = make_point(algs[i], point, &spki), half = len / 2;
        const uint8_t odd = point[len - 1] & 1;
        EVP_PKEY *key;
        point[0] = (uint8_t)(2 + odd); /* compressed */
        assert_true(spki_write_ec(agreement_curve(algs[i]), point, 1 + half, &form));
        key = spki_read(&form);
        assert_non_null(key);
        EVP_PKEY_free(key);
        assert_false(accepts(algs[i], &form));
        point[0] = (uint8_t)(6 + odd); /* hybrid */
        assert_true(spki_write_ec(agreement_curve(algs[i]), point, len, &form));
        key = spki_read(&form);
        assert_non_null(key);
        EVP_PKEY_free(key);
        assert_false(accepts(algs[i], &form));
        point[0] = 4;
        memcpy(longer, point, len);
        longer[len] = 0;
        assert_false(accepts_point(algs[i], longer, len + 1)); /* within the bit string */
        assert_true(bytes_make(&form, spki.len + 1, NULL));    /* and after it */
        memcpy(form.data, spki.data, spki.len);
        assert_false(accepts(algs[i], &form));
        form.len--;
        assert_true(accepts(algs[i], &form)); /* control */
        form.data[1]++;                       /* another length */
        assert_false(accepts(algs[i], &form));
        form.len = 0;
        assert_false(accepts(algs[i], &form));
        bytes_free(&form);
        bytes_free(&spki);
    }
}

static void explicit_parameters_are_refused(void **state)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    uint8_t *der = NULL;
    struct bytes spki;
    int len;
    (void)state;

    assert_true(EVP_PKEY_set_utf8_string_param(pair, "encoding", "explicit") == 1);
    len = i2d_PUBKEY(pair, &der);
    assert_true(len > 200);
    spki = (struct bytes){der, (size_t)len};
    assert_false(accepts(HSM_ECDH_P256, &spki));
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
}

static void what_is_known_names_all_parts(void **state)
{
    const uint8_t one[32] = {1}, two[32] = {2};
    uint8_t known[AGREEMENT_KNOWN_MAX], other[AGREEMENT_KNOWN_MAX];
    size_t len = agreement_known(HSM_ECDH_P521, "hsmferry:a", one, two, known);
    char label[400];
    (void)state;

    assert_int_equal(len, sizeof "ecdh-p521" + sizeof "hsmferry:a" + 64);
    assert_memory_equal(known, "ecdh-p521\0hsmferry:a\0", 21);
    assert_memory_equal(known + 21, one, 32);
    assert_memory_equal(known + 53, two, 32);
    agreement_known(HSM_ECDH_P521, "hsmferry:a", two, one, other); /* swapped */
    assert_memory_not_equal(known, other, len);
    agreement_known(HSM_ECDH_P384, "hsmferry:a", one, two, other);
    assert_memory_not_equal(known, other, len);
    agreement_known(HSM_ECDH_P521, "hsmferry:b", one, two, other);
    assert_memory_not_equal(known, other, len);
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    assert_true(agreement_known(HSM_ECDH_P521, label, one, two, other) <= sizeof other);
}

/* ANSI X9.63 is one digest for a key of 32 octets. */
static void keys_follow_from_the_secret(void **state)
{
    uint8_t secret[66], info[HSM_INFO_SIZE], key[32], again[32], hash[32], joined[66 + 4 + 32];
    (void)state;

    for (unsigned i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    memset(info, 9, sizeof info);
    assert_true(agreement_key(HSM_KDF_NONE, secret, sizeof secret, info, key));
    assert_memory_equal(key, secret + 34, 32); /* the last octets */
    assert_false(agreement_key(HSM_KDF_NONE, secret, 31, info, key));
    assert_true(agreement_key(HSM_KDF_SHA256, secret, sizeof secret, info, key));
    memcpy(joined, secret, 66);
    memcpy(joined + 66, "\0\0\0\1", 4);
    memcpy(joined + 70, info, 32);
    assert_true(EVP_Digest(joined, sizeof joined, hash, NULL, EVP_sha256(), NULL) == 1);
    assert_memory_equal(key, hash, 32);
    info[31] ^= 1;
    assert_true(agreement_key(HSM_KDF_SHA256, secret, sizeof secret, info, again));
    assert_memory_not_equal(key, again, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_these_curves_are_taken),
        cmocka_unit_test(invalid_points_are_refused),
        cmocka_unit_test(points_of_small_order_are_refused),
        cmocka_unit_test(a_coordinate_is_below_p),
        cmocka_unit_test(other_encodings_are_refused),
        cmocka_unit_test(explicit_parameters_are_refused),
        cmocka_unit_test(what_is_known_names_all_parts),
        cmocka_unit_test(keys_follow_from_the_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
