/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_try.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "hsm/counterpart.h"
#include "driver/dialect/standard.h"
#include "driver/pkcs11/pkcs11_agree.h"
#include "driver/pkcs11/pkcs11_evidence.h"
#include "driver/pkcs11/pkcs11_key.h"
#include "driver/pkcs11/pkcs11_mech.h"
#include "driver/pkcs11/pkcs11_prove.h"
#include "hsm/wrap_alg.h"

/* Why a direction does not work; NULL: it works. */
struct verdict {
    const char *wrap, *unwrap;
};

/* No key arrives at a source. */
static const char not_tried[] = "was not tried";

/* The state while mechanism after mechanism is tried. */
struct trial {
    struct probe *b;
    struct counterpart *other;
    bool wraps, unwraps;
    uint64_t public; /* the counterpart's public key, loaded */
    struct hsm_pair pair;
    uint64_t unlisted; /* the last number that the token does not list; 0: none */
    char words[64];    /* room for a composed verdict */
};

typedef struct verdict try_mechanism(struct trial *t, struct p11_mech mech);

/* --- results as text --- */

/* "CKM_RSA_PKCS_OAEP SHA-256" */
static void set_words(char *out, size_t size, const char *call, enum hsm_alg alg,
                      const struct dialect_mechanism *m)
{
    const char *hash = wrap_alg(alg)->hash;

    text_print(out, size, "%s%s%s%s", call, m->name, hash ? " " : "", hash ? hash : "");
}

static void set_capability(struct p11 *p, struct hsm_capabilities *caps, enum hsm_alg alg,
                           const struct dialect_mechanism *m, struct verdict v)
{
    struct hsm_capability *cap = &caps->alg[alg];

    *cap = (struct hsm_capability){.wrap = !v.wrap, .unwrap = !v.unwrap, .mechanism = m->number};
    p->mechanism[alg] = *m;
    if (cap->wrap)
        set_words(cap->wrap_call, sizeof cap->wrap_call, "C_WrapKey ", alg, m);
    if (cap->unwrap)
        set_words(cap->unwrap_call, sizeof cap->unwrap_call, "C_UnwrapKey ", alg, m);
}

/* Appends why one mechanism does not work, or not in both directions. */
static void add_failed(char *failed, size_t size, enum hsm_alg alg,
                       const struct dialect_mechanism *m, struct verdict v)
{
    char words[sizeof m->name + 16];
    size_t len = strlen(failed);

    set_words(words, sizeof words, "", alg, m);
    text_print(failed + len, size - len, "%s%s: ", len ? "; " : "", words);
    len = strlen(failed);
    if (v.wrap && (v.unwrap == not_tried || (v.unwrap && strcmp(v.wrap, v.unwrap) == 0)))
        text_print(failed + len, size - len, "%s", v.wrap);
    else
        text_print(failed + len, size - len, "wrap %s; unwrap %s", v.wrap ? v.wrap : "works",
                   v.unwrap ? v.unwrap : "works");
}

/* Tries one mechanism. Returns whether it does all that is asked of this HSM, and then explains how
 * it was found; otherwise adds the reason to failed, if there is room for it. */
static bool try_one(struct trial *t, enum hsm_alg alg, const struct dialect_mechanism *m,
                    try_mechanism *try, const char *how, char *failed, size_t size)
{
    struct hsm_capability *cap = &t->b->caps->alg[alg];
    struct verdict v = try(t, p11_mech_of(alg, m));
    bool whole = !v.wrap && (!v.unwrap || v.unwrap == not_tried);

    if (whole || ((!v.wrap || !v.unwrap) && !cap->wrap && !cap->unwrap))
        set_capability(t->b->p, t->b->caps, alg, m, v);
    if (whole)
        text_print(cap->reason, sizeof cap->reason, "%s%s%s%s",
                   v.unwrap == not_tried ? "wrapping " : "", how, failed[0] ? "; not " : "",
                   failed);
    else if (size > 0)
        add_failed(failed, size, alg, m, v);
    return whole;
}

static bool is_named(const struct dialect *d, enum hsm_alg alg, uint64_t number)
{
    for (unsigned i = 0; i < d->mechanism_count[alg]; i++)
        if (d->mechanism[alg][i].number == number)
            return true;
    return false;
}

