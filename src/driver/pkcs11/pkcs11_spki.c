/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_spki.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "base/text.h"
#include "hsm/spki.h"

/* EC points of up to 521 bits, uncompressed, with room for larger curves. */
enum { POINT_MAX = 1 + 2 * 128 };

bool spki_from_rsa(struct view modulus, struct view exponent, struct bytes *spki)
{
    BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
    BIGNUM *e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
    bool ok = n && e && !BN_is_zero(n) && !BN_is_zero(e) && spki_write_rsa(n, e, spki);

    BN_free(n);
    BN_free(e);
    return ok;
}

/* The curve's NID in OpenSSL and its OID, from a DER OBJECT IDENTIFIER; NID_undef for anything
 * else, such as explicit parameters. The caller frees *oid. */
static int curve_nid(struct view params, ASN1_OBJECT **oid)
{
    const unsigned char *at = params.data;

    *oid = params.len ? d2i_ASN1_OBJECT(NULL, &at, (long)params.len) : NULL;
    ERR_clear_error();
    if (*oid && at != params.data + params.len) {
        ASN1_OBJECT_free(*oid);
        *oid = NULL;
    }
    return *oid ? OBJ_obj2nid(*oid) : NID_undef;
}

/* Only a point on the curve is a key, and each key has one encoding only. */
static bool from_point(int nid, struct view point, struct bytes *spki)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    EC_POINT *is = group ? EC_POINT_new(group) : NULL;
    unsigned char raw[POINT_MAX];
    size_t len = 0;
    bool ok;

    /* One octet is the point at infinity (SEC 1 section 2.3.3), which is not a valid public key. */
    if (is && point.len > 1 && EC_POINT_oct2point(group, is, point.data, point.len, NULL) == 1)
        len = EC_POINT_point2oct(group, is, POINT_CONVERSION_UNCOMPRESSED, raw, sizeof raw, NULL);
    ok = len > 0 && spki_write_ec(nid, raw, len, spki);
    EC_POINT_free(is);
    EC_GROUP_free(group);
    ERR_clear_error();
    return ok;
}

bool spki_from_ec(struct view params, struct view point, struct bytes *spki)
{
    const unsigned char *at = point.data;
    ASN1_OCTET_STRING *inner = NULL;
    ASN1_OBJECT *oid;
    int nid = curve_nid(params, &oid);
    bool ok = false;

    ASN1_OBJECT_free(oid);
    if (nid == NID_undef || point.len == 0)
        return false;
    /* 0x04 begins both an OCTET STRING and a bare uncompressed point; only one of the two readings
     * gives a point on the curve. */
    inner = d2i_ASN1_OCTET_STRING(NULL, &at, (long)point.len);
    if (inner && at == point.data + point.len) {
        struct view bare = {ASN1_STRING_get0_data(inner), (size_t)ASN1_STRING_length(inner)};
        ok = from_point(nid, bare, spki);
    }
    ASN1_OCTET_STRING_free(inner);
    ERR_clear_error();
    return ok || from_point(nid, point, spki);
}

bool spki_from_octets(const struct key_set *set, struct view point, struct bytes *spki)
{
    static const struct {
        uint8_t tag;
        size_t head; /* octets before the value */
    } forms[] = {{0, 0}, {V_ASN1_OCTET_STRING, 2}, {V_ASN1_BIT_STRING, 3}};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const size_t head = forms[i].head;
        if (point.len == head + set->public_len &&
            (head == 0 || (point.data[0] == forms[i].tag && point.data[1] == point.len - 2 &&
                           (head == 2 || point.data[2] == 0))))
            return spki_write_set(set, point.data + head, set->public_len, spki);
    }
    return false;
}

