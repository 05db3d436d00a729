/* SPDX-License-Identifier: Apache-2.0 */
/* The log view: all calls into both HSMs. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/text_page.h"

static void title(const struct app *app, char *out, size_t size)
{
    const struct log *log = &app->log;

    if (log->dropped)
        snprintf(out, size, "LOG  the last %zu lines, %" PRIu64 " more before", log->count,
                 log->dropped);
    else
        snprintf(out, size, "LOG  %zu line%s", log->count, log->count == 1 ? "" : "s");
}

static size_t count(const struct app *app)
{
    return app->log.count;
}

static void row(const struct app *app, size_t i, struct view_row *out)
{
    const struct log_line *line = log_at(&app->log, i);
    char time[32];

    text_time(line->utc_ms, true, time);
    out->dim =
        snprintf(out->text, sizeof out->text, "%-12.12s %-12s", time + 11, side_name(line->side));
    snprintf(out->text + out->dim, sizeof out->text - (size_t)out->dim, "%s", line->text);
    out->bad = line->bad;
}

static size_t at(const struct app *app)
{
    return app->log.at;
}

static void move(struct app *app, long delta)
{
    log_move(&app->log, delta);
}

static bool find(struct app *app, const char *text, bool next)
{
    return log_find(&app->log, text, next);
}

static void details(const struct app *app, struct sheet *s)
{
    const struct log_line *entry = log_at(&app->log, app->log.at);
    char time[32];

    if (!entry)
        return;
    sheet_line(s, "%s  %s", text_time(entry->utc_ms, true, time), side_name(entry->side));
    sheet_sentence(s, entry->text);
}

static void enter(struct app *app)
{
    log_move(&app->log, LOG_LINES);
}

static void details_open(struct app *app)
{
    app_open(app, DIALOG_DETAILS);
}

static void walk(struct app *app, bool back)
{
    if (!log_walk(&app->log, back))
        app_say(app, "The log has no %s key.", back ? "earlier" : "later");
}

static void next_key(struct app *app)
{
    walk(app, false);
}

static void key_before(struct app *app)
{
    walk(app, true);
}

static const struct key_row log_door = {
    {PRESS_F8, 't'}, 4, "Log", "Show the log of all calls into both HSMs.", NULL, NULL};

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {{'n'}, 0, NULL, "To the lines of the next key.", next_key, NULL},
    {{'p'}, 0, NULL, "To the lines of the key before.", key_before, NULL},
    {.also = keys_finding},
    {{PRESS_F3, 'd'}, 3, "Details", "Show the whole line.", details_open, NULL},
    {.also = keys_exception},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view log_view = {.name = "Log",
                              .keys = keys,
                              .door = &log_door,
                              .title = title,
                              .count = count,
                              .row = row,
                              .at = at,
                              .move = move,
                              .find = find,
                              .details = details,
                              .offers = key_rows_offer,
                              .enter = enter};
