/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake/crypto.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

enum { AES_BLOCK = 16, DIGEST = 32 };

/* --- RSA --- */

static EVP_PKEY_CTX *oaep_ctx(EVP_PKEY *pkey, const EVP_MD *md, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

    if (ctx && init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

static bool rsa_oaep(EVP_PKEY *pkey, const EVP_MD *md, bool encrypt, const struct bytes *in,
                     struct bytes *out)
{
    EVP_PKEY_CTX *ctx = oaep_ctx(pkey, md, encrypt ? EVP_PKEY_encrypt_init : EVP_PKEY_decrypt_init);
    bool ok = false;

    if (ctx && bytes_make(out, (size_t)EVP_PKEY_get_size(pkey), NULL))
        ok = (encrypt ? EVP_PKEY_encrypt(ctx, out->data, &out->len, in->data, in->len)
                      : EVP_PKEY_decrypt(ctx, out->data, &out->len, in->data, in->len)) == 1;
    if (!ok)
        bytes_free(out);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

const EVP_MD *crypto_hash(struct hsm_signing signing)
{
    return signing.hash == HSM_SHA384   ? EVP_sha384()
           : signing.hash == HSM_SHA512 ? EVP_sha512()
                                        : EVP_sha256();
}

bool crypto_pad(EVP_PKEY_CTX *ctx, struct hsm_signing signing)
{
    return EVP_PKEY_CTX_set_signature_md(ctx, crypto_hash(signing)) == 1 &&
           (!signing.pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                             EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1));
}

bool crypto_hashed(struct hsm_signing signing, const struct bytes *challenge, struct bytes *out)
{
    if (challenge->len != DIGEST)
        return false;
    if (signing.hashed)
        return bytes_set(out, challenge->data, challenge->len, NULL);
    return bytes_make(out, (size_t)EVP_MD_get_size(crypto_hash(signing)), NULL) &&
           EVP_Digest(challenge->data, challenge->len, out->data, NULL, crypto_hash(signing),
                      NULL) == 1;
}

/* From OpenSSL's DER to r || s. */
static bool from_der(EVP_PKEY *pkey, struct bytes *signature)
{
    int field = (EVP_PKEY_get_bits(pkey) + 7) / 8;
    const uint8_t *at = signature->data;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)signature->len);
    bool ok = sig && bytes_make(signature, 2 * (size_t)field, NULL) &&
              BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature->data, field) == field &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature->data + field, field) == field;
    ECDSA_SIG_free(sig);
    return ok;
}

static bool sign(struct hsm_signing signing, EVP_PKEY *pkey, const struct bytes *challenge,
                 struct bytes *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    struct bytes digest = {0};
    bool ok = ctx && crypto_hashed(signing, challenge, &digest) && EVP_PKEY_sign_init(ctx) == 1 &&
              crypto_pad(ctx, signing) && bytes_make(out, (size_t)EVP_PKEY_get_size(pkey), NULL) &&
              EVP_PKEY_sign(ctx, out->data, &out->len, digest.data, digest.len) == 1 &&
              (!signing.ecdsa || from_der(pkey, out));
    EVP_PKEY_CTX_free(ctx);
    bytes_free(&digest);
    return ok;
}

/* --- AES --- */

static const EVP_CIPHER *aes_of(enum hsm_alg alg, size_t len)
{
    static const EVP_CIPHER *(*const ciphers[HSM_ALGS][3])(void) = {
        [HSM_AES_KWP] = {EVP_aes_128_wrap_pad, EVP_aes_192_wrap_pad, EVP_aes_256_wrap_pad},
        [HSM_AES_KW] = {EVP_aes_128_wrap, EVP_aes_192_wrap, EVP_aes_256_wrap},
        [HSM_AES_CBC_PAD] = {EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc},
    };
    size_t i = len / 8 - 2;
    return i < 3 && ciphers[alg][i] ? ciphers[alg][i]() : NULL;
}

