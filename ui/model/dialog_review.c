/* SPDX-License-Identifier: Apache-2.0 */
/* The review: the plan is read, and the word that starts the ceremony is typed. */
#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/questions.h"
#include "ui/model/review_page.h"

/* No more lines than the smallest window shows at once, so that none is passed over. */
static int page_of(const struct app *app)
{
    int lines = app->at.layout.screen.h;

    return lines < 16 ? 1 : lines < LAYOUT_LINES ? 2 : 5;
}

static void start(struct app *app)
{
    if (app->dialog.field.len == 0)
        return;
    if (questions_review_waived(app) && !text_typed_equal(app->dialog.field.text, "start", true)) {
        field_set(&app->dialog.field, "");
        app_say(app, "That is not the word.");
        return;
    }
    questions_answer(app);
    app->phase = questions_review_waived(app) ? PHASE_RUNNING : PHASE_STARTING;
    app->log.follows = true;
    app->at.view = VIEW_CEREMONY;
    app->at.under = VIEW_INVENTORY;
    app_ask(app, REQUEST_RUN, SIDE_RELAY);
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

    if (press == PRESS_ESC && before)
        app->phase = PHASE_IDLE;
    else if (press == PRESS_ESC)
        app_open_confirm(app, &questions_stop);
    else if (press == PRESS_ENTER && before)
        start(app);
    else if (press == PRESS_ENTER)
        answer(app);
    else if (!key_rows_press(app, press) &&
             !app_scroll(app, press, review_lines(app), page_of(app)))
        field_press(&app->dialog.field, press);
}

static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    if (kind != REQUEST_PLAN)
        return;
    app->phase = ok ? PHASE_REVIEWING : PHASE_IDLE;
    if (ok)
        questions_expect(app);
    else
        app_show_error(app, &app->queue.error);
}

const struct dialog review_dialog = {.hint =
                                         "F1 Help   Enter OK   Esc Leave   F10 Quit   F2 Exception",
                                     .press = press,
                                     .done = done};
