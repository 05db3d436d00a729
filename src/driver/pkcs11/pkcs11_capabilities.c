/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_capabilities.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "hsm/counterpart.h"
#include "driver/pkcs11/pkcs11_agree.h"
#include "driver/pkcs11/pkcs11_kem_try.h"
#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_evidence.h"
#include "driver/pkcs11/pkcs11_mech.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_probe.h"
#include "driver/pkcs11/pkcs11_prove.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "driver/pkcs11/pkcs11_template.h"
#include "driver/pkcs11/pkcs11_try.h"

/* --- proofs --- */

static void try_proof(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE key)
{
    if (probe_answers(b, proof, key))
        b->caps->proofs |= UINT32_C(1) << proof;
}

/* Are test keys compared by their digests, since the encryption of a block does not do? */
static bool compares_by_digest(const struct probe *b)
{
    return !probe_can(b, HSM_PROOF_AES_ECB) ||
           (b->wanted->role == HSM_ANY_ROLE && probe_has(b, KEY_KIND_GENERIC));
}

/* The check value of an AES key is an encryption like one that was tried. */
static bool is_offered(const struct probe *b, enum hsm_proof proof)
{
    if (proof == HSM_PROOF_KCV_ECB && probe_has(b, KEY_KIND_AES) && probe_can(b, HSM_PROOF_AES_ECB))
        return true;
    return p11_lists_proof(b->p, proof);
}

static void try_proofs(struct probe *b)
{
    CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE;

    try_proof(b, HSM_PROOF_AES_ECB, b->subject);
    if (probe_wants(b, HSM_PROOF_AES_DECRYPT))
        try_proof(b, HSM_PROOF_AES_DECRYPT, b->subject);
    if (probe_wants(b, HSM_PROOF_DIGEST) || compares_by_digest(b))
        try_proof(b, HSM_PROOF_DIGEST, b->subject);
    if (probe_wants(b, HSM_PROOF_HMAC) &&
        probe_make(b, KEY_KIND_GENERIC, 32, KEY_SIGN, &secret) == CKR_OK)
        try_proof(b, HSM_PROOF_HMAC, secret);
    probe_unmake(b, secret);
    for (enum hsm_proof proof = HSM_PROOF_RSA_SIGN; proof < HSM_PROOF_BYTES; proof++)
        if (probe_wants(b, proof) && is_offered(b, proof))
            b->caps->proofs |= UINT32_C(1) << proof;
}

/* --- lengths --- */

/* Wraps a secret of this many octets under the envelope key and unwraps it with a template that
 * requests length octets (0: none). */
static bool send_secret(struct probe *b, struct p11_mech mech, CK_OBJECT_HANDLE secret,
                        uint32_t length, CK_OBJECT_HANDLE *back)
{
    struct hsm_template template = probe_template(KEY_KIND_GENERIC, length, KEY_SIGN);
    struct bytes wrapped_key = {0};
    bool ok = p11_mech_wrap(b->p, mech, b->envelope, secret, &wrapped_key) == CKR_OK &&
              p11_mech_unwrap(b->p, mech, b->envelope, &wrapped_key, &template, length > 0, back) ==
                  CKR_OK;

    bytes_free(&wrapped_key);
    return ok;
}

/* Some tokens pad a secret with zeros to a multiple of eight octets before they wrap it. A digest
 * of the value reveals it; an HMAC would not. */
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

/* The same for a source: what it wraps is unwrapped here. */
static enum hsm_truth try_exact_here(struct probe *b, struct p11_mech mech)
{
    CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE;
    struct bytes wrapped_key = {0}, plain = {0};
    enum hsm_truth truth = HSM_UNKNOWN;

    if (b->envelope_value.len > 0 &&
        probe_make(b, KEY_KIND_GENERIC, 13, KEY_SIGN, &secret) == CKR_OK &&
        p11_mech_wrap(b->p, mech, b->envelope, secret, &wrapped_key) == CKR_OK &&
        counterpart_open(mech.alg, &b->envelope_value, &wrapped_key, &plain))
        truth = plain.len == 13 ? HSM_YES : HSM_NO;
    probe_unmake(b, secret);
    bytes_free(&wrapped_key);
    bytes_free(&plain);
    return truth;
}

/* Requests the first 16 of 32 octets. If the token honours that, the result wraps to a shorter
 * blob. */
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

/* The first envelope that works in both directions, if possible one that carries every length.
 * Returns false if there is none. */
static bool find_envelope(const struct probe *b, enum hsm_alg *found)
{
    *found = HSM_ALGS;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct hsm_capability *cap = &b->caps->alg[alg];
        if (wrap_alg(alg)->family != WRAP_AES || !cap->wrap || (!cap->unwrap && !probe_gives(b)))
            continue;
        if (*found == HSM_ALGS || wrap_alg(*found)->exact_length == WRAP_LENGTH_MULTIPLE)
            *found = alg;
    }
    return *found < HSM_ALGS;
}

