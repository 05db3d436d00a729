/* SPDX-License-Identifier: Apache-2.0 */
/* NSS's function for a pair sets attributes of it afterwards, so the pair must be modifiable. The
 * PKCS#11 functions of the module that holds the keys take all attributes at once; a session of
 * theirs shares the login. */
#include "driver/nss/nss_token_pair.h"

#include <string.h>

#include <pk11pub.h>
#include <secmod.h>
#include <secmodt.h>

#include <pkcs11.h>

#include "driver/dialect/ckr.h"
#include "driver/nss/nss_list.h"

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* PKCS#11 takes pointers to non-const for attributes that it only reads. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    return (CK_ATTRIBUTE){type, (void *)value, len};
}

static CK_ATTRIBUTE flag(CK_ATTRIBUTE_TYPE type, bool set)
{
    return attribute(type, set ? &yes : &no, sizeof yes);
}

static CK_RV generate(CK_FUNCTION_LIST *fn, CK_SESSION_HANDLE session, CK_ULONG bits,
                      const char *label, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
    static const uint8_t exponent[] = {1, 0, 1};
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {
        attribute(CKA_LABEL, label, strlen(label)),
        attribute(CKA_MODULUS_BITS, &bits, sizeof bits),
        attribute(CKA_PUBLIC_EXPONENT, exponent, sizeof exponent),
        flag(CKA_TOKEN, true),
        flag(CKA_WRAP, true),
        flag(CKA_ENCRYPT, false),
        flag(CKA_VERIFY, false),
        flag(CKA_VERIFY_RECOVER, false),
        flag(CKA_DERIVE, false),
        flag(CKA_MODIFIABLE, false),
    };
    CK_ATTRIBUTE priv[] = {
        attribute(CKA_LABEL, label, strlen(label)),
        flag(CKA_TOKEN, true),
        flag(CKA_PRIVATE, true),
        flag(CKA_SENSITIVE, true),
        flag(CKA_EXTRACTABLE, false),
        flag(CKA_UNWRAP, true),
        flag(CKA_DECRYPT, false),
        flag(CKA_SIGN, false),
        flag(CKA_SIGN_RECOVER, false),
        flag(CKA_DERIVE, false),
        flag(CKA_MODIFIABLE, false),
    };

    return fn->C_GenerateKeyPair(session, &mechanism, pub, COUNT(pub), priv, COUNT(priv), public,
                                 private);
}

bool nss_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                         struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    CK_FUNCTION_LIST *fn;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
    struct hsm_pair made = {0};
    CK_RV rv;

    if (!nss)
        return false;
    if (bits < 1024 || bits > 16384)
        return err_set(err, ERR_UNSUPPORTED, "NSS does not generate RSA keys of %u bits", bits);
    fn = PK11_GetModule(nss->slot)->functionList;
    rv = fn->C_OpenSession(PK11_GetSlotID(nss->slot), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                           NULL, &session);
    if (rv == CKR_OK) {
        rv = generate(fn, session, bits, label, &public, &private);
        fn->C_CloseSession(session);
    }
    if (rv != CKR_OK)
        return ckr_set(err, rv, "no RSA pair of %u bits was generated (C_GenerateKeyPair)", bits);
    if (!nss_made(nss, private, err) || !nss_made(nss, public, err) ||
        !nss_public_key(hsm, private, &made.spki, err))
        return false;
    made.private_handle = private;
    made.public_handle = public;
    *pair = made;
    return true;
}
