/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capabilities of NSS, tried with test keys. A mechanism number proves nothing (0x210A is RFC
 * 5649 elsewhere, but not in NSS), so the envelopes are compared with the known answers of their
 * RFCs, whose keys are public.
 */
#include "driver/nss/nss_capabilities.h"

#include <string.h>

#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>

#include "base/text.h"
#include "driver/nss/nss_agree.h"
#include "driver/nss/nss_evidence.h"
#include "driver/nss/nss_key.h"
#include "driver/nss/nss_list.h"
#include "driver/nss/nss_object.h"
#include "driver/nss/nss_prove.h"
#include "driver/nss/nss_sample.h"
#include "driver/nss/nss_spki.h"
#include "driver/nss/nss_wrap.h"

static const char throw_away[] = "hsmferry:offers";

/* What NSS's own functions unwrap. Secrets that are bound to one hash lose that: PK11_ functions
 * make generic secrets of them. */
enum {
    TAKEN = 1 << KEY_KIND_AES | 1 << KEY_KIND_DES3 | 1 << KEY_KIND_GENERIC | 1 << KEY_KIND_RSA |
            1 << KEY_KIND_EC
};

/* --- the envelopes --- */

static const uint8_t rfc5649_kek[] = {0x58, 0x40, 0xdf, 0x6e, 0x29, 0xb0, 0x2a, 0xf1,
                                      0xab, 0x49, 0x3b, 0x70, 0x5b, 0xf1, 0x6e, 0xa1,
                                      0xae, 0x83, 0x38, 0xf4, 0xdc, 0xc1, 0x76, 0xa8};
static const uint8_t rfc5649_key[] = {0xc3, 0x7b, 0x7e, 0x64, 0x92, 0x58, 0x43, 0x40, 0xbe, 0xd1,
                                      0x22, 0x07, 0x80, 0x89, 0x41, 0x15, 0x50, 0x68, 0xf7, 0x38};
static const uint8_t rfc5649_blob[] = {
    0x13, 0x8b, 0xde, 0xaa, 0x9b, 0x8f, 0xa7, 0xfc, 0x61, 0xf9, 0x77, 0x42, 0xe7, 0x22, 0x48, 0xee,
    0x5a, 0xe6, 0xae, 0x53, 0x60, 0xd1, 0xae, 0x6a, 0x5f, 0x54, 0xf3, 0x73, 0xfa, 0x54, 0x3b, 0x6a};

static const uint8_t rfc3394_kek[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                      0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
static const uint8_t rfc3394_key[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                      0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
static const uint8_t rfc3394_blob[] = {0x1f, 0xa6, 0x8b, 0x0a, 0x81, 0x12, 0xb4, 0x47,
                                       0xae, 0xf3, 0x4b, 0xd8, 0xfb, 0x5a, 0x7b, 0x82,
                                       0x9d, 0x3e, 0x86, 0x23, 0x71, 0xd2, 0xcf, 0xe5};

/* The expected result of an envelope: published test vectors, if an RFC has them. */
struct vector {
    const uint8_t *kek, *key, *wrapped_key;
    size_t kek_len, key_len, wrapped_len; /* wrapped_len 0: any that unwraps again */
    const char *words;
};

static const struct vector vectors[HSM_ALGS] = {
    [HSM_AES_KWP] = {rfc5649_kek, rfc5649_key, rfc5649_blob, sizeof rfc5649_kek, sizeof rfc5649_key,
                     sizeof rfc5649_blob, "known answer of RFC 5649 section 6"},
    [HSM_AES_KW] = {rfc3394_kek, rfc3394_key, rfc3394_blob, sizeof rfc3394_kek, sizeof rfc3394_key,
                    sizeof rfc3394_blob, "known answer of RFC 3394 section 4.1"},
};

/* Its known answer, or else a key that must unwrap again: one that needs padding, if it can pad. */
static struct vector vector_of(enum hsm_alg alg)
{
    bool pads = wrap_alg(alg)->exact_length != WRAP_LENGTH_MULTIPLE;

    return vectors[alg].words
               ? vectors[alg]
               : (struct vector){.kek = rfc3394_kek,
                                 .kek_len = sizeof rfc3394_kek,
                                 .key = pads ? rfc5649_key : rfc3394_key,
                                 .key_len = pads ? sizeof rfc5649_key : sizeof rfc3394_key,
                                 .words = wrap_alg(alg)->has_integrity
                                              ? "a key was wrapped and unwrapped"
                                              : "a key was wrapped and unwrapped; no integrity"};
}

/* --- test keys --- */

static bool import(struct nss *nss, CK_KEY_TYPE type, const uint8_t *value, size_t len,
                   uint64_t *handle, struct err *err)
{
    static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    const CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},   {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},         {CKA_LABEL, (void *)throw_away, strlen(throw_away)},
        {CKA_EXTRACTABLE, &yes, sizeof yes}, {CKA_WRAP, &yes, sizeof yes},
        {CKA_UNWRAP, &yes, sizeof yes},      {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_SIGN, &yes, sizeof yes},        {CKA_VALUE, (void *)value, len},
    };

    return nss_create(nss, attributes, sizeof attributes / sizeof attributes[0], handle, err);
}

