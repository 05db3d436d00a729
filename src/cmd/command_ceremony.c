/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry [FILE]: joins ceremony file, worker, report and front end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/session.h"
#include "journal/history.h"
#include "ui/plain/plain.h"
#include "ui/plain/plain_log.h"
#include "ui/plain/plain_loop.h"
#include "ui/screen/loop.h"

/* --- plain lines --- */

/* Where the ceremony came to no end of its own, the report says so. */
static void end_report(struct report *report, struct plain_result *result)
{
    struct err err = {0};
    const char *sentence = result->stopped ? "stopped before the ceremony began" : result->err.what;

    bool aborted = result->stopped || result->err.code == ERR_STOPPED;

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

/* A report stays what it is where nothing signs it; the exit code tells of that failure where there
 * was no other. */
static void sign_report(struct session *s, struct plain_result *result)
{
    struct err err = {0};
    int code;

    if (!report_path(s->report) || !config_signs_on(s->config))
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

/* What was interrupted comes first: nobody knows what is true before. */
static bool nothing_is_open(const struct config *config, struct err *err)
{
    char path[EVENT_PATH_MAX];

    if (!history_find(config->report_folder, path, err))
        return err->code == ERR_NONE;
    err_set(err, ERR_UNFINISHED, "A ceremony was interrupted: %s", path);
    err_now(err, "Nothing new was started");
    return err_next(err, "Run: hsmferry resume %s (or clean, to take it back)", path);
}

static bool can_start(const struct session *s, struct err *err)
{
    if (s->prior)
        return true;
    if (s->config->key_count > 0)
        return nothing_is_open(s->config, err);
    err_set(err, ERR_CONFIG, "The ceremony file names no keys");
    err_now(err, "Nothing was started");
    return err_next(err, "Name them under \"keys\"; on the screen they can be marked");
}

int command_run_plain(struct session *s)
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
        .resume = s->prior != NULL,
        .log = log,
        .out = stdout,
    };
    struct plain_result result = plain_run(&job);
    worker_free(worker);
    end_report(s->report, &result);
    sign_report(s, &result);
    plain_log_farewell(log, report_path(s->report), report_sha256(s->report), &s->signing,
                       result.exit_code);
    plain_log_free(log);
    return result.exit_code;
}

/* --- on a terminal --- */

struct on_screen {
    struct session *session;
    char interrupted[EVENT_PATH_MAX]; /* a journal; empty: none */
    bool settles, cleans;             /* what the officers want done about it */
};

static bool start_for_console(void *ctx, const struct config *config, struct worker **out,
                              struct err *err)
{
    const struct on_screen *screen = ctx;

    (void)config; /* it is the session's */
    return session_start(screen->session, true, true, out, err);
}

static bool keep_for_console(void *ctx, struct err *err)
{
    return session_keep(((const struct on_screen *)ctx)->session, err);
}

static bool report_for_console(void *ctx, struct app_report *report, struct err *err)
{
    struct session *s = ((const struct on_screen *)ctx)->session;
    const char *path = s->report ? report_path(s->report) : NULL;

    if (!path)
        return err_set(err, ERR_IO, "No report was written");
    text_print(report->path, sizeof report->path, "%s", path);
    memcpy(report->sha256, report_sha256(s->report), sizeof report->sha256);
    if (!s->signing.report[0])
        session_to_sign(s, path);
    report->signing = s->signing;
    return true;
}

static void settle_for_console(void *ctx, bool clean)
{
    struct on_screen *screen = ctx;

    screen->settles = true;
    screen->cleans = clean;
}

/* What stood on the screen stays in the terminal. */
static void tell_report(const struct session *s)
{
    FILE *stamped = s->config->rehearsal ? plain_stamped(stdout) : NULL;

    plain_report(stamped ? stamped : stdout, report_path(s->report), report_sha256(s->report),
                 &s->signing);
    if (stamped)
        fclose(stamped);
}

static int run_console(struct session *s, const struct invocation *in)
{
    struct on_screen screen = {.session = s};
    struct console_host host = {.ctx = &screen,
                                .start = start_for_console,
                                .keep = keep_for_console,
                                .report = report_for_console,
                                .settle = settle_for_console};
    struct err err = {0};

    if (history_find(s->config->report_folder, screen.interrupted, &err))
        host.interrupted = screen.interrupted;
    else if (err.code != ERR_NONE)
        return command_failed(&err);
    int code = console_run(s->config, &host, &in->screen, &err);
    if (err.code != ERR_NONE)
        return command_failed(&err);
    if (screen.settles)
        return command_settle(in, screen.interrupted, NULL, screen.cleans);
    if (s->report && report_path(s->report))
        tell_report(s);
    else if (host.interrupted && code == 0)
        code = err_exit(ERR_UNFINISHED);
    return code;
}

int command_ceremony(const struct invocation *in)
{
    bool screen = !in->plain && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    const char *file = in->words[0];
    struct session s = {.host = in->host};
    struct err err = {0};
    int code;

    if (!file && !screen)
        return command_misused("A ceremony file is missing", "");
    if (!session_load(&s, file, &err) ||
        !session_confine(&s, screen ? SESSION_SCREEN : SESSION_RECORD, NULL, &err))
        code = command_failed(&err);
    else
        code = screen ? run_console(&s, in) : command_run_plain(&s);
    session_free(&s);
    return code;
}
