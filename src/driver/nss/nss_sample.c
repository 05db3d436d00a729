/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_sample.h"

#include <string.h>

#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <secoid.h>

#include "driver/nss/nss_object.h"
#include "driver/nss/nss_spki.h"

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* NSS's functions take pointers to non-const for attributes that they only read. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    return (CK_ATTRIBUTE){type, (void *)value, len};
}

static bool make_secret(struct nss *nss, const struct key_sample *sample, const char *label,
                        uint64_t *handle, struct err *err)
{
    static const struct {
        CK_MECHANISM_TYPE generate, use;
    } by[KEY_KINDS] = {
        [KEY_KIND_AES] = {CKM_AES_KEY_GEN, CKM_AES_ECB},
        [KEY_KIND_DES3] = {CKM_DES3_KEY_GEN, CKM_DES3_ECB},
        [KEY_KIND_GENERIC] = {CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA256_HMAC},
    };
    bool generic = sample->kind == KEY_KIND_GENERIC;
    CK_ULONG length = sample->length;
    CK_ATTRIBUTE attributes[] = {
        attribute(CKA_LABEL, label, strlen(label)),
        attribute(CKA_TOKEN, &no, sizeof no),
        attribute(CKA_PRIVATE, &yes, sizeof yes),
        attribute(CKA_SENSITIVE, &yes, sizeof yes),
        attribute(CKA_EXTRACTABLE, &yes, sizeof yes),
        attribute(CKA_ENCRYPT, generic ? &no : &yes, sizeof yes),
        attribute(CKA_DECRYPT, generic ? &no : &yes, sizeof yes),
        attribute(CKA_SIGN, generic ? &yes : &no, sizeof yes),
        attribute(CKA_VERIFY, generic ? &yes : &no, sizeof yes),
        attribute(CKA_WRAP, &no, sizeof no),
        attribute(CKA_UNWRAP, &no, sizeof no),
        attribute(CKA_DERIVE, &no, sizeof no),
        attribute(CKA_VALUE_LEN, &length, sizeof length), /* last, because DES3 has no length */
    };
    int count = sizeof attributes / sizeof attributes[0] - (sample->kind == KEY_KIND_DES3);
    PK11SymKey *key =
        PK11_KeyGenWithTemplate(nss->slot, by[sample->kind].use, by[sample->kind].generate, NULL,
                                attributes, (unsigned)count, NULL);

    if (!key)
        return nss_failed(err, ERR_HSM, "NSS did not generate a test secret");
    return nss_keep(nss, PK11_TypeSymKey, key, handle, err);
}

bool nss_curve_params(const char *name, uint8_t *out, size_t size, SECItem *params)
{
    for (const struct nss_curve *curve = nss_curves; curve->name; curve++) {
        const SECOidData *oid = SECOID_FindOIDByTag(curve->tag);
        if (strcmp(curve->name, name) != 0 || !oid || oid->oid.len > size - 2)
            continue;
        out[0] = 0x06;
        out[1] = (uint8_t)oid->oid.len;
        memcpy(out + 2, oid->oid.data, oid->oid.len);
        *params = (SECItem){.data = out, .len = oid->oid.len + 2};
        return true;
    }
    return false;
}

/* NSS gives every RSA private key SIGN_RECOVER. */
static bool generate_pair(struct nss *nss, const struct key_sample *sample, void *params,
                          const char *label, SECKEYPrivateKey **private, SECKEYPublicKey **public)
{
    const CK_FLAGS all = CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_SIGN_RECOVER | CKF_VERIFY |
                         CKF_VERIFY_RECOVER | CKF_WRAP | CKF_UNWRAP | CKF_DERIVE;
    bool rsa = sample->kind == KEY_KIND_RSA;

    *private = PK11_GenerateKeyPairWithOpFlags(
        nss->slot, rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, params, public,
        PK11_ATTR_SESSION | PK11_ATTR_PRIVATE | PK11_ATTR_SENSITIVE | PK11_ATTR_EXTRACTABLE,
        CKF_SIGN | CKF_VERIFY | (rsa ? CKF_ENCRYPT | CKF_DECRYPT : 0), all, NULL);
    return *private &&
           (!rsa || nss_write(PK11_TypePrivKey, *private, CKA_SIGN_RECOVER, &no, sizeof no)) &&
           nss_write(PK11_TypePrivKey, *private, CKA_LABEL, label, strlen(label)) &&
           nss_write(PK11_TypePubKey, *public, CKA_LABEL, label, strlen(label));
}

static bool make_pair(struct nss *nss, const struct key_sample *sample, const char *label,
                      uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    PK11RSAGenParams rsa = {.keySizeInBits = (int)sample->bits, .pe = 65537};
    SECKEYPrivateKey *private = NULL;
    SECKEYPublicKey *public = NULL;
    uint64_t made, other;
    uint8_t oid[32];
    SECItem curve;
    bool ok;

    if (sample->kind == KEY_KIND_EC && !nss_curve_params(sample->curve, oid, sizeof oid, &curve))
        return err_set(err, ERR_UNSUPPORTED, "there are no test keys on the curve %s",
                       sample->curve);
    ok = generate_pair(nss, sample, sample->kind == KEY_KIND_RSA ? (void *)&rsa : &curve, label,
                       &private, &public);
    if (!ok) {
        nss_failed(err, ERR_HSM, "NSS did not generate a test pair");
        goto out;
    }
    ok = nss_keep(nss, PK11_TypePrivKey, private, &made, err);
    private = NULL; /* ownership was passed on */
    if (!ok)
        goto out;
    ok = nss_keep(nss, PK11_TypePubKey, public, &other, err);
    public = NULL; /* ownership was passed on */
    if (!ok)
        nss_drop(nss, made);
out:
    if (private)
        SECKEY_DestroyPrivateKey(private);
    if (public)
        SECKEY_DestroyPublicKey(public);
    if (ok) {
        *handle = made;
        *public_handle = other;
    }
    return ok;
}

bool nss_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                  uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);

    if (!nss)
        return false;
    switch (sample->kind) {
    case KEY_KIND_AES:
    case KEY_KIND_DES3:
    case KEY_KIND_GENERIC:
        if (!make_secret(nss, sample, label, handle, err))
            return false;
        *public_handle = 0;
        return true;
    case KEY_KIND_RSA:
    case KEY_KIND_EC:
        return make_pair(nss, sample, label, handle, public_handle, err);
    default:
        return err_set(err, ERR_UNSUPPORTED, "there are no test keys of this type");
    }
}
