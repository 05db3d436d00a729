/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/standard.h"

#include <string.h>

#include "hsm/wrap_alg.h"

/* As a dialect's file would have them. */
static const struct {
    const char *algorithm;
    struct dialect_mechanism mechanism;
} rows[] = {
    {"rsa-oaep-sha256", {0x9, DIALECT_OAEP, "CKM_RSA_PKCS_OAEP"}},
    {"rsa-oaep-sha1", {0x9, DIALECT_OAEP, "CKM_RSA_PKCS_OAEP"}},
    {"aes-kwp", {0x210b, DIALECT_NONE, "CKM_AES_KEY_WRAP_KWP"}},
    {"aes-kwp", {0x210a, DIALECT_NONE, "CKM_AES_KEY_WRAP_PAD"}},
    {"aes-kw", {0x2109, DIALECT_NONE, "CKM_AES_KEY_WRAP"}},
    {"aes-cbc-pad", {0x1085, DIALECT_RANDOM_IV, "CKM_AES_CBC_PAD"}},
    {"rsa-aes-sha256", {0x1054, DIALECT_RSA_AES, "CKM_RSA_AES_KEY_WRAP"}},
    {"rsa-aes-sha1", {0x1054, DIALECT_RSA_AES, "CKM_RSA_AES_KEY_WRAP"}},
};

const struct dialect_mechanism *standard_mechanism(enum hsm_alg alg, unsigned index)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].algorithm, wrap_alg(alg)->name) == 0 && index-- == 0)
            return &rows[i].mechanism;
    return NULL;
}