/* The lengths of secrets: whether a source pads them, and whether a destination cuts that off. */
static void try_lengths(struct probe *b)
{
    struct p11_mech mech;
    enum hsm_alg alg;

    if (!probe_has(b, KEY_KIND_GENERIC) || !find_envelope(b, &alg))
        return;
    mech = p11_mech_of(alg, &b->p->mechanism[alg]);
    if (wrap_alg(alg)->exact_length == WRAP_LENGTH_ASK && b->wanted->role != HSM_TAKES)
        b->caps->exact_length = probe_gives(b) ? try_exact_here(b, mech) : try_exact(b, mech);
    if (!probe_gives(b))
        b->caps->takes_length = try_length(b, mech);
}

/* --- key constraints --- */

/* Unwraps a secret with these constraints, or (NULL) as one that is not modifiable, and reads it
 * back. */
static bool read_back(struct probe *b, struct p11_mech mech, const struct bytes *wrapped_key,
                      const struct key_constraints *constraints, struct key_desc *found)
{
    struct hsm_template template = probe_template(KEY_KIND_GENERIC, 32, KEY_SIGN);
    CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
    bool ok;

    if (!constraints)
        template.flags &= ~(uint32_t)KEY_MODIFIABLE;
    template.constraints = constraints;
    ok = p11_mech_unwrap(b->p, mech, b->envelope, wrapped_key, &template, false, &back) == CKR_OK &&
         p11_describe(&b->p->hsm, back, found, NULL);
    probe_unmake(b, back);
    return ok;
}

/* A token may accept a constraint and not store it, or not return it: SoftHSM does not return the
 * dates of a private object. Each constraint is tried separately; a token that refuses one is given
 * none. */
static void try_constraints(struct probe *b)
{
    static const struct key_constraints dated = {.start = "20000101", .end = "20991231"};
    static const struct key_constraints limited = {.allowed_count = 1,
                                                   .allowed = {CKM_SHA256_HMAC}};
    CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE;
    struct bytes wrapped_key = {0};
    struct key_desc found;
    enum hsm_alg alg;

    if (!b->wanted->constraints && !b->wanted->unmodifiable)
        return;
    if (find_envelope(b, &alg) &&
        probe_make(b, KEY_KIND_GENERIC, 32, KEY_SIGN, &secret) == CKR_OK) {
        struct p11_mech mech = p11_mech_of(alg, &b->p->mechanism[alg]);
        if (p11_mech_wrap(b->p, mech, b->envelope, secret, &wrapped_key) == CKR_OK) {
            if ((b->wanted->constraints & KEY_DATES) &&
                read_back(b, mech, &wrapped_key, &dated, &found) &&
                (strcmp(found.constraints.start, dated.start) != 0 ||
                 strcmp(found.constraints.end, dated.end) != 0))
                b->caps->lost_constraints |= KEY_DATES;
            if ((b->wanted->constraints & KEY_ALLOWED) &&
                read_back(b, mech, &wrapped_key, &limited, &found) &&
                (found.constraints.allowed_count != 1 ||
                 found.constraints.allowed[0] != CKM_SHA256_HMAC))
                b->caps->lost_constraints |= KEY_ALLOWED;
            if (b->wanted->unmodifiable && read_back(b, mech, &wrapped_key, NULL, &found) &&
                key_is(&found, KEY_MODIFIABLE))
                b->caps->lost_flags |= KEY_MODIFIABLE;
        }
    }
    probe_unmake(b, secret);
    bytes_free(&wrapped_key);
}

/* --- copying --- */

static void try_copy(struct probe *b)
{
    const struct p11_asked asked = {probe_label, strlen(probe_label), false};
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    struct p11_attrs t = {0};
    CK_RV rv;

    p11_attrs_add(&t, CKA_LABEL, probe_label, strlen(probe_label));
    rv = b->p->fn->C_CopyObject(b->p->session, b->subject, t.attr, t.count, &copy);
    b->caps->can_copy = p11_made(b->p, rv, copy, &asked) == CKR_OK;
    probe_unmake(b, copy);
}

/* --- all capabilities --- */

static const char op_calls[HSM_OPS][HSM_CALL_MAX] = {
    [HSM_MAKE_PAIR] = "C_GenerateKeyPair CKM_RSA_PKCS_KEY_PAIR_GEN",
    [HSM_LOAD_PUBLIC] = "C_CreateObject CKO_PUBLIC_KEY",
    [HSM_MAKE_KEK] = "C_GenerateKey CKM_AES_KEY_GEN",
    [HSM_COMMIT] = "C_CopyObject CKA_TOKEN",
    [HSM_READ_PUBLIC] = "C_GetAttributeValue",
    [HSM_MAKE_PUBLIC] = "C_CreateObject CKA_TOKEN",
    [HSM_MAKE_EVIDENCE_KEY] = "C_GenerateKey CKM_AES_KEY_GEN",
    [HSM_MAKE_AGREEMENT_PAIR] = "C_GenerateKeyPair CKM_EC_KEY_PAIR_GEN",
    [HSM_MAKE_KEM_PAIR] = "C_GenerateKeyPair CKM_ML_KEM_KEY_PAIR_GEN",
    [HSM_ENCAPSULATE] = "C_EncapsulateKey CKM_ML_KEM",
};

