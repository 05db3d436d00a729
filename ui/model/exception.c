/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/exception.h"

#include "base/text.h"

static void write_part(struct app *app);
static void give_up(struct app *app);

/* Back to the question that is under it, and to what was typed there. */
static void give_back(struct app *app)
{
    app->dialog.field = app->dialog.kept;
}

static const struct input parts[] = {
    {"EXCEPTION", "What was expected:", NULL, write_part, give_up, .engine_waits = true},
    {"EXCEPTION", "What happened instead:", NULL, write_part, give_up, .engine_waits = true},
    {"EXCEPTION", "What was decided, and by whom:", NULL, write_part, give_up,
     .engine_waits = true},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

/* The engine waits for this one: without it there is no review. */
static void give_up(struct app *app)
{
    if (app->asked.exception_wanted)
        app_ask(app, REQUEST_STOP, SIDE_RELAY);
    app->asked.exception_wanted = false;
    give_back(app);
}

static void write_part(struct app *app)
{
    struct event *e = &app->asked.exception;
    char *const texts[PARTS] = {e->exception.expected, e->exception.happened, e->exception.decided};
    const struct input *part = app->dialog.input;
    const struct field *typed = &app->dialog.field;

    text_safe(typed->text, typed->len, texts[part - parts], EVENT_TEXT_MAX);
    if (typed->len == 0 || part + 1 < parts + PARTS) {
        part += typed->len > 0;
        app_open_input(app, part, texts[part - parts]);
        return;
    }
    app->asked.exception_wanted = false;
    give_back(app);
    app_ask(app, REQUEST_EXCEPTION, SIDE_RELAY);
    app_say(app, "The exception is written down.");
}

void exception_of_script(struct app *app)
{
    struct event *e = &app->asked.exception;
    char sentence[SCRIPT_SENTENCE];

    *e = (struct event){.kind = EVENT_EXCEPTION, .side = SIDE_RELAY};
    text_print(e->exception.expected, EVENT_TEXT_MAX, "the keys and the policy of %s",
               app->config->path[0] ? app->config->path : "the script");
    text_print(e->exception.happened, EVENT_TEXT_MAX, "%s",
               script_sentence(&app->run.script, sentence));
    app->asked.exception_wanted = true;
    if (app->dialog.kind == DIALOG_NONE)
        app->dialog.kept = app->dialog.field;
    app_open_input(app, &parts[0], e->exception.expected);
}

bool exception_possible(const struct app *app)
{
    return !app->run.over && app->side[SIDE_SOURCE].state != SIDE_CLOSED;
}

void exception_begin(struct app *app)
{
    struct event *e = &app->asked.exception;

    if (!exception_possible(app)) {
        app_say(app, app->run.over ? "This ceremony is over; write it on paper."
                                   : "No ceremony has begun.");
        return;
    }
    if (app->dialog.kind == DIALOG_NONE)
        app->dialog.kept = app->dialog.field;
    *e = (struct event){.kind = EVENT_EXCEPTION, .side = SIDE_RELAY};
    e->exception.begun = app->run.begun_ms != 0;
    if (e->exception.begun)
        run_step_now(&app->run, &e->exception.step);
    e->key = app->run.last_step_key;
    app_open_input(app, &parts[0], "");
}
