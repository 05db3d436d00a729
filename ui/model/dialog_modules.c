/* SPDX-License-Identifier: Apache-2.0 */
/* The PKCS#11 modules that this machine knows of; the last row is another path. */
#include "ui/model/setup_view.h"

static void pick(struct app *app, size_t row)
{
    app->dialog.kind = DIALOG_NONE;
    if (row < app->setup.modules.count)
        setup_set_module(app, app->setup.modules.found[row].path);
    else
        setup_ask_module(app);
}

static void press(struct app *app, int press)
{
    size_t rows = app->setup.modules.count + 1;
    size_t at = app->dialog.over.at < rows ? app->dialog.over.at : rows - 1;

    if (press == PRESS_ENTER)
        pick(app, at);
    else if (press == PRESS_ESC || press == 'q')
        app->dialog.kind = DIALOG_NONE;
    else if (press == PRESS_UP || press == 'k')
        scroll_move(&app->dialog.over, -1, rows, rows);
    else if (press == PRESS_DOWN || press == 'j')
        scroll_move(&app->dialog.over, 1, rows, rows);
}

const struct dialog modules_dialog = {.hint = "Up Down   Enter OK   Esc Back", .press = press};
