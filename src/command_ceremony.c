/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry [FILE]: joins ceremony file, worker, report and front end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "session.h"
#include "ui/loop.h"
#include "ui/plain.h"
#include "ui/plain_log.h"
#include "ui/plain_loop.h"

/* --- plain lines --- */

/* Where the ceremony came to no end of its own, the report says so. */
static void end_report(struct report *report, struct plain_result *result)
{
    struct err err = {0};
    const char *sentence = result->stopped ? "stopped before the ceremony began" : result->err.what;

    if (report_end(report, result->stopped ? END_ABORTED : END_FAILED, result->exit_code, sentence,
                   &err))
        return;
    plain_error(stderr, &err);
    result->exit_code = result->exit_code ? result->exit_code : err_exit(err.code);
}

static int run_plain(struct session *s, struct plain_log *log)
{
    const struct config *config = s->config;
    const struct selection keys = {.uris = config->keys, .uri_count = config->key_count};
    struct worker *worker;
    struct err err = {0};

    if (config->key_count == 0) {
        err_set(&err, ERR_CONFIG, "The ceremony file names no keys");
        err_now(&err, "Nothing was started");
        err_next(&err, "Name them under \"keys\"; on the screen they can be marked");
        return command_failed(&err);
    }
    if (!session_start(s, true, false, &worker, &err))
        return command_failed(&err);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&config->side[SIDE_SOURCE].token, &config->side[SIDE_DESTINATION].token},
        .selection = &keys,
        .log = log,
        .out = stdout,
    });
    worker_free(worker);
    end_report(s->report, &result);
    plain_log_farewell(log, report_path(s->report), report_sha256(s->report), result.exit_code);
    return result.exit_code;
}

/* --- on a terminal --- */

static bool start_for_console(void *ctx, const struct config *config, struct worker **out,
                              struct err *err)
{
    (void)config; /* it is the session's */
    return session_start(ctx, true, true, out, err);
}

static bool report_for_console(void *ctx, struct app_report *report, struct err *err)
{
    const struct session *s = ctx;
    const char *path = s->report ? report_path(s->report) : NULL;

    if (!path)
        return err_set(err, ERR_IO, "No report was written");
    text_print(report->path, sizeof report->path, "%s", path);
    memcpy(report->sha256, report_sha256(s->report), sizeof report->sha256);
    return true;
}

static int run_console(struct session *s, const struct term_options *screen)
{
    const struct console_host host = {s, start_for_console, report_for_console};
    struct err err = {0};
    int code = console_run(s->config, &host, screen, &err);

    if (err.code != ERR_NONE)
        return command_failed(&err);
    if (s->report && report_path(s->report))
        plain_report(stdout, report_path(s->report), report_sha256(s->report));
    return code;
}

int command_ceremony(const struct invocation *in)
{
    bool screen = !in->plain && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    const char *file = in->words[0];
    struct session s = {0};
    struct plain_log *log = NULL;
    struct err err = {0};
    int code;

    if (!file && !screen)
        return command_misused("A ceremony file is missing", "");
    if (!session_load(&s, file, &err) || (!screen && !plain_log_new(stdout, &log, &err)))
        code = command_failed(&err);
    else
        code = screen ? run_console(&s, &in->screen) : run_plain(&s, log);
    plain_log_free(log);
    session_free(&s);
    return code;
}
