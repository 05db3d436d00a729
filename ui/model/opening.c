/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/opening.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/questions.h"

static bool named(const struct app *app, enum side side)
{
    return app->config->side[side].where.module[0] != '\0';
}

static bool has_token(const struct app *app, enum side side)
{
    return app->config->side[side].token.text[0] != '\0';
}

/* --- from the beginning ----------------------------------------------------------------------- */

/* What was read from this side before is no longer so. */
static void forget_rows(struct app *app, enum side side)
{
    static const struct key_list none;

    app_take_keys(app, side, &none);
}

void opening_restart(struct app *app)
{
    run_free(&app->run);
    app->report = (struct app_report){0};
    app->asked.pin.seq = 0;
    app->phase = PHASE_IDLE;
    app->setup.stale = false;
    app->inventory.review_asked = app->setup.next_asked = false;
    questions_forget(app);
    app_ask(app, REQUEST_START, SIDE_RELAY);
    for (unsigned i = 0; i < 2; i++) {
        struct app_side *side = &app->side[i];
        side->state = SIDE_CLOSED;
        side->has_token = side->choosing = false;
        side->slots.count = 0;
        forget_rows(app, (enum side)i);
        if (named(app, (enum side)i))
            app_ask(app, REQUEST_OPEN, (enum side)i);
    }
}

void opening_visit(struct app *app)
{
    app->at.view = app->at.under = VIEW_CEREMONY;
    app->phase = PHASE_RUNNING;
    app_ask(app, REQUEST_START, SIDE_RELAY);
    app_ask(app, REQUEST_VISIT, SIDE_RELAY);
}

/* A ceremony that nobody has named is named by its day: its report and its file need a name. */
static void name_ceremony(struct app *app)
{
    char today[32];

    text_time(app->at.utc_ms, false, today);
    if (!app->config->title[0])
        snprintf(app->config->title, sizeof app->config->title, "Ceremony of %.10s", today);
}

void opening_begin(struct app *app)
{
    bool complete = true;

    name_ceremony(app);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct hsm_where *where = &app->config->side[side].where;
        if (!where->api[0])
            snprintf(where->api, sizeof where->api, "pkcs11");
        complete = complete && named(app, side) && has_token(app, side);
    }
    app->at.view = app->at.under = complete ? VIEW_INVENTORY : VIEW_SETUP;
    opening_restart(app);
    app->phase = complete ? PHASE_CHOOSING : PHASE_IDLE;
}

static void choose(struct app *app)
{
    app->at.view = app->at.under = VIEW_INVENTORY;
    app->at.active = SIDE_SOURCE; /* where keys are marked */
    if (app->setup.stale)
        opening_restart(app);
    else
        app_ask(app, REQUEST_DEVICES, SIDE_RELAY);
    app->phase = PHASE_CHOOSING;
    app_resize(app);
}

void opening_next(struct app *app)
{
    bool waits = app->queue.under_way > 0, asked = app->setup.next_asked;

    app->setup.next_asked = false;
    if (asked && waits) {
        app_say(app, "Nothing waits any more for the HSMs.");
        return;
    }
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        bool failed = app->side[side].state == SIDE_FAILED;
        if (has_token(app, side) && (waits || app->side[side].state == SIDE_OPEN))
            continue;
        app->at.active = side;
        app_say(app,
                failed ? "The %s could not be opened; R tries again."
                       : "Choose a token of the %s first.",
                side_name(side));
        return;
    }
    app->setup.next_asked = waits;
    if (!waits)
        choose(app);
}

/* In the setup view also a side that is only open: a token may have been put in since. */
static bool may_reopen(const struct app *app)
{
    enum side_state state = app->side[app->at.active].state;

    return named(app, app->at.active) &&
           (state == SIDE_FAILED || (app->at.view == VIEW_SETUP && state == SIDE_OPEN));
}

void opening_retry(struct app *app)
{
    enum side other = app_other(app->at.active);

    if (app->side[app->at.active].state != SIDE_FAILED && app->side[other].state == SIDE_FAILED)
        app->at.active = other;
    if (app->queue.under_way > 0)
        app_say(app, "The HSMs are busy; try again in a moment.");
    else if (!may_reopen(app))
        app_say(app, "Neither HSM failed; there is nothing to open again.");
    else
        app_ask(app, REQUEST_OPEN, app->at.active);
    app_resize(app); /* one pane alone shows the active side */
}

/* --- what comes of it ------------------------------------------------------------------------- */

static void side_event(struct app *app, const struct event *e)
{
    struct app_side *side = &app->side[e->side];

    side->state = e->side_state.state;
    side->since_ms = app->at.now_ms;
    if (side->state == SIDE_OPENING) {
        side->has_token = false;
        side->slots.count = 0;
        err_clear(&side->err);
    }
    if (side->state == SIDE_OPENING || side->state == SIDE_FAILED)
        forget_rows(app, e->side);
}

static void hsm_event(struct app *app, const struct event *e)
{
    struct app_side *side = &app->side[e->side];

    side->has_token = true;
    side->info = e->hsm.info;
    memcpy(side->loading, e->hsm.loading, sizeof side->loading);
    memcpy(side->confinement, e->hsm.confinement, sizeof side->confinement);
    side->token = e->hsm.slot;
}

