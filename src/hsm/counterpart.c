/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/counterpart.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "hsm/key_agreement.h"
#include "hsm/spki.h"
#include "hsm/wrap_alg.h"

struct counterpart {
    EVP_PKEY *pair;
};

bool counterpart_new(struct counterpart **other, struct bytes *spki, struct err *err)
{
    struct counterpart *made = calloc(1, sizeof *made);
    unsigned char *der = NULL;
    int len = -1;
    bool ok;

    if (!made)
        return err_set(err, ERR_FAILED, "out of memory");
    made->pair = EVP_RSA_gen(2048);
    if (made->pair)
        len = i2d_PUBKEY(made->pair, &der);
    ok = len > 0 ? bytes_set(spki, der, (size_t)len, err)
                 : err_set(err, ERR_FAILED,
                           "OpenSSL could not generate an RSA pair for testing the HSM");
    OPENSSL_free(der);
    if (!ok) {
        counterpart_free(made);
        return false;
    }
    *other = made;
    return true;
}

void counterpart_free(struct counterpart *other)
{
    if (other)
        EVP_PKEY_free(other->pair);
    free(other);
}

/* EVP_PKEY_encrypt() and EVP_PKEY_decrypt() have the same parameters. */
static bool run_oaep(EVP_PKEY *key, enum hsm_alg alg, bool encrypt, const struct bytes *in,
                     struct bytes *out)
{
    const char *hash = wrap_alg(alg)->hash;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char buffer[1024];
    size_t len = sizeof buffer;
    bool ok = ctx && (encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash, NULL) == 1 &&
              (encrypt ? EVP_PKEY_encrypt(ctx, buffer, &len, in->data, in->len)
                       : EVP_PKEY_decrypt(ctx, buffer, &len, in->data, in->len)) == 1 &&
              bytes_set(out, buffer, len, NULL);

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

bool counterpart_decrypt(const struct counterpart *other, enum hsm_alg alg,
                         const struct bytes *wrapped_key, struct bytes *plain)
{
    const size_t modulus = (size_t)EVP_PKEY_get_size(other->pair);
    const struct bytes head = {wrapped_key->data, modulus};
    struct bytes tail, key = {0};
    bool ok;

    if (wrap_alg(alg)->family == WRAP_RSA_OAEP)
        return run_oaep(other->pair, alg, false, wrapped_key, plain);
    if (wrapped_key->len <= modulus)
        return false;
    tail = (struct bytes){wrapped_key->data + modulus, wrapped_key->len - modulus};
    ok = run_oaep(other->pair, alg, false, &head, &key) &&
         counterpart_open(wrap_alg(alg)->inner, &key, &tail, plain);
    bytes_free(&key);
    return ok;
}

bool counterpart_close(enum hsm_alg alg, const struct bytes *key, const struct bytes *plain,
                       struct bytes *wrapped_key)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, wrap_alg(alg)->openssl, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0, last = 0;
    bool ok;

    if (ctx)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ok = ctx && cipher && bytes_make(wrapped_key, plain->len + 16, NULL) &&
         EVP_EncryptInit_ex(ctx, cipher, NULL, key->data, NULL) == 1 &&
         EVP_EncryptUpdate(ctx, wrapped_key->data, &len, plain->data, (int)plain->len) == 1 &&
         EVP_EncryptFinal_ex(ctx, wrapped_key->data + len, &last) == 1;
    if (ok)
        wrapped_key->len = (size_t)(len + last);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return ok;
}

static bool run_rsa_aes(EVP_PKEY *key, enum hsm_alg alg, const struct bytes *plain,
                        struct bytes *wrapped_key)
{
    uint8_t value[32];
    const struct bytes aes = {value, sizeof value};
    struct bytes head = {0}, tail = {0};
    bool ok = RAND_bytes(value, sizeof value) == 1 && run_oaep(key, alg, true, &aes, &head) &&
              counterpart_close(wrap_alg(alg)->inner, &aes, plain, &tail) &&
              bytes_make(wrapped_key, head.len + tail.len, NULL);