/* The key in spki if it has this type, otherwise NULL. */
static EVP_PKEY *decode(const struct bytes *spki, const char *type)
{
    EVP_PKEY *key = spki_read(spki);

    if (key && !EVP_PKEY_is_a(key, type)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static bool get_number(const EVP_PKEY *key, const char *name, struct bytes *out, struct err *err)
{
    BIGNUM *number = NULL;
    bool ok;

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
        return err_set(err, ERR_DATA, "this RSA public key has no %s", name);
    ok = bytes_make(out, (size_t)BN_num_bytes(number), err) &&
         BN_bn2bin(number, out->data) == (int)out->len;
    BN_free(number);
    return ok;
}

bool spki_to_rsa(const struct bytes *spki, struct bytes *modulus, struct bytes *exponent,
                 struct err *err)
{
    EVP_PKEY *key = decode(spki, "RSA");
    bool ok;

    if (!key)
        return err_set(err, ERR_DATA, "this is not an RSA public key");
    ok = get_number(key, OSSL_PKEY_PARAM_RSA_N, modulus, err) &&
         get_number(key, OSSL_PKEY_PARAM_RSA_E, exponent, err);
    EVP_PKEY_free(key);
    return ok;
}

bool spki_to_point(const struct bytes *spki, struct bytes *point)
{
    EVP_PKEY *key = decode(spki, "EC");
    unsigned char raw[POINT_MAX];
    size_t len = 0;
    bool ok = key &&
              EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, raw,
                                              sizeof raw, &len) == 1 &&
              bytes_set(point, raw, len, NULL);

    EVP_PKEY_free(key);
    ERR_clear_error();
    return ok;
}

bool spki_sha256(const struct bytes *spki, uint8_t sha256[32])
{
    return EVP_Digest(spki->data, spki->len, sha256, NULL, EVP_sha256(), NULL) == 1;
}

uint32_t spki_modulus_bits(struct view modulus)
{
    uint32_t bits;

    while (modulus.len > 0 && modulus.data[0] == 0) {
        modulus.data++;
        modulus.len--;
    }
    if (modulus.len == 0)
        return 0;
    bits = 8 * (uint32_t)modulus.len;
    for (uint8_t top = modulus.data[0]; !(top & 0x80); top = (uint8_t)(top << 1))
        bits--;
    return bits;
}

/* Curves that OpenSSL does not know by a NIST name or spells differently, and the DER
 * PrintableString by which PKCS#11 3.0 (sections 2.3.5 and 2.3.7) also permits to name them. */
static const struct {
    int nid;
    const char *name;
    uint32_t bits;
    const char *printable;
} edwards[] = {
    {NID_ED25519, "Ed25519", 255,
     "\x13\x0c"
     "edwards25519"},
    {NID_ED448, "Ed448", 448,
     "\x13\x0a"
     "edwards448"},
    {NID_X25519, "X25519", 255,
     "\x13\x0a"
     "curve25519"},
    {NID_X448, "X448", 448,
     "\x13\x08"
     "curve448"},
};

/* The NID of a curve named by a PrintableString; nid if params is none. */
static int named_nid(struct view params, int nid)
{
    for (size_t i = 0; i < sizeof edwards / sizeof edwards[0]; i++)
        if (params.len == strlen(edwards[i].printable) &&
            memcmp(params.data, edwards[i].printable, params.len) == 0)
            nid = edwards[i].nid;
    return nid;
}

/* A curve's NIST name if it has one, otherwise its name in OpenSSL: "P-256", "secp256k1",
 * "brainpoolP256r1"; NULL if OpenSSL has no such curve. */
static const char *curve_name(int nid, uint32_t *bits)
{
    EC_GROUP *group = nid == NID_undef ? NULL : EC_GROUP_new_by_curve_name(nid);
    const char *name = NULL;

    for (size_t i = 0; i < sizeof edwards / sizeof edwards[0]; i++)
        if (nid == edwards[i].nid) {
            name = edwards[i].name;
            *bits = edwards[i].bits;
        }
    if (group) {
        name = EC_curve_nid2nist(nid) ? EC_curve_nid2nist(nid) : OBJ_nid2sn(nid);
        *bits = (uint32_t)EC_GROUP_get_degree(group);
    }
    EC_GROUP_free(group);
    ERR_clear_error();
    return name;
}

bool spki_curve_params(const char *name, struct bytes *params)
{
    int nid = EC_curve_nist2nid(name);
    ASN1_OBJECT *oid = nid != NID_undef ? OBJ_nid2obj(nid) : OBJ_txt2obj(name, 0);
    unsigned char *der = NULL;
    int len;
    bool ok;

    for (size_t i = 0; !oid && i < sizeof edwards / sizeof edwards[0]; i++)
        if (strcmp(edwards[i].name, name) == 0)
            oid = OBJ_nid2obj(edwards[i].nid);
    len = oid ? i2d_ASN1_OBJECT(oid, &der) : -1;
    ok = len > 0 && bytes_set(params, der, (size_t)len, NULL);
    OPENSSL_free(der);
    ASN1_OBJECT_free(oid);
    ERR_clear_error();
    return ok;
}

void spki_curve(struct view params, char name[KEY_CURVE_MAX], uint32_t *bits)
{
    const uint8_t sequence = 0x30; /* ECParameters (SEC 1 section C.2), not the name of a curve */
    ASN1_OBJECT *oid;
    int nid = curve_nid(params, &oid);
    const char *known;

    *bits = 0;
    known = curve_name(named_nid(params, nid), bits);
    text_print(name, KEY_CURVE_MAX, "%s",
               known                                      ? known
               : params.len && params.data[0] == sequence ? KEY_CURVE_EXPLICIT
                                                          : "unknown");
    if (!known && oid)
        OBJ_obj2txt(name, KEY_CURVE_MAX, oid, 1);
    ASN1_OBJECT_free(oid);
}
