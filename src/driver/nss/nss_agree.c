/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PK11_PubDeriveWithKDF() leaves the derived key readable, and open to every use, until the next
 * calls change that. So the private key is treated as a base key: PK11_DeriveWithTemplate() takes
 * a whole template, and the key has its guards from the first moment.
 */
#include "driver/nss/nss_agree.h"

#include <string.h>

#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <secitem.h>

#include "base/text.h"
#include "hsm/counterpart.h"
#include "driver/nss/nss_list.h"
#include "driver/nss/nss_object.h"
#include "driver/nss/nss_sample.h"
#include "driver/nss/nss_wrap.h"
#include "hsm/key_agreement.h"
#include "hsm/wrap_alg.h"

/* --- the pair --- */

/* NSS sets the id of a new pair itself, so the pair cannot be created unmodifiable. */
static bool generate(struct nss *nss, SECItem *curve, const char *label, SECKEYPrivateKey **private,
                     SECKEYPublicKey **public)
{
    const CK_FLAGS all =
        CKF_DERIVE | CKF_SIGN | CKF_VERIFY | CKF_WRAP | CKF_UNWRAP | CKF_ENCRYPT | CKF_DECRYPT;

    *private = PK11_GenerateKeyPairWithOpFlags(nss->slot, CKM_EC_KEY_PAIR_GEN, curve, public,
                                               PK11_ATTR_SESSION | PK11_ATTR_PRIVATE |
                                                   PK11_ATTR_SENSITIVE | PK11_ATTR_UNEXTRACTABLE,
                                               CKF_DERIVE, all, NULL);
    return *private && nss_write(PK11_TypePrivKey, *private, CKA_LABEL, label, strlen(label)) &&
           nss_write(PK11_TypePubKey, *public, CKA_LABEL, label, strlen(label));
}

bool nss_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                             struct hsm_pair *pair, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    SECKEYPrivateKey *private = NULL;
    SECKEYPublicKey *public = NULL;
    uint8_t oid[32];
    SECItem curve;
    bool whole;

    if (!nss)
        return false;
    if (!wrap_is_agreed(alg) || wrap_is_post_quantum(alg) ||
        !nss_curve_params(wrap_alg(alg)->curve, oid, sizeof oid, &curve))
        return err_set(err, ERR_UNSUPPORTED, "NSS makes no pair for %s", hsm_alg_name(alg));
    whole = generate(nss, &curve, label, &private, &public);
    if (!whole)
        nss_failed(err, ERR_HSM, "no pair on %s was generated", wrap_alg(alg)->curve);
    return nss_keep_pair(nss, whole, private, public, pair, err);
}

/* --- deriving --- */

/* NSS's functions take pointers to non-const for attributes that they only read. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    return (CK_ATTRIBUTE){type, (void *)value, len};
}

enum { DERIVED_ATTRIBUTES = 16 };

/* The template of a key that follows: for one use, or with the rights of the key that stays, which
 * must be modifiable until it is committed. Returns the number of attributes. */
static size_t set_template(const struct hsm_agreement *on, CK_ATTRIBUTE out[DERIVED_ATTRIBUTES])
{
    static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        uint32_t use;
    } uses[] = {{CKA_WRAP, KEY_WRAP},       {CKA_UNWRAP, KEY_UNWRAP}, {CKA_ENCRYPT, KEY_ENCRYPT},
                {CKA_DECRYPT, KEY_DECRYPT}, {CKA_SIGN, KEY_SIGN},     {CKA_VERIFY, KEY_VERIFY},
                {CKA_DERIVE, KEY_DERIVE}};
    const uint32_t has = on->key ? on->key->flags : on->use;
    size_t count = 0;

    out[count++] = on->key ? attribute(CKA_LABEL, on->key->label, on->key->label_len)
                           : attribute(CKA_LABEL, on->label, strlen(on->label));
    out[count++] = attribute(CKA_TOKEN, &no, sizeof no);
    out[count++] = attribute(CKA_PRIVATE, &yes, sizeof yes);
    out[count++] = attribute(CKA_SENSITIVE, &yes, sizeof yes);
    out[count++] = attribute(CKA_EXTRACTABLE, &no, sizeof no);
    if (!on->key)
        out[count++] = attribute(CKA_MODIFIABLE, &no, sizeof no);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        out[count++] = attribute(uses[i].type, has & uses[i].use ? &yes : &no, sizeof yes);
    return count;
}

static PK11SymKey *derive(struct nss *nss, struct nss_object *private,
                          const struct hsm_agreement *on)
{
    struct bytes point = agreement_point(on->alg, on->peer);
    bool digests = on->kdf == HSM_KDF_SHA256;
    CK_ECDH1_DERIVE_PARAMS params = {
        digests ? CKD_SHA256_KDF : CKD_NULL, digests ? HSM_INFO_SIZE : 0,
        digests ? (void *)(uintptr_t)on->info : NULL, point.len, point.data};
    SECItem item = {.data = (unsigned char *)&params, .len = sizeof params};
    CK_ATTRIBUTE attributes[DERIVED_ATTRIBUTES];
    const size_t count = set_template(on, attributes);
    PK11SymKey *base = PK11_SymKeyFromHandle(nss->slot, NULL, PK11_OriginDerive, CKM_ECDH1_DERIVE,
                                             private->private.pkcs11ID, PR_FALSE, NULL);
    PK11SymKey *key =
        base ? PK11_DeriveWithTemplate(base, CKM_ECDH1_DERIVE, &item, CKM_AES_KEY_WRAP_KWP,
                                       on->use == KEY_WRAP ? CKA_WRAP : CKA_UNWRAP,
                                       HSM_AGREED_BITS / 8, attributes, (unsigned)count, PR_FALSE)
             : NULL;

    PK11_FreeSymKey(base);
    return key;
}