    if (ok) {
        memcpy(wrapped_key->data, head.data, head.len);
        memcpy(wrapped_key->data + head.len, tail.data, tail.len);
    }
    OPENSSL_cleanse(value, sizeof value);
    bytes_free(&head);
    bytes_free(&tail);
    return ok;
}

bool counterpart_encrypt(enum hsm_alg alg, const struct bytes *spki, const struct bytes *plain,
                         struct bytes *wrapped_key)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki->len);
    bool ok = key &&
              (wrap_alg(alg)->family == WRAP_RSA_OAEP ? run_oaep(key, alg, true, plain, wrapped_key)
                                                      : run_rsa_aes(key, alg, plain, wrapped_key));

    EVP_PKEY_free(key);
    return ok;
}

static bool derive(EVP_PKEY *own, EVP_PKEY *peer, enum hsm_kdf kdf, const uint8_t *info,
                   struct bytes *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    uint8_t secret[128];
    size_t len = sizeof secret;
    bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
              EVP_PKEY_derive(ctx, secret, &len) == 1 &&
              bytes_make(key, HSM_AGREED_BITS / 8, NULL) &&
              agreement_key(kdf, secret, len, info, key->data);

    OPENSSL_cleanse(secret, sizeof secret);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

bool counterpart_agree(enum hsm_alg alg, enum hsm_kdf kdf, const struct bytes *spki,
                       const uint8_t *info, struct bytes *own, struct bytes *key)
{
    EVP_PKEY *pair = EVP_EC_gen(wrap_alg(alg)->curve), *peer = spki_read(spki);
    unsigned char *der = NULL;
    int len = pair ? i2d_PUBKEY(pair, &der) : -1;
    bool ok = peer && len > 0 && bytes_set(own, der, (size_t)len, NULL) &&
              derive(pair, peer, kdf, info, key);

    OPENSSL_free(der);
    EVP_PKEY_free(pair);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return ok;
}

bool counterpart_ecb(const struct bytes *key, const struct bytes *data, struct bytes *out)
{
    const EVP_CIPHER *cipher = key->len == 16   ? EVP_aes_128_ecb()
                               : key->len == 24 ? EVP_aes_192_ecb()
                               : key->len == 32 ? EVP_aes_256_ecb()
                                                : NULL;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok = ctx && cipher && data->len % 16 == 0 && bytes_make(out, data->len, NULL) &&
              EVP_EncryptInit_ex(ctx, cipher, NULL, key->data, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
              EVP_EncryptUpdate(ctx, out->data, &len, data->data, (int)data->len) == 1 &&
              (size_t)len == data->len;

    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

bool counterpart_open(enum hsm_alg alg, const struct bytes *key, const struct bytes *wrapped_key,
                      struct bytes *plain)
{
    const char *name = wrap_alg(alg)->openssl;
    EVP_CIPHER *cipher = name ? EVP_CIPHER_fetch(NULL, name, NULL) : NULL;
    size_t iv = wrap_alg(alg)->iv;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0, last = 0;
    bool ok;

    if (ctx)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ok = ctx && cipher && key->len == 32 && wrapped_key->len > iv &&
         bytes_make(plain, wrapped_key->len + 16, NULL) &&
         EVP_DecryptInit_ex(ctx, cipher, NULL, key->data, iv ? wrapped_key->data : NULL) == 1 &&
         EVP_DecryptUpdate(ctx, plain->data, &len, wrapped_key->data + iv,
                           (int)(wrapped_key->len - iv)) == 1 &&
         len >= 0 && EVP_DecryptFinal_ex(ctx, plain->data + len, &last) == 1;
    if (ok)
        plain->len = (size_t)(len + last);
    else
        bytes_free(plain);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    ERR_clear_error();
    return ok;
}
