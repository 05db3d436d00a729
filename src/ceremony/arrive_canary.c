/* SPDX-License-Identifier: Apache-2.0 */
/* The canary of a key that comes as a file: no source makes a test key, so the relay does. It
 * wraps a test key of the same kind under the public key of the offer, as the service has
 * wrapped the real one, and knows its value: the destination must decrypt it and answer with it
 * before the file is touched. */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/rows.h"
#include "hsm/counterpart.h"
#include "plan/provable.h"
#include "transfer/proof.h"

enum { BLOCK = 16 };

/* Wiped after use, although it protects nothing. */
struct sample {
    struct bytes value; /* the octets of a secret; the PKCS #8 of a private key */
    struct bytes spki;  /* of a private key */
};

static void sample_free(struct sample *key)
{
    bytes_free(&key->value);
    bytes_free(&key->spki);
}

/* --- the key --- */

static bool no_key(struct err *err)
{
    return err_set(err, ERR_FAILED, "OpenSSL could not make a key for the canary");
}

/* Destinations may set the parity bits of a DES key (FIPS 46-3), which is not what is tried. */
static void set_odd_parity(struct bytes *key)
{
    for (size_t i = 0; i < key->len; i++) {
        uint8_t ones = key->data[i] & 0xfe;
        ones ^= ones >> 4;
        ones ^= ones >> 2;
        ones ^= ones >> 1;
        key->data[i] = (uint8_t)((key->data[i] & 0xfe) | (~ones & 1));
    }
}

static bool make_secret(const struct key_desc *like, struct sample *key, struct err *err)
{
    if (!bytes_make(&key->value, like->length, err))
        return false;
    if (RAND_bytes(key->value.data, (int)key->value.len) != 1)
        return no_key(err);
    if (like->kind == KEY_KIND_DES3)
        set_odd_parity(&key->value);
    return true;
}

static bool make_private(const struct key_desc *like, struct sample *key, struct err *err)
{
    EVP_PKEY *pair = like->kind == KEY_KIND_RSA ? EVP_RSA_gen(like->bits) : EVP_EC_gen(like->curve);
    PKCS8_PRIV_KEY_INFO *info = pair ? EVP_PKEY2PKCS8(pair) : NULL;
    unsigned char *value = NULL, *spki = NULL;
    const int value_len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &value) : -1,
              spki_len = pair ? i2d_PUBKEY(pair, &spki) : -1;
    const bool ok = value_len > 0 && spki_len > 0
                        ? bytes_set(&key->value, value, (size_t)value_len, err) &&
                              bytes_set(&key->spki, spki, (size_t)spki_len, err)
                        : no_key(err);

    if (value)
        OPENSSL_cleanse(value, value_len > 0 ? (size_t)value_len : 0);
    OPENSSL_free(value);
    OPENSSL_free(spki);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pair);
    return ok;
}

/* --- what it answers --- */

static bool encrypts_to(const struct bytes *key, const struct bytes *plain,
                        const struct bytes *cipher)
{
    struct bytes out = {0};
    const bool same = counterpart_ecb(key, plain, &out) && bytes_equal(&out, cipher);

    bytes_free(&out);
    return same;
}

/* Is this the answer of a holder of the secret? */
static bool is_answer(const struct sample *key, const struct proof_challenge *c,
                      const struct bytes *answer)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const struct bytes right = {digest, sizeof digest};
    EVP_MD_CTX *ctx;
    bool ok;

    switch (c->proof) {
    case HSM_PROOF_AES_ECB:
        return encrypts_to(&key->value, &c->bytes, answer);
    case HSM_PROOF_AES_DECRYPT:
        return answer->len % BLOCK == 0 && encrypts_to(&key->value, answer, &c->bytes);
    case HSM_PROOF_HMAC:
        return HMAC(EVP_sha256(), key->value.data, (int)key->value.len, c->bytes.data, c->bytes.len,
                    digest, NULL) &&
               bytes_equal(&right, answer);
    default: /* HSM_PROOF_DIGEST */
        ctx = EVP_MD_CTX_new();
        ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
             EVP_DigestUpdate(ctx, c->bytes.data, c->bytes.len) == 1 &&
             EVP_DigestUpdate(ctx, key->value.data, key->value.len) == 1 &&
             EVP_DigestFinal_ex(ctx, digest, NULL) == 1 && bytes_equal(&right, answer);
        EVP_MD_CTX_free(ctx);
        return ok;
    }
}

static bool judge(const struct sample *key, struct proof_challenge *c,
                  struct proof_answers *answers, struct err *err)
{
    c->source_shown = true;
    if (key->spki.len > 0)
        return proof_judge(c, &key->spki, answers, err);
    return is_answer(key, c, &answers->destination) ||
           err_set(err, ERR_DATA, "the HSM does not answer as the key that was wrapped");
}

static bool prove_by(struct visit_walk *v, const struct sample *key, enum hsm_proof proof,
                     const struct transfer *t, struct err *err)
{
    const struct proof_place at = {t->temporary, t->item->key->class, {0}};
    struct proof_answers answers = {0};
    struct proof_challenge c;
    bool ok;

    if (!proof_challenge(proof, key->spki.len ? &key->spki : NULL, NULL, &c, err))
        return false;
    ok = proof_answer(v->own->hsm, &at, &c, &answers.destination, err) &&
         judge(key, &c, &answers, err);
    bytes_free(&answers.destination);
    proof_challenge_free(&c);
    return ok;
}

