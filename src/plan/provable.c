/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/provable.h"

/* The proofs of each kind of key, and the use that each proof needs: no key gets a new use for a
 * proof. Any secret may be digested. */
static const struct suit {
    enum key_kind kind;
    enum hsm_proof proof;
    uint32_t use;
} suits[] = {
    {KEY_KIND_AES, HSM_PROOF_AES_ECB, KEY_ENCRYPT},
    {KEY_KIND_AES, HSM_PROOF_AES_DECRYPT, KEY_DECRYPT},
    {KEY_KIND_AES, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_DES3, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_GENERIC, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_GENERIC, HSM_PROOF_HMAC, KEY_SIGN},
    {KEY_KIND_HMAC_SHA1, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_HMAC_SHA224, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_HMAC_SHA256, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_HMAC_SHA256, HSM_PROOF_HMAC, KEY_SIGN},
    {KEY_KIND_HMAC_SHA384, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_HMAC_SHA512, HSM_PROOF_DIGEST, 0},
    {KEY_KIND_RSA, HSM_PROOF_RSA_SIGN, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_DECRYPT, KEY_DECRYPT},
    {KEY_KIND_RSA, HSM_PROOF_RSA_UNWRAP, KEY_UNWRAP},
    {KEY_KIND_EC, HSM_PROOF_ECDSA, KEY_SIGN},
    {KEY_KIND_EC, HSM_PROOF_ECDH, KEY_DERIVE},
    {KEY_KIND_RSA, HSM_PROOF_RSA_PSS, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_SHA256, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_SHA384, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_SHA512, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_PSS_SHA256, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_PSS_SHA384, KEY_SIGN},
    {KEY_KIND_RSA, HSM_PROOF_RSA_PSS_SHA512, KEY_SIGN},
    {KEY_KIND_EC, HSM_PROOF_ECDSA_SHA256, KEY_SIGN},
    {KEY_KIND_EC, HSM_PROOF_ECDSA_SHA384, KEY_SIGN},
    {KEY_KIND_EC, HSM_PROOF_ECDSA_SHA512, KEY_SIGN},
    {KEY_KIND_EDWARDS, HSM_PROOF_EDDSA, KEY_SIGN},
    {KEY_KIND_MONTGOMERY, HSM_PROOF_XDH, KEY_DERIVE},
    {KEY_KIND_ML_DSA, HSM_PROOF_ML_DSA, KEY_SIGN},
    {KEY_KIND_ML_KEM, HSM_PROOF_ML_KEM, KEY_DECAPSULATE},
};

enum { HMAC_SHORTEST = 32 }; /* octets of a key that every known HSM accepts for HMAC-SHA-256 */

/* The secret that a proof unwraps or derives, and then digests. Secrets have no recover uses. */
static const struct key_template proof_secret = {
    .named =
        (KEY_USES & ~(KEY_SIGN_RECOVER | KEY_VERIFY_RECOVER | KEY_ENCAPSULATE | KEY_DECAPSULATE)) |
        KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_TOKEN,
    .flags = KEY_PRIVATE | KEY_SENSITIVE,
    .class = KEY_CLASS_SECRET,
    .kind = KEY_KIND_GENERIC,
};

static bool suits_key(const struct suit *suit, const struct key_desc *key)
{
    const struct key_template *templates = key->constraints.templates;

    if (suit->kind != key->kind || (suit->use && !key_is(key, suit->use)))
        return false;
    switch (suit->proof) {
    case HSM_PROOF_HMAC:
        return key->length >= HMAC_SHORTEST;
    case HSM_PROOF_RSA_UNWRAP:
        return key_template_covers(&proof_secret, &templates[KEY_TEMPLATE_UNWRAP]);
    case HSM_PROOF_ECDH:
    case HSM_PROOF_XDH:
        return key_template_covers(&proof_secret, &templates[KEY_TEMPLATE_DERIVE]);
    default:
        return true;
    }
}

/* The proofs that the uses and allowed mechanisms of this key permit, whether or not both sides can
 * perform them. */
static uint32_t proofs_of(const struct key_desc *key, bool allowed)
{
    uint32_t proofs = 0;

    for (size_t i = 0; i < sizeof suits / sizeof suits[0]; i++)
        if (suits_key(&suits[i], key) &&
            (!allowed || key_allows(key, hsm_proof_mechanism(suits[i].proof))))
            proofs |= 1U << suits[i].proof;
    return proofs;
}

uint32_t provable_at_all(const struct key_desc *key)
{
    return proofs_of(key, true);
}

uint32_t provable_by(const struct suite *suite, const struct key_desc *key)
{
    return proofs_of(key, true) & suite->proofs;
}

bool provable_explain(const struct suite *suite, const struct key_desc *key, struct err *why)
{
    uint32_t proofs = proofs_of(key, true);

    if (proofs_of(key, false) & ~proofs & suite->proofs)
        return err_set(why, ERR_UNSUPPORTED,
                       "of the mechanisms that it allows, none is a proof that both sides can "
                       "carry out: it could arrive, but not proven");
    if (proofs && !(proofs & suite->by_destination))
        return err_set(why, ERR_UNSUPPORTED,
                       "the destination offers no operation for %s keys of these uses: it could be "
                       "neither used nor proven there",
                       key_kind_name(key->kind));
    return err_set(why, ERR_DATA,
                   "its uses allow no proof that both sides can carry out: it could arrive, but "
                   "not proven");
}
