/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/counterpart_kem.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "hsm/hsm.h"
#include "hsm/key_agreement.h"
#include "hsm/ml_kem.h"
#include "hsm/spki.h"
#include "hsm/wrap_alg.h"

struct counterpart_kem {
    enum hsm_alg alg;
    EVP_PKEY *pair; /* NULL: without a curve */
    uint8_t private_key[ML_KEM_PRIVATE_MAX];
};

static bool make_pair(enum hsm_alg alg, EVP_PKEY **pair, struct bytes *spki)
{
    unsigned char *der = NULL;
    int len;
    bool ok;

    *pair = EVP_EC_gen(wrap_alg(alg)->curve);
    len = *pair ? i2d_PUBKEY(*pair, &der) : -1;
    ok = len > 0 && bytes_set(spki, der, (size_t)len, NULL);
    OPENSSL_free(der);
    return ok;
}

struct counterpart_kem *counterpart_kem_new(enum hsm_alg alg, struct bytes *public)
{
    const unsigned set = wrap_alg(alg)->kem;
    struct counterpart_kem *made = calloc(1, sizeof *made);
    struct agreement_parts parts = {0};
    uint8_t seed[ML_KEM_SEED], key[ML_KEM_PUBLIC_MAX];
    bool ok;

    if (!made)
        return NULL;
    made->alg = alg;
    ok = RAND_bytes(seed, sizeof seed) == 1 && ml_kem_generate(set, seed, key, made->private_key) &&
         ml_kem_write_spki(set, key, ml_kem_public_len(set), &parts.kem) &&
         (!wrap_alg(alg)->curve || make_pair(alg, &made->pair, &parts.on_curve)) &&
         agreement_join(&parts, public, NULL);
    OPENSSL_cleanse(seed, sizeof seed);
    bytes_free(&parts.kem);
    bytes_free(&parts.on_curve);
    if (ok)
        return made;
    counterpart_kem_free(made);
    return NULL;
}

void counterpart_kem_free(struct counterpart_kem *other)
{
    if (!other)
        return;
    EVP_PKEY_free(other->pair);
    OPENSSL_cleanse(other, sizeof *other);
    free(other);
}

void counterpart_secrets_free(struct counterpart_secrets *secrets)
{
    bytes_free(&secrets->on_curve);
    bytes_free(&secrets->kem);
}

/* The whole x-coordinate. */
static bool derive(EVP_PKEY *own, const struct bytes *spki, struct bytes *secret)
{
    EVP_PKEY *peer = spki_read(spki);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    uint8_t x[128];
    size_t len = sizeof x;
    bool ok = peer && ctx && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, x, &len) == 1 &&
              bytes_set(secret, x, len, NULL);

    OPENSSL_cleanse(x, sizeof x);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return ok;
}

bool counterpart_kem_take(const struct counterpart_kem *other, const struct bytes *answer,
                          struct counterpart_secrets *secrets)
{
    const struct agreement_parts parts = agreement_split(other->alg, answer);

    return agreement_check_answer(other->alg, answer, "answer", NULL) &&
           bytes_make(&secrets->kem, ML_KEM_SECRET, NULL) &&
           ml_kem_decapsulate(wrap_alg(other->alg)->kem, other->private_key, parts.kem.data,
                              secrets->kem.data) &&
           (!other->pair || derive(other->pair, &parts.on_curve, &secrets->on_curve));
}

bool counterpart_kem_answer(enum hsm_alg alg, const struct bytes *public, struct bytes *answer,
                            struct counterpart_secrets *secrets)
{
    const unsigned set = wrap_alg(alg)->kem;
    const struct agreement_parts theirs = agreement_split(alg, public);
    const struct bytes key = ml_kem_read_spki(set, &theirs.kem);
    uint8_t message[32], text[ML_KEM_CIPHERTEXT_MAX];
    struct agreement_parts ours = {.kem = {text, ml_kem_ciphertext_len(set)}};
    EVP_PKEY *pair = NULL;
    bool ok = agreement_check_public(alg, public, "public key", NULL) &&
              RAND_bytes(message, sizeof message) == 1 &&
              bytes_make(&secrets->kem, ML_KEM_SECRET, NULL) &&
              ml_kem_encapsulate(set, key.data, message, text, secrets->kem.data);

    if (ok && wrap_alg(alg)->curve)
        ok = make_pair(alg, &pair, &ours.on_curve) &&
             derive(pair, &theirs.on_curve, &secrets->on_curve);
    ok = ok && agreement_join(&ours, answer, NULL);
    OPENSSL_cleanse(message, sizeof message);
    bytes_free(&ours.on_curve);
    EVP_PKEY_free(pair);
    return ok;
}

bool counterpart_kem_keys(enum hsm_kdf kdf, const struct counterpart_secrets *secrets,
                          const uint8_t *info, struct bytes *key, struct bytes *outer)
{
    if (kdf == HSM_KDF_KEM)
        return bytes_set(key, secrets->kem.data, secrets->kem.len, NULL);
    if (!bytes_make(key, HSM_AGREED_BITS / 8, NULL))
        return false;
    if (kdf == HSM_KDF_HKDF)
        return agreement_key_of_two(&secrets->on_curve, &secrets->kem, info, key->data);
    return agreement_key(HSM_KDF_SHA256, secrets->on_curve.data, secrets->on_curve.len, info,
                         key->data) &&
           bytes_set(outer, secrets->kem.data, secrets->kem.len, NULL);
}
