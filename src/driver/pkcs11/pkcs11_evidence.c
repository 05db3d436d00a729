/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens differ in what they answer to a query for a length (NSS: too short), in whether an
 * operation survives a buffer that is too small, in multi-part operations with GCM, and in what
 * they leave in the output of a failed decryption. So there is one call with more than enough room,
 * and the output is wiped after each failure. SoftHSM accepts an empty IV and a tag of 0 bits, so
 * both lengths are fixed.
 */
#include "driver/pkcs11/pkcs11_evidence.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_key.h"

enum { SPARE = 64 };

/* A CK_MECHANISM and the parameter that it points to. */
struct gcm {
    CK_MECHANISM mechanism;
    CK_GCM_PARAMS params;
};

/* The form of PKCS#11 v2.40 errata 01 and v3.0, with six members. */
static void set_gcm(struct gcm *gcm, uint8_t *iv, const struct bytes *context)
{
    gcm->params = (CK_GCM_PARAMS){iv,           EVIDENCE_IV,       8UL * EVIDENCE_IV, context->data,
                                  context->len, 8UL * EVIDENCE_TAG};
    gcm->mechanism = (CK_MECHANISM){CKM_AES_GCM, &gcm->params, sizeof gcm->params};
}

bool p11_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err)
{
    struct p11_wish wish = {.kind = KEY_KIND_AES,
                            .length = EVIDENCE_BITS / 8,
                            .flags = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_ENCRYPT,
                            .label = label,
                            .allowed = CKM_AES_GCM};
    CK_OBJECT_HANDLE made;
    CK_RV rv = p11_generate(p11_of(hsm), &wish, &made);

    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not generate an evidence key (C_GenerateKey)");
    *handle = made;
    return true;
}

bool p11_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct secret *text, struct evidence_cipher *cipher, struct err *err)
{
    const struct p11 *p = p11_of(hsm);
    uint8_t out[EVIDENCE_CIPHERTEXT + SPARE];
    CK_ULONG len = sizeof out;
    struct gcm gcm;
    CK_RV rv;

    set_gcm(&gcm, cipher->iv, context);
    rv = p->fn->C_EncryptInit(p->session, &gcm.mechanism, (CK_OBJECT_HANDLE)key);
    if (rv == CKR_OK)
        rv = p->fn->C_Encrypt(p->session, text->data, text->len, out, &len);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not encrypt evidence (C_Encrypt CKM_AES_GCM)");
    if (len != sizeof cipher->ciphertext)
        return err_set(err, ERR_HSM, "the HSM encrypted evidence to %lu octets", len);
    memcpy(cipher->ciphertext, out, len);
    return true;
}

bool p11_gcm_encrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                     const struct bytes *context, const struct bytes *text,
                     struct bytes *ciphertext, struct err *err)
{
    const struct p11 *p = p11_of(hsm);
    uint8_t out[HSM_LAYER_MAX + HSM_LAYER_TAG + SPARE];
    CK_ULONG len = sizeof out;
    struct gcm gcm;
    CK_RV rv = CKR_DATA_LEN_RANGE;

    set_gcm(&gcm, (uint8_t *)(uintptr_t)iv, context);
    if (text->len <= HSM_LAYER_MAX)
        rv = p->fn->C_EncryptInit(p->session, &gcm.mechanism, (CK_OBJECT_HANDLE)key);
    if (rv == CKR_OK)
        rv = p->fn->C_Encrypt(p->session, text->data, text->len, out, &len);
    if (rv == CKR_OK && len != text->len + HSM_LAYER_TAG)
        rv = CKR_DEVICE_ERROR;
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not encrypt the outer layer (C_Encrypt CKM_AES_GCM)");
    return bytes_set(ciphertext, out, len, err);
}

bool p11_gcm_decrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                     const struct bytes *context, const struct bytes *ciphertext,
                     struct bytes *text, struct err *err)
{
    const struct p11 *p = p11_of(hsm);
    uint8_t in[HSM_LAYER_MAX + HSM_LAYER_TAG], out[sizeof in + SPARE];
    CK_ULONG len = sizeof out;
    struct gcm gcm;
    CK_RV rv = CKR_ENCRYPTED_DATA_LEN_RANGE;
    bool ok;

    set_gcm(&gcm, (uint8_t *)(uintptr_t)iv, context);
    if (ciphertext->len <= sizeof in && ciphertext->len >= HSM_LAYER_TAG) {
        memcpy(in, ciphertext->data, ciphertext->len);
        rv = p->fn->C_DecryptInit(p->session, &gcm.mechanism, (CK_OBJECT_HANDLE)key);
    }
    if (rv == CKR_OK)
        rv = p->fn->C_Decrypt(p->session, in, ciphertext->len, out, &len);
    if (rv == CKR_OK && len != ciphertext->len - HSM_LAYER_TAG)
        rv = CKR_ENCRYPTED_DATA_LEN_RANGE;
    ok = rv == CKR_OK
             ? bytes_set(text, out, len, err)
             : ckr_set_as(err, ckr_is_bad_ciphertext(rv) ? ERR_DATA : ckr_code(rv), rv,
                          "the HSM did not decrypt the outer layer (C_Decrypt CKM_AES_GCM)");
    OPENSSL_cleanse(out, sizeof out);
    return ok;
}

