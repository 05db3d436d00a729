/* SPDX-License-Identifier: Apache-2.0 */
/* ML-KEM: what OpenSSL 3.6 says of the same keys, forms that are none, and the hybrid of two
 * secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "driver/dialect/counterpart_kem.h"
#include "hsm/hsm.h"
#include "hsm/key_agreement.h"
#include "hsm/ml_kem.h"
#include "hsm/wrap_alg.h"

static const enum hsm_alg algs[] = {HSM_ML_KEM_1024, HSM_ML_KEM_768, HSM_ECDH_P384_ML_KEM_768};
enum { ALGS = sizeof algs / sizeof algs[0] };

/* --- known answers --- */

/* Seed 00 01 .. 3f, message 00 07 0e ..: `openssl genpkey -pkeyopt hexseed`, and `pkeyutl -decap`
 * of the ciphertext. */
static void a_secret_is_openssls(void **state)
{
    static const struct {
        unsigned set;
        const char *secret;
    } known[] = {
        {768, "e8d298689c230e8d1c13b952999c5e717e6b1e9f07a0d01839466215a57d2cd6"},
        {1024, "d3603d6c126b79c811ab7bac5bb022dc3f8cddcd7be0052caf20c1c8e83ec217"},
    };
    uint8_t seed[ML_KEM_SEED], message[32], public[ML_KEM_PUBLIC_MAX], private[ML_KEM_PRIVATE_MAX],
        text[ML_KEM_CIPHERTEXT_MAX], secret[ML_KEM_SECRET], again[ML_KEM_SECRET];
    (void)state;

    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(7 * i);
    for (size_t i = 0; i < 2; i++) {
        char hex[2 * ML_KEM_SECRET + 1];
        assert_true(ml_kem_generate(known[i].set, seed, public, private));
        assert_true(ml_kem_encapsulate(known[i].set, public, message, text, secret));
        for (size_t at = 0; at < sizeof secret; at++)
            sprintf(hex + 2 * at, "%02x", secret[at]);
        assert_string_equal(hex, known[i].secret);
        assert_true(ml_kem_decapsulate(known[i].set, private, text, again));
        assert_memory_equal(secret, again, sizeof secret);
        text[5] ^= 1; /* implicit rejection: another secret, and no error */
        assert_true(ml_kem_decapsulate(known[i].set, private, text, again));
        assert_memory_not_equal(secret, again, sizeof secret);
    }
}

/* --- what crosses --- */

/* One agreement of two counterparts. */
struct deal {
    struct counterpart_kem *destination;
    struct bytes public, answer;
    struct counterpart_secrets to, from;
};

static void begin(struct deal *d, enum hsm_alg alg)
{
    *d = (struct deal){0};
    d->destination = counterpart_kem_new(alg, &d->public);
    assert_non_null(d->destination);
    assert_true(counterpart_kem_answer(alg, &d->public, &d->answer, &d->from));
    assert_true(counterpart_kem_take(d->destination, &d->answer, &d->to));
}

static void end(struct deal *d)
{
    counterpart_kem_free(d->destination);
    bytes_free(&d->public);
    bytes_free(&d->answer);
    counterpart_secrets_free(&d->to);
    counterpart_secrets_free(&d->from);
}

static bool takes_public(enum hsm_alg alg, const struct bytes *public)
{
    struct err err = {0};
    bool ok = agreement_check_public(alg, public, "public key", &err);

    assert_int_equal(err.code, ok ? ERR_NONE : ERR_DATA);
    return ok;
}

static bool takes_answer(enum hsm_alg alg, const struct bytes *answer)
{
    struct err err = {0};
    bool ok = agreement_check_answer(alg, answer, "answer", &err);

    assert_int_equal(err.code, ok ? ERR_NONE : ERR_DATA);
    return ok;
}

static void other_forms_are_refused(void **state)
{
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        struct deal d;
        struct bytes cut, longer = {0};
        begin(&d, algs[i]);
        assert_true(takes_public(algs[i], &d.public)); /* control */
        assert_true(takes_answer(algs[i], &d.answer));
        assert_false(takes_answer(algs[i], &d.public));
        assert_false(takes_public(algs[i], &d.answer));
        cut = (struct bytes){d.public.data, d.public.len - 1};
        assert_false(takes_public(algs[i], &cut));
        cut = (struct bytes){d.answer.data, d.answer.len - 1};
        assert_false(takes_answer(algs[i], &cut));
        assert_true(bytes_make(&longer, d.public.len + 1, NULL));
        memcpy(longer.data, d.public.data, d.public.len);
        assert_false(takes_public(algs[i], &longer));
        bytes_free(&longer);
        d.public.data[d.public.len - ml_kem_spki_len(wrap_alg(algs[i])->kem) + 4] ^= 1; /* DER */
        assert_false(takes_public(algs[i], &d.public));
        end(&d);
    }
}

/* A coefficient is below q = 3329: 0xd00 is the greatest, 0xd01 is none. */
static void a_coefficient_is_below_q(void **state)
{
    (void)state;

    for (size_t i = 0; i < ALGS; i++) {
        struct deal d;
        uint8_t *key;
        begin(&d, algs[i]);
        key = d.public.data + d.public.len - ml_kem_public_len(wrap_alg(algs[i])->kem);
        key[0] = 0x00;
        key[1] = (uint8_t)((key[1] & 0xf0) | 0x0d);
        assert_true(takes_public(algs[i], &d.public)); /* control */
        key[0] = 0x01;
        assert_false(takes_public(algs[i], &d.public));
        end(&d);
    }
}

