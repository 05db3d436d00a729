/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_agree.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "driver/dialect/pkcs11_3_2.h"
#include "driver/dialect/standard.h"
#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_kem.h"
#include "driver/pkcs11/pkcs11_mech.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_spki.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "hsm/counterpart.h"
#include "hsm/key_agreement.h"
#include "hsm/ml_kem.h"
#include "hsm/wrap_alg.h"

enum { KDF_SHA256 = 6 }; /* CKD_SHA256_KDF of PKCS#11 v2.40, which p11-kit's header lacks */

static void begin(const struct p11 *p, struct p11_attrs *t, const char *label)
{
    *t = (struct p11_attrs){.omit = p->dialect.omit};
    p11_attrs_bool(t, CKA_TOKEN, false);
    p11_attrs_add(t, CKA_LABEL, label, strlen(label));
}

/* --- the pair --- */

static CK_RV generate(struct p11 *p, const struct bytes *params, const char *label, unsigned extras,
                      CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
    static const CK_MECHANISM_TYPE allowed[] = {CKM_ECDH1_DERIVE};
    const struct p11_asked asked = {label, strlen(label), false};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    struct p11_attrs pub, priv;
    CK_RV rv;

    begin(p, &pub, label);
    p11_attrs_add(&pub, CKA_EC_PARAMS, params->data, params->len);
    p11_attrs_flags(&pub, KEY_CLASS_PUBLIC, KEY_DERIVE, 0);
    begin(p, &priv, label);
    p11_attrs_flags(&priv, KEY_CLASS_PRIVATE, KEY_PRIVATE | KEY_SENSITIVE | KEY_DERIVE,
                    extras | P11_SECRECY);
    if (extras & P11_ALLOWED)
        p11_attrs_add(&priv, CKA_ALLOWED_MECHANISMS, allowed, sizeof allowed);
    rv = p->fn->C_GenerateKeyPair(p->session, &mechanism, pub.attr, pub.count, priv.attr,
                                  priv.count, public, private);
    return p11_made_pair(p, rv, *private, *public, &asked);
}

static bool make_on_curve(struct hsm *hsm, enum hsm_alg alg, const char *label,
                          struct hsm_pair *pair, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
    const bool limited = !(p->dialect.omit & DIALECT_OMIT_ALLOWED);
    struct bytes params = {0}, spki = {0};
    unsigned row = 0, extras;
    CK_RV rv = CKR_GENERAL_ERROR;

    if (!spki_curve_params(wrap_alg(alg)->curve, &params))
        return err_set(err, ERR_UNSUPPORTED, "there is no pair for %s", hsm_alg_name(alg));
    while (p11_extras_next(P11_COPYABLE | P11_MODIFIABLE | (limited ? P11_ALLOWED : 0U), &row,
                           &extras)) {
        rv = generate(p, &params, label, extras, &public, &private);
        if (!p11_refuses_template(rv))
            break;
    }
    bytes_free(&params);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not generate a pair on %s (C_GenerateKeyPair)",
                       wrap_alg(alg)->curve);
    if (!p11_public_key(hsm, public, &spki, err)) {
        p11_unmake(p, private);
        p11_unmake(p, public);
        return false;
    }
    *pair = (struct hsm_pair){.private_handle = private, .public_handle = public, .spki = spki};
    return true;
}

static void unmake_pair(struct p11 *p, struct hsm_pair *pair)
{
    const uint64_t made[] = {pair->private_handle, pair->public_handle, pair->kem_private,
                             pair->kem_public};

    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        if (made[i])
            p11_unmake(p, (CK_OBJECT_HANDLE)made[i]);
    bytes_free(&pair->spki);
    *pair = (struct hsm_pair){0};
}

