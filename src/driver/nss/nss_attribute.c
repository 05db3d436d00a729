/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_attribute.h"

#include <pkcs11t.h>

#include "hsm/key.h"

const struct nss_use nss_uses[NSS_USES + 1] = {
    {CKA_ENCRYPT, CKF_ENCRYPT, KEY_ENCRYPT},
    {CKA_DECRYPT, CKF_DECRYPT, KEY_DECRYPT},
    {CKA_SIGN, CKF_SIGN, KEY_SIGN},
    {CKA_VERIFY, CKF_VERIFY, KEY_VERIFY},
    {CKA_WRAP, CKF_WRAP, KEY_WRAP},
    {CKA_UNWRAP, CKF_UNWRAP, KEY_UNWRAP},
    {CKA_DERIVE, CKF_DERIVE, KEY_DERIVE},
    {CKA_SIGN_RECOVER, CKF_SIGN_RECOVER, KEY_SIGN_RECOVER},
    {CKA_VERIFY_RECOVER, CKF_VERIFY_RECOVER, KEY_VERIFY_RECOVER},
    {0, 0, 0},
};

void nss_attributes_want(struct nss_attributes *a, CK_ATTRIBUTE_TYPE type)
{
    a->attr[a->count++] = (CK_ATTRIBUTE){.type = type};
}

/* NSS either reads all requested attributes, or none and reports which ones the object lacks; these
 * are then omitted. Reading each separately would take six times as long. */
static bool read_all(struct nss_attributes *a, PK11SymKey *object)
{
    unsigned kept = 0;

    if (PK11_ReadRawAttributes(a->arena, PK11_TypeSymKey, object, a->attr, a->count) == SECSuccess)
        return true;
    for (unsigned i = 0; i < a->count; i++)
        if (a->attr[i].ulValueLen != CK_UNAVAILABLE_INFORMATION)
            a->attr[kept++] = (CK_ATTRIBUTE){.type = a->attr[i].type};
    a->count = kept;
    return kept > 0 &&
           PK11_ReadRawAttributes(a->arena, PK11_TypeSymKey, object, a->attr, kept) == SECSuccess;
}

bool nss_attributes_read(struct nss_attributes *a, PK11SymKey *object)
{
    a->arena = PORT_NewArena(DER_DEFAULT_CHUNKSIZE);
    if (a->arena && read_all(a, object))
        return true;
    a->count = 0;
    return false;
}

void nss_attributes_free(struct nss_attributes *a)
{
    if (a->arena)
        PORT_FreeArena(a->arena, PR_FALSE);
    *a = (struct nss_attributes){0};
}

SECItem nss_attributes_value(const struct nss_attributes *a, CK_ATTRIBUTE_TYPE type)
{
    for (unsigned i = 0; i < a->count; i++)
        if (a->attr[i].type == type && a->attr[i].ulValueLen <= UINT32_MAX)
            return (SECItem){.data = a->attr[i].pValue, .len = (unsigned)a->attr[i].ulValueLen};
    return (SECItem){.data = NULL};
}

bool nss_write(PK11ObjectType type, void *object, CK_ATTRIBUTE_TYPE attribute, const void *value,
               size_t len)
{
    SECItem item = {.data = (void *)value, .len = (unsigned)len}; /* NSS only reads it */

    return PK11_WriteRawAttribute(type, object, attribute, &item) == SECSuccess;
}
