/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence between two rooms: which answers may be in a file, and which the source takes for those
 * of its own key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "transfer/evidence.h"

/* A P-256 pair, and its public half. */
struct pair {
    EVP_PKEY *key;
    struct bytes spki;
};

static void make_pair(struct pair *pair)
{
    unsigned char *der = NULL;
    int len;

    pair->key = EVP_EC_gen("P-256");
    assert_non_null(pair->key);
    len = i2d_PUBKEY(pair->key, &der);
    assert_true(len > 0 && bytes_set(&pair->spki, der, (size_t)len, NULL));
    OPENSSL_free(der);
}

static void free_pair(struct pair *pair)
{
    EVP_PKEY_free(pair->key);
    bytes_free(&pair->spki);
}

/* r || s, as HSMs sign. */
static void sign(const struct pair *by, const struct bytes *digest, struct bytes *signature)
{
    unsigned char der[128], raw[64];
    const unsigned char *at = der;
    size_t len = sizeof der;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(by->key, NULL);
    ECDSA_SIG *sig;

    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &len, digest->data, digest->len), 1);
    sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
    assert_true(bytes_set(signature, raw, sizeof raw, NULL));
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
}

static void draw(struct bytes *digest)
{
    assert_true(bytes_make(digest, 32, NULL));
    assert_int_equal(RAND_bytes(digest->data, 32), 1);
}

static void only_answers_that_show_nothing_are_in_a_file(void **state)
{
    const uint32_t all = UINT32_MAX;
    const struct key_desc aes = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES};
    const struct key_desc des = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_DES3};
    const struct key_desc secret = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_GENERIC};
    const struct key_desc rsa = {.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_RSA};

    (void)state;
    assert_int_equal(evidence_in_clear(&aes, all),
                     1U << HSM_PROOF_AES_ECB | 1U << HSM_PROOF_AES_DECRYPT);
    assert_int_equal(evidence_in_clear(&des, all), 0);
    assert_int_equal(evidence_in_clear(&secret, all), 0);
    assert_true(evidence_in_clear(&rsa, all) == all);
}

/* The source needs no HSM to judge a signature: its public key does. */
static void source_takes_only_its_own_keys_answer(void **state)
{
    struct pair own, other;
    struct key_desc desc = {.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_EC};
    struct plan_item item = {.key = &desc, .proofs = 1U << HSM_PROOF_ECDSA};
    struct evidence evidence = {.proof = HSM_PROOF_ECDSA};
    struct bytes answer = {0}, another = {0};
    struct err err = {0};

    (void)state;
    make_pair(&own);
    make_pair(&other);
    draw(&evidence.open);
    sign(&own, &evidence.open, &answer);
    assert_true(evidence_judge(NULL, &item, &own.spki, &evidence, &answer, &err));
    sign(&other, &evidence.open, &another);
    assert_false(evidence_judge(NULL, &item, &own.spki, &evidence, &another, &err));
    assert_int_equal(err.code, ERR_DATA);
    evidence.open.data[0] ^= 1; /* the answer to another challenge: a replay */
    assert_false(evidence_judge(NULL, &item, &own.spki, &evidence, &answer, &err));
    assert_int_equal(err.code, ERR_DATA);
    bytes_free(&answer);
    bytes_free(&another);
    evidence_free(&evidence);
    free_pair(&own);
    free_pair(&other);
}

/* The destination takes a public key only with a signature of its private half. */
static void destination_takes_no_strangers_evidence(void **state)
{
    struct pair own, other;
    struct key_desc desc = {.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_EC};
    struct plan_item item = {.key = &desc, .proofs = 1U << HSM_PROOF_ECDSA};
    struct transfer t = {.item = &item};
    struct evidence evidence = {.proof = HSM_PROOF_ECDSA};
    struct err err = {0};

    (void)state;
    make_pair(&own);
    make_pair(&other);
    draw(&evidence.challenge[0]);
    sign(&other, &evidence.challenge[0], &evidence.answer[0]);
    assert_false(evidence_take(&evidence, &own.spki, &t, &err));
    assert_int_equal(err.code, ERR_DATA);
    assert_null(t.ahead);
    bytes_free(&evidence.answer[0]);
    sign(&own, &evidence.challenge[0], &evidence.answer[0]);
    assert_true(evidence_take(&evidence, &own.spki, &t, &err));
    assert_true(ahead_shows_public(t.ahead));
    ahead_free(&t.ahead);
    evidence.proof = HSM_PROOF_HMAC; /* no proof of such a key */
    assert_false(evidence_take(&evidence, &own.spki, &t, &err));
    evidence_free(&evidence);
    free_pair(&own);
    free_pair(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_answers_that_show_nothing_are_in_a_file),
        cmocka_unit_test(source_takes_only_its_own_keys_answer),
        cmocka_unit_test(destination_takes_no_strangers_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