void opening_event(struct app *app, const struct event *e)
{
    if (e->side == SIDE_RELAY)
        return;
    if (e->kind == EVENT_SIDE)
        side_event(app, e);
    else if (e->kind == EVENT_HSM)
        hsm_event(app, e);
}

/* Both devices are compared with the script before anybody is asked for a PIN; in a rehearsal, the
 * only one that answers can be looked at, but no ceremony follows. */
static void choose_opened(struct app *app, enum side side)
{
    enum side_state other = app->side[app_other(side)].state;

    if (app->phase != PHASE_CHOOSING || !has_token(app, side))
        return;
    if (other == SIDE_OPEN)
        app_ask(app, REQUEST_DEVICES, SIDE_RELAY);
    else if (other == SIDE_FAILED && !app->config->rehearsal)
        return;
    else if (other != SIDE_CLOSED && other != SIDE_OPENING)
        app_ask(app, REQUEST_CHOOSE, side);
}

static void failed(struct app *app, enum side side)
{
    app->side[side].state = SIDE_FAILED;
    app->side[side].err = app->queue.error;
    app->side[side].slots.count = 0;
    forget_rows(app, side);
}

static void opened(struct app *app, enum side side, bool ok)
{
    if (ok) {
        choose_opened(app, side);
        return;
    }
    failed(app, side);
    if (app->side[app_other(side)].state == SIDE_OPEN)
        choose_opened(app, app_other(side));
}

/* Open, or failed without a message so far: the attempt to choose its token gives the reason. */
static bool is_to_choose(const struct app *app, enum side side)
{
    const struct app_side *s = &app->side[side];

    return !s->choosing &&
           (s->state == SIDE_OPEN || (s->state == SIDE_FAILED && s->err.code == ERR_NONE));
}

static void ask_choose(struct app *app, enum side side)
{
    app->side[side].choosing = true;
    app_ask(app, REQUEST_CHOOSE, side);
}

/* Both at once if nobody types a PIN: the HSMs then list their objects at the same time. */
static void choose_next(struct app *app, enum side side)
{
    enum side other = app_other(side);

    ask_choose(app, side);
    if (is_to_choose(app, other) && app->config->side[side].token.pin_file[0] &&
        app->config->side[other].token.pin_file[0])
        ask_choose(app, other);
}

/* The side that has failed gives the reason in its pane. */
static void not_confirmed(struct app *app)
{
    for (unsigned i = 0; i < 2; i++)
        if (app->side[i].state == SIDE_FAILED && app->side[i].err.code == ERR_NONE)
            app->side[i].err = app->queue.error;
    app_show_error(app, &app->queue.error);
}

/* The officers have compared both with their script; or stopped there. In a rehearsal, each side
 * reports a token of its that is missing, and the other one can still be looked at. One after the
 * other: who typed a wrong PIN is asked again before anybody else is. */
static void confirmed(struct app *app, bool ok)
{
    bool stopped = !ok && app->queue.error.code == ERR_STOPPED;

    if (stopped) {
        app->phase = PHASE_IDLE;
        app->run.gate.seq = 0;
    }
    if (stopped || (!ok && !app->config->rehearsal)) {
        not_confirmed(app);
        return;
    }
    choose_next(app, is_to_choose(app, SIDE_SOURCE) ? SIDE_SOURCE : SIDE_DESTINATION);
}

/* Was it a PIN that was refused? Typed by a person, that is: what a file says is not tried again.
 */
static bool is_wrong_pin(const struct app *app, enum side side)
{
    const struct app_pin *pin = &app->asked.pin;

    return pin->typed_one && pin->side == side && app->queue.error.code == ERR_DENIED;
}

/* Read again, the slot says how few tries are left; one that is locked then asks for no PIN. */
static void not_chosen(struct app *app, enum side side)
{
    bool again = is_wrong_pin(app, side);

    failed(app, side);
    app_show_error(app, &app->queue.error);
    if (again && app->phase == PHASE_CHOOSING)
        app_ask(app, REQUEST_OPEN, side);
    else if (app->phase == PHASE_CHOOSING && is_to_choose(app, app_other(side)))
        ask_choose(app, app_other(side));
}

static void chosen(struct app *app, enum side side, bool ok)
{
    app->side[side].choosing = false;
    if (!ok)
        not_chosen(app, side);
    else if (app->phase == PHASE_CHOOSING && app->side[SIDE_SOURCE].state == SIDE_LISTED &&
             app->side[SIDE_DESTINATION].state == SIDE_LISTED) {
        app->phase = PHASE_IDLE;
        app_ask(app, REQUEST_REMEMBER, SIDE_RELAY);
    } else if (app->phase == PHASE_CHOOSING && is_to_choose(app, app_other(side)))
        ask_choose(app, app_other(side));
    app->asked.pin.seq = 0;
    app->asked.pin.typed_one = false;
}

void opening_done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    if (kind == REQUEST_OPEN && side != SIDE_RELAY)
        opened(app, side, ok);
    else if (kind == REQUEST_DEVICES)
        confirmed(app, ok);
    else if (kind == REQUEST_CHOOSE && side != SIDE_RELAY)
        chosen(app, side, ok);
    if (app->setup.next_asked && app->queue.under_way == 0)
        opening_next(app);
}
