/* SPDX-License-Identifier: Apache-2.0 */
/* The review: the plan is read, and the word that starts the ceremony is typed. */
#include "base/text.h"
#include "ui/model/exception.h"
#include "ui/model/key_rows.h"
#include "ui/model/left_open.h"
#include "ui/model/questions.h"
#include "ui/model/review_page.h"

/* No more lines than the smallest window shows at once, so that none is passed over. */
static int page_of(const struct app *app)
{
    int lines = app->at.layout.screen.h;

    return lines < 16 ? 1 : lines < LAYOUT_LINES ? 2 : 5;
}

static void run(struct app *app, enum app_phase phase)
{
    app->phase = phase;
    app->log.follows = true;
    app->at.view = VIEW_CEREMONY;
    app->at.under = VIEW_INVENTORY;
    app_ask(app, REQUEST_RUN, SIDE_RELAY);
}

static void start(struct app *app)
{
    bool asked = app->run.gate.seq != 0; /* the engine may still be on its way to its question */

    if (app->dialog.field.len == 0)
        return;
    if (questions_review_waived(app) && !text_typed_equal(app->dialog.field.text, "start", true)) {
        field_set(&app->dialog.field, "");
        app_say(app, "That is not the word.");
        return;
    }
    questions_answer(app);
    if (asked)
        app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->run.gate.seq = 0;
    run(app, asked || questions_review_waived(app) ? PHASE_RUNNING : PHASE_STARTING);
}

/* The engine asks: the second officer, or again. */
static void answer(struct app *app)
{
    if (app->dialog.field.len == 0)
        return;
    questions_answer(app);
    app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->run.gate.seq = 0; /* answered: until the engine asks again */
}

static void press(struct app *app, int press)
{
    bool before = app->phase == PHASE_REVIEWING;

    if (press == PRESS_ESC && before) {
        app->phase = PHASE_IDLE;
        app->run.gate.seq = 0; /* the engine withdraws its question with the plan */
        if (settle_is_on(&app->settle))
            left_open_show(app, "The review was left, and nothing was begun.");
    } else if (press == PRESS_ESC)
        app_open_confirm(app, questions_stop(app));
    else if (press == PRESS_ENTER && before)
        start(app);
    else if (press == PRESS_ENTER)
        answer(app);
    else if (!key_rows_press(app, press) &&
             !app_scroll(app, press, review_lines(app), page_of(app)))
        field_press(&app->dialog.field, press);
}

/* If an interrupted ceremony left no key to migrate, there is nothing to approve. */
static void reviewed(struct app *app)
{
    app->settle.planned = true;
    if (settle_is_on(&app->settle) && app->run.movable + app->run.companions == 0) {
        run(app, PHASE_RUNNING);
        return;
    }
    app->phase = PHASE_REVIEWING;
    questions_expect(app);
    app_ask(app, REQUEST_REVIEW, SIDE_RELAY);
}

static void planned(struct app *app, bool ok)
{
    if (ok) {
        reviewed(app);
        return;
    }
    app->phase = PHASE_IDLE;
    app->settle.failed = app->queue.error.code;
    app_show_error(app, &app->queue.error);
}

/* Without an exception there is no review: the marks are as they were. */
static void opened(struct app *app, bool ok)
{
    app->asked.exception_wanted = false;
    if (ok)
        return;
    if (app->phase == PHASE_REVIEWING)
        app->phase = PHASE_IDLE;
    if (app->queue.error.code == ERR_STOPPED && settle_is_on(&app->settle))
        left_open_show(app, app->queue.error.what);
    else if (app->queue.error.code == ERR_STOPPED)
        app_say(app, "Nothing was started: %.200s.", app->queue.error.what);
    else
        app_show_error(app, &app->queue.error);
}

static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    if (kind == REQUEST_PLAN || kind == REQUEST_INTERRUPTED)
        planned(app, ok);
    else if (kind == REQUEST_REVIEW)
        opened(app, ok);
}

static void event(struct app *app, const struct event *e)
{
    if (e->kind == EVENT_SCRIPT && e->script.what == SCRIPT_WANTED)
        exception_of_script(app);
}

/* Esc leads back only as long as the engine has not asked the second officer, or again. */
static const char *hint(const struct app *app)
{
    return app->phase == PHASE_REVIEWING
               ? "F1 Help   Enter OK   Esc Leave   F2 Exception   F10 Quit   Up Down More"
               : "F1 Help   Enter OK   Esc Stop   F2 Exception   F10 Quit   Up Down More";
}

const struct dialog review_dialog = {
    .hint_now = hint, .press = press, .event = event, .done = done};
