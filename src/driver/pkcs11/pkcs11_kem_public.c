/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_kem_public.h"

#include "driver/dialect/pkcs11_3_2.h"
#include "hsm/ml_kem.h"

bool p11_kem_public(struct p11 *p, uint64_t handle, struct bytes *spki)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_KEY_TYPE type = CKK_RSA;
    CK_ULONG set = 0;
    uint8_t value[ML_KEM_PUBLIC_MAX];
    CK_ATTRIBUTE is[] = {{CKA_CLASS, &class, sizeof class},
                         {CKA_KEY_TYPE, &type, sizeof type},
                         {CKA_PARAMETER_SET, &set, sizeof set}};
    CK_ATTRIBUTE key = {CKA_VALUE, value, sizeof value};
    const CK_OBJECT_HANDLE object = (CK_OBJECT_HANDLE)handle;

    /* CKA_VALUE of any other class is a key */
    if (p->fn->C_GetAttributeValue(p->session, object, is, 3) != CKR_OK ||
        class != CKO_PUBLIC_KEY || type != CKK_ML_KEM ||
        (set != CKP_ML_KEM_768 && set != CKP_ML_KEM_1024) ||
        p->fn->C_GetAttributeValue(p->session, object, &key, 1) != CKR_OK ||
        key.ulValueLen > sizeof value)
        return false;
    return ml_kem_write_spki(set == CKP_ML_KEM_1024 ? 1024 : 768, value, key.ulValueLen, spki);
}