/* By the first proof that its uses allow and the HSM can perform; if there is none, that it opens
 * is all that is shown. */
static bool prove(struct visit_walk *v, const struct sample *key, const struct transfer *t,
                  struct err *err)
{
    const uint32_t proofs = provable_by(&v->c->suite, t->item->key);

    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++) {
        if (!(proofs & 1U << proof))
            continue;
        if (prove_by(v, key, proof, t, err))
            return true;
        if (err->code != ERR_UNSUPPORTED)
            return false;
        err_clear(err);
    }
    return true;
}

/* --- the way --- */

/* The AES key of an envelope crosses by the row by which the real one will. */
static bool open_kek(struct visit_walk *v, struct transport *trial, const struct bytes *kek,
                     struct err *err)
{
    struct step_result result = {0};
    size_t count;
    const struct transport_row *rows = rows_of_transport(trial, &count);

    if (!counterpart_encrypt(trial->suite->transport, &v->c->transport.wire.spki, kek,
                             &trial->wire.wrapped_kek))
        return no_key(err);
    trial->wire.there = WIRE_KEK;
    for (size_t i = 0; i < count; i++)
        if (rows[i].head.id == STEP_UNWRAP_KEK)
            return transport_run(&rows[i], v->own->hsm, trial, &result, err);
    return err_set(err, ERR_FAILED, "this transport has no step for a wrapped key");
}

static bool wrap(struct visit_walk *v, struct transport *trial, const struct sealed_key *way,
                 const struct sample *key, struct bytes *wrapped, struct err *err)
{
    uint8_t octets[KEK_BITS / 8];
    const struct bytes kek = {octets, sizeof octets};
    bool ok;

    if (way->route == ROUTE_DIRECT)
        return counterpart_encrypt(way->alg, &v->c->transport.wire.spki, &key->value, wrapped) ||
               no_key(err);
    ok = RAND_bytes(octets, sizeof octets) == 1 || no_key(err);
    ok = ok && open_kek(v, trial, &kek, err) &&
         (counterpart_close(way->alg, &kek, &key->value, wrapped) || no_key(err));
    OPENSSL_cleanse(octets, sizeof octets);
    return ok;
}

static bool try_key(struct visit_walk *v, const struct sealed_key *way, const struct sample *key,
                    struct transfer *t, struct err *err)
{
    static const enum step_id steps[] = {STEP_RELAY_KEY, STEP_UNWRAP_KEY};
    struct transport like = v->c->transport;
    struct err ignored;
    bool ok;

    memset(&like.wire, 0, sizeof like.wire); /* the real one has it */
    memset(&like.evidence, 0, sizeof like.evidence);
    t->transport = &like;
    t->wire.there = WIRE_KEY;
    ok = wrap(v, &like, way, key, &t->wire.wrapped, err) &&
         (!way->desc.has_public || bytes_set(&t->wire.spki, key->spki.data, key->spki.len, err)) &&
         accept_try_rows(v, t, steps, sizeof steps / sizeof steps[0], err) && prove(v, key, t, err);
    known_destroy(&v->own->known, v->own->hsm, NULL, &t->temporary, &ignored);
    known_destroy(&v->own->known, v->own->hsm, NULL, &like.destination.kek, &ignored);
    transport_free(&like);
    t->transport = &v->c->transport;
    return ok;
}

/* Like the key, but of the size that a canary has. */
static struct key_desc describe(const struct key_desc *like, struct key_sample *sample)
{
    struct key_desc desc = *like;

    key_sample_of(like, sample);
    desc.id_len = 0; /* if an id stands for one key only, it is that of the key to come */
    memset(desc.id, 0, sizeof desc.id);
    desc.length = sample->length;
    if (desc.kind == KEY_KIND_RSA)
        desc.bits = sample->bits;
    if (desc.class == KEY_CLASS_SECRET)
        desc.bits = 8 * desc.length;
    return desc;
}

bool arrive_canary(struct visit_walk *v, const struct sealed_key *way, struct err *err)
{
    struct trial trial = {.alg = way->alg, .state = CANARY_PASSED};
    struct key_desc desc = describe(&way->desc, &trial.sample);
    struct plan_item item = {
        .key = &desc, .route = way->route, .alg = way->alg, .want_flags = way->want_flags};
    struct transfer t = {.item = &item, .transport = &v->c->transport, .number = 1};
    struct sample key = {0};
    struct err why = {0};
    bool ok, said;

    if (v->c->setup.policy.canary == CANARY_NONE || v->past->returned.is)
        return true; /* the file was taken before, by an accept that was cut off */
    if (!visit_begin(v, err))
        return false;
    ok = (desc.class == KEY_CLASS_SECRET ? make_secret : make_private)(&desc, &key, &why);
    if (desc.has_public)
        SHA256(key.spki.data, key.spki.len, desc.spki_sha256);
    ok = ok && try_key(v, way, &key, &t, &why);
    if (!ok) {
        trial.state = CANARY_FAILED;
        text_print(trial.reason, sizeof trial.reason, "%.150s", why.what);
    }
    said = accept_say_trial(v, &trial, &desc, &t.wire.wrapped,
                            "a test key of this program arrived, and was proven", err);
    transfer_reset(&t);
    sample_free(&key);
    if (said && !ok)
        *err = why;
    return said && ok;
}
