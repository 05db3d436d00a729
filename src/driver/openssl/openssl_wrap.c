/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_wrap.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "driver/openssl/openssl_memory.h"

enum { AES_BLOCK = 16 };

const char *openssl_wrap_call(enum hsm_alg alg)
{
    static const char *const calls[HSM_ALGS] = {
        [HSM_RSA_OAEP_SHA256] = "EVP_PKEY_encrypt OAEP SHA-256",
        [HSM_RSA_OAEP_SHA1] = "EVP_PKEY_encrypt OAEP SHA-1",
        [HSM_AES_KWP] = "EVP_EncryptUpdate AES-256-WRAP-PAD",
        [HSM_AES_KW] = "EVP_EncryptUpdate AES-256-WRAP",
        [HSM_AES_CBC_PAD] = "EVP_EncryptUpdate AES-256-CBC",
    };
    return (unsigned)alg < HSM_ALGS && calls[alg] ? calls[alg] : "";
}

/* The wrapping key, and how it is used. */
struct under {
    const struct openssl *o;
    const struct openssl_object *key;
    enum hsm_alg alg;
    struct bytes *out;
};

/* The IV of CBC precedes the ciphertext; key wrap has its own initial value. */
static bool by_aes(const struct under *u, const uint8_t *in, size_t len, struct err *err)
{
    const struct wrap_alg *alg = wrap_alg(u->alg);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(u->o->libctx, alg->openssl, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    struct bytes made = {0};
    int n = 0, last = 0;
    bool ok = bytes_make(&made, alg->iv + len + 2 * AES_BLOCK, err);

    if (ctx)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ok = ok && cipher && ctx && len <= INT_MAX &&
         (alg->iv == 0 || RAND_bytes_ex(u->o->libctx, made.data, alg->iv, 0) == 1) &&
         EVP_EncryptInit_ex2(ctx, cipher, u->key->value.data, alg->iv ? made.data : NULL, NULL) ==
             1 &&
         EVP_EncryptUpdate(ctx, made.data + alg->iv, &n, in, (int)len) == 1 &&
         EVP_EncryptFinal_ex(ctx, made.data + alg->iv + n, &last) == 1;
    ok = ok && bytes_set(u->out, made.data, alg->iv + (size_t)(n + last), err);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    bytes_free(&made);
    return ok;
}

static bool by_rsa(const struct under *u, const uint8_t *in, size_t len)
{
    const char *hash = wrap_alg(u->alg)->hash;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(u->o->libctx, u->key->pkey, NULL);
    size_t room = (size_t)EVP_PKEY_get_size(u->key->pkey);
    bool ok = ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash, NULL) == 1 &&
              bytes_make(u->out, room, NULL) &&
              EVP_PKEY_encrypt(ctx, u->out->data, &u->out->len, in, len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool wrap_octets(const struct under *u, const uint8_t *in, size_t len, struct err *err)
{
    struct err why = {0};
    bool ok = wrap_alg(u->alg)->family == WRAP_AES ? by_aes(u, in, len, &why) : by_rsa(u, in, len);

    if (!ok)
        bytes_free(u->out);
    ERR_clear_error();
    return ok || err_set(err, ERR_UNSUPPORTED, "OpenSSL does not wrap this key by %s",
                         hsm_alg_name(u->alg));
}

/* A private key as the octets of its PrivateKeyInfo, which OpenSSL's memory wipes. */
static bool wrap_private(EVP_PKEY *pkey, void *ctx, struct err *err)
{
    const struct under *u = ctx;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    unsigned char *der = NULL;
    int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    bool ok = len > 0 ? wrap_octets(u, der, (size_t)len, err)
                      : err_set(err, ERR_UNSUPPORTED, "the key cannot be written as PKCS#8");

    OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    return ok;
}

static bool can_wrap(const struct under *u, struct err *err)
{
    bool can = wrap_alg(u->alg)->family == WRAP_AES
                   ? u->key->value.len > 0
                   : u->key->pkey && u->key->desc.class == KEY_CLASS_PUBLIC;

    return can || err_set(err, ERR_UNSUPPORTED, "this is not a key for %s", hsm_alg_name(u->alg));
}

bool openssl_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                  struct bytes *wrapped_key, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    struct bytes made = {0};
    struct under u = {.o = o, .alg = alg, .out = &made};
    const struct openssl_object *object = NULL;
    bool ok;

    if (!o)
        return false;
    if (!openssl_wrap_call(alg)[0])
        return err_set(err, ERR_UNSUPPORTED, "OpenSSL does not wrap by %s in one call",
                       hsm_alg_name(alg));
    u.key = openssl_find(o, wrapping, err);
    object = u.key ? openssl_find(o, key, err) : NULL;
    if (!object || !can_wrap(&u, err))
        return false;
    if (object->desc.class == KEY_CLASS_PUBLIC)
        return err_set(err, ERR_UNSUPPORTED, "a public key is not wrapped");
    ok = object->value.len > 0 ? wrap_octets(&u, object->value.data, object->value.len, err)
                               : openssl_with_key(o, object, wrap_private, &u, err);
    openssl_stack_wipe();
    if (ok) {
        bytes_free(wrapped_key);
        *wrapped_key = made; /* ownership passes */
    }
    return ok;
}
