/* SPDX-License-Identifier: Apache-2.0 */
/* ML-KEM by the functions of PKCS#11 3.2, on temporary objects. All functions that make one return
 * the module's result, or that of p11_made(). */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_H

#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_session.h"

/* Has the module these functions, and lists the token ML-KEM? */
bool p11_has_kem(const struct p11 *p);

/* set: 768 or 1024. The private half may only decapsulate. */
CK_RV p11_kem_pair(struct p11 *p, unsigned set, const char *label, CK_OBJECT_HANDLE *public,
                   CK_OBJECT_HANDLE *private);

/* Encapsulates to an encapsulation key, which is an object of the token meanwhile. use: of the
 * shared secret, an AES key; with KEY_DERIVE, a generic secret. */
CK_RV p11_kem_encapsulate(struct p11 *p, unsigned set, const struct bytes *public_key, uint32_t use,
                          const char *label, struct bytes *ciphertext, CK_OBJECT_HANDLE *secret);
CK_RV p11_kem_decapsulate(struct p11 *p, CK_OBJECT_HANDLE private, const struct bytes *ciphertext,
                          uint32_t use, const char *label, CK_OBJECT_HANDLE *secret);

/* A ciphertext that a decapsulation takes. */
struct p11_kem_text {
    unsigned char *data;
    CK_ULONG len;
};

/* C_DecapsulateKey by CKM_ML_KEM, if the module has it; CKR_FUNCTION_NOT_SUPPORTED otherwise. Any
 * ciphertext of the right length gives a key (FIPS 203 section 6.3). */
CK_RV p11_decapsulate(struct p11 *p, CK_OBJECT_HANDLE private, struct p11_kem_text text,
                      struct p11_attrs *template, CK_OBJECT_HANDLE *made);

#endif
