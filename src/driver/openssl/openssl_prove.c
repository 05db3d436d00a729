/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_prove.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "driver/openssl/openssl_memory.h"
#include "driver/openssl/openssl_object.h"

enum { DIGEST = 32, NONCE = 32 };

/* A question to a key, and room for its answer. */
struct asked {
    OSSL_LIB_CTX *libctx;
    EVP_PKEY *pkey;
    enum hsm_proof proof;
    const struct bytes *challenge;
    struct bytes *answer;
};

/* --- signatures --- */

/* From DER to r || s (PKCS#11 v2.40 section 2.3.1). */
static bool split_ecdsa(const struct asked *a)
{
    const int half = (EVP_PKEY_get_bits(a->pkey) + 7) / 8;
    const unsigned char *at = a->answer->data;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)a->answer->len);
    bool ok = sig && bytes_make(a->answer, 2 * (size_t)half, NULL) &&
              BN_bn2binpad(ECDSA_SIG_get0_r(sig), a->answer->data, half) == half &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), a->answer->data + half, half) == half;

    ECDSA_SIG_free(sig);
    return ok;
}

static bool set_padding(EVP_PKEY_CTX *ctx, struct hsm_signing signing)
{
    if (signing.ecdsa)
        return true;
    if (!signing.pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* The challenge is the message. */
static bool by_pure_signature(const struct asked *a)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit_ex(ctx, NULL, NULL, a->libctx, NULL, a->pkey, NULL) == 1 &&
              bytes_make(a->answer, (size_t)EVP_PKEY_get_size(a->pkey), NULL) &&
              EVP_DigestSign(ctx, a->answer->data, &a->answer->len, a->challenge->data,
                             a->challenge->len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

/* The challenge is the digest. Proofs for which the HSM hashes are for keys with a list of allowed
 * mechanisms, which no file has. */
static bool by_signature(const struct asked *a)
{
    const struct hsm_signing signing = hsm_signing_of(a->proof);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(a->libctx, a->pkey, NULL);
    EVP_MD *md = EVP_MD_fetch(a->libctx, "SHA2-256", NULL);
    bool ok = ctx && md && EVP_PKEY_sign_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 && set_padding(ctx, signing) &&
              bytes_make(a->answer, (size_t)EVP_PKEY_get_size(a->pkey), NULL) &&
              EVP_PKEY_sign(ctx, a->answer->data, &a->answer->len, a->challenge->data,
                            a->challenge->len) == 1 &&
              (!signing.ecdsa || split_ecdsa(a));

    EVP_MD_free(md);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* --- decryption and agreement --- */

/* RSAES-OAEP with SHA-1. */
static bool decrypt(const struct asked *a, const uint8_t *cipher, size_t len, struct bytes *plain)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(a->libctx, a->pkey, NULL);
    bool ok = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              bytes_make(plain, (size_t)EVP_PKEY_get_size(a->pkey), NULL) &&
              EVP_PKEY_decrypt(ctx, plain->data, &plain->len, cipher, len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool by_decryption(const struct asked *a)
{
    return decrypt(a, a->challenge->data, a->challenge->len, a->answer);
}

/* SHA-256(nonce || secret), and wipes the secret. */
static bool digest_of(const struct asked *a, struct bytes *secret)
{
    EVP_MD *md = EVP_MD_fetch(a->libctx, "SHA2-256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = md && ctx && bytes_make(a->answer, DIGEST, NULL) &&
              EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
              EVP_DigestUpdate(ctx, a->challenge->data, NONCE) == 1 &&
              EVP_DigestUpdate(ctx, secret->data, secret->len) == 1 &&
              EVP_DigestFinal_ex(ctx, a->answer->data, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    bytes_free(secret);
    return ok;
}

static bool by_unwrapping(const struct asked *a)
{
    struct bytes secret = {0};
    bool ok = decrypt(a, a->challenge->data + NONCE, a->challenge->len - NONCE, &secret);

    return digest_of(a, &secret) && ok;
}

/* OpenSSL checks that the point is on the curve when it is set. */
static bool by_agreement(const struct asked *a)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(a->libctx, a->pkey, NULL);
    EVP_PKEY *other = EVP_PKEY_new();
    struct bytes secret = {0};
    size_t len = 0;
    bool ok = ctx && other && EVP_PKEY_copy_parameters(other, a->pkey) == 1 &&
              EVP_PKEY_set1_encoded_public_key(other, a->challenge->data + NONCE,
                                               a->challenge->len - NONCE) == 1 &&
              EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
              EVP_PKEY_derive(ctx, NULL, &len) == 1 && bytes_make(&secret, len, NULL) &&
              EVP_PKEY_derive(ctx, secret.data, &secret.len) == 1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(other);
    return digest_of(a, &secret) && ok;
}

static bool by_decapsulation(const struct asked *a)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(a->libctx, a->pkey, NULL);
    const uint8_t *text = a->challenge->data + NONCE;
    const size_t len = a->challenge->len - NONCE;
    struct bytes secret = {0};
    size_t secret_len = 0;
    bool ok = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
              EVP_PKEY_decapsulate(ctx, NULL, &secret_len, text, len) == 1 &&
              bytes_make(&secret, secret_len, NULL) &&
              EVP_PKEY_decapsulate(ctx, secret.data, &secret_len, text, len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return digest_of(a, &secret) && ok;
}

/* --- which keys answer which challenges --- */

static const struct method {
    enum key_kind kind; /* KEY_KIND_OTHER: this proof is not answered here */
    uint32_t use;
    uint16_t min, max; /* octets of the challenge */
    bool (*answer)(const struct asked *a);
    const char *words;
} methods[HSM_PROOFS] = {
    [HSM_PROOF_RSA_SIGN] = {KEY_KIND_RSA, KEY_SIGN, DIGEST, DIGEST, by_signature,
                            "EVP_PKEY_sign RSA PKCS#1 SHA-256"},
    [HSM_PROOF_RSA_PSS] = {KEY_KIND_RSA, KEY_SIGN, DIGEST, DIGEST, by_signature,
                           "EVP_PKEY_sign RSA-PSS SHA-256"},
    [HSM_PROOF_ECDSA] = {KEY_KIND_EC, KEY_SIGN, DIGEST, DIGEST, by_signature,
                         "EVP_PKEY_sign ECDSA SHA-256"},
    [HSM_PROOF_RSA_DECRYPT] = {KEY_KIND_RSA, KEY_DECRYPT, 1, HSM_CHALLENGE_MAX, by_decryption,
                               "EVP_PKEY_decrypt OAEP SHA-1"},
    [HSM_PROOF_RSA_UNWRAP] = {KEY_KIND_RSA, KEY_UNWRAP, NONCE + 1, HSM_CHALLENGE_MAX, by_unwrapping,
                              "EVP_PKEY_decrypt OAEP SHA-1"},
    [HSM_PROOF_ECDH] = {KEY_KIND_EC, KEY_DERIVE, NONCE + 3, HSM_CHALLENGE_MAX, by_agreement,
                        "EVP_PKEY_derive ECDH"},
    [HSM_PROOF_EDDSA] = {KEY_KIND_EDWARDS, KEY_SIGN, DIGEST, DIGEST, by_pure_signature,
                         "EVP_DigestSign EdDSA"},
    [HSM_PROOF_XDH] = {KEY_KIND_MONTGOMERY, KEY_DERIVE, NONCE + 3, HSM_CHALLENGE_MAX, by_agreement,
                       "EVP_PKEY_derive XDH"},
    [HSM_PROOF_ML_DSA] = {KEY_KIND_ML_DSA, KEY_SIGN, DIGEST, DIGEST, by_pure_signature,
                          "EVP_DigestSign ML-DSA"},
    [HSM_PROOF_ML_KEM] = {KEY_KIND_ML_KEM, KEY_DECAPSULATE, NONCE + 1, HSM_CHALLENGE_MAX,
                          by_decapsulation, "EVP_PKEY_decapsulate ML-KEM"},
};

uint32_t openssl_proofs(void)
{
    uint32_t proofs = 0;

    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (methods[proof].answer)
            proofs |= UINT32_C(1) << proof;
    return proofs;
}

const char *openssl_proof_call(enum hsm_proof proof)
{
    return (unsigned)proof < HSM_PROOFS && methods[proof].words ? methods[proof].words : "";
}

static bool check_method(const struct asked *a, const struct key_desc *key, struct err *err)
{
    const struct method *method = &methods[a->proof];

    if (!method->answer || key->class != KEY_CLASS_PRIVATE || key->kind != method->kind)
        return err_set(err, ERR_UNSUPPORTED, "a key of this type cannot be proven by %s",
                       hsm_proof_name(a->proof));
    if (!key_is(key, method->use))
        return err_set(err, ERR_UNSUPPORTED, "the key lacks the use %s",
                       key_flag_name(method->use));
    return (a->challenge->len >= method->min && a->challenge->len <= method->max) ||
           err_set(err, ERR_DATA, "a challenge of %zu octets does not fit %s", a->challenge->len,
                   hsm_proof_name(a->proof));
}

static bool answer_by(EVP_PKEY *pkey, void *ctx, struct err *err)
{
    struct asked *a = ctx;
    bool ok;

    a->pkey = pkey;
    ok = methods[a->proof].answer(a);
    ERR_clear_error();
    return ok || err_set(err, ERR_HSM, "OpenSSL did not answer the challenge (%s)",
                         hsm_proof_name(a->proof));
}

bool openssl_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                   const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    const struct openssl_object *object = o ? openssl_find(o, handle, err) : NULL;
    struct bytes made = {0};
    struct asked a = {o ? o->libctx : NULL, NULL, proof, challenge, &made};
    bool ok;

    if (!object)
        return false;
    if ((unsigned)proof >= HSM_PROOFS)
        return err_set(err, ERR_UNSUPPORTED, "no such proof");
    ok = check_method(&a, &object->desc, err) && openssl_with_key(o, object, answer_by, &a, err) &&
         bytes_set(answer, made.data, made.len, err);
    openssl_stack_wipe();
    bytes_free(&made);
    return ok;
}