/* The limits of all keys, from the dialect and from the token's mechanism list. A maximum that is
 * not a plausible size of an RSA key is ignored: some tokens list octets. */
static void learn_limits(const struct probe *b, struct hsm_limits *limits)
{
    const struct p11 *p = b->p;
    const CK_ULONG smallest = 1024, largest = 65536;
    CK_MECHANISM_INFO rsa = {0};

    limits->secret_max = p->dialect.secret_max;
    text_print(limits->curves, sizeof limits->curves, "%s", p->dialect.curves);
    if (probe_has(b, KEY_KIND_RSA) &&
        p->fn->C_GetMechanismInfo(p->slot, CKM_RSA_PKCS, &rsa) == CKR_OK &&
        rsa.ulMinKeySize <= rsa.ulMaxKeySize && rsa.ulMaxKeySize >= smallest &&
        rsa.ulMaxKeySize <= largest) {
        limits->rsa_min = (uint32_t)rsa.ulMinKeySize;
        limits->rsa_max = (uint32_t)rsa.ulMaxKeySize;
    }
}

static void try_agreements(struct probe *b)
{
    p11_try_agreements(b);
    p11_try_kems(b);
}

static bool probe(struct p11 *p, const struct hsm_wanted *wanted, struct hsm_capabilities *caps,
                  struct err *err)
{
    struct probe b = {.p = p, .wanted = wanted, .caps = caps};
    bool ok = false;
    CK_RV rv;

    *caps = (struct hsm_capabilities){.one_per_id = p->overwrites || p->dialect.one_per_id,
                                      .lost_templates = p11_templates_omitted(p->dialect.omit),
                                      .lost_constraints =
                                          p->dialect.omit & DIALECT_OMIT_ALLOWED ? KEY_ALLOWED : 0,
                                      .unreadable = p->dialect.unreadable};
    learn_limits(&b, &caps->limits);
    memcpy(caps->op_calls, op_calls, sizeof op_calls);
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        text_print(caps->proof_calls[proof], HSM_CALL_MAX, "%s", p11_proof_call(proof));
    if (p->dialect.believed) {
        try_nothing(p, caps);
        return true;
    }
    if (!bytes_make(&b.challenge, 32, err))
        return false;
    p->probing = true;
    rv = probe_make(&b, KEY_KIND_AES, 16, KEY_ENCRYPT | KEY_DECRYPT, &b.subject);
    if (rv == CKR_OK)
        rv = probe_make(&b, KEY_KIND_AES, 32, KEY_WRAP | KEY_UNWRAP, &b.envelope);
    if (rv != CKR_OK) {
        ckr_set(err, rv, "the HSM cannot be tested: it generated no AES test key");
        goto out;
    }
    if (RAND_bytes(b.challenge.data, (int)b.challenge.len) != 1) {
        err_set(err, ERR_FAILED, "OpenSSL generated no random numbers");
        goto out;
    }
    if (!p11_templates_answered(p))
        p->mute_templates = caps->mute_templates = p11_templates_mute(p, b.envelope);
    try_proofs(&b);
    try_agreements(&b);
    try_transports(&b);
    try_envelopes(&b);
    p11_try_evidence(&b);
    try_lengths(&b);
    if (!probe_gives(&b)) {
        try_constraints(&b);
        try_copy(&b);
    }
    ok = p->lie == CKR_OK || ckr_set(err, p->lie, "the HSM cannot be tested with test keys");
out:
    p->probing = false;
    probe_unmake(&b, b.subject);
    probe_unmake(&b, b.envelope);
    bytes_free(&b.answer);
    bytes_free(&b.plain_wrap);
    bytes_free(&b.envelope_value);
    bytes_free(&b.challenge);
    return ok;
}

/* What was tried once is not tried again, unless more is wanted now. */
static bool probe_once(struct p11 *p, const struct hsm_wanted *wanted, struct err *err)
{
    if (p->probed && hsm_wanted_has(&p->wanted, wanted))
        return true;
    p->wanted = *wanted;
    return p->probed = probe(p, wanted, &p->caps, err);
}

bool p11_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                      struct hsm_capabilities *caps, struct err *err)
{
    struct p11 *p = p11_of(hsm);

    if (!probe_once(p, wanted, err))
        return false;
    *caps = p->caps;
    return true;
}

bool p11_capability(struct p11 *p, enum hsm_alg alg, const struct hsm_capability **cap,
                    struct err *err)
{
    if ((unsigned)alg >= HSM_ALGS)
        return err_set(err, ERR_UNSUPPORTED, "no such algorithm");
    if (!p->probed && !probe_once(p, &hsm_wanted_all, err))
        return false;
    *cap = &p->caps.alg[alg];
    return true;
}
