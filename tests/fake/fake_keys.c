/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM: what it does with keys. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "hsm/handles.h"
#include "tests/fake/crypto.h"
#include "tests/fake/fake_state.h"
#include "tests/fake/pairs.h"

static bool invalid_handle(struct err *err)
{
    return err_set_hsm(err, ERR_HSM, 0x82, "CKR_OBJECT_HANDLE_INVALID", "there is no such object");
}

/* An object that call may use: it is there, of this class, and has this use. */
static struct object *usable(struct fake *f, uint64_t handle, uint32_t use, struct err *err)
{
    struct object *o = store_find(&f->store, handle);

    if (!o)
        invalid_handle(err);
    else if ((o->desc.flags & use) != use) {
        err_set_hsm(err, ERR_HSM, 0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED", "this key may not %s",
                    key_flag_name(use));
        return NULL;
    }
    return o;
}

/* --- answers that may be bent --- */

/* Does to an output what the call under way was told to. */
static bool bend(struct fake *f, const char *call, struct bytes *out)
{
    struct bytes longer = {0};

    if (fake_lies(f, call, "flip"))
        out->data[out->len / 2] ^= 1;
    if (fake_lies(f, call, "short"))
        out->len--;
    if (fake_lies(f, call, "long") && bytes_make(&longer, out->len + 1, NULL)) {
        memcpy(longer.data, out->data, out->len);
        bytes_free(out);
        *out = longer; /* handed over */
    }
    return true;
}

static bool compare_spki(struct fake *f, const char *call, EVP_PKEY *pkey, struct bytes *out,
                         struct err *err)
{
    uint8_t *der = NULL;
    EVP_PKEY *other = NULL;

    if (fake_lies(f, call, "other"))
        pkey = other = EVP_RSA_gen((unsigned)EVP_PKEY_get_bits(pkey));
    int len = i2d_PUBKEY(pkey, &der);
    bool ok = len > 0 && bytes_set(out, der, (size_t)len, err) && bend(f, call, out);
    OPENSSL_free(der);
    EVP_PKEY_free(other);
    return ok;
}

bool fake_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter_token(f, "public_key", err))
        return false;
    const struct object *o = store_find(&f->store, handle);
    if (!o)
        return invalid_handle(err);
    if (fake_is_kem(o))
        return fake_kem_public(o, spki) && fake_leave(f, "public_key");
    if (!o->pkey)
        return err_set(err, ERR_UNSUPPORTED, "this object has no public half");
    return compare_spki(f, "public_key", o->pkey, spki, err) && fake_leave(f, "public_key");
}

bool fake_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter_token(f, "certificate", err))
        return false;
    const struct object *o = store_find(&f->store, handle);
    if (!o)
        return invalid_handle(err);
    if (o->desc.class != KEY_CLASS_CERTIFICATE || o->value.len == 0)
        return err_set(err, ERR_UNSUPPORTED, "this object is no certificate");
    return bytes_set(der, o->value.data, o->value.len, err) && bend(f, "certificate", der) &&
           fake_leave(f, "certificate");
}

/* --- making --- */

enum {
    TEMPORARY_GUARDS = KEY_PRIVATE | KEY_SENSITIVE | KEY_DESTROYABLE | KEY_ALWAYS_SENSITIVE,
};

static struct key_desc temporary(enum key_class class, enum key_kind kind, uint32_t flags,
                                 const char *label)
{
    struct key_desc desc = {.class = class, .kind = kind, .flags = flags};
    key_set_label(&desc, label, strlen(label));
    return desc;
}

/* What where.params names in the place of the public half. */
static bool read_spki(const char *path, struct bytes *spki, struct err *err)
{
    uint8_t der[4096];
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(der, 1, sizeof der, file) : 0;

    if (file)
        fclose(file);
    bytes_free(spki);
    return len > 0 ? bytes_set(spki, der, len, err)
                   : err_set(err, ERR_CONFIG, "%s cannot be read", path);
}

/* Adds the half of a pair that desc describes; the object takes a reference of its own. */
static bool add_half(struct fake *f, const struct key_desc *desc, EVP_PKEY *pkey, bool force,
                     uint64_t *handle, struct err *err)
{
    struct object *o = object_of(desc, pkey);

    if (o) {
        EVP_PKEY_up_ref(pkey);
        o->force_guards = force;
    }
    return store_add(&f->store, o, handle, err);
}