/* Adds an ML-KEM pair to one on a curve, or makes it alone. */
static bool add_kem_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                         struct hsm_pair *pair, struct err *err)
{
    const bool second = wrap_alg(alg)->curve != NULL;
    struct agreement_parts parts = {.on_curve = pair->spki};
    struct p11 *p = p11_of(hsm);
    CK_OBJECT_HANDLE public, private;
    struct bytes spki = {0};
    CK_RV rv = p11_has_kem(p) ? p11_kem_pair(p, wrap_alg(alg)->kem, label, &public, &private)
                              : CKR_FUNCTION_NOT_SUPPORTED;
    bool ok;

    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not generate an ML-KEM-%u pair (C_GenerateKeyPair)",
                       wrap_alg(alg)->kem);
    *(second ? &pair->kem_private : &pair->private_handle) = private;
    *(second ? &pair->kem_public : &pair->public_handle) = public;
    ok = p11_public_key(hsm, public, &parts.kem, err) && agreement_join(&parts, &spki, err);
    bytes_free(&parts.kem);
    if (ok) {
        bytes_free(&pair->spki);
        pair->spki = spki; /* ownership was passed on */
    }
    return ok;
}

bool p11_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                             struct hsm_pair *pair, struct err *err)
{
    struct hsm_pair made = {0};

    if (!wrap_is_agreed(alg))
        return err_set(err, ERR_UNSUPPORTED, "there is no pair for %s", hsm_alg_name(alg));
    if ((wrap_alg(alg)->curve && !make_on_curve(hsm, alg, label, &made, err)) ||
        (wrap_alg(alg)->kem && !add_kem_pair(hsm, alg, label, &made, err))) {
        unmake_pair(p11_of(hsm), &made);
        return false;
    }
    *pair = made;
    return true;
}

bool p11_encapsulate(struct hsm *hsm, const struct hsm_encapsulation *with, struct hsm_pair *pair,
                     struct err *err)
{
    const struct wrap_alg *alg = wrap_alg(with->alg);
    const struct agreement_parts theirs = agreement_split(with->alg, with->peer);
    const struct bytes key = ml_kem_read_spki(alg->kem, &theirs.kem);
    struct p11 *p = p11_of(hsm);
    struct agreement_parts ours = {0};
    struct hsm_pair made = {0};
    struct bytes answer = {0};
    CK_OBJECT_HANDLE secret;
    CK_RV rv;
    bool ok;

    if (alg->curve && !make_on_curve(hsm, with->alg, with->label, &made, err))
        return false;
    rv = p11_kem_encapsulate(p, alg->kem, &key, agreement_secret_use(with->kdf), with->label,
                             &ours.kem, &secret);
    if (rv != CKR_OK) {
        unmake_pair(p, &made);
        return ckr_set(err, rv, "the HSM encapsulated no key by ML-KEM-%u (C_EncapsulateKey)",
                       alg->kem);
    }
    *(alg->curve ? &made.kem_private : &made.private_handle) = secret;
    ours.on_curve = made.spki;
    ok = agreement_join(&ours, &answer, err);
    bytes_free(&ours.kem);
    if (!ok) {
        unmake_pair(p, &made);
        return false;
    }
    bytes_free(&made.spki);
    made.spki = answer; /* ownership was passed on */
    *pair = made;
    return true;
}

/* --- deriving --- */

/* The template of a derived secret of len octets. */
static void set_derived(const struct p11 *p, struct p11_attrs *t, const struct hsm_agreement *on,
                        size_t len, uint32_t use, unsigned extras)
{
    begin(p, t, on->label);
    p11_attrs_number(t, CKA_CLASS, CKO_SECRET_KEY);
    p11_attrs_number(t, CKA_KEY_TYPE, use == KEY_DERIVE ? CKK_GENERIC_SECRET : CKK_AES);
    p11_attrs_number(t, CKA_VALUE_LEN, len);
    p11_attrs_flags(t, KEY_CLASS_SECRET, KEY_PRIVATE | KEY_SENSITIVE | use, extras | P11_SECRECY);
}

