/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both secrets are known to the counterpart, so a token that drops one of them when it makes a key
 * of two, or takes another part of one, derives a key under which nothing unwraps.
 */
#include "driver/pkcs11/pkcs11_kem_try.h"

#include <string.h>

#include "base/text.h"
#include "driver/dialect/counterpart_kem.h"
#include "driver/dialect/pkcs11_3_2.h"
#include "driver/pkcs11/pkcs11_agree.h"
#include "driver/pkcs11/pkcs11_evidence.h"
#include "driver/pkcs11/pkcs11_kem.h"
#include "hsm/hsm.h"
#include "hsm/key_agreement.h"
#include "hsm/layers.h"
#include "hsm/wrap_alg.h"

/* One agreement that is tried. */
struct trial {
    struct probe *b;
    struct hsm_agreement on;
    struct hsm_pair pair;
    struct counterpart_secrets secrets;
    struct err err;
};

static const uint8_t info[HSM_INFO_SIZE] = {1, 2, 3};

/* What the HSM refused, or why its answer is wrong. */
static const char *why_of(const struct err *err)
{
    return err->hsm_name[0] ? err->hsm_name : err->what;
}

static const char *derive(struct trial *t, uint32_t use, uint64_t *key)
{
    t->on.use = use;
    return p11_agree(&t->b->p->hsm, &t->on, key, &t->err) ? NULL : why_of(&t->err);
}

/* The outer layer, with a text as long as a wrapped key. */
static const char *try_outer(struct trial *t, uint32_t use, uint64_t key, const struct bytes *ours)
{
    uint8_t octets[40] = {4, 5, 6}, iv[HSM_LAYER_IV] = {7}, about[HSM_INFO_SIZE] = {8};
    const struct bytes text = {octets, sizeof octets}, context = {about, sizeof about};
    struct hsm *hsm = &t->b->p->hsm;
    struct bytes sealed = {0}, opened = {0};
    bool ok = use == KEY_ENCRYPT
                  ? p11_gcm_encrypt(hsm, key, iv, &context, &text, &sealed, &t->err) &&
                        layers_gcm(false, ours, iv, &context, &sealed, &opened)
                  : layers_gcm(true, ours, iv, &context, &text, &sealed) &&
                        p11_gcm_decrypt(hsm, key, iv, &context, &sealed, &opened, &t->err);

    ok = ok && bytes_equal(&opened, &text);
    bytes_free(&sealed);
    bytes_free(&opened);
    return ok ? NULL : t->err.what[0] ? why_of(&t->err) : "encrypts under another key";
}

/* Both layers, or the one. source: the HSM is. */
static const char *try_keys(struct trial *t, bool source)
{
    struct bytes ours = {0}, outer_ours = {0};
    uint64_t key = 0, outer = 0;
    const uint32_t use = source ? KEY_WRAP : KEY_UNWRAP,
                   outer_use = source ? KEY_ENCRYPT : KEY_DECRYPT;
    const char *why = counterpart_kem_keys(t->on.kdf, &t->secrets, info, &ours, &outer_ours)
                          ? derive(t, use, &key)
                          : "could not be tried";

    if (!why)
        why = p11_try_derived(t->b, wrap_alg(t->on.alg)->inner, use, (CK_OBJECT_HANDLE)key, &ours);
    if (!why && t->on.kdf == HSM_KDF_NESTED)
        why = derive(t, outer_use, &outer);
    if (!why && outer)
        why = try_outer(t, outer_use, outer, &outer_ours);
    if (key && key != t->pair.private_handle)
        probe_unmake(t->b, (CK_OBJECT_HANDLE)key);
    if (outer && outer != t->pair.kem_private)
        probe_unmake(t->b, (CK_OBJECT_HANDLE)outer);
    bytes_free(&ours);
    bytes_free(&outer_ours);
    return why;
}

static void end(struct trial *t)
{
    const uint64_t made[] = {t->pair.private_handle, t->pair.public_handle, t->pair.kem_private,
                             t->pair.kem_public};

    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        if (made[i])
            probe_unmake(t->b, (CK_OBJECT_HANDLE)made[i]);
    bytes_free(&t->pair.spki);
    counterpart_secrets_free(&t->secrets);
}

static const char *use_pair(struct trial *t, bool source, const struct bytes *peer)
{
    t->on.private_handle = t->pair.private_handle;
    t->on.kem_handle = t->pair.kem_private;
    t->on.peer = peer;
    t->on.info = info;
    return try_keys(t, source);
}

