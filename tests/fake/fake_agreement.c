/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM: pairs to agree with, and keys that it derives. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "hsm/key_agreement.h"
#include "hsm/spki.h"
#include "tests/fake/fake_state.h"

enum { GUARDS = KEY_PRIVATE | KEY_SENSITIVE | KEY_DESTROYABLE | KEY_NEVER_EXTRACTABLE };

static bool lacks_it(enum hsm_alg alg, struct err *err)
{
    return err_set_hsm(err, ERR_UNSUPPORTED, 0x70, "CKR_MECHANISM_INVALID", "%s is not offered",
                       hsm_alg_name(alg));
}

static bool add_half(struct fake *f, enum key_class class, uint32_t flags, const char *label,
                     EVP_PKEY *pkey, uint64_t *handle, struct err *err)
{
    struct key_desc desc = {.class = class, .kind = KEY_KIND_EC, .flags = flags};
    struct object *o;

    key_set_label(&desc, label, strlen(label));
    o = object_of(&desc, pkey);
    if (o) {
        EVP_PKEY_up_ref(pkey);
        o->force_guards = class == KEY_CLASS_PRIVATE;
    }
    return store_add(&f->store, o, handle, err);
}

static bool report(struct fake *f, EVP_PKEY *pkey, struct bytes *spki, struct err *err)
{
    static const char call[] = "make_agreement";
    EVP_PKEY *other = NULL;
    uint8_t *der = NULL;
    int len;
    bool ok;

    if (fake_lies(f, call, "other"))
        pkey = other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    len = i2d_PUBKEY(pkey, &der);
    ok = len > 0 && bytes_set(spki, der, (size_t)len, err);
    if (ok && fake_lies(f, call, "flip"))
        spki->data[spki->len - 1] ^= 1;
    OPENSSL_free(der);
    EVP_PKEY_free(other);
    return ok;
}

bool fake_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                              struct hsm_pair *pair, struct err *err)
{
    static const char call[] = "make_agreement";
    const uint32_t extra = KEY_DERIVE | KEY_ALWAYS_SENSITIVE | KEY_LOCAL;
    struct fake *f = fake_of(hsm);
    struct hsm_pair made = {0};
    EVP_PKEY *pkey;
    bool ok;

    if (!fake_enter_token(f, call, err))
        return false;
    if (!wrap_is_agreed(alg) || !(f->p.algs & 1U << alg))
        return lacks_it(alg, err);
    pkey = EVP_EC_gen(wrap_alg(alg)->curve);
    ok = pkey &&
         add_half(f, KEY_CLASS_PRIVATE,
                  fake_lies(f, call, "guards") ? GUARDS | extra | KEY_SIGN : GUARDS | extra, label,
                  pkey, &made.private_handle, err) &&
         add_half(f, KEY_CLASS_PUBLIC, KEY_DERIVE | KEY_DESTROYABLE | KEY_LOCAL, label, pkey,
                  &made.public_handle, err) &&
         report(f, pkey, &made.spki, err);
    EVP_PKEY_free(pkey);
    if (!ok) {
        store_remove(&f->store, made.private_handle);
        store_remove(&f->store, made.public_handle);
        return false;
    }
    *pair = made;
    return fake_leave(f, call);
}

static bool derive(EVP_PKEY *own, const struct hsm_agreement *on, uint8_t *key)
{
    EVP_PKEY *peer = spki_read(on->peer);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    uint8_t secret[128];
    size_t len = sizeof secret;
    bool ok = peer && ctx && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, secret, &len) == 1 &&
              agreement_key(on->kdf, secret, len, on->info, key);

    OPENSSL_cleanse(secret, sizeof secret);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    return ok;
}

bool fake_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err)
{
    static const char call[] = "agree";
    struct key_desc desc = {
        .class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES, .flags = GUARDS | on->use};
    struct fake *f = fake_of(hsm);
    const struct object *own;
    uint8_t key[HSM_AGREED_BITS / 8];
    struct object *o = NULL;

    if (!fake_enter_token(f, call, err))
        return false;
    own = store_find(&f->store, on->private_handle);
    if (!own || !own->pkey || !(own->desc.flags & KEY_DERIVE))
        return err_set_hsm(err, ERR_HSM, 0x60, "CKR_KEY_HANDLE_INVALID",
                           "this key derives nothing");
    if (!(f->p.kdfs & 1U << on->kdf))
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x71, "CKR_MECHANISM_PARAM_INVALID",
                           "there is no KDF %s", hsm_kdf_name(on->kdf));
    key_set_label(&desc, on->label, strlen(on->label));
    if (fake_lies(f, call, "guards"))
        desc.flags |= KEY_EXTRACTABLE;
    if (fake_lies(f, call, "use"))
        desc.flags |= KEY_ENCRYPT;
    if (derive(own->pkey, on, key)) {
        if (fake_lies(f, call, "other"))
            key[0] ^= 1;
        o = object_new(&desc, key, sizeof key);
    }
    OPENSSL_cleanse(key, sizeof key);
    if (!o)
        return err_set_hsm(err, ERR_HSM, 0x5, "CKR_GENERAL_ERROR", "no key was derived");
    return store_add(&f->store, o, handle, err) && fake_leave(f, call);
}