/* That of a key that stays; until it is committed it must be modifiable and copyable. */
static void set_staying(const struct p11 *p, struct p11_attrs *t, const struct hsm_template *key)
{
    *t = (struct p11_attrs){.omit = p->dialect.omit};
    p11_attrs_bool(t, CKA_TOKEN, false);
    p11_attrs_add(t, CKA_LABEL, key->label, key->label_len);
    p11_attrs_number(t, CKA_CLASS, CKO_SECRET_KEY);
    p11_attrs_number(t, CKA_KEY_TYPE, CKK_AES);
    p11_attrs_number(t, CKA_VALUE_LEN, key->length);
    p11_attrs_flags(t, KEY_CLASS_SECRET, key->flags | KEY_MODIFIABLE | KEY_COPYABLE, P11_SECRECY);
}

static CK_RV derive_by(struct p11 *p, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                       struct p11_attrs *t, const struct hsm_agreement *on,
                       CK_OBJECT_HANDLE *handle)
{
    const struct p11_asked asked = {on->label, strlen(on->label), false};
    CK_RV rv;

    *handle = CK_INVALID_HANDLE;
    rv = p->fn->C_DeriveKey(p->session, mechanism, base, t->attr, t->count, handle);
    return p11_made(p, rv, *handle, &asked);
}

/* By ECDH. use: KEY_DERIVE: the whole x-coordinate, to derive from. */
static CK_RV derive(struct p11 *p, const struct hsm_agreement *on, uint32_t use, unsigned extras,
                    CK_OBJECT_HANDLE *handle)
{
    const bool digests = on->kdf == HSM_KDF_SHA256 || on->kdf == HSM_KDF_NESTED;
    const size_t field = ((size_t)wrap_alg(on->alg)->bits + 7) / 8;
    const struct bytes point = agreement_point(on->alg, on->peer);
    CK_ECDH1_DERIVE_PARAMS params = {digests ? KDF_SHA256 : CKD_NULL, digests ? HSM_INFO_SIZE : 0,
                                     digests ? (unsigned char *)(uintptr_t)on->info : NULL,
                                     point.len, point.data};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};
    struct p11_attrs t;

    if (on->key)
        set_staying(p, &t, on->key);
    else
        set_derived(p, &t, on, use == KEY_DERIVE ? field : HSM_AGREED_BITS / 8, use, extras);
    return derive_by(p, &mechanism, (CK_OBJECT_HANDLE)on->private_handle, &t, on, handle);
}

/* --- one key of two secrets --- */

/* A token that took fewer octets than both have would drop one of the secrets. */
static bool has_length(struct p11 *p, CK_OBJECT_HANDLE key, CK_ULONG len)
{
    CK_ULONG is = 0;
    CK_ATTRIBUTE value_len = {CKA_VALUE_LEN, &is, sizeof is};

    return p->fn->C_GetAttributeValue(p->session, key, &value_len, 1) == CKR_OK && is == len;
}

static CK_RV concatenate(struct p11 *p, const struct hsm_agreement *on, CK_OBJECT_HANDLE first,
                         CK_OBJECT_HANDLE second, CK_OBJECT_HANDLE *both)
{
    const size_t len = ((size_t)wrap_alg(on->alg)->bits + 7) / 8 + ML_KEM_SECRET;
    CK_MECHANISM mechanism = {CKM_CONCATENATE_BASE_AND_KEY, &second, sizeof second};
    struct p11_attrs t;
    CK_RV rv;

    set_derived(p, &t, on, len, KEY_DERIVE, 0);
    rv = derive_by(p, &mechanism, first, &t, on, both);
    return rv == CKR_OK && !has_length(p, *both, len) ? CKR_KEY_SIZE_RANGE : rv;
}

static CK_RV extract_and_expand(struct p11 *p, const struct hsm_agreement *on,
                                CK_OBJECT_HANDLE both, unsigned extras, CK_OBJECT_HANDLE *handle)
{
    struct ck_hkdf params = {.extract = CK_TRUE,
                             .expand = CK_TRUE,
                             .hash = CKM_SHA256,
                             .salt_type = CKF_HKDF_SALT_NULL,
                             .info = (unsigned char *)(uintptr_t)on->info,
                             .info_len = HSM_INFO_SIZE};
    CK_MECHANISM mechanism = {CKM_HKDF_DERIVE, &params, sizeof params};
    struct p11_attrs t;

    set_derived(p, &t, on, HSM_AGREED_BITS / 8, on->use, extras);
    return derive_by(p, &mechanism, both, &t, on, handle);
}

