/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry offer, load, accept, confirm, withdraw: the visits of a ceremony in two rooms. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/find_interrupted.h"
#include "cmd/find_visits.h"
#include "cmd/message.h"
#include "cmd/run_console.h"
#include "cmd/run_plain.h"
#include "cmd/sealed_terms.h"
#include "cmd/session.h"
#include "report/signing.h"
#include "sealed/sealed_read.h"

enum { MIGRATION_OCTETS = (SEALED_ID_SIZE - 1) / 2 };

/* The current visit, and all that it owns. */
struct visiting {
    struct session session;
    struct session_visit visit;
    struct interrupted interrupted;
    struct selection selection;
    struct sealed_terms terms;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000;
}

/* An offer begins a migration; every other visit belongs to that of its file. */
static bool name_migration(struct visiting *w, struct err *err)
{
    struct session_visit *visit = &w->visit;
    uint8_t random[MIGRATION_OCTETS];

    if (visit->what != VISIT_OFFER) {
        if (!sealed_open(visit->files[0], &visit->job.file, err) ||
            (visit->files[1] && !sealed_open(visit->files[1], &visit->job.ack, err)))
            return false;
        text_print(visit->migration, sizeof visit->migration, "%s",
                   sealed_file(visit->job.file)->head.migration);
        return true;
    }
    if (RAND_bytes(random, sizeof random) != 1)
        return err_set(err, ERR_FAILED, "There are no random numbers for an offer");
    text_hex(random, sizeof random, visit->migration);
    visit->expires_ms = now_ms() + w->terms.expiry_ms;
    return true;
}

/* An accept that was cut off goes on: its journal names the keys that it has kept. */
static bool find_cut_off(struct visiting *w, struct err *err)
{
    const struct visit_past *past = visit_past_of(&w->session.offers, w->visit.migration);
    enum sealed_stage stage;

    if (w->visit.what != VISIT_ACCEPT || !past || !past->accepted[0])
        return true;
    stage = sealed_file(w->visit.job.file)->head.stage;
    if (stage == SEALED_STAGE_CANARY || !past->taken[SEALED_BUNDLE][stage].is ||
        past->written[SEALED_RECEIPT][stage].is)
        return true;
    if (!interrupted_load(past->accepted, &w->interrupted, err))
        return false;
    w->session.interrupted = &w->interrupted.ceremony;
    w->session.journal = past->accepted;
    return true;
}

static bool keep_signature(const char *path, const struct bytes *signature,
                           const struct bytes *spki, struct err *err)
{
    struct signing_files files;

    return signing_keep(path, signature, spki, &files, err);
}

static void make_job(struct visiting *w)
{
    const struct config *config = w->session.config;
    struct visit_job *job = &w->visit.job;
    const enum side own = visit_side(w->visit.what);
    const enum side other = own == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;

    w->selection = (struct selection){.uris = config->keys, .uri_count = config->key_count};
    job->what = w->visit.what;
    job->file_path = w->visit.files[0];
    job->ack_path = w->visit.files[1];
    job->order = w->terms.order;
    job->signers = &w->terms.signers[other];
    job->own_signers = &w->terms.signers[own];
    job->keep_signature = keep_signature;
    job->pasts = &w->session.offers;
    job->token = config->side[own].token;
    job->selection = &w->selection;
}

static bool can_start(const struct visiting *w, struct err *err)
{
    if (w->session.config->key_count > 0)
        return true;
    err_set(err, ERR_CONFIG, "The ceremony file names no keys");
    err_now(err, "Nothing was started");
    return err_next(err, "Name them under \"keys\"");
}

static bool prepare(struct visiting *w, const char *ceremony, struct err *err)
{
    const enum config_use use =
        visit_side(w->visit.what) == SIDE_SOURCE ? CONFIG_AT_SOURCE : CONFIG_AT_DESTINATION;
    struct session *s = &w->session;

    if (!session_load_as(s, ceremony, use, err) || !session_confine(s, SESSION_SETTLE, NULL, err) ||
        !can_start(w, err) || !visits_find(s->config->report_folder, &s->offers, err))
        return false;
    w->terms = sealed_terms_of(s->config);
    if (!name_migration(w, err) || !find_cut_off(w, err))
        return false;
    make_job(w);
    return true;
}

static int visit(const struct invocation *in, enum visit what, const char *file,
                 const char *ceremony, const char *ack)
{
    struct visiting w = {.session.host = in->host,
                         .visit = {.what = what, .files = {file, ack}},
                         .interrupted.lock = -1};
    struct settle nothing = {.how = SETTLE_NOTHING};
    struct err err = {0};
    int code;

    w.session.visit = &w.visit;
    if (!prepare(&w, ceremony, &err))
        code = command_failed(&err);
    else if (console_is_possible(in->plain))
        code = command_run_console(&w.session, &in->screen, &nothing, NULL);
    else
        code = command_run_visit(&w.session);
    session_free(&w.session);
    interrupted_free(&w.interrupted);
    sealed_close(w.visit.job.file);
    sealed_close(w.visit.job.ack);
    return code;
}

int command_offer(const struct invocation *in)
{
    return visit(in, VISIT_OFFER, NULL, in->words[0], NULL);
}

int command_load(const struct invocation *in)
{
    return visit(in, VISIT_LOAD, in->words[0], in->words[1], in->words[2]);
}

int command_accept(const struct invocation *in)
{
    return visit(in, VISIT_ACCEPT, in->words[0], in->words[1], NULL);
}

int command_confirm(const struct invocation *in)
{
    return visit(in, VISIT_CONFIRM, in->words[0], in->words[1], NULL);
}

int command_withdraw(const struct invocation *in)
{
    return visit(in, VISIT_WITHDRAW, in->words[0], in->words[1], NULL);
}
