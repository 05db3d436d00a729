/* SPDX-License-Identifier: Apache-2.0 */
/* driver/pkcs11/pkcs11_spki.h: public halves from PKCS#11's attributes, against OpenSSL's own
 * encoding. hsm/spki.h: the same keys as OpenSSL's own reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "driver/pkcs11/pkcs11_spki.h"
#include "hsm/spki.h"

static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const struct view p256 = {oid_p256, sizeof oid_p256};

static struct bytes encoding_of(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    struct bytes out = {0};

    assert_true(len > 0);
    assert_true(bytes_set(&out, der, (size_t)len, NULL));
    OPENSSL_free(der);
    return out;
}

static struct view number_of(EVP_PKEY *key, const char *name, uint8_t *room)
{
    BIGNUM *number = NULL;
    struct view out = {room, 0};

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    room[0] = 0; /* a leading zero, as some tokens have it */
    out.len = 1 + (size_t)BN_bn2bin(number, room + 1);
    BN_free(number);
    return out;
}

static void test_rsa(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    uint8_t n[300], e[16];
    struct view modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N, n);
    struct view exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E, e);
    struct bytes expected = encoding_of(key), spki = {0}, back_n = {0}, back_e = {0};

    (void)state;
    assert_true(spki_from_rsa(modulus, exponent, &spki));
    assert_true(bytes_equal(&spki, &expected));
    assert_int_equal(spki_modulus_bits(modulus), 2048);
    assert_true(spki_to_rsa(&spki, &back_n, &back_e, NULL));
    assert_int_equal(back_n.len, 256);
    assert_memory_equal(back_n.data, n + 1, 256);
    assert_int_equal(back_e.len, 3);
    assert_false(spki_from_rsa(modulus, (struct view){e, 1}, &spki)); /* e = 0 */
    assert_false(spki_from_rsa((struct view){NULL, 0}, exponent, &spki));
    bytes_free(&back_n);
    bytes_free(&back_e);
    bytes_free(&spki);
    bytes_free(&expected);
    EVP_PKEY_free(key);
}

/* One key has one encoding, however the token tells its point. */
static void test_ec(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct bytes expected = encoding_of(key), spki = {0}, point = {0};
    uint8_t wrapped[67] = {0x04, 65}, compressed[33];

    (void)state;
    assert_true(spki_to_point(&expected, &point));
    assert_int_equal(point.len, 65);
    memcpy(wrapped + 2, point.data, 65);
    compressed[0] = 2 + (point.data[64] & 1);
    memcpy(compressed + 1, point.data + 1, 32);
    assert_true(spki_from_ec(p256, (struct view){wrapped, 67}, &spki));
    assert_true(bytes_equal(&spki, &expected));
    assert_true(spki_from_ec(p256, (struct view){point.data, 65}, &spki));
    assert_true(bytes_equal(&spki, &expected));
    assert_true(spki_from_ec(p256, (struct view){compressed, 33}, &spki));
    assert_true(bytes_equal(&spki, &expected));
    wrapped[66] ^= 1; /* not on the curve any more */
    assert_false(spki_from_ec(p256, (struct view){(const uint8_t *)"\0", 1}, &spki)); /* infinity */
    assert_false(spki_from_ec(p256, (struct view){(const uint8_t *)"\4\1\0", 3}, &spki));
    assert_false(spki_from_ec(p256, (struct view){wrapped, 67}, &spki));
    assert_false(spki_to_rsa(&expected, &point, &point, NULL));
    bytes_free(&point);
    bytes_free(&spki);
    bytes_free(&expected);
    EVP_PKEY_free(key);
}

