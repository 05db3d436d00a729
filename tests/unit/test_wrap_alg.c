/* SPDX-License-Identifier: Apache-2.0 */
/* The table of algorithms against the vectors of their RFCs, and against OpenSSL for every length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "hsm/facts.h"
#include "hsm/wrap_alg.h"

enum { ROOM = 512, MODULUS = 256 };

static const uint8_t octets[64] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                   0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
                                   0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};

/* What OpenSSL makes of it, by the names and values of the row; 0: nothing. The IV in front is the
 * caller's. */
static size_t encrypt(const char *cipher_name, const uint8_t *iv, const uint8_t *kek,
                      const uint8_t *key, size_t len, uint8_t *out)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int some = 0, last = 0;

    assert_non_null(cipher);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool ok = EVP_EncryptInit_ex(ctx, cipher, NULL, kek, iv) == 1 &&
              EVP_EncryptUpdate(ctx, out, &some, key, (int)len) == 1 &&
              EVP_EncryptFinal_ex(ctx, out + some, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return ok ? (size_t)(some + last) : 0;
}

/* RFC 3394 sections 4.1, 4.3 and 4.6; RFC 5649 section 6. */
static const struct vector {
    enum hsm_alg alg;
    const char *cipher, *kek, *key, *wrapped_key;
} vectors[] = {
    {HSM_AES_KW, "AES-128-WRAP", "000102030405060708090a0b0c0d0e0f",
     "00112233445566778899aabbccddeeff", "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
    {HSM_AES_KW, "AES-256-WRAP", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
    {HSM_AES_KW, "AES-256-WRAP", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
    {HSM_AES_KWP, "AES-192-WRAP-PAD", "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
     "c37b7e6492584340bed12207808941155068f738",
     "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
    {HSM_AES_KWP, "AES-192-WRAP-PAD", "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
     "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"},
};

static size_t from_hex(const char *text, uint8_t *out)
{
    size_t len = strlen(text) / 2;

    for (size_t i = 0; i < len; i++) {
        unsigned octet;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &octet), 1);
        out[i] = (uint8_t)octet;
    }
    return len;
}

static void vectors_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        const struct wrap_alg *alg = wrap_alg(v->alg);
        uint8_t kek[64], key[64], want[64], wrapped_key[ROOM];
        from_hex(v->kek, kek);
        size_t len = from_hex(v->key, key), wrapped_len = from_hex(v->wrapped_key, want);
        assert_int_equal(wrap_ciphertext_len(v->alg, len, 0), wrapped_len);
        assert_true(wrap_may_be_ciphertext(v->alg, wrapped_len, 0));
        assert_int_equal(encrypt(v->cipher, alg->value, kek, key, len, wrapped_key), wrapped_len);
        assert_memory_equal(wrapped_key, want, wrapped_len);
    }
}

/* Every length that OpenSSL carries has the blob that the table says; what the table says that the
 * algorithm does not carry, OpenSSL refuses. */
static void every_length_as_openssl(void **state)
{
    (void)state;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct wrap_alg *row = wrap_alg(alg);
        if (row->family != WRAP_AES)
            continue;
        for (size_t len = 1; len <= sizeof octets; len++) {
            uint8_t wrapped_key[ROOM];
            const uint8_t *iv = row->iv ? octets : row->value;
            size_t made = encrypt(row->openssl, iv, octets, octets, len, wrapped_key);
            size_t wrapped_len = made ? row->iv + made : 0;
            assert_int_equal(wrap_ciphertext_len(alg, len, 0), wrapped_len);
            assert_true(!wrapped_len || wrap_may_be_ciphertext(alg, wrapped_len, 0));
        }
        for (size_t wrong = 0; wrong < row->least; wrong++)
            assert_false(wrap_may_be_ciphertext(alg, wrong, 0));
        assert_false(wrap_may_be_ciphertext(alg, row->least + 1, 0));
        assert_true(wrap_may_be_ciphertext(alg, row->least, 0));
    }
}

static size_t encrypt_oaep(EVP_PKEY *pkey, const char *hash, size_t len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    uint8_t data[MODULUS] = {1}, out[MODULUS];
    size_t out_len = sizeof out;

    assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash, NULL), 1);
    bool ok = EVP_PKEY_encrypt(ctx, out, &out_len, data, len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? out_len : 0;
}

static void oaep_as_openssl(void **state)
{
    EVP_PKEY *pkey = EVP_RSA_gen(8 * MODULUS);

    (void)state;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        size_t most = wrap_oaep_max(alg, MODULUS);
        if (wrap_alg(alg)->family != WRAP_RSA_OAEP)
            continue;
        for (size_t len = most - 1; len <= most + 1; len++)
            assert_int_equal(wrap_ciphertext_len(alg, len, MODULUS),
                             encrypt_oaep(pkey, wrap_alg(alg)->hash, len));
        assert_true(wrap_may_be_ciphertext(alg, MODULUS, MODULUS));
        assert_false(wrap_may_be_ciphertext(alg, MODULUS - 1, MODULUS));
        assert_false(wrap_may_be_ciphertext(alg, MODULUS + 1, MODULUS));
        assert_int_equal(wrap_oaep_max(alg, 2 * wrap_alg(alg)->hash_len + 2), 0);
        assert_int_equal(wrap_oaep_max(alg, 0), 0);
    }
    EVP_PKEY_free(pkey);
}

/* The blob is as long as its two parts, of each length and each size of the RSA key. */
static void one_blob_is_its_parts(void **state)
{
    (void)state;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct wrap_alg *row = wrap_alg(alg);
        if (row->family != WRAP_RSA_AES)
            continue;
        assert_int_equal(wrap_alg(row->outer)->family, WRAP_RSA_OAEP);
        assert_string_equal(wrap_alg(row->outer)->hash, row->hash);
        assert_int_equal(row->inner, HSM_AES_KWP);
        for (size_t modulus = 256; modulus <= 512; modulus += 128) {
            for (size_t len = 1; len <= 4096; len++)
                assert_int_equal(wrap_ciphertext_len(alg, len, modulus),
                                 wrap_ciphertext_len(row->outer, 32, modulus) +
                                     wrap_ciphertext_len(row->inner, len, 0));
            for (size_t len = 0; len < modulus + 64; len++)
                assert_int_equal(wrap_may_be_ciphertext(alg, len, modulus),
                                 len > modulus &&
                                     wrap_may_be_ciphertext(row->inner, len - modulus, 0));
        }
        assert_int_equal(wrap_ciphertext_len(alg, 0, 256), 0);
    }
}

/* The order is that in which both sides are asked: what has no integrity comes last. */
static void rows_are_whole(void **state)
{
    bool weak = false;

    (void)state;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct wrap_alg *row = wrap_alg(alg);
        assert_string_equal(hsm_alg_name(alg), row->name);
        assert_non_null(row->standard);
        assert_non_null(row->words);
        assert_true(row->block > 0 && row->least >= row->block);
        assert_true(row->value_len <= sizeof row->value);
        if (row->family == WRAP_RSA_OAEP)
            assert_true(row->hash && row->hash_len);
        else if (row->family == WRAP_AES)
            assert_non_null(row->openssl);
        assert_false(weak && row->has_integrity && row->family == WRAP_AES);
        weak = !row->has_integrity;
        assert_false(row->repeats && (row->iv || row->family != WRAP_AES));
    }
    assert_string_equal(hsm_alg_name(HSM_ALGS), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfcs), cmocka_unit_test(every_length_as_openssl),
        cmocka_unit_test(oaep_as_openssl),     cmocka_unit_test(one_blob_is_its_parts),
        cmocka_unit_test(rows_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
