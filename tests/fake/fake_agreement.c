/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM: pairs to agree with, and keys that it derives. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "hsm/key_agreement.h"
#include "hsm/layers.h"
#include "hsm/ml_kem.h"
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

/* --- ML-KEM: OpenSSL 3.0 has no such keys, so the octets are those of a secret object --- */

/* The private half is d || z; of ML-KEM-1024, one octet more. */
static unsigned set_of(const struct object *o)
{
    return o->value.len == ML_KEM_SEED ? 768 : 1024;
}

static bool add_kem_pair(struct fake *f, unsigned set, const char *label, uint64_t *private,
                         struct bytes *spki, struct err *err)
{
    struct key_desc desc = {.class = KEY_CLASS_SECRET,
                            .kind = KEY_KIND_GENERIC,
                            .flags = GUARDS | KEY_ALWAYS_SENSITIVE | KEY_LOCAL};
    uint8_t seed[ML_KEM_SEED + 1], public[ML_KEM_PUBLIC_MAX], whole[ML_KEM_PRIVATE_MAX];
    struct object *o;
    bool ok = RAND_bytes(seed, sizeof seed) == 1 && ml_kem_generate(set, seed, public, whole) &&
              ml_kem_write_spki(set, public, ml_kem_public_len(set), spki);

    key_set_label(&desc, label, strlen(label));
    o = ok ? object_new(&desc, seed, ML_KEM_SEED + (set == 1024)) : NULL;
    if (o) {
        o->desc.class = KEY_CLASS_PRIVATE;
        o->desc.kind = KEY_KIND_ML_KEM;
        o->desc.flags |= KEY_DECAPSULATE;
        o->desc.flags_known |= KEY_DECAPSULATE | KEY_ENCAPSULATE;
    }
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(whole, sizeof whole);
    return store_add(&f->store, o, private, err);
}

bool fake_is_kem(const struct object *o)
{
    return o && !o->pkey && o->value.len >= ML_KEM_SEED && o->desc.class == KEY_CLASS_PRIVATE;
}

bool fake_kem_public(const struct object *o, struct bytes *spki)
{
    const unsigned set = set_of(o);
    uint8_t public[ML_KEM_PUBLIC_MAX], whole[ML_KEM_PRIVATE_MAX];

    return ml_kem_generate(set, o->value.data, public, whole) &&
           ml_kem_write_spki(set, public, ml_kem_public_len(set), spki);
}

static bool decapsulate(const struct object *o, unsigned set, const struct bytes *text,
                        uint8_t *secret)
{
    uint8_t public[ML_KEM_PUBLIC_MAX], whole[ML_KEM_PRIVATE_MAX];

    return fake_is_kem(o) && set_of(o) == set && text->len == ml_kem_ciphertext_len(set) &&
           ml_kem_generate(set, o->value.data, public, whole) &&
           ml_kem_decapsulate(set, whole, text->data, secret);
}

/* A secret of an agreement, for one use. */
static bool add_secret(struct fake *f, const char *call, uint32_t use, const char *label,
                       const uint8_t *value, size_t len, uint64_t *handle, struct err *err)
{
    struct key_desc desc = {.class = KEY_CLASS_SECRET,
                            .kind = use == KEY_DERIVE ? KEY_KIND_GENERIC : KEY_KIND_AES,
                            .flags = GUARDS | use};

    key_set_label(&desc, label, strlen(label));
    if (fake_lies(f, call, "guards"))
        desc.flags |= KEY_EXTRACTABLE;
    if (fake_lies(f, call, "use"))
        desc.flags |= KEY_ENCRYPT | KEY_DECRYPT;
    return store_add(&f->store, object_new(&desc, value, len), handle, err);
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

/* The pair on the curve of alg. */
static bool make_on_curve(struct fake *f, const char *call, enum hsm_alg alg, const char *label,
                          struct hsm_pair *out, struct err *err)
{
    const uint32_t extra = KEY_DERIVE | KEY_ALWAYS_SENSITIVE | KEY_LOCAL;
    struct hsm_pair made = {0};
    EVP_PKEY *pkey = EVP_EC_gen(wrap_alg(alg)->curve);
    bool ok = pkey &&
              add_half(f, KEY_CLASS_PRIVATE,
                       fake_lies(f, call, "guards") ? GUARDS | extra | KEY_SIGN : GUARDS | extra,
                       label, pkey, &made.private_handle, err) &&
              add_half(f, KEY_CLASS_PUBLIC, KEY_DERIVE | KEY_DESTROYABLE | KEY_LOCAL, label, pkey,
                       &made.public_handle, err) &&
              report(f, pkey, &made.spki, err);
    EVP_PKEY_free(pkey);
    if (!ok) {
        store_remove(&f->store, made.private_handle);
        store_remove(&f->store, made.public_handle);
        return false;
    }
    *out = made;
    return true;
}

bool fake_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                              struct hsm_pair *pair, struct err *err)
{
    static const char call[] = "make_agreement";
    struct fake *f = fake_of(hsm);
    struct hsm_pair made = {0};
    struct agreement_parts parts = {0};
    bool ok;

    if (!fake_enter_token(f, call, err))
        return false;
    if (!wrap_is_agreed(alg) || !(f->p.algs & 1U << alg))
        return lacks_it(alg, err);
    if (wrap_alg(alg)->curve && !make_on_curve(f, call, alg, label, &made, err))
        return false;
    if (wrap_alg(alg)->kem) {
        parts.on_curve = made.spki;
        made.spki = (struct bytes){0};
        ok = add_kem_pair(f, wrap_alg(alg)->kem, label,
                          wrap_alg(alg)->curve ? &made.kem_private : &made.private_handle,
                          &parts.kem, err) &&
             agreement_join(&parts, &made.spki, err);
        bytes_free(&parts.on_curve);
        bytes_free(&parts.kem);
        if (!ok)
            return false;
        if (fake_lies(f, call, "kem"))
            made.spki.data[made.spki.len - 1] ^= 1;
    }
    *pair = made;
    return fake_leave(f, call);
}

