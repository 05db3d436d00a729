/* SPDX-License-Identifier: Apache-2.0 */
/* A gate: the engine waits until an officer has typed what it asks for. */
#include "ui/model/gate_page.h"
#include "ui/model/key_rows.h"
#include "ui/model/questions.h"

static void answer(struct app *app)
{
    if (app->dialog.field.len == 0)
        return;
    if (app->dialog.end_seq != app->run.gate.seq) {
        app_say(app, "There is more to read: Down or PgDn, to the end.");
        return;
    }
    questions_answer(app);
    app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->run.gate.seq = 0; /* answered: until the engine asks again */
}

static void press(struct app *app, int press)
{
    struct gate_page page;

    gate_page(app, &page);
    if (press == PRESS_ESC)
        app_open_confirm(app, questions_stop(app));
    else if (press == PRESS_ENTER)
        answer(app);
    else if (key_rows_press(app, press))
        return;
    else if (!app_scroll(app, press, page.sheet.lines, page.rows))
        field_press(&app->dialog.field, press);
}

static void page(const struct app *app, struct sheet *s)
{
    struct gate_page page;

    gate_page(app, &page);
    *s = page.sheet;
}

static void event(struct app *app, const struct event *e)
{
    bool starting = app->phase == PHASE_STARTING;

    if (e->kind != EVENT_GATE || e->gate.state != GATE_OPEN)
        return;
    if (app->phase >= PHASE_LEAVING) {
        app_ask(app, REQUEST_STOP, SIDE_RELAY);
        return;
    }
    if (starting)
        app->phase = PHASE_RUNNING;
    if (app->phase == PHASE_REVIEWING && e->gate.gate == GATE_REVIEW)
        return; /* it is answered in the review */
    if (starting && e->gate.gate == GATE_REVIEW)
        app_ask(app, REQUEST_ANSWER, SIDE_RELAY); /* typed under the review; the engine judges it */
    else
        questions_expect(app);
}

const struct dialog gate_dialog = {.hint =
                                       "F1 Help   Enter OK   Esc Stop   F2 Exception   F10 Quit",
                                   .press = press,
                                   .page = page,
                                   .event = event};
