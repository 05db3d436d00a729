/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/ahead.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

enum { ZEROS = 16 }; /* the block whose encryption begins with the check value */

static bool is_cipher(enum hsm_proof proof)
{
    return proof == HSM_PROOF_AES_ECB || proof == HSM_PROOF_AES_DECRYPT;
}

static bool is_private(enum hsm_proof proof)
{
    return proof == HSM_PROOF_RSA_DECRYPT || hsm_proof_has_secret(proof) ||
           hsm_signing_of(proof).hash;
}

void ahead_free(struct ahead **ahead)
{
    if (!*ahead)
        return;
    bytes_free(&(*ahead)->spki);
    free((*ahead)->sealed);
    explicit_bzero(*ahead, sizeof **ahead);
    free(*ahead);
    *ahead = NULL;
}

bool ahead_shows_public(const struct ahead *ahead)
{
    return ahead && ahead->spki.len > 0;
}

const struct kcv_value *ahead_checks(const struct ahead *ahead)
{
    return ahead && ahead->check[SIDE_SOURCE].len && ahead->check[SIDE_DESTINATION].len
               ? ahead->check
               : NULL;
}

/* --- AES keys --- */

/* Splits the check value from the answer, if it is as long as it must be with one. */
static void take_check(struct bytes *answer, size_t len, struct kcv_value *check)
{
    if (answer->len != len + HSM_KCV_SIZE)
        return;
    check->len = HSM_KCV_SIZE;
    memcpy(check->octets, answer->data + len, HSM_KCV_SIZE);
    answer->len = len;
}

/* Puts len octets of challenges to an HSM, and a block of zeros after them if with_check is set. */
static bool ask_cipher(struct hsm *hsm, uint64_t handle, enum hsm_proof proof, const void *data,
                       size_t len, bool with_check, struct bytes *answer, struct err *err)
{
    struct bytes challenge = {0};
    bool ok = bytes_make(&challenge, len + (with_check ? ZEROS : 0), err);

    if (ok) {
        memcpy(challenge.data, data, len);
        ok = hsm->driver->prove(hsm, proof, handle, &challenge, answer, err);
    }
    bytes_free(&challenge);
    return ok;
}

static bool draw(struct ahead *ahead, struct err *err)
{
    struct proof_challenge one;

    for (size_t i = 0; i < AHEAD_TURNS; i++) {
        if (!proof_challenge(ahead->proof, NULL, NULL, &one, err))
            return false;
        memcpy(ahead->challenge[i], one.bytes.data, AHEAD_CHALLENGE);
        proof_challenge_free(&one);
    }
    return true;
}

/* The source answers all challenges at once. */
static bool ask_source(const struct proof_pair *pair, struct ahead *ahead, struct err *err)
{
    struct bytes answer = {0};
    bool ok = draw(ahead, err) &&
              ask_cipher(pair->source, pair->source_key, ahead->proof, ahead->challenge,
                         sizeof ahead->challenge, ahead->proof == HSM_PROOF_AES_ECB, &answer, err);

    if (ok)
        take_check(&answer, sizeof ahead->answer, &ahead->check[SIDE_SOURCE]);
    if (ok && answer.len != sizeof ahead->answer) {
        err_set(err, ERR_DATA, "the proof failed: the source answers with %zu octets", answer.len);
        ok = err_next(err, "Determine why the source does not encrypt as AES does.");
    }
    if (ok)
        memcpy(ahead->answer, answer.data, sizeof ahead->answer);
    bytes_free(&answer);
    return ok;
}

static bool prove_cipher(const struct proof_pair *pair, struct ahead *ahead, enum ahead_turn turn,
                         struct err *err)
{
    const bool with_check = turn == AHEAD_ARRIVED && ahead->check[SIDE_SOURCE].len;
    const struct proof_challenge challenge = {.proof = ahead->proof,
                                              .bytes = {ahead->challenge[turn], AHEAD_CHALLENGE}};
    struct proof_answers a = {.source = {ahead->answer[turn], AHEAD_CHALLENGE}};
    bool ok;

    ahead->asked |= 1U << turn;
    ok = ask_cipher(pair->destination, pair->destination_key, ahead->proof, ahead->challenge[turn],
                    AHEAD_CHALLENGE, with_check, &a.destination, err);
    if (ok && with_check)
        take_check(&a.destination, AHEAD_CHALLENGE, &ahead->check[SIDE_DESTINATION]);
    ok = ok && proof_judge(&challenge, NULL, &a, err);
    bytes_free(&a.destination);
    return ok;
}

/* --- private keys and public objects --- */

/* The destination alone answers, under the public key to which the source's private key belongs. */
static bool prove_again(const struct proof_pair *pair, const struct ahead *ahead, struct err *err)
{
    const struct proof_place at = {pair->destination_key, pair->class, {0}};
    struct proof_challenge challenge;
    struct proof_answers a = {0};
    bool ok;

    if (!proof_challenge(ahead->proof, &ahead->spki, ahead->passed, &challenge, err))
        return false;
    challenge.source_shown = true;
    ok = proof_answer(pair->destination, &at, &challenge, &a.destination, err) &&
         proof_judge(&challenge, &ahead->spki, &a, err);
    bytes_free(&a.destination);
    proof_challenge_free(&challenge);
    return ok;
}

/* The source's public object was read when it was carried, so the destination alone is asked. */
static bool prove_object(const struct proof_pair *pair, struct ahead *ahead, struct err *err)
{
    ahead->earlier = true;
    return bytes_set(&ahead->spki, pair->source_spki->data, pair->source_spki->len, err) &&
           prove_again(pair, ahead, err);
}