static bool fail_decrypt(CK_RV rv, struct err *err)
{
    const enum err_code code = ckr_is_bad_ciphertext(rv) ? ERR_DATA : ckr_code(rv);

    return ckr_set_as(err, code, rv, "the HSM did not decrypt evidence (C_Decrypt CKM_AES_GCM)");
}

bool p11_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct evidence_cipher *cipher, struct secret *text, struct err *err)
{
    const struct p11 *p = p11_of(hsm);
    struct evidence_cipher in = *cipher; /* the module gets no pointer to what is const */
    CK_ULONG len = text->cap;
    struct gcm gcm;
    CK_RV rv;

    set_gcm(&gcm, in.iv, context);
    rv = p->fn->C_DecryptInit(p->session, &gcm.mechanism, (CK_OBJECT_HANDLE)key);
    if (rv == CKR_OK)
        rv = p->fn->C_Decrypt(p->session, in.ciphertext, sizeof in.ciphertext, text->data, &len);
    if (rv == CKR_OK && len != EVIDENCE_TEXT)
        rv = CKR_ENCRYPTED_DATA_LEN_RANGE;
    if (rv != CKR_OK) {
        OPENSSL_cleanse(text->data, text->cap);
        return fail_decrypt(rv, err);
    }
    text->len = len;
    return true;
}

/* --- is it supported? --- */

const char *p11_lists_gcm(struct p11 *p, CK_FLAGS direction)
{
    CK_MECHANISM_INFO info = {0};

    if (p->fn->C_GetMechanismInfo(p->slot, CKM_AES_GCM, &info) == CKR_OK &&
        (info.flags & direction) == direction)
        return NULL;
    return "the token does not list CKM_AES_GCM";
}

static void set_capability(struct hsm_capability *cap, bool encrypts, bool decrypts,
                           const char *reason)
{
    *cap = (struct hsm_capability){.wrap = encrypts, .unwrap = decrypts, .mechanism = CKM_AES_GCM};
    if (encrypts)
        text_print(cap->wrap_call, sizeof cap->wrap_call, "C_Encrypt CKM_AES_GCM");
    if (decrypts)
        text_print(cap->unwrap_call, sizeof cap->unwrap_call, "C_Decrypt CKM_AES_GCM");
    text_print(cap->reason, sizeof cap->reason, "%s", reason);
}

/* *decrypts: also with its context only. Returns why not, or how it was tried. */
static const char *try_gcm(struct probe *b, bool *encrypts, bool *decrypts)
{
    uint8_t octets[] = "context", others[] = "Context", room[2 * EVIDENCE_CIPHERTEXT];
    const struct bytes context = {octets, sizeof octets}, other = {others, sizeof others};
    const struct secret text = {b->challenge.data, EVIDENCE_TEXT, EVIDENCE_TEXT};
    struct secret back = {room, 0, sizeof room};
    struct evidence_cipher cipher = {0};
    struct hsm *hsm = &b->p->hsm;

    *encrypts = RAND_bytes(cipher.iv, sizeof cipher.iv) == 1 &&
                p11_encrypt(hsm, b->subject, &context, &text, &cipher, NULL);
    if (!*encrypts)
        return "the token lists CKM_AES_GCM, but does not encrypt with it";
    if (!p11_decrypt(hsm, b->subject, &context, &cipher, &back, NULL) ||
        memcmp(back.data, text.data, EVIDENCE_TEXT) != 0)
        return "the token does not decrypt its own ciphertext by CKM_AES_GCM";
    if (p11_decrypt(hsm, b->subject, &other, &cipher, &back, NULL))
        return "the token does not check the additional data of CKM_AES_GCM";
    *decrypts = true;
    return "tried with test keys";
}

void p11_try_evidence(struct probe *b)
{
    bool encrypts = false, decrypts = false;
    const char *why = b->wanted->role == HSM_ANY_ROLE
                          ? p11_lists_gcm(b->p, CKF_ENCRYPT | CKF_DECRYPT)
                          : "not tried: in one room no evidence crosses";

    if (!why)
        why = try_gcm(b, &encrypts, &decrypts);
    set_capability(&b->caps->evidence, encrypts && decrypts, decrypts, why);
}

void p11_believe_evidence(struct p11 *p, struct hsm_capabilities *caps)
{
    const char *why = p11_lists_gcm(p, CKF_ENCRYPT | CKF_DECRYPT);

    set_capability(&caps->evidence, !why, !why, why ? why : "listed by the token, not tried");
}
