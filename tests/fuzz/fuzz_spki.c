/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys: as DER from the other side (ceremony/policy.h, agent/pkcs11_spki.h,
 * agent/nss_spki.h), and as the attributes of an object. An input is DER; then two parts of which
 * attributes are made.
 */
#include <nss.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "driver/nss/nss_spki.h"
#include "driver/pkcs11/pkcs11_spki.h"
#include "hsm/hsm.h"
#include "hsm/spki.h"
#include "plan/policy.h"
#include "tests/fuzz/fuzz.h"

/* The DER of the key that OpenSSL reads at the start of der, or nothing. */
static struct bytes openssl_again(const struct bytes *der, int *id, int *bits)
{
    const unsigned char *at = der->data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der->len);
    struct bytes again = {0};
    unsigned char *out = NULL;
    int len = key ? i2d_PUBKEY(key, &out) : -1;

    if (len > 0)
        fuzz_must(bytes_set(&again, out, (size_t)len, NULL), "there is memory");
    *id = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    *bits = key ? EVP_PKEY_get_bits(key) : 0;
    OPENSSL_free(out);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return again;
}

static void check_transport(const struct bytes *spki)
{
    const struct policy policy = policy_default();
    struct err err = {0};
    int id, bits;

    if (!policy_check_transport(&policy, spki->data, spki->len, &err)) {
        fuzz_must_report(&err);
        fuzz_must(err.code == ERR_DATA, "what is no transport key is data not to be trusted");
        return;
    }
    struct bytes again = openssl_again(spki, &id, &bits);
    fuzz_must(bytes_equal(&again, spki), "a transport key is in DER to its last octet");
    fuzz_must(id == EVP_PKEY_RSA && (uint32_t)bits == policy.rsa_bits,
              "a transport key is RSA and as long as the policy demands");
    bytes_free(&again);
}

static void check_rsa(const struct bytes *spki)
{
    struct bytes modulus = {0}, exponent = {0}, again = {0}, openssl;
    struct err err = {0};
    int id, bits;

    if (spki_to_rsa(spki, &modulus, &exponent, &err)) {
        openssl = openssl_again(spki, &id, &bits);
        if (spki_from_rsa((struct view){modulus.data, modulus.len},
                          (struct view){exponent.data, exponent.len}, &again))
            fuzz_must(bytes_equal(&again, &openssl), "an RSA key comes together as it was");
        fuzz_must(spki_modulus_bits((struct view){modulus.data, modulus.len}) == (uint32_t)bits,
                  "a modulus has the bits that OpenSSL counts");
        bytes_free(&openssl);
    } else {
        fuzz_must_report(&err);
    }
    bytes_free(&modulus);
    bytes_free(&exponent);
    bytes_free(&again);
}

static void check_read(const struct bytes *spki)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *expected = d2i_PUBKEY(NULL, &at, (long)spki->len), *key = spki_read(spki);

    if (expected && at == spki->data + spki->len)
        fuzz_must(key && EVP_PKEY_eq(key, expected) == 1, "a key is read as OpenSSL reads it");
    else
        fuzz_must(!key, "what OpenSSL does not read is no key");
    EVP_PKEY_free(expected);
    EVP_PKEY_free(key);
    ERR_clear_error();
}

static void check_der(const uint8_t *data, size_t len)
{
    const struct bytes spki = {(uint8_t *)data, len};
    SECKEYPublicKey *key = NULL;
    struct bytes point = {0};
    struct err err = {0};

    check_read(&spki);
    check_transport(&spki);
    check_rsa(&spki);
    if (spki_to_point(&spki, &point))
        fuzz_must(point.len > 0, "a point has octets");
    bytes_free(&point);
    if (nss_spki_read(&spki, &key, &err))
        SECKEY_DestroyPublicKey(key);
    else
        fuzz_must_report(&err);
}

static void check_curve(struct view params)
{
    char name[KEY_CURVE_MAX];
    struct bytes again = {0};
    uint32_t bits;

    spki_curve(params, name, &bits);
    fuzz_must(fuzz_is_safe(name), "a curve's name is safe text");
    if (bits != 0 && params.data[0] == V_ASN1_OBJECT)
        fuzz_must(spki_curve_params(name, &again) && again.len == params.len &&
                      memcmp(again.data, params.data, params.len) == 0,
                  "a curve is named by its parameters");
    bytes_free(&again);
}

/* What is built is what OpenSSL reads whole and writes the same. */
static void must_be_key(const struct bytes *spki, int type)
{
    int id, bits;
    struct bytes again = openssl_again(spki, &id, &bits);

    fuzz_must(id == type && bytes_equal(&again, spki), "what is built of attributes is a key");
    bytes_free(&again);
}

static void check_attributes(struct fuzz_input in)
{
    struct fuzz_input first = fuzz_take_part(&in);
    struct view a = {first.data, first.len}, b = {in.data, in.len};
    struct bytes spki = {0};

    if (in.len > HSM_BLOB_MAX)
        return;
    check_curve(a);
    if (spki_from_rsa(a, b, &spki))
        must_be_key(&spki, EVP_PKEY_RSA);
    bytes_free(&spki);
    if (spki_from_ec(a, b, &spki))
        must_be_key(&spki, EVP_PKEY_EC);
    bytes_free(&spki);
}

/* The same attributes in an object of an NSS database. */
static void check_nss(struct fuzz_input in, enum key_kind kind, enum key_class class)
{
    static const CK_ATTRIBUTE_TYPE types[2][2] = {{CKA_MODULUS, CKA_PUBLIC_EXPONENT},
                                                  {CKA_EC_PARAMS, CKA_EC_POINT}};
    const CK_ATTRIBUTE_TYPE *type = types[kind == KEY_KIND_EC];
    struct fuzz_input first = fuzz_take_part(&in);
    const struct key_desc desc = {.class = class, .kind = kind};
    struct nss_attributes values = {.count = 2};
    struct bytes spki = {0};
    struct err err = {0};

    values.attr[0] = (CK_ATTRIBUTE){type[0], (void *)first.data, first.len};
    values.attr[1] = (CK_ATTRIBUTE){type[1], (void *)in.data, in.len};
    if (class == KEY_CLASS_PRIVATE && kind == KEY_KIND_EC)
        values.attr[1].type = CKA_NSS_DB;
    if (nss_spki_of(&desc, &values, &spki, &err))
        fuzz_must(spki.len > 0, "a public key has octets");
    else
        fuzz_must_report(&err);
    bytes_free(&spki);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct fuzz_input in = {data, len};

    if (!NSS_IsInitialized())
        fuzz_must(NSS_NoDB_Init(NULL) == SECSuccess, "NSS starts");
    check_der(data, len);
    check_attributes(in);
    check_nss(in, KEY_KIND_RSA, KEY_CLASS_PUBLIC);
    check_nss(in, KEY_KIND_EC, KEY_CLASS_PUBLIC);
    check_nss(in, KEY_KIND_EC, KEY_CLASS_PRIVATE);
    return 0;
}
