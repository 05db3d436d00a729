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
    else
        app_scroll(app,
                   press == 'j'   ? PRESS_DOWN
                   : press == 'k' ? PRESS_UP
                                  : press,
                   rows, app->at.layout.screen.h - 3);
}

const struct dialog modules_dialog = {.hint = "Up Down Home End   Enter OK   Esc Back",
                                      .press = press};