/* The source has its second secret already; the destination decapsulates it. All but the
 * key is destroyed. */
static CK_RV derive_of_two(struct p11 *p, const struct hsm_agreement *on, unsigned extras,
                           CK_OBJECT_HANDLE *handle)
{
    const struct bytes text = agreement_split(on->alg, on->peer).kem;
    CK_OBJECT_HANDLE first = CK_INVALID_HANDLE, second = CK_INVALID_HANDLE,
                     both = CK_INVALID_HANDLE, mine = (CK_OBJECT_HANDLE)on->kem_handle;
    CK_RV rv = derive(p, on, KEY_DERIVE, 0, &first);

    if (rv == CKR_OK && on->use == KEY_UNWRAP) {
        rv = p11_kem_decapsulate(p, mine, &text, KEY_DERIVE, on->label, &second);
        mine = second;
    }
    if (rv == CKR_OK)
        rv = concatenate(p, on, first, mine, &both);
    if (rv == CKR_OK)
        rv = extract_and_expand(p, on, both, extras, handle);
    for (size_t i = 0; i < 3; i++)
        if (((CK_OBJECT_HANDLE[]){first, second, both})[i] != CK_INVALID_HANDLE)
            p11_unmake(p, ((CK_OBJECT_HANDLE[]){first, second, both})[i]);
    return rv;
}

static CK_RV derive_once(struct p11 *p, const struct hsm_agreement *on, unsigned extras,
                         CK_OBJECT_HANDLE *handle)
{
    const struct bytes text = agreement_split(on->alg, on->peer).kem;

    if (on->kdf == HSM_KDF_HKDF)
        return derive_of_two(p, on, extras, handle);
    if (on->kdf == HSM_KDF_KEM)
        return p11_kem_decapsulate(p, (CK_OBJECT_HANDLE)on->private_handle, &text, on->use,
                                   on->label, handle);
    if (on->use == KEY_DECRYPT)
        return p11_kem_decapsulate(p, (CK_OBJECT_HANDLE)on->kem_handle, &text, on->use, on->label,
                                   handle);
    return derive(p, on, on->use, extras, handle);
}

/* Not modifiable if the token takes that; secrecy is always requested. It lives for one call, so
 * CKA_COPYABLE is not worth a refused template. */
static CK_RV derive_key(struct p11 *p, const struct hsm_agreement *on, CK_OBJECT_HANDLE *handle)
{
    unsigned row = 0, extras;
    CK_RV rv = CKR_GENERAL_ERROR;

    while (p11_extras_next(P11_MODIFIABLE, &row, &extras)) {
        *handle = CK_INVALID_HANDLE;
        rv = derive_once(p, on, extras, handle);
        if (!p11_refuses_template(rv))
            break;
    }
    return rv;
}

bool p11_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err)
{
    CK_OBJECT_HANDLE made = (CK_OBJECT_HANDLE)agreement_encapsulated(on);
    CK_RV rv = made ? CKR_OK : derive_key(p11_of(hsm), on, &made);

    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM derived no key by %s with KDF %s (C_DeriveKey)",
                       hsm_alg_name(on->alg), hsm_kdf_name(on->kdf));
    *handle = made;
    return true;
}

/* --- trying --- */

/* What a derived test key must be, and what it wraps or unwraps. */
struct agreed {
    struct hsm_agreement on;
    struct bytes value;
    CK_OBJECT_HANDLE key;
};

static const char *try_wrap(struct probe *b, CK_OBJECT_HANDLE key, const struct bytes *ours,
                            struct p11_mech mech)
{
    struct bytes wrapped_key = {0}, plain = {0};
    CK_RV rv = p11_mech_wrap(b->p, mech, key, b->envelope, &wrapped_key);
    const char *why = NULL;

