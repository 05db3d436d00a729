/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/run_plain.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/message.h"
#include "cmd/still_open.h"
#include "journal/history.h"
#include "ui/plain/plain.h"
#include "ui/plain/plain_log.h"
#include "ui/plain/plain_loop.h"

/* If the ceremony was not completed, the report says so. If officers stop what resumes an
 * interrupted one, that is still open. */
static void end_report(struct report *report, bool resumes, struct plain_result *result)
{
    struct err err = {0};
    const char *sentence = result->stopped ? "stopped before the ceremony began" : result->err.what;

    bool aborted = result->stopped || result->err.code == ERR_STOPPED;

    if (resumes && aborted && result->exit_code == err_exit(ERR_STOPPED))
        result->exit_code = err_exit(ERR_UNFINISHED);
    if (report_end(report, aborted ? END_ABORTED : END_FAILED, result->exit_code, sentence, &err))
        return;
    plain_error(stderr, &err);
    result->exit_code = result->exit_code ? result->exit_code : err_exit(err.code);
}

int command_sign_plain(struct session *s, const char *report, struct err *err)
{
    struct worker *worker;

    session_to_sign(s, report);
    if (!session_start(s, false, false, &worker, err)) {
        session_unsigned(s, err);
        return err_exit(err->code);
    }
    const struct plain_job job = {.worker = worker, .sign = true, .out = stdout};
    struct plain_result result = plain_run(&job);
    worker_free(worker);
    return result.exit_code;
}

/* The key that signs may be in the other room. */
static bool signs_here(const struct session *s)
{
    const enum side side = s->config->signer.side;

    return config_signs_on(s->config) &&
           (!s->visit || side == SIDE_RELAY || side == visit_side(s->visit->what));
}

/* A report remains valid without a signature; the exit code reports that failure only if there was
 * no other. */
static void sign_report(struct session *s, struct plain_result *result)
{
    struct err err = {0};
    int code;

    if (!report_path(s->report) || !signs_here(s))
        return;
    if (result->stopped) {
        err_set(&err, ERR_STOPPED, "stopped before it was signed");
        session_unsigned(s, &err);
        return;
    }
    code = command_sign_plain(s, report_path(s->report), &err);
    if (err.code != ERR_NONE)
        plain_error(stderr, &err);
    if (result->exit_code == 0)
        result->exit_code = code;
}

/* An interrupted ceremony must be settled first: until then the state of the tokens is unknown. */
static bool nothing_is_open(const struct config *config, struct err *err)
{
    char path[EVENT_PATH_MAX];

    if (!history_find(config->report_folder, path, err))
        return err->code == ERR_NONE;
    err_set(err, ERR_UNFINISHED, "A ceremony was interrupted: %s", path);
    err_now(err, "Nothing new was started");
    return err_next(err, "Run: hsmferry resume %s (or clean, to undo it)", path);
}

static bool can_start(const struct session *s, struct err *err)
{
    if (s->interrupted)
        return true;
    if (s->config->key_count > 0)
        return nothing_is_open(s->config, err);
    err_set(err, ERR_CONFIG, "The ceremony file names no keys");
    err_now(err, "Nothing was started");
    return err_next(err, "Name them under \"keys\"; on the screen they can be marked");
}

/* Exit code 3 asks for one of two commands: names them. */
static void say_still_open(const struct session *s, struct plain_log *log)
{
    char lines[STILL_OPEN_LINES][STILL_OPEN_LINE_MAX];
    unsigned count = still_open_lines(s, lines);

    for (unsigned i = 0; i < count; i++)
        plain_log_note(log, lines[i]);
}

int command_run_plain(struct session *s, struct kept_events *kept)
{
    const struct config *config = s->config;
    const struct selection keys = {.uris = config->keys, .uri_count = config->key_count};
    struct plain_log *log = NULL;
    struct worker *worker;
    struct err err = {0};

    if (!can_start(s, &err) || !plain_log_new(stdout, &log, &err) ||
        !session_start(s, true, false, &worker, &err)) {
        plain_log_free(log);
        return command_failed(&err);
    }
    const struct plain_job job = {
        .worker = worker,
        .token = {&config->side[SIDE_SOURCE].token, &config->side[SIDE_DESTINATION].token},
        .selection = &keys,
        .resume = s->interrupted != NULL,
        .log = log,
        .out = stdout,
        .take = kept ? kept_events_take : NULL,
        .ctx = kept,
    };
    struct plain_result result = plain_run(&job);
    worker_free(worker);
    end_report(s->report, s->interrupted != NULL, &result);
    sign_report(s, &result);
    plain_log_farewell(log, report_path(s->report), report_sha256(s->report), &s->signing,
                       result.exit_code);
    if (result.exit_code == err_exit(ERR_UNFINISHED) && !s->sealing)
        say_still_open(s, log);
    plain_log_free(log);
    return result.exit_code;
}

/* What to carry where, and what to do there. */
static void say_what_follows(const struct session *s, struct plain_log *log)
{
    static const char *const next[VISITS] = {
        [VISIT_OFFER] = "load",
        [VISIT_LOAD] = "accept",
        [VISIT_ACCEPT] = "confirm",
    };
    const char *command = next[s->visit->what];
    char line[2 * EVENT_PATH_MAX];

    if (s->visit->job.pem[0] && access(s->visit->job.pem, F_OK) == 0) {
        text_print(line, sizeof line,
                   "Give %s to the key service, compare its fingerprint there, and let it wrap the "
                   "key. Then: hsmferry accept --format",
                   s->visit->job.pem);
        plain_log_note(log, line);
        return;
    }

    if (!command || access(s->visit->job.out, F_OK) != 0)
        return;
    text_print(line, sizeof line, "Carry %s to the other room. There: hsmferry %s",
               s->visit->job.out, command);
    plain_log_note(log, line);
}

/* All that is asked and done in one command of the worker. named: what names its file; follows:
 * what is to be done afterwards. NULL: nothing. */
static int run_whole(struct session *s, void (*named)(struct session *s),
                     void (*follows)(const struct session *s, struct plain_log *log))
{
    struct plain_log *log = NULL;
    struct worker *worker;
    struct err err = {0};

    if (!plain_log_new(stdout, &log, &err) || !session_start(s, true, false, &worker, &err)) {
        plain_log_free(log);
        return command_failed(&err);
    }
    if (named)
        named(s);
    const struct plain_job job = {.worker = worker, .visit = true, .log = log, .out = stdout};
    struct plain_result result = plain_run(&job);
    worker_free(worker);
    end_report(s->report, s->removal && s->interrupted, &result);
    sign_report(s, &result);
    plain_log_farewell(log, report_path(s->report), report_sha256(s->report), &s->signing,
                       result.exit_code);
    if (follows)
        follows(s, log);
    if (s->removal && result.exit_code == err_exit(ERR_UNFINISHED))
        say_still_open(s, log);
    plain_log_free(log);
    return result.exit_code;
}

int command_run_visit(struct session *s)
{
    return run_whole(s, session_name_file, say_what_follows);
}

int command_run_removal(struct session *s)
{
    return run_whole(s, NULL, NULL);
}
