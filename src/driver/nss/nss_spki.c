/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_spki.h"

#include <secitem.h>

#include "driver/nss/nss_db.h"
#include "hsm/hsm.h"

const struct nss_curve nss_curves[] = {
    {SEC_OID_SECG_EC_SECP256R1, "P-256"},
    {SEC_OID_SECG_EC_SECP384R1, "P-384"},
    {SEC_OID_SECG_EC_SECP521R1, "P-521"},
    {SEC_OID_SECG_EC_SECP256K1, "secp256k1"},
    {SEC_OID_UNKNOWN, NULL},
};

/* Skips the tag and the one length byte of a DER OBJECT IDENTIFIER. */
SECItem nss_curve_oid(SECItem params)
{
    if (params.len < 3 || params.data[0] != 0x06 || params.data[1] != params.len - 2)
        return (SECItem){.data = NULL};
    return (SECItem){.data = params.data + 2, .len = params.len - 2};
}

/* Public objects store the point as an OCTET STRING, private ones as bare octets. */
static SECItem bare_point(SECItem point)
{
    unsigned head = point.len > 2 && point.data[1] == 0x81 ? 3 : 2;

    if (point.len > head && point.data[0] == 0x04 && point.data[head - 1] == point.len - head)
        return (SECItem){.data = point.data + head, .len = point.len - head};
    return point;
}

bool nss_spki_of(const struct key_desc *desc, const struct nss_attributes *values,
                 struct bytes *spki, struct err *err)
{
    bool private = desc->class == KEY_CLASS_PRIVATE;
    SECKEYPublicKey key = {.keyType = nullKey};
    SECItem *der = NULL;
    bool ok;

    if (desc->kind == KEY_KIND_RSA) {
        key.keyType = rsaKey;
        key.u.rsa.modulus = nss_attributes_value(values, CKA_MODULUS);
        key.u.rsa.publicExponent = nss_attributes_value(values, CKA_PUBLIC_EXPONENT);
        ok = key.u.rsa.modulus.len && key.u.rsa.publicExponent.len;
    } else {
        key.keyType = ecKey;
        key.u.ec.DEREncodedParams = nss_attributes_value(values, CKA_EC_PARAMS);
        key.u.ec.publicValue = private ? nss_attributes_value(values, CKA_NSS_DB)
                                       : bare_point(nss_attributes_value(values, CKA_EC_POINT));
        ok = desc->kind == KEY_KIND_EC && nss_curve_oid(key.u.ec.DEREncodedParams).len &&
             key.u.ec.publicValue.len;
    }
    if (!ok || !(private || desc->class == KEY_CLASS_PUBLIC))
        return err_set(err, ERR_UNSUPPORTED, "NSS does not return a public half of this object");
    der = SECKEY_EncodeDERSubjectPublicKeyInfo(&key);
    ok = der ? bytes_set(spki, der->data, der->len, err)
             : nss_failed(err, ERR_HSM, "NSS cannot encode this public key");
    SECITEM_FreeItem(der, PR_TRUE);
    return ok;
}

bool nss_spki_read(const struct bytes *spki, SECKEYPublicKey **key, struct err *err)
{
    SECItem in = {.data = spki->data, .len = (unsigned)spki->len};
    CERTSubjectPublicKeyInfo *info =
        spki->len <= HSM_BLOB_MAX ? SECKEY_DecodeDERSubjectPublicKeyInfo(&in) : NULL;
    SECKEYPublicKey *read = info ? SECKEY_ExtractPublicKey(info) : NULL;
    SECItem *again = read ? SECKEY_EncodeDERSubjectPublicKeyInfo(read) : NULL;
    bool same = again && SECITEM_ItemsAreEqual(again, &in);

    SECKEY_DestroySubjectPublicKeyInfo(info);
    SECITEM_FreeItem(again, PR_TRUE);
    if (same) {
        *key = read;
        return true;
    }
    SECKEY_DestroyPublicKey(read);
    return err_set(err, ERR_DATA, "this is not a DER public key that NSS supports");
}
