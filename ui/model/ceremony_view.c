/* SPDX-License-Identifier: Apache-2.0 */
/* The ceremony view: it is watched, stopped, and a call that hangs is given up. */
#include <stddef.h>

#include "ui/model/gate_page.h"
#include "ui/model/key_rows.h"
#include "ui/model/pace_keys.h"
#include "ui/model/questions.h"

static void abandon_yes(struct app *app)
{
    enum side side;
    int64_t for_ms;

    if (!run_unanswered(&app->run, app->at.now_ms, 0, &side, &for_ms)) {
        app_say(app, "No call is in progress.");
        return;
    }
    app_ask(app, REQUEST_ABANDON, side);
    app_say(app, "The %s was given up.", side_name(side));
}

static const struct confirm abandon_confirm = {
    "Give up the call that is not answered? That HSM takes no further part in this ceremony.",
    abandon_yes};

static void ask(struct app *app, const struct confirm *confirm)
{
    if (app_is_running(app))
        app_open_confirm(app, confirm);
    else
        app_say(app, "No ceremony is running.");
}

static void stop(struct app *app)
{
    ask(app, questions_stop(app));
}

static void abandon(struct app *app)
{
    ask(app, &abandon_confirm);
}

/* The log's end is below the picture. */
static void move(struct app *app, long delta)
{
    log_move(&app->log, delta);
}

/* The key that signs may be in the other room. */
static bool signs_here(const struct app *app)
{
    const struct config_signer *signer = &app->config->signer;

    return signer->key.text[0] && (app->at.visit == VISIT_NONE || signer->side == SIDE_RELAY ||
                                   signer->side == visit_side(app->at.visit));
}

static void ended(struct app *app)
{
    app->run.gate.seq = 0;
    app->dialog.kind = DIALOG_NONE;
    app->at.status[0] = '\0'; /* what a key has just asked for is over, too */
    if (app->phase >= PHASE_LEAVING) {
        app_ask(app, REQUEST_REPORT, SIDE_RELAY);
        app_ask(app, REQUEST_QUIT, SIDE_RELAY);
        return;
    }
    app->phase = PHASE_IDLE;
    if (!app->run.over) {
        app->at.refused = app->queue.error.code;
        app_show_error(app, &app->queue.error);
        return;
    }
    app_ask(app, REQUEST_REPORT, SIDE_RELAY);
    if (signs_here(app))
        app_ask(app, REQUEST_SIGN, SIDE_RELAY);
    app_go(app, VIEW_END);
    if (app_does_one(app)) /* there are no lists of both sides */
        return;
    app_ask(app, REQUEST_REFRESH, SIDE_SOURCE);
    app_ask(app, REQUEST_REFRESH, SIDE_DESTINATION);
    app_ask(app, REQUEST_VERDICTS, SIDE_RELAY);
    app->at.under = VIEW_INVENTORY;
}

/* A gate's page is as long as the window is narrow. */
static void size(struct app *app)
{
    gate_page_shown(app);
}

/* A wait concerns the current key, which must then be shown, whichever key was. */
static void event(struct app *app, const struct event *e)
{
    if (e->kind == EVENT_PACE && e->pace.state == PACE_WAITS && app->at.view == VIEW_CEREMONY)
        app->at.keys.shown = 0;
}

static void enter(struct app *app)
{
    app->at.keys.shown = 0;
}

static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    (void)ok; /* the run has its own outcome */
    if (kind == REQUEST_RUN || kind == REQUEST_VISIT)
        ended(app);
}

static const struct key_row keys[] = {
    {.also = keys_pace},
    {.also = keys_help},
    {.also = keys_walk},
    {.also = keys_moving},
    {.also = keys_exception},
    {.also = keys_compare},
    {{PRESS_F7, 's'},
     2,
     "Stop",
     "Stop the ceremony before its next step; what was begun is undone.",
     stop,
     NULL},
    {{PRESS_F4, 'a'}, 2, "Abandon", "Give up a call that an HSM does not answer.", abandon, NULL},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

/* Once it is over, there is nothing to pace or stop. */
static bool offers(const struct app *app, const struct key_row *row)
{
    enum side side;
    int64_t ms;

    if (row->act == abandon)
        return run_unanswered(&app->run, app->at.now_ms, RUN_UNANSWERED_MS, &side, &ms);
    if (row->act == stop || pace_keys_have(row))
        return app_is_running(app);
    return key_rows_offer(app, row);
}

const struct view ceremony_view = {.name = "Ceremony",
                                   .keys = keys,
                                   .move = move,
                                   .offers = offers,
                                   .size = size,
                                   .enter = enter,
                                   .event = event,
                                   .done = done};
