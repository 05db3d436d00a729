/* SPDX-License-Identifier: Apache-2.0 */
/* The model of what lies over a view: one function for each dialog's keys. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/app_parts.h"
#include "ui/model/text_page.h"

/* --- a line is typed -------------------------------------------------------------------------- */

static void found_so_far(struct app *app)
{
    snprintf(app->find, sizeof app->find, "%.*s", (int)sizeof app->find - 1, app->field.text);
    inventory_view_find(app, app->find, false);
}

static void filter_done(struct app *app)
{
    inventory_filter(&app->side[app->active].inventory, app->field.text);
    app_size(app, app->columns, app->lines);
}

static void pattern_done(struct app *app)
{
    inventory_mark_pattern(&app->side[SIDE_SOURCE].inventory, app->field.text);
    app->marks_are_files = false;
}

static void module_done(struct app *app)
{
    setup_set_module(app, app->field.text);
}

static void environment_done(struct app *app)
{
    setup_set_environment(app, app->field.text);
}

static void save_done(struct app *app)
{
    struct err err;

    if (app->field.len == 0 || app->field.len >= sizeof app->save_path)
        return;
    memcpy(app->save_path, app->field.text, app->field.len + 1);
    if (inventory_view_keep_marks(app, &err))
        app_ask(app, REQUEST_SAVE, SIDE_RELAY);
    else
        app_show_error(app, &err);
}

/* Whatever else was typed leaves it alone: both tokens can be looked at. */
static void settle_left(struct app *app)
{
    setup_begin(app);
    app_say(app, "Left alone: %s", app->interrupted);
}

static void settle_done(struct app *app)
{
    app->cleans = text_typed_equal(app->field.text, "clean", true);
    if (app->cleans || text_typed_equal(app->field.text, "resume", true))
        app_ask(app, REQUEST_SETTLE, SIDE_RELAY);
    else
        settle_left(app);
}

static const struct {
    const char *title;
    const char *prompt;
    void (*changed)(struct app *app); /* after each key; may be NULL */
    void (*done)(struct app *app);    /* on Enter; may be NULL */
    void (*left)(struct app *app);    /* on Esc; may be NULL */
} inputs[INPUTS] = {
    [INPUT_FIND] = {"FIND", "Text in label, type or id:", found_so_far, NULL, NULL},
    [INPUT_FILTER] = {"FILTER", "Show only what holds this text; empty shows all:", NULL,
                      filter_done, NULL},
    [INPUT_PATTERN] = {"MARK", "Mark the keys whose label matches; * stands for anything:", NULL,
                       pattern_done, NULL},
    [INPUT_MODULE] = {"MODULE", "The module's path, or sql: and the folder of an NSS store:", NULL,
                      module_done, NULL},
    [INPUT_ENVIRONMENT] = {"ENVIRONMENT", "What the module's agent finds set, as NAME=value:", NULL,
                           environment_done, NULL},
    [INPUT_SAVE] = {"SAVE", "Save the ceremony file as:", NULL, save_done, NULL},
    [INPUT_SETTLE] = {"A CEREMONY WAS INTERRUPTED",
                      "Type  resume  to go on with it,  clean  to take it back; Esc leaves it:",
                      NULL, settle_done, settle_left},
    [INPUT_EXPECTED] = {"EXCEPTION", "What was expected:", NULL, ceremony_view_exception_part,
                        NULL},
    [INPUT_HAPPENED] = {"EXCEPTION", "What happened instead:", NULL, ceremony_view_exception_part,
                        NULL},
    [INPUT_DECIDED] = {"EXCEPTION", "What was decided, and by whom:", NULL,
                       ceremony_view_exception_part, NULL},
};

const char *app_input_title(const struct app *app)
{
    return inputs[app->input].title;
}

const char *app_input_prompt(const struct app *app)
{
    return inputs[app->input].prompt;
}

void app_open_input(struct app *app, enum input input, const char *text)
{
    app->input = input;
    app->dialog = DIALOG_INPUT;
    field_set(&app->field, text);
}

static void input_press(struct app *app, int press)
{
    if (press == PRESS_ESC) {
        app->dialog = DIALOG_NONE;
        if (inputs[app->input].left)
            inputs[app->input].left(app);
        field_set(&app->field, ""); /* a question of the engine may be behind it */
    } else if (press == PRESS_ENTER) {
        app->dialog = DIALOG_NONE;
        if (inputs[app->input].done)
            inputs[app->input].done(app);
    } else if (field_press(&app->field, press) == FIELD_CHANGED && inputs[app->input].changed) {
        inputs[app->input].changed(app);
    }
}

/* --- yes or no -------------------------------------------------------------------------------- */

static void quit_yes(struct app *app)
{
    app->phase = PHASE_LEAVING;
    ceremony_view_refuse(app);
    app_say(app, "Stopping before the next step, then leaving.");
}

static void stop_yes(struct app *app)
{
    ceremony_view_refuse(app);
    app_say(app, "Stopping before the next step.");
}

static void abandon_yes(struct app *app)
{
    enum side side;
    int64_t for_ms;

    if (!run_unanswered(&app->run, app->now_ms, 0, &side, &for_ms)) {
        app_say(app, "No call is under way.");
        return;
    }
    app_ask(app, REQUEST_ABANDON, side);
    app_say(app, "The %s was given up.", side_name(side));
}

