/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/evidence.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "transfer/proof.h"
#include "transfer/transport.h"

static bool is_cipher(enum hsm_proof proof)
{
    return proof == HSM_PROOF_AES_ECB || proof == HSM_PROOF_AES_DECRYPT;
}

void evidence_free(struct evidence *evidence)
{
    for (size_t i = 0; i < AHEAD_TURNS; i++) {
        bytes_free(&evidence->challenge[i]);
        bytes_free(&evidence->answer[i]);
    }
    bytes_free(&evidence->open);
    *evidence = (struct evidence){0};
}

/* An AES key has at least 128 random bits, and a private key is not found by its public half. A
 * stored secret, an HMAC key or a DES key may be weak. */
uint32_t evidence_in_clear(const struct key_desc *key, uint32_t proofs)
{
    const uint32_t aes = 1U << HSM_PROOF_AES_ECB | 1U << HSM_PROOF_AES_DECRYPT;

    if (key->class == KEY_CLASS_SECRET)
        return key->kind == KEY_KIND_AES ? proofs & aes : 0;
    return proofs;
}

uint32_t evidence_by_seal(const struct key_desc *key, uint32_t proofs)
{
    uint32_t sealed = 0;

    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (evidence_seals(proof) && key->class == KEY_CLASS_SECRET)
            sealed |= 1U << proof;
    return proofs & sealed;
}

static bool draw(enum hsm_proof proof, const struct bytes *spki, struct bytes *challenge,
                 struct err *err)
{
    struct proof_challenge drawn;

    if (!proof_challenge(proof, spki, NULL, &drawn, err))
        return false;
    *challenge = drawn.bytes;
    drawn.bytes = (struct bytes){0}; /* ownership was passed on */
    proof_challenge_free(&drawn);
    return true;
}

/* The answer that the source gave is kept as it came: the judgement may convert its copy. */
static bool ask_one(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                    struct evidence *out, size_t turn, struct err *err)
{
    const struct proof_place at = {item->key->handle, item->key->class, item->half};
    struct proof_challenge c;
    struct proof_answers a = {0};
    bool ok = proof_challenge(out->proof, spki, NULL, &c, err);

    ok = ok && proof_answer(source, &at, &c, &a.source, err) &&
         bytes_set(&a.destination, a.source.data, a.source.len, err) &&
         bytes_set(&out->answer[turn], a.source.data, a.source.len, err) &&
         bytes_set(&out->challenge[turn], c.bytes.data, c.bytes.len, err) &&
         proof_judge(&c, spki, &a, err);
    bytes_free(&a.source);
    bytes_free(&a.destination);
    proof_challenge_free(&c);
    return ok;
}

static bool ask_by(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                   struct evidence *out, struct err *err)
{
    const size_t turns = is_cipher(out->proof) ? AHEAD_TURNS : 1;

    for (size_t i = 0; i < turns; i++)
        if (!ask_one(source, item, spki, out, i, err))
            return false;
    return draw(out->proof, spki, &out->open, err);
}

static bool seal(struct hsm *source, const struct plan_item *item, struct evidence *out,
                 struct err *err)
{
    struct evidence_subject of = out->of;
    struct bytes challenge = {0};

    of.proof = out->proof;
    of.key = item->key->handle;
    for (size_t i = 0; i < AHEAD_TURNS; i++) {
        bool ok = draw(out->proof, NULL, &challenge, err);
        if (ok)
            memcpy(out->cipher[i].challenge, challenge.data, EVIDENCE_TEXT);
        bytes_free(&challenge);
        if (!ok || !source->driver->seal(source, &of, &out->cipher[i], err))
            return false;
    }
    of.open = true;
    return source->driver->seal(source, &of, &out->open_cipher, err) &&
           bytes_set(&out->open, out->open_cipher.challenge, EVIDENCE_TEXT, err);
}

static bool ask_proof(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                      struct evidence *out, struct err *err)
{
    return out->proof == HSM_PROOF_BYTES ||
           (out->sealed ? seal(source, item, out, err) : ask_by(source, item, spki, out, err));
}

bool evidence_ask(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                  const struct evidence_subject *with, struct evidence *out, struct err *err)
{
    const uint32_t public = evidence_in_clear(item->key, item->proofs);
    const uint32_t proofs = public || !with ? public : evidence_by_seal(item->key, item->proofs);

    err_set(err, ERR_UNSUPPORTED, "no proof of this key can be put into a file");
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++) {
        if (!(proofs & 1U << proof))
            continue;
        *out = (struct evidence){.proof = proof, .sealed = !public};
        if (out->sealed)
            out->of = *with;
        if (ask_proof(source, item, spki, out, err)) {
            err_clear(err);
            return true;
        }
        evidence_free(out);
        if (err->code != ERR_UNSUPPORTED)
            return false;
    }
    return false;
}

/* --- at the destination --- */

static bool bad(struct err *err, const char *what)
{
    err_set(err, ERR_DATA, "the proof failed: %s", what);
    return err_next(err, "Determine on the source who wrote this file.");
}