/* A new pair; of one that follows from a seed, and of an unusual size, the primes are searched for.
 */
static EVP_PKEY *make_rsa(const struct fake *f, unsigned bits)
{
    EVP_PKEY *pair = f->p.seed[0] ? NULL : pairs_take(bits);

    return pair ? pair : EVP_RSA_gen(bits);
}

static EVP_PKEY *quick_pair(const struct fake *f, bool sample)
{
    static EVP_PKEY *pairs[2];

    if (!pairs[sample])
        pairs[sample] = make_rsa(f, 2048);
    EVP_PKEY_up_ref(pairs[sample]);
    return pairs[sample];
}

/* An object was made: the lie "known" makes none, and answers with the handle of the first one that
 * is stored; "public" does so for the public half. */
static void lie_about(struct fake *f, const char *call, const char *lie, uint64_t *handle)
{
    if (!*handle || !fake_lies(f, call, lie))
        return;
    for (size_t i = 0; i < f->store.count; i++) {
        const struct key_desc *is = &f->store.objects[i]->desc;
        if (!(is->flags & KEY_TOKEN) || is->handle == *handle)
            continue;
        uint64_t stored = is->handle;
        store_remove(&f->store, *handle);
        *handle = stored;
        return;
    }
}

static bool leave_made(struct fake *f, const char *call, uint64_t *handle)
{
    lie_about(f, call, "known", handle);
    return fake_leave(f, call);
}

static bool leave_pair(struct fake *f, const char *call, uint64_t *private, uint64_t *public)
{
    lie_about(f, call, "public", public);
    return leave_made(f, call, private);
}

static bool make_pair(struct fake *f, const char *call, uint32_t bits, const char *label,
                      uint32_t token, struct hsm_pair *pair, struct err *err)
{
    struct hsm_pair made = {0};

    if (!fake_enter_token(f, call, err))
        return false;
    if (bits < 1024 || bits > 8192)
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x62, "CKR_KEY_SIZE_RANGE",
                           "an RSA key of %u bits cannot be made", bits);
    struct key_desc private =
        temporary(KEY_CLASS_PRIVATE, KEY_KIND_RSA,
                  token | TEMPORARY_GUARDS | KEY_UNWRAP | KEY_NEVER_EXTRACTABLE | KEY_LOCAL, label);
    struct key_desc public = temporary(KEY_CLASS_PUBLIC, KEY_KIND_RSA,
                                       token | KEY_WRAP | KEY_DESTROYABLE | KEY_LOCAL, label);
    EVP_PKEY *pkey = token        ? EVP_RSA_gen(bits) /* kept: no other may have it */
                     : f->p.quick ? quick_pair(f, false)
                                  : make_rsa(f, bits);
    bool ok = pkey && add_half(f, &private, pkey, true, &made.private_handle, err) &&
              add_half(f, &public, pkey, false, &made.public_handle, err) &&
              compare_spki(f, call, pkey, &made.spki, err) &&
              (!f->p.spki[0] || read_spki(f->p.spki, &made.spki, err));
    EVP_PKEY_free(pkey);
    if (!ok) {
        store_remove(&f->store, made.private_handle);
        store_remove(&f->store, made.public_handle);
        return false;
    }
    *pair = made;
    return leave_pair(f, call, &pair->private_handle, &pair->public_handle);
}

bool fake_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                    struct err *err)
{
    return make_pair(fake_of(hsm), "make_pair", bits, label, 0, pair, err);
}

bool fake_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                          struct err *err)
{
    struct fake *f = fake_of(hsm);

    return make_pair(f, "make_token_pair", bits, label, KEY_TOKEN, pair, err) &&
           store_save(&f->store, err);
}

