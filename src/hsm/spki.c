/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/spki.h"

#include <stdint.h>

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "hsm/public_octets.h"

/* --- writing --- */

/* Takes ownership of content. param: an object of type kind, or NULL. */
static bool write_info(ASN1_OBJECT *algorithm, int kind, ASN1_OBJECT *param, unsigned char *content,
                       int len, struct bytes *spki)
{
    X509_PUBKEY *info = content && len > 0 ? X509_PUBKEY_new() : NULL;
    unsigned char *der = NULL;
    int der_len = -1;
    bool ok;

    if (info && algorithm && X509_PUBKEY_set0_param(info, algorithm, kind, param, content, len))
        der_len = i2d_X509_PUBKEY(info, &der);
    else
        OPENSSL_free(content);
    ok = der_len > 0 && bytes_set(spki, der, (size_t)der_len, NULL);
    OPENSSL_free(der);
    X509_PUBKEY_free(info);
    ERR_clear_error();
    return ok;
}

static bool push_number(ASN1_SEQUENCE_ANY *to, const BIGNUM *number)
{
    ASN1_TYPE *type = ASN1_TYPE_new();
    ASN1_INTEGER *integer = type ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

    if (integer)
        ASN1_TYPE_set(type, V_ASN1_INTEGER, integer);
    if (integer && sk_ASN1_TYPE_push(to, type) > 0)
        return true;
    ASN1_TYPE_free(type);
    return false;
}

bool spki_write_rsa(const BIGNUM *modulus, const BIGNUM *exponent, struct bytes *spki)
{
    ASN1_SEQUENCE_ANY *numbers = sk_ASN1_TYPE_new_null();
    unsigned char *der = NULL;
    int len = -1;

    if (numbers && push_number(numbers, modulus) && push_number(numbers, exponent))
        len = i2d_ASN1_SEQUENCE_ANY(numbers, &der);
    sk_ASN1_TYPE_pop_free(numbers, ASN1_TYPE_free);
    return write_info(OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL, der, len, spki);
}

bool spki_write_ec(int curve, const void *point, size_t len, struct bytes *spki)
{
    return write_info(OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT, OBJ_nid2obj(curve),
                      OPENSSL_memdup(point, len), (int)len, spki);
}

bool spki_write_set(const struct key_set *set, const void *raw, size_t len, struct bytes *spki)
{
    return public_octets_sound(set, raw, len) &&
           write_info(OBJ_txt2obj(set->oid, 1), V_ASN1_UNDEF, NULL, OPENSSL_memdup(raw, len),
                      (int)len, spki);
}

/* --- reading --- */

static ASN1_SEQUENCE_ANY *read_sequence(const unsigned char *der, int len)
{
    return d2i_ASN1_SEQUENCE_ANY(NULL, &der, len);
}

/* The element if it has this type, otherwise NULL. */
static const ASN1_TYPE *element(const ASN1_SEQUENCE_ANY *of, int i, int type)
{
    const ASN1_TYPE *is = i < sk_ASN1_TYPE_num(of) ? sk_ASN1_TYPE_value(of, i) : NULL;

    return is && is->type == type ? is : NULL;
}

