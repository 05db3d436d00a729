/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM: AES-GCM under an evidence key. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "tests/fake/crypto.h"
#include "tests/fake/fake_state.h"

static bool lacks_it(struct err *err)
{
    return err_set_hsm(err, ERR_UNSUPPORTED, 0x70, "CKR_MECHANISM_INVALID",
                       "this fake was told not to speak AES-GCM");
}

static bool is_key(const struct object *o, uint32_t use, struct err *err)
{
    if (!o)
        return err_set_hsm(err, ERR_HSM, 0x82, "CKR_OBJECT_HANDLE_INVALID",
                           "there is no such object");
    return (o->desc.kind == KEY_KIND_AES && (o->desc.flags & use)) ||
           err_set_hsm(err, ERR_HSM, 0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED", "this key may not %s",
                       key_flag_name(use));
}

bool fake_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err)
{
    static const char call[] = "make_evidence";
    struct key_desc desc = {.class = KEY_CLASS_SECRET,
                            .kind = KEY_KIND_AES,
                            .flags = KEY_PRIVATE | KEY_SENSITIVE | KEY_DESTROYABLE |
                                     KEY_ALWAYS_SENSITIVE | KEY_EXTRACTABLE | KEY_LOCAL |
                                     KEY_ENCRYPT};
    struct fake *f = fake_of(hsm);
    uint8_t value[EVIDENCE_BITS / 8];

    if (!fake_enter_token(f, call, err))
        return false;
    key_set_label(&desc, label, strlen(label));
    if (fake_lies(f, call, "guards"))
        desc.flags |= KEY_DECRYPT;
    if (RAND_bytes(value, sizeof value) != 1)
        return err_set(err, ERR_HSM, "no random bytes");
    struct object *o = object_new(&desc, value, sizeof value);
    OPENSSL_cleanse(value, sizeof value);
    return store_add(&f->store, o, handle, err) && fake_leave(f, call);
}

bool fake_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                  const struct secret *text, struct evidence_cipher *cipher, struct err *err)
{
    struct fake *f = fake_of(hsm);
    const struct object *o = store_find(&f->store, key);

    if (!fake_enter_token(f, "encrypt", err))
        return false;
    if (!f->p.gcm)
        return lacks_it(err);
    if (!is_key(o, KEY_ENCRYPT, err))
        return false;
    if (!crypto_gcm(o, true, context, text->data, cipher))
        return err_set(err, ERR_HSM, "the fake did not encrypt");
    if (fake_lies(f, "encrypt", "flip"))
        cipher->ciphertext[0] ^= 1;
    return fake_leave(f, "encrypt");
}

bool fake_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                  const struct evidence_cipher *cipher, struct secret *text, struct err *err)
{
    struct fake *f = fake_of(hsm);
    const struct object *o = store_find(&f->store, key);
    struct evidence_cipher in = *cipher;

    if (!fake_enter_token(f, "decrypt", err))
        return false;
    if (!f->p.gcm)
        return lacks_it(err);
    if (!is_key(o, KEY_DECRYPT, err))
        return false;
    if (!crypto_gcm(o, false, context, text->data, &in))
        return err_set_hsm(err, ERR_DATA, 0x40, "CKR_ENCRYPTED_DATA_INVALID",
                           "the tag is not the right one");
    text->len = EVIDENCE_TEXT;
    return fake_leave(f, "decrypt");
}
