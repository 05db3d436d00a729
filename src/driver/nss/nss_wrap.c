/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping and unwrapping. If a token refuses either, NSS tries other means: it encrypts or
 * decrypts the key as data, or moves both keys to another slot. The uses of the transport keys
 * prevent this: they permit neither encryption nor decryption. NSS wraps keys that are not
 * extractable, pads with zeros for RFC 3394, and truncates a value to the length in the template;
 * the agent's guard refuses all of that beforehand.
 */
#include "driver/nss/nss_wrap.h"

#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <secerr.h>
#include <secport.h>

#include "driver/nss/nss_object.h"
#include "driver/nss/nss_spki.h"

const struct nss_alg nss_algs[HSM_ALGS] = {
    [HSM_RSA_OAEP_SHA256] =
        {
            CKM_RSA_PKCS_OAEP,
            {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0},
            "PK11_PubWrapSymKeyWithMechanism CKM_RSA_PKCS_OAEP SHA-256",
            "PK11_PubUnwrapSymKeyWithMechanism CKM_RSA_PKCS_OAEP SHA-256",
        },
    [HSM_RSA_OAEP_SHA1] =
        {
            CKM_RSA_PKCS_OAEP,
            {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0},
            "PK11_PubWrapSymKeyWithMechanism CKM_RSA_PKCS_OAEP SHA-1",
            "PK11_PubUnwrapSymKeyWithMechanism CKM_RSA_PKCS_OAEP SHA-1",
        },
    [HSM_AES_KWP] =
        {
            CKM_AES_KEY_WRAP_KWP,
            {0},
            "PK11_WrapSymKey, PK11_WrapPrivKey CKM_AES_KEY_WRAP_KWP",
            "PK11_UnwrapSymKeyWithFlagsPerm, PK11_UnwrapPrivKey CKM_AES_KEY_WRAP_KWP",
        },
    [HSM_AES_KW] =
        {
            CKM_AES_KEY_WRAP,
            {0},
            "PK11_WrapSymKey, PK11_WrapPrivKey CKM_AES_KEY_WRAP",
            "PK11_UnwrapSymKeyWithFlagsPerm, PK11_UnwrapPrivKey CKM_AES_KEY_WRAP",
        },
    [HSM_AES_CBC_PAD] =
        {
            CKM_AES_CBC_PAD,
            {0},
            "PK11_WrapSymKey, PK11_WrapPrivKey CKM_AES_CBC_PAD",
            "PK11_UnwrapSymKeyWithFlagsPerm, PK11_UnwrapPrivKey CKM_AES_CBC_PAD",
        },
};

static bool is_oaep(enum hsm_alg alg)
{
    return wrap_alg(alg)->family == WRAP_RSA_OAEP;
}

/* The mechanism's parameter; iv is for CBC. NULL: the mechanism takes none. */
static SECItem *parameter(enum hsm_alg alg, CK_RSA_PKCS_OAEP_PARAMS *oaep, uint8_t *iv,
                          SECItem *item)
{
    *oaep = nss_algs[alg].oaep;
    if (is_oaep(alg))
        *item = (SECItem){.data = (unsigned char *)oaep, .len = sizeof *oaep};
    else if (wrap_alg(alg)->iv)
        *item = (SECItem){.data = iv, .len = wrap_alg(alg)->iv};
    else
        return NULL;
    return item;
}

/* --- wrap --- */

/* NSS returns wrong lengths for wrapped keys, so there is always enough room. */
static SECStatus wrap_into(struct nss *nss, enum hsm_alg alg, struct nss_object *wrapping,
                           struct nss_object *key, uint8_t *iv, SECItem *out)
{
    CK_MECHANISM_TYPE mechanism = nss_algs[alg].mechanism;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
    SECItem item, *params = parameter(alg, &oaep, iv, &item);

