/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/witness.h"

#include <stdlib.h>

struct witness {
    enum hsm_proof proof;
    struct bytes whole; /* the public half, or the whole public object */
    struct {
        struct proof_challenge challenge;
        struct bytes answer; /* of the HSM that loses the key */
        bool taken;
    } turn[WITNESS_TURNS];
};

/* at: NULL: nobody is asked. */
static bool take(struct hsm *hsm, const struct proof_place *at, struct witness *w, struct err *err)
{
    for (unsigned i = 0; i < WITNESS_TURNS; i++) {
        struct proof_challenge *challenge = &w->turn[i].challenge;
        const uint8_t *passed = i > 0 ? w->turn[0].challenge.passed : NULL;
        if (!proof_challenge(w->proof, &w->whole, passed, challenge, err))
            return false;
        challenge->source_shown = !at;
        if (at && !proof_answer(hsm, at, challenge, &w->turn[i].answer, err))
            return false;
    }
    return true;
}

static bool make(struct hsm *hsm, const struct proof_place *at, uint32_t proofs,
                 const struct bytes *whole, struct witness **out, struct err *err)
{
    err_set(err, ERR_UNSUPPORTED, "no proof is known that both sides can carry out with this key");
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++) {
        if (!(proofs & 1U << proof))
            continue;
        *out = calloc(1, sizeof **out);
        if (!*out)
            return err_set(err, ERR_FAILED, "no memory for the answers of an HSM");
        (*out)->proof = proof;
        if (bytes_set(&(*out)->whole, whole->data, whole->len, err) && take(hsm, at, *out, err)) {
            err_clear(err);
            return true;
        }
        witness_free(out);
        if (err->code != ERR_UNSUPPORTED)
            return false;
    }
    return false;
}

bool witness_take(struct hsm *hsm, const struct proof_place *at, uint32_t proofs,
                  const struct bytes *whole, struct witness **out, struct err *err)
{
    return make(hsm, at, proofs, whole, out, err);
}

bool witness_of_half(uint32_t proofs, const struct bytes *spki, struct witness **out,
                     struct err *err)
{
    return make(NULL, NULL, proofs, spki, out, err);
}

enum hsm_proof witness_proof(const struct witness *witness)
{
    return witness->proof;
}

bool witness_judge(struct witness *witness, enum witness_turn turn, struct hsm *hsm,
                   const struct proof_place *at, struct err *err)
{
    const struct proof_challenge *challenge = &witness->turn[turn].challenge;
    struct proof_answers a = {0};
    bool ok;

    if (witness->turn[turn].taken)
        return err_set(err, ERR_UNFINISHED, "its challenge was put to this HSM before");
    witness->turn[turn].taken = true;
    ok = bytes_set(&a.source, witness->turn[turn].answer.data, witness->turn[turn].answer.len,
                   err) &&
         proof_answer(hsm, at, challenge, &a.destination, err) &&
         proof_judge(challenge, &witness->whole, &a, err);
    bytes_free(&a.source);
    bytes_free(&a.destination);
    return ok;
}

void witness_free(struct witness **witness)
{
    struct witness *w = *witness;

    if (!w)
        return;
    bytes_free(&w->whole);
    for (unsigned i = 0; i < WITNESS_TURNS; i++) {
        proof_challenge_free(&w->turn[i].challenge);
        bytes_free(&w->turn[i].answer);
    }
    free(w);
    *witness = NULL;
}