static bool is_carried(const struct proof_pair *pair, enum hsm_proof proof)
{
    return proof == HSM_PROOF_BYTES && pair->source_spki->len > 0;
}

/* The agent of the destination compares, and returns only whether both are equal. */
static bool prove_sealed(const struct proof_pair *pair, struct ahead *ahead, enum ahead_turn turn,
                         struct err *err)
{
    struct evidence_subject of = ahead->sealed->of;
    struct bytes none = {0};

    of.key = pair->destination_key;
    if (!of.evidence_key) {
        err_set(err, ERR_UNFINISHED, "its evidence can no longer be decrypted");
        return err_next(err, "Prove the key by another way before it is relied on.");
    }
    ahead->asked |= 1U << turn;
    return pair->destination->driver->unseal(pair->destination, &of, &ahead->sealed->cipher[turn],
                                             &none, err);
}

static bool is_shown(const struct proof_pair *pair, enum hsm_proof proof)
{
    return pair->source_shown && is_private(proof) && pair->source_spki->len > 0;
}

/* Both answer. */
static bool prove_first(const struct proof_pair *pair, struct ahead *ahead, struct err *err)
{
    enum hsm_proof which;

    return proof_run(pair, 1U << ahead->proof, &which, err) &&
           bytes_set(&ahead->spki, pair->source_spki->data, pair->source_spki->len, err) &&
           SHA256(ahead->spki.data, ahead->spki.len, ahead->passed);
}

/* The source's key has answered under this public half when that was found, so the destination
 * alone is asked. */
static bool prove_shown(const struct proof_pair *pair, struct ahead *ahead, struct err *err)
{
    ahead->earlier = true;
    return bytes_set(&ahead->spki, pair->source_spki->data, pair->source_spki->len, err) &&
           prove_again(pair, ahead, err) &&
           SHA256(ahead->spki.data, ahead->spki.len, ahead->passed);
}

/* --- one proof --- */

/* Is there what this turn needs of the source? */
static bool is_ready(const struct ahead *ahead, enum hsm_proof proof, enum ahead_turn turn)
{
    return ahead && ahead->proof == proof &&
           (is_cipher(proof) || ahead->sealed ? !(ahead->asked & 1U << turn) : ahead->spki.len > 0);
}

static bool may_be_ahead(const struct proof_pair *pair, const struct ahead *ahead,
                         enum hsm_proof proof, enum ahead_turn turn)
{
    return is_cipher(proof) || is_private(proof) || is_carried(pair, proof) ||
           is_ready(ahead, proof, turn);
}

static bool prove(const struct proof_pair *pair, struct ahead **ahead, enum ahead_turn turn,
                  enum hsm_proof proof, struct err *err)
{
    const bool ready = is_ready(*ahead, proof, turn);

    if (!ready) {
        ahead_free(ahead);
        *ahead = calloc(1, sizeof **ahead);
        if (!*ahead)
            return err_set(err, ERR_FAILED, "no memory for a challenge");
        (*ahead)->proof = proof;
    }
    (*ahead)->earlier = ready;
    if ((*ahead)->sealed)
        return prove_sealed(pair, *ahead, turn, err);
    if (is_cipher(proof))
        return (ready || ask_source(pair, *ahead, err)) && prove_cipher(pair, *ahead, turn, err);
    return ready                     ? prove_again(pair, *ahead, err)
           : is_carried(pair, proof) ? prove_object(pair, *ahead, err)
           : is_shown(pair, proof)   ? prove_shown(pair, *ahead, err)
                                     : prove_first(pair, *ahead, err);
}

bool ahead_run(const struct proof_pair *pair, struct ahead **ahead, enum ahead_turn turn,
               uint32_t proofs, enum hsm_proof *which, struct err *err)
{
    proof_run(pair, 0, which, err); /* what is said if there is nothing to try */
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++) {
        if (!(proofs & 1U << proof))
            continue;
        if (may_be_ahead(pair, *ahead, proof, turn) ? prove(pair, ahead, turn, proof, err)
                                                    : proof_run(pair, 1U << proof, which, err)) {
            *which = proof;
            err_clear(err);
            return true;
        }
        ahead_free(ahead);
        if (err->code != ERR_UNSUPPORTED)
            return false;
    }
    return false;
}

const char *ahead_sentence(const struct ahead *ahead, enum hsm_proof which)
{
    if (!ahead || !ahead->earlier)
        return proof_sentence(which);
    if (ahead->sealed)
        return "the destination answered as the source had, whose encrypted answer its HSM "
               "decrypted and its agent compared";
    if (ahead->given)
        return hsm_signing_of(which).hash
                   ? "the destination signed a random challenge; its signature verifies under the "
                     "public key that came by another way"
                   : "the destination answered a random challenge to the public key that came by "
                     "another way";
    if (which == HSM_PROOF_AES_ECB)
        return "the destination encrypted a random block to the ciphertext that the source had "
               "computed before";
    if (which == HSM_PROOF_AES_DECRYPT)
        return "the destination decrypted a random block to the text that the source had computed "
               "before";
    if (which == HSM_PROOF_BYTES)
        return "the destination reads back the same bytes that the source had returned before";
    return hsm_signing_of(which).hash
               ? "the destination signed a random challenge; its signature verifies under the "
                 "source's public key, as the source's own did before"
               : "the destination answered a random challenge to the source's public key, as the "
                 "source had done before";
}
