/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_key.h"

#include <string.h>

#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <secitem.h>

#include "driver/nss/nss_object.h"
#include "driver/nss/nss_spki.h"

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* NSS's functions take pointers to non-const for attributes that they only read. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    return (CK_ATTRIBUTE){type, (void *)value, len};
}

bool nss_create(struct nss *nss, const CK_ATTRIBUTE *attributes, int count, uint64_t *handle,
                struct err *err)
{
    PK11GenericObject *object =
        PK11_CreateManagedGenericObject(nss->slot, attributes, count, PR_FALSE);

    if (!object)
        return nss_failed(err, ERR_HSM, "NSS does not accept the object");
    return nss_keep(nss, PK11_TypeGeneric, object, handle, err);
}

/* --- transport keys --- */

/* NSS sets the id of a new pair itself, so the pair cannot be created unmodifiable; and it gives
 * every RSA private key SIGN_RECOVER. */
static bool generate_pair(struct nss *nss, uint32_t bits, const char *label,
                          SECKEYPrivateKey **private, SECKEYPublicKey **public)
{
    const CK_FLAGS all = CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_SIGN_RECOVER | CKF_VERIFY |
                         CKF_VERIFY_RECOVER | CKF_WRAP | CKF_UNWRAP | CKF_DERIVE;
    PK11RSAGenParams params = {.keySizeInBits = (int)bits, .pe = 65537};

    *private = PK11_GenerateKeyPairWithOpFlags(
        nss->slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &params, public,
        PK11_ATTR_SESSION | PK11_ATTR_PRIVATE | PK11_ATTR_SENSITIVE | PK11_ATTR_UNEXTRACTABLE,
        CKF_WRAP | CKF_UNWRAP, all, NULL);
    return *private && nss_write(PK11_TypePrivKey, *private, CKA_SIGN_RECOVER, &no, sizeof no) &&
           nss_write(PK11_TypePrivKey, *private, CKA_LABEL, label, strlen(label)) &&
           nss_write(PK11_TypePubKey, *public, CKA_LABEL, label, strlen(label));
}

bool nss_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                   struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    SECKEYPrivateKey *private = NULL;
    SECKEYPublicKey *public = NULL;
    bool whole;

    if (!nss)
        return false;
    if (bits < 1024 || bits > 16384)
        return err_set(err, ERR_UNSUPPORTED, "NSS does not generate RSA keys of %u bits", bits);
    whole = generate_pair(nss, bits, label, &private, &public);
    if (!whole)
        nss_failed(err, ERR_HSM, "no RSA transport key pair of %u bits was generated", bits);
    return nss_keep_pair(nss, whole, private, public, pair, err);
}

bool nss_load_public(struct hsm *hsm, const struct bytes *spki, const char *label, uint64_t *handle,
                     struct err *err)
{
    static const CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    static const CK_KEY_TYPE type = CKK_RSA;
    struct nss *nss = nss_logged_in(hsm, err);
    SECKEYPublicKey *key = NULL;
    bool ok;

    if (!nss || !nss_spki_read(spki, &key, err))
        return false;
    if (SECKEY_GetPublicKeyType(key) != rsaKey) {
        SECKEY_DestroyPublicKey(key);
        return err_set(err, ERR_DATA, "this is not an RSA public key");
    }
    const SECItem *modulus = &key->u.rsa.modulus, *exponent = &key->u.rsa.publicExponent;
    const CK_ATTRIBUTE attributes[] = {
        attribute(CKA_CLASS, &class, sizeof class),
        attribute(CKA_KEY_TYPE, &type, sizeof type),
        attribute(CKA_TOKEN, &no, sizeof no),
        attribute(CKA_LABEL, label, strlen(label)),
        attribute(CKA_WRAP, &yes, sizeof yes),
        attribute(CKA_ENCRYPT, &no, sizeof no),
        attribute(CKA_VERIFY, &no, sizeof no),
        attribute(CKA_VERIFY_RECOVER, &no, sizeof no),
        attribute(CKA_DERIVE, &no, sizeof no),
        attribute(CKA_MODIFIABLE, &no, sizeof no),
        attribute(CKA_COPYABLE, &no, sizeof no),
        attribute(CKA_MODULUS, modulus->data, modulus->len),
        attribute(CKA_PUBLIC_EXPONENT, exponent->data, exponent->len),
    };
    ok = nss_create(nss, attributes, sizeof attributes / sizeof attributes[0], handle, err);
    SECKEY_DestroyPublicKey(key);
    return ok;
}