static bool take_cipher(const struct evidence *evidence, struct ahead *ahead, struct err *err)
{
    for (size_t i = 0; i < AHEAD_TURNS; i++) {
        if (evidence->challenge[i].len != AHEAD_CHALLENGE ||
            evidence->answer[i].len != AHEAD_CHALLENGE)
            return bad(err, "the source's answers have a wrong length");
        memcpy(ahead->challenge[i], evidence->challenge[i].data, AHEAD_CHALLENGE);
        memcpy(ahead->answer[i], evidence->answer[i].data, AHEAD_CHALLENGE);
    }
    return true;
}

/* A signature of the source shows that its private key belongs to the public key; a source that no
 * agent reaches shows nothing, and the public key came by another way. */
static bool take_private(const struct evidence *evidence, const struct bytes *spki,
                         struct ahead *ahead, struct err *err)
{
    struct proof_challenge c = {0};
    struct proof_answers a = {0};
    bool ok = spki->len > 0 || bad(err, "there is no public key");

    ahead->given = evidence->given;
    if (ok && !evidence->given && hsm_signing_of(evidence->proof).hash)
        ok = proof_again(evidence->proof, &evidence->challenge[0], &c, err) &&
             bytes_set(&a.source, evidence->answer[0].data, evidence->answer[0].len, err) &&
             bytes_set(&a.destination, a.source.data, a.source.len, err) &&
             proof_judge(&c, spki, &a, err);
    bytes_free(&a.source);
    bytes_free(&a.destination);
    proof_challenge_free(&c);
    return ok && bytes_set(&ahead->spki, spki->data, spki->len, err);
}

/* The destination's own evidence key, whatever handle it has at the source. */
static bool take_sealed(const struct evidence *evidence, const struct transfer *t,
                        struct ahead *ahead, struct err *err)
{
    struct ahead_sealed *sealed = calloc(1, sizeof *sealed);

    if (!sealed)
        return err_set(err, ERR_FAILED, "no memory for a challenge");
    sealed->of = evidence->of;
    sealed->of.proof = evidence->proof;
    sealed->of.evidence_key = t->transport->destination.evidence_key;
    memcpy(sealed->cipher, evidence->cipher, sizeof sealed->cipher);
    ahead->sealed = sealed;
    return true;
}

bool evidence_take(const struct evidence *evidence, const struct bytes *spki, struct transfer *t,
                   struct err *err)
{
    struct ahead *ahead;
    bool ok;

    if (!((evidence->sealed ? evidence_by_seal(t->item->key, t->item->proofs)
                            : evidence_in_clear(t->item->key, t->item->proofs)) &
          1U << evidence->proof))
        return bad(err, "this key cannot be proven as the file wants it");
    t->item->proofs = 1U << evidence->proof;
    if (evidence->proof == HSM_PROOF_BYTES)
        return true;
    ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return err_set(err, ERR_FAILED, "no memory for a challenge");
    ahead->proof = evidence->proof;
    ok = evidence->sealed             ? take_sealed(evidence, t, ahead, err)
         : is_cipher(evidence->proof) ? take_cipher(evidence, ahead, err)
                                      : take_private(evidence, spki, ahead, err);
    ahead_free(&t->ahead);
    if (ok)
        t->ahead = ahead;
    else
        ahead_free(&ahead);
    return ok;
}

bool evidence_answer(struct hsm *destination, const struct transfer *t, uint64_t handle,
                     const struct evidence *evidence, struct bytes *answer, struct err *err)
{
    const struct proof_place at = {handle, t->item->key->class, {0}};
    const struct proof_challenge open = {.proof = evidence->proof, .bytes = evidence->open};
    struct evidence_subject of = evidence->of;

    if (!evidence->sealed)
        return proof_answer(destination, &at, &open, answer, err);
    of.open = true;
    of.proof = evidence->proof;
    of.key = handle;
    of.evidence_key = t->transport->destination.evidence_key;
    return destination->driver->unseal(destination, &of, &evidence->open_cipher, answer, err);
}

/* --- at the source again --- */

/* Only the HSM that decrypted the challenge, and holds the key, can have given this answer. */
static bool judge_sealed(const struct evidence *evidence, const struct bytes *answer,
                         struct err *err)
{
    uint8_t sha256[SHA256_DIGEST_LENGTH];

    SHA256(answer->data, answer->len, sha256);
    return bytes_equal(&evidence->open, &(struct bytes){sha256, sizeof sha256}) ||
           bad(err, "the destination does not answer as the source had");
}

/* Decrypting and agreeing: the right answer is that of the source. */
static bool is_by_both(enum hsm_proof proof)
{
    return !hsm_signing_of(proof).hash;
}

bool evidence_judge(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                    const struct evidence *evidence, const struct bytes *answer, struct err *err)
{
    const struct proof_place at = {item->key->handle, item->key->class, item->half};
    struct proof_challenge c;
    struct proof_answers a = {0};
    bool ok;

    if (evidence_seals(evidence->proof))
        return judge_sealed(evidence, answer, err);
    ok = proof_again(evidence->proof, &evidence->open, &c, err);
    c.source_shown = true;
    ok = ok && bytes_set(&a.destination, answer->data, answer->len, err);
    if (ok && is_by_both(evidence->proof))
        ok = proof_answer(source, &at, &c, &a.source, err) &&
             bytes_set(&c.expected, a.source.data, a.source.len, err);
    ok = ok && proof_judge(&c, spki, &a, err);
    bytes_free(&a.source);
    bytes_free(&a.destination);
    proof_challenge_free(&c);
    return ok;
}