static void test_curves(void **state)
{
    static const struct {
        const char *der;
        size_t len;
        const char *name;
        uint32_t bits;
    } rows[] = {
        {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10, "P-256", 256},
        {"\x06\x05\x2b\x81\x04\x00\x22", 7, "P-384", 384},
        {"\x06\x05\x2b\x81\x04\x00\x23", 7, "P-521", 521},
        {"\x06\x05\x2b\x81\x04\x00\x0a", 7, "secp256k1", 256},
        {"\x06\x03\x2b\x65\x70", 5, "Ed25519", 255},
        {"\x13\x0c"
         "edwards25519",
         14, "Ed25519", 255},
        {"\x06\x03\x2b\x65\x71", 5, "Ed448", 448},
        {"\x06\x03\x2b\x65\x6e", 5, "X25519", 255},
        {"\x06\x03\x2b\x65\x6f", 5, "X448", 448},
        {"\x13\x0a"
         "edwards448",
         12, "Ed448", 448},
        {"\x13\x0a"
         "curve25519",
         12, "X25519", 255},
        {"\x13\x08"
         "curve448",
         10, "X448", 448},
        {"\x06\x05\x2b\x81\x04\x00\x21", 7, "P-224", 224},
        {"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 11, "brainpoolP256r1", 256},
        {"\x06\x03\x55\x04\x03", 5, "2.5.4.3", 0},
        {"\x06\x05\x2b\x81\x04\x00\x22\x00", 8, "unknown", 0}, /* a byte behind it */
        {"\x30\x00", 2, "explicit parameters", 0},
        {"", 0, "unknown", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[KEY_CURVE_MAX];
        uint32_t bits;
        spki_curve((struct view){(const uint8_t *)rows[i].der, rows[i].len}, name, &bits);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(bits, rows[i].bits);
        struct bytes params = {0}; /* and back */
        if (bits && rows[i].der[0] == 0x06) {
            assert_true(spki_curve_params(name, &params));
            assert_int_equal(params.len, rows[i].len);
            assert_memory_equal(params.data, rows[i].der, rows[i].len);
        }
        bytes_free(&params);
    }
}

/* --- reading -----------------------------------------------------------------------------------
 */

typedef EVP_PKEY *decoder(EVP_PKEY **, const unsigned char **, long);

static decoder *openssl(void)
{
    decoder *real = (decoder *)(uintptr_t)dlsym(RTLD_NEXT, "d2i_PUBKEY");

    assert_non_null(real);
    return real;
}

/* In place of OpenSSL's, which does it. */
static unsigned decoded;

EVP_PKEY *d2i_PUBKEY(EVP_PKEY **pkey, const unsigned char **at, long len)
{
    decoded++;
    return openssl()(pkey, at, len);
}

/* The same key or none, and no error left. */
static bool reads_alike(const struct bytes *spki)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *expected = openssl()(NULL, &at, (long)spki->len), *key;
    bool whole = expected && at == spki->data + spki->len, ok;

    ERR_clear_error();
    key = spki_read(spki);
    ok = ERR_peek_error() == 0 && (whole ? key && EVP_PKEY_eq(key, expected) == 1 &&
                                               EVP_PKEY_get_id(key) == EVP_PKEY_get_id(expected)
                                         : !key);
    EVP_PKEY_free(expected);
    EVP_PKEY_free(key);
    return ok;
}

/* Every octet replaced, left out and doubled, and every length. */
static void read_damaged(const struct bytes *spki)
{
    static const uint8_t instead[] = {0x00, 0x01, 0x02, 0x04, 0x05, 0x30, 0x7f, 0x80, 0xff};
    const size_t len = spki->len;
    struct bytes damaged = {0};

    for (size_t i = 0; i < len; i++) {
        assert_true(bytes_make(&damaged, len + 1, NULL));
        memcpy(damaged.data, spki->data, i + 1);
        memcpy(damaged.data + i + 1, spki->data + i, len - i); /* doubled */
        assert_true(reads_alike(&damaged));
        memmove(damaged.data + i, damaged.data + i + 2, len - i - 1); /* left out */
        assert_true(reads_alike(&(struct bytes){damaged.data, len - 1}));
        assert_true(reads_alike(&(struct bytes){spki->data, i}));
        assert_true(bytes_set(&damaged, spki->data, len, NULL));
        for (size_t k = 0; k < sizeof instead; k++) {
            damaged.data[i] = instead[k];
            assert_true(reads_alike(&damaged));
        }
        damaged.data[i] = (uint8_t)(spki->data[i] ^ 1);
        assert_true(reads_alike(&damaged));
    }
    bytes_free(&damaged);
}

static void read_key(EVP_PKEY *key, bool plain)
{
    struct bytes spki = encoding_of(key);

    decoded = 0;
    assert_true(reads_alike(&spki));
    assert_int_equal(decoded, plain ? 0 : 1);
    read_damaged(&spki);
    assert_true(decoded > 0); /* what is unusual is read by OpenSSL */
    bytes_free(&spki);
    EVP_PKEY_free(key);
}

static EVP_PKEY *compressed(EVP_PKEY *key)
{
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
        1);
    return key;
}

static EVP_PKEY *pss(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* RSA keys and points on curves are read without the search for a decoder, which takes long; every
 * key and every damaged one is read as OpenSSL reads it. */
static void test_read(void **state)
{
    (void)state;
    read_key(EVP_RSA_gen(1024), true);
    read_key(EVP_EC_gen("P-256"), true);
    read_key(EVP_EC_gen("brainpoolP320r1"), true);
    read_key(compressed(EVP_EC_gen("P-384")), false);
    read_key(pss(), false);
    read_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false);
    read_key(EVP_EC_gen("SM2"), false);
}

/* --- keys that are one string of octets --- */

static struct bytes written(const char *name, const uint8_t *raw, size_t len)
{
    struct bytes spki = {0};

    spki_write_set(key_set_named(name), raw, len, &spki);
    return spki;
}

