/* SPDX-License-Identifier: Apache-2.0 */
/* The PIN of one side's token is asked for. */
#include <string.h>

#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/questions.h"

/* Words typed before the last try of a PIN, so that no reflex locks a token. */
static const char last_try_words[] = "last try";

static void swear(struct app *app)
{
    app->asked.pin.sworn = text_typed_equal(app->dialog.field.text, last_try_words, true);
    if (!app->asked.pin.sworn)
        app_say(app, "Type  %s  or Esc.", last_try_words);
    field_set(&app->dialog.field, "");
}

static void answer(struct app *app)
{
    struct secret *typed = &app->asked.pin.typed;
    struct err err;

    if (!app->asked.pin.sworn) {
        swear(app);
        return;
    }
    if (!secret_check_pin(typed, &err)) {
        app_say(app, "%s.", err.what);
        return;
    }
    secret_set(&app->asked.answer, typed->data, typed->len, &err);
    explicit_bzero(typed->data, typed->cap);
    typed->len = 0;
    app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->asked.pin.seq = 0;
    app->asked.pin.typed_one = true;
}

static void press(struct app *app, int press)
{
    if (press == PRESS_ESC)
        questions_refuse(app);
    else if (press == PRESS_ENTER)
        answer(app);
    else if (key_rows_press(app, press))
        return;
    else if (app->asked.pin.sworn)
        field_press_secret(&app->asked.pin.typed, press);
    else
        field_press(&app->dialog.field, press);
}

static bool pastes(const struct app *app)
{
    return app->asked.pin.sworn;
}

static void event(struct app *app, const struct event *e)
{
    struct app_pin *pin = &app->asked.pin;

    if (e->kind != EVENT_PIN || e->pin.file[0])
        return;
    pin->seq = e->seq;
    pin->side = e->side;
    pin->flags = e->pin.flags;
    pin->typed_one = false;
    pin->sworn = !(e->pin.flags & HSM_TOKEN_PIN_FINAL_TRY);
    memcpy(pin->token, e->pin.token, sizeof pin->token);
    memcpy(pin->serial, e->pin.serial, sizeof pin->serial);
    memcpy(pin->officer, e->pin.officer, sizeof pin->officer);
    memcpy(pin->role, e->pin.role, sizeof pin->role);
    pin->typed.len = 0;
    questions_expect(app);
}

static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    (void)ok;
    if (kind == REQUEST_CHOOSE || kind == REQUEST_SIGN)
        app->asked.pin.seq = 0;
}

const struct dialog pin_dialog = {
    .hint = "F1 Help   Enter OK   Esc Refuse   F10 Quit   Backspace starts again",
    .press = press,
    .pastes = pastes,
    .event = event,
    .done = done};