bool nss_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object private = {0};
    PK11SymKey *key = NULL;
    bool ok;

    if (!nss)
        return false;
    ok = nss_object_open(nss, on->private_handle, &private, err);
    if (ok && private.desc.class != KEY_CLASS_PRIVATE)
        ok = err_set(err, ERR_UNSUPPORTED, "this is not a private key");
    if (ok && !(key = derive(nss, &private, on)))
        ok = nss_failed(err, ERR_HSM, "NSS derived no key by %s with KDF %s", hsm_alg_name(on->alg),
                        hsm_kdf_name(on->kdf));
    nss_object_close(&private);
    return ok && nss_keep(nss, PK11_TypeSymKey, key, handle, err);
}

/* --- trying --- */

/* A test key of the counterpart's arrives under the derived key, or one of NSS's leaves. */
static bool exchange(struct nss *nss, const struct hsm_agreement *on, const struct bytes *value,
                     const char *label, struct err *err)
{
    const struct key_sample sample = {.kind = KEY_KIND_AES, .length = 32};
    const struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                          .kind = KEY_KIND_AES,
                                          .length = 32,
                                          .flags = KEY_EXTRACTABLE | KEY_UNWRAP,
                                          .label = (const uint8_t *)label,
                                          .label_len = strlen(label)};
    struct bytes wrapped_key = {0}, plain = {0};
    uint64_t derived, key, none;
    bool ok = nss_agree(&nss->hsm, on, &derived, err);

    if (ok && on->use == KEY_WRAP)
        ok = nss_make_key(&nss->hsm, &sample, label, &key, &none, err) &&
             nss_wrap(&nss->hsm, HSM_AES_KWP, derived, key, &wrapped_key, err) &&
             (counterpart_open(HSM_AES_KWP, value, &wrapped_key, &plain) ||
              err_set(err, ERR_DATA, "NSS derives another key"));
    else
        ok = ok && counterpart_close(HSM_AES_KWP, value, value, &wrapped_key) &&
             nss_unwrap(&nss->hsm, HSM_AES_KWP, derived, &wrapped_key, &template, &key, err);
    bytes_free(&wrapped_key);
    bytes_free(&plain);
    return ok;
}

static bool try_kdf(struct nss *nss, struct hsm_agreement *on, const struct bytes *spki,
                    const char *label, struct err *err)
{
    static const uint8_t info[HSM_INFO_SIZE] = {1, 2, 3};
    struct bytes peer = {0}, value = {0};
    bool ok = counterpart_agree(on->alg, on->kdf, spki, info, &peer, &value) ||
              err_set(err, ERR_FAILED, "OpenSSL derived no key");

    on->peer = &peer;
    on->info = info;
    on->use = KEY_WRAP;
    ok = ok && exchange(nss, on, &value, label, err);
    on->use = KEY_UNWRAP;
    ok = ok && exchange(nss, on, &value, label, err);
    bytes_free(&peer);
    bytes_free(&value);
    return ok;
}

void nss_try_agreement(struct nss *nss, enum hsm_alg alg, const char *label,
                       struct hsm_capability *cap)
{
    struct hsm_agreement on = {.alg = alg, .label = label};
    struct hsm_pair pair = {0};
    struct err err = {0};

    cap->mechanism = CKM_ECDH1_DERIVE;
    if (nss_make_agreement_pair(&nss->hsm, alg, label, &pair, &err)) {
        on.private_handle = pair.private_handle;
        for (on.kdf = 0; on.kdf < HSM_KDFS; on.kdf++)
            if (hsm_kdfs_of(alg) & UINT32_C(1) << on.kdf &&
                try_kdf(nss, &on, &pair.spki, label, &err))
                cap->kdfs |= UINT32_C(1) << on.kdf;
    }
    cap->wrap = cap->unwrap = cap->kdfs != 0;
    if (cap->wrap) {
        text_print(cap->wrap_call, sizeof cap->wrap_call,
                   "PK11_DeriveWithTemplate CKM_ECDH1_DERIVE + PK11_WrapSymKey");
        text_print(cap->unwrap_call, sizeof cap->unwrap_call,
                   "PK11_DeriveWithTemplate CKM_ECDH1_DERIVE + PK11_UnwrapSymKeyWithFlagsPerm");
    }
    text_print(cap->reason, sizeof cap->reason, "%s",
               cap->wrap ? "test keys were exchanged under derived keys" : err.what);
    bytes_free(&pair.spki);
}