    if (rv != CKR_OK)
        why = ckr_name(rv);
    else if (!counterpart_open(mech.alg, ours, &wrapped_key, &plain) || plain.len != 32)
        why = "derives another key, or wraps by another algorithm";
    else if (b->envelope_value.len == 0)
        bytes_set(&b->envelope_value, plain.data, plain.len, NULL);
    bytes_free(&wrapped_key);
    bytes_free(&plain);
    return why;
}

static const char *try_unwrap(struct probe *b, CK_OBJECT_HANDLE by, const struct bytes *ours,
                              struct p11_mech mech)
{
    const struct hsm_template template = probe_template(KEY_KIND_AES, 32, KEY_ENCRYPT);
    struct bytes wrapped_key = {0}, value = {0};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const char *why = "could not be tried";

    if (bytes_make(&value, template.length, NULL) && RAND_bytes(value.data, (int)value.len) == 1 &&
        counterpart_close(mech.alg, ours, &value, &wrapped_key)) {
        CK_RV rv = p11_mech_unwrap(b->p, mech, by, &wrapped_key, &template, false, &key);
        why = rv != CKR_OK                      ? ckr_name(rv)
              : !probe_is_value(b, key, &value) ? "gives another key"
                                                : NULL;
    }
    probe_unmake(b, key);
    bytes_free(&wrapped_key);
    bytes_free(&value);
    return why;
}

const char *p11_try_derived(struct probe *b, enum hsm_alg inner, uint32_t use, CK_OBJECT_HANDLE key,
                            const struct bytes *ours)
{
    const struct dialect *d = &b->p->dialect;
    const struct dialect_mechanism *m;
    const char *why = "the dialect has no mechanism to wrap under it";

    for (unsigned i = 0; why && i < d->mechanism_count[inner]; i++) {
        const struct p11_mech mech = p11_mech_of(inner, &d->mechanism[inner][i]);
        why = use == KEY_WRAP ? try_wrap(b, key, ours, mech) : try_unwrap(b, key, ours, mech);
    }
    for (unsigned i = 0; why && (m = standard_mechanism(inner, i)); i++) {
        const struct p11_mech mech = p11_mech_of(inner, m);
        const char *again =
            use == KEY_WRAP ? try_wrap(b, key, ours, mech) : try_unwrap(b, key, ours, mech);
        why = again ? why : NULL;
    }
    return why;
}

static const char *try_use(struct probe *b, struct agreed *a, uint32_t use)
{
    const char *why;
    CK_RV rv;

    a->on.use = use;
    rv = derive_key(b->p, &a->on, &a->key);
    if (rv != CKR_OK)
        return ckr_name(rv);
    why = p11_try_derived(b, wrap_alg(a->on.alg)->inner, use, a->key, &a->value);
    probe_unmake(b, a->key);
    return why;
}

static enum hsm_kdf kdf_of(const struct dialect_mechanism *m)
{
    return m->parameter == DIALECT_KDF_SHA256 ? HSM_KDF_SHA256 : HSM_KDF_NONE;
}

static void set_calls(struct p11 *p, enum hsm_alg alg, const struct dialect_mechanism *m,
                      struct hsm_capability *cap)
{
    p->mechanism[alg] = *m;
    if (cap->wrap)
        text_print(cap->wrap_call, sizeof cap->wrap_call, "C_DeriveKey %s + C_WrapKey", m->name);
    if (cap->unwrap)
        text_print(cap->unwrap_call, sizeof cap->unwrap_call, "C_DeriveKey %s + C_UnwrapKey",
                   m->name);
}

/* Tries one KDF in the directions that are wanted; both must work. */
static const char *try_kdf(struct probe *b, struct agreed *a, const struct hsm_pair *pair)
{
    static const uint8_t info[HSM_INFO_SIZE] = {1, 2, 3};
    struct bytes peer = {0};
    const char *why = NULL;

    a->on.peer = &peer;
    a->on.info = info;
    a->on.private_handle = pair->private_handle;
    if (!counterpart_agree(a->on.alg, a->on.kdf, &pair->spki, info, &peer, &a->value))
        why = "could not be tried";
    if (!why && b->wanted->role != HSM_TAKES)
        why = try_use(b, a, KEY_WRAP);
    if (!why && !probe_gives(b))
        why = try_use(b, a, KEY_UNWRAP);
    bytes_free(&peer);
    bytes_free(&a->value);
    return why;
}

