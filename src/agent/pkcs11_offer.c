/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pkcs11_offer.h"

#include <string.h>

#include <openssl/rand.h>

#include "agent/ckname.h"
#include "agent/ckr.h"
#include "agent/counterpart.h"
#include "agent/pkcs11_attr.h"
#include "agent/pkcs11_key.h"
#include "agent/pkcs11_mech.h"
#include "agent/pkcs11_probe.h"
#include "agent/pkcs11_prove.h"
#include "base/text.h"

/* PKCS#11 3.0. */
#ifndef CKM_AES_KEY_WRAP_KWP
#define CKM_AES_KEY_WRAP_KWP 0x210bUL
#endif

/* What is tried, in this order; the first number that speaks an algorithm is taken. The same
 * number means different things on different tokens: 0x210A is RFC 5649 on SoftHSM, and RFC 3394
 * with PKCS#7 padding on NSS. So what counts is how long the ciphertext of 16 octets is, and that
 * it differs from that of RFC 3394, which for 16 octets is just as long. */
static const struct candidate {
    struct p11_mech mech;
    size_t length;
} candidates[] = {
    {{HSM_AES_KW, CKM_AES_KEY_WRAP}, 24},
    {{HSM_AES_KWP, CKM_AES_KEY_WRAP_KWP}, 24},
    {{HSM_AES_KWP, CKM_AES_KEY_WRAP_PAD}, 24},
    {{HSM_AES_CBC_PAD, CKM_AES_CBC_PAD}, 48},
};

/* --- what was found, in words --- */

/* Why a direction does not work; NULL: it does. */
struct verdict {
    const char *wrap, *unwrap;
};

static void set_offer(struct hsm_offer *offer, struct p11_mech mech, struct verdict v)
{
    const char *name = ckm_name(mech.number);
    const char *hash = mech.alg == HSM_RSA_OAEP_SHA256 ? " SHA-256"
                       : mech.alg == HSM_RSA_OAEP_SHA1 ? " SHA-1"
                                                       : "";

    *offer = (struct hsm_offer){.wrap = !v.wrap, .unwrap = !v.unwrap};
    if (offer->wrap || offer->unwrap)
        offer->mechanism = mech.number;
    if (offer->wrap)
        text_print(offer->wrap_words, sizeof offer->wrap_words, "C_WrapKey %s%s", name, hash);
    if (offer->unwrap)
        text_print(offer->unwrap_words, sizeof offer->unwrap_words, "C_UnwrapKey %s%s", name, hash);
    if (!v.wrap && !v.unwrap)
        text_print(offer->reason, sizeof offer->reason, "tried with throw-away keys");
    else if (v.wrap && v.unwrap && strcmp(v.wrap, v.unwrap) == 0)
        text_print(offer->reason, sizeof offer->reason, "%s%s: %s", name, hash, v.wrap);
    else
        text_print(offer->reason, sizeof offer->reason, "%s%s: wrap %s; unwrap %s", name, hash,
                   v.wrap ? v.wrap : "works", v.unwrap ? v.unwrap : "works");
}

/* --- proofs --- */

static void try_proof(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE key)
{
    if (probe_answers(b, proof, key))
        b->offers->proofs |= UINT32_C(1) << proof;
}

static void try_proofs(struct probe *b)
{
    static const enum hsm_proof listed[] = {HSM_PROOF_RSA_SIGN, HSM_PROOF_ECDSA,
                                            HSM_PROOF_RSA_DECRYPT, HSM_PROOF_RSA_UNWRAP,
                                            HSM_PROOF_ECDH};
    CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE;

    try_proof(b, HSM_PROOF_AES_ECB, b->subject);
    try_proof(b, HSM_PROOF_AES_DECRYPT, b->subject);
    try_proof(b, HSM_PROOF_DIGEST, b->subject);
    if (probe_make(b, KEY_KIND_GENERIC, 32, KEY_SIGN, &secret) == CKR_OK)
        try_proof(b, HSM_PROOF_HMAC, secret);
    probe_unmake(b, secret);
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
        if (p11_lists_proof(b->p, listed[i]))
            b->offers->proofs |= UINT32_C(1) << listed[i];
}

/* --- transports --- */

static const char *try_transport_wrap(struct probe *b, struct p11_mech mech,
                                      const struct counterpart *other, CK_OBJECT_HANDLE public)
{
    struct bytes blob = {0}, plain = {0};
    CK_RV rv = p11_mech_wrap(b->p, mech, public, b->subject, &blob);
    const char *why = NULL;

    if (rv != CKR_OK)
        why = ckr_name(rv);
    else if (!counterpart_decrypt(other, mech.alg, &blob, &plain) || plain.len != 16 ||
             !probe_is_value(b, b->subject, &plain))
        why = "gives something else";
    bytes_free(&blob);
    bytes_free(&plain);
    return why;
}