/* Does the token's own list have it for what is asked of this HSM? */
static bool is_listed(struct trial *t, uint64_t number)
{
    const CK_FLAGS wanted = probe_gives(t->b) ? CKF_WRAP : CKF_WRAP | CKF_UNWRAP;
    CK_MECHANISM_INFO info = {0};

    if (t->unlisted == number)
        return false;
    if (t->b->p->fn->C_GetMechanismInfo(t->b->p->slot, (CK_MECHANISM_TYPE)number, &info) ==
            CKR_OK &&
        (info.flags & wanted))
        return true;
    t->unlisted = number;
    return false;
}

/* Tries the standard's mechanisms that the token lists and the dialect does not name: the dialect
 * may be older than the token. What fails contradicts nobody. */
static bool try_standard(struct trial *t, enum hsm_alg alg, try_mechanism *try, char *failed)
{
    const struct dialect *d = &t->b->p->dialect;
    const struct dialect_mechanism *m;
    char how[sizeof d->is.name + 64];

    text_print(how, sizeof how, "found by trying: the dialect %s does not name it", d->is.name);
    for (unsigned i = 0; !d->complete && (m = standard_mechanism(alg, i)); i++)
        if (!is_named(d, alg, m->number) && is_listed(t, m->number) &&
            try_one(t, alg, m, try, how, failed, 0))
            return true;
    return false;
}

/* Tries the dialect's mechanisms until one works in both directions, those of a source until one
 * wraps; then those of the standard. Each contradiction to the dialect is added to the reason. */
static void try_all(struct trial *t, enum hsm_alg alg, try_mechanism *try)
{
    const struct dialect *d = &t->b->p->dialect;
    struct hsm_capability *cap = &t->b->caps->alg[alg];
    char failed[sizeof cap->reason] = "";

    if (!(t->b->wanted->algs & UINT32_C(1) << alg)) {
        text_print(cap->reason, sizeof cap->reason,
                   "not tried: the policy does not allow it, or prefers another");
        return;
    }
    for (unsigned i = 0; i < d->mechanism_count[alg]; i++)
        if (try_one(t, alg, &d->mechanism[alg][i], try, "tried with test keys", failed,
                    sizeof failed))
            return;
    if (try_standard(t, alg, try, failed))
        return;
    if (failed[0])
        text_print(cap->reason, sizeof cap->reason, "%s, though the dialect %s names %s", failed,
                   d->is.name, d->mechanism_count[alg] > 1 ? "them" : "it");
    else
        text_print(cap->reason, sizeof cap->reason, "the dialect %s has no mechanism for it",
                   d->is.name);
}

/* --- transports --- */

static const char *try_transport_wrap(struct probe *b, struct p11_mech mech,
                                      const struct counterpart *other, CK_OBJECT_HANDLE public)
{
    struct bytes wrapped_key = {0}, plain = {0};
    CK_RV rv = p11_mech_wrap(b->p, mech, public, b->subject, &wrapped_key);
    const char *why = NULL;

    if (rv != CKR_OK)
        why = ckr_name(rv);
    else if (!counterpart_decrypt(other, mech.alg, &wrapped_key, &plain) || plain.len != 16 ||
             !probe_is_value(b, b->subject, &plain))
        why = "gives another result";
    bytes_free(&wrapped_key);
    bytes_free(&plain);
    return why;
}

static const char *try_transport_unwrap(struct probe *b, struct p11_mech mech,
                                        const struct hsm_pair *pair)
{
    struct hsm_template template = probe_template(KEY_KIND_AES, 32, KEY_ENCRYPT);
    struct bytes wrapped_key = {0}, value = {0};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const char *why = "could not be tried";

    if (bytes_make(&value, template.length, NULL) && RAND_bytes(value.data, (int)value.len) == 1 &&
        counterpart_encrypt(mech.alg, &pair->spki, &value, &wrapped_key)) {
        CK_RV rv =
            p11_mech_unwrap(b->p, mech, pair->private_handle, &wrapped_key, &template, false, &key);
        why = rv != CKR_OK                      ? ckr_name(rv)
              : !probe_is_value(b, key, &value) ? "gives another key"
                                                : NULL;
    }
    probe_unmake(b, key);
    bytes_free(&wrapped_key);
    bytes_free(&value);
    return why;
}