static void try_agreement(struct probe *b, enum hsm_alg alg, const struct hsm_pair *pair)
{
    const struct dialect *d = &b->p->dialect;
    struct hsm_capability *cap = &b->caps->alg[alg];
    char failed[sizeof cap->reason] = "";
    size_t len = 0;

    for (unsigned i = 0; i < d->mechanism_count[alg]; i++) {
        const struct dialect_mechanism *m = &d->mechanism[alg][i];
        struct agreed a = {.on = {.alg = alg, .kdf = kdf_of(m), .label = probe_label}};
        const char *why = try_kdf(b, &a, pair);
        if (why) {
            len += text_print(failed + len, sizeof failed - len, "%s%s with KDF %s: %s",
                              len ? "; " : "", m->name, hsm_kdf_name(a.on.kdf), why);
            continue;
        }
        cap->kdfs |= UINT32_C(1) << a.on.kdf;
        cap->wrap = b->wanted->role != HSM_TAKES;
        cap->unwrap = !probe_gives(b);
        cap->mechanism = m->number;
        set_calls(b->p, alg, m, cap);
    }
    if (cap->kdfs)
        text_print(cap->reason, sizeof cap->reason, "tried with test keys%s%s", len ? "; not " : "",
                   failed);
    else
        text_print(cap->reason, sizeof cap->reason, "%s, though the dialect %s names it", failed,
                   d->is.name);
}

void p11_try_agreements(struct probe *b)
{
    const struct dialect *d = &b->p->dialect;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        struct hsm_capability *cap = &b->caps->alg[alg];
        struct hsm_pair pair = {0};
        struct err err = {0};
        if (!wrap_is_agreed(alg) || wrap_alg(alg)->kem)
            continue;
        if (d->mechanism_count[alg] == 0) {
            text_print(cap->reason, sizeof cap->reason, "the dialect %s has no mechanism for it",
                       d->is.name);
            continue;
        }
        cap->mechanism = d->fallback ? 0 : d->mechanism[alg][0].number; /* known to have it */
        if (!(b->wanted->algs & UINT32_C(1) << alg))
            text_print(cap->reason, sizeof cap->reason,
                       "not tried: the policy does not allow it, or prefers another");
        else if (!p11_make_agreement_pair(&b->p->hsm, alg, probe_label, &pair, &err))
            text_print(cap->reason, sizeof cap->reason, "%s: %.60s", err.hsm_name, err.what);
        else
            try_agreement(b, alg, &pair);
        probe_unmake(b, (CK_OBJECT_HANDLE)pair.private_handle);
        probe_unmake(b, (CK_OBJECT_HANDLE)pair.public_handle);
        bytes_free(&pair.spki);
    }
}

/* --- without trial --- */

void p11_believe_agreements(struct p11 *p, struct hsm_capabilities *caps)
{
    const struct dialect *d = &p->dialect;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        struct hsm_capability *cap = &caps->alg[alg];
        CK_MECHANISM_INFO info = {0};
        bool listed = p->fn->C_GetMechanismInfo(p->slot, CKM_ECDH1_DERIVE, &info) == CKR_OK &&
                      (info.flags & CKF_DERIVE);
        if (!wrap_is_agreed(alg) || wrap_alg(alg)->kem) /* which only a trial shows */
            continue;
        for (unsigned i = 0; listed && i < d->mechanism_count[alg]; i++) {
            const struct dialect_mechanism *m = &d->mechanism[alg][i];
            cap->kdfs |= UINT32_C(1) << kdf_of(m);
            cap->mechanism = m->number;
            cap->wrap = cap->unwrap = true;
            set_calls(p, alg, m, cap);
        }
        text_print(cap->reason, sizeof cap->reason, "%s%s",
                   cap->kdfs ? "taken from the dialect, not tried: " : "not available by dialect ",
                   d->is.name);
    }
}
