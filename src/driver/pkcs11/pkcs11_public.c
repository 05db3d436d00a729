/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_public.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "driver/dialect/ckr.h"
#include "driver/dialect/pkcs11_3_2.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_spki.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "driver/pkcs11/pkcs11_template.h"
#include "hsm/spki.h"

/* --- reading --- */

/* Reads CKA_VALUE of a certificate. It is read of no other class: of a key, CKA_VALUE is the
 * key. */
bool p11_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE is = {CKA_CLASS, &class, sizeof class}, value = {CKA_VALUE, NULL, 0};
    CK_OBJECT_HANDLE object = (CK_OBJECT_HANDLE)handle;
    struct bytes read = {0};
    CK_ULONG len;
    CK_RV rv = p->fn->C_GetAttributeValue(p->session, object, &is, 1);

    if (rv == CKR_OK && class != CKO_CERTIFICATE)
        return err_set(err, ERR_UNSUPPORTED, "this object is not a certificate");
    if (rv == CKR_OK)
        rv = p->fn->C_GetAttributeValue(p->session, object, &value, 1);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the certificate cannot be read (C_GetAttributeValue)");
    len = value.ulValueLen;
    if (len == 0 || len > HSM_BLOB_MAX)
        return err_set(err, ERR_UNSUPPORTED, "a certificate of %lu bytes is too long to be read",
                       len);
    if (!bytes_make(&read, len, err))
        return false;
    value.pValue = read.data;
    rv = p->fn->C_GetAttributeValue(p->session, object, &value, 1);
    if (rv != CKR_OK || value.ulValueLen != len) {
        bytes_free(&read);
        return ckr_set(err, rv == CKR_OK ? CKR_DEVICE_ERROR : rv,
                       "the certificate cannot be read (C_GetAttributeValue)");
    }
    *der = read; /* ownership passes to the caller */
    return true;
}

/* --- attributes of an object --- */

/* The attributes that define an object, and the memory that they point to. */
struct parts {
    CK_KEY_TYPE type; /* of a public key */
    struct {
        CK_ATTRIBUTE_TYPE type;
        struct bytes value;
    } part[4];
    size_t count;
};

static void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        bytes_free(&parts->part[i].value);
    parts->count = 0;
}

/* Takes ownership of der, which OpenSSL allocated. */
static bool add_der(struct parts *parts, CK_ATTRIBUTE_TYPE type, unsigned char *der, int len)
{
    bool ok = len > 0 && bytes_set(&parts->part[parts->count].value, der, (size_t)len, NULL);

    parts->part[parts->count].type = type;
    parts->count += ok;
    OPENSSL_free(der);
    return ok;
}

static bool add_curve(struct parts *parts, const struct bytes *spki)
{
    const unsigned char *at = spki->data;
    X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &at, (long)spki->len);
    X509_ALGOR *algorithm = NULL;
    const void *params = NULL;
    unsigned char *der = NULL;
    int type = V_ASN1_UNDEF, len = -1;

    if (key && X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, key) == 1)
        X509_ALGOR_get0(NULL, &type, &params, algorithm);
    if (type == V_ASN1_OBJECT)
        len = i2d_ASN1_OBJECT(params, &der);
    X509_PUBKEY_free(key);
    return add_der(parts, CKA_EC_PARAMS, der, len);
}

/* The standard encodes the point as an OCTET STRING. */
static bool add_point(struct parts *parts, const struct bytes *spki)
{
    struct bytes point = {0};
    ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
    unsigned char *der = NULL;
    int len = -1;

    if (string && spki_to_point(spki, &point) &&
        ASN1_OCTET_STRING_set(string, point.data, (int)point.len) == 1)
        len = i2d_ASN1_OCTET_STRING(string, &der);
    ASN1_OCTET_STRING_free(string);
    bytes_free(&point);
    return add_der(parts, CKA_EC_POINT, der, len);
}

/* A pair with a parameter set: its number and the octets, or the curve and the octets in an OCTET
 * STRING. */