static struct verdict try_transport(struct trial *t, struct p11_mech mech)
{
    struct verdict v = {"no public key can be loaded",
                        probe_gives(t->b) ? not_tried : "no pair can be made"};

    if (t->wraps)
        v.wrap = try_transport_wrap(t->b, mech, t->other, (CK_OBJECT_HANDLE)t->public);
    if (t->unwraps)
        v.unwrap = try_transport_unwrap(t->b, mech, &t->pair);
    return v;
}

/* Determines the value of the envelope test key, so that its ciphertexts can be decrypted here. */
static void learn_envelope(struct trial *t, enum hsm_alg alg)
{
    struct probe *b = t->b;
    struct bytes wrapped_key = {0};

    if (b->envelope_value.len == 0 && b->caps->alg[alg].wrap &&
        p11_mech_wrap(b->p, p11_mech_of(alg, &b->p->mechanism[alg]), (CK_OBJECT_HANDLE)t->public,
                      b->envelope, &wrapped_key) == CKR_OK &&
        !counterpart_decrypt(t->other, alg, &wrapped_key, &b->envelope_value))
        bytes_free(&b->envelope_value);
    bytes_free(&wrapped_key);
}

void try_transports(struct probe *b)
{
    struct trial t = {.b = b};
    struct bytes spki = {0};
    struct err ignored = {0};
    bool wanted = false;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        wanted |= wrap_is_by_rsa(alg) && (b->wanted->algs & UINT32_C(1) << alg);
    t.wraps = wanted && counterpart_new(&t.other, &spki, &ignored) &&
              p11_load_public(&b->p->hsm, &spki, probe_label, &t.public, &ignored);
    t.unwraps = wanted && !probe_gives(b) &&
                p11_make_pair(&b->p->hsm, 2048, probe_label, &t.pair, &ignored);
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        if (!wrap_is_by_rsa(alg))
            continue;
        try_all(&t, alg, try_transport);
        learn_envelope(&t, alg);
    }
    probe_unmake(b, (CK_OBJECT_HANDLE)t.public);
    probe_unmake(b, (CK_OBJECT_HANDLE)t.pair.private_handle);
    probe_unmake(b, (CK_OBJECT_HANDLE)t.pair.public_handle);
    bytes_free(&t.pair.spki);
    bytes_free(&spki);
    counterpart_free(t.other);
}

/* --- envelopes --- */

enum { SUBJECT_LEN = 16 };

/* Does wrapped_key decrypt to the subject by this algorithm? *extra: octets that follow it. */
static bool opens(struct probe *b, enum hsm_alg alg, const struct bytes *wrapped_key, size_t *extra)
{
    struct bytes plain = {0};
    bool ok =
        counterpart_open(alg, &b->envelope_value, wrapped_key, &plain) && plain.len >= SUBJECT_LEN;

    if (ok) {
        *extra = plain.len - SUBJECT_LEN;
        plain.len = SUBJECT_LEN;
        ok = probe_is_value(b, b->subject, &plain);
    }
    bytes_free(&plain);
    return ok;
}

/* Names what wrapped_key, the wrapped subject, is instead of alg. */
static const char *name_other(struct trial *t, enum hsm_alg alg, const struct bytes *wrapped_key)
{
    size_t extra;

    for (enum hsm_alg other = 0; other < HSM_ALGS; other++)
        if (opens(t->b, other, wrapped_key, &extra) && (other != alg || extra > 0)) {
            text_print(t->words, sizeof t->words, "is %s%s, not %s", wrap_alg(other)->standard,
                       extra ? " with PKCS#7 padding" : "", wrap_alg(alg)->standard);
            return t->words;
        }
    return "gives another result";
}

/* If the envelope's value is not known: judges by the length and by comparison with RFC 3394, whose
 * ciphertext of 16 octets is as long as that of RFC 5649. */
static const char *judge_length(const struct trial *t, enum hsm_alg alg,
                                const struct bytes *wrapped_key)
{
    const struct hsm_capability *kw = &t->b->caps->alg[HSM_AES_KW];

    if (alg == HSM_AES_KWP && wrapped_key->len == 32)
        return "is RFC 3394 with PKCS#7 padding, not RFC 5649";
    if (alg == HSM_AES_KWP && kw->wrap && bytes_equal(wrapped_key, &t->b->plain_wrap))
        return "is RFC 3394, not RFC 5649";
    return wrapped_key->len == wrap_ciphertext_len(alg, SUBJECT_LEN, 0) ? NULL
                                                                        : "gives another result";
}