/* For FIPS mode, which accepts no key in plaintext. */
static bool generate_secret(struct nss *nss, CK_KEY_TYPE type, size_t len, uint64_t *handle,
                            struct err *err)
{
    static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    bool aes = type == CKK_AES;
    CK_ULONG length = len;
    CK_ATTRIBUTE attributes[] = {
        {CKA_TOKEN, &no, sizeof no},
        {CKA_LABEL, (void *)throw_away, strlen(throw_away)},
        {CKA_EXTRACTABLE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_WRAP, &yes, sizeof yes},
        {CKA_UNWRAP, &yes, sizeof yes},
        {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_DECRYPT, &yes, sizeof yes},
        {CKA_SIGN, &yes, sizeof yes},
        {CKA_VALUE_LEN, &length, sizeof length},
    };
    PK11SymKey *key =
        PK11_KeyGenWithTemplate(nss->slot, aes ? CKM_AES_ECB : CKM_SHA256_HMAC,
                                aes ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, NULL,
                                attributes, sizeof attributes / sizeof attributes[0], NULL);

    return key ? nss_keep(nss, PK11_TypeSymKey, key, handle, err)
               : nss_failed(err, ERR_HSM, "NSS did not generate a test secret");
}

/* A secret of this length: the test vector's key, or a generated one if NSS does not accept
 * that. */
static bool obtain(struct nss *nss, CK_KEY_TYPE type, const uint8_t *value, size_t len,
                   uint64_t *handle, struct err *err)
{
    return PK11_IsFIPS() ? generate_secret(nss, type, len, handle, err)
                         : import(nss, type, value, len, handle, err);
}

/* A pair with all uses that NSS sets by default. */
static bool generate(struct nss *nss, CK_MECHANISM_TYPE mechanism, void *params, uint64_t *private,
                     uint64_t *public, struct err *err)
{
    SECKEYPublicKey *public_key = NULL;
    SECKEYPrivateKey *private_key = PK11_GenerateKeyPairWithFlags(
        nss->slot, mechanism, params, &public_key,
        PK11_ATTR_SESSION | PK11_ATTR_PRIVATE | PK11_ATTR_SENSITIVE, NULL);

    if (!private_key)
        return nss_failed(err, ERR_HSM, "NSS did not generate a test pair");
    if (nss_keep(nss, PK11_TypePrivKey, private_key, private, err))
        return nss_keep(nss, PK11_TypePubKey, public_key, public, err);
    SECKEY_DestroyPublicKey(public_key);
    return false;
}

static bool unwrap(struct nss *nss, enum hsm_alg alg, uint64_t kek, const struct bytes *wrapped_key,
                   enum key_kind kind, uint32_t length, uint64_t *handle, struct err *err)
{
    const struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                          .kind = kind,
                                          .length = length,
                                          .flags = KEY_EXTRACTABLE | KEY_UNWRAP,
                                          .label = (const uint8_t *)throw_away,
                                          .label_len = strlen(throw_away)};

    return nss_unwrap(&nss->hsm, alg, kek, wrapped_key, &template, handle, err);
}

