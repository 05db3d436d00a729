/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PKCS#11 3.2 adds, for headers that do not have it yet. Include it after the header of
 * PKCS#11 itself, p11-kit's or NSS's.
 */
#ifndef HSMFERRY_DRIVER_DIALECT_PKCS11_3_2_H
#define HSMFERRY_DRIVER_DIALECT_PKCS11_3_2_H

/* --- ML-KEM (FIPS 203) --- */

#ifndef CKK_ML_KEM
#define CKK_ML_KEM 0x49UL
#endif
#ifndef CKM_ML_KEM_KEY_PAIR_GEN
#define CKM_ML_KEM_KEY_PAIR_GEN 0x0fUL
#endif
#ifndef CKM_ML_KEM
#define CKM_ML_KEM 0x17UL
#endif
#ifndef CKA_PARAMETER_SET
#define CKA_PARAMETER_SET 0x61dUL /* a CK_ULONG: one of CKP_... */
#endif
#ifndef CKA_ENCAPSULATE
#define CKA_ENCAPSULATE 0x633UL
#endif
#ifndef CKA_DECAPSULATE
#define CKA_DECAPSULATE 0x634UL
#endif
#ifndef CKF_DECAPSULATE
#define CKF_DECAPSULATE 0x20000000UL
#endif
#ifndef CKP_ML_KEM_512
#define CKP_ML_KEM_512 0x1UL
#endif
#ifndef CKP_ML_KEM_768
#define CKP_ML_KEM_768 0x2UL
#endif
#ifndef CKP_ML_KEM_1024
#define CKP_ML_KEM_1024 0x3UL
#endif

/* --- of version 3.0: two secrets into one key --- */

#ifndef CKM_HKDF_DERIVE
#define CKM_HKDF_DERIVE 0x402aUL
#endif
#ifndef CKM_CONCATENATE_BASE_AND_KEY
#define CKM_CONCATENATE_BASE_AND_KEY 0x360UL
#endif
#ifndef CKF_HKDF_SALT_NULL
#define CKF_HKDF_SALT_NULL 0x1UL
#endif
/* CK_HKDF_PARAMS */
struct ck_hkdf {
    CK_BBOOL extract, expand;
    CK_MECHANISM_TYPE hash;
    CK_ULONG salt_type;
    unsigned char *salt;
    CK_ULONG salt_len;
    CK_OBJECT_HANDLE salt_key;
    unsigned char *info;
    CK_ULONG info_len;
};

/* --- ML-DSA (FIPS 204), and what p11-kit's header lacks of 3.0 --- */

#ifndef CKK_ML_DSA
#define CKK_ML_DSA 0x4aUL
#endif
#ifndef CKK_EC_EDWARDS
#define CKK_EC_EDWARDS 0x40UL
#endif
#ifndef CKK_EC_MONTGOMERY
#define CKK_EC_MONTGOMERY 0x41UL
#endif
#ifndef CKM_ML_DSA_KEY_PAIR_GEN
#define CKM_ML_DSA_KEY_PAIR_GEN 0x1cUL
#endif
#ifndef CKM_ML_DSA
#define CKM_ML_DSA 0x1dUL
#endif
#ifndef CKM_EC_EDWARDS_KEY_PAIR_GEN
#define CKM_EC_EDWARDS_KEY_PAIR_GEN 0x1055UL
#endif
#ifndef CKM_EC_MONTGOMERY_KEY_PAIR_GEN
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x1056UL
#endif
#ifndef CKM_EDDSA
#define CKM_EDDSA 0x1057UL
#endif

/* --- the interface "PKCS 11" 3.2 --- */

#define CK_INTERFACE_NAME "PKCS 11"

/* What C_GetInterface() returns. */
struct ck_interface_3 {
    char *name;
    void *functions; /* struct ck_functions_3_2 if that version was requested */
    CK_FLAGS flags;
};
typedef CK_RV (*ck_get_interface)(unsigned char *name, CK_VERSION *version,
                                  struct ck_interface_3 **interface, CK_FLAGS flags);

typedef CK_RV (*ck_encapsulate_key)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                    CK_OBJECT_HANDLE public_key, CK_ATTRIBUTE *attributes,
                                    CK_ULONG count, unsigned char *ciphertext, CK_ULONG *len,
                                    CK_OBJECT_HANDLE *key);
typedef CK_RV (*ck_decapsulate_key)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                    CK_OBJECT_HANDLE private_key, CK_ATTRIBUTE *attributes,
                                    CK_ULONG count, unsigned char *ciphertext, CK_ULONG len,
                                    CK_OBJECT_HANDLE *key);

/* The list of functions of version 3.2, whose first 68 are those of 2.40, and 24 of 3.0. */
struct ck_functions_3_2 {
    CK_VERSION version;
    void (*before[92])(void);
    ck_encapsulate_key C_EncapsulateKey;
    ck_decapsulate_key C_DecapsulateKey;
};

#endif