static const char *try_as_source(struct trial *t)
{
    struct bytes public = {0};
    struct counterpart_kem *other = counterpart_kem_new(t->on.alg, &public);
    const struct hsm_encapsulation with = {
        .alg = t->on.alg, .kdf = t->on.kdf, .peer = &public, .label = probe_label};
    const char *why = other ? NULL : "could not be tried";

    if (!why && !p11_encapsulate(&t->b->p->hsm, &with, &t->pair, &t->err))
        why = why_of(&t->err);
    if (!why && !counterpart_kem_take(other, &t->pair.spki, &t->secrets))
        why = "encapsulates no ciphertext of ML-KEM";
    if (!why)
        why = use_pair(t, true, &public);
    end(t);
    counterpart_kem_free(other);
    bytes_free(&public);
    return why;
}

static const char *try_as_destination(struct trial *t)
{
    struct bytes answer = {0};
    const char *why = NULL;

    if (!p11_make_agreement_pair(&t->b->p->hsm, t->on.alg, probe_label, &t->pair, &t->err))
        why = why_of(&t->err);
    if (!why && !counterpart_kem_answer(t->on.alg, &t->pair.spki, &answer, &t->secrets))
        why = "reports no public key of ML-KEM";
    if (!why)
        why = use_pair(t, false, &answer);
    end(t);
    bytes_free(&answer);
    return why;
}

/* Tries one KDF. why is copied: it may be part of a trial. */
static bool try_kdf(struct probe *b, enum hsm_alg alg, enum hsm_kdf kdf, const char *separator,
                    char *why, size_t size)
{
    struct trial as_source = {.b = b, .on = {.alg = alg, .kdf = kdf, .label = probe_label}};
    struct trial as_destination = as_source;
    const char *failed = b->wanted->role != HSM_TAKES ? try_as_source(&as_source) : NULL;

    if (!failed && !probe_gives(b))
        failed = try_as_destination(&as_destination);
    if (failed)
        text_print(why, size, "%s%s: %.48s", separator, hsm_kdf_name(kdf), failed);
    return !failed;
}

/* Why it is not worth a trial; NULL: it is. */
static const char *why_not(const struct probe *b, enum hsm_alg alg)
{
    CK_MECHANISM_INFO info_of = {0};
    const struct p11 *p = b->p;

    if (!p->module.kem)
        return "the module has no functions of PKCS#11 3.2";
    if (!p11_has_kem(p))
        return "the token does not list CKM_ML_KEM";
    if (p->dialect.complete)
        return "the dialect allows no mechanism that it does not name";
    return wrap_alg(alg)->curve &&
                   p->fn->C_GetMechanismInfo(p->slot, CKM_ECDH1_DERIVE, &info_of) != CKR_OK
               ? "the token does not list CKM_ECDH1_DERIVE"
               : NULL;
}

static void try_alg(struct probe *b, enum hsm_alg alg)
{
    struct hsm_capability *cap = &b->caps->alg[alg];
    const char *not = why_not(b, alg);
    char failed[sizeof cap->reason] = "";

    if (not ) {
        text_print(cap->reason, sizeof cap->reason, "%s", not );
        return;
    }
    cap->mechanism = CKM_ML_KEM; /* known to have it */
    if (!(b->wanted->algs & UINT32_C(1) << alg)) {
        text_print(cap->reason, sizeof cap->reason,
                   "not tried: the policy does not allow it, or prefers another");
        return;
    }
    for (enum hsm_kdf kdf = 0; kdf < HSM_KDFS; kdf++) {
        const size_t len = strlen(failed);
        if ((hsm_kdfs_of(alg) & UINT32_C(1) << kdf) &&
            try_kdf(b, alg, kdf, len ? "; " : "", failed + len, sizeof failed - len))
            cap->kdfs |= UINT32_C(1) << kdf;
    }
    if (cap->kdfs && b->wanted->role != HSM_TAKES) {
        cap->wrap = true;
        text_print(cap->wrap_call, sizeof cap->wrap_call,
                   "C_EncapsulateKey CKM_ML_KEM + C_WrapKey");
    }
    if (cap->kdfs && !probe_gives(b)) {
        cap->unwrap = true;
        text_print(cap->unwrap_call, sizeof cap->unwrap_call,
                   "C_DecapsulateKey CKM_ML_KEM + C_UnwrapKey");
    }
    text_print(cap->reason, sizeof cap->reason, "%s%.120s%s",
               cap->kdfs ? "tried with test keys" : "", cap->kdfs ? "" : failed,
               cap->kdfs ? "" : ", though the token lists it");
}

void p11_try_kems(struct probe *b)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_is_post_quantum(alg))
            try_alg(b, alg);
}
