/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_item.h"

#include <openssl/err.h>
#include <openssl/pem.h>

enum item_fault item_fault_of(bool asked)
{
    static const struct {
        int lib, reason;
    } unknown[] = {
        {ERR_LIB_EVP, ERR_R_UNSUPPORTED},
        {ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM},
        {ERR_LIB_EVP, EVP_R_UNKNOWN_PBE_ALGORITHM},
        {ERR_LIB_EVP, EVP_R_UNKNOWN_CIPHER},
        {ERR_LIB_EVP, EVP_R_UNSUPPORTED_CIPHER},
        {ERR_LIB_EVP, EVP_R_UNSUPPORTED_PRF},
        {ERR_LIB_EVP, EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION},
        {ERR_LIB_PEM, PEM_R_UNSUPPORTED_ENCRYPTION},
    };
    enum item_fault fault = asked ? ITEM_DENIED : ITEM_DAMAGED;
    unsigned long code;

    while ((code = ERR_get_error()) != 0)
        for (size_t i = 0; asked && i < sizeof unknown / sizeof unknown[0]; i++)
            if (ERR_GET_LIB(code) == unknown[i].lib && ERR_GET_REASON(code) == unknown[i].reason)
                fault = ITEM_CIPHER;
    return fault;
}
