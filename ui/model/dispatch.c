/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/dispatch.h"

#include <stdlib.h>

#include "ui/model/gate_page.h"
#include "ui/model/key_rows.h"
#include "ui/model/opening.h"
#include "ui/model/questions.h"
#include "ui/model/setup_view.h"
#include "ui/model/text_page.h"

/* Each at the foot of its own file. */
extern const struct view setup_view, inventory_view, ceremony_view, verify_view, log_view, end_view,
    ledger_view, steps_view, map_view;
extern const struct dialog help_dialog, message_dialog, details_dialog, input_dialog,
    modules_dialog, confirm_dialog, review_dialog, pin_dialog, gate_dialog, settle_dialog,
    left_open_dialog;

const struct view *const dispatch_views[] = {
    [VIEW_SETUP] = &setup_view,       [VIEW_INVENTORY] = &inventory_view,
    [VIEW_CEREMONY] = &ceremony_view, [VIEW_VERIFY] = &verify_view,
    [VIEW_LOG] = &log_view,           [VIEW_END] = &end_view,
    [VIEW_LEDGER] = &ledger_view,     [VIEW_STEPS] = &steps_view,
    [VIEW_MAP] = &map_view,           NULL,
};

static const struct dialog *const dialogs[DIALOGS] = {
    [DIALOG_HELP] = &help_dialog,           [DIALOG_MESSAGE] = &message_dialog,
    [DIALOG_DETAILS] = &details_dialog,     [DIALOG_INPUT] = &input_dialog,
    [DIALOG_MODULES] = &modules_dialog,     [DIALOG_CONFIRM] = &confirm_dialog,
    [DIALOG_REVIEW] = &review_dialog,       [DIALOG_PIN] = &pin_dialog,
    [DIALOG_GATE] = &gate_dialog,           [DIALOG_SETTLE] = &settle_dialog,
    [DIALOG_LEFT_OPEN] = &left_open_dialog,
};

/* --- from beginning to end -------------------------------------------------------------------- */

bool app_new(struct config *config, struct app **out, struct err *err)
{
    struct app *app = calloc(1, sizeof *app);

    if (!app)
        return err_set(err, ERR_FAILED, "There is no memory for the console");
    app->config = config;
    app->views = dispatch_views;
    app->setup.scroll[SIDE_DESTINATION].at = SETUP_API; /* the ceremony's rows are filled in once */
    if (!log_new(&app->log, err) || !secret_new(&app->asked.answer, FIELD_MAX, err) ||
        !secret_new(&app->asked.pin.typed, SECRET_PIN_MAX, err)) {
        app_free(app);
        return false;
    }
    *out = app;
    return true;
}

void app_free(struct app *app)
{
    if (!app)
        return;
    for (unsigned i = 0; i < 2; i++) {
        inventory_free(&app->side[i].inventory);
        free(app->side[i].slots.slots);
    }
    environment_free(app->setup.old_environment);
    run_free(&app->run);
    comparisons_free(&app->inventory.comparisons);
    mapped_drop(&app->inventory.mapped);
    renames_free(&app->inventory.renames);
    script_free(&app->inventory.script);
    log_free(&app->log);
    secret_free(&app->asked.answer);
    secret_free(&app->asked.pin.typed);
    free(app);
}

void app_start(struct app *app)
{
    field_set(&app->dialog.field, "");
    if (app->settle.how == SETTLE_ASKS)
        app_open(app, DIALOG_SETTLE);
    else if (app_does_one(app))
        opening_visit(app);
    else
        opening_begin(app);
}

void app_terminate(struct app *app)
{
    app->dialog.kind = DIALOG_NONE;
    if (app_is_running(app) && app->phase != PHASE_TERMINATED) {
        app->phase = PHASE_TERMINATED;
        app_ask(app, REQUEST_STOP, SIDE_RELAY);
        return;
    }
    app->phase = PHASE_GONE;
    app_ask(app, REQUEST_ABANDON, SIDE_SOURCE);
    app_ask(app, REQUEST_ABANDON, SIDE_DESTINATION);
    app_ask(app, REQUEST_QUIT, SIDE_RELAY);
}

