/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/facts.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *hsm_alg_name(enum hsm_alg alg)
{
    return (unsigned)alg < HSM_ALGS ? wrap_alg(alg)->name : "?";
}

const char *hsm_kdf_name(enum hsm_kdf kdf)
{
    static const char *const names[HSM_KDFS] = {
        [HSM_KDF_SHA256] = "x963-sha256", [HSM_KDF_NONE] = "none",  [HSM_KDF_HKDF] = "hkdf-sha256",
        [HSM_KDF_NESTED] = "nested",      [HSM_KDF_KEM] = "ml-kem",
    };

    return (unsigned)kdf < HSM_KDFS ? names[kdf] : "?";
}

uint32_t hsm_kdfs_of(enum hsm_alg alg)
{
    const struct wrap_alg *a = wrap_alg(alg);

    if (!wrap_is_agreed(alg))
        return 0;
    if (!a->kem)
        return 1U << HSM_KDF_SHA256 | 1U << HSM_KDF_NONE;
    return a->curve ? 1U << HSM_KDF_HKDF | 1U << HSM_KDF_NESTED : 1U << HSM_KDF_KEM;
}

bool hsm_is_confined(const char *confinement)
{
    return confinement[0] && strncmp(confinement, "not ", 4) != 0;
}

void hsm_call_for(const char *words, bool private, char *out, size_t size)
{
    const char *comma = strstr(words, ", ");

    if (!comma || private)
        snprintf(out, size, "%s", comma ? comma + 2 : words);
    else
        snprintf(out, size, "%.*s%s", (int)(comma - words), words,
                 comma + 2 + strcspn(comma + 2, " "));
}

const char *hsm_proof_name(enum hsm_proof proof)
{
    static const char *const names[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = "aes-ecb",
        [HSM_PROOF_AES_DECRYPT] = "aes-ecb-decryption",
        [HSM_PROOF_DIGEST] = "sha256-digest",
        [HSM_PROOF_HMAC] = "hmac-sha256",
        [HSM_PROOF_RSA_SIGN] = "rsa-signature",
        [HSM_PROOF_ECDSA] = "ecdsa-signature",
        [HSM_PROOF_RSA_DECRYPT] = "rsa-decryption",
        [HSM_PROOF_RSA_UNWRAP] = "rsa-unwrapping",
        [HSM_PROOF_ECDH] = "ecdh",
        [HSM_PROOF_RSA_PSS] = "rsa-pss-signature",
        [HSM_PROOF_RSA_SHA256] = "rsa-sha256-signature",
        [HSM_PROOF_RSA_SHA384] = "rsa-sha384-signature",
        [HSM_PROOF_RSA_SHA512] = "rsa-sha512-signature",
        [HSM_PROOF_RSA_PSS_SHA256] = "rsa-pss-sha256-signature",
        [HSM_PROOF_RSA_PSS_SHA384] = "rsa-pss-sha384-signature",
        [HSM_PROOF_RSA_PSS_SHA512] = "rsa-pss-sha512-signature",
        [HSM_PROOF_ECDSA_SHA256] = "ecdsa-sha256-signature",
        [HSM_PROOF_ECDSA_SHA384] = "ecdsa-sha384-signature",
        [HSM_PROOF_ECDSA_SHA512] = "ecdsa-sha512-signature",
        [HSM_PROOF_EDDSA] = "eddsa-signature",
        [HSM_PROOF_XDH] = "xdh",
        [HSM_PROOF_ML_DSA] = "ml-dsa-signature",
        [HSM_PROOF_ML_KEM] = "ml-kem-decapsulation",
        [HSM_PROOF_KCV_ECB] = "check-value-ecb",
        [HSM_PROOF_KCV_CMAC] = "check-value-cmac",
        [HSM_PROOF_BYTES] = "same-bytes",
    };
    return (unsigned)proof < HSM_PROOFS ? names[proof] : "?";
}

