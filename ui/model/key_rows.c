/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/key_rows.h"

#include <stdio.h>
#include <string.h>

#include "ui/model/exception.h"
#include "ui/model/marks.h"
#include "ui/model/opening.h"
#include "ui/model/pair.h"
#include "ui/model/questions.h"

/* --- moving ----------------------------------------------------------------------------------- */

static void up(struct app *app)
{
    app_move(app, -1);
}

static void down(struct app *app)
{
    app_move(app, 1);
}

static void page_up(struct app *app)
{
    app_move(app, -(long)app_page(app));
}

static void page_down(struct app *app)
{
    app_move(app, (long)app_page(app));
}

static void first(struct app *app)
{
    app_move(app, -INT32_MAX);
}

static void last(struct app *app)
{
    app_move(app, INT32_MAX);
}

const struct key_row keys_moving[] = {
    {{PRESS_UP, 'k'}, 0, NULL, "One row up.", up, NULL},
    {{PRESS_DOWN, 'j'}, 0, NULL, "One row down.", down, NULL},
    {{PRESS_PAGE_UP, PRESS_CTRL('b')}, 0, NULL, "One page up.", page_up, NULL},
    {{PRESS_PAGE_DOWN, PRESS_CTRL('f')}, 0, NULL, "One page down.", page_down, NULL},
    {{PRESS_HOME, 'g'}, 0, NULL, "To the first row.", first, NULL},
    {{PRESS_END, 'G'}, 0, NULL, "To the last row.", last, NULL},
    {.help = NULL},
};

/* --- the two sides ---------------------------------------------------------------------------- */

static void to_side(struct app *app, enum side side)
{
    app->at.active = side;
    app_resize(app);
}

static void other_side(struct app *app)
{
    to_side(app, app_other(app->at.active));
}

static void source_side(struct app *app)
{
    to_side(app, SIDE_SOURCE);
}

static void destination_side(struct app *app)
{
    to_side(app, SIDE_DESTINATION);
}

static void hsms(struct app *app)
{
    if (settle_is_on(&app->settle))
        app_say(app, "This console settles an interrupted ceremony; leave it to begin another.");
    else
        app_go(app, VIEW_SETUP);
}

const struct key_row keys_sides[] = {
    {{PRESS_TAB, PRESS_BACKTAB}, 4, "Side", "To the other HSM.", other_side, NULL},
    {{PRESS_LEFT, 'h'}, 0, NULL, "To the source.", source_side, NULL},
    {{PRESS_RIGHT, 'l'}, 0, NULL, "To the destination.", destination_side, NULL},
    {.help = NULL},
};
const struct key_row keys_retry[] = {
    {{'R'},
     2,
     "Open again",
     "Open the HSM that failed again, also after a wrong PIN.",
     opening_retry,
     NULL},
    {.help = NULL},
};
const struct key_row keys_hsms[] = {
    {{PRESS_F7, 'o'}, 5, "HSMs", "Choose other HSMs, or begin another ceremony.", hsms, NULL},
    {.help = NULL},
};

/* --- finding ---------------------------------------------------------------------------------- */

static void find_from(struct app *app, bool next)
{
    const char *text = app->at.find;
    const struct view *view = app_view(app);

    if (text[0] && view->find && !view->find(app, text, next))
        app_say(app, "Nothing here holds \"%s\".", text);
}

static void found_so_far(struct app *app)
{
    snprintf(app->at.find, sizeof app->at.find, "%.*s", (int)sizeof app->at.find - 1,
             app->dialog.field.text);
    find_from(app, false);
}

/* What was found stands out until then. */
static void forget_found(struct app *app)
{
    app->at.find[0] = '\0';
}

static void find_again(struct app *app)
{
    if (app->dialog.field.len == 0)
        find_from(app, true);
}

static const struct input find_input = {
    .title = "FIND",
    .prompt = "Text to find; Enter alone finds the same again; Esc ends it:",
    .changed = found_so_far,
    .done = find_again,
    .left = forget_found};

static void find(struct app *app)
{
    app_open_input(app, &find_input, "");
}

const struct key_row keys_finding[] = {
    {{'/', PRESS_CTRL('s')},
     3,
     "Find",
     "Find text while you type it; with Enter alone, find the same text again.",
     find,
     NULL},
    {.help = NULL},
};

/* --- the ceremony file ------------------------------------------------------------------------ */

static void save_done(struct app *app)
{
    const struct field *typed = &app->dialog.field;
    struct err err;

    if (typed->len == 0 || typed->len >= sizeof app->queue.save_path)
        return;
    if (app->config->kind_open) {
        app_say(app, "Choose the kind first: a ceremony file says whether it is a rehearsal.");
        return;
    }
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!app->config->side[side].token.text[0]) {
            app_say(app, "Choose a token of the %s first: a ceremony file names both.",
                    side_name(side));
            return;
        }
    memcpy(app->queue.save_path, typed->text, typed->len + 1);
    if (app->at.view != VIEW_INVENTORY || marks_keep(app, &err))
        app_ask(app, REQUEST_SAVE, SIDE_RELAY);
    else
        app_show_error(app, &err);
}

