/* SPDX-License-Identifier: Apache-2.0 */
/* NSS returns too short a length of a ciphertext by GCM if it is asked for it, so there is always
 * enough room. */
#include "driver/nss/nss_evidence.h"

#include <string.h>

#include <pk11pub.h>
#include <pkcs11t.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "driver/nss/nss_object.h"

enum { SPARE = 64 };

/* The form of the mechanism's parameter with six members, as in PKCS#11 v3.0. */
static CK_GCM_PARAMS_V3 gcm(uint8_t *iv, const struct bytes *context)
{
    return (CK_GCM_PARAMS_V3){iv,           EVIDENCE_IV,       8UL * EVIDENCE_IV, context->data,
                              context->len, 8UL * EVIDENCE_TAG};
}

bool nss_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct secret *text, struct evidence_cipher *cipher, struct err *err)
{
    CK_GCM_PARAMS_V3 params = gcm(cipher->iv, context);
    SECItem item = {.data = (unsigned char *)&params, .len = sizeof params};
    uint8_t out[EVIDENCE_CIPHERTEXT + SPARE];
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object by = {0};
    unsigned len = 0;
    bool ok = nss && nss_object_open(nss, key, &by, err);

    if (ok && (PK11_Encrypt(by.key, CKM_AES_GCM, &item, out, &len, sizeof out, text->data,
                            (unsigned)text->len) != SECSuccess ||
               len != sizeof cipher->ciphertext))
        ok = nss_failed(err, ERR_HSM, "NSS did not encrypt evidence (PK11_Encrypt CKM_AES_GCM)");
    if (ok)
        memcpy(cipher->ciphertext, out, len);
    nss_object_close(&by);
    return ok;
}

bool nss_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct evidence_cipher *cipher, struct secret *text, struct err *err)
{
    struct evidence_cipher in = *cipher; /* NSS gets no pointer to what is const */
    CK_GCM_PARAMS_V3 params = gcm(in.iv, context);
    SECItem item = {.data = (unsigned char *)&params, .len = sizeof params};
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object by = {0};
    unsigned len = 0;
    bool ok = nss && nss_object_open(nss, key, &by, err);

    if (ok && (PK11_Decrypt(by.key, CKM_AES_GCM, &item, text->data, &len, (unsigned)text->cap,
                            in.ciphertext, sizeof in.ciphertext) != SECSuccess ||
               len != EVIDENCE_TEXT)) {
        OPENSSL_cleanse(text->data, text->cap);
        ok = nss_failed(err, ERR_DATA, "NSS did not decrypt evidence (PK11_Decrypt CKM_AES_GCM)");
    }
    text->len = ok ? len : 0;
    nss_object_close(&by);
    return ok;
}

/* Returns why it cannot be used; NULL: it can. */
static const char *try_gcm(struct nss *nss, uint64_t key)
{
    uint8_t octets[] = "context", others[] = "Context", room[2 * EVIDENCE_CIPHERTEXT];
    uint8_t zeros[EVIDENCE_TEXT] = {0};
    const struct bytes context = {octets, sizeof octets}, other = {others, sizeof others};
    const struct secret text = {zeros, sizeof zeros, sizeof zeros};
    struct secret back = {room, 0, sizeof room};
    struct evidence_cipher cipher = {0};

    if (PK11_GenerateRandom(cipher.iv, sizeof cipher.iv) != SECSuccess ||
        !nss_encrypt(&nss->hsm, key, &context, &text, &cipher, NULL))
        return "NSS does not encrypt by CKM_AES_GCM";
    if (!nss_decrypt(&nss->hsm, key, &context, &cipher, &back, NULL) ||
        memcmp(back.data, zeros, sizeof zeros) != 0)
        return "NSS does not decrypt its own ciphertext by CKM_AES_GCM";
    return nss_decrypt(&nss->hsm, key, &other, &cipher, &back, NULL)
               ? "NSS does not check the additional data of CKM_AES_GCM"
               : NULL;
}

void nss_try_evidence(struct nss *nss, uint64_t key, struct hsm_capability *cap)
{
    const char *why = try_gcm(nss, key);

    *cap = (struct hsm_capability){.wrap = !why, .unwrap = !why, .mechanism = CKM_AES_GCM};
    text_print(cap->reason, sizeof cap->reason, "%s", why ? why : "tried with test keys");
    if (why)
        return;
    text_print(cap->wrap_call, sizeof cap->wrap_call, "PK11_Encrypt CKM_AES_GCM");
    text_print(cap->unwrap_call, sizeof cap->unwrap_call, "PK11_Decrypt CKM_AES_GCM");
}
