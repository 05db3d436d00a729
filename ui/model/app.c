/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/app_parts.h"
#include "worker/worker.h"

bool app_new(struct config *config, struct app **out, struct err *err)
{
    struct app *app = calloc(1, sizeof *app);

    if (!app)
        return err_set(err, ERR_FAILED, "There is no memory for the console");
    app->config = config;
    app->log_follows = true;
    if (!log_new(&app->log, err) || !secret_new(&app->answer, FIELD_MAX, err) ||
        !secret_new(&app->pin.typed, SECRET_PIN_MAX, err)) {
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
    environment_free(app->old_environment);
    run_free(&app->run);
    comparisons_free(&app->comparisons);
    log_free(&app->log);
    secret_free(&app->answer);
    secret_free(&app->pin.typed);
    free(app);
}

void app_start(struct app *app)
{
    if (app->interrupted[0])
        app_open_input(app, INPUT_SETTLE, "");
    else
        setup_begin(app);
}

/* --- requests --------------------------------------------------------------------------------- */

void app_ask(struct app *app, enum request_kind kind, enum side side)
{
    struct request request = {.kind = kind, .side = side};

    if (app->request_count == REQUESTS_MAX)
        return; /* cannot be: each input asks for a few things, and they are done at once */
    if (kind == REQUEST_START)
        app->commands = 0;
    if (kind >= REQUEST_OPEN && kind <= REQUEST_RUN)
        app->commands++;
    if (kind == REQUEST_ANSWER)
        request.serial = app->pin.open ? app->pin.seq : app->run.gate.seq;
    app->requests[(app->request_first + app->request_count++) % REQUESTS_MAX] = request;
}

bool app_request(struct app *app, struct request *request)
{
    if (app->request_count == 0)
        return false;
    *request = app->requests[app->request_first];
    app->request_first = (app->request_first + 1) % REQUESTS_MAX;
    app->request_count--;
    return true;
}

void app_failed(struct app *app, enum request_kind kind, const struct err *err)
{
    if (kind >= REQUEST_OPEN && kind <= REQUEST_RUN && app->commands > 0)
        app->commands--;
    if (kind == REQUEST_START) /* what was to follow cannot */
        app->commands = app->request_count = 0;
    if (kind == REQUEST_RUN || app->phase == PHASE_PLANNING)
        app->phase = PHASE_IDLE;
    if (kind == REQUEST_RUN) { /* nothing was begun */
        explicit_bzero(app->answer.data, app->answer.cap);
        app->answer.len = 0;
        app->view = VIEW_INVENTORY;
    }
    app_show_error(app, err);
}

/* --- what the officer is told ----------------------------------------------------------------- */

void app_say(struct app *app, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(app->status, sizeof app->status, fmt, args);
    va_end(args);
}

void app_show_error(struct app *app, const struct err *err)
{
    app->message = *err;
    app->dialog = DIALOG_MESSAGE;
}

void app_go(struct app *app, enum view view)
{
    if (view == app->view)
        return;
    app->under = app->view;
    app->view = view;
    app_size(app, app->columns, app->lines);
}

enum dialog app_dialog(const struct app *app)
{
    if (app->dialog != DIALOG_NONE)
        return app->dialog;
    if (app->pin.open)
        return DIALOG_PIN;
    if (app->phase == PHASE_REVIEWING)
        return DIALOG_REVIEW;
    return app->run.gate.open && app->phase != PHASE_STARTING ? DIALOG_GATE : DIALOG_NONE;
}

const char *app_side_label(const struct app *app, enum side side)
{
    const struct app_side *s = &app->side[side];

    return s->has_token && s->token.label[0] ? s->token.label : "(no token)";
}

bool app_is_running(const struct app *app)
{
    return app->phase >= PHASE_STARTING && app->phase <= PHASE_TERMINATED;
}

int app_exit_code(const struct app *app)
{
    if (app->run.over)
        return app->run.exit_code;
    if (app->phase >= PHASE_STARTING)
        return err_exit(ERR_STOPPED);
    for (unsigned i = 0; i < 2; i++)
        if (app->side[i].state == SIDE_FAILED)
            return err_exit(app->side[i].err.code);
    return 0;
}

/* --- size and time ---------------------------------------------------------------------------- */

size_t app_page(const struct app *app, enum side side)
{
    int used = app->view == VIEW_SETUP ? 10 : app->view == VIEW_INVENTORY ? 5 : 2;
    int h = app->view == VIEW_LOG ? app->layout.body.h : app->layout.pane[side].h;

    return h > used ? (size_t)(h - used) : 1;
}

void app_size(struct app *app, int columns, int lines)
{
    app->columns = columns;
    app->lines = lines;
    layout_make(columns, lines, app->active == SIDE_DESTINATION, &app->layout);
    for (unsigned i = 0; i < 2; i++) {
        struct app_side *side = &app->side[i];
        scroll_move(&side->inventory.scroll, 0, side->inventory.shown_count,
                    app_page(app, (enum side)i));
        scroll_move(&side->setup, 0, app_setup_rows(app, (enum side)i), SIZE_MAX / 2);
    }
}

void app_time(struct app *app, int64_t now_ms, int64_t utc_ms)
{
    app->now_ms = now_ms;
    app->utc_ms = utc_ms;
}

/* --- keys ------------------------------------------------------------------------------------- */

/* What may be done while an answer of the worker is awaited: typed-ahead keys do nothing. */
static bool allowed_while_planning(enum action action)
{
    return action == ACTION_QUIT || action == ACTION_SETUP || action == ACTION_HELP ||
           action == ACTION_REDRAW;
}

void app_press(struct app *app, int press)
{
    enum dialog dialog = app_dialog(app);

    app->status[0] = '\0';
    if (press >= PRESS_PASTED) {
        app_dialog_paste(app, dialog, press - PRESS_PASTED);
    } else if (press == PRESS_CTRL('l') || press == PRESS_CTRL('z')) {
        app_act(app, keys_action(app->view, press));
    } else if (app->layout.form == LAYOUT_SENTENCE) {
        return; /* nobody can see what it would do */
    } else if (dialog != DIALOG_NONE) {
        app_dialog_press(app, dialog, press);
    } else {
        enum action action = keys_action(app->view, press);
        if (app->phase != PHASE_PLANNING || allowed_while_planning(action))
            app_act(app, action);
    }
}

void app_terminate(struct app *app)
{
    app->dialog = DIALOG_NONE;
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

/* --- what the worker holds -------------------------------------------------------------------- */

void app_take_slots(struct app *app, enum side side, const struct hsm_slot_list *slots)
{
    struct hsm_slot_list *to = &app->side[side].slots;
    struct hsm_slot *copy = calloc(slots->count + 1, sizeof *copy);
    struct err err;

    if (!copy) {
        err_set(&err, ERR_FAILED, "There is no memory for %zu slots", slots->count);
        app_show_error(app, &err);
        return;
    }
    if (slots->count)
        memcpy(copy, slots->slots, slots->count * sizeof *copy);
    free(to->slots);
    *to = (struct hsm_slot_list){copy, slots->count};
    app_size(app, app->columns, app->lines);
}

void app_take_keys(struct app *app, enum side side, const struct key_list *keys)
{
    struct err err;

    comparisons_free(&app->comparisons);
    if (!inventory_take(&app->side[side].inventory, keys, &err))
        app_show_error(app, &err);
    app_size(app, app->columns, app->lines);
}

/* What has gone in this ceremony is taken, says the verdict: taken by itself. */
static void note_moved(struct app *app)
{
    uint64_t *handles = calloc(app->run.key_count + 1, sizeof *handles);
    size_t count = 0;

    for (size_t i = 0; handles && i < app->run.key_count; i++)
        if (app->run.keys[i].outcome == KEY_MIGRATED || app->run.keys[i].outcome == KEY_UNPROVEN)
            handles[count++] = app->run.keys[i].source.handle;
    inventory_moved(&app->side[SIDE_SOURCE].inventory, handles, count);
    free(handles);
}

void app_take_verdicts(struct app *app, const struct plan *verdicts)
{
    if (verdicts)
        inventory_judge(&app->side[SIDE_SOURCE].inventory, verdicts);
    note_moved(app);
}

void app_saved(struct app *app)
{
    char path[TEXT_SAFE_SIZE(EVENT_PATH_MAX)];

    text_safe(app->save_path, strlen(app->save_path), path, sizeof path);
    app_say(app, "Saved: %.400s", path);
}

void app_take_report(struct app *app, const struct app_report *report)
{
    app->report = *report;
}

/* --- events ----------------------------------------------------------------------------------- */

/* What was read from this side before is no longer so. */
static void forget_rows(struct app *app, enum side side)
{
    static const struct key_list none;

    app_take_keys(app, side, &none);
}

static void side_event(struct app *app, const struct event *e)
{
    struct app_side *side = &app->side[e->side];

    side->state = e->side_state.state;
    side->since_ms = app->now_ms;
    if (side->state == SIDE_OPENING) {
        side->has_token = false;
        side->slots.count = 0;
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

/* Both devices are compared with the script before anybody is asked for a PIN; where only one of
 * them answers, it can be looked at, but no ceremony follows. */
static void choose_opened(struct app *app, enum side side)
{
    enum side_state other = app->side[side == SIDE_SOURCE].state;

    if (app->phase != PHASE_CHOOSING || !app->config->side[side].token.text[0])
        return;
    if (other == SIDE_OPEN)
        app_ask(app, REQUEST_DEVICES, SIDE_RELAY);
    else if (other != SIDE_CLOSED && other != SIDE_OPENING)
        app_ask(app, REQUEST_CHOOSE, side);
}

static void opened(struct app *app, enum side side, bool ok)
{
    if (!ok) {
        app->side[side].state = SIDE_FAILED;
        app->side[side].err = app->last_error;
        if (app->side[side == SIDE_SOURCE].state == SIDE_OPEN)
            choose_opened(app, side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE);
        return;
    }
    choose_opened(app, side);
}

/* The officers have compared both with their script; or stopped there. A token that is not there is
 * told by its own side, beside which the other one can be looked at. */
static void confirmed(struct app *app, bool ok)
{
    if (!ok && app->last_error.code == ERR_STOPPED) {
        app->phase = PHASE_IDLE;
        app->run.gate.open = false;
        app_show_error(app, &app->last_error);
        return;
    }
    app_ask(app, REQUEST_CHOOSE, SIDE_SOURCE);
    app_ask(app, REQUEST_CHOOSE, SIDE_DESTINATION);
}

static void chosen(struct app *app, enum side side, bool ok)
{
    app->pin.open = false;
    if (!ok) {
        app->side[side].state = SIDE_FAILED;
        app->side[side].err = app->last_error;
        app_show_error(app, &app->last_error);
        return;
    }
    if (app->side[SIDE_SOURCE].state == SIDE_LISTED &&
        app->side[SIDE_DESTINATION].state == SIDE_LISTED) {
        if (app->phase == PHASE_CHOOSING)
            app->phase = PHASE_IDLE;
        inventory_view_listed(app);
    }
}

static void done_event(struct app *app, const struct event *e)
{
    if (app->commands > 0)
        app->commands--;
    if (!e->done.ok && app->last_error.code == ERR_NONE)
        err_set(&app->last_error, ERR_FAILED, "It failed, and nobody said why");
    switch (e->done.command) {
    case WORKER_OPEN:
        opened(app, e->side, e->done.ok);
        break;
    case WORKER_DEVICES:
        confirmed(app, e->done.ok);
        break;
    case WORKER_CHOOSE:
        chosen(app, e->side, e->done.ok);
        break;
    case WORKER_COMPARE:
    case WORKER_VERDICTS:
        if (!e->done.ok)
            app_show_error(app, &app->last_error);
        break;
    case WORKER_PLAN:
        ceremony_view_planned(app, e->done.ok);
        break;
    case WORKER_RUN:
        ceremony_view_ended(app);
        break;
    case WORKER_SIGN:
        ceremony_view_signed(app, e->done.ok);
        break;
    default: /* a list that could not be read again is in the log */
        break;
    }
    err_clear(&app->last_error);
}

void app_event(struct app *app, const struct event *e)
{
    struct err err;

    if ((unsigned)e->side >= SIDES)
        return;
    log_event(&app->log, e);
    if (app->log_follows)
        scroll_move(&app->log_scroll, LOG_LINES, app->log.count, app_page(app, SIDE_SOURCE));
    if (!run_event(&app->run, e, app->now_ms)) {
        err_set(&err, ERR_FAILED, "There is no memory to show %zu keys", app->run.key_count);
        app_show_error(app, &err);
    }
    if (e->kind == EVENT_ERROR)
        app->last_error = e->error;
    else if (e->kind == EVENT_GATE)
        ceremony_view_gate(app, e);
    else if (e->kind == EVENT_DONE)
        done_event(app, e);
    else if (e->side != SIDE_RELAY && e->kind == EVENT_SIDE)
        side_event(app, e);
    else if (e->side != SIDE_RELAY && e->kind == EVENT_HSM)
        hsm_event(app, e);
    else if (e->kind == EVENT_COMPARED)
        inventory_view_compared(app, &e->compared);
    else if (e->kind == EVENT_PIN)
        ceremony_view_ask_pin(app, e);
}