bool fake_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                      uint64_t *handle, struct err *err)
{
    struct fake *f = fake_of(hsm);
    const uint8_t *at = spki->data;

    if (!fake_enter_token(f, "load_public", err))
        return false;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki->len);
    bool good = pkey && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && at == spki->data + spki->len;
    if (good && fake_lies(f, "load_public", "other")) {
        int bits = EVP_PKEY_get_bits(pkey);
        EVP_PKEY_free(pkey);
        pkey = EVP_RSA_gen((unsigned)bits);
    }
    struct key_desc desc =
        temporary(KEY_CLASS_PUBLIC, KEY_KIND_RSA, KEY_WRAP | KEY_DESTROYABLE, label);
    bool ok = good ? add_half(f, &desc, pkey, false, handle, err)
                   : err_set_hsm(err, ERR_DATA, 0x13, "CKR_ATTRIBUTE_VALUE_INVALID",
                                 "this is no RSA public key");
    EVP_PKEY_free(pkey);
    return ok && leave_made(f, "load_public", handle);
}

bool fake_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                   struct err *err)
{
    struct fake *f = fake_of(hsm);
    uint8_t value[32];

    if (!fake_enter_token(f, "make_aes", err))
        return false;
    if (bits != 128 && bits != 192 && bits != 256)
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x62, "CKR_KEY_SIZE_RANGE",
                           "there is no AES key of %u bits", bits);
    struct key_desc desc =
        temporary(KEY_CLASS_SECRET, KEY_KIND_AES,
                  TEMPORARY_GUARDS | KEY_WRAP | KEY_EXTRACTABLE | KEY_LOCAL, label);
    if (fake_lies(f, "make_aes", "guards"))
        desc.flags |= KEY_DECRYPT;
    if (RAND_bytes(value, sizeof value) != 1)
        return err_set(err, ERR_HSM, "no random bytes");
    struct object *o = object_new(&desc, value, bits / 8);
    OPENSSL_cleanse(value, sizeof value);
    return store_add(&f->store, o, handle, err) && leave_made(f, "make_aes", handle);
}

static bool make_sample_secret(struct fake *f, const struct key_sample *sample,
                               const struct key_desc *desc, uint64_t *handle, struct err *err)
{
    struct bytes value = {0};
    bool ok = sample->length > 0 && sample->length <= 1024 &&
              bytes_make(&value, sample->length, err) &&
              RAND_bytes(value.data, (int)value.len) == 1;

    if (ok)
        ok = store_add(&f->store, object_new(desc, value.data, value.len), handle, err);
    else
        err_set_hsm(err, ERR_UNSUPPORTED, 0x62, "CKR_KEY_SIZE_RANGE", "no secret of %u bytes",
                    sample->length);
    bytes_free(&value);
    return ok;
}

static bool make_sample_pair(struct fake *f, const struct key_sample *sample, struct key_desc *desc,
                             uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    bool rsa = sample->kind == KEY_KIND_RSA;
    EVP_PKEY *pkey = !rsa         ? EVP_EC_gen(sample->curve)
                     : f->p.quick ? quick_pair(f, true)
                                  : make_rsa(f, sample->bits);
    bool ok = pkey != NULL;

    if (ok) {
        ok = add_half(f, desc, pkey, false, handle, err);
        desc->class = KEY_CLASS_PUBLIC;
        desc->flags = KEY_VERIFY | KEY_DESTROYABLE | KEY_LOCAL;
        ok = ok && add_half(f, desc, pkey, false, public_handle, err);
    } else {
        err_set_hsm(err, ERR_UNSUPPORTED, 0x140, "CKR_CURVE_NOT_SUPPORTED", "no such key is made");
    }
    EVP_PKEY_free(pkey);
    return ok;
}

bool fake_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                   uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    struct fake *f = fake_of(hsm);
    bool pair = sample->kind == KEY_KIND_RSA || sample->kind == KEY_KIND_EC;
    uint32_t uses = pair                               ? KEY_SIGN | KEY_DECRYPT
                    : sample->kind == KEY_KIND_GENERIC ? KEY_SIGN | KEY_VERIFY
                                                       : KEY_ENCRYPT | KEY_DECRYPT;
    struct key_desc desc = temporary(pair ? KEY_CLASS_PRIVATE : KEY_CLASS_SECRET, sample->kind,
                                     TEMPORARY_GUARDS | KEY_EXTRACTABLE | KEY_MODIFIABLE |
                                         KEY_COPYABLE | KEY_LOCAL | uses,
                                     label);
    uint64_t made, other = 0;

    if (!fake_enter_token(f, "make_key", err))
        return false;
    if (sample->kind == KEY_KIND_EC)
        desc.flags &= ~(uint32_t)KEY_DECRYPT;
    if (!(pair ? make_sample_pair(f, sample, &desc, &made, &other, err)
               : make_sample_secret(f, sample, &desc, &made, err)))
        return false;
    *handle = made;
    *public_handle = other;
    return leave_pair(f, "make_key", handle, public_handle);
}

