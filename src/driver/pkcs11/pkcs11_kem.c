/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_kem.h"

#include <string.h>

#include "driver/dialect/pkcs11_3_2.h"
#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "hsm/ml_kem.h"

/* A query for the length is answered in several ways, so there is room for every ciphertext. */
enum { CIPHERTEXT_ROOM = 2048 };

static CK_ULONG parameter_set(unsigned set)
{
    return set == 1024 ? CKP_ML_KEM_1024 : CKP_ML_KEM_768;
}

bool p11_has_kem(const struct p11 *p)
{
    CK_MECHANISM_INFO info = {0};

    return p->module.kem && p->fn->C_GetMechanismInfo(p->slot, CKM_ML_KEM, &info) == CKR_OK;
}

CK_RV p11_decapsulate(struct p11 *p, CK_OBJECT_HANDLE private, struct p11_kem_text text,
                      struct p11_attrs *template, CK_OBJECT_HANDLE *made)
{
    CK_MECHANISM mechanism = {CKM_ML_KEM, NULL, 0};

    return p->module.kem
               ? p->module.kem->C_DecapsulateKey(p->session, &mechanism, private, template->attr,
                                                 template->count, text.data, text.len, made)
               : CKR_FUNCTION_NOT_SUPPORTED;
}

static void begin(const struct p11 *p, struct p11_attrs *t, const char *label)
{
    *t = (struct p11_attrs){.omit = p->dialect.omit};
    p11_attrs_bool(t, CKA_TOKEN, false);
    p11_attrs_add(t, CKA_LABEL, label, strlen(label));
}

/* Templates from the most complete to the least: with all uses, which are false, and the guards
 * that a token may not know; some tokens take no use but that of ML-KEM. */
enum { GUARDED, PLAIN, BARE, TEMPLATES };

static void add_secrecy(struct p11_attrs *t, uint32_t flags)
{
    p11_attrs_bool(t, CKA_PRIVATE, true);
    p11_attrs_bool(t, CKA_SENSITIVE, (flags & KEY_SENSITIVE) != 0);
    p11_attrs_bool(t, CKA_EXTRACTABLE, false);
}

static CK_RV generate(struct p11 *p, unsigned set, const char *label, int row,
                      CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
    const struct p11_asked asked = {label, strlen(label), false};
    CK_MECHANISM mechanism = {CKM_ML_KEM_KEY_PAIR_GEN, NULL, 0};
    struct p11_attrs pub, priv;
    CK_RV rv;

    begin(p, &pub, label);
    p11_attrs_number(&pub, CKA_PARAMETER_SET, parameter_set(set));
    p11_attrs_bool(&pub, CKA_ENCAPSULATE, true);
    begin(p, &priv, label);
    p11_attrs_bool(&priv, CKA_DECAPSULATE, true);
    if (row == BARE)
        add_secrecy(&priv, KEY_SENSITIVE);
    else
        p11_attrs_flags(&priv, KEY_CLASS_PRIVATE, KEY_PRIVATE | KEY_SENSITIVE,
                        row == GUARDED ? P11_SECRECY | P11_MODIFIABLE : P11_SECRECY);
    *public = *private = CK_INVALID_HANDLE;
    rv = p->fn->C_GenerateKeyPair(p->session, &mechanism, pub.attr, pub.count, priv.attr,
                                  priv.count, public, private);
    return p11_made_pair(p, rv, *private, *public, &asked);
}

CK_RV p11_kem_pair(struct p11 *p, unsigned set, const char *label, CK_OBJECT_HANDLE *public,
                   CK_OBJECT_HANDLE *private)
{
    CK_RV rv = CKR_GENERAL_ERROR;

    for (int row = GUARDED; row < TEMPLATES; row++) {
        rv = generate(p, set, label, row, public, private);
        if (!p11_refuses_template(rv))
            break;
    }
    return rv;
}

static void set_secret(const struct p11 *p, struct p11_attrs *t, uint32_t use, const char *label,
                       bool guarded)
{
    begin(p, t, label);
    p11_attrs_number(t, CKA_CLASS, CKO_SECRET_KEY);
    p11_attrs_number(t, CKA_KEY_TYPE, use == KEY_DERIVE ? CKK_GENERIC_SECRET : CKK_AES);
    p11_attrs_number(t, CKA_VALUE_LEN, ML_KEM_SECRET);
    p11_attrs_flags(t, KEY_CLASS_SECRET, KEY_PRIVATE | KEY_SENSITIVE | use,
                    guarded ? P11_SECRECY | P11_MODIFIABLE : P11_SECRECY);
}

