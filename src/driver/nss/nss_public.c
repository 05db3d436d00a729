/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_public.h"

#include <string.h>

#include <cert.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <secitem.h>
#include <secport.h>

#include "driver/nss/nss_object.h"
#include "driver/nss/nss_spki.h"

/* --- reading --- */

bool nss_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    CK_ATTRIBUTE value = {.type = CKA_VALUE};
    struct nss_object object;
    bool ok;

    if (!nss)
        return false;
    ok = nss_object_open(nss, handle, &object, err);
    /* Read of no other class: of a key, CKA_VALUE is the key. */
    if (ok && object.desc.class != KEY_CLASS_CERTIFICATE)
        ok = err_set(err, ERR_UNSUPPORTED, "this object is not a certificate");
    if (ok && PK11_ReadRawAttributes(object.values.arena, PK11_TypeSymKey, object.key, &value, 1) !=
                  SECSuccess)
        ok = nss_failed(err, ERR_HSM, "NSS does not return the certificate");
    if (ok && (value.ulValueLen == 0 || value.ulValueLen > HSM_BLOB_MAX))
        ok = err_set(err, ERR_UNSUPPORTED, "a certificate of %lu bytes is too long to be read",
                     value.ulValueLen);
    ok = ok && bytes_set(der, value.pValue, value.ulValueLen, err);
    nss_object_close(&object);
    return ok;
}

/* --- making --- */

/* A template under construction. */
enum { ATTRIBUTES_MAX = 24 };
struct attributes {
    CK_ATTRIBUTE attr[ATTRIBUTES_MAX];
    int count;
};

static void add(struct attributes *a, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    a->attr[a->count++] = (CK_ATTRIBUTE){type, (void *)value, len}; /* NSS only reads it */
}

static void add_bool(struct attributes *a, CK_ATTRIBUTE_TYPE type, bool value)
{
    static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

    add(a, type, value ? &yes : &no, sizeof yes);
}

static void add_name(struct attributes *a, const struct hsm_template *t)
{
    add_bool(a, CKA_TOKEN, true);
    add(a, CKA_LABEL, t->label, t->label_len);
    add(a, CKA_ID, t->id, t->id_len);
}

/* Creates an object with all its attributes at once. NSS's own functions for this would give it
 * another id, and its name only later. */
static bool create(struct nss *nss, const struct attributes *a, const char *what, uint64_t *final,
                   struct err *err)
{
    PK11GenericObject *object =
        PK11_CreateManagedGenericObject(nss->slot, a->attr, a->count, PR_TRUE);

    if (!object)
        return nss_failed(err, ERR_HSM, "NSS does not accept the %s", what);
    *final = PK11_GetObjectHandle(PK11_TypeGeneric, object, NULL);
    PK11_DestroyGenericObject(object); /* frees the structure; the object remains */
    if (*final == CK_INVALID_HANDLE)
        return err_set(err, ERR_HSM, "NSS does not return the handle of the new %s", what);
    return nss_made(nss, *final, err);
}

/* Does this attribute of the object have this value? */
static bool has(PK11GenericObject *object, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    SECItem item = {.data = NULL};
    bool same = PK11_ReadRawAttribute(PK11_TypeGeneric, object, type, &item) == SECSuccess &&
                item.len == len && (len == 0 || memcmp(item.data, value, len) == 0);

    SECITEM_FreeItem(&item, PR_FALSE);
    return same;
}

/* A public key that is stored in the database replaces the one with the same id, so the id must be
 * free. */
static bool check_id(struct nss *nss, const struct hsm_template *t, struct err *err)
{
    PK11GenericObject *objects = PK11_FindGenericObjects(nss->slot, CKO_PUBLIC_KEY);
    bool taken = false;

    for (PK11GenericObject *at = objects; at && t->id_len; at = PK11_GetNextGenericObject(at))
        taken |= has(at, CKA_ID, t->id, t->id_len);
    PK11_DestroyGenericObjects(objects);
    return !taken ||
           err_set(err, ERR_CONFLICT, "the NSS database has another public key with this id");
}

static bool make_key(struct nss *nss, const struct hsm_template *t, uint64_t *final,
                     struct err *err)
{
    static const CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    static const CK_KEY_TYPE rsa = CKK_RSA, ec = CKK_EC;
    /* the uses of every public key in NSS */
    const uint32_t uses = KEY_ENCRYPT | KEY_VERIFY | KEY_VERIFY_RECOVER | KEY_WRAP | KEY_DERIVE;
    struct attributes a = {.count = 0};
    SECKEYPublicKey *key = NULL;
    SECItem *point = NULL;
    bool ok = check_id(nss, t, err) && nss_spki_read(t->spki, &key, err);

