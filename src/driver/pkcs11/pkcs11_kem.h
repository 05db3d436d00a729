/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that only the interface of PKCS#11 3.2 has. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_H

#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_session.h"

/* A ciphertext that a decapsulation takes. */
struct p11_kem_text {
    unsigned char *data;
    CK_ULONG len;
};

/* C_DecapsulateKey by CKM_ML_KEM, if the module has it; CKR_FUNCTION_NOT_SUPPORTED otherwise. Any
 * ciphertext of the right length gives a key (FIPS 203 section 6.3). */
CK_RV p11_decapsulate(struct p11 *p, CK_OBJECT_HANDLE private, struct p11_kem_text text,
                      struct p11_attrs *template, CK_OBJECT_HANDLE *made);

/* Has the module the interface? */
bool p11_has_kem(const struct p11 *p);

#endif