static const char *try_transport_unwrap(struct probe *b, struct p11_mech mech,
                                        const struct hsm_pair *pair)
{
    struct hsm_template template = probe_template(KEY_KIND_AES, 32, KEY_ENCRYPT);
    struct bytes blob = {0}, value = {0};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const char *why = "could not be tried";

    if (bytes_make(&value, template.length, NULL) && RAND_bytes(value.data, (int)value.len) == 1 &&
        counterpart_encrypt(mech.alg, &pair->spki, &value, &blob)) {
        CK_RV rv = p11_mech_unwrap(b->p, mech, pair->private_handle, &blob, &template, false, &key);
        why = rv != CKR_OK                      ? ckr_name(rv)
              : !probe_is_value(b, key, &value) ? "gives another key"
                                                : NULL;
    }
    probe_unmake(b, key);
    bytes_free(&blob);
    bytes_free(&value);
    return why;
}

static void try_transports(struct probe *b)
{
    static const enum hsm_alg algs[] = {HSM_RSA_OAEP_SHA256, HSM_RSA_OAEP_SHA1};
    struct hsm *hsm = &b->p->hsm;
    struct counterpart *other = NULL;
    struct bytes spki = {0};
    struct hsm_pair pair = {0};
    uint64_t public = CK_INVALID_HANDLE;
    struct err no_public = {0}, no_pair = {0};
    bool wraps = counterpart_new(&other, &spki, &no_public) &&
                 p11_load_public(hsm, &spki, probe_label, &public, &no_public);
    bool unwraps = p11_make_pair(hsm, 2048, probe_label, &pair, &no_pair);

    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        struct p11_mech mech = {algs[i], CKM_RSA_PKCS_OAEP};
        struct verdict v = {"no public key can be loaded", "no pair can be made"};
        if (wraps)
            v.wrap = try_transport_wrap(b, mech, other, public);
        if (unwraps)
            v.unwrap = try_transport_unwrap(b, mech, &pair);
        set_offer(&b->offers->alg[algs[i]], mech, v);
    }
    probe_unmake(b, public);
    probe_unmake(b, pair.private_handle);
    probe_unmake(b, pair.public_handle);
    bytes_free(&pair.spki);
    bytes_free(&spki);
    counterpart_free(other);
}

/* --- envelopes --- */

/* Is blob, of the 16 octets of the subject, what this algorithm gives? */
static const char *check_envelope(struct probe *b, const struct candidate *c,
                                  const struct bytes *blob)
{
    if (c->mech.alg == HSM_AES_KWP && blob->len == 32)
        return "is RFC 3394 with PKCS#7 padding, not RFC 5649";
    if (c->mech.alg == HSM_AES_KWP && bytes_equal(blob, &b->plain_wrap))
        return "is RFC 3394, not RFC 5649";
    if (blob->len != c->length)
        return "gives something else";
    return NULL;
}

static void try_envelope(struct probe *b, const struct candidate *c, struct hsm_offer *offer)
{
    struct hsm_template template = probe_template(KEY_KIND_AES, 16, KEY_ENCRYPT);
    struct bytes blob = {0};
    CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
    struct verdict v;
    CK_RV rv = p11_mech_wrap(b->p, c->mech, b->envelope, b->subject, &blob);

    v.wrap = rv != CKR_OK ? ckr_name(rv) : check_envelope(b, c, &blob);
    v.unwrap = v.wrap;
    if (!v.wrap) {
        rv = p11_mech_unwrap(b->p, c->mech, b->envelope, &blob, &template, false, &back);
        if (rv != CKR_OK)
            v.unwrap = ckr_name(rv);
        else if (!probe_same_key(b, b->subject, back))
            v.wrap = v.unwrap = "gives back another key";
    }
    if (!v.wrap && c->mech.alg == HSM_AES_KW)
        bytes_set(&b->plain_wrap, blob.data, blob.len, NULL);
    set_offer(offer, c->mech, v);
    probe_unmake(b, back);
    bytes_free(&blob);
}

static void try_envelopes(struct probe *b)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        struct hsm_offer *offer = &b->offers->alg[candidates[i].mech.alg];
        if (!offer->wrap)
            try_envelope(b, &candidates[i], offer);
    }
}

/* --- lengths --- */

/* Sends a secret of this many octets through the envelope and back, with a template that asks for
 * length octets (0: does not say). */
static bool send_secret(struct probe *b, struct p11_mech mech, CK_OBJECT_HANDLE secret,
                        uint32_t length, CK_OBJECT_HANDLE *back)
{
    struct hsm_template template = probe_template(KEY_KIND_GENERIC, length, KEY_SIGN);
    struct bytes blob = {0};
    bool ok =
        p11_mech_wrap(b->p, mech, b->envelope, secret, &blob) == CKR_OK &&
        p11_mech_unwrap(b->p, mech, b->envelope, &blob, &template, length > 0, back) == CKR_OK;

    bytes_free(&blob);
    return ok;
}

/* Some tokens fill a secret up with zeros to a multiple of eight before they wrap it. A digest over
 * the value shows it; an HMAC would not. */
static enum hsm_truth try_exact(struct probe *b, struct p11_mech mech)
{
    CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE, back = CK_INVALID_HANDLE;
    enum hsm_truth truth = HSM_UNKNOWN;

