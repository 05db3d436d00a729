/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/visit_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ceremony/inventories.h"
#include "protocol/officer.h"
#include "sealed/sealed_expect.h"
#include "sealed/sealed_words.h"

enum { TYPED_MAX = 1024 };

/* --- gates --- */

static bool answer(struct visit_walk *v, char typed[TYPED_MAX], struct err *err)
{
    memset(typed, 0, TYPED_MAX);
    if (visit_goes_on(v, err) && v->job->answer(v->job->ctx, typed, TYPED_MAX))
        return true;
    gatekeeper_refuse(&v->c->gatekeeper, &v->c->narrator);
    err_set(err, ERR_STOPPED, "stopped by the officers at a gate");
    return err_next(err, "Start again when you are sure.");
}

bool visit_gate(struct visit_walk *v, const struct gate_subject *about, struct err *err)
{
    struct gatekeeper *k = &v->c->gatekeeper;
    char typed[TYPED_MAX];
    bool ok = true;

    while (ok && !k->skip && !gatekeeper_pass(k, about, &v->c->narrator, err))
        ok = k->open && answer(v, typed, err) && gatekeeper_answer(k, typed, &v->c->narrator, err);
    explicit_bzero(typed, sizeof typed);
    return ok;
}

bool visit_review(struct visit_walk *v, const char *word, struct err *err)
{
    const struct gate_subject about = {
        .gate = GATE_REVIEW, .word = word, .keys = v->c->plan.movable};

    return visit_gate(v, &about, err);
}

bool visit_goes_on(const struct visit_walk *v, struct err *err)
{
    return !atomic_load(&v->c->walk.stop) || err_set(err, ERR_STOPPED, "stopped by the officers");
}

/* --- files --- */

static const struct officer *own_officer(const struct visit_walk *v)
{
    const struct ceremony_setup *setup = &v->c->setup;
    const struct officer *officer =
        officer_find(setup->officers, setup->officer_count, officer_roles[v->side]);

    return officer || setup->officer_count == 0 ? officer : &setup->officers[0];
}

/* answer: some of the words that were typed and agreed. */
static bool say_words(struct visit_walk *v, enum gate_state state, unsigned left, const char *text,
                      const char *answer, struct err *err)
{
    return emit_gate(&v->c->narrator,
                     &(struct gate_word){.gate = GATE_FILE,
                                         .state = state,
                                         .tries_left = left,
                                         .officer = own_officer(v),
                                         .question = text,
                                         .answer = answer},
                     err);
}

/* The words are asked for until they are right, or were wrong too often. */
static bool ask_words(struct visit_walk *v, struct sealed_reader *file, struct err *err)
{
    const char *words = sealed_format_words(sealed_file(file)->head.format);
    enum { RECORDED = 4 };
    char question[EVENT_TEXT_MAX], typed[TYPED_MAX], agreed[TEXT_WORDS_SIZE] = "";
    uint8_t sha256[SHA256_SIZE];
    unsigned left = SEALED_TRIES;
    bool ok = false, asked = true;
    struct err why = {0};

    text_print(question, sizeof question,
               "type the first %d words of %s, as the other room reads them out", FILE_WORDS,
               words);
    while (!ok && left > 0 && asked) {
        asked = say_words(v, GATE_OPEN, left, question, "", err) && answer(v, typed, err);
        if (!asked)
            break;
        ok = sealed_trust_words(file, typed, &left, &why);
        if (ok && sealed_sha256(file, sha256, &why))
            text_words(sha256, 0, RECORDED, agreed);
        if (!say_words(v,
                       ok         ? GATE_CONFIRMED
                       : left > 0 ? GATE_WRONG
                                  : GATE_REFUSED,
                       left, "", agreed, err))
            asked = ok = false;
    }
    explicit_bzero(typed, sizeof typed);
    if (!ok && asked)
        *err = why;
    return ok;
}