/* --- wrapping and unwrapping --- */

static bool check_alg(const struct fake *f, enum hsm_alg alg, struct err *err)
{
    return ((unsigned)alg < HSM_ALGS && (f->p.algs & (1u << alg))) ||
           err_set_hsm(err, ERR_UNSUPPORTED, 0x70, "CKR_MECHANISM_INVALID", "%s is not offered",
                       hsm_alg_name(alg));
}

static bool may_leave(const struct fake *f, const struct object *o, const struct object *wrapping,
                      struct err *err)
{
    if (o->desc.class != KEY_CLASS_SECRET && o->desc.class != KEY_CLASS_PRIVATE)
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x69, "CKR_KEY_NOT_WRAPPABLE",
                           "this object is no key that can be wrapped");
    if (f->p.loose)
        return true;
    if (!(o->desc.flags & KEY_EXTRACTABLE))
        return err_set_hsm(err, ERR_DENIED, 0x6a, "CKR_KEY_UNEXTRACTABLE",
                           "this key may not leave");
    if ((o->desc.flags & KEY_WRAP_WITH_TRUSTED) && !(wrapping->desc.flags & KEY_TRUSTED))
        return err_set_hsm(err, ERR_DENIED, 0x69, "CKR_KEY_NOT_WRAPPABLE",
                           "this key leaves under a trusted key only");
    return true;
}

/* As SoftHSM 2.6.1 does before RFC 5649. */
static bool pad_to_8(const struct object *o, struct bytes *value)
{
    struct bytes padded = {0};

    if (o->desc.class != KEY_CLASS_SECRET || value->len % 8 == 0)
        return true;
    if (!bytes_make(&padded, (value->len + 7) / 8 * 8, NULL))
        return false;
    memcpy(padded.data, value->data, value->len);
    bytes_free(value);
    *value = padded; /* handed over */
    return true;
}

bool fake_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
               struct bytes *wrapped_key, struct err *err)
{
    struct fake *f = fake_of(hsm);
    struct bytes value = {0}, made = {0};

    if (!fake_enter_token(f, "wrap", err) || !check_alg(f, alg, err))
        return false;
    const struct object *under = usable(f, wrapping, f->p.loose ? 0 : KEY_WRAP, err);
    const struct object *o = under ? usable(f, key, 0, err) : NULL;
    if (!o || !may_leave(f, o, under, err))
        return false;
    bool exact = alg == HSM_AES_KWP || wrap_alg(alg)->family == WRAP_RSA_AES
                     ? f->p.exact
                     : alg != HSM_AES_KW || !f->p.loose;
    bool ok = object_value(o, &value) && (exact || pad_to_8(o, &value));
    if (ok && fake_lies(f, "wrap", "other"))
        value.data[value.len - 1] ^= 1;
    ok = ok && crypto_wrap(f->p.means[alg], under, &value, &made);
    bytes_free(&value);
    if (!ok) {
        bytes_free(&made);
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x69, "CKR_KEY_NOT_WRAPPABLE",
                           "%s cannot carry this key", hsm_alg_name(alg));
    }
    bend(f, "wrap", &made);
    *wrapped_key = made; /* handed over */
    return fake_leave(f, "wrap");
}

/* Another value of the same kind. */
static struct object *other_than(const struct object *o)
{
    struct object *other = NULL;
    uint8_t value[1024];
    EVP_PKEY *pkey = NULL;

    if (o->desc.kind == KEY_KIND_RSA)
        pkey = EVP_RSA_gen((unsigned)EVP_PKEY_get_bits(o->pkey));
    else if (o->desc.kind == KEY_KIND_EC)
        pkey = EVP_EC_gen(o->desc.curve);
    if (pkey) {
        other = object_of(&o->desc, pkey);
    } else if (o->value.len > 0 && o->value.len <= sizeof value &&
               RAND_bytes(value, (int)o->value.len) == 1) {
        other = object_new(&o->desc, value, o->value.len);
    }
    return other;
}