/* The half on the curve is checked as that of ECDH alone is. */
static void both_parts_of_a_hybrid_are_checked(void **state)
{
    const enum hsm_alg alg = HSM_ECDH_P384_ML_KEM_768;
    struct deal d;
    (void)state;

    begin(&d, alg);
    assert_int_equal(agreement_split(alg, &d.public).on_curve.len, 120);
    assert_int_equal(agreement_split(alg, &d.answer).kem.len, ml_kem_ciphertext_len(768));
    d.public.data[119] ^= 1; /* the point's last octet */
    assert_false(takes_public(alg, &d.public));
    d.answer.data[119] ^= 1;
    assert_false(takes_answer(alg, &d.answer));
    end(&d);
}

/* --- one key of two secrets --- */

static const uint8_t info[HSM_INFO_SIZE] = {1, 2, 3};

static void keys_of(enum hsm_kdf kdf, const struct counterpart_secrets *secrets,
                    const uint8_t *about, struct bytes *key, struct bytes *outer)
{
    assert_true(counterpart_kem_keys(kdf, secrets, about, key, outer));
    assert_int_equal(key->len, 32);
}

static void both_sides_have_the_same_keys(void **state)
{
    (void)state;

    for (size_t i = 0; i < ALGS; i++)
        for (enum hsm_kdf kdf = 0; kdf < HSM_KDFS; kdf++) {
            struct bytes one[2] = {{0}}, other[2] = {{0}};
            struct deal d;
            if (!(hsm_kdfs_of(algs[i]) & 1U << kdf))
                continue;
            begin(&d, algs[i]);
            keys_of(kdf, &d.to, info, &one[0], &one[1]);
            keys_of(kdf, &d.from, info, &other[0], &other[1]);
            for (size_t layer = 0; layer < 2; layer++) {
                assert_true(bytes_equal(&one[layer], &other[layer]));
                bytes_free(&one[layer]);
                bytes_free(&other[layer]);
            }
            end(&d);
        }
}

/* Whoever changes, or knows, one of the two secrets alone has another key. A token that cuts what
 * it concatenates has the same one, whatever the second secret is: the control. */
static void either_secret_alone_changes_the_key(void **state)
{
    struct bytes key = {0}, other = {0}, none = {0}, cut[2] = {{0}};
    struct deal d;
    (void)state;

    begin(&d, HSM_ECDH_P384_ML_KEM_768);
    keys_of(HSM_KDF_HKDF, &d.to, info, &key, &none);
    d.to.on_curve.data[0] ^= 1; /* the leading octet, which a cut at that end would drop */
    keys_of(HSM_KDF_HKDF, &d.to, info, &other, &none);
    assert_false(bytes_equal(&key, &other));
    d.to.on_curve.data[0] ^= 1;
    for (size_t at = 0; at < ML_KEM_SECRET; at += ML_KEM_SECRET - 1) {
        d.to.kem.data[at] ^= 1;
        keys_of(HSM_KDF_HKDF, &d.to, info, &other, &none);
        assert_false(bytes_equal(&key, &other));
        d.to.kem.data[at] ^= 1;
    }
    keys_of(HSM_KDF_HKDF, &d.to, info, &other, &none);
    assert_true(bytes_equal(&key, &other));
    keys_of(HSM_KDF_HKDF, &d.to, (const uint8_t[HSM_INFO_SIZE]){1, 2, 4}, &other, &none);
    assert_false(bytes_equal(&key, &other)); /* and so does what it is bound to */
    for (size_t i = 0; i < 2; i++) {
        assert_true(bytes_make(&cut[i], 32, NULL));
        assert_true(agreement_key_of_two(&d.to.on_curve, &none, info, cut[i].data));
        d.to.kem.data[0] ^= 1;
    }
    assert_true(bytes_equal(&cut[0], &cut[1]));
    assert_false(bytes_equal(&cut[0], &key)); /* ... which its trial finds */
    bytes_free(&key);
    bytes_free(&other);
    bytes_free(&cut[0]);
    bytes_free(&cut[1]);
    end(&d);
}

/* In two layers: each secret alone changes one of the two keys, and both are needed. */
static void each_layer_has_one_secret(void **state)
{
    struct bytes key[2] = {{0}}, other[2] = {{0}};
    struct deal d;
    (void)state;

    begin(&d, HSM_ECDH_P384_ML_KEM_768);
    keys_of(HSM_KDF_NESTED, &d.to, info, &key[0], &key[1]);
    d.to.on_curve.data[0] ^= 1;
    keys_of(HSM_KDF_NESTED, &d.to, info, &other[0], &other[1]);
    assert_false(bytes_equal(&key[0], &other[0]));
    assert_true(bytes_equal(&key[1], &other[1]));
    d.to.on_curve.data[0] ^= 1;
    d.to.kem.data[0] ^= 1;
    keys_of(HSM_KDF_NESTED, &d.to, info, &other[0], &other[1]);
    assert_true(bytes_equal(&key[0], &other[0]));
    assert_false(bytes_equal(&key[1], &other[1]));
    for (size_t i = 0; i < 2; i++) {
        bytes_free(&key[i]);
        bytes_free(&other[i]);
    }
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_openssls),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(a_coefficient_is_below_q),
        cmocka_unit_test(both_parts_of_a_hybrid_are_checked),
        cmocka_unit_test(both_sides_have_the_same_keys),
        cmocka_unit_test(either_secret_alone_changes_the_key),
        cmocka_unit_test(each_layer_has_one_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