static bool run_cipher(const EVP_CIPHER *cipher, const struct bytes *key, const uint8_t *iv,
                       bool encrypt, const uint8_t *in, size_t len, struct bytes *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, last = 0;

    if (ctx)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool ok = ctx && cipher && len > 0 && bytes_make(out, len + 2 * AES_BLOCK, NULL) &&
              EVP_CipherInit_ex(ctx, cipher, NULL, key->data, iv, encrypt) == 1 &&
              EVP_CipherUpdate(ctx, out->data, &n, in, (int)len) == 1 &&
              EVP_CipherFinal_ex(ctx, out->data + n, &last) == 1;
    if (ok)
        out->len = (size_t)(n + last);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool aes_wrap(enum hsm_alg alg, const struct bytes *key, const struct bytes *plain,
                     struct bytes *wrapped_key)
{
    uint8_t iv[AES_BLOCK];
    struct bytes text = {0};

    if (alg != HSM_AES_CBC_PAD)
        return run_cipher(aes_of(alg, key->len), key, NULL, true, plain->data, plain->len,
                          wrapped_key);
    bool ok = RAND_bytes(iv, sizeof iv) == 1 &&
              run_cipher(aes_of(alg, key->len), key, iv, true, plain->data, plain->len, &text) &&
              bytes_make(wrapped_key, sizeof iv + text.len, NULL);
    if (ok) {
        memcpy(wrapped_key->data, iv, sizeof iv);
        memcpy(wrapped_key->data + sizeof iv, text.data, text.len);
    }
    bytes_free(&text);
    return ok;
}

static bool aes_unwrap(enum hsm_alg alg, const struct bytes *key, const struct bytes *wrapped_key,
                       struct bytes *plain)
{
    const EVP_CIPHER *cipher = aes_of(alg, key->len);

    if (alg != HSM_AES_CBC_PAD)
        return run_cipher(cipher, key, NULL, false, wrapped_key->data, wrapped_key->len, plain);
    return wrapped_key->len > AES_BLOCK &&
           run_cipher(cipher, key, wrapped_key->data, false, wrapped_key->data + AES_BLOCK,
                      wrapped_key->len - AES_BLOCK, plain);
}

static bool aes_ecb(const struct bytes *key, bool encrypt, const struct bytes *in,
                    struct bytes *out)
{
    static const EVP_CIPHER *(*const ciphers[])(void) = {EVP_aes_128_ecb, EVP_aes_192_ecb,
                                                         EVP_aes_256_ecb};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok =
        ctx && in->len % AES_BLOCK == 0 && bytes_make(out, in->len, NULL) &&
        EVP_CipherInit_ex(ctx, ciphers[key->len / 8 - 2](), NULL, key->data, NULL, encrypt) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
        EVP_CipherUpdate(ctx, out->data, &len, in->data, (int)in->len) == 1 &&
        (size_t)len == in->len;

    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

/* --- check values --- */

/* OpenSSL's name of the cipher of such a key in this mode. */
static const char *cipher_name(const struct object *key, const char *mode, char out[16])
{
    if (key->desc.kind == KEY_KIND_DES3)
        snprintf(out, 16, "DES-EDE3-%s", mode);
    else
        snprintf(out, 16, "AES-%u-%s", 8U * (uint8_t)key->value.len, mode);
    return out;
}

static bool kcv_ecb(const struct object *key, const struct bytes *zeros, struct bytes *out)
{
    char name[16];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name(key, "ECB", name), NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok = ctx && cipher && bytes_make(out, zeros->len + AES_BLOCK, NULL) &&
              EVP_EncryptInit_ex(ctx, cipher, NULL, key->value.data, NULL) == 1 &&
              EVP_EncryptUpdate(ctx, out->data, &len, zeros->data, (int)zeros->len) == 1 &&
              (size_t)len == zeros->len;

    out->len = HSM_KCV_SIZE;
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return ok;
}

static bool kcv_cmac(const struct object *key, const struct bytes *zeros, struct bytes *out)
{
    char name[16];
    size_t len = 0;
    bool ok = bytes_make(out, AES_BLOCK, NULL) &&
              EVP_Q_mac(NULL, "CMAC", NULL, cipher_name(key, "CBC", name), NULL, key->value.data,
                        key->value.len, zeros->data, zeros->len, out->data, out->len, &len);

    out->len = HSM_KCV_SIZE;
    return ok;
}

/* --- what the driver calls --- */

static const EVP_MD *oaep_md(enum hsm_alg alg)
{
    if (wrap_alg(alg)->family == WRAP_RSA_AES)
        alg = wrap_alg(alg)->outer;
    if (alg == HSM_RSA_OAEP_SHA256)
        return EVP_sha256();
    return alg == HSM_RSA_OAEP_SHA1 ? EVP_sha1() : NULL;
}

static bool is_one_blob(enum hsm_alg alg)
{
    return wrap_alg(alg)->family == WRAP_RSA_AES;
}

static bool wrap_one_blob(enum hsm_alg alg, EVP_PKEY *pkey, const struct bytes *plain,
                          struct bytes *wrapped_key)
{
    uint8_t value[32];
    const struct bytes aes = {value, sizeof value};
    struct bytes head = {0}, tail = {0};
    bool ok = RAND_bytes(value, sizeof value) == 1 &&
              rsa_oaep(pkey, oaep_md(alg), true, &aes, &head) &&
              aes_wrap(wrap_alg(alg)->inner, &aes, plain, &tail) &&
              bytes_make(wrapped_key, head.len + tail.len, NULL);

    if (ok) {
        memcpy(wrapped_key->data, head.data, head.len);
        memcpy(wrapped_key->data + head.len, tail.data, tail.len);
    }
    bytes_free(&head);
    bytes_free(&tail);
    return ok;
}

static bool unwrap_one_blob(enum hsm_alg alg, EVP_PKEY *pkey, const struct bytes *wrapped_key,
                            struct bytes *plain)
{
    const size_t modulus = (size_t)EVP_PKEY_get_size(pkey);
    const struct bytes head = {wrapped_key->data, modulus};
    const struct bytes tail = {wrapped_key->data + modulus,
                               wrapped_key->len > modulus ? wrapped_key->len - modulus : 0};
    struct bytes aes = {0};
    bool ok = tail.len > 0 && rsa_oaep(pkey, oaep_md(alg), false, &head, &aes) &&
              aes_unwrap(wrap_alg(alg)->inner, &aes, &tail, plain);

    bytes_free(&aes);
    return ok;
}

bool crypto_wrap(enum hsm_alg alg, const struct object *wrapping, const struct bytes *plain,
                 struct bytes *wrapped_key)
{
    if (oaep_md(alg))
        return wrapping->desc.kind == KEY_KIND_RSA &&
               (is_one_blob(alg)
                    ? wrap_one_blob(alg, wrapping->pkey, plain, wrapped_key)
                    : rsa_oaep(wrapping->pkey, oaep_md(alg), true, plain, wrapped_key));
    return wrapping->desc.kind == KEY_KIND_AES &&
           aes_wrap(alg, &wrapping->value, plain, wrapped_key);
}

bool crypto_unwrap(enum hsm_alg alg, const struct object *unwrapping,
                   const struct bytes *wrapped_key, struct bytes *plain)
{
    if (oaep_md(alg))
        return unwrapping->desc.kind == KEY_KIND_RSA &&
               unwrapping->desc.class == KEY_CLASS_PRIVATE &&
               (is_one_blob(alg)
                    ? unwrap_one_blob(alg, unwrapping->pkey, wrapped_key, plain)
                    : rsa_oaep(unwrapping->pkey, oaep_md(alg), false, wrapped_key, plain));
    return unwrapping->desc.kind == KEY_KIND_AES &&
           aes_unwrap(alg, &unwrapping->value, wrapped_key, plain);
}

static bool digest(const struct bytes *value, const struct bytes *nonce, struct bytes *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && nonce->len == DIGEST && bytes_make(out, DIGEST, NULL) &&
              EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(ctx, nonce->data, nonce->len) == 1 &&
              EVP_DigestUpdate(ctx, value->data, value->len) == 1 &&
              EVP_DigestFinal_ex(ctx, out->data, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static bool hmac(const struct bytes *value, const struct bytes *text, struct bytes *out)
{
    return bytes_make(out, DIGEST, NULL) &&
           HMAC(EVP_sha256(), value->data, (int)value->len, text->data, text->len, out->data, NULL);
}

/* challenge: a nonce, and what the secret comes from. */
static bool digest_of(const struct bytes *challenge, struct bytes *secret, struct bytes *out)
{
    bool ok = digest(secret, &(struct bytes){challenge->data, DIGEST}, out);

    bytes_free(secret);
    return ok;
}

static bool ecdh(EVP_PKEY *pkey, const struct bytes *point, struct bytes *secret)
{
    EVP_PKEY *other = EVP_PKEY_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = ctx && other && EVP_PKEY_copy_parameters(other, pkey) == 1 &&
              EVP_PKEY_set1_encoded_public_key(other, point->data, point->len) == 1 &&
              EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
              bytes_make(secret, 66, NULL) && EVP_PKEY_derive(ctx, secret->data, &secret->len) == 1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(other);
    return ok;
}

bool crypto_prove(enum hsm_proof proof, const struct object *key, const struct bytes *challenge,
                  struct bytes *answer)
{
    const struct bytes rest = {challenge->data + DIGEST,
                               challenge->len > DIGEST ? challenge->len - DIGEST : 0};
    struct bytes secret = {0};

    switch (proof) {
    case HSM_PROOF_AES_ECB:
    case HSM_PROOF_AES_DECRYPT:
        return aes_ecb(&key->value, proof == HSM_PROOF_AES_ECB, challenge, answer);
    case HSM_PROOF_RSA_UNWRAP:
        return rsa_oaep(key->pkey, EVP_sha1(), false, &rest, &secret) &&
               digest_of(challenge, &secret, answer);
    case HSM_PROOF_ECDH:
        return ecdh(key->pkey, &rest, &secret) && digest_of(challenge, &secret, answer);
    case HSM_PROOF_DIGEST:
        return digest(&key->value, challenge, answer);
    case HSM_PROOF_HMAC:
        return hmac(&key->value, challenge, answer);
    case HSM_PROOF_RSA_DECRYPT:
        return rsa_oaep(key->pkey, EVP_sha1(), false, challenge, answer);
    case HSM_PROOF_KCV_ECB:
        return kcv_ecb(key, challenge, answer);
    case HSM_PROOF_KCV_CMAC:
        return kcv_cmac(key, challenge, answer);
    default:
        return hsm_signing_of(proof).hash &&
               sign(hsm_signing_of(proof), key->pkey, challenge, answer);
    }
}

/* --- GCM --- */

bool crypto_gcm(const struct object *key, bool encrypt, const struct bytes *context, uint8_t *text,
                struct evidence_cipher *cipher)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *tag = cipher->ciphertext + EVIDENCE_TEXT, out[EVIDENCE_TEXT];
    int len = 0;
    bool ok =
        ctx && key->value.len == EVIDENCE_BITS / 8 &&
        EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->value.data, cipher->iv, encrypt) ==
            1 &&
        (encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, EVIDENCE_TAG, tag) == 1) &&
        EVP_CipherUpdate(ctx, NULL, &len, context->data, (int)context->len) == 1 &&
        EVP_CipherUpdate(ctx, out, &len, encrypt ? text : cipher->ciphertext, EVIDENCE_TEXT) == 1 &&
        EVP_CipherFinal_ex(ctx, out + len, &len) == 1 &&
        (!encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, EVIDENCE_TAG, tag) == 1);

    if (ok)
        memcpy(encrypt ? cipher->ciphertext : text, out, sizeof out);
    OPENSSL_cleanse(out, sizeof out);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}
