/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry offer, load, accept, confirm, withdraw: the visits of a ceremony in two rooms. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "ceremony/arrival.h"
#include "cmd/command.h"
#include "cmd/find_interrupted.h"
#include "cmd/find_visits.h"
#include "cmd/message.h"
#include "cmd/run_console.h"
#include "cmd/run_plain.h"
#include "cmd/sealed_terms.h"
#include "cmd/session.h"
#include "report/signing.h"
#include "report/verify.h"
#include "sealed/sealed_read.h"
#include "transfer/sealing.h"

enum { MIGRATION_OCTETS = (SEALED_ID_SIZE - 1) / 2 };

/* The current visit, and all that it owns. */
struct visiting {
    bool pem;           /* the offer's public key is written, too */
    const char *format; /* of a key service's file; NULL: a bundle */
    struct arrival arrival;
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

/* --- the file of a key service --- */

static bool wrong_use(struct err *err, const char *what, const char *next)
{
    err_set(err, ERR_USAGE, "%s", what);
    err_now(err, "Nothing was started");
    return err_next(err, "%s", next);
}

/* Does the ceremony file fit the command? */
static bool check_use(const struct visiting *w, struct err *err)
{
    const bool arrives = w->session.config->arriving.wanted;

    if (w->visit.what == VISIT_OFFER && w->pem != arrives)
        return arrives ? wrong_use(err,
                                   "The key comes as a file of a key service, which needs a "
                                   "public key in PEM",
                                   "Use hsmferry offer --pem")
                       : wrong_use(err, "The ceremony file has no section \"arriving\"",
                                   "Describe there the key that the key service will return; or "
                                   "leave out --pem");
    if (w->visit.what == VISIT_ACCEPT && !w->format == arrives)
        return arrives ? wrong_use(err, "The key comes as a file of a key service",
                                   "Name its format with --format: rsa-aes or rsa-oaep")
                       : wrong_use(err, "The ceremony file has no section \"arriving\"",
                                   "Describe the key there; or leave out --format to accept a "
                                   "bundle");
    return true;
}

static bool load(const char *path, size_t max, struct bytes *to, struct err *err)
{
    return verify_load(path, max, to, err) || (err_now(err, "Nothing was started"), false);
}

static bool load_arrival(struct visiting *w, struct err *err)
{
    const struct config_arriving *from = &w->session.config->arriving;
    struct arrival *to = &w->arrival;
    struct bytes file = {0}, pem = {0}, spki = {0};
    bool ok;

    to->path = w->visit.files[0];
    to->key = from->key;
    ok = load(to->path, ARRIVAL_FILE_MAX, &file, err) && arrival_take(to, &file, err) &&
         (!from->public_key[0] ||
          (load(from->public_key, SEALING_KEY_FILE_MAX, &pem, err) &&
           sealing_read_public(&pem, &spki, err) && arrival_take_public(to, &spki, err)));
    bytes_free(&file);
    bytes_free(&pem);
    bytes_free(&spki);
    return ok;
}

/* The file names no migration: the journals do. */
static bool name_offer(struct visiting *w, struct err *err)
{
    const struct visit_past *past;

    if (!load_arrival(w, err))
        return false;
    past = arrival_offer(&w->session.offers, w->session.config->sha256, &w->arrival, err);
    if (past)
        text_print(w->visit.migration, sizeof w->visit.migration, "%s", past->migration);
    return past != NULL;
}

/* --- the visit --- */

/* An offer begins a migration; every other visit belongs to that of its file. */
static bool name_migration(struct visiting *w, struct err *err)
{
    struct session_visit *visit = &w->visit;
    uint8_t random[MIGRATION_OCTETS];

    if (w->format)
        return name_offer(w, err);
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

/* Has an earlier visit taken the file, and not come to its end? */
static bool was_cut_off(const struct visiting *w, const struct visit_past *past)
{
    enum sealed_stage stage;

    if (w->format)
        return past->returned.is && !past->returned_over;
    stage = sealed_file(w->visit.job.file)->head.stage;
    return stage != SEALED_STAGE_CANARY && past->taken[SEALED_BUNDLE][stage].is &&
           !past->written[SEALED_RECEIPT][stage].is;
}

/* An accept that was cut off goes on: its journal names the keys that it has kept. */
static bool find_cut_off(struct visiting *w, struct err *err)
{
    const struct visit_past *past = visit_past_of(&w->session.offers, w->visit.migration);

    if (w->visit.what != VISIT_ACCEPT || !past || !past->accepted[0] || !was_cut_off(w, past))
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
    job->arrival = w->format ? &w->arrival : NULL;
    job->makes_pem = w->pem;
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

/* The key service takes the place of the other HSM: its file is what a module is to that. */
static void name_source(const struct visiting *w)
{
    struct hsm_where *where = &w->session.config->side[SIDE_SOURCE].where;

    if (!w->format)
        return;
    text_print(where->api, sizeof where->api, "%s", w->format);
    text_print(where->module, sizeof where->module, "%s", w->visit.files[0]);
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
    const char *reads[] = {NULL, NULL};
    bool ok;

    if (w->format && !arrival_format_of(w->format, &w->arrival.format))
        return wrong_use(err, "There is no such format",
                         "Name one with --format: rsa-aes, rsa-oaep");
    if (!session_load_as(s, ceremony, use, err) || !check_use(w, err))
        return false;
    reads[0] = s->config->arriving.public_key[0] ? s->config->arriving.public_key : NULL;
    s->reads = reads;
    ok = session_confine(s, SESSION_SETTLE, NULL, err);
    s->reads = NULL;
    if (!ok || !can_start(w, err) || !visits_find(s->config->report_folder, &s->offers, err))
        return false;
    w->terms = sealed_terms_of(s->config);
    if (!name_migration(w, err) || !find_cut_off(w, err))
        return false;
    name_source(w);
    make_job(w);
    return true;
}

static int visit(const struct invocation *in, enum visit what, const char *file,
                 const char *ceremony, const char *ack)
{
    struct visiting w = {.pem = in->pem,
                         .format = in->format,
                         .session.host = in->host,
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
    arrival_free(&w.arrival);
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