static EVP_PKEY *make(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *make_rsa(const BIGNUM *modulus, const BIGNUM *exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key;

    if (builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    key = params ? make("RSA", params) : NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *read_rsa(const ASN1_STRING *content, struct bytes *again)
{
    ASN1_SEQUENCE_ANY *numbers =
        read_sequence(ASN1_STRING_get0_data(content), ASN1_STRING_length(content));
    const ASN1_TYPE *n = element(numbers, 0, V_ASN1_INTEGER);
    const ASN1_TYPE *e = element(numbers, 1, V_ASN1_INTEGER);
    BIGNUM *modulus = n ? ASN1_INTEGER_to_BN(n->value.integer, NULL) : NULL;
    BIGNUM *exponent = e ? ASN1_INTEGER_to_BN(e->value.integer, NULL) : NULL;
    EVP_PKEY *key = NULL;

    if (modulus && exponent && !BN_is_negative(modulus) && !BN_is_negative(exponent) &&
        spki_write_rsa(modulus, exponent, again))
        key = make_rsa(modulus, exponent);
    BN_free(modulus);
    BN_free(exponent);
    sk_ASN1_TYPE_pop_free(numbers, ASN1_TYPE_free);
    return key;
}

static EVP_PKEY *read_ec(const ASN1_OBJECT *curve, const ASN1_STRING *content, struct bytes *again)
{
    const int nid = OBJ_obj2nid(curve), len = ASN1_STRING_length(content);
    const unsigned char *point = ASN1_STRING_get0_data(content);
    char *name = (char *)OBJ_nid2sn(nid);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point,
                                          (size_t)len),
        OSSL_PARAM_construct_end(),
    };

    /* SM2 is a type by itself. */
    if (nid == NID_sm2 || len == 0 || point[0] != POINT_CONVERSION_UNCOMPRESSED ||
        !spki_write_ec(nid, point, (size_t)len, again))
        return NULL;
    return make("EC", params);
}

static EVP_PKEY *read_parts(const ASN1_SEQUENCE_ANY *parts, struct bytes *again)
{
    const ASN1_TYPE *head = element(parts, 0, V_ASN1_SEQUENCE);
    const ASN1_TYPE *content = element(parts, 1, V_ASN1_BIT_STRING);
    ASN1_SEQUENCE_ANY *algorithm =
        head && content ? read_sequence(head->value.sequence->data, head->value.sequence->length)
                        : NULL;
    const ASN1_TYPE *oid = element(algorithm, 0, V_ASN1_OBJECT);
    const ASN1_TYPE *curve = element(algorithm, 1, V_ASN1_OBJECT);
    const int nid = oid ? OBJ_obj2nid(oid->value.object) : NID_undef;
    EVP_PKEY *key = NULL;

    if (nid == NID_rsaEncryption)
        key = read_rsa(content->value.bit_string, again);
    else if (nid == NID_X9_62_id_ecPublicKey && curve)
        key = read_ec(curve->value.object, content->value.bit_string, again);
    sk_ASN1_TYPE_pop_free(algorithm, ASN1_TYPE_free);
    return key;
}

/* NULL unless the key is one that is written here, and in no other octets than these: of every
 * other form, OpenSSL's own reader decides what it means. */
static EVP_PKEY *read_plain(const struct bytes *spki)
{
    ASN1_SEQUENCE_ANY *parts = read_sequence(spki->data, (int)spki->len);
    struct bytes again = {0};
    EVP_PKEY *key = read_parts(parts, &again);

    if (key && !bytes_equal(&again, spki)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    bytes_free(&again);
    sk_ASN1_TYPE_pop_free(parts, ASN1_TYPE_free);
    return key;
}

static const struct key_set *read_set(const ASN1_SEQUENCE_ANY *parts, struct bytes *raw)
{
    const ASN1_TYPE *head = element(parts, 0, V_ASN1_SEQUENCE);
    const ASN1_TYPE *content = element(parts, 1, V_ASN1_BIT_STRING);
    ASN1_SEQUENCE_ANY *algorithm =
        head ? read_sequence(head->value.sequence->data, head->value.sequence->length) : NULL;
    const ASN1_TYPE *oid = element(algorithm, 0, V_ASN1_OBJECT);
    const struct key_set *set = NULL;
    char dotted[64] = "";

    if (oid)
        OBJ_obj2txt(dotted, sizeof dotted, oid->value.object, 1);
    if (oid && content)
        set = key_set_of_oid(dotted);
    if (set && !bytes_set(raw, ASN1_STRING_get0_data(content->value.bit_string),
                          (size_t)ASN1_STRING_length(content->value.bit_string), NULL))
        set = NULL;
    sk_ASN1_TYPE_pop_free(algorithm, ASN1_TYPE_free);
    return set;
}

const struct key_set *spki_read_set(const struct bytes *spki, struct bytes *raw)
{
    ASN1_SEQUENCE_ANY *parts =
        spki->len > 0 && spki->len <= INT32_MAX ? read_sequence(spki->data, (int)spki->len) : NULL;
    struct bytes octets = {0}, again = {0};
    const struct key_set *set = parts ? read_set(parts, &octets) : NULL;

    if (set && !(spki_write_set(set, octets.data, octets.len, &again) && bytes_equal(&again, spki)))
        set = NULL;
    if (set && raw) {
        *raw = octets;
        octets = (struct bytes){0}; /* ownership was passed on */
    }
    bytes_free(&octets);
    bytes_free(&again);
    sk_ASN1_TYPE_pop_free(parts, ASN1_TYPE_free);
    ERR_clear_error();
    return set;
}

EVP_PKEY *spki_read(const struct bytes *spki)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *key = spki->len > 0 && spki->len <= INT32_MAX ? read_plain(spki) : NULL;

    if (!key && spki->len > 0) {
        key = d2i_PUBKEY(NULL, &at, (long)spki->len);
        if (at != spki->data + spki->len) {
            EVP_PKEY_free(key);
            key = NULL;
        }
    }
    ERR_clear_error();
    return key;
}
