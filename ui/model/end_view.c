/* SPDX-License-Identifier: Apache-2.0 */
/* The end view: the outcome, left-over objects, and the report. */
#include <stdio.h>

#include "base/text.h"
#include "ui/model/end_view.h"
#include "ui/model/key_rows.h"
#include "ui/model/text_page.h"

static void steps(struct app *app)
{
    app_go(app, VIEW_CEREMONY);
}

/* The answers of HSMs that are still at work wait until it is left. */
static void replay(struct app *app)
{
    app_ask(app, REQUEST_REPLAY, SIDE_RELAY);
}

static void report(struct app *app)
{
    if (app->run.over)
        app_go(app, VIEW_END);
    else
        app_say(app, "There is no report yet: it is written when the ceremony ends.");
}

/* After a wrong PIN, or a token that was not there. */
static void sign(struct app *app)
{
    if (!app->config->signer.key.text[0])
        app_say(app, "The ceremony file names no key that signs the report.");
    else if (!app->report.path[0])
        app_say(app, "There is no report to sign.");
    else if (app->report.signed_by[0])
        app_say(app, "The report is signed already.");
    else if (app->queue.under_way > 0)
        app_say(app, "The HSMs are busy; try again in a moment.");
    else
        app_ask(app, REQUEST_SIGN, SIDE_RELAY);
}

/* The report is asked for again: it says who signed it, or why nobody did. */
static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    if (kind != REQUEST_SIGN)
        return;
    app_ask(app, REQUEST_REPORT, SIDE_RELAY);
    if (!ok)
        app_show_error(app, &app->queue.error);
}

/* --- all of it, for a screen that is too small ---------------------------------------------------
 */

/* Public objects have the names of their private keys. */
char *end_not_moved(const struct run_key *key, char *out, size_t size)
{
    char label[KEY_LABEL_TEXT];

    text_print(out, size, "%s%s: %s", key_label_text(&key->source, label),
               key->source.class == KEY_CLASS_PUBLIC        ? " (public key)"
               : key->source.class == KEY_CLASS_CERTIFICATE ? " (certificate)"
                                                            : "",
               key->reason[0] ? key->reason : "not reached");
    return out;
}

static void not_moved(const struct run *run, struct sheet *s)
{
    char text[KEY_LABEL_TEXT + EVENT_TEXT_MAX + 32];

    for (size_t i = 0; i < run->failing.count; i++) {
        const struct run_key *key = run_key_at(run, failing_at(&run->failing, i));
        sheet_line(s, "%s  %s", key_outcome_name(key->outcome),
                   end_not_moved(key, text, sizeof text));
    }
}

void end_details(const struct app *app, struct sheet *s)
{
    const struct app_report *report = &app->report;
    char text[TEXT_WORDS_SIZE];

    sheet_line(s, "%s", app->run.end_text);
    if (app->run.failure[0])
        sheet_line(s, "Reason: %s", app->run.failure);
    not_moved(&app->run, s);
    if (!report->path[0])
        return;
    sheet_line(s, "%s", "");
    sheet_line(s, "%s", report->path);
    for (unsigned i = 0; i < SHA256_SIZE; i += 4)
        sheet_line(s, "%2u  %s", i + 1, text_words(report->sha256, i, 4, text));
    for (unsigned i = 0; i < 2; i++) {
        sheet_line(s, "%s", "");
        sheet_line(s, "%s", report->commands[i]);
    }
    if (!report->next[0])
        return;
    sheet_line(s, "%s", "");
    sheet_line(s, "%s", "Next, for the first file; the others follow in the terminal:");
    sheet_line(s, "%s", report->next);
}

void end_details_open(struct app *app)
{
    app_open(app, DIALOG_DETAILS);
}

/* --- the view --------------------------------------------------------------------------------- */

static const struct key_row end_door = {
    {PRESS_F9, 'r'}, 4, "Report", "Show the outcome and the path of the report.", report, NULL};

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_compare},
    {.also = keys_hsms},
    {{PRESS_F5, 'P'}, 3, "Replay", "Show the ceremony again from its journal.", replay, NULL},
    {{'c'}, 4, "Steps", "Show the steps of the last key.", steps, NULL},
    {{PRESS_F3, 'd'},
     3,
     "Details",
     "Show all: keys not moved, words, commands that check the report.",
     end_details_open,
     NULL},
    {{'S'},
     2,
     "Sign",
     "Sign the report, if that has failed: the PIN is asked for again.",
     sign,
     NULL},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

static bool offers(const struct app *app, const struct key_row *row)
{
    const struct app_report *report = &app->report;

    if (row == &end_door)
        return app->run.over;
    if (row->act == sign)
        return app->config->signer.key.text[0] && report->path[0] && !report->signed_by[0];
    return key_rows_offer(app, row);
}

const struct view end_view = {.name = "End",
                              .keys = keys,
                              .door = &end_door,
                              .details = end_details,
                              .offers = offers,
                              .done = done};