static const struct {
    const char *question;
    void (*yes)(struct app *app);
} confirms[CONFIRMS] = {
    [CONFIRM_QUIT] = {"A ceremony is running. Stop it and leave? What was begun is undone; the "
                      "source is unchanged.",
                      quit_yes},
    [CONFIRM_STOP] = {"Stop the ceremony? What was begun is undone; the source is unchanged. Keys "
                      "that have arrived stay on the destination.",
                      stop_yes},
    [CONFIRM_ABANDON] = {"Give up the call that is not answered? That HSM takes no further part "
                         "in this ceremony.",
                         abandon_yes},
};

const char *app_confirm_question(const struct app *app)
{
    return confirms[app->confirm].question;
}

void app_open_confirm(struct app *app, enum confirm confirm)
{
    app->confirm = confirm;
    app->dialog = DIALOG_CONFIRM;
}

static void confirm_press(struct app *app, int press)
{
    app->dialog = DIALOG_NONE;
    if (press == 'y' || press == 'Y')
        confirms[app->confirm].yes(app);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Scrolls a list of count lines, of which the first shown is dialog_scroll.at; true when the key
 * was for that. */
static bool scrolled(struct app *app, int press, size_t count)
{
    static const struct {
        int press;
        long delta;
    } moves[] = {
        {PRESS_UP, -1},        {PRESS_DOWN, 1},          {PRESS_PAGE_UP, -10},
        {PRESS_PAGE_DOWN, 10}, {PRESS_HOME, -INT32_MAX}, {PRESS_END, INT32_MAX},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        if (moves[i].press == press) {
            scroll_move(&app->dialog_scroll, moves[i].delta, count, 1);
            return true;
        }
    return false;
}

static void reading_press(struct app *app, int press)
{
    struct sheet sheet;

    sheet_make(app, app->dialog, &sheet);
    if (press == 'j' || press == 'k')
        press = press == 'j' ? PRESS_DOWN : PRESS_UP;
    if (!scrolled(app, press, sheet.lines))
        app->dialog = DIALOG_NONE;
}

static void modules_press(struct app *app, int press)
{
    size_t rows = app->modules.count + 1; /* the last: another path */
    size_t at = app->dialog_scroll.at < rows ? app->dialog_scroll.at : rows - 1;

    if (press == PRESS_ENTER)
        setup_pick_module(app, at);
    else if (press == PRESS_ESC || press == 'q')
        app->dialog = DIALOG_NONE;
    else if (press == PRESS_UP || press == 'k')
        scroll_move(&app->dialog_scroll, -1, rows, rows);
    else if (press == PRESS_DOWN || press == 'j')
        scroll_move(&app->dialog_scroll, 1, rows, rows);
}

/* --- questions of the engine ------------------------------------------------------------------ */

static bool asks_for_help_or_quit(struct app *app, int press)
{
    if (press == PRESS_F1)
        app_act(app, ACTION_HELP);
    else if (press == PRESS_F2)
        ceremony_view_exception(app);
    else if (press == PRESS_F10 || press == PRESS_CTRL('c'))
        app_act(app, ACTION_QUIT);
    else
        return false;
    return true;
}

static void review_press(struct app *app, int press)
{
    if (press == PRESS_ESC)
        app->phase = PHASE_IDLE;
    else if (press == PRESS_ENTER)
        ceremony_view_start(app);
    else if (!asks_for_help_or_quit(app, press) &&
             !scrolled(app, press, app->run.key_count + app->run.note_count))
        field_press(&app->field, press);
}

static void pin_press(struct app *app, int press)
{
    if (press == PRESS_ESC)
        ceremony_view_refuse(app);
    else if (press == PRESS_ENTER)
        ceremony_view_answer_pin(app);
    else if (asks_for_help_or_quit(app, press))
        return;
    else if (app->pin.sworn)
        field_press_secret(&app->pin.typed, press);
    else
        field_press(&app->field, press);
}

static void gate_press(struct app *app, int press)
{
    struct sheet sheet;

    sheet_make(app, DIALOG_GATE, &sheet);
    if (press == PRESS_ESC)
        app_open_confirm(app, CONFIRM_STOP);
    else if (press == PRESS_ENTER)
        ceremony_view_answer_gate(app);
    else if (!asks_for_help_or_quit(app, press) && !scrolled(app, press, sheet.lines))
        field_press(&app->field, press);
}

void app_dialog_press(struct app *app, enum dialog dialog, int press)
{
    static void (*const presses[DIALOGS])(struct app *, int) = {
        [DIALOG_HELP] = reading_press,    [DIALOG_MESSAGE] = reading_press,
        [DIALOG_DETAILS] = reading_press, [DIALOG_INPUT] = input_press,
        [DIALOG_MODULES] = modules_press, [DIALOG_CONFIRM] = confirm_press,
        [DIALOG_REVIEW] = review_press,   [DIALOG_PIN] = pin_press,
        [DIALOG_GATE] = gate_press,
    };
    if (presses[dialog])
        presses[dialog](app, press);
}

/* Words that an officer types confirm what he has read: they are not pasted. */
void app_dialog_paste(struct app *app, enum dialog dialog, int character)
{
    if (dialog == DIALOG_INPUT ? app->input != INPUT_SETTLE
                               : dialog == DIALOG_PIN && app->pin.sworn)
        app_dialog_press(app, dialog, character);
    else
        app_say(app, "Pasted text is not taken here: type it.");
}
