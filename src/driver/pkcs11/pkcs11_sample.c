/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_sample.h"

#include <string.h>

#include <openssl/rand.h>

#include "driver/dialect/ckr.h"
#include "driver/dialect/pkcs11_3_2.h"
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

/* How pairs of each kind are generated, and their uses. Some tokens check a new pair, which
 * requires the matching uses in both halves. */
static const struct pair_form {
    CK_MECHANISM_TYPE mechanism;
    uint32_t private, public; /* enum key_flag; 0: there are no test keys of this kind */
} pair_forms[KEY_KINDS] = {
    [KEY_KIND_RSA] = {CKM_RSA_PKCS_KEY_PAIR_GEN, KEY_SIGN | KEY_DECRYPT, KEY_VERIFY | KEY_ENCRYPT},
    [KEY_KIND_EC] = {CKM_EC_KEY_PAIR_GEN, KEY_SIGN, KEY_VERIFY},
    [KEY_KIND_EDWARDS] = {CKM_EC_EDWARDS_KEY_PAIR_GEN, KEY_SIGN, KEY_VERIFY},
    [KEY_KIND_MONTGOMERY] = {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, KEY_DERIVE, KEY_DERIVE},
    [KEY_KIND_ML_DSA] = {CKM_ML_DSA_KEY_PAIR_GEN, KEY_SIGN, KEY_VERIFY},
    [KEY_KIND_ML_KEM] = {CKM_ML_KEM_KEY_PAIR_GEN, KEY_DECAPSULATE, KEY_ENCAPSULATE},
};

/* params: the curve; empty for RSA and numbered sets. */
static CK_RV generate_pair(struct p11 *p, const struct key_sample *sample,
                           const struct bytes *params, const char *label, CK_OBJECT_HANDLE *public,
                           CK_OBJECT_HANDLE *private)
{
    static const uint8_t exponent[] = {1, 0, 1};
    const struct p11_asked asked = {label, strlen(label), false};
    bool rsa = sample->kind == KEY_KIND_RSA;
    const struct pair_form *form = &pair_forms[sample->kind];
    const struct key_set *set = key_set_named(sample->curve);
    CK_MECHANISM mechanism = {form->mechanism, NULL, 0};
    struct p11_attrs pub, priv;
    uint8_t id[ID_LEN];
    CK_RV rv;

    if (RAND_bytes(id, sizeof id) != 1)
        return CKR_HOST_MEMORY;
    begin_half(&pub, label, id);
    if (rsa) {
        p11_attrs_number(&pub, CKA_MODULUS_BITS, sample->bits);
        p11_attrs_add(&pub, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
    } else if (set && set->number) {
        p11_attrs_number(&pub, CKA_PARAMETER_SET, set->number);
    } else {
        p11_attrs_add(&pub, CKA_EC_PARAMS, params->data, params->len);
    }
    p11_attrs_flags(&pub, KEY_CLASS_PUBLIC, form->public, 0);
    begin_half(&priv, label, id);
    p11_attrs_flags(&priv, KEY_CLASS_PRIVATE, FREE | form->private, P11_SECRECY);
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

    if (sample->kind != KEY_KIND_RSA && !key_kind_has_numbers(sample->kind) &&
        !spki_curve_params(sample->curve, &params))
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
    if ((unsigned)sample->kind < KEY_KINDS && pair_forms[sample->kind].private)
        return make_pair(p11_of(hsm), sample, label, handle, public_handle, err);
    if (!key_kind_is(sample->kind, KEY_FAMILY_CIPHER) && sample->kind != KEY_KIND_GENERIC)
        return err_set(err, ERR_UNSUPPORTED, "there are no test keys of this type");
    *public_handle = 0;
    return make_secret(p11_of(hsm), sample, label, handle, err);
}
