/* SPDX-License-Identifier: Apache-2.0 */
/* The end view: the outcome, what was left behind, and where the report is. */
#include <stddef.h>

#include "ui/model/key_rows.h"

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

static const struct key_row end_door = {
    {PRESS_F9, 'r'}, 4, "Report", "Show the outcome and where the report is.", report, NULL};

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_compare},
    {.also = keys_hsms},
    {{PRESS_F5, 'P'}, 3, "Replay", "Show the ceremony again from its journal.", replay, NULL},
    {{'c'}, 4, "Steps", "Show the steps of the last key.", steps, NULL},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view end_view = {.name = "End", .keys = keys, .door = &end_door, .done = done};
