/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_key.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "driver/openssl/openssl_memory.h"
#include "driver/openssl/openssl_object.h"

enum {
    ALL_FLAGS = (1U << KEY_FLAGS) - 1,
    /* This process generated it, and returns it only wrapped. */
    MADE_HERE = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_ALWAYS_SENSITIVE | KEY_LOCAL |
                KEY_DESTROYABLE,
    AES_BITS_MAX = 256,
};

bool openssl_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                         uint64_t *handle, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    const unsigned char *at = spki->data;
    struct openssl_object object = {
        .desc = {.class = KEY_CLASS_PUBLIC,
                 .flags = KEY_WRAP | KEY_DESTROYABLE,
                 .flags_known = ALL_FLAGS & ~(uint32_t)KEY_LOCAL},
    };

    if (!o)
        return false;
    object.pkey = d2i_PUBKEY_ex(NULL, &at, (long)spki->len, o->libctx, NULL);
    ERR_clear_error();
    if (!object.pkey || at != spki->data + spki->len || !EVP_PKEY_is_a(object.pkey, "RSA")) {
        EVP_PKEY_free(object.pkey);
        return err_set(err, ERR_DATA, "the transport public key is not an RSA key in DER");
    }
    if (!openssl_spki(object.pkey, &object.public, err)) {
        EVP_PKEY_free(object.pkey);
        return false;
    }
    key_set_label(&object.desc, label, strlen(label));
    openssl_describe_key(object.pkey, &object.public, &object.desc);
    return openssl_add(o, &object, handle, err);
}

bool openssl_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                      struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    struct openssl_object object = {
        .desc = {.class = KEY_CLASS_SECRET,
                 .kind = KEY_KIND_AES,
                 .bits = bits,
                 .length = bits / 8,
                 .flags = MADE_HERE | KEY_WRAP,
                 .flags_known = ALL_FLAGS,
                 .type_name = "AES"},
    };

    if (!o)
        return false;
    if (bits != AES_BITS_MAX)
        return err_set(err, ERR_UNSUPPORTED, "AES keys of %u bits are not generated here", bits);
    if (!secret_new(&object.value, bits / 8, err))
        return false;
    object.value.len = bits / 8;
    if (RAND_priv_bytes_ex(o->libctx, object.value.data, object.value.len, 0) != 1) {
        secret_free(&object.value);
        return err_set(err, ERR_HSM, "OpenSSL has no random numbers for an AES key");
    }
    key_set_label(&object.desc, label, strlen(label));
    return openssl_add(o, &object, handle, err);
}

/* NULL: there is no such type. OpenSSL calls parameter sets as we do. */
static EVP_PKEY *generate(OSSL_LIB_CTX *libctx, const struct key_sample *sample)
{
    EVP_PKEY *pkey =
        sample->kind == KEY_KIND_RSA  ? EVP_PKEY_Q_keygen(libctx, NULL, "RSA", (size_t)sample->bits)
        : sample->kind == KEY_KIND_EC ? EVP_PKEY_Q_keygen(libctx, NULL, "EC", sample->curve)
        : key_set_named(sample->curve) ? EVP_PKEY_Q_keygen(libctx, NULL, sample->curve)
                                       : NULL;

    ERR_clear_error();
    openssl_stack_wipe();
    return pkey;
}

bool openssl_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                      uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    struct openssl_object object = {
        .desc = {.class = KEY_CLASS_PRIVATE,
                 .flags = MADE_HERE | KEY_MODIFIABLE | KEY_COPYABLE |
                          (sample->kind == KEY_KIND_MONTGOMERY ? KEY_DERIVE
                           : sample->kind == KEY_KIND_ML_KEM   ? KEY_DECAPSULATE
                                                               : KEY_SIGN),
                 .flags_known = ALL_FLAGS},
    };

    if (!o)
        return false;
    object.pkey = generate(o->libctx, sample);
    if (!object.pkey)
        return err_set(err, ERR_UNSUPPORTED, "no key of this type can be generated here");
    if (!openssl_spki(object.pkey, &object.public, err)) {
        EVP_PKEY_free(object.pkey);
        return false;
    }
    if (sample->kind == KEY_KIND_RSA)
        object.desc.flags |= KEY_DECRYPT;
    key_set_label(&object.desc, label, strlen(label));
    openssl_describe_key(object.pkey, &object.public, &object.desc);
    *public_handle = 0;
    return openssl_add(o, &object, handle, err);
}

bool openssl_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);

    if (!o)
        return false;
    return openssl_drop(o, handle) || !openssl_find(o, handle, NULL) ||
           err_set(err, ERR_DENIED, "an object of the key file is not destroyed");
}