static CK_RV import_public(struct p11 *p, unsigned set, const struct bytes *public_key,
                           const char *label, CK_OBJECT_HANDLE *handle)
{
    const struct p11_asked asked = {label, strlen(label), false};
    struct p11_attrs t;
    CK_RV rv;

    begin(p, &t, label);
    p11_attrs_number(&t, CKA_CLASS, CKO_PUBLIC_KEY);
    p11_attrs_number(&t, CKA_KEY_TYPE, CKK_ML_KEM);
    p11_attrs_number(&t, CKA_PARAMETER_SET, parameter_set(set));
    p11_attrs_bool(&t, CKA_ENCAPSULATE, true);
    p11_attrs_add(&t, CKA_VALUE, public_key->data, public_key->len);
    *handle = CK_INVALID_HANDLE;
    rv = p->fn->C_CreateObject(p->session, t.attr, t.count, handle);
    return p11_made(p, rv, *handle, &asked);
}

static CK_RV encapsulate(struct p11 *p, CK_OBJECT_HANDLE to, uint32_t use, const char *label,
                         struct bytes *ciphertext, CK_OBJECT_HANDLE *secret)
{
    const struct p11_asked asked = {label, strlen(label), false};
    CK_MECHANISM mechanism = {CKM_ML_KEM, NULL, 0};
    uint8_t text[CIPHERTEXT_ROOM];
    CK_ULONG len;
    CK_RV rv = CKR_GENERAL_ERROR;

    for (int guarded = 1; guarded >= 0; guarded--) {
        struct p11_attrs t;
        set_secret(p, &t, use, label, guarded);
        len = sizeof text;
        *secret = CK_INVALID_HANDLE;
        rv = p->module.kem->C_EncapsulateKey(p->session, &mechanism, to, t.attr, t.count, text,
                                             &len, secret);
        rv = p11_made(p, rv, *secret, &asked);
        if (!p11_refuses_template(rv))
            break;
    }
    if (rv == CKR_OK && (len > sizeof text || !bytes_set(ciphertext, text, len, NULL))) {
        p11_unmake(p, *secret);
        rv = CKR_DEVICE_ERROR;
    }
    return rv;
}

CK_RV p11_kem_encapsulate(struct p11 *p, unsigned set, const struct bytes *public_key, uint32_t use,
                          const char *label, struct bytes *ciphertext, CK_OBJECT_HANDLE *secret)
{
    CK_OBJECT_HANDLE to;
    CK_RV rv, end;

    if (!p->module.kem)
        return CKR_FUNCTION_NOT_SUPPORTED;
    rv = import_public(p, set, public_key, label, &to);
    if (rv != CKR_OK)
        return rv;
    rv = encapsulate(p, to, use, label, ciphertext, secret);
    end = p11_unmake(p, to);
    if (rv == CKR_OK && end != CKR_OK) {
        p11_unmake(p, *secret);
        rv = end;
    }
    return rv;
}

CK_RV p11_kem_decapsulate(struct p11 *p, CK_OBJECT_HANDLE private, const struct bytes *ciphertext,
                          uint32_t use, const char *label, CK_OBJECT_HANDLE *secret)
{
    const struct p11_asked asked = {label, strlen(label), false};
    CK_MECHANISM mechanism = {CKM_ML_KEM, NULL, 0};
    CK_RV rv = CKR_GENERAL_ERROR;

    if (!p->module.kem)
        return CKR_FUNCTION_NOT_SUPPORTED;
    for (int guarded = 1; guarded >= 0; guarded--) {
        struct p11_attrs t;
        set_secret(p, &t, use, label, guarded);
        *secret = CK_INVALID_HANDLE;
        rv = p->module.kem->C_DecapsulateKey(p->session, &mechanism, private, t.attr, t.count,
                                             ciphertext->data, ciphertext->len, secret);
        rv = p11_made(p, rv, *secret, &asked);
        if (!p11_refuses_template(rv))
            break;
    }
    return rv;
}
