/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_capabilities.h"

#include "base/text.h"
#include "driver/openssl/openssl_key.h"
#include "driver/openssl/openssl_object.h"
#include "driver/openssl/openssl_prove.h"
#include "driver/openssl/openssl_wrap.h"

static const char test_label[] = "hsmferry:offers";

enum { TRIAL_BITS = 2048, KEK_SIZE = 256 };

/* The keys of a trial. */
struct trial {
    uint64_t rsa, public, kek, key; /* handles; 0: not there */
};

static bool make_keys(struct hsm *hsm, struct trial *t, struct err *err)
{
    const struct key_sample rsa = {.kind = KEY_KIND_RSA, .bits = TRIAL_BITS};
    struct bytes spki = {0};
    uint64_t none;
    bool ok = openssl_make_key(hsm, &rsa, test_label, &t->rsa, &none, err) &&
              openssl_public_key(hsm, t->rsa, &spki, err) &&
              openssl_load_public(hsm, &spki, test_label, &t->public, err) &&
              openssl_make_kek(hsm, KEK_SIZE, test_label, &t->kek, err) &&
              openssl_make_kek(hsm, KEK_SIZE, test_label, &t->key, err);

    bytes_free(&spki);
    return ok;
}

static void drop_keys(struct openssl *o, const struct trial *t)
{
    openssl_drop(o, t->rsa);
    openssl_drop(o, t->public);
    openssl_drop(o, t->kek);
    openssl_drop(o, t->key);
}

static void try_alg(struct hsm *hsm, enum hsm_alg alg, const struct trial *t,
                    struct hsm_capability *cap)
{
    const bool by_rsa = wrap_alg(alg)->family != WRAP_AES;
    struct bytes wrapped_key = {0};
    struct err why = {0};

    text_print(cap->wrap_call, sizeof cap->wrap_call, "%s", openssl_wrap_call(alg));
    cap->wrap = openssl_wrap(hsm, alg, by_rsa ? t->public : t->kek, t->key, &wrapped_key, &why) &&
                wrapped_key.len == wrap_ciphertext_len(alg, KEK_SIZE / 8, TRIAL_BITS / 8);
    text_print(cap->reason, sizeof cap->reason, "%s",
               cap->wrap ? "a key was wrapped; a key file is a source only" : why.what);
    bytes_free(&wrapped_key);
}

bool openssl_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                          struct hsm_capabilities *caps, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    struct trial trial = {0};
    struct hsm_capabilities found = {
        .proofs = openssl_proofs(),
        .evidence.reason = "a key file holds no secret whose evidence would have to be encrypted",
        .exact_length = HSM_YES,
        .op_calls = {[HSM_LOAD_PUBLIC] = "d2i_PUBKEY_ex",
                     [HSM_MAKE_KEK] = "RAND_priv_bytes_ex",
                     [HSM_READ_PUBLIC] = "i2d_PUBKEY"},
    };
    bool ok;

    (void)wanted; /* all is tried: nothing leaves this process */
    if (!o)
        return false;
    ok = make_keys(hsm, &trial, err);
    for (enum hsm_alg alg = 0; ok && alg < HSM_ALGS; alg++) {
        struct hsm_capability *cap = &found.alg[alg];
        if (openssl_wrap_call(alg)[0])
            try_alg(hsm, alg, &trial, cap);
        else
            text_print(cap->reason, sizeof cap->reason, "OpenSSL has no call for it");
    }
    drop_keys(o, &trial);
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        text_print(found.proof_calls[proof], HSM_CALL_MAX, "%s", openssl_proof_call(proof));
    if (ok)
        *caps = found;
    return ok;
}