static bool take_set(struct parts *parts, const struct hsm_template *t, struct err *err)
{
    struct bytes raw = {0};
    const struct key_set *set = spki_read_set(t->spki, &raw);
    const CK_ULONG number = set ? set->number : 0;
    bool ok = set && set->kind == t->kind && p11_kind_number(t->kind, &parts->type);

    if (ok && number) {
        parts->part[0].type = CKA_PARAMETER_SET;
        parts->part[1].type = CKA_VALUE;
        parts->count = 2;
        ok = bytes_set(&parts->part[0].value, &number, sizeof number, NULL) &&
             bytes_set(&parts->part[1].value, raw.data, raw.len, NULL);
    } else if (ok) {
        parts->part[0].type = CKA_EC_PARAMS;
        parts->part[1].type = CKA_EC_POINT;
        parts->count = 2;
        ok = spki_curve_params(set->name, &parts->part[0].value) &&
             bytes_make(&parts->part[1].value, raw.len + 2, NULL);
        if (ok) {
            parts->part[1].value.data[0] = V_ASN1_OCTET_STRING;
            parts->part[1].value.data[1] = (uint8_t)raw.len;
            memcpy(parts->part[1].value.data + 2, raw.data, raw.len);
        }
    }
    bytes_free(&raw);
    return ok || err_set(err, ERR_DATA, "this is not a public key of that type");
}

/* Some tokens take the octets of a curve of RFC 8410 only as they are. */
static bool bare_octets(const struct hsm_template *t, struct parts *parts)
{
    struct bytes raw = {0};
    const struct key_set *set = t->class == KEY_CLASS_PUBLIC ? spki_read_set(t->spki, &raw) : NULL;

    if (!set || set->number) {
        bytes_free(&raw);
        return false;
    }
    bytes_free(&parts->part[1].value);
    parts->part[1].value = raw; /* ownership was passed on */
    return true;
}

static bool take_key(struct parts *parts, const struct hsm_template *t, struct err *err)
{
    struct bytes *modulus = &parts->part[0].value, *exponent = &parts->part[1].value;

    if (t->kind == KEY_KIND_RSA) {
        parts->type = CKK_RSA;
        parts->part[0].type = CKA_MODULUS;
        parts->part[1].type = CKA_PUBLIC_EXPONENT;
        parts->count = 2;
        return spki_to_rsa(t->spki, modulus, exponent, err);
    }
    parts->type = CKK_EC;
    if (t->kind != KEY_KIND_EC)
        return take_set(parts, t, err);
    return (add_curve(parts, t->spki) && add_point(parts, t->spki)) ||
           err_set(err, ERR_DATA, "this is not an EC public key");
}

static bool take_certificate(struct parts *parts, const struct hsm_template *t, struct err *err)
{
    const unsigned char *at = t->spki->data;
    X509 *x = d2i_X509(NULL, &at, (long)t->spki->len);
    unsigned char *subject = NULL, *issuer = NULL, *serial = NULL;
    int lens[3];
    bool ok = x && at == t->spki->data + t->spki->len;

    if (ok) {
        lens[0] = i2d_X509_NAME(X509_get_subject_name(x), &subject);
        lens[1] = i2d_X509_NAME(X509_get_issuer_name(x), &issuer);
        lens[2] = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &serial);
        ok = add_der(parts, CKA_SUBJECT, subject, lens[0]);
        ok = add_der(parts, CKA_ISSUER, issuer, lens[1]) && ok;
        ok = add_der(parts, CKA_SERIAL_NUMBER, serial, lens[2]) && ok;
        ok = ok && bytes_set(&parts->part[parts->count].value, t->spki->data, t->spki->len, NULL);
    }
    if (ok)
        parts->part[parts->count++].type = CKA_VALUE;
    X509_free(x);
    ERR_clear_error();
    return ok || err_set(err, ERR_DATA, "this is not a certificate");
}

/* --- making --- */

/* If the token would silently replace an existing object with the new one, checks that there is
 * none. */
static bool check_place(struct p11 *p, const struct hsm_template *t, const struct parts *parts,
                        struct err *err)
{
    struct p11_attrs with = {0};
    uint64_t *others = NULL;
    size_t count;