    if (probe_can(b, HSM_PROOF_DIGEST) &&
        probe_make(b, KEY_KIND_GENERIC, 13, KEY_SIGN, &secret) == CKR_OK &&
        send_secret(b, mech, secret, 0, &back))
        truth = probe_same_answer(b, HSM_PROOF_DIGEST, secret, back) ? HSM_YES : HSM_NO;
    probe_unmake(b, secret);
    probe_unmake(b, back);
    return truth;
}

/* Asks for the first 16 of 32 octets: wrapped again, what came takes as much less. */
static enum hsm_truth try_length(struct probe *b, struct p11_mech mech)
{
    CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE, back = CK_INVALID_HANDLE;
    struct bytes whole = {0}, part = {0};
    enum hsm_truth truth = HSM_UNKNOWN;

    if (probe_make(b, KEY_KIND_GENERIC, 32, KEY_SIGN, &secret) == CKR_OK &&
        p11_mech_wrap(b->p, mech, b->envelope, secret, &whole) == CKR_OK) {
        bool taken = send_secret(b, mech, secret, 16, &back) &&
                     p11_mech_wrap(b->p, mech, b->envelope, back, &part) == CKR_OK;
        truth = taken && part.len + 16 == whole.len ? HSM_YES : HSM_NO;
    }
    probe_unmake(b, secret);
    probe_unmake(b, back);
    bytes_free(&whole);
    bytes_free(&part);
    return truth;
}

static void try_lengths(struct probe *b)
{
    static const enum hsm_alg order[] = {HSM_AES_KWP, HSM_AES_CBC_PAD, HSM_AES_KW};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct hsm_offer *offer = &b->offers->alg[order[i]];
        struct p11_mech mech = {order[i], (CK_MECHANISM_TYPE)offer->mechanism};
        if (!offer->wrap || !offer->unwrap)
            continue;
        if (order[i] == HSM_AES_KWP)
            b->offers->exact_length = try_exact(b, mech);
        b->offers->takes_length = try_length(b, mech);
        return;
    }
}

/* --- copying --- */

static void try_copy(struct probe *b)
{
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    struct p11_attrs t = {0};

    p11_attrs_add(&t, CKA_LABEL, probe_label, strlen(probe_label));
    b->offers->can_copy =
        b->p->fn->C_CopyObject(b->p->session, b->subject, t.attr, t.count, &copy) == CKR_OK;
    probe_unmake(b, copy);
}

/* --- all of it --- */

static const char act_words[HSM_ACTS][HSM_WORDS_MAX] = {
    [HSM_MAKE_PAIR] = "C_GenerateKeyPair CKM_RSA_PKCS_KEY_PAIR_GEN",
    [HSM_LOAD_PUBLIC] = "C_CreateObject CKO_PUBLIC_KEY",
    [HSM_MAKE_AES] = "C_GenerateKey CKM_AES_KEY_GEN",
    [HSM_COMMIT] = "C_CopyObject CKA_TOKEN",
};

static bool probe(struct p11 *p, struct hsm_offers *offers, struct err *err)
{
    struct probe b = {.p = p, .offers = offers};
    bool ok = false;
    CK_RV rv;

    *offers = (struct hsm_offers){0};
    memcpy(offers->act_words, act_words, sizeof act_words);
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        text_print(offers->proof_words[proof], HSM_WORDS_MAX, "%s", p11_proof_words(proof));
    if (!bytes_make(&b.challenge, 32, err))
        return false;
    rv = probe_make(&b, KEY_KIND_AES, 16, KEY_ENCRYPT | KEY_DECRYPT, &b.subject);
    if (rv == CKR_OK)
        rv = probe_make(&b, KEY_KIND_AES, 32, KEY_WRAP | KEY_UNWRAP, &b.envelope);
    if (rv != CKR_OK) {
        ckr_set(err, rv, "no throw-away AES key can be made to try the HSM with");
        goto out;
    }
    if (RAND_bytes(b.challenge.data, (int)b.challenge.len) != 1) {
        err_set(err, ERR_FAILED, "OpenSSL gave no random numbers");
        goto out;
    }
    try_proofs(&b);
    try_transports(&b);
    try_envelopes(&b);
    try_lengths(&b);
    try_copy(&b);
    ok = true;
out:
    probe_unmake(&b, b.subject);
    probe_unmake(&b, b.envelope);
    bytes_free(&b.plain_wrap);
    bytes_free(&b.challenge);
    return ok;
}

static bool probe_once(struct p11 *p, struct err *err)
{
    if (!p->probed)
        p->probed = probe(p, &p->offers, err);
    return p->probed;
}

bool p11_offers(struct hsm *hsm, struct hsm_offers *offers, struct err *err)
{
    struct p11 *p = p11_of(hsm);

    if (!probe_once(p, err))
        return false;
    *offers = p->offers;
    return true;
}

bool p11_offer(struct p11 *p, enum hsm_alg alg, const struct hsm_offer **offer, struct err *err)
{
    if ((unsigned)alg >= HSM_ALGS)
        return err_set(err, ERR_UNSUPPORTED, "no such algorithm");
    if (!probe_once(p, err))
        return false;
    *offer = &p->offers.alg[alg];
    return true;
}
