/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WHAT ONE HSM HAS ANSWERED before it loses a key: with its answers, the other one can be proven to
 * hold the same key when the first can no longer be asked. Each challenge is put to the other HSM
 * once. Answers are kept in memory only, and wiped.
 */
#ifndef HSMFERRY_TRANSFER_WITNESS_H
#define HSMFERRY_TRANSFER_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "transfer/proof.h"

/* Before anything is destroyed; after the first destruction; at the end. */
enum witness_turn { WITNESS_NOW, WITNESS_AFTER, WITNESS_END, WITNESS_TURNS };

struct witness;

/* Lets hsm answer a challenge for each turn, by the first of these proofs (bits 1 << enum
 * hsm_proof) that it carries out. whole: the public half (DER) of a private key; of a public object
 * the whole object; of a secret empty. The caller frees *out with witness_free(). Errors: as
 * proof_challenge() and proof_answer(); ERR_UNSUPPORTED (by none of them). */
bool witness_take(struct hsm *hsm, const struct proof_place *at, uint32_t proofs,
                  const struct bytes *whole, struct witness **out, struct err *err);

/* From the public half alone, because nobody can be asked any more: proofs are those by a private
 * key. Errors: as witness_take(). */
bool witness_of_half(uint32_t proofs, const struct bytes *spki, struct witness **out,
                     struct err *err);

/* The proof that it is by. */
enum hsm_proof witness_proof(const struct witness *witness);

/* Puts the challenge of this turn to the key at this place of another HSM, and judges both answers.
 * Errors: ERR_DATA (another key), ERR_UNFINISHED (this turn was taken), as proof_answer(). */
bool witness_judge(struct witness *witness, enum witness_turn turn, struct hsm *hsm,
                   const struct proof_place *at, struct err *err);

void witness_free(struct witness **witness);

#endif
