/* SPDX-License-Identifier: Apache-2.0 */
/* What each action of the key table does in the views. */
#include <stdio.h>
#include <string.h>

#include "ui/model/app_parts.h"
#include "ui/screen/verification.h"

/* Moves the cursor of the list that the view shows. */
static void move(struct app *app, long delta)
{
    struct app_side *side = &app->side[app->active];

    if (app->view == VIEW_INVENTORY)
        inventory_view_move(app, delta);
    else if (app->view == VIEW_SETUP)
        scroll_move(&side->setup, delta, app_setup_rows(app, app->active), SIZE_MAX / 2);
    else if (app->view == VIEW_VERIFY)
        scroll_move(&app->dialog_scroll, delta, verify_last(app) + 1, 1);
    else {
        scroll_move(&app->log_scroll, delta, app->log.count, app_page(app, SIDE_SOURCE));
        app->log_follows = app->log_scroll.at + 1 >= app->log.count;
    }
}

static long page(const struct app *app)
{
    return (long)app_page(app, app->active);
}

static void up(struct app *app)
{
    move(app, -1);
}

static void down(struct app *app)
{
    move(app, 1);
}

static void page_up(struct app *app)
{
    move(app, -page(app));
}

static void page_down(struct app *app)
{
    move(app, page(app));
}

static void first(struct app *app)
{
    move(app, -INT32_MAX);
}

static void last(struct app *app)
{
    move(app, INT32_MAX);
}

static void to_side(struct app *app, enum side side)
{
    app->active = side;
    app_size(app, app->columns, app->lines);
}

static void other_side(struct app *app)
{
    to_side(app, app->active == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE);
}

static void source_side(struct app *app)
{
    to_side(app, SIDE_SOURCE);
}

static void destination_side(struct app *app)
{
    to_side(app, SIDE_DESTINATION);
}

static void help(struct app *app)
{
    app->dialog = DIALOG_HELP;
    app->dialog_scroll = (struct scroll){0};
}

static void details(struct app *app)
{
    const struct inventory *inv = &app->side[app->active].inventory;

    if (app->view == VIEW_INVENTORY && !inventory_row(inv, inv->scroll.at)) {
        app_say(app, "There is no object to show.");
        return;
    }
    app->dialog = DIALOG_DETAILS;
    app->dialog_scroll = (struct scroll){0};
}

static void mark_pattern(struct app *app)
{
    app_open_input(app, INPUT_PATTERN, "*");
}

static void mark_invert(struct app *app)
{
    inventory_mark_invert(&app->side[SIDE_SOURCE].inventory);
    app->marks_are_files = false;
}

static void mark_clear(struct app *app)
{
    inventory_mark_clear(&app->side[SIDE_SOURCE].inventory);
    app->marks_are_files = false;
}

static void find(struct app *app)
{
    app_open_input(app, INPUT_FIND, "");
}

static void find_next(struct app *app)
{
    inventory_view_find(app, app->find, true);
}

static void filter(struct app *app)
{
    app_open_input(app, INPUT_FILTER, app->side[app->active].inventory.filter);
}

static void sort(struct app *app)
{
    struct inventory *inv = &app->side[app->active].inventory;

    inventory_sort(inv, (enum inventory_sort)((inv->sort + 1) % SORTS));
    app_size(app, app->columns, app->lines);
    app_say(app, "Sorted by %s.", inventory_sort_name(inv->sort));
}

static void save(struct app *app)
{
    app_open_input(app, INPUT_SAVE, app->config->path);
}

static void compare(struct app *app)
{
    if (app->view == VIEW_INVENTORY)
        inventory_view_compare(app);
    else
        ceremony_view_compare(app, 0);
}

static void next_key(struct app *app)
{
    if (app->verify_at == 0)
        inventory_view_move(app, 1);
    else
        ceremony_view_compare(app, 1);
}

static void previous_key(struct app *app)
{
    if (app->verify_at == 0)
        inventory_view_move(app, -1);
    else
        ceremony_view_compare(app, -1);
}

static void choose_again(struct app *app)
{
    setup_restart(app);
    app->view = VIEW_SETUP;
    app->under = VIEW_SETUP;
}

