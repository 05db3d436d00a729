/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { DEAF_MS = 700 };

const struct view *app_view(const struct app *app)
{
    return app->views[app->at.view];
}

/* --- what is wanted, and what the officer reads ----------------------------------------------- */

void app_ask(struct app *app, enum request_kind kind, enum side side)
{
    struct request request = {.kind = kind, .side = side};

    if (kind == REQUEST_ANSWER)
        request.serial = app->asked.pin.seq ? app->asked.pin.seq : app->run.gate.seq;
    request_push(&app->queue, &request);
}

void app_say(struct app *app, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(app->at.status, sizeof app->at.status, fmt, args);
    va_end(args);
}

void app_open(struct app *app, enum dialog_id dialog)
{
    app->dialog.kind = dialog;
    app->dialog.over = (struct scroll){0};
}

void app_show_error(struct app *app, const struct err *err)
{
    app->dialog.message = *err;
    app_open(app, DIALOG_MESSAGE);
    app_be_deaf(app);
}

void app_open_input(struct app *app, const struct input *input, const char *text)
{
    app->dialog.input = input;
    app->dialog.kind = DIALOG_INPUT;
    field_set(&app->dialog.field, text);
}

void app_open_confirm(struct app *app, const struct confirm *confirm)
{
    app->dialog.confirm = confirm;
    app->dialog.kind = DIALOG_CONFIRM;
}

struct scroll *app_scroll_of(struct app *app)
{
    return app->dialog.kind == DIALOG_NONE ? &app->dialog.scroll : &app->dialog.over;
}