    if (is_oaep(alg)) {
        SECKEYPublicKey public = {
            .keyType = rsaKey, .pkcs11Slot = nss->slot, .pkcs11ID = wrapping->desc.handle};
        return PK11_PubWrapSymKeyWithMechanism(&public, mechanism, params, key->key, out);
    }
    if (key->desc.class == KEY_CLASS_SECRET)
        return PK11_WrapSymKey(mechanism, params, wrapping->key, key->key, out);
    return PK11_WrapPrivKey(nss->slot, wrapping->key, &key->private, mechanism, params, out, NULL);
}

static bool wrap_open(struct nss *nss, enum hsm_alg alg, struct nss_object *wrapping,
                      struct nss_object *key, struct bytes *wrapped_key, struct err *err)
{
    size_t head = wrap_alg(alg)->iv;
    struct bytes made = {0};
    SECItem out;

    if (!bytes_make(&made, HSM_BLOB_MAX, err))
        return false;
    out = (SECItem){.data = made.data + head, .len = (unsigned)(made.len - head)};
    if (head && PK11_GenerateRandom(made.data, (int)head) != SECSuccess) {
        bytes_free(&made);
        return nss_failed(err, ERR_HSM, "NSS generated no random numbers");
    }
    if (wrap_into(nss, alg, wrapping, key, made.data, &out) != SECSuccess) {
        bytes_free(&made);
        return nss_failed(err, PORT_GetError() == SEC_ERROR_INPUT_LEN ? ERR_UNSUPPORTED : ERR_HSM,
                          "NSS does not wrap this key by %s", hsm_alg_name(alg));
    }
    made.len = head + out.len;
    bytes_free(wrapped_key);
    *wrapped_key = made;
    return true;
}

static bool check_class(enum hsm_alg alg, const struct key_desc *key, struct err *err)
{
    return !is_oaep(alg) || key->class == KEY_CLASS_SECRET ||
           err_set(err, ERR_UNSUPPORTED, "NSS wraps only secret keys by RSA-OAEP");
}

bool nss_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
              struct bytes *wrapped_key, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object by = {0}, it = {0};
    bool ok;

    if (!nss)
        return false;
    if (!nss_algs[alg].wrap_call)
        return err_set(err, ERR_UNSUPPORTED, "NSS does not support %s", hsm_alg_name(alg));
    ok = nss_object_open(nss, wrapping, &by, err) && nss_object_open(nss, key, &it, err) &&
         check_class(alg, &it.desc, err) && wrap_open(nss, alg, &by, &it, wrapped_key, err);
    nss_object_close(&by);
    nss_object_close(&it);
    return ok;
}

/* --- unwrap --- */

static bool damaged(struct err *err)
{
    return err_set(err, ERR_DATA, "NSS does not unwrap this key");
}

static CK_MECHANISM_TYPE target(enum key_kind kind)
{
    switch (kind) {
    case KEY_KIND_AES:
        return CKM_AES_ECB;
    case KEY_KIND_DES3:
        return CKM_DES3_ECB;
    case KEY_KIND_GENERIC:
        return CKM_SHA256_HMAC;
    default:
        return CKM_INVALID_MECHANISM;
    }
}

/* The uses that NSS supports for each class. No other may be passed to NSS: it stores them in an
 * array without checking its bounds. */
enum {
    SECRET_USES =
        KEY_ENCRYPT | KEY_DECRYPT | KEY_SIGN | KEY_VERIFY | KEY_WRAP | KEY_UNWRAP | KEY_DERIVE,
    PRIVATE_USES = KEY_DECRYPT | KEY_SIGN | KEY_SIGN_RECOVER | KEY_UNWRAP | KEY_DERIVE,
};

static PK11SymKey *unwrap_secret(enum hsm_alg alg, struct nss_object *by, SECItem *wrapped_key,
                                 SECItem *params, const struct hsm_template *template)
{
    CK_MECHANISM_TYPE mechanism = nss_algs[alg].mechanism, kind = target(template->kind);
    int size = template->kind == KEY_KIND_DES3 ? 0 : (int)template->length;
    CK_FLAGS operations = 0;

    for (const struct nss_use *use = nss_uses; use->flag; use++)
        if (template->flags & SECRET_USES & use->flag)
            operations |= use->operation;
    if (is_oaep(alg))
        return PK11_PubUnwrapSymKeyWithMechanism(
            &by->private, mechanism, params, wrapped_key, kind,
            template->flags & KEY_DERIVE ? CKA_DERIVE : CKA_FLAGS_ONLY, 0);
    return PK11_UnwrapSymKeyWithFlagsPerm(by->key, mechanism, params, wrapped_key, kind,
                                          CKA_FLAGS_ONLY, size, operations, PR_FALSE);
}

