/* SPDX-License-Identifier: Apache-2.0 */
/* A line that is typed, and a question for y or anything else. */
#include "ui/model/app.h"
#include "ui/model/complete.h"

static void input_press(struct app *app, int press)
{
    const struct input *input = app->dialog.input;

    if (press == PRESS_ESC) {
        app->dialog.kind = DIALOG_NONE;
        field_set(&app->dialog.field, ""); /* a question of the engine may be under it */
        if (input->left)
            input->left(app);
    } else if (press == PRESS_ENTER) {
        app->dialog.kind = DIALOG_NONE;
        if (input->done)
            input->done(app);
    } else if (press == PRESS_TAB && input->is_path) {
        complete_path(&app->dialog.field, app->at.status, sizeof app->at.status);
    } else if (field_press(&app->dialog.field, press) == FIELD_CHANGED && input->changed) {
        input->changed(app);
    }
}

static bool input_pastes(const struct app *app)
{
    return !app->dialog.input->typed_only;
}

static void confirm_press(struct app *app, int press)
{
    app->dialog.kind = DIALOG_NONE;
    if (press == 'y' || press == 'Y')
        app->dialog.confirm->yes(app);
}

const struct dialog input_dialog = {
    .hint = "Enter OK   Esc Back   Ctrl-U empties", .press = input_press, .pastes = input_pastes};
const struct dialog confirm_dialog = {.hint = "y Yes   any other key No", .press = confirm_press};
