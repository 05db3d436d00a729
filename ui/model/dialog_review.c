/* SPDX-License-Identifier: Apache-2.0 */
/* The review: the plan is read, and the word that starts the ceremony is typed. */
#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/questions.h"

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

static void press(struct app *app, int press)
{
    if (press == PRESS_ESC)
        app->phase = PHASE_IDLE;
    else if (press == PRESS_ENTER)
        start(app);
    else if (!key_rows_press(app, press) &&
             !app_scroll(app, press, app->run.key_count + app->run.note_count))
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

const struct dialog review_dialog = {
    .hint = "F1 Help   Enter Start   Esc Back   F10 Quit", .press = press, .done = done};
