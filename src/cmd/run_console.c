/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/run_console.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/message.h"
#include "cmd/recorded.h"
#include "cmd/seal_next.h"
#include "cmd/still_open.h"
#include "config/recent.h"
#include "transfer/sealing.h"
#include "ui/plain/plain.h"
#include "ui/screen/loop.h"

struct on_screen {
    struct session *session;
    struct settle *settle;
    struct recorded recorded; /* its ceremony, once a replay was asked for */
    int recent;               /* as in struct console_finds */
};

/* A path in this process's folder as its shell would write it. */
static const char *from_here(const char *path)
{
    char here[PATH_MAX];
    size_t len = getcwd(here, sizeof here) ? strlen(here) : 0;

    return len > 1 && strncmp(path, here, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

/* The command line names the service and its key; on the screen, both could be written over. */
static bool is_same_service(const struct session *s, struct err *err)
{
    const struct hsm_where *where = &s->config->side[SIDE_DESTINATION].where;

    if (!s->sealing || (strcmp(where->api, s->sealing->service->name) == 0 &&
                        strcmp(where->module, s->sealing->key_file) == 0))
        return true;
    err_set(err, ERR_UNSUPPORTED,
            "the key service was changed, and only the command line names it");
    err_now(err, "Nothing was opened");
    return err_next(err, "Quit, and run hsmferry seal for the other service");
}

static bool start_for_console(void *ctx, const struct config *config, struct worker **out,
                              struct err *err)
{
    const struct on_screen *screen = ctx;
    char word[4 * EVENT_PATH_MAX];

    (void)config; /* it is the session's */
    if (!is_same_service(screen->session, err) ||
        !session_start(screen->session, true, true, out, err))
        return false;
    if (screen->session->visit)
        session_name_file(screen->session);
    signing_add_word(word, sizeof word, 0, from_here(report_journal(screen->session->report)));
    text_safe(word + 1, strlen(word + 1), screen->settle->own, sizeof screen->settle->own);
    return true;
}

static bool keep_for_console(void *ctx, struct err *err)
{
    /* One that seals keys starts over. */
    return ((const struct on_screen *)ctx)->session->sealing ||
           session_keep(((const struct on_screen *)ctx)->session, err);
}

static void put_commands(const struct session *s, const char *path, struct app_report *report)
{
    char *verify = report->commands[0], *openssl = report->commands[1];
    size_t at = text_print(verify, APP_COMMAND_MAX, "hsmferry verify");

    at = signing_add_word(verify, APP_COMMAND_MAX, at, from_here(path));
    at += text_print(verify + at, APP_COMMAND_MAX - at, " --journal");
    signing_add_word(verify, APP_COMMAND_MAX, at, from_here(report_journal(s->report)));
    if (!s->signing.done)
        return;
    at = text_print(openssl, APP_COMMAND_MAX, "openssl dgst -sha256 -verify");
    at = signing_add_word(openssl, APP_COMMAND_MAX, at, from_here(s->signing.files.public_key));
    at += text_print(openssl + at, APP_COMMAND_MAX - at, " -signature");
    at = signing_add_word(openssl, APP_COMMAND_MAX, at, from_here(s->signing.files.signature));
    signing_add_word(openssl, APP_COMMAND_MAX, at, from_here(path));
}

/* The first one: all of them stand in the terminal afterwards. */
static void put_next(const struct session *s, struct app_report *report)
{
    char next[SEAL_NEXT_MAX];
    size_t at = 0;

    if (s->sealing && seal_next(s, &at, next))
        text_print(report->next, sizeof report->next, "%s", next);
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
    put_commands(s, path, report);
    put_next(s, report);
    if (s->signing.done)
        text_print(report->signed_by, sizeof report->signed_by, "%s", s->signing.by);
    else
        text_print(report->unsigned_why, sizeof report->unsigned_why, "%s", s->signing.why);
    return true;
}

static bool save_for_console(void *ctx, const char *path, struct err *err)
{
    if (((const struct on_screen *)ctx)->session->sealing)
        return err_set(
            err, ERR_UNSUPPORTED,
            "a ceremony that seals keys is not saved: the command line names the service");
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

static void remember_for_console(void *ctx)
{
    const struct on_screen *screen = ctx;
    struct err ignored;

    if (screen->recent >= 0)
        recent_write(screen->recent, screen->session->config, &ignored);
}

static void settle_for_console(void *ctx, bool clean)
{
    ((const struct on_screen *)ctx)->settle->how = clean ? SETTLE_CLEANS : SETTLE_RESUMES;
}

/* What stood on the screen stays in the terminal. */
static void print_report(const struct session *s, int code)
{
    FILE *stamped = s->config->rehearsal ? plain_stamped(stdout, PLAIN_STAMP) : NULL;
    char lines[STILL_OPEN_LINES][STILL_OPEN_LINE_MAX];
    unsigned count = code == err_exit(ERR_UNFINISHED) ? still_open_lines(s, lines) : 0;

    plain_report(stamped ? stamped : stdout, report_path(s->report), report_sha256(s->report),
                 &s->signing);
    for (unsigned i = 0; i < count; i++)
        fprintf(stamped ? stamped : stdout, "%s\n", lines[i]);
    if (stamped)
        fclose(stamped);
}

/* An interrupted ceremony that was not settled either has a report that says so; and a visit that
 * did not begin, with the words that were wrong. */
static int end_report(struct session *s, int code)
{
    struct err err = {0};
    bool stopped = code == err_exit(ERR_UNFINISHED);

    if (report_end(s->report, stopped ? END_ABORTED : END_FAILED, code,
                   stopped ? "stopped before the ceremony began"
                           : "the ceremony did not begin: see the errors",
                   &err))
        return code;
    return command_failed(&err);
}

bool console_is_possible(bool plain)
{
    return !plain && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void console_find(struct console_finds *finds)
{
    modules_find_stores(&finds->stores);
    finds->recent = recent_open();
}

int command_run_console(struct session *s, const struct term_options *options,
                        struct settle *settle, const struct console_finds *finds)
{
    struct on_screen screen = {
        .session = s, .settle = settle, .recent = finds ? finds->recent : -1};
    struct recent recent = {.count = 0};
    const struct console_host host = {.ctx = &screen,
                                      .start = start_for_console,
                                      .keep = keep_for_console,
                                      .report = report_for_console,
                                      .save = save_for_console,
                                      .recording = recording_for_console,
                                      .remember = remember_for_console,
                                      .visit = s->visit ? s->visit->what : VISIT_NONE,
                                      .removal = s->removal ? s->removal->what : REMOVAL_NONE,
                                      .stores = finds ? &finds->stores : NULL,
                                      .recent = &recent,
                                      .interrupted = settle,
                                      .settle = settle_for_console};
    struct err err = {0};

    if (screen.recent >= 0) /* what is wrong there is not used, and replaced */
        recent_read(screen.recent, &recent, &err);
    err_clear(&err);
    int code = console_run(s->config, &host, options, &err);
    recorded_free(&screen.recorded);
    recent_free(&recent);
    if (screen.recent >= 0)
        close(screen.recent);
    if (err.code != ERR_NONE)
        return command_failed(&err);
    if ((s->interrupted || (s->visit && code != 0)) && s->report && !report_path(s->report))
        code = end_report(s, code);
    if (s->report && report_path(s->report))
        print_report(s, code);
    return code;
}
