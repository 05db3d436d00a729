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

#include "hsm/evidence_key.h"
#include "transfer/evidence.h"
#include "transfer/transport.h"

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
    assert_int_equal(evidence_by_seal(&secret, all), 1U << HSM_PROOF_DIGEST | 1U << HSM_PROOF_HMAC);
    assert_int_equal(evidence_by_seal(&rsa, all), 0);
}

/* The source needs no HSM to judge a signature: its public key does. */
static void source_takes_only_its_own_keys_answer(void **state)
{
    struct pair own = {0}, other = {0};
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
    struct pair own = {0}, other = {0};
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

/* Two HSMs that hold this secret, and this evidence key: it "encrypts" by adding one. */
static uint8_t held;

static bool answer(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                   const struct bytes *challenge, struct bytes *out, struct err *err)
{
    uint8_t text[EVIDENCE_TEXT + 1], digest[32];

    (void)hsm, (void)proof, (void)handle;
    memcpy(text, challenge->data, EVIDENCE_TEXT);
    text[EVIDENCE_TEXT] = held;
    return EVP_Digest(text, sizeof text, digest, NULL, EVP_sha256(), NULL) == 1 &&
           bytes_set(out, digest, sizeof digest, err);
}

static bool encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                    const struct secret *text, struct evidence_cipher *cipher, struct err *err)
{
    (void)hsm, (void)context, (void)err;
    for (size_t i = 0; i < EVIDENCE_TEXT; i++)
        cipher->ciphertext[i] = (uint8_t)(text->data[i] + 1);
    return key == 44;
}

static bool decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                    const struct evidence_cipher *cipher, struct secret *text, struct err *err)
{
    (void)hsm, (void)context, (void)err;
    for (size_t i = 0; i < EVIDENCE_TEXT; i++)
        text->data[i] = (uint8_t)(cipher->ciphertext[i] - 1);
    text->len = EVIDENCE_TEXT;
    return key == 55;
}

static void weak_keys_evidence_is_sealed(void **state)
{
    static const struct hsm_driver driver = {.prove = answer,
                                             .encrypt = encrypt,
                                             .decrypt = decrypt,
                                             .seal = evidence_key_seal,
                                             .unseal = evidence_key_unseal};
    const struct evidence_subject with = {
        .evidence_key = 44, .migration = "00112233445566778899aabbccddeeff", .number = 7};
    struct hsm hsm = {&driver};
    struct key_desc desc = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_GENERIC, .handle = 3};
    struct plan_item item = {.key = &desc, .proofs = 1U << HSM_PROOF_DIGEST};
    struct transport transport = {.destination.evidence_key = 55};
    struct transfer t = {.item = &item, .transport = &transport};
    struct evidence evidence = {0};
    struct bytes none = {0}, got = {0};
    enum hsm_proof which;
    struct err err = {0};

    (void)state;
    held = 9;
    assert_false(evidence_ask(&hsm, &item, &none, NULL, &evidence, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED); /* without an evidence key, nothing is asked */
    assert_true(evidence_ask(&hsm, &item, &none, &with, &evidence, &err));
    assert_true(evidence.sealed);
    for (size_t i = 0; i < AHEAD_TURNS; i++)
        assert_int_equal(evidence.answer[i].len, 0);
    for (held = 8; held <= 9; held++) { /* 9 is the control */
        const struct proof_pair pair = {&hsm, 3, &none, &hsm, 4, KEY_CLASS_SECRET, {0}, false};
        assert_true(evidence_take(&evidence, &none, &t, &err));
        assert_int_equal(
            ahead_run(&pair, &t.ahead, AHEAD_ARRIVED, 1U << HSM_PROOF_DIGEST, &which, &err),
            held == 9);
        assert_int_equal(evidence_answer(&hsm, &t, 4, &evidence, &got, &err), held == 9);
        ahead_free(&t.ahead);
    }
    assert_true(evidence_judge(NULL, &item, &none, &evidence, &got, &err));
    got.data[0] ^= 1;
    assert_false(evidence_judge(NULL, &item, &none, &evidence, &got, &err));
    assert_int_equal(err.code, ERR_DATA);
    bytes_free(&got);
    evidence_free(&evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_answers_that_show_nothing_are_in_a_file),
        cmocka_unit_test(source_takes_only_its_own_keys_answer),
        cmocka_unit_test(destination_takes_no_strangers_evidence),
        cmocka_unit_test(weak_keys_evidence_is_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
