/* SPDX-License-Identifier: Apache-2.0 */
/* The replay view: the picture of a ceremony, which is walked through and played from its journal.
 */
#include <stdio.h>

#include "ui/model/end_view.h"
#include "ui/model/key_rows.h"
#include "ui/model/replay_app.h"

/* --- walking ---------------------------------------------------------------------------------- */

static void seek(struct app *app, size_t to)
{
    struct replay *replay = app->at.replay;
    struct err err;

    replay->speed = REPLAY_PAUSED;
    if (!replay_seek(replay, to, &err))
        app_show_error(app, &err);
}

static void walk(struct app *app, const struct moments *moments, int delta)
{
    struct replay *replay = app->at.replay;
    size_t to = replay_next(replay, moments, delta);

    if (to == replay->at)
        app_say(app, delta > 0 ? "This is the end of the journal."
                               : "This is the beginning of the journal.");
    seek(app, to);
}

static void step_on(struct app *app)
{
    walk(app, &app->at.replay->steps, 1);
}

static void step_back(struct app *app)
{
    walk(app, &app->at.replay->steps, -1);
}

static void key_on(struct app *app)
{
    walk(app, &app->at.replay->keys, 1);
}

static void key_back(struct app *app)
{
    walk(app, &app->at.replay->keys, -1);
}

static void beginning(struct app *app)
{
    seek(app, 1);
}

static void end(struct app *app)
{
    seek(app, app->at.replay->recording->count);
}

static void turn(struct app *app, int delta)
{
    struct replay *replay = app->at.replay;

    if (delta > 0 ? replay->part + 1 < replay->parts : replay->part > 0)
        replay->turn = delta;
    else
        app_say(app, delta > 0 ? "This is the last visit." : "This is the first visit.");
}

static void visit_on(struct app *app)
{
    turn(app, 1);
}

static void visit_back(struct app *app)
{
    turn(app, -1);
}

static void play(struct app *app)
{
    struct replay *replay = app->at.replay;

    replay->speed = (replay->speed + 1) % REPLAY_SPEEDS;
    replay->clock_ms = app->at.now_ms;
    replay->played_ms = replay->real_ms;
    if (replay->at == replay->recording->count)
        app_say(app, "This is the end of the journal; Home leads to its beginning.");
}

/* The log's end is below the picture. */
static void move(struct app *app, long delta)
{
    log_move(&app->log, delta);
}

static void up(struct app *app)
{
    move(app, -1);
}

static void down(struct app *app)
{
    move(app, 1);
}

static void leave(struct app *app)
{
    app_ask(app, REQUEST_QUIT, SIDE_RELAY);
}

static const struct key_row keys[] = {
    {.also = keys_help},
    {{PRESS_RIGHT, 'l'}, 1, "Step", "To the end of the next step.", step_on, NULL},
    {{PRESS_LEFT, 'h'}, 2, "Back", "To the end of the step before.", step_back, NULL},
    {{'n'}, 3, "Next key", "To the beginning of the next key.", key_on, NULL},
    {{'p'}, 3, "Previous", "To the beginning of this key, then of the one before.", key_back, NULL},
    {{' '}, 1, "Play", "Play at 1x, at 0.1x, at 10x, pause, in turn.", play, NULL},
    {{PRESS_HOME, 'g'}, 4, "Start", "To the beginning of the journal.", beginning, NULL},
    {{PRESS_END, 'G'}, 4, "End", "To the end of the journal.", end, NULL},
    {{'N'}, 3, "Next visit", "Two rooms: to the next visit.", visit_on, NULL},
    {{'P'}, 4, "Visit before", "Two rooms: to the visit before.", visit_back, NULL},
    {{PRESS_UP, 'k'}, 0, NULL, "One line of the log up.", up, NULL},
    {{PRESS_DOWN, 'j'}, 0, NULL, "One line of the log down.", down, NULL},
    {.also = keys_compare},
    {.also = keys_doors},
    {{PRESS_ESC, 'b'}, 2, "Leave", "Leave the replay.", leave, NULL},
    {.also = keys_leaving},
    {.help = NULL},
};

static bool offers(const struct app *app, const struct key_row *row)
{
    return app->at.replay->parts > 1 || (row->act != visit_on && row->act != visit_back);
}

const struct view replay_view = {.name = "Replay", .keys = keys, .move = move, .offers = offers};

/* --- the end, as the journal has it -------------------------------------------------------------
 */

static void report(struct app *app)
{
    if (app->run.over)
        app_go(app, VIEW_END);
    else
        app_say(app, "The ceremony has not ended at this moment; End leads there.");
}

static const struct key_row end_door = {
    {PRESS_F9, 'r'}, 4, "Outcome", "Show the outcome, once the ceremony has ended.", report, NULL};

static const struct key_row end_keys[] = {
    {.also = keys_help},
    {.also = keys_compare},
    {{PRESS_F3, 'd'}, 3, "Details", "Show all keys not moved.", end_details_open, NULL},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view replay_end_view = {
    .name = "Outcome", .keys = end_keys, .door = &end_door, .details = end_details};