/* An AES key for one use. */
static bool make_aes(struct nss *nss, uint32_t bits, uint32_t use, const char *label,
                     uint64_t *handle, struct err *err)
{
    const CK_BBOOL *wrap = use == KEY_WRAP ? &yes : &no, *encrypt = use == KEY_ENCRYPT ? &yes : &no;
    CK_ULONG length = bits / 8;
    PK11SymKey *key;
    CK_ATTRIBUTE attributes[] = {
        attribute(CKA_VALUE_LEN, &length, sizeof length),
        attribute(CKA_LABEL, label, strlen(label)),
        attribute(CKA_TOKEN, &no, sizeof no),
        attribute(CKA_PRIVATE, &yes, sizeof yes),
        attribute(CKA_SENSITIVE, &yes, sizeof yes),
        attribute(CKA_EXTRACTABLE, &yes, sizeof yes),
        attribute(CKA_WRAP, wrap, sizeof *wrap),
        attribute(CKA_UNWRAP, &no, sizeof no),
        attribute(CKA_ENCRYPT, encrypt, sizeof *encrypt),
        attribute(CKA_DECRYPT, &no, sizeof no),
        attribute(CKA_SIGN, &no, sizeof no),
        attribute(CKA_VERIFY, &no, sizeof no),
        attribute(CKA_DERIVE, &no, sizeof no),
        attribute(CKA_MODIFIABLE, &no, sizeof no),
        attribute(CKA_COPYABLE, &no, sizeof no),
    };

    if (bits != 128 && bits != 192 && bits != 256)
        return err_set(err, ERR_UNSUPPORTED, "there are no AES keys of %u bits", bits);
    key = PK11_KeyGenWithTemplate(nss->slot, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_GEN, NULL,
                                  attributes, sizeof attributes / sizeof attributes[0], NULL);
    if (!key)
        return nss_failed(err, ERR_HSM, "no AES transport key of %u bits was generated", bits);
    return nss_keep(nss, PK11_TypeSymKey, key, handle, err);
}

bool nss_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                  struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);

    return nss && make_aes(nss, bits, KEY_WRAP, label, handle, err);
}

bool nss_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);

    return nss && make_aes(nss, EVIDENCE_BITS, KEY_ENCRYPT, label, handle, err);
}

/* --- commit and destroy --- */

/* Converts a temporary object to a token object. Returns CK_INVALID_HANDLE if NSS created none. */
static CK_OBJECT_HANDLE convert(struct nss_object *temporary)
{
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    if (temporary->desc.class == KEY_CLASS_SECRET) {
        PK11SymKey *key = PK11_ConvertSessionSymKeyToTokenSymKey(temporary->key, NULL);
        if (key)
            made = PK11_GetSymKeyHandle(key);
        PK11_FreeSymKey(key);
    } else {
        SECKEYPrivateKey *key = PK11_ConvertSessionPrivKeyToTokenPrivKey(&temporary->private, NULL);
        if (key) {
            made = key->pkcs11ID;
            SECKEY_DestroyPrivateKey(key);
        }
    }
    return made;
}

/* Writes the label last: until then a search for leftovers finds the key by its temporary label. */
static bool name_token(struct nss *nss, CK_OBJECT_HANDLE handle, const uint8_t *label,
                       size_t label_len, const uint8_t *id, size_t id_len, struct err *err)
{
    PK11SymKey *key = PK11_SymKeyFromHandle(nss->slot, NULL, PK11_OriginUnwrap,
                                            CKM_INVALID_MECHANISM, handle, PR_FALSE, NULL);
    bool ok = key && nss_write(PK11_TypeSymKey, key, CKA_ID, id, id_len) &&
              nss_write(PK11_TypeSymKey, key, CKA_LABEL, label, label_len);

    if (!ok)
        nss_failed(err, ERR_UNFINISHED,
                   "the key is in the NSS database, but does not have its id and label");
    PK11_FreeSymKey(key);
    return ok;
}

/* NSS identifies a key by class and id. An empty id identifies nothing. */
static bool is_id_taken(struct nss *nss, enum key_class class, const uint8_t *id, size_t id_len)
{
    SECItem item = {.data = (unsigned char *)id, .len = (unsigned)id_len};
    PK11SymKey *secret = NULL;
    SECKEYPrivateKey *private = NULL;

    if (id_len == 0)
        return false;
    if (class == KEY_CLASS_SECRET)
        secret = PK11_FindFixedKey(nss->slot, CKM_INVALID_MECHANISM, &item, NULL);
    else
    private = PK11_FindKeyByKeyID(nss->slot, &item, NULL);
    PK11_FreeSymKey(secret);
    if (private)
        SECKEY_DestroyPrivateKey(private);
    return secret || private;
}