/* NSS requires the public half: it derives the id from it, and most envelopes of EC keys do not
 * contain it. */
static SECKEYPrivateKey *unwrap_private(struct nss *nss, enum hsm_alg alg, struct nss_object *by,
                                        SECItem *wrapped_key, SECItem *params,
                                        SECKEYPublicKey *public,
                                        const struct hsm_template *template)
{
    bool rsa = template->kind == KEY_KIND_RSA;
    SECItem *value = rsa ? &public->u.rsa.modulus : &public->u.ec.publicValue;
    SECItem label = {.data = (unsigned char *)template->label,
                     .len = (unsigned)template->label_len};
    PRBool guarded = (template->flags & (KEY_SENSITIVE | KEY_PRIVATE)) != 0;
    CK_ATTRIBUTE_TYPE uses[5];
    int count = 0;

    for (const struct nss_use *use = nss_uses; use->flag; use++)
        if (template->flags & PRIVATE_USES & use->flag)
            uses[count++] = use->type;
    return PK11_UnwrapPrivKey(nss->slot, by->key, nss_algs[alg].mechanism, params, wrapped_key,
                              &label, value, PR_FALSE, guarded, rsa ? CKK_RSA : CKK_EC, uses, count,
                              NULL);
}

static bool check_kind(enum hsm_alg alg, const struct hsm_template *template,
                       SECKEYPublicKey **public, struct err *err)
{
    bool rsa = template->kind == KEY_KIND_RSA, ec = template->kind == KEY_KIND_EC;

    if (template->class == KEY_CLASS_SECRET && target(template->kind) != CKM_INVALID_MECHANISM)
        return true;
    if (template->class != KEY_CLASS_PRIVATE || !(rsa || ec) || is_oaep(alg))
        return err_set(err, ERR_UNSUPPORTED, "NSS does not unwrap a key of this kind by %s",
                       hsm_alg_name(alg));
    if (!template->spki)
        return err_set(err, ERR_UNSUPPORTED,
                       "NSS unwraps a private key only if its public half is given");
    if (!nss_spki_read(template->spki, public, err))
        return false;
    if (SECKEY_GetPublicKeyType(*public) != (rsa ? rsaKey : ecKey))
        return err_set(err, ERR_DATA, "the public half has another type than the private key");
    return true;
}

/* Sets the key's constraints, as far as NSS stores them; the rest is detected when the key is
 * read. */
static void settle_constraints(PK11ObjectType type, void *key,
                               const struct key_constraints *constraints)
{
    CK_MECHANISM_TYPE allowed[KEY_ALLOWED_MAX];
    size_t count = constraints->allowed_count <= KEY_ALLOWED_MAX ? constraints->allowed_count : 0;

    for (size_t i = 0; i < count; i++)
        allowed[i] = constraints->allowed[i];
    if (count)
        nss_write(type, key, CKA_ALLOWED_MECHANISMS, allowed, count * sizeof allowed[0]);
    if (constraints->start[0])
        nss_write(type, key, CKA_START_DATE, constraints->start, KEY_DATE_SIZE - 1);
    if (constraints->end[0])
        nss_write(type, key, CKA_END_DATE, constraints->end, KEY_DATE_SIZE - 1);
    if (type == PK11_TypePrivKey && constraints->subject_len &&
        constraints->subject_len <= KEY_SUBJECT_MAX)
        nss_write(type, key, CKA_SUBJECT, constraints->subject, constraints->subject_len);
}

/* NSS uses defaults for everything that it is not given, and leaves a new key readable. So this
 * sets the key sensitive at once, and then exactly the requested uses. */