static bool same_value(struct nss *nss, uint64_t one, uint64_t other, struct err *err)
{
    uint8_t zeros[32] = {0};
    const struct bytes nonce = {zeros, sizeof zeros};
    struct bytes a = {0}, b = {0};
    bool ok = nss_prove(&nss->hsm, HSM_PROOF_DIGEST, one, &nonce, &a, err) &&
              nss_prove(&nss->hsm, HSM_PROOF_DIGEST, other, &nonce, &b, err);

    if (ok && !bytes_equal(&a, &b))
        ok = err_set(err, ERR_DATA, "the unwrapped key differs from the wrapped one");
    bytes_free(&a);
    bytes_free(&b);
    return ok;
}

/* --- trials --- */

static void conclude(struct hsm_capability *cap, const char *how, const struct err *err)
{
    text_print(cap->reason, sizeof cap->reason, "%s", cap->wrap && cap->unwrap ? how : err->what);
}

static void try_envelope(struct nss *nss, enum hsm_alg alg, struct hsm_capability *cap)
{
    const struct vector vector = vector_of(alg);
    struct bytes wrapped_key = {0};
    uint64_t kek, key, back;
    struct err err = {0};

    if (!obtain(nss, CKK_AES, vector.kek, vector.kek_len, &kek, &err) ||
        !obtain(nss, CKK_GENERIC_SECRET, vector.key, vector.key_len, &key, &err) ||
        !nss_wrap(&nss->hsm, alg, kek, key, &wrapped_key, &err))
        goto out;
    if (vector.wrapped_len && !(wrapped_key.len == vector.wrapped_len &&
                                (PK11_IsFIPS() || memcmp(wrapped_key.data, vector.wrapped_key,
                                                         vector.wrapped_len) == 0))) {
        err_set(&err, ERR_DATA, "NSS wraps to other bytes than the %s", vector.words);
        goto out;
    }
    cap->wrap = true;
    cap->unwrap = unwrap(nss, alg, kek, &wrapped_key, KEY_KIND_GENERIC, 0, &back, &err) &&
                  same_value(nss, key, back, &err);
out:
    conclude(cap,
             PK11_IsFIPS() ? "tried with generated keys: FIPS mode accepts no known key"
                           : vector.words,
             &err);
    bytes_free(&wrapped_key);
}

/* Decrypts with the unwrapped key what the wrapped key has encrypted. */
static void try_transport(struct nss *nss, enum hsm_alg alg, uint64_t private, uint64_t public,
                          struct hsm_capability *cap)
{
    struct bytes oaep = {0}, kwp = {0};
    uint64_t kek, again, key, back;
    struct err err = {0};

    if (obtain(nss, CKK_AES, rfc5649_kek, sizeof rfc5649_kek, &kek, &err) &&
        obtain(nss, CKK_GENERIC_SECRET, rfc5649_key, sizeof rfc5649_key, &key, &err))
        cap->wrap = nss_wrap(&nss->hsm, alg, public, kek, &oaep, &err);
    cap->unwrap = cap->wrap && unwrap(nss, alg, private, &oaep, KEY_KIND_AES, 24, &again, &err) &&
                  nss_wrap(&nss->hsm, HSM_AES_KWP, kek, key, &kwp, &err) &&
                  unwrap(nss, HSM_AES_KWP, again, &kwp, KEY_KIND_GENERIC, 0, &back, &err);
    conclude(cap, "an AES key was wrapped, unwrapped and used", &err);
    bytes_free(&oaep);
    bytes_free(&kwp);
}

/* Wraps a secret of 20 octets by RFC 5649 and unwraps it with a template that says length octets.
 * Returns the resulting length; 0: it cannot be unwrapped. */
static uint32_t arriving_length(struct nss *nss, uint32_t length)
{
    struct key_desc desc = {0};
    struct bytes wrapped_key = {0};
    uint64_t kek, key, back;

    if (!obtain(nss, CKK_AES, rfc5649_kek, sizeof rfc5649_kek, &kek, NULL) ||
        !obtain(nss, CKK_GENERIC_SECRET, rfc5649_key, sizeof rfc5649_key, &key, NULL) ||
        !nss_wrap(&nss->hsm, HSM_AES_KWP, kek, key, &wrapped_key, NULL) ||
        !unwrap(nss, HSM_AES_KWP, kek, &wrapped_key, KEY_KIND_GENERIC, length, &back, NULL) ||
        !nss_describe(&nss->hsm, back, &desc, NULL))
        desc.length = 0;
    bytes_free(&wrapped_key);
    return desc.length;
}

