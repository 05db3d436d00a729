/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry retire, undo: destroy keys that the report of a ceremony says were migrated. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/command_removal.h"
#include "cmd/find_interrupted.h"
#include "cmd/message.h"
#include "cmd/read_removal.h"
#include "cmd/run_console.h"
#include "cmd/run_plain.h"
#include "journal/history.h"

/* The current removal, and all that it owns. */
struct removing {
    struct session session;
    struct session_removal removal;
    struct interrupted interrupted;
    char folder[PATH_MAX]; /* of the report: its signatures are next to it */
    const char *reads[2];
    char journal[EVENT_PATH_MAX];
};

/* One that was interrupted goes on with the same report; any other ceremony comes first. */
static bool find_cut_off(struct removing *r, struct err *err)
{
    struct session *s = &r->session;

    if (s->interrupted)
        return removal_take_over(s->journal, r->removal.sha256, &r->removal.job, err);
    if (!history_find(s->config->report_folder, r->journal, err))
        return err->code == ERR_NONE;
    if (!interrupted_load(r->journal, &r->interrupted, err))
        return false;
    if (r->interrupted.history.removal == REMOVAL_NONE) {
        err_set(err, ERR_UNFINISHED, "A ceremony was interrupted: %s", r->journal);
        err_now(err, "Nothing new was started");
        return err_next(err, "Run: hsmferry resume %s (or clean, to undo it)", r->journal);
    }
    s->interrupted = &r->interrupted.ceremony;
    s->journal = r->journal;
    return removal_take_over(r->journal, r->removal.sha256, &r->removal.job, err);
}

/* The seal has no key: anyone who writes a report can make it. */
static bool take_signer(struct removing *r, const struct removal_signers *signers, struct err *err)
{
    const struct config *config = r->session.config;
    const struct config_side *on = config_signs_on(config);
    struct removal_job *job = &r->removal.job;

    if (!on)
        return true;
    if (signers->count == 0) {
        err_set(err, ERR_DENIED,
                "The report is UNSIGNED, and the ceremony file names a key that signs reports");
        err_now(err, "Nothing was destroyed");
        return err_next(err, "Sign it with hsmferry sign, if it is the report that you have kept");
    }
    job->signer.token = on->token;
    job->signer.key = config->signer.key;
    memcpy(job->signer.sha256, signers->sha256, sizeof job->signer.sha256);
    job->signer.count = signers->count;
    return true;
}

static bool prepare(struct removing *r, const char *report, struct err *err)
{
    const struct config *config = r->session.config;
    struct removal_job *job = &r->removal.job;
    struct removal_signers signers;
    char real[PATH_MAX];

    if (!removal_read(report, r->removal.what, job, r->removal.sha256, &signers, err) ||
        !take_signer(r, &signers, err) || !find_cut_off(r, err))
        return false;
    text_safe(realpath(report, real) ? real : report,
              strlen(realpath(report, real) ? real : report), r->removal.report,
              sizeof r->removal.report);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        job->token[side] = config->side[side].token;
    job->destroys = config->side[removal_from(job->what)].destroys;
    job->clean = r->session.interrupted && r->session.interrupted->clean;
    return true;
}

static int run(struct removing *r, const struct invocation *in, const char *report,
               struct settle *settle)
{
    struct err err = {0};

    r->session.removal = &r->removal;
    if (!prepare(r, report, &err))
        return command_failed(&err);
    return console_is_possible(in->plain)
               ? command_run_console(&r->session, &in->screen, settle, NULL)
               : command_run_removal(&r->session);
}

static void forget(struct removing *r)
{
    free(r->removal.job.keys);
    interrupted_free(&r->interrupted);
}

static int remove_keys(const struct invocation *in, enum removal what)
{
    struct removing r = {.session.host = in->host, .removal.what = what, .interrupted.lock = -1};
    struct settle nothing = {.how = SETTLE_NOTHING};
    struct err err = {0};
    char report[PATH_MAX];
    int code;

    text_print(report, sizeof report, "%s", in->words[0]);
    text_print(r.folder, sizeof r.folder, "%s", dirname(report));
    r.reads[0] = r.folder;
    r.session.reads = r.reads;
    if (!session_load(&r.session, in->words[1], &err) ||
        !session_confine(&r.session, SESSION_SETTLE, NULL, &err))
        code = command_failed(&err);
    else
        code = run(&r, in, in->words[0], &nothing);
    session_free(&r.session);
    forget(&r);
    return code;
}

int command_resume_removal(const struct invocation *in, struct session *session,
                           const struct history *history)
{
    struct removing r = {.session = *session, /* which its caller frees */
                         .removal.what = history->removal,
                         .interrupted.lock = -1};
    struct settle settle = {.how = session->interrupted->clean ? SETTLE_CLEANS : SETTLE_RESUMES};
    const int code = run(&r, in, history->report, &settle);

    *session = r.session;
    session->removal = NULL;
    forget(&r);
    return code;
}

int command_retire(const struct invocation *in)
{
    return remove_keys(in, REMOVAL_RETIRE);
}

int command_undo(const struct invocation *in)
{
    return remove_keys(in, REMOVAL_UNDO);
}