bool fake_encapsulate(struct hsm *hsm, const struct hsm_encapsulation *with, struct hsm_pair *pair,
                      struct err *err)
{
    static const char call[] = "encapsulate";
    const struct wrap_alg *alg = wrap_alg(with->alg);
    const struct agreement_parts theirs = agreement_split(with->alg, with->peer);
    const struct bytes key = ml_kem_read_spki(alg->kem, &theirs.kem);
    struct fake *f = fake_of(hsm);
    uint8_t message[32], secret[ML_KEM_SECRET], text[ML_KEM_CIPHERTEXT_MAX];
    struct agreement_parts ours = {.kem = {text, ml_kem_ciphertext_len(alg->kem)}};
    struct hsm_pair made = {0};
    bool ok;

    if (!fake_enter_token(f, call, err))
        return false;
    if (!(f->p.algs & 1U << with->alg) || !key.len)
        return lacks_it(with->alg, err);
    if (alg->curve && !make_on_curve(f, call, with->alg, with->label, &made, err))
        return false;
    ours.on_curve = made.spki;
    made.spki = (struct bytes){0};
    ok = RAND_bytes(message, sizeof message) == 1 &&
         ml_kem_encapsulate(alg->kem, key.data, message, text, secret);
    if (ok && fake_lies(f, call, "other"))
        secret[0] ^= 1;
    if (ok && fake_lies(f, call, "flip"))
        text[0] ^= 1;
    ok = ok &&
         add_secret(f, call, agreement_secret_use(with->kdf), with->label, secret, sizeof secret,
                    alg->curve ? &made.kem_private : &made.private_handle, err) &&
         agreement_join(&ours, &made.spki, err);
    OPENSSL_cleanse(secret, sizeof secret);
    bytes_free(&ours.on_curve);
    if (!ok)
        return false;
    *pair = made;
    return fake_leave(f, call);
}

/* The second secret of a hybrid: the source's own, or what the destination decapsulates. */
static bool second_secret(struct fake *f, const struct hsm_agreement *on, uint8_t *secret)
{
    const struct bytes text = agreement_split(on->alg, on->peer).kem;
    const struct object *o =
        store_find(&f->store, wrap_alg(on->alg)->curve ? on->kem_handle : on->private_handle);

    if (!o || on->use == KEY_UNWRAP || on->use == KEY_DECRYPT)
        return decapsulate(o, wrap_alg(on->alg)->kem, &text, secret);
    memcpy(secret, o->value.data, ML_KEM_SECRET);
    return o->value.len == ML_KEM_SECRET;
}

/* A lie: the second secret is cut off when one key is made of two. */
static bool combine(struct fake *f, const struct hsm_agreement *on, const uint8_t *secret,
                    size_t len, uint8_t *key)
{
    uint8_t second[ML_KEM_SECRET];
    const struct bytes first = {(uint8_t *)(uintptr_t)secret, len};
    struct bytes kem = {second, sizeof second};
    bool ok = second_secret(f, on, second);

    if (fake_lies(f, "agree", "truncate"))
        kem.len = 0;
    ok = ok && agreement_key_of_two(&first, &kem, on->info, key);
    OPENSSL_cleanse(second, sizeof second);
    return ok;
}