/* Encrypts a challenge that HSM_PROOF_RSA_DECRYPT can answer. */
static bool encrypt(struct nss *nss, uint64_t handle, struct bytes *cipher, struct err *err)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = nss_algs[HSM_RSA_OAEP_SHA1].oaep;
    SECItem params = {.data = (unsigned char *)&oaep, .len = sizeof oaep};
    SECKEYPublicKey *key = NULL;
    struct bytes spki = {0};
    unsigned len = 0;
    bool ok = nss_public_key(&nss->hsm, handle, &spki, err) && nss_spki_read(&spki, &key, err) &&
              bytes_make(cipher, HSM_BLOB_MAX, err) &&
              PK11_PubEncrypt(key, CKM_RSA_PKCS_OAEP, &params, cipher->data, &len, HSM_BLOB_MAX,
                              rfc5649_key, sizeof rfc5649_key, NULL) == SECSuccess;

    cipher->len = ok ? len : 0;
    if (key)
        SECKEY_DestroyPublicKey(key);
    bytes_free(&spki);
    return ok;
}

static void try_proofs(struct nss *nss, uint64_t rsa, uint64_t rsa_public,
                       struct hsm_capabilities *found)
{
    static unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    SECItem curve = {.data = p256, .len = sizeof p256};
    uint8_t digest[32] = {0};
    struct bytes fixed = {digest, sizeof digest}, block = {digest, 16};
    struct bytes cipher = {0}, answer = {0};
    uint64_t secret = 0, ec = 0, ec_public;
    uint32_t proofs = 0;

    obtain(nss, CKK_AES, rfc3394_key, sizeof rfc3394_key, &secret, NULL);
    generate(nss, CKM_EC_KEY_PAIR_GEN, &curve, &ec, &ec_public, NULL);
    encrypt(nss, rsa_public, &cipher, NULL);
    const struct {
        uint64_t key;
        const struct bytes *challenge;
    } by[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = {secret, &fixed},   [HSM_PROOF_AES_DECRYPT] = {secret, &fixed},
        [HSM_PROOF_DIGEST] = {secret, &fixed},    [HSM_PROOF_HMAC] = {secret, &fixed},
        [HSM_PROOF_RSA_DECRYPT] = {rsa, &cipher}, [HSM_PROOF_KCV_ECB] = {secret, &block},
        [HSM_PROOF_KCV_CMAC] = {secret, &block},
    };
    /* Proofs without a challenge here are judged by NSS's mechanism list. */
    if (PK11_DoesMechanism(nss->slot, CKM_RSA_PKCS_OAEP))
        proofs |= UINT32_C(1) << HSM_PROOF_RSA_UNWRAP;
    if (PK11_DoesMechanism(nss->slot, CKM_ECDH1_DERIVE))
        proofs |= UINT32_C(1) << HSM_PROOF_ECDH;
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++) {
        struct hsm_signing signing = hsm_signing_of(proof);
        const struct bytes *challenge = signing.hash ? &fixed : by[proof].challenge;
        uint64_t key = signing.ecdsa ? ec : signing.hash ? rsa : by[proof].key;
        if (challenge && signing.hash != HSM_PURE &&
            nss_prove(&nss->hsm, proof, key, challenge, &answer, NULL))
            proofs |= UINT32_C(1) << proof;
    }
    nss_try_evidence(nss, secret, &found->evidence);
    found->proofs = proofs;
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        text_print(found->proof_calls[proof], HSM_CALL_MAX, "%s", nss_proof_call(proof));
    bytes_free(&cipher);
    bytes_free(&answer);
}

