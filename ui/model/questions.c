/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/questions.h"

#include <string.h>

#include "ui/model/gate_page.h"

void questions_expect(struct app *app)
{
    enum dialog_id kind = app->dialog.kind;

    if (kind == DIALOG_INPUT && app->dialog.input->engine_waits) {
        field_set(&app->dialog.kept, ""); /* that was typed at another question */
        app->dialog.scroll = (struct scroll){0};
        return;
    }
    if (kind != DIALOG_CONFIRM && kind != DIALOG_MESSAGE)
        app->dialog.kind = DIALOG_NONE;
    field_set(&app->dialog.field, "");
    field_set(&app->dialog.kept, "");
    app->dialog.scroll = (struct scroll){0};
    app_be_deaf(app);
    gate_page_shown(app);
    app_ask(app, REQUEST_FLUSH, SIDE_RELAY);
}

void questions_answer(struct app *app)
{
    struct err ignored; /* a field is never longer than the answer's room */

    secret_set(&app->asked.answer, app->dialog.field.text, app->dialog.field.len, &ignored);
    field_set(&app->dialog.field, "");
}

void questions_refuse(struct app *app)
{
    struct app_pin *pin = &app->asked.pin;

    explicit_bzero(pin->typed.data, pin->typed.cap);
    pin->typed.len = 0;
    pin->seq = 0;
    app->run.gate.seq = 0;
    app_ask(app, REQUEST_STOP, SIDE_RELAY);
}

void questions_forget(struct app *app)
{
    explicit_bzero(app->asked.answer.data, app->asked.answer.cap);
    app->asked.answer.len = 0;
}

bool questions_review_waived(const struct app *app)
{
    return !(app->config->policy.gates & 1U << GATE_REVIEW);
}

static void stop_yes(struct app *app)
{
    questions_refuse(app);
    app_say(app, "Stopping before the next step.");
}

static const struct confirm stop_ceremony = {
    "Stop the ceremony? What was begun is undone; the source is unchanged. Keys that have arrived "
    "stay on the destination.",
    stop_yes};

static const struct confirm stop_removal = {
    "Stop the removal? Keys that are destroyed already are not restored; no other key is touched.",
    stop_yes};

const struct confirm *questions_stop(const struct app *app)
{
    return app->at.removal != REMOVAL_NONE ? &stop_removal : &stop_ceremony;
}
