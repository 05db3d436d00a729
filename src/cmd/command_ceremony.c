/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry [FILE]: joins ceremony file, worker, report and front end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/recorded.h"
#include "cmd/run_plain.h"
#include "cmd/session.h"
#include "journal/history.h"
#include "ui/plain/plain.h"
#include "ui/screen/loop.h"

struct on_screen {
    struct session *session;
    struct recorded recorded;         /* its ceremony, once a replay was asked for */
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
    if (s->signing.done)
        text_print(report->signed_by, sizeof report->signed_by, "%s", s->signing.by);
    else
        text_print(report->unsigned_why, sizeof report->unsigned_why, "%s", s->signing.why);
    return true;
}

static bool save_for_console(void *ctx, const char *path, struct err *err)
{
    return config_write(((const struct on_screen *)ctx)->session->config, path, false, err);
}

static bool recording_for_console(void *ctx, const struct recording **out, struct err *err)
{
    struct on_screen *screen = ctx;

    recorded_free(&screen->recorded);
    if (!screen->session->report)
        return err_set(err, ERR_NO_INPUT, "This ceremony has no journal");
    *out = &screen->recorded.recording;
    return recorded_read(report_journal(screen->session->report), &screen->recorded, err);
}

static void settle_for_console(void *ctx, bool clean)
{
    struct on_screen *screen = ctx;

    screen->settles = true;
    screen->cleans = clean;
}

/* What stood on the screen stays in the terminal. */
static void print_report(const struct session *s)
{
    FILE *stamped = s->config->rehearsal ? plain_stamped(stdout, PLAIN_STAMP) : NULL;

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
                                .save = save_for_console,
                                .recording = recording_for_console,
                                .settle = settle_for_console};
    struct err err = {0};

    if (history_find(s->config->report_folder, screen.interrupted, &err))
        host.interrupted = screen.interrupted;
    else if (err.code != ERR_NONE)
        return command_failed(&err);
    int code = console_run(s->config, &host, &in->screen, &err);
    recorded_free(&screen.recorded);
    if (err.code != ERR_NONE)
        return command_failed(&err);
    if (screen.settles)
        return command_settle(in, screen.interrupted, NULL, screen.cleans);
    if (s->report && report_path(s->report))
        print_report(s);
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
