/* SPDX-License-Identifier: Apache-2.0 */
/* The model of a ceremony under way: review, gates, PINs, stopping, the end. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/app_parts.h"

/* Words typed before the last try of a PIN, so that no reflex locks a token. */
static const char last_try_words[] = "last try";

void ceremony_view_migrate(struct app *app)
{
    if (app->run.over)
        app_say(app, "This ceremony is over; F7 begins another.");
    else if (app->side[SIDE_SOURCE].state != SIDE_LISTED ||
             app->side[SIDE_DESTINATION].state != SIDE_LISTED)
        app_say(app, "Both HSMs must be open and listed first.");
    else if (app->side[SIDE_SOURCE].inventory.marked_count == 0 && !app->marks_are_files)
        app_say(app, "No key is marked; Space marks the key at the cursor.");
    else if (app->commands > 0)
        app_say(app, "The HSMs are busy; try again in a moment.");
    else {
        run_forget_plan(&app->run);
        app->phase = PHASE_PLANNING;
        app_ask(app, REQUEST_PLAN, SIDE_RELAY);
    }
}

/* Opens what wants a typed answer: nothing that was typed before it counts. It waits behind a
 * failure that was not read yet and behind a question of ours. */
static void expect_typing(struct app *app)
{
    if (app->dialog == DIALOG_INPUT && app->input >= INPUT_EXPECTED)
        return; /* an exception is being written: the question waits */
    if (app->dialog != DIALOG_CONFIRM && app->dialog != DIALOG_MESSAGE)
        app->dialog = DIALOG_NONE;
    field_set(&app->field, "");
    app->dialog_scroll = (struct scroll){0};
    app_ask(app, REQUEST_FLUSH, SIDE_RELAY);
}

void ceremony_view_planned(struct app *app, bool ok)
{
    app->phase = ok ? PHASE_REVIEWING : PHASE_IDLE;
    if (!ok) {
        app_show_error(app, &app->last_error);
        return;
    }
    expect_typing(app);
}

bool app_review_waived(const struct app *app)
{
    return !(app->config->policy.gates & 1U << GATE_REVIEW);
}

static void put_answer(struct app *app)
{
    struct err ignored; /* a field is never longer than the answer's room */

    secret_set(&app->answer, app->field.text, app->field.len, &ignored);
    field_set(&app->field, "");
}

void ceremony_view_start(struct app *app)
{
    if (app->field.len == 0)
        return;
    if (app_review_waived(app) && !text_typed_equal(app->field.text, "start", true)) {
        field_set(&app->field, "");
        app_say(app, "That is not the word.");
        return;
    }
    put_answer(app);
    app->phase = app_review_waived(app) ? PHASE_RUNNING : PHASE_STARTING;
    app->log_follows = true;
    app->view = VIEW_CEREMONY;
    app->under = VIEW_INVENTORY;
    app_ask(app, REQUEST_RUN, SIDE_RELAY);
}

void ceremony_view_gate(struct app *app, const struct event *e)
{
    if (e->gate.state != GATE_OPEN)
        return;
    if (app->phase >= PHASE_LEAVING) {
        app_ask(app, REQUEST_STOP, SIDE_RELAY);
        return;
    }
    if (app->phase == PHASE_STARTING && e->gate.gate == GATE_REVIEW) {
        app->phase = PHASE_RUNNING; /* the word was typed under the review; the engine judges it */
        app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
        return;
    }
    if (app->phase == PHASE_STARTING)
        app->phase = PHASE_RUNNING;
    expect_typing(app);
}

void ceremony_view_answer_gate(struct app *app)
{
    if (app->field.len == 0)
        return;
    put_answer(app);
    app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->run.gate.open = false; /* answered: until the engine asks again */
}

void ceremony_view_ask_pin(struct app *app, const struct event *e)
{
    struct app_pin *pin = &app->pin;

    pin->open = true;
    pin->side = e->side;
    pin->seq = e->seq;
    pin->flags = e->pin.flags;
    pin->sworn = !(e->pin.flags & HSM_TOKEN_PIN_FINAL_TRY);
    memcpy(pin->token, e->pin.token, sizeof pin->token);
    memcpy(pin->serial, e->pin.serial, sizeof pin->serial);
    memcpy(pin->officer, e->pin.officer, sizeof pin->officer);
    memcpy(pin->role, e->pin.role, sizeof pin->role);
    pin->typed.len = 0;
    expect_typing(app);
}