    if (!(p->overwrites || p->dialect.one_per_id))
        return true;
    p11_attrs_bool(&with, CKA_TOKEN, true);
    if (t->class == KEY_CLASS_CERTIFICATE) {
        p11_attrs_number(&with, CKA_CLASS, CKO_CERTIFICATE);
        for (size_t i = 1; i <= 2; i++) /* issuer and serial number */
            p11_attrs_add(&with, parts->part[i].type, parts->part[i].value.data,
                          parts->part[i].value.len);
    } else if (t->id_len > 0) {
        p11_attrs_number(&with, CKA_CLASS, CKO_PUBLIC_KEY);
        p11_attrs_add(&with, CKA_ID, t->id, t->id_len);
    } else {
        return true;
    }
    if (!p11_find(p, &with, &others, &count, err))
        return false;
    free(others);
    return count == 0 ||
           err_set(err, ERR_CONFLICT, "this HSM would overwrite another object: %s is in use",
                   t->class == KEY_CLASS_CERTIFICATE ? "its issuer and serial number" : "its id");
}

static CK_RV create(struct p11 *p, const struct hsm_template *t, const struct parts *parts,
                    bool with_subject, CK_OBJECT_HANDLE *made)
{
    struct p11_attrs attrs = {.omit = p->dialect.omit}, nested[KEY_TEMPLATES];
    bool certificate = t->class == KEY_CLASS_CERTIFICATE;

    p11_attrs_number(&attrs, CKA_CLASS, certificate ? CKO_CERTIFICATE : CKO_PUBLIC_KEY);
    if (certificate) {
        p11_attrs_number(&attrs, CKA_CERTIFICATE_TYPE, CKC_X_509);
        p11_attrs_bool(&attrs, CKA_PRIVATE, (t->flags & KEY_PRIVATE) != 0);
    } else {
        p11_attrs_number(&attrs, CKA_KEY_TYPE, parts->type);
        p11_attrs_flags(&attrs, KEY_CLASS_PUBLIC, t->flags, 0);
    }
    p11_attrs_bool(&attrs, CKA_TOKEN, true);
    p11_attrs_add(&attrs, CKA_LABEL, t->label, t->label_len);
    p11_attrs_add(&attrs, CKA_ID, t->id, t->id_len);
    for (size_t i = 0; i < parts->count; i++)
        p11_attrs_add(&attrs, parts->part[i].type, parts->part[i].value.data,
                      parts->part[i].value.len);
    if (with_subject)
        p11_attrs_add(&attrs, CKA_SUBJECT, t->constraints->subject, t->constraints->subject_len);
    if (t->constraints)
        p11_templates_add(&attrs, t->constraints, nested);
    return p->fn->C_CreateObject(p->session, attrs.attr, attrs.count, made);
}

bool p11_make_public(struct hsm *hsm, const struct hsm_template *t, uint64_t *final,
                     struct err *err)
{
    const struct p11_asked asked = {t->label, t->label_len, true};
    struct p11 *p = p11_of(hsm);
    struct parts parts = {0};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    bool certificate = t->class == KEY_CLASS_CERTIFICATE;
    bool subject = !certificate && t->constraints && t->constraints->subject_len &&
                   t->constraints->subject_len <= KEY_SUBJECT_MAX;
    CK_RV rv;
    bool ok = certificate ? take_certificate(&parts, t, err)
              : t->class == KEY_CLASS_PUBLIC
                  ? take_key(&parts, t, err)
                  : err_set(err, ERR_UNSUPPORTED, "this is not a public object");

    ok = ok && check_place(p, t, &parts, err);
    if (!ok) {
        parts_free(&parts);
        return false;
    }
    rv = create(p, t, &parts, subject, &made);
    if (subject && p11_refuses_template(rv))
        rv = create(p, t, &parts, false, &made);
    if (rv != CKR_OK && made == CK_INVALID_HANDLE && bare_octets(t, &parts))
        rv = create(p, t, &parts, false, &made);
    parts_free(&parts);
    rv = p11_made(p, rv, made, &asked);
    if (rv != CKR_OK)
        return ckr_set_as(err, p11_refuses_template(rv) ? ERR_UNSUPPORTED : ckr_code(rv), rv,
                          "the HSM did not accept the %s (C_CreateObject)",
                          certificate ? "certificate" : "public key");
    *final = made;
    return true;
}
