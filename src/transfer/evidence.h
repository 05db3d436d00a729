/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EVIDENCE: the proof of a key whose two HSMs are in two rooms. The source answers challenges in
 * advance, and leaves one open. The destination is asked the same ones when the key has arrived,
 * when it is committed, and by a fresh process; it answers the open one, too, and later the source
 * judges that answer. Private keys need no answers of the source: the destination gets fresh
 * challenges, whose answers its public key judges.
 */
#ifndef HSMFERRY_TRANSFER_EVIDENCE_H
#define HSMFERRY_TRANSFER_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/plan.h"
#include "transfer/ahead.h"
#include "transfer/transfer.h"

/* {0} is empty; freed with evidence_free(), which wipes it. */
struct evidence {
    enum hsm_proof proof; /* HSM_PROOF_BYTES: a public object, all else is empty */
    struct bytes challenge[AHEAD_TURNS], answer[AHEAD_TURNS]; /* private keys: only the first */
    struct bytes open;                                        /* the challenge that stays open */
    /* of a key that may be weak: the challenges and answers in these, and open is the SHA-256 of
     * the answer to an encrypted challenge */
    bool sealed;
    bool given; /* of a private key: its public half came by another way, and nothing else shows it
                 */
    struct evidence_subject of; /* without handles */
    struct evidence_cipher cipher[AHEAD_TURNS], open_cipher;
};

void evidence_free(struct evidence *evidence);

/* The proofs among these whose answers of the source may be in a file unencrypted: nobody can guess
 * a key by them. */
uint32_t evidence_in_clear(const struct key_desc *key, uint32_t proofs);

/* The proofs among these whose answers the source's HSM encrypts under the evidence key. */
uint32_t evidence_by_seal(const struct key_desc *key, uint32_t proofs);

/* Asks the source, which must answer as its own public key wants it. spki: of a private key. seal:
 * the evidence key, migration and number; NULL: nothing can be sealed. Errors: as proof_run(). */
bool evidence_ask(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                  const struct evidence_subject *seal, struct evidence *out, struct err *err);

/* Gives the transfer what the source showed: from now on ahead_run() asks the destination alone.
 * Errors: ERR_DATA (the evidence is not of this form, or is not that of the public key). */
bool evidence_take(const struct evidence *evidence, const struct bytes *spki, struct transfer *t,
                   struct err *err);

/* The destination answers the open challenge, with its key of this handle. */
bool evidence_answer(struct hsm *destination, const struct transfer *t, uint64_t handle,
                     const struct evidence *evidence, struct bytes *answer, struct err *err);

/* Judges the destination's answer to the open challenge: the source answers it, too, or its public
 * key shows it, or it answered before, and its answer is known by its SHA-256. Errors: as
 * proof_judge(), those of the source. */
bool evidence_judge(struct hsm *source, const struct plan_item *item, const struct bytes *spki,
                    const struct evidence *evidence, const struct bytes *answer, struct err *err);

#endif