struct hsm_signing hsm_signing_of(enum hsm_proof proof)
{
    static const struct hsm_signing signings[HSM_PROOFS] = {
        /* hash, pss, ecdsa, hashed */
        [HSM_PROOF_RSA_SIGN] = {HSM_SHA256, false, false, true},
        [HSM_PROOF_ECDSA] = {HSM_SHA256, false, true, true},
        [HSM_PROOF_RSA_PSS] = {HSM_SHA256, true, false, true},
        [HSM_PROOF_RSA_SHA256] = {HSM_SHA256, false, false, false},
        [HSM_PROOF_RSA_SHA384] = {HSM_SHA384, false, false, false},
        [HSM_PROOF_RSA_SHA512] = {HSM_SHA512, false, false, false},
        [HSM_PROOF_RSA_PSS_SHA256] = {HSM_SHA256, true, false, false},
        [HSM_PROOF_RSA_PSS_SHA384] = {HSM_SHA384, true, false, false},
        [HSM_PROOF_RSA_PSS_SHA512] = {HSM_SHA512, true, false, false},
        [HSM_PROOF_ECDSA_SHA256] = {HSM_SHA256, false, true, false},
        [HSM_PROOF_ECDSA_SHA384] = {HSM_SHA384, false, true, false},
        [HSM_PROOF_ECDSA_SHA512] = {HSM_SHA512, false, true, false},
        [HSM_PROOF_EDDSA] = {HSM_PURE, false, false, false},
        [HSM_PROOF_ML_DSA] = {HSM_PURE, false, false, false},
    };
    return (unsigned)proof < HSM_PROOFS ? signings[proof] : (struct hsm_signing){0};
}

bool hsm_proof_has_secret(enum hsm_proof proof)
{
    return proof == HSM_PROOF_RSA_UNWRAP || proof == HSM_PROOF_ECDH || proof == HSM_PROOF_XDH ||
           proof == HSM_PROOF_ML_KEM;
}

size_t hsm_answer_len(enum hsm_proof proof, const uint8_t *challenge, size_t challenge_len,
                      size_t answer_len)
{
    enum { BLOCK = 16 };
    static const uint8_t zeros[BLOCK];
    bool ends = proof == HSM_PROOF_AES_ECB && challenge_len >= BLOCK && answer_len >= BLOCK &&
                memcmp(challenge + challenge_len - BLOCK, zeros, BLOCK) == 0;

    return ends ? answer_len - BLOCK + HSM_KCV_SIZE : answer_len;
}

uint32_t hsm_proof_mechanism(enum hsm_proof proof)
{
    static const uint32_t numbers[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = 0x1081,      [HSM_PROOF_AES_DECRYPT] = 0x1081,
        [HSM_PROOF_HMAC] = 0x251,          [HSM_PROOF_RSA_SIGN] = 0x1,
        [HSM_PROOF_ECDSA] = 0x1041,        [HSM_PROOF_RSA_DECRYPT] = 0x9,
        [HSM_PROOF_RSA_UNWRAP] = 0x9,      [HSM_PROOF_ECDH] = 0x1050,
        [HSM_PROOF_RSA_PSS] = 0xd,         [HSM_PROOF_RSA_SHA256] = 0x40,
        [HSM_PROOF_RSA_SHA384] = 0x41,     [HSM_PROOF_RSA_SHA512] = 0x42,
        [HSM_PROOF_RSA_PSS_SHA256] = 0x43, [HSM_PROOF_RSA_PSS_SHA384] = 0x44,
        [HSM_PROOF_RSA_PSS_SHA512] = 0x45, [HSM_PROOF_ECDSA_SHA256] = 0x1044,
        [HSM_PROOF_ECDSA_SHA384] = 0x1045, [HSM_PROOF_ECDSA_SHA512] = 0x1046,
        [HSM_PROOF_EDDSA] = 0x1057,        [HSM_PROOF_XDH] = 0x1050,
        [HSM_PROOF_ML_DSA] = 0x1d,         [HSM_PROOF_ML_KEM] = 0x17,
    };
    return (unsigned)proof < HSM_PROOFS ? numbers[proof] : 0;
}