bool visit_trust(struct visit_walk *v, struct sealed_reader *file, char trust[EVENT_TEXT_MAX],
                 struct err *err)
{
    const struct sealed_signers *signers = v->job->signers;
    char hex[2 * SHA256_SIZE + 1];
    size_t which;

    if (signers && signers->count > 0) {
        if (!sealed_trust_signature(file, signers, &which, err))
            return false;
        text_print(trust, EVENT_TEXT_MAX, "signed by the key with sha256 %s",
                   text_hex(signers->sha256[which], SHA256_SIZE, hex));
        return true;
    }
    if (!ask_words(v, file, err))
        return false;
    text_print(trust, EVENT_TEXT_MAX, "its first %d words were typed by %s", FILE_WORDS,
               own_officer(v) ? own_officer(v)->name : "an officer");
    return true;
}

bool visit_emit_other(struct visit_walk *v, enum file_state state, const struct visit_other *file,
                      struct err *err)
{
    struct event e = {.kind = EVENT_FILE, .side = v->side};

    e.file.state = state;
    text_print(e.file.format, sizeof e.file.format, "%s", file->format);
    text_print(e.file.stage, sizeof e.file.stage, "%s", sealed_stage_name(file->stage));
    text_safe(file->path, strlen(file->path), e.file.path, sizeof e.file.path);
    e.file.bytes = file->bytes;
    memcpy(e.file.sha256, file->sha256, SHA256_SIZE);
    text_print(e.file.trust, sizeof e.file.trust, "%s", file->trust);
    return emit_event(&v->c->narrator, &e, err);
}

bool visit_emit_file(struct visit_walk *v, enum file_state state, const struct sealed_head *head,
                     const uint8_t sha256[SHA256_SIZE], uint64_t bytes, const char *path,
                     const char *trust, struct err *err)
{
    const struct visit_other file = {
        sealed_format_name(head->format), head->stage, sha256, bytes, path, trust};

    return visit_emit_other(v, state, &file, err);
}

bool visit_taken(struct visit_walk *v, const struct sealed_reader *file, const char *trust,
                 struct err *err)
{
    const char *path = file == v->job->ack ? v->job->ack_path : v->job->file_path;
    uint8_t sha256[SHA256_SIZE];

    return sealed_sha256(file, sha256, err) &&
           visit_emit_file(v, FILE_TAKEN, &sealed_file(file)->head, sha256, sealed_size(file), path,
                           trust, err);
}

struct sealed_head visit_head(const struct visit_walk *v, enum sealed_format format,
                              enum sealed_stage stage, const struct sealed_reader *answers)
{
    const struct ceremony_setup *setup = &v->c->setup;
    const enum side other = v->side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
    struct sealed_head head = {.format = format, .stage = stage, .order = v->job->order};
    struct err ignored;

    text_print(head.migration, sizeof head.migration, "%s", setup->visit.migration);
    memcpy(head.ceremony, setup->file_sha256, SHA256_SIZE);
    head.rehearsal = setup->rehearsal;
    head.device[v->side] = sealed_device_of(v->own->slot);
    head.written_ms = v->c->host.utc_ms(v->c->host.ctx) / 1000 * 1000;
    head.expires_ms = setup->visit.expires_ms;
    if (!answers)
        return head;
    head.expires_ms = sealed_file(answers)->head.expires_ms;
    head.device[other] = sealed_file(answers)->head.device[other];
    sealed_sha256(answers, head.answers, &ignored);
    if (format == SEALED_BUNDLE)
        sealed_sha256(v->job->file, head.offer, &ignored);
    else
        memcpy(head.offer, sealed_file(answers)->head.offer, SHA256_SIZE);
    return head;
}

bool visit_expect(const struct visit_walk *v, struct sealed_reader *file,
                  struct sealed_expected *expected, struct err *err)
{
    const struct ceremony_setup *setup = &v->c->setup;

    expected->order = v->job->order;
    expected->rehearsal = setup->rehearsal;
    expected->ceremony = setup->file_sha256;
    if (!expected->now_ms)
        expected->now_ms = v->c->host.utc_ms(v->c->host.ctx);
    return sealed_check(file, expected, err);
}