/* NSS has names for curves on which it cannot compute, so each is tried. */
static void try_curves(struct nss *nss, char curves[HSM_CURVES_MAX])
{
    for (const struct nss_curve *curve = nss_curves; curve->name; curve++) {
        struct key_sample sample = {.kind = KEY_KIND_EC};
        size_t len = strlen(curves);
        uint64_t private, public;
        text_print(sample.curve, sizeof sample.curve, "%s", curve->name);
        if (nss_make_key(&nss->hsm, &sample, throw_away, &private, &public, NULL))
            text_print(curves + len, HSM_CURVES_MAX - len, "%s%s", len ? " " : "", curve->name);
    }
}

static const char op_calls[HSM_OPS][HSM_CALL_MAX] = {
    [HSM_MAKE_PAIR] = "PK11_GenerateKeyPairWithOpFlags CKM_RSA_PKCS_KEY_PAIR_GEN",
    [HSM_LOAD_PUBLIC] = "PK11_CreateManagedGenericObject CKO_PUBLIC_KEY",
    [HSM_MAKE_KEK] = "PK11_KeyGenWithTemplate CKM_AES_KEY_GEN",
    [HSM_COMMIT] = "PK11_ConvertSessionSymKeyToTokenSymKey, "
                   "PK11_ConvertSessionPrivKeyToTokenPrivKey",
    [HSM_READ_PUBLIC] = "PK11_ReadRawAttributes",
    [HSM_MAKE_PUBLIC] = "PK11_CreateManagedGenericObject CKA_TOKEN",
    [HSM_MAKE_EVIDENCE_KEY] = "PK11_KeyGenWithTemplate CKM_AES_KEY_GEN",
    [HSM_MAKE_AGREEMENT_PAIR] = "PK11_GenerateKeyPairWithOpFlags CKM_EC_KEY_PAIR_GEN",
};

bool nss_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                      struct hsm_capabilities *caps, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    PK11RSAGenParams params = {.keySizeInBits = 2048, .pe = 65537};
    struct hsm_capabilities found = {
        .can_copy = true,
        .one_per_id = true,
        .lost_templates = (1U << KEY_TEMPLATES) - 1,
        .lost_constraints = KEY_ALLOWED,
        .lost_flags = KEY_MODIFIABLE, /* cannot be set during the conversion to a token key */
        /* never true, and missing on unwrapped keys: NSS 3.87, shown by the contract test */
        .unreadable = KEY_LOCAL | KEY_DERIVE,
        .limits = {.secret_max = NSS_SECRET_MAX, .digest_max = NSS_SECRET_MAX, .kinds = TAKEN},
    };
    uint64_t private, public;
    size_t before = nss ? nss->count : 0;
    bool ok;

    (void)wanted; /* all is tried: nothing leaves this process */
    if (!nss)
        return false;
    memcpy(found.op_calls, op_calls, sizeof op_calls);
    try_curves(nss, found.limits.curves);
    ok = generate(nss, CKM_RSA_PKCS_KEY_PAIR_GEN, &params, &private, &public, err);
    for (enum hsm_alg alg = 0; ok && alg < HSM_ALGS; alg++) {
        struct hsm_capability *cap = &found.alg[alg];
        if (wrap_is_agreed(alg) && !wrap_is_post_quantum(alg)) {
            nss_try_agreement(nss, alg, throw_away, cap);
            continue;
        }
        if (!nss_algs[alg].wrap_call) {
            text_print(cap->reason, sizeof cap->reason, "NSS does not support it");
            continue;
        }
        cap->mechanism = nss_algs[alg].mechanism;
        text_print(cap->wrap_call, sizeof cap->wrap_call, "%s", nss_algs[alg].wrap_call);
        text_print(cap->unwrap_call, sizeof cap->unwrap_call, "%s", nss_algs[alg].unwrap_call);
        if (wrap_alg(alg)->family == WRAP_AES)
            try_envelope(nss, alg, cap);
        else
            try_transport(nss, alg, private, public, cap);
    }
    if (ok) {
        found.exact_length = arriving_length(nss, 0) == sizeof rfc5649_key ? HSM_YES : HSM_NO;
        found.takes_length = arriving_length(nss, 17) == 17 ? HSM_YES : HSM_NO;
        try_proofs(nss, private, public, &found);
        *caps = found;
    }
    while (nss->count > before) /* the test keys */
        nss_drop(nss, nss->temporaries[nss->count - 1].handle);
    return ok;
}