/* Is wrapped_key, the wrapped subject, a result of this algorithm? */
static const char *judge(struct trial *t, enum hsm_alg alg, const struct bytes *wrapped_key)
{
    size_t extra;

    if (t->b->envelope_value.len == 0)
        return judge_length(t, alg, wrapped_key);
    if (opens(t->b, alg, wrapped_key, &extra) && extra == 0)
        return NULL;
    return name_other(t, alg, wrapped_key);
}

static struct verdict try_envelope(struct trial *t, struct p11_mech mech)
{
    struct probe *b = t->b;
    struct hsm_template template = probe_template(KEY_KIND_AES, SUBJECT_LEN, KEY_ENCRYPT);
    struct bytes wrapped_key = {0};
    CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
    struct verdict v;
    CK_RV rv = p11_mech_wrap(b->p, mech, b->envelope, b->subject, &wrapped_key);

    v.wrap = rv != CKR_OK ? ckr_name(rv) : judge(t, mech.alg, &wrapped_key);
    v.unwrap = probe_gives(b) && b->envelope_value.len > 0 ? not_tried : v.wrap;
    if (!v.unwrap) {
        rv = p11_mech_unwrap(b->p, mech, b->envelope, &wrapped_key, &template, false, &back);
        if (rv != CKR_OK)
            v.unwrap = ckr_name(rv);
        else if (!probe_same_key(b, b->subject, back))
            v.wrap = v.unwrap = "gives back another key";
    }
    if (!v.wrap && mech.alg == HSM_AES_KW)
        bytes_set(&b->plain_wrap, wrapped_key.data, wrapped_key.len, NULL);
    probe_unmake(b, back);
    bytes_free(&wrapped_key);
    return v;
}

void try_envelopes(struct probe *b)
{
    struct trial t = {.b = b};

    /* The weaker first: the result of RFC 3394 serves to distinguish it from RFC 5649. */
    for (unsigned alg = HSM_ALGS; alg-- > 0;)
        if (wrap_alg(alg)->family == WRAP_AES)
            try_all(&t, alg, try_envelope);
}

/* --- without trial --- */

/* Reading the token's mechanism list is always cheap. */
static struct verdict look_up(struct p11 *p, const struct dialect_mechanism *m)
{
    CK_MECHANISM_INFO info = {0};
    struct verdict v = {NULL, NULL};

    if (p->fn->C_GetMechanismInfo(p->slot, (CK_MECHANISM_TYPE)m->number, &info) != CKR_OK)
        info.flags = 0;
    if (!(info.flags & CKF_WRAP))
        v.wrap = "the token does not list it";
    if (!(info.flags & CKF_UNWRAP))
        v.unwrap = "the token does not list it";
    return v;
}

static void believe(struct p11 *p, struct hsm_capabilities *caps, enum hsm_alg alg)
{
    const struct dialect *d = &p->dialect;
    struct hsm_capability *cap = &caps->alg[alg];
    char failed[sizeof cap->reason] = "";

    for (unsigned i = 0; i < d->mechanism_count[alg]; i++) {
        const struct dialect_mechanism *m = &d->mechanism[alg][i];
        struct verdict v = look_up(p, m);
        if (!v.wrap || !v.unwrap) {
            set_capability(p, caps, alg, m, v);
            text_print(cap->reason, sizeof cap->reason, "taken from the dialect %s, not tried",
                       d->is.name);
            return;
        }
        add_failed(failed, sizeof failed, alg, m, v);
    }
    text_print(cap->reason, sizeof cap->reason, "%s%sthe dialect %s has no %s", failed,
               failed[0] ? "; " : "", d->is.name, failed[0] ? "other" : "mechanism for it");
}

void try_nothing(struct p11 *p, struct hsm_capabilities *caps)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (!wrap_is_agreed(alg))
            believe(p, caps, alg);
    p11_believe_agreements(p, caps);
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (p11_lists_proof(p, proof))
            caps->proofs |= UINT32_C(1) << proof;
    p11_believe_evidence(p, caps);
    caps->exact_length = p->dialect.exact_length;
    caps->takes_length = p->dialect.takes_length;
    caps->can_copy = p->dialect.can_copy;
}