static void show_log(struct app *app)
{
    app->log_follows = true;
    app_go(app, VIEW_LOG);
    scroll_move(&app->log_scroll, LOG_LINES, app->log.count, app_page(app, SIDE_SOURCE));
}

static void report(struct app *app)
{
    if (app->run.over)
        app_go(app, VIEW_END);
    else
        app_say(app, "There is no report yet: it is written when the ceremony ends.");
}

static void steps(struct app *app)
{
    app_go(app, VIEW_CEREMONY);
}

static void stop(struct app *app)
{
    if (app_is_running(app))
        app_open_confirm(app, CONFIRM_STOP);
    else
        app_say(app, "No ceremony is running.");
}

static void abandon(struct app *app)
{
    if (app_is_running(app))
        app_open_confirm(app, CONFIRM_ABANDON);
    else
        app_say(app, "No ceremony is running.");
}

static void back(struct app *app)
{
    enum view to = app->under;

    if (app->view == VIEW_CEREMONY && app_is_running(app)) {
        app_say(app, "The ceremony is running; F7 or s stops it.");
        return;
    }
    if (app->view == VIEW_END || app->view == VIEW_CEREMONY)
        to = app->view == VIEW_END ? VIEW_INVENTORY : VIEW_END;
    if (app->view == VIEW_SETUP)
        return;
    app_go(app, to);
    app->under = app->run.over ? VIEW_END : VIEW_INVENTORY;
}

static void redraw(struct app *app)
{
    app_ask(app, REQUEST_REDRAW, SIDE_RELAY);
}

static void suspend(struct app *app)
{
    if (app_is_running(app))
        app_say(app, "Ctrl-Z is off while a ceremony runs.");
    else
        app_ask(app, REQUEST_SUSPEND, SIDE_RELAY);
}

static void quit(struct app *app)
{
    if (app_is_running(app))
        app_open_confirm(app, CONFIRM_QUIT);
    else
        app_ask(app, REQUEST_QUIT, SIDE_RELAY);
}

void app_act(struct app *app, enum action action)
{
    static void (*const acts[ACTIONS])(struct app *) = {
        [ACTION_UP] = up,
        [ACTION_DOWN] = down,
        [ACTION_PAGE_UP] = page_up,
        [ACTION_PAGE_DOWN] = page_down,
        [ACTION_FIRST] = first,
        [ACTION_LAST] = last,
        [ACTION_OTHER_SIDE] = other_side,
        [ACTION_SOURCE_SIDE] = source_side,
        [ACTION_DESTINATION_SIDE] = destination_side,
        [ACTION_HELP] = help,
        [ACTION_MARK] = inventory_view_mark,
        [ACTION_MARK_PATTERN] = mark_pattern,
        [ACTION_MARK_INVERT] = mark_invert,
        [ACTION_MARK_CLEAR] = mark_clear,
        [ACTION_FIND] = find,
        [ACTION_FIND_NEXT] = find_next,
        [ACTION_SAVE] = save,
        [ACTION_CHOOSE] = setup_choose,
        [ACTION_DETAILS] = details,
        [ACTION_FILTER] = filter,
        [ACTION_SORT] = sort,
        [ACTION_MIGRATE] = ceremony_view_migrate,
        [ACTION_COMPARE] = compare,
        [ACTION_ASK_SAME] = inventory_view_ask_same,
        [ACTION_SETUP] = choose_again,
        [ACTION_RETRY] = setup_retry,
        [ACTION_NEXT] = setup_next,
        [ACTION_NEXT_KEY] = next_key,
        [ACTION_PREVIOUS_KEY] = previous_key,
        [ACTION_LOG] = show_log,
        [ACTION_REPORT] = report,
        [ACTION_STEPS] = steps,
        [ACTION_STOP] = stop,
        [ACTION_ABANDON] = abandon,
        [ACTION_EXCEPTION] = ceremony_view_exception,
        [ACTION_BACK] = back,
        [ACTION_REDRAW] = redraw,
        [ACTION_SUSPEND] = suspend,
        [ACTION_QUIT] = quit,
    };
    if ((unsigned)action < ACTIONS && acts[action])
        acts[action](app);
}