static bool derive(struct fake *f, EVP_PKEY *own, const struct hsm_agreement *on, uint8_t *key)
{
    const struct bytes on_curve = agreement_split(on->alg, on->peer).on_curve;
    EVP_PKEY *peer = spki_read(&on_curve);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    uint8_t secret[128];
    size_t len = sizeof secret;
    bool ok = peer && ctx && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, secret, &len) == 1;

    if (ok && on->kdf == HSM_KDF_HKDF)
        ok = combine(f, on, secret, len, key);
    else if (ok)
        ok = agreement_key(on->kdf == HSM_KDF_NESTED ? HSM_KDF_SHA256 : on->kdf, secret, len,
                           on->info, key);
    OPENSSL_cleanse(secret, sizeof secret);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    return ok;
}

/* Is the key what ML-KEM gives, and nothing of a curve? */
static bool is_of_kem(const struct hsm_agreement *on)
{
    return on->kdf == HSM_KDF_KEM || on->use == KEY_DECRYPT;
}

/* A key that stays; a lie: it could leave. */
static bool add_staying(struct fake *f, const struct hsm_template *key, const uint8_t *value,
                        size_t len, uint64_t *handle, struct err *err)
{
    struct key_desc desc = {.class = KEY_CLASS_SECRET,
                            .kind = KEY_KIND_AES,
                            .length = (uint32_t)len,
                            .bits = (uint32_t)len * 8,
                            .flags = key->flags & ~(uint32_t)KEY_TOKEN};

    key_set_label(&desc, key->label, key->label_len);
    if (fake_lies(f, "agree", "guards"))
        desc.flags |= KEY_EXTRACTABLE;
    if (fake_lies(f, "agree", "use"))
        desc.flags |= KEY_WRAP;
    return store_add(&f->store, object_new(&desc, value, len), handle, err);
}

bool fake_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err)
{
    static const char call[] = "agree";
    struct fake *f = fake_of(hsm);
    const struct object *own;
    uint8_t key[HSM_AGREED_BITS / 8];
    bool ok;

    if (!fake_enter_token(f, call, err))
        return false;
    if (agreement_encapsulated(on)) {
        *handle = agreement_encapsulated(on);
        return fake_leave(f, call);
    }
    own = store_find(&f->store, on->private_handle);
    if (!is_of_kem(on) && (!own || !own->pkey || !(own->desc.flags & KEY_DERIVE)))
        return err_set_hsm(err, ERR_HSM, 0x60, "CKR_KEY_HANDLE_INVALID",
                           "this key derives nothing");
    if (!(f->p.kdfs & 1U << on->kdf))
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x71, "CKR_MECHANISM_PARAM_INVALID",
                           "there is no KDF %s", hsm_kdf_name(on->kdf));
    ok = is_of_kem(on) ? second_secret(f, on, key) : derive(f, own->pkey, on, key);
    if (!ok)
        return err_set_hsm(err, ERR_HSM, 0x5, "CKR_GENERAL_ERROR", "no key was derived");
    if (fake_lies(f, call, "other"))
        key[0] ^= 1;
    ok = on->key ? add_staying(f, on->key, key, sizeof key, handle, err)
                 : add_secret(f, call, on->use, on->label, key, sizeof key, handle, err);
    OPENSSL_cleanse(key, sizeof key);
    return ok && fake_leave(f, call);
}

static const struct object *layer_key(struct fake *f, uint64_t key, uint32_t use, struct err *err)
{
    const struct object *o = store_find(&f->store, key);

    if (o && (o->desc.flags & use))
        return o;
    err_set_hsm(err, ERR_HSM, 0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED", "not with this key");
    return NULL;
}

bool fake_gcm_encrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                      const struct bytes *context, const struct bytes *text,
                      struct bytes *ciphertext, struct err *err)
{
    struct fake *f = fake_of(hsm);
    const struct object *o =
        fake_enter_token(f, "gcm_encrypt", err) ? layer_key(f, key, KEY_ENCRYPT, err) : NULL;

    return o && (layers_gcm(true, &o->value, iv, context, text, ciphertext) ||
                 err_set(err, ERR_HSM, "nothing was encrypted"));
}

bool fake_gcm_decrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                      const struct bytes *context, const struct bytes *ciphertext,
                      struct bytes *text, struct err *err)
{
    struct fake *f = fake_of(hsm);
    const struct object *o =
        fake_enter_token(f, "gcm_decrypt", err) ? layer_key(f, key, KEY_DECRYPT, err) : NULL;

    return o && (layers_gcm(false, &o->value, iv, context, ciphertext, text) ||
                 err_set(err, ERR_DATA, "nothing was decrypted"));
}
