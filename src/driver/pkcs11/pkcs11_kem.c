/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_kem.h"

#include <dlfcn.h>
#include <string.h>

#include "driver/dialect/pkcs11_3_2.h"

/* NULL: the module has no such interface. */
static const struct ck_functions_3_2 *functions(const struct p11 *p)
{
    unsigned char name[] = CK_INTERFACE_NAME;
    CK_VERSION version = {3, 2};
    struct ck_interface_3 *found = NULL;
    const struct ck_functions_3_2 *list;
    ck_get_interface get;
    void *symbol = dlsym(p->module.loaded.library, "C_GetInterface");

    if (!symbol)
        return NULL;
    memcpy(&get, &symbol, sizeof get);
    if (get(name, &version, &found, 0) != CKR_OK || !found || !found->functions)
        return NULL;
    list = found->functions;
    return list->version.major == 3 && list->version.minor >= 2 && list->C_DecapsulateKey ? list
                                                                                          : NULL;
}

CK_RV p11_decapsulate(struct p11 *p, CK_OBJECT_HANDLE private, struct p11_kem_text text,
                      struct p11_attrs *template, CK_OBJECT_HANDLE *made)
{
    const struct ck_functions_3_2 *fn = functions(p);
    CK_MECHANISM mechanism = {CKM_ML_KEM, NULL, 0};

    return fn ? fn->C_DecapsulateKey(p->session, &mechanism, private, template->attr,
                                     template->count, text.data, text.len, made)
              : CKR_FUNCTION_NOT_SUPPORTED;
}

bool p11_has_kem(const struct p11 *p)
{
    return functions(p) != NULL;
}
