/* SPDX-License-Identifier: Apache-2.0 */
/* The acknowledgement and the receipt, which accept writes for the other room. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/fresh.h"
#include "ceremony/visit_sign.h"
#include "sealed/sealed_write.h"

/* --- the answer --- */

static bool prove_fresh(struct visit_walk *v, struct step_result *result, struct err *err)
{
    return fresh_prove(v->c, result, err);
}

static bool write_ack(struct visit_walk *v, struct err *err)
{
    const struct accept *a = accept_of(v);
    struct sealed_file *file = calloc(1, sizeof *file);
    uint8_t sha256[SHA256_SIZE];
    bool ok = file || err_set(err, ERR_FAILED, "no memory for an acknowledgement");

    if (ok) {
        file->head = visit_head(v, SEALED_ACK, SEALED_STAGE_CANARY, v->job->file);
        file->head.keys = a->trial_count;
        memcpy(file->ack.trials, a->trials, sizeof a->trials);
        file->ack.trial_count = a->trial_count;
        ok = sealed_write(v->job->out, file, sha256, err) &&
             visit_written(v, &file->head, sha256, err);
    }
    free(file);
    return ok;
}

static bool add_result(struct sealed_writer *w, const struct record *record, struct err *err)
{
    const struct transfer *t = record->transfer;
    const bool arrived = t && (t->outcome == KEY_MIGRATED || t->outcome == KEY_UNPROVEN);
    struct sealed_result result = {
        .number = record->number,
        .outcome = t ? t->outcome : KEY_REFUSED,
        .proof = arrived && t->outcome == KEY_MIGRATED ? t->proof : (enum hsm_proof)HSM_PROOFS,
        .open.proof = HSM_PROOFS,
    };

    if (arrived && record->answer.len > 0) { /* lent for the call */
        result.open.proof = record->evidence.proof;
        result.open.challenge = record->evidence.open;
        result.open.answer.clear = record->answer;
    }
    if (!arrived)
        text_print(result.text, sizeof result.text, "%.150s",
                   t && t->err.code != ERR_NONE ? err_note_get(&t->err).what
                                                : "it was not reached");
    return sealed_add_result(w, &result, err);
}

static bool write_receipt(struct visit_walk *v, struct err *err)
{
    const struct accept *a = accept_of(v);
    struct sealed_file *file = calloc(1, sizeof *file);
    struct sealed_writer *w = NULL;
    uint8_t sha256[SHA256_SIZE];
    bool ok = file || err_set(err, ERR_FAILED, "no memory for a receipt");

    if (ok) {
        file->head = visit_head(v, SEALED_RECEIPT, accept_stage(v), v->job->file);
        for (size_t i = 0; i < a->count; i++)
            file->head.keys += a->records[i].role != SEALED_TEST_KEY;
        file->receipt.pair = a->destroyed ? SEALED_PAIR_DESTROYED : SEALED_PAIR_LEFT;
        if (!a->destroyed)
            text_print(file->receipt.reason, sizeof file->receipt.reason,
                       "it could not be destroyed");
        ok = sealed_begin(v->job->out, file, &w, err);
    }
    for (size_t i = 0; ok && i < a->count; i++)
        if (a->records[i].role != SEALED_TEST_KEY)
            ok = add_result(w, &a->records[i], err);
    if (ok) {
        ok = sealed_finish(w, sha256, err) && visit_written(v, &file->head, sha256, err);
        w = NULL; /* freed */
    }
    sealed_abandon(w);
    free(file);
    return ok;
}

bool accept_answer(struct visit_walk *v, struct err *err)
{
    const bool through = accept_of(v)->through;
    struct err why = {0};
    bool ok;

    if (accept_stage(v) == SEALED_STAGE_CANARY)
        return !through || write_ack(v, err);
    ok = visit_step(v, STEP_PROVE_FRESH, prove_fresh, &why);
    if (through && !write_receipt(v, err))
        return false;
    if (!ok)
        *err = why;
    return ok;
}