/* The same object with a value that is longer by zeros, or shorter. */
static struct object *resized(struct object *o, bool longer)
{
    uint8_t value[1024] = {0};
    size_t len = longer ? (o->value.len / 8 + 1) * 8 : o->value.len - 1;
    struct object *made = NULL;

    if (o->value.len > 1 && len <= sizeof value) {
        memcpy(value, o->value.data, len < o->value.len ? len : o->value.len);
        made = object_new(&o->desc, value, len);
    }
    if (made)
        made->desc.length = made->desc.bits = 0; /* it does not tell */
    OPENSSL_cleanse(value, sizeof value);
    object_free(o);
    return made;
}

/* Does to a new object what call was told to; takes it and gives it back. */
static struct object *bend_object(struct fake *f, const char *call, struct object *o)
{
    if (o && fake_lies(f, call, "other")) {
        struct object *other = other_than(o);
        object_free(o);
        o = other;
    }
    if (o && fake_lies(f, call, "guards"))
        o->desc.flags = (o->desc.flags & ~(uint32_t)KEY_SENSITIVE) | KEY_EXTRACTABLE;
    if (o && fake_lies(f, call, "label"))
        key_set_label(&o->desc, "another", 7);
    if (o && fake_lies(f, call, "use"))
        o->desc.flags |= KEY_DERIVE;
    if (o && fake_lies(f, call, "readable"))
        o->desc.flags &= ~(uint32_t)KEY_SENSITIVE;
    if (o && (fake_lies(f, call, "pad") || fake_lies(f, call, "cut")))
        o = resized(o, fake_lies(f, call, "pad"));
    return o;
}

static struct key_desc desc_of(const struct hsm_template *t)
{
    struct key_desc desc = {.class = t->class, .kind = t->kind};

    desc.flags = t->flags & ~(uint32_t)(KEY_TOKEN | KEY_LOCAL | KEY_ALWAYS_SENSITIVE |
                                        KEY_NEVER_EXTRACTABLE | KEY_TRUSTED);
    key_set_label(&desc, t->label, t->label_len);
    key_set_id(&desc, t->id, t->id_len);
    return desc;
}

/* The object that value and template make, NULL where they make none. */
static struct object *unwrapped(struct fake *f, struct bytes *value, const struct hsm_template *t)
{
    struct key_desc desc = desc_of(t);

    if (t->class == KEY_CLASS_SECRET && t->length && f->p.takes) {
        if (t->length > value->len)
            return NULL;
        value->len = t->length;
    }
    return t->class == KEY_CLASS_SECRET || t->class == KEY_CLASS_PRIVATE
               ? object_new(&desc, value->data, value->len)
               : NULL;
}

bool fake_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                 const struct bytes *wrapped_key, const struct hsm_template *template,
                 uint64_t *handle, struct err *err)
{
    struct fake *f = fake_of(hsm);
    struct bytes value = {0};

    if (!fake_enter_token(f, "unwrap", err) || !check_alg(f, alg, err))
        return false;
    const struct object *under = usable(f, unwrapping, KEY_UNWRAP, err);
    if (!under)
        return false;
    if (under->force_guards && !(template->flags & KEY_SENSITIVE))
        return err_set_hsm(err, ERR_DENIED, 0xd1, "CKR_TEMPLATE_INCONSISTENT",
                           "what this key unwraps must be sensitive");
    struct object *o = NULL;
    if (crypto_unwrap(f->p.means[alg], under, wrapped_key, &value))
        o = unwrapped(f, &value, template);
    bytes_free(&value);
    if (!o)
        return err_set_hsm(err, ERR_DATA, 0x110, "CKR_WRAPPED_KEY_INVALID",
                           "what arrived does not decrypt to such a key");
    if (fault_forgets(&f->p.faults, "unwrap")) {
        object_free(o);
        *handle = ++f->store.last;
        return true;
    }
    if (fake_lies(f, "unwrap", "twice") && !store_add(&f->store, other_than(o), NULL, err)) {
        object_free(o);
        return false;
    }
    return store_add(&f->store, bend_object(f, "unwrap", o), handle, err) &&
           leave_made(f, "unwrap", handle);
}

/* --- proving, committing, destroying --- */