static const struct input save_input = {.title = "SAVE",
                                        .prompt = "Save the ceremony file as (Tab completes):",
                                        .done = save_done,
                                        .is_path = true};

static void save(struct app *app)
{
    app_open_input(app, &save_input, app->config->path);
}

const struct key_row keys_save[] = {
    {{PRESS_F2, 'w'},
     4,
     "Save",
     "Save what was chosen as a ceremony file that can be run again.",
     save,
     NULL},
    {.help = NULL},
};

/* --- from view to view ------------------------------------------------------------------------ */

static void help(struct app *app)
{
    app_open(app, DIALOG_HELP);
}

static void compare(struct app *app)
{
    pair_show_planned(app, 0);
}

static void back(struct app *app)
{
    enum view_id from = app->at.view;

    if (app->at.replay) {
        app_go(app, VIEW_CEREMONY);
        return;
    }
    if (from == VIEW_CEREMONY && app_is_running(app)) {
        app_say(app, "The ceremony is running; F7 or s stops it.");
        return;
    }
    app_go(app, from == VIEW_END        ? VIEW_INVENTORY
                : from == VIEW_CEREMONY ? VIEW_END
                : from == VIEW_STEPS    ? VIEW_LEDGER
                                        : app->at.under);
    app->at.under = app->run.over ? VIEW_END : app_is_running(app) ? VIEW_CEREMONY : VIEW_INVENTORY;
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

static void quit_yes(struct app *app)
{
    app->phase = PHASE_LEAVING;
    questions_refuse(app);
    app_say(app, "Stopping before the next step, then leaving.");
}

static const struct confirm quit_confirm = {
    "A ceremony is running. Stop it and leave? What was begun is undone; the source is unchanged.",
    quit_yes};

static const struct confirm quit_removal_confirm = {
    "A removal is running. Stop it and leave? Keys that are destroyed already are not restored.",
    quit_yes};

static void quit(struct app *app)
{
    if (app_is_running(app))
        app_open_confirm(app,
                         app->at.removal != REMOVAL_NONE ? &quit_removal_confirm : &quit_confirm);
    else
        app_ask(app, REQUEST_QUIT, SIDE_RELAY);
}

const struct key_row keys_help[] = {
    {{PRESS_F1, '?'}, 1, "Help", "Show the keys of this screen.", help, NULL},
    {.help = NULL},
};
const struct key_row keys_compare[] = {
    {{PRESS_F6, 'v'},
     3,
     "Compare",
     "Show source and destination of a key side by side.",
     compare,
     NULL},
    {.help = NULL},
};
const struct key_row keys_exception[] = {
    {{PRESS_F2, 'X'},
     3,
     "Exception",
     "Write down what is not as planned; F2 also while a question is open.",
     exception_begin,
     NULL},
    {.help = NULL},
};
const struct key_row keys_back[] = {
    {{PRESS_ESC, PRESS_ENTER, 'b'}, 2, "Back", "Back to the screen before.", back, NULL},
    {.help = NULL},
};
/* For a list of which Enter opens a row. */
const struct key_row keys_back_from_list[] = {
    {{PRESS_ESC, 'b'}, 2, "Back", "Back to the screen before.", back, NULL},
    {.help = NULL},
};
const struct key_row keys_leaving[] = {
    {{PRESS_CTRL('l')}, 0, NULL, "Draw the screen again.", redraw, NULL},
    {{PRESS_CTRL('z')},
     0,
     NULL,
     "Back to the shell for a while; off while a ceremony runs.",
     suspend,
     NULL},
    {{PRESS_F10, 'q', PRESS_CTRL('c')},
     1,
     "Quit",
     "Leave; asks first while a ceremony runs.",
     quit,
     NULL},
    {.help = NULL},
};

/* Is it this row of this table? */
static bool is_of(const struct key_row *row, const struct key_row *table)
{
    while (table->help && table != row)
        table++;
    return table->help != NULL;
}

bool key_rows_always(const struct key_row *row)
{
    return is_of(row, keys_help) || is_of(row, keys_hsms) || is_of(row, keys_leaving);
}

bool key_rows_offer(const struct app *app, const struct key_row *row)
{
    bool failed = app->side[0].state == SIDE_FAILED || app->side[1].state == SIDE_FAILED;

    if (is_of(row, keys_retry))
        return failed;
    if (is_of(row, keys_hsms))
        return !settle_is_on(&app->settle);
    if (is_of(row, keys_exception))
        return exception_possible(app);
    return row != keys_back || app->at.view != VIEW_CEREMONY || !app_is_running(app);
}

bool key_rows_press(struct app *app, int press)
{
    if (press == PRESS_F1)
        help(app);
    else if (press == PRESS_F2)
        exception_begin(app);
    else if (press == PRESS_F10 || press == PRESS_CTRL('c'))
        quit(app);
    else
        return false;
    return true;
}