/* As OpenSSL writes and reads them. */
static void test_octets(void **state)
{
    static const char *const names[] = {"Ed25519", "Ed448", "X25519", "X448"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, names[i]);
        const struct key_set *set = key_set_named(names[i]);
        struct bytes expected = encoding_of(key), raw = {0}, spki = {0}, point = {0};
        size_t len = 0;
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, NULL, &len), 1);
        assert_int_equal(len, set->public_len);
        assert_ptr_equal(spki_read_set(&expected, &raw), set);
        assert_true(spki_write_set(set, raw.data, raw.len, &spki));
        assert_true(bytes_equal(&spki, &expected));
        /* bare, in an OCTET STRING, in a BIT STRING */
        assert_true(bytes_make(&point, len + 3, NULL));
        memcpy(point.data, ((uint8_t[]){0x03, (uint8_t)(len + 1), 0}), 3);
        memcpy(point.data + 3, raw.data, len);
        assert_true(spki_from_octets(set, (struct view){point.data, len + 3}, &spki));
        assert_true(spki_from_octets(set, (struct view){point.data + 3, len}, &spki));
        memcpy(point.data + 1, ((uint8_t[]){0x04, (uint8_t)len}), 2);
        assert_true(spki_from_octets(set, (struct view){point.data + 1, len + 2}, &spki));
        assert_true(bytes_equal(&spki, &expected));
        assert_false(spki_from_octets(set, (struct view){point.data + 1, len + 1}, &spki));
        point.data[1] = 0x05;
        assert_false(spki_from_octets(set, (struct view){point.data + 1, len + 2}, &spki));
        bytes_free(&expected);
        bytes_free(&raw);
        bytes_free(&spki);
        bytes_free(&point);
        EVP_PKEY_free(key);
    }
}

/* What a hostile token or file could say in place of a public key. */
static void test_octets_of_nobody(void **state)
{
    static const struct {
        const char *set;
        size_t at; /* the octet of a sound key that is changed, or */
        uint8_t value;
        int fill; /* ... all octets; -1: none */
    } rows[] = {
        {"Ed25519", 0, 0, 0x00},    {"Ed25519", 0, 1, 0x00},     {"Ed25519", 31, 0x80, 0x00},
        {"Ed25519", 0, 0xec, 0xff}, {"Ed25519", 0, 0xed, 0xff},  {"Ed25519", 0, 0xff, 0xff},
        {"Ed448", 0, 0, 0x00},      {"Ed448", 0, 1, 0x00},       {"X25519", 0, 0, 0x00},
        {"ML-DSA-44", 0, 7, 0x00},  {"ML-DSA-87", 31, 7, 0x00},  {"ML-KEM-768", 1183, 7, 0x00},
        {"ML-KEM-768", 0, 0, 0xff}, {"ML-KEM-512", 1, 0xff, -1}, {"ML-KEM-1024", 2, 0xff, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct key_set *set = key_set_named(rows[i].set);
        uint8_t raw[2592];
        struct bytes spki;
        memset(raw, 0x11, sizeof raw); /* a sound key by its form: the control */
        if (set->public_len == 57)     /* of Ed448, the last octet is the sign */
            raw[56] = 0x80;
        spki = written(rows[i].set, raw, set->public_len);
        assert_int_not_equal(spki.len, 0);
        bytes_free(&spki);
        assert_int_equal(written(rows[i].set, raw, set->public_len - 1).len, 0);
        assert_int_equal(written(rows[i].set, raw, set->public_len + 1).len, 0);
        if (rows[i].fill >= 0)
            memset(raw, rows[i].fill, set->public_len);
        raw[rows[i].at] = rows[i].value;
        assert_int_equal(written(rows[i].set, raw, set->public_len).len, 0);
    }
}

/* Of ML-DSA and ML-KEM, which OpenSSL has from 3.5 on: RFC 9881 and RFC 9935. */
static void test_lattices(void **state)
{
    static const uint8_t head[] = {0x30, 0x82, 0x07, 0xb2, 0x30, 0x0b, 0x06, 0x09,
                                   0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03,
                                   0x12, 0x03, 0x82, 0x07, 0xa1, 0x00};
    uint8_t octets[1952];
    struct bytes spki, raw = {0};

    (void)state;
    memset(octets, 0x11, sizeof octets);
    spki = written("ML-DSA-65", octets, sizeof octets);
    assert_int_equal(spki.len, sizeof head + sizeof octets);
    assert_memory_equal(spki.data, head, sizeof head);
    assert_memory_equal(spki.data + sizeof head, octets, sizeof octets);
    assert_ptr_equal(spki_read_set(&spki, &raw), key_set_named("ML-DSA-65"));
    assert_true(bytes_equal(&raw, &(struct bytes){octets, sizeof octets}));
    spki.data[16] = 0x13; /* the OID of ML-DSA-87, whose keys are longer */
    assert_null(spki_read_set(&spki, NULL));
    spki.data[16] = 0x12;
    spki.data[sizeof head - 1] = 1; /* unused bits */
    assert_null(spki_read_set(&spki, NULL));
    spki.data[sizeof head - 1] = 0;
    spki.len--;
    assert_null(spki_read_set(&spki, NULL));
    spki.len++;
    assert_non_null(spki_read_set(&spki, NULL));
    bytes_free(&spki);
    bytes_free(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets),   cmocka_unit_test(test_octets_of_nobody),
        cmocka_unit_test(test_lattices), cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_ec),       cmocka_unit_test(test_curves),
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