static bool settle(PK11ObjectType type, void *key, const struct hsm_template *template)
{
    static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    /* a secret key has DERIVE only if it was requested */
    const uint32_t uses = type == PK11_TypePrivKey ? PRIVATE_USES : SECRET_USES & ~KEY_DERIVE;
    bool ok = (!(template->flags & KEY_SENSITIVE) ||
               nss_write(type, key, CKA_SENSITIVE, &yes, sizeof yes)) &&
              (template->flags & KEY_EXTRACTABLE ||
               nss_write(type, key, CKA_EXTRACTABLE, &no, sizeof no));

    for (const struct nss_use *use = nss_uses; ok && use->flag; use++)
        if (uses & use->flag)
            ok = nss_write(type, key, use->type, template->flags & use->flag ? &yes : &no,
                           sizeof yes);
    if (ok && template->constraints)
        settle_constraints(type, key, template->constraints);
    return ok && nss_write(type, key, CKA_LABEL, template->label, template->label_len) &&
           nss_write(type, key, CKA_ID, template->id, template->id_len);
}

/* Takes ownership of key. Destroys it if it cannot be given the template's attributes, or has
 * another length. */
static bool adopt(struct nss *nss, PK11ObjectType type, void *key,
                  const struct hsm_template *template, uint64_t *handle, struct err *err)
{
    struct nss_object object = {0};
    uint64_t number;
    bool ok;

    if (!nss_keep(nss, type, key, &number, err))
        return false;
    ok = (settle(type, key, template) ||
          nss_failed(err, ERR_HSM, "NSS does not accept the attributes of the unwrapped key")) &&
         nss_object_open(nss, number, &object, err);
    if (ok && ((template->flags & ~object.desc.flags & KEY_SENSITIVE) ||
               (object.desc.flags & ~template->flags & KEY_EXTRACTABLE)))
        ok = err_set(err, ERR_HSM, "NSS did not set the requested attributes of the unwrapped key");
    if (ok && template->class == KEY_CLASS_SECRET && template->length &&
        object.desc.length != template->length)
        ok = damaged(err);
    nss_object_close(&object);
    if (ok)
        *handle = number;
    else
        nss_drop(nss, number);
    return ok;
}

static bool unwrap_open(struct nss *nss, enum hsm_alg alg, struct nss_object *by,
                        const struct bytes *wrapped_key, const struct hsm_template *template,
                        SECKEYPublicKey *public, uint64_t *handle, struct err *err)
{
    size_t head = wrap_alg(alg)->iv;
    PK11ObjectType type = public ? PK11_TypePrivKey : PK11_TypeSymKey;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
    SECItem item, *params, cipher;
    void *key;

    if (wrapped_key->len <= head)
        return damaged(err);
    cipher =
        (SECItem){.data = wrapped_key->data + head, .len = (unsigned)(wrapped_key->len - head)};
    params = parameter(alg, &oaep, wrapped_key->data, &item);
    if (public)
        key = unwrap_private(nss, alg, by, &cipher, params, public, template);
    else
        key = unwrap_secret(alg, by, &cipher, params, template);
    return key ? adopt(nss, type, key, template, handle, err) : damaged(err);
}

bool nss_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                const struct bytes *wrapped_key, const struct hsm_template *template,
                uint64_t *handle, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    SECKEYPublicKey *public = NULL;
    struct nss_object by = {0};
    bool ok;

    if (!nss)
        return false;
    if (!nss_algs[alg].wrap_call)
        return err_set(err, ERR_UNSUPPORTED, "NSS does not support %s", hsm_alg_name(alg));
    if (template->class == KEY_CLASS_SECRET && template->length > NSS_SECRET_MAX)
        return err_set(err, ERR_UNSUPPORTED, "NSS cannot unwrap a secret of more than %d bytes",
                       NSS_SECRET_MAX);
    ok = nss_object_open(nss, unwrapping, &by, err) && check_kind(alg, template, &public, err) &&
         unwrap_open(nss, alg, &by, wrapped_key, template, public, handle, err);
    nss_object_close(&by);
    if (public)
        SECKEY_DestroyPublicKey(public);
    return ok;
}