/* A key that is stored in the database replaces the key of the same class and id, even one of
 * another type. So the temporary key's id is cleared first: without an id it replaces nothing. */
static bool lose_id(struct nss *nss, struct nss_object *temporary, const uint8_t *id, size_t id_len,
                    struct err *err)
{
    if (!key_is_movable_class(&temporary->desc) || !key_is_not(&temporary->desc, KEY_TOKEN))
        return err_set(err, ERR_UNSUPPORTED,
                       "only a temporary secret or private key can be committed");
    if (!nss_write(PK11_TypeSymKey, temporary->key, CKA_ID, "", 0))
        return nss_failed(err, ERR_HSM, "the id of the temporary key cannot be cleared");
    if (is_id_taken(nss, temporary->desc.class, id, id_len))
        return err_set(err, ERR_CONFLICT, "the NSS database has another key with this id");
    return true;
}

bool nss_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                const uint8_t *id, size_t id_len, uint64_t *final, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct nss_object object;
    bool ok;

    if (!nss)
        return false;
    ok = nss_object_open(nss, temporary, &object, err) && lose_id(nss, &object, id, id_len, err);
    if (ok && (made = convert(&object)) == CK_INVALID_HANDLE)
        ok = nss_failed(err, ERR_HSM, "NSS does not store the temporary key in the database");
    nss_object_close(&object);
    ok = ok && nss_made(nss, made, err) && name_token(nss, made, label, label_len, id, id_len, err);
    if (ok)
        *final = made;
    return ok;
}

static bool is_there(struct nss *nss, uint64_t handle)
{
    struct nss_object object;
    bool there = nss_object_open(nss, handle, &object, NULL);

    nss_object_close(&object);
    return there;
}

static bool destroy(struct nss *nss, uint64_t handle, struct err *err)
{
    if (!nss_drop(nss, handle) && is_there(nss, handle))
        PK11_DestroyTokenObject(nss->slot, handle);
    if (is_there(nss, handle))
        return nss_failed(err, ERR_HSM, "NSS does not destroy object %llu",
                          (unsigned long long)handle);
    handles_gone(&nss->known, handle);
    return true;
}

bool nss_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);

    bool live;

    if (!nss)
        return false;
    if (!handles_made(&nss->known, handle, &live))
        return err_set(err, ERR_DENIED, "object %llu was not created by this session",
                       (unsigned long long)handle);
    return !live || destroy(nss, handle, err);
}

bool nss_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    bool gone;

    return nss && handles_check(hsm, is, &gone, err) && destroy(nss, is->handle, err);
}

static bool write_all(PK11SymKey *key, const struct tightening *to)
{
    static const struct nss_use guards[] = {{CKA_EXTRACTABLE, 0, KEY_EXTRACTABLE},
                                            {CKA_SENSITIVE, 0, KEY_SENSITIVE},
                                            {CKA_WRAP_WITH_TRUSTED, 0, KEY_WRAP_WITH_TRUSTED},
                                            {0, 0, 0}};
    static const struct nss_use *const lists[] = {nss_uses, guards};
    bool ok = true;

    for (size_t i = 0; i < 2; i++)
        for (const struct nss_use *use = lists[i]; ok && use->flag; use++) {
            const CK_BBOOL value = to->on & use->flag ? CK_TRUE : CK_FALSE;
            if ((to->off | to->on) & use->flag)
                ok = nss_write(PK11_TypeSymKey, key, use->type, &value, sizeof value);
        }
    return ok &&
           (!to->start[0] ||
            nss_write(PK11_TypeSymKey, key, CKA_START_DATE, to->start, strlen(to->start))) &&
           (!to->end[0] || nss_write(PK11_TypeSymKey, key, CKA_END_DATE, to->end, strlen(to->end)));
}

bool nss_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                 struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object object;
    bool gone, ok;

    if (!nss || !handles_check(hsm, is, &gone, err))
        return false;
    if (gone)
        return err_set(err, ERR_NO_INPUT, "object %llu no longer exists",
                       (unsigned long long)is->handle);
    ok = nss_object_open(nss, is->handle, &object, err) &&
         (write_all(object.key, to) ||
          nss_failed(err, ERR_HSM, "NSS does not set an attribute of the key"));
    nss_object_close(&object);
    return ok;
}