static bool fits(const struct object *o, enum hsm_proof proof)
{
    static const struct {
        enum key_class class;
        enum key_kind kind; /* OTHER: any */
        uint32_t use;
    } needs[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_ENCRYPT},
        [HSM_PROOF_DIGEST] = {KEY_CLASS_SECRET, KEY_KIND_OTHER, 0},
        [HSM_PROOF_HMAC] = {KEY_CLASS_SECRET, KEY_KIND_GENERIC, KEY_SIGN},
        [HSM_PROOF_RSA_DECRYPT] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_DECRYPT},
        [HSM_PROOF_AES_DECRYPT] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_DECRYPT},
        [HSM_PROOF_RSA_UNWRAP] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_UNWRAP},
        [HSM_PROOF_ECDH] = {KEY_CLASS_PRIVATE, KEY_KIND_EC, KEY_DERIVE},
        [HSM_PROOF_KCV_ECB] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_ENCRYPT},
        [HSM_PROOF_KCV_CMAC] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_SIGN},
    };
    bool check = proof == HSM_PROOF_KCV_ECB || proof == HSM_PROOF_KCV_CMAC;

    struct hsm_signing signing = hsm_signing_of(proof);

    if (!key_allows(&o->desc, hsm_proof_mechanism(proof)))
        return false;
    if (signing.hash == HSM_PURE)
        return false;
    if (signing.hash)
        return o->desc.class == KEY_CLASS_PRIVATE && key_is(&o->desc, KEY_SIGN) &&
               o->desc.kind == (signing.ecdsa ? KEY_KIND_EC : KEY_KIND_RSA);
    return o->desc.class == needs[proof].class &&
           (needs[proof].kind == KEY_KIND_OTHER || o->desc.kind == needs[proof].kind ||
            (proof == HSM_PROOF_HMAC && o->desc.kind == KEY_KIND_HMAC_SHA256) ||
            (check && o->desc.kind == KEY_KIND_DES3)) &&
           (o->desc.flags & needs[proof].use) == needs[proof].use;
}

bool fake_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct fake *f = fake_of(hsm);
    struct bytes made = {0};

    if (!fake_enter_token(f, "prove", err))
        return false;
    const struct object *o = store_find(&f->store, handle);
    if (!o)
        return invalid_handle(err);
    if ((unsigned)proof >= HSM_PROOFS || !(f->p.proofs & (1u << proof)) || !fits(o, proof))
        return err_set_hsm(err, ERR_UNSUPPORTED, 0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED",
                           "this key cannot answer by %s", hsm_proof_name(proof));
    if (!crypto_prove(proof, o, challenge, &made)) {
        bytes_free(&made);
        return err_set_hsm(err, ERR_DATA, 0x21, "CKR_DATA_LEN_RANGE", "this is no challenge for %s",
                           hsm_proof_name(proof));
    }
    made.len = hsm_answer_len(proof, challenge->data, challenge->len, made.len);
    if (fake_lies(f, "prove", "replay") && f->first_answer.data)
        bytes_set(&made, f->first_answer.data, f->first_answer.len, NULL);
    else if (!f->first_answer.data)
        bytes_set(&f->first_answer, made.data, made.len, NULL);
    bend(f, "prove", &made);
    *answer = made; /* handed over */
    return fake_leave(f, "prove");
}

static struct object *final_copy(const struct object *o, const uint8_t *label, size_t label_len,
                                 const uint8_t *id, size_t id_len)
{
    struct bytes value = {0};
    struct key_desc desc = o->desc;

    desc.flags |= KEY_TOKEN;
    key_set_label(&desc, label, label_len);
    key_set_id(&desc, id, id_len);
    struct object *copy = object_value(o, &value) ? object_new(&desc, value.data, value.len) : NULL;
    bytes_free(&value);
    return copy;
}

bool fake_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                 const uint8_t *id, size_t id_len, uint64_t *final, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter_token(f, "commit", err))
        return false;
    const struct object *o = store_find(&f->store, temporary);
    if (!o)
        return invalid_handle(err);
    if (!(o->desc.flags & KEY_COPYABLE))
        return err_set_hsm(err, ERR_HSM, 0x1b, "CKR_ACTION_PROHIBITED",
                           "this object is not copied");
    if (fault_forgets(&f->p.faults, "commit")) {
        *final = ++f->store.last;
        return true;
    }
    struct object *copy = final_copy(o, label, label_len, id, id_len);
    if (fake_lies(f, "commit", "twice") &&
        !store_add(&f->store, final_copy(o, label, label_len, id, id_len), NULL, err)) {
        object_free(copy);
        return false;
    }
    return store_add(&f->store, bend_object(f, "commit", copy), final, err) &&
           leave_made(f, "commit", final) && store_save(&f->store, err);
}

