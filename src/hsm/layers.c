/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/layers.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "hsm/wrap_alg.h"

static struct bytes context_of(const struct hsm_layers *by)
{
    return (struct bytes){(uint8_t *)(uintptr_t)by->info, HSM_INFO_SIZE};
}

size_t layers_len(enum hsm_alg inner, size_t len)
{
    return HSM_LAYER_IV + wrap_ciphertext_len(inner, len, 0) + HSM_LAYER_TAG;
}

bool layers_wrap(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                 struct bytes *wrapped_key, struct err *err)
{
    const struct bytes context = context_of(by);
    struct bytes inner = {0}, outer = {0}, whole = {0};
    uint8_t iv[HSM_LAYER_IV];
    bool ok = (RAND_bytes(iv, sizeof iv) == 1 || err_set(err, ERR_FAILED, "no random IV")) &&
              hsm->driver->wrap(hsm, by->alg, by->inner, key, &inner, err) &&
              hsm->driver->gcm_encrypt(hsm, by->outer, iv, &context, &inner, &outer, err) &&
              bytes_make(&whole, sizeof iv + outer.len, err);

    if (ok) {
        memcpy(whole.data, iv, sizeof iv);
        memcpy(whole.data + sizeof iv, outer.data, outer.len);
        bytes_free(wrapped_key);
        *wrapped_key = whole; /* ownership was passed on */
    }
    bytes_free(&inner); /* wiped: as good as the key for one who has broken the curve */
    bytes_free(&outer);
    return ok;
}

bool layers_unwrap(struct hsm *hsm, const struct hsm_layers *by, const struct bytes *wrapped_key,
                   const struct hsm_template *template, uint64_t *handle, struct err *err)
{
    const struct bytes context = context_of(by);
    struct bytes outer, inner = {0};
    bool ok;

    if (wrapped_key->len <= HSM_LAYER_IV + HSM_LAYER_TAG)
        return err_set(err, ERR_DATA, "the wrapped key is shorter than its outer layer");
    outer = (struct bytes){wrapped_key->data + HSM_LAYER_IV, wrapped_key->len - HSM_LAYER_IV};
    ok = hsm->driver->gcm_decrypt(hsm, by->outer, wrapped_key->data, &context, &outer, &inner,
                                  err) &&
         hsm->driver->unwrap(hsm, by->alg, by->inner, &inner, template, handle, err);
    bytes_free(&inner);
    return ok;
}

bool layers_gcm(bool encrypt, const struct bytes *key, const uint8_t *iv,
                const struct bytes *context, const struct bytes *in, struct bytes *out)
{
    const size_t text = encrypt ? in->len : in->len - HSM_LAYER_TAG;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0, last = 0;
    bool ok;

    if (!ctx || key->len != HSM_AGREED_BITS / 8 || (!encrypt && in->len < HSM_LAYER_TAG) ||
        !bytes_make(out, text + HSM_LAYER_TAG, NULL)) {
        EVP_CIPHER_CTX_free(ctx);
        return false;
    }
    ok = EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->data, iv, encrypt) == 1 &&
         EVP_CipherUpdate(ctx, NULL, &len, context->data, (int)context->len) == 1 &&
         EVP_CipherUpdate(ctx, out->data, &len, in->data, (int)text) == 1 &&
         (encrypt ||
          EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, HSM_LAYER_TAG, in->data + text) == 1) &&
         EVP_CipherFinal_ex(ctx, out->data + len, &last) == 1 &&
         (!encrypt ||
          EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, HSM_LAYER_TAG, out->data + text) == 1);
    if (!ok)
        bytes_free(out);
    else if (!encrypt)
        out->len = text;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}