bool app_scroll(struct app *app, int press, size_t count, int page)
{
    const struct {
        int press;
        long delta;
    } moves[] = {
        {PRESS_UP, -1},          {PRESS_DOWN, 1},          {PRESS_PAGE_UP, -page},
        {PRESS_PAGE_DOWN, page}, {PRESS_HOME, -INT32_MAX}, {PRESS_END, INT32_MAX},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        if (moves[i].press == press) {
            scroll_move(app_scroll_of(app), moves[i].delta, count, 1);
            return true;
        }
    return false;
}

bool app_scroll_page(struct app *app, int press, size_t lines, int others)
{
    int room = app->at.layout.screen.h - 1 - others; /* the hint line stays */
    size_t shown = room > 1 ? (size_t)room : 1;

    return app_scroll(app, press, lines > shown ? lines - shown + 1 : 1, (int)shown);
}

void app_go(struct app *app, enum view_id view)
{
    if (view == app->at.view)
        return;
    app->at.under = app->at.view;
    app->at.view = view;
    app->at.scroll = (struct scroll){0};
    app_resize(app);
    if (app_view(app)->enter)
        app_view(app)->enter(app);
}

size_t app_page(const struct app *app)
{
    const struct view *view = app_view(app);
    int h = app->at.layout.body.h - 2; /* within the frame */

    return view->page ? view->page(app) : h > 1 ? (size_t)h : 1;
}

void app_move(struct app *app, long delta)
{
    const struct view *view = app_view(app);

    if (view->move)
        view->move(app, delta);
    else if (view->count)
        scroll_move(&app->at.scroll, delta, view->count(app), app_page(app));
}

/* --- size and time ---------------------------------------------------------------------------- */

void app_resize(struct app *app)
{
    struct rect screen = app->at.layout.screen;

    layout_make(screen.w, screen.h, app->at.active == SIDE_DESTINATION, &app->at.layout);
    for (size_t i = 0; app->views[i]; i++)
        if (app->views[i]->size)
            app->views[i]->size(app);
}

void app_size(struct app *app, int columns, int lines)
{
    app->at.layout.screen = (struct rect){0, 0, columns, lines};
    app_resize(app);
}

void app_time(struct app *app, int64_t now_ms, int64_t utc_ms)
{
    app->at.now_ms = now_ms;
    app->at.utc_ms = utc_ms;
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
    app_resize(app);
}

/* What lies in an object itself is decided before both lists are complete. */
static void refuse_those_that_stay(struct inventory *inv, size_t from, const struct key_list *keys)
{
    for (size_t i = 0; i < keys->count && from + i < inv->count; i++) {
        struct err reason = {0};
        if (!plan_may_leave(&keys->keys[i], &reason))
            inventory_refuse(inv, from + i, &reason);
    }
}

void app_take_keys(struct app *app, enum side side, const struct key_list *keys)
{
    struct err err;

    comparisons_free(&app->inventory.comparisons);
    mapped_drop(&app->inventory.mapped);
    if (side == SIDE_SOURCE)
        renames_free(&app->inventory.renames);
    if (!inventory_take(&app->side[side].inventory, keys, &err))
        app_show_error(app, &err);
    else if (side == SIDE_SOURCE)
        refuse_those_that_stay(&app->side[side].inventory, 0, keys);
    app_resize(app);
}

/* Without memory they are shown with the complete list. */
void app_take_rows(struct app *app, enum side side, const struct key_list *rows)
{
    struct inventory *inv = &app->side[side].inventory;
    const size_t before = inv->count;
    struct err ignored;

    if (app->side[side].state != SIDE_LOGGED_IN)
        return;
    if (inventory_add(inv, rows, &ignored) && side == SIDE_SOURCE)
        refuse_those_that_stay(inv, before, rows);
    app_resize(app);
}

bool app_awaits_list(struct app *app, enum side side)
{
    const bool awaits = app->side[side].state == SIDE_LOGGED_IN;
    char count[TEXT_COUNT_SIZE];

    if (awaits)
        app_say(app, "The list is not complete yet, %s so far: marks wait for it.",
                text_count(app->side[side].inventory.count, count));
    return awaits;
}

struct moved {
    uint64_t handle;
    uint32_t key; /* of the plan, from 1 */
};

static int compare_handles(const void *a, const void *b)
{
    const struct moved *x = a, *y = b;

    return (x->handle > y->handle) - (x->handle < y->handle);
}

static const struct key_desc *moved_desc(const struct app *app, enum side side, size_t number)
{
    const struct run_key *key = run_key_at(&app->run, number);

    return side == SIDE_SOURCE ? &key->source : &key->destination;
}

/* A key that has moved in this ceremony is taken, says the verdict: taken by itself. */
static void note_moved(struct app *app, enum side side)
{
    struct inventory *inv = &app->side[side].inventory;
    struct moved *moved = calloc(app->run.key_count + 1, sizeof *moved);
    size_t count = 0;

    for (size_t i = 1; moved && i <= app->run.key_count; i++) {
        enum key_outcome outcome = run_key_at(&app->run, i)->outcome;
        if (outcome == KEY_MIGRATED || outcome == KEY_UNPROVEN)
            moved[count++] = (struct moved){moved_desc(app, side, i)->handle, (uint32_t)i};
    }
    if (count)
        qsort(moved, count, sizeof *moved, compare_handles);
    for (size_t i = 0; count && i < inv->count; i++) {
        const struct moved here = {.handle = inventory_key(inv, i)->handle};
        const struct moved *is = bsearch(&here, moved, count, sizeof *moved, compare_handles);
        if (is && key_same_name(inventory_key(inv, i), moved_desc(app, side, is->key)))
            inventory_moved(inv, i, is->key);
    }
    free(moved);
}

void app_take_verdicts(struct app *app, const struct plan_verdicts *verdicts)
{
    if (verdicts)
        inventory_judge(&app->side[SIDE_SOURCE].inventory, verdicts);
    note_moved(app, SIDE_SOURCE);
    note_moved(app, SIDE_DESTINATION);
}

void app_take_map(struct app *app, const struct map *map)
{
    struct err err;

    if (map && !mapped_take(&app->inventory.mapped, map, &err))
        app_show_error(app, &err);
    app_resize(app);
}

void app_take_report(struct app *app, const struct app_report *report)
{
    app->report = *report;
}

void app_saved(struct app *app)
{
    const char *saved = app->queue.save_path;
    char path[TEXT_SAFE_SIZE(EVENT_PATH_MAX)];

    text_safe(saved, strlen(saved), path, sizeof path);
    app_say(app, "Saved: %.400s", path);
}

/* --- what is true of it ----------------------------------------------------------------------- */

enum dialog_id app_question(const struct app *app)
{
    if (app->at.replay) /* its officers have answered */
        return DIALOG_NONE;
    if (app->asked.pin.seq)
        return DIALOG_PIN;
    if (app->phase == PHASE_REVIEWING)
        return DIALOG_REVIEW;
    if (!app->run.gate.seq || app->phase == PHASE_STARTING)
        return DIALOG_NONE;
    return app->run.gate.gate == GATE_REVIEW ? DIALOG_REVIEW : DIALOG_GATE;
}

enum dialog_id app_dialog(const struct app *app)
{
    return app->dialog.kind != DIALOG_NONE ? app->dialog.kind : app_question(app);
}

bool app_is_deaf(const struct app *app)
{
    return app->at.now_ms < app->dialog.deaf_until_ms && app_dialog(app) != DIALOG_NONE;
}

void app_be_deaf(struct app *app)
{
    app->dialog.deaf_until_ms = app->at.now_ms + DEAF_MS;
}

bool app_is_running(const struct app *app)
{
    return app->phase >= PHASE_STARTING && app->phase <= PHASE_TERMINATED;
}

bool app_does_one(const struct app *app)
{
    return app->at.visit != VISIT_NONE || app->at.removal != REMOVAL_NONE;
}

int app_exit_code(const struct app *app)
{
    if (app->run.over)
        return app->run.exit_code;
    if (app_does_one(app))
        return err_exit(app->at.refused ? app->at.refused : ERR_STOPPED);
    if (settle_is_on(&app->settle))
        return err_exit(app->settle.failed ? app->settle.failed : ERR_UNFINISHED);
    if (app->phase >= PHASE_STARTING)
        return err_exit(ERR_STOPPED);
    for (unsigned i = 0; i < 2; i++)
        if (app->side[i].state == SIDE_FAILED)
            return err_exit(app->side[i].err.code);
    return 0;
}

const char *app_stamp(const struct app *app)
{
    static const char *const stamps[2][3] = {
        {"", "REHEARSAL", "PRODUCTION"},
        {"REPLAY", "REPLAY   REHEARSAL", "REPLAY   PRODUCTION"},
    };
    return stamps[app->at.replay != NULL][app->config->kind_open   ? 0
                                          : app->config->rehearsal ? 1
                                                                   : 2];
}

const char *app_side_label(const struct app *app, enum side side)
{
    const struct app_side *s = &app->side[side];

    return s->has_token && s->token.label[0] ? s->token.label : "(no token)";
}

enum side app_other(enum side side)
{
    return side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
}