/* --- rows and steps --- */

bool visit_begin(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;

    if (c->walk.begun)
        return true;
    c->walk.begun = true;
    return inventory_open_one(v->own, &c->result.left, &c->narrator, err);
}

struct stepping {
    enum step_id id;
    const struct transfer *transfer;
    int64_t begun;
};

static bool step_begins(struct visit_walk *v, struct stepping *s, struct err *err)
{
    const struct step_word word = {s->id, EVENT_BEGUN, 0, s->transfer, NULL};

    s->begun = v->c->host.mono_us(v->c->host.ctx);
    return visit_begin(v, err) && emit_step(&v->c->narrator, &word, err);
}

static bool step_ends(struct visit_walk *v, const struct stepping *s, struct step_result *result,
                      bool ok, struct err *err)
{
    const struct step_word word = {s->id, ok ? EVENT_OK : EVENT_FAILED,
                                   v->c->host.mono_us(v->c->host.ctx) - s->begun, s->transfer,
                                   result};
    struct err refused = {0};

    if (!ok)
        snprintf(result->text, sizeof result->text, "%.*s", (int)sizeof result->text - 1,
                 err->what);
    if (emit_step(&v->c->narrator, &word, &refused) || !ok)
        return ok;
    *err = refused;
    return false;
}

bool visit_transport_row(struct visit_walk *v, enum step_id id, struct err *err)
{
    const struct crew crew = crew_of(v->c);
    struct stepping s = {.id = id};
    struct step_result result = {0};
    size_t at = 0;

    while (transport_rows[at].head.id != id)
        at++;
    if (!step_begins(v, &s, err))
        return false;
    v->c->transport.done |= 1U << at; /* even if only half of it is */
    return step_ends(v, &s, &result, rows_run_transport(&crew, at, &v->c->transport, &result, err),
                     err);
}

bool visit_key_row(struct visit_walk *v, struct transfer *t, enum step_id id, struct err *err)
{
    const struct crew crew = crew_of(v->c);
    struct stepping s = {.id = id, .transfer = t};
    struct step_result result = {0};
    size_t count, at = 0;
    const struct transfer_row *rows = rows_of(t, &count);

    while (rows[at].head.id != id)
        at++;
    v->c->walk.at = at;
    if (!step_begins(v, &s, err) ||
        !step_ends(v, &s, &result, rows_run(&crew, at, t, &result, err), err))
        return false;
    t->done |= 1U << at;
    return true;
}

bool visit_key_step(struct visit_walk *v, struct transfer *t, enum step_id id, visit_key_fn *run,
                    void *ctx, struct err *err)
{
    struct stepping s = {.id = id, .transfer = t};
    struct step_result result = {0};

    return step_begins(v, &s, err) && step_ends(v, &s, &result, run(v, t, ctx, &result, err), err);
}

bool visit_step(struct visit_walk *v, enum step_id id, visit_step_fn *run, struct err *err)
{
    struct stepping s = {.id = id};
    struct step_result result = {0};
    struct err refused;

    /* Cleaning up must not depend on a record that can no longer be written. */
    if (!step_begins(v, &s, &refused) && id < STEP_DESTROY) {
        *err = refused;
        return false;
    }
    return step_ends(v, &s, &result, run(v, &result, err), err);
}

bool visit_undo_transport(struct visit_walk *v, struct step_result *result, struct err *err)
{
    const struct crew crew = crew_of(v->c);

    text_print(result->text, sizeof result->text, "no transport key is left");
    return rows_undo_transport(&crew, &v->c->transport, err);
}

bool visit_capabilities(struct visit_walk *v, struct err *err)
{
    struct hsm_wanted wanted = hsm_wanted_all;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_is_agreed(alg)) /* the files have no such transport */
            wanted.algs &= ~(UINT32_C(1) << alg);
    return v->own->hsm->driver->capabilities(v->own->hsm, &wanted, &v->own->caps, err);
}
