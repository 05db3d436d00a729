/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/standard.h"

#include <p11-kit/pkcs11.h>

enum { AES_KEY_WRAP_KWP = 0x210b, RSA_AES_KEY_WRAP = 0x1054 }; /* not in every pkcs11.h */

const struct dialect_mechanism *standard_mechanisms(enum hsm_alg alg)
{
    static const struct dialect_mechanism rows[HSM_ALGS][STANDARD_MECHANISMS] = {
        [HSM_RSA_OAEP_SHA256] = {{CKM_RSA_PKCS_OAEP, DIALECT_OAEP, "CKM_RSA_PKCS_OAEP"}},
        [HSM_RSA_OAEP_SHA1] = {{CKM_RSA_PKCS_OAEP, DIALECT_OAEP, "CKM_RSA_PKCS_OAEP"}},
        [HSM_AES_KWP] = {{AES_KEY_WRAP_KWP, DIALECT_NONE, "CKM_AES_KEY_WRAP_KWP"},
                         {CKM_AES_KEY_WRAP_PAD, DIALECT_NONE, "CKM_AES_KEY_WRAP_PAD"}},
        [HSM_AES_KW] = {{CKM_AES_KEY_WRAP, DIALECT_NONE, "CKM_AES_KEY_WRAP"}},
        [HSM_AES_CBC_PAD] = {{CKM_AES_CBC_PAD, DIALECT_RANDOM_IV, "CKM_AES_CBC_PAD"}},
        [HSM_RSA_AES_SHA256] = {{RSA_AES_KEY_WRAP, DIALECT_RSA_AES, "CKM_RSA_AES_KEY_WRAP"}},
        [HSM_RSA_AES_SHA1] = {{RSA_AES_KEY_WRAP, DIALECT_RSA_AES, "CKM_RSA_AES_KEY_WRAP"}},
    };

    return rows[alg];
}