    if (!ok)
        return false;
    add(&a, CKA_CLASS, &class, sizeof class);
    add_name(&a, t);
    for (const struct nss_use *use = nss_uses; use->flag; use++)
        if (uses & use->flag)
            add_bool(&a, use->type, (t->flags & use->flag) != 0);
    if (t->constraints && t->constraints->subject_len &&
        t->constraints->subject_len <= KEY_SUBJECT_MAX)
        add(&a, CKA_SUBJECT, t->constraints->subject, t->constraints->subject_len);
    if (SECKEY_GetPublicKeyType(key) == rsaKey) {
        add(&a, CKA_KEY_TYPE, &rsa, sizeof rsa);
        add(&a, CKA_MODULUS, key->u.rsa.modulus.data, key->u.rsa.modulus.len);
        add(&a, CKA_PUBLIC_EXPONENT, key->u.rsa.publicExponent.data, key->u.rsa.publicExponent.len);
    } else if (SECKEY_GetPublicKeyType(key) == ecKey) {
        add(&a, CKA_KEY_TYPE, &ec, sizeof ec);
        add(&a, CKA_EC_PARAMS, key->u.ec.DEREncodedParams.data, key->u.ec.DEREncodedParams.len);
        point = SEC_ASN1EncodeItem(NULL, NULL, &key->u.ec.publicValue,
                                   SEC_ASN1_GET(SEC_OctetStringTemplate));
        ok = point || nss_failed(err, ERR_FAILED, "NSS cannot encode a point");
        if (point)
            add(&a, CKA_EC_POINT, point->data, point->len);
    } else {
        ok = err_set(err, ERR_UNSUPPORTED, "public keys of this type are not stored");
    }
    ok = ok && create(nss, &a, "public key", final, err);
    SECITEM_FreeItem(point, PR_TRUE);
    SECKEY_DestroyPublicKey(key);
    return ok;
}

/* NSS identifies a certificate by issuer and serial number, and replaces an existing one; and it
 * assumes that all certificates with one nickname have one subject. */
static bool check_place(struct nss *nss, const CERTCertificate *x, const SECItem *serial,
                        const struct hsm_template *t, struct err *err)
{
    PK11GenericObject *objects = PK11_FindGenericObjects(nss->slot, CKO_CERTIFICATE);
    const SECItem *issuer = &x->derIssuer, *subject = &x->derSubject;
    bool there = false, named = false;

    for (PK11GenericObject *at = objects; at; at = PK11_GetNextGenericObject(at)) {
        there |= has(at, CKA_ISSUER, issuer->data, issuer->len) &&
                 has(at, CKA_SERIAL_NUMBER, serial->data, serial->len);
        named |= t->label_len > 0 && has(at, CKA_LABEL, t->label, t->label_len) &&
                 !has(at, CKA_SUBJECT, subject->data, subject->len);
    }
    PK11_DestroyGenericObjects(objects);
    if (there)
        return err_set(err, ERR_CONFLICT,
                       "the NSS database has a certificate of this issuer and serial number");
    return !named ||
           err_set(err, ERR_CONFLICT, "the NSS database uses this nickname for another subject");
}

static bool make_certificate(struct nss *nss, const struct hsm_template *t, uint64_t *final,
                             struct err *err)
{
    static const CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    static const CK_CERTIFICATE_TYPE type = CKC_X_509;
    SECItem der = {.data = t->spki->data, .len = (unsigned)t->spki->len}, *serial = NULL;
    CERTCertificate *x =
        CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &der, NULL, PR_FALSE, PR_TRUE);
    struct attributes a = {.count = 0};
    bool ok;

    if (x)
        serial =
            SEC_ASN1EncodeItem(NULL, NULL, &x->serialNumber, SEC_ASN1_GET(SEC_IntegerTemplate));
    ok = serial || err_set(err, ERR_DATA, "NSS cannot decode this certificate");
    if (ok) {
        add(&a, CKA_CLASS, &class, sizeof class);
        add(&a, CKA_CERTIFICATE_TYPE, &type, sizeof type);
        add_name(&a, t);
        add(&a, CKA_SUBJECT, x->derSubject.data, x->derSubject.len);
        add(&a, CKA_ISSUER, x->derIssuer.data, x->derIssuer.len);
        add(&a, CKA_SERIAL_NUMBER, serial->data, serial->len);
        add(&a, CKA_VALUE, der.data, der.len);
        ok = check_place(nss, x, serial, t, err) && create(nss, &a, "certificate", final, err);
    }
    SECITEM_FreeItem(serial, PR_TRUE);
    if (x)
        CERT_DestroyCertificate(x);
    return ok;
}

bool nss_make_public(struct hsm *hsm, const struct hsm_template *t, uint64_t *final,
                     struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);

    if (!nss)
        return false;
    if (t->class == KEY_CLASS_CERTIFICATE)
        return make_certificate(nss, t, final, err);
    if (t->class == KEY_CLASS_PUBLIC)
        return make_key(nss, t, final, err);
    return err_set(err, ERR_UNSUPPORTED, "this is not a public object");
}
