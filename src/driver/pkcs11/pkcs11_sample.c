/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_sample.h"

#include <string.h>

#include <openssl/rand.h>

#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_key.h"
#include "driver/pkcs11/pkcs11_spki.h"
#include "driver/pkcs11/pkcs11_temp.h"

enum {
    FREE = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE,
    ID_LEN = 8,
};

static bool make_secret(struct p11 *p, const struct key_sample *sample, const char *label,
                        uint64_t *handle, struct err *err)
{
    bool generic = sample->kind == KEY_KIND_GENERIC;
    const struct p11_wish wish = {
        .kind = sample->kind,
        .length = sample->length,
        .flags = FREE | (generic ? KEY_SIGN | KEY_VERIFY : KEY_ENCRYPT | KEY_DECRYPT),
        .label = label,
    };
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv = p11_generate(p, &wish, &made);

    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not generate a test secret (C_GenerateKey)");
    *handle = made;
    return true;
}

/* Adds the attributes that both halves share. The public half is found by the id. */
static void begin_half(struct p11_attrs *t, const char *label, const uint8_t id[ID_LEN])
{
    *t = (struct p11_attrs){0};
    p11_attrs_bool(t, CKA_TOKEN, false);
    p11_attrs_add(t, CKA_LABEL, label, strlen(label));
    p11_attrs_add(t, CKA_ID, id, ID_LEN);
}

/* params: the curve; empty for RSA. */
static CK_RV generate_pair(struct p11 *p, const struct key_sample *sample,
                           const struct bytes *params, const char *label, CK_OBJECT_HANDLE *public,
                           CK_OBJECT_HANDLE *private)
{
    static const uint8_t exponent[] = {1, 0, 1};
    const struct p11_asked asked = {label, strlen(label), false};
    bool rsa = sample->kind == KEY_KIND_RSA;
    CK_MECHANISM mechanism = {rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    struct p11_attrs pub, priv;
    uint8_t id[ID_LEN];
    CK_RV rv;

    if (RAND_bytes(id, sizeof id) != 1)
        return CKR_HOST_MEMORY;
    begin_half(&pub, label, id);
    if (rsa) {
        p11_attrs_number(&pub, CKA_MODULUS_BITS, sample->bits);
        p11_attrs_add(&pub, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
    } else {
        p11_attrs_add(&pub, CKA_EC_PARAMS, params->data, params->len);
    }
    /* Some tokens check a new pair, which requires the matching uses in both halves. */
    p11_attrs_flags(&pub, KEY_CLASS_PUBLIC, KEY_VERIFY | (rsa ? KEY_ENCRYPT : 0), 0);
    begin_half(&priv, label, id);
    p11_attrs_flags(&priv, KEY_CLASS_PRIVATE, FREE | KEY_SIGN | (rsa ? KEY_DECRYPT : 0),
                    P11_SECRECY);
    rv = p->fn->C_GenerateKeyPair(p->session, &mechanism, pub.attr, pub.count, priv.attr,
                                  priv.count, public, private);
    return p11_made_pair(p, rv, *private, *public, &asked);
}

static bool make_pair(struct p11 *p, const struct key_sample *sample, const char *label,
                      uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
    struct bytes params = {0};
    CK_RV rv;

    if (sample->kind == KEY_KIND_EC && !spki_curve_params(sample->curve, &params))
        return err_set(err, ERR_UNSUPPORTED, "the curve %s has no known parameters", sample->curve);
    rv = generate_pair(p, sample, &params, label, &public, &private);
    bytes_free(&params);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not generate a test pair (C_GenerateKeyPair)");
    *handle = private;
    *public_handle = public;
    return true;
}

bool p11_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                  uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    switch (sample->kind) {
    case KEY_KIND_AES:
    case KEY_KIND_DES3:
    case KEY_KIND_GENERIC:
        if (!make_secret(p11_of(hsm), sample, label, handle, err))
            return false;
        *public_handle = 0;
        return true;
    case KEY_KIND_RSA:
    case KEY_KIND_EC:
        return make_pair(p11_of(hsm), sample, label, handle, public_handle, err);
    default:
        return err_set(err, ERR_UNSUPPORTED, "there are no test keys of this type");
    }
}
