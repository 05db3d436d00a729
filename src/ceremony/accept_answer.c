/* SPDX-License-Identifier: Apache-2.0 */
/* The acknowledgement and the receipt, which accept writes for the other room. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/fresh.h"
#include "ceremony/visit_sign.h"
#include "sealed/sealed_expect.h"
#include "sealed/sealed_words.h"
#include "sealed/sealed_write.h"

/* --- the answer --- */

static bool prove_fresh(struct visit_walk *v, struct step_result *result, struct err *err)
{
    return fresh_prove(v->c, result, err);
}

bool accept_prove_fresh(struct visit_walk *v, struct err *err)
{
    struct accept *a = accept_of(v);

    if (a->proven || a->draft)
        return true;
    a->proven = true;
    return visit_step(v, STEP_PROVE_FRESH, prove_fresh, err);
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

static bool add_again(void *ctx, const struct sealed_result *result, struct err *err)
{
    return sealed_add_result(ctx, result, err);
}

static bool add_results(struct accept *a, struct sealed_writer *w, struct err *err)
{
    if (a->draft)
        return sealed_read_results(a->draft, add_again, w, err);
    for (size_t i = 0; i < a->count; i++)
        if (a->records[i].role != SEALED_TEST_KEY && !add_result(w, &a->records[i], err))
            return false;
    return true;
}

/* *file: its first fields, freed by the caller. */
static bool write_to(struct visit_walk *v, const char *path, struct sealed_file *file,
                     uint8_t sha256[SHA256_SIZE], struct err *err)
{
    struct accept *a = accept_of(v);
    struct sealed_writer *w = NULL;
    bool ok;

    file->head = visit_head(v, SEALED_RECEIPT, accept_stage(v), v->job->file);
    for (size_t i = 0; i < a->count; i++)
        file->head.keys += a->records[i].role != SEALED_TEST_KEY;
    file->receipt.pair = a->destroyed ? SEALED_PAIR_DESTROYED : SEALED_PAIR_LEFT;
    if (!a->destroyed)
        text_print(file->receipt.reason, sizeof file->receipt.reason, "it could not be destroyed");
    ok = sealed_begin(path, file, &w, err) && add_results(a, w, err);
    if (ok)
        return sealed_finish(w, sha256, err); /* frees w */
    sealed_abandon(w);
    return false;
}

static void name_draft(const struct visit_walk *v, char path[EVENT_PATH_MAX])
{
    text_print(path, EVENT_PATH_MAX, "%s.draft", v->job->out);
}

static bool write_receipt(struct visit_walk *v, struct err *err)
{
    struct sealed_file *file = calloc(1, sizeof *file);
    uint8_t sha256[SHA256_SIZE];
    char draft[EVENT_PATH_MAX];
    bool ok = file || err_set(err, ERR_FAILED, "no memory for a receipt");

    ok = ok && write_to(v, v->job->out, file, sha256, err) &&
         visit_written(v, &file->head, sha256, err);
    if (ok) {
        name_draft(v, draft);
        unlink(accept_of(v)->draft ? v->past->drafted[accept_stage(v)].path : draft);
    }
    free(file);
    return ok;
}

bool accept_draft(struct visit_walk *v, struct err *err)
{
    struct sealed_file *file = calloc(1, sizeof *file);
    uint8_t sha256[SHA256_SIZE];
    char path[EVENT_PATH_MAX];
    struct stat st;
    bool ok = file || err_set(err, ERR_FAILED, "no memory for a receipt");

    name_draft(v, path);
    ok = ok && write_to(v, path, file, sha256, err) &&
         visit_emit_file(v, FILE_DRAFTED, &file->head, sha256,
                         stat(path, &st) == 0 ? (uint64_t)st.st_size : 0, path, "", err);
    free(file);
    return ok;
}

/* It is the own file: the journal says which one. */
static bool open_draft(struct visit_walk *v, const struct visit_file *file,
                       struct sealed_reader **draft, struct err *err)
{
    struct sealed_expected expected = {
        .format = SEALED_RECEIPT,
        .stages = 1U << accept_stage(v),
        .migration = v->past->migration,
        .offer = v->past->written[SEALED_OFFER][SEALED_STAGE_OFFER].sha256};
    char words[TEXT_WORDS_SIZE];
    uint8_t sha256[SHA256_SIZE];
    unsigned left;

    if (!sealed_open(file->path, draft, err))
        return false;
    expected.answers = v->past->taken[SEALED_BUNDLE][accept_stage(v)].sha256;
    expected.now_ms = sealed_file(*draft)->head.expires_ms - 1;
    return visit_expect(v, *draft, &expected, err) &&
           sealed_trust_words(*draft, text_words(file->sha256, 0, SEALED_WORDS, words), &left,
                              err) &&
           sealed_sha256(*draft, sha256, err) &&
           (memcmp(sha256, file->sha256, SHA256_SIZE) == 0 ||
            err_set(err, ERR_DATA,
                    "the draft of the receipt is not the one that was written: %.200s",
                    file->path));
}

bool accept_find_draft(struct visit_walk *v, struct sealed_reader **draft, struct err *err)
{
    const struct visit_file *file = &v->past->drafted[accept_stage(v)];

    *draft = NULL;
    return !v->c->setup.interrupted || !file->is || accept_of(v)->pair[0].handle ||
           open_draft(v, file, draft, err);
}

bool accept_answer(struct visit_walk *v, struct err *err)
{
    const struct accept *a = accept_of(v);
    struct err why = {0};
    bool ok;

    if (accept_stage(v) == SEALED_STAGE_CANARY)
        return !a->through || write_ack(v, err);
    ok = accept_prove_fresh(v, &why);
    if (a->through && !a->waits && !write_receipt(v, err))
        return false;
    if (!ok)
        *err = why;
    return ok;
}
