/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The challenges of a key's proofs, drawn together, so that the source is asked once. A key is
 * proven when it has arrived, when it is committed, and by a fresh process. An AES key of the
 * source answers all three challenges in one call; the destination is asked for each when its time
 * comes, and cannot know the others. A private key of the source shows once that it belongs to its
 * public key, perhaps already when that was searched for (ceremony/half.h); the destination gets
 * another challenge each time, and its answers are checked under that public key. A public object
 * of the source was read when it was carried. Every other proof asks both sides each time. Answers
 * are kept in memory only.
 */
#ifndef HSMFERRY_TRANSFER_AHEAD_H
#define HSMFERRY_TRANSFER_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/side.h"
#include "transfer/proof.h"

enum ahead_turn { AHEAD_ARRIVED, AHEAD_FINAL, AHEAD_FRESH, AHEAD_TURNS };
enum { AHEAD_CHALLENGE = 32 };

struct ahead {
    enum hsm_proof proof;
    bool given;     /* spki came by another way: the source has shown nothing */
    bool earlier;   /* the last proof used what the source had shown in an earlier one */
    uint32_t asked; /* bit (1 << enum ahead_turn): the destination knows this challenge */
    /* an AES key: */
    uint8_t challenge[AHEAD_TURNS][AHEAD_CHALLENGE];
    uint8_t answer[AHEAD_TURNS][AHEAD_CHALLENGE]; /* of the source */
    struct kcv_value check[2]; /* by side: the check value by ECB, answered in the same calls */
    struct bytes spki;  /* under which a private key of the source has answered; a public object */
    uint8_t passed[32]; /* SHA-256 of a public half that passed the check */
    struct ahead_sealed *sealed; /* NULL: none */
};

/* Between two rooms, the evidence of a key that may be weak. The destination's agent compares. */
struct ahead_sealed {
    struct evidence_subject of; /* evidence_key: a handle of the destination */
    struct evidence_cipher cipher[AHEAD_TURNS];
};

/* proof_run(), with the source's answers of an earlier turn if there are any. *ahead is NULL at
 * first, and freed by the caller with ahead_free(). No challenge is put to the destination twice:
 * for a turn that was taken already, all challenges are drawn again. Errors: as proof_run(). */
bool ahead_run(const struct proof_pair *pair, struct ahead **ahead, enum ahead_turn turn,
               uint32_t proofs, enum hsm_proof *which, struct err *err);

/* Wipes it; *ahead is NULL afterwards. */
void ahead_free(struct ahead **ahead);

/* Has the source shown that its private key belongs to a public key, which need not be read again?
 * ahead may be NULL. */
bool ahead_shows_public(const struct ahead *ahead);

/* The check values by ECB that both sides answered with a proof, by side; NULL: they did not. */
const struct kcv_value *ahead_checks(const struct ahead *ahead);

/* proof_sentence() for the last proof. */
const char *ahead_sentence(const struct ahead *ahead, enum hsm_proof which);

#endif