bool app_request(struct app *app, struct request *request)
{
    return request_take(&app->queue, request);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* An officer types words to confirm that a text was read: they are not pasted. */
static void paste(struct app *app, enum dialog_id kind, int character)
{
    if (dialogs[kind] && dialogs[kind]->pastes && dialogs[kind]->pastes(app))
        dialogs[kind]->press(app, character);
    else
        app_say(app, "Pasted text is not taken here: type it.");
}

/* What a key does in the view; while the plan is being made, typed-ahead keys do nothing. */
static void act(struct app *app, int press)
{
    struct key_place place;

    if (!keys_find(app->views, app->at.view, press, &place))
        return;
    if (app->phase == PHASE_PLANNING && !key_rows_always(place.row))
        return;
    if (place.row->act)
        place.row->act(app);
    else
        app_go(app, (enum view_id)place.to);
}

void app_press(struct app *app, int press)
{
    enum dialog_id kind = app_dialog(app);

    app->at.status[0] = '\0';
    if (press == PRESS_CTRL('l') || press == PRESS_CTRL('z'))
        act(app, press); /* whatever lies over the view */
    else if (app_is_deaf(app))
        return;
    else if (press >= PRESS_PASTED)
        paste(app, kind, press - PRESS_PASTED);
    else if (app->at.layout.form == LAYOUT_SENTENCE)
        return; /* nobody can see what it would do */
    else if (kind != DIALOG_NONE)
        dialogs[kind]->press(app, press);
    else
        act(app, press);
    gate_page_shown(app);
}

void dialog_page(const struct app *app, enum dialog_id kind, struct sheet *sheet)
{
    sheet_clear(sheet);
    if (dialogs[kind] && dialogs[kind]->page)
        dialogs[kind]->page(app, sheet);
    sheet_wrap(sheet, layout_dialog_columns(&app->at.layout));
}

const char *dialog_hint(const struct app *app, enum dialog_id kind)
{
    const struct dialog *dialog = dialogs[kind];

    return !dialog ? "" : dialog->hint_now ? dialog->hint_now(app) : dialog->hint;
}

/* --- what the worker says --------------------------------------------------------------------- */

void app_event(struct app *app, const struct event *e)
{
    struct err err;

    if ((unsigned)e->side >= SIDES)
        return;
    log_event(&app->log, e);
    if (!run_event(&app->run, e, app->at.now_ms)) {
        err_set(&err, ERR_FAILED, "There is no memory to show %zu keys", app->run.key_count);
        app_show_error(app, &err);
    }
    if (e->kind == EVENT_ERROR)
        app->queue.error = e->error;
    for (size_t i = 0; app->views[i]; i++)
        if (app->views[i]->event)
            app->views[i]->event(app, e);
    for (size_t i = 0; i < DIALOGS; i++)
        if (dialogs[i] && dialogs[i]->event)
            dialogs[i]->event(app, e);
}

void app_done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    struct err *err = &app->queue.error;

    if ((unsigned)side >= SIDES)
        return;
    request_ended(&app->queue);
    if (!ok && err->code == ERR_NONE)
        err_set(err, ERR_FAILED, "It failed, and nobody said why");
    for (size_t i = 0; app->views[i]; i++)
        if (app->views[i]->done)
            app->views[i]->done(app, kind, side, ok);
    for (size_t i = 0; i < DIALOGS; i++)
        if (dialogs[i] && dialogs[i]->done)
            dialogs[i]->done(app, kind, side, ok);
    err_clear(err);
}

void app_failed(struct app *app, enum request_kind kind, const struct err *err)
{
    if (request_is_command(kind))
        request_ended(&app->queue);
    if (kind == REQUEST_START) /* what was to follow cannot */
        app->queue.under_way = app->queue.count = 0;
    if (kind == REQUEST_START && app_does_one(app))
        app->at.refused = err->code;
    if (kind == REQUEST_RUN || app->phase == PHASE_PLANNING || app->at.refused)
        app->phase = PHASE_IDLE;
    if (kind == REQUEST_RUN) { /* nothing was begun */
        questions_forget(app);
        app->at.view = VIEW_INVENTORY;
    }
    app_show_error(app, err);
}