const char *hsm_slot_flag_name(uint32_t flag)
{
    static const char *const names[HSM_SLOT_FLAGS] = {
        "token-present",     "removable",       "hardware",      "initialized",   "login-required",
        "pin-set",           "write-protected", "pin-count-low", "pin-final-try", "pin-locked",
        "pin-to-be-changed", "protected-path",  "error-state",   "rng",
    };
    for (unsigned i = 0; i < HSM_SLOT_FLAGS; i++)
        if (flag == UINT32_C(1) << i)
            return names[i];
    return "?";
}

const char *hsm_dialect_status_name(enum hsm_dialect_status status)
{
    static const char *const names[HSM_DIALECT_STATUSES] = {
        [HSM_DIALECT_NONE] = "none",
        [HSM_DIALECT_TRIED] = "tried",
        [HSM_DIALECT_DOCUMENTS] = "documents",
    };
    return (unsigned)status < HSM_DIALECT_STATUSES ? names[status] : "?";
}

char *hsm_dialect_text(const struct hsm_dialect *dialect, char *out)
{
    out[0] = '\0';
    if (dialect->name[0])
        text_print(out, HSM_DIALECT_TEXT, "dialect %s (%s)", dialect->name,
                   dialect->status == HSM_DIALECT_DOCUMENTS ? "from documents" : "tried");
    return out;
}

const char *hsm_slot_obstacle(const struct hsm_slot *slot)
{
    static const struct {
        uint32_t flag, set;
        const char *words;
    } obstacles[] = {
        {HSM_SLOT_TOKEN_PRESENT, 0, "no token"},
        {HSM_TOKEN_INITIALIZED, 0, "not initialised"},
        {HSM_TOKEN_ERROR_STATE, HSM_TOKEN_ERROR_STATE, "in error state"},
        {HSM_TOKEN_PIN_LOCKED, HSM_TOKEN_PIN_LOCKED, "PIN locked"},
        {HSM_TOKEN_PIN_TO_BE_CHANGED, HSM_TOKEN_PIN_TO_BE_CHANGED, "PIN must be changed"},
    };
    for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++)
        if ((slot->flags & obstacles[i].flag) == obstacles[i].set)
            return obstacles[i].words;
    if ((slot->flags & HSM_TOKEN_LOGIN_REQUIRED) && !(slot->flags & HSM_TOKEN_PIN_SET))
        return "user PIN not set";
    return NULL;
}

bool hsm_is_software(const struct hsm_about *about)
{
    return strcmp(about->api, "openssl") == 0;
}

bool hsm_has_serial(const struct hsm_slot *slot)
{
    return slot->serial[strspn(slot->serial, "0")] != '\0';
}

const char *hsm_identity(const struct hsm_slot *slot, char *out)
{
    if (!hsm_has_serial(slot) && slot->store[0])
        text_print(out, HSM_IDENTITY, "store\n%s\n", slot->store);
    else
        text_print(out, HSM_IDENTITY, "%s\n%s\n%s\n%s\n", slot->manufacturer, slot->model,
                   hsm_has_serial(slot) ? slot->serial : "", slot->label);
    return out;
}

bool hsm_same_token(const struct hsm_slot *a, const struct hsm_slot *b)
{
    char one[HSM_IDENTITY], other[HSM_IDENTITY];

    return strcmp(hsm_identity(a, one), hsm_identity(b, other)) == 0;
}

const struct hsm_wanted hsm_wanted_all = {HSM_ANY_ROLE, UINT32_MAX, UINT32_MAX,
                                          UINT32_MAX,   UINT32_MAX, true};

bool hsm_wanted_has(const struct hsm_wanted *was, const struct hsm_wanted *wanted)
{
    return (was->role == HSM_ANY_ROLE || was->role == wanted->role) &&
           !(wanted->algs & ~was->algs) && !(wanted->kinds & ~was->kinds) &&
           !(wanted->proofs & ~was->proofs) && !(wanted->constraints & ~was->constraints) &&
           (was->unmodifiable || !wanted->unmodifiable);
}