static void swear(struct app *app)
{
    app->pin.sworn = text_typed_equal(app->field.text, last_try_words, true);
    if (!app->pin.sworn)
        app_say(app, "Type  %s  or Esc.", last_try_words);
    field_set(&app->field, "");
}

void ceremony_view_answer_pin(struct app *app)
{
    struct secret *typed = &app->pin.typed;
    struct err err;

    if (!app->pin.sworn) {
        swear(app);
        return;
    }
    if (!secret_check_pin(typed, &err)) {
        app_say(app, "%s.", err.what);
        return;
    }
    secret_set(&app->answer, typed->data, typed->len, &err);
    explicit_bzero(typed->data, typed->cap);
    typed->len = 0;
    app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->pin.open = false;
}

/* Esc at a question of the engine: it is refused, and the engine does what follows from that. */
void ceremony_view_refuse(struct app *app)
{
    explicit_bzero(app->pin.typed.data, app->pin.typed.cap);
    app->pin.typed.len = 0;
    app->pin.open = false;
    app->run.gate.open = false;
    app_ask(app, REQUEST_STOP, SIDE_RELAY);
}

/* With the step at which it is begun, not the one that has come until it is written. */
void ceremony_view_exception(struct app *app)
{
    struct event *e = &app->exception;

    if (app->run.over || app->side[SIDE_SOURCE].state == SIDE_CLOSED) {
        app_say(app, app->run.over ? "This ceremony is over; write it on paper."
                                   : "No ceremony has begun.");
        return;
    }
    *e = (struct event){.kind = EVENT_EXCEPTION, .side = SIDE_RELAY};
    e->exception.begun = app->run.begun_ms != 0;
    if (e->exception.begun)
        run_step_now(&app->run, &e->exception.step);
    if (e->exception.step >= STEP_WRAP_KEY && e->exception.step <= STEP_PROVE_AGAIN)
        e->key = app->run.key_now;
    app_open_input(app, INPUT_EXPECTED, "");
}

void ceremony_view_exception_part(struct app *app)
{
    struct event *e = &app->exception;
    char *const parts[] = {e->exception.expected, e->exception.happened, e->exception.decided};
    unsigned part = (unsigned)app->input - INPUT_EXPECTED;

    text_safe(app->field.text, app->field.len, parts[part], EVENT_TEXT_MAX);
    if (app->field.len == 0 || part < 2) {
        app_open_input(app, app->field.len == 0 ? app->input : app->input + 1, "");
        return;
    }
    field_set(&app->field, "");
    app_ask(app, REQUEST_EXCEPTION, SIDE_RELAY);
    app_say(app, "The exception is written down.");
}

void ceremony_view_ended(struct app *app)
{
    app->run.gate.open = false;
    app->dialog = DIALOG_NONE;
    if (app->phase >= PHASE_LEAVING) {
        app_ask(app, REQUEST_REPORT, SIDE_RELAY);
        app_ask(app, REQUEST_QUIT, SIDE_RELAY);
        return;
    }
    app->phase = PHASE_IDLE;
    if (!app->run.over) {
        app_show_error(app, &app->last_error);
        return;
    }
    app_ask(app, REQUEST_REPORT, SIDE_RELAY);
    if (app->config->signer.key.text[0])
        app_ask(app, REQUEST_SIGN, SIDE_RELAY);
    app_ask(app, REQUEST_REFRESH, SIDE_SOURCE);
    app_ask(app, REQUEST_REFRESH, SIDE_DESTINATION);
    app_ask(app, REQUEST_VERDICTS, SIDE_RELAY);
    app_go(app, VIEW_END);
    app->under = VIEW_INVENTORY;
}

/* The report is asked for again: it says who signed it, or why nobody did. */
void ceremony_view_signed(struct app *app, bool ok)
{
    app->pin.open = false;
    app_ask(app, REQUEST_REPORT, SIDE_RELAY);
    if (!ok)
        app_show_error(app, &app->last_error);
}

/* Shows the key delta places on from the one shown; 0: the one at hand. */
void ceremony_view_compare(struct app *app, long delta)
{
    size_t at = app->verify_at ? app->verify_at : app->run.key_last ? app->run.key_last : 1;

    if (app->run.key_count == 0) {
        app_say(app, "There is no key to compare yet.");
        return;
    }
    if (delta == 0)
        at = app->run.over ? 1 : at;
    if (delta < 0 && at > 1)
        at--;
    if (delta > 0 && at < app->run.key_count)
        at++;
    app->verify_at = at;
    app->dialog_scroll = (struct scroll){0};
    app_go(app, VIEW_VERIFY);
}