static bool is_certificate(const struct bytes *der)
{
    const uint8_t *at = der->data;
    X509 *x = d2i_X509(NULL, &at, (long)der->len);
    bool is = x && at == der->data + der->len;

    X509_free(x);
    return is;
}

bool fake_make_public(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                      struct err *err)
{
    struct fake *f = fake_of(hsm);
    struct key_desc desc = {.class = template->class,
                            .kind = template->kind,
                            .flags = template->flags | KEY_TOKEN | KEY_DESTROYABLE};
    struct bytes der = {0};

    if (!fake_enter_token(f, "make_public", err))
        return false;
    if (template->class != KEY_CLASS_PUBLIC && template->class != KEY_CLASS_CERTIFICATE)
        return err_set(err, ERR_UNSUPPORTED, "this is no public object");
    if (fault_forgets(&f->p.faults, "make_public")) {
        *final = ++f->store.last;
        return true;
    }
    key_set_label(&desc, template->label, template->label_len);
    key_set_id(&desc, template->id, template->id_len);
    if (!bytes_set(&der, template->spki->data, template->spki->len, err))
        return false;
    bend(f, "make_public", &der);
    struct object *made = NULL;
    if (desc.class == KEY_CLASS_PUBLIC || is_certificate(&der))
        made = object_new(&desc, der.data, der.len);
    bytes_free(&der);
    if (!made)
        return err_set_hsm(err, ERR_DATA, 0x13, "CKR_ATTRIBUTE_VALUE_INVALID",
                           "this is no public object");
    return store_add(&f->store, bend_object(f, "make_public", made), final, err) &&
           leave_made(f, "make_public", final) && store_save(&f->store, err);
}

/* By the call destroy or remove. */
static bool destroy(struct fake *f, const char *call, uint64_t handle, struct err *err)
{
    const struct object *o = store_find(&f->store, handle);
    if (!o || fault_forgets(&f->p.faults, call))
        return true;
    if (!(o->desc.flags & KEY_DESTROYABLE))
        return err_set_hsm(err, ERR_DENIED, 0x1b, "CKR_ACTION_PROHIBITED",
                           "this object cannot be destroyed");
    bool kept = o->desc.flags & KEY_TOKEN;
    store_remove(&f->store, handle);
    return (!kept || store_save(&f->store, err)) && fake_leave(f, call);
}

/* It destroys whatever it is told: the guards are the agent's and the console's. */
bool fake_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    return fake_enter_token(fake_of(hsm), "destroy", err) &&
           destroy(fake_of(hsm), "destroy", handle, err);
}

bool fake_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    bool gone;

    return fake_enter_token(fake_of(hsm), "remove", err) && handles_check(hsm, is, &gone, err) &&
           destroy(fake_of(hsm), "remove", is->handle, err);
}

/* It sets whatever it is told, too. */
bool fake_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                  struct err *err)
{
    struct fake *f = fake_of(hsm);
    struct object *o;
    bool gone;

    if (!fake_enter_token(f, "tighten", err) || !handles_check(hsm, is, &gone, err))
        return false;
    if (gone)
        return err_set(err, ERR_NO_INPUT, "object %llu no longer exists",
                       (unsigned long long)is->handle);
    if (fault_forgets(&f->p.faults, "tighten"))
        return true;
    o = store_find(&f->store, is->handle);
    if (!o)
        return invalid_handle(err);
    if (!(o->desc.flags & KEY_MODIFIABLE))
        return err_set_hsm(err, ERR_DENIED, 0x1b, "CKR_ACTION_PROHIBITED",
                           "this object cannot be modified");
    o->desc.flags = (o->desc.flags & ~to->off) | to->on;
    if (to->start[0])
        memcpy(o->desc.constraints.start, to->start, sizeof to->start);
    if (to->end[0])
        memcpy(o->desc.constraints.end, to->end, sizeof to->end);
    return store_save(&f->store, err) && fake_leave(f, "tighten");
}
