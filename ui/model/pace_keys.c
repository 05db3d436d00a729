/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/pace_keys.h"

/* --- how fast it goes on ---------------------------------------------------------------------- */

/* A key press releases the step that was on the screen when it was pressed, and no other. */
static void choose(struct app *app, enum pace pace, bool go_on)
{
    const struct request request = {.kind = REQUEST_PACE,
                                    .side = SIDE_RELAY,
                                    .serial = go_on ? app->run.pace.seq : 0,
                                    .pace = pace};

    if (app_is_running(app))
        request_push(&app->queue, &request);
    else
        app_say(app, "No ceremony is running.");
}

static void next_step(struct app *app)
{
    if (app_is_running(app) && !app->run.pace.seq)
        app_say(app, "No step was waiting for that key. P pauses before the next step.");
    else
        choose(app, PACE_NONE, true);
}

static void finish_key(struct app *app)
{
    choose(app, PACE_KEY, true);
}

static void run_on(struct app *app)
{
    choose(app, PACE_RUN, true);
}

static void hold(struct app *app)
{
    choose(app, PACE_STEP, false);
    if (app_is_running(app))
        app_say(app, "It waits before each step from here on.");
}

const struct key_row keys_pace[] = {
    {{'.'}, 2, "Next step", "Carry out the step that the ceremony waits before.", next_step, NULL},
    {{','},
     2,
     "Finish key",
     "Carry out the rest for this key, and wait before the next one.",
     finish_key,
     NULL},
    {{'>'}, 2, "Run", "Carry out all that is left, without waiting.", run_on, NULL},
    {{'P'}, 3, "Pause", "Wait before the next step, and before each one after it.", hold, NULL},
    {.help = NULL},
};

bool pace_keys_have(const struct key_row *row)
{
    return row >= keys_pace && row < keys_pace + sizeof keys_pace / sizeof keys_pace[0];
}

/* --- from key to key -------------------------------------------------------------------------- */

uint32_t pace_key_shown(const struct app *app)
{
    const struct run *run = &app->run;

    return app->at.keys.shown                    ? app->at.keys.shown
           : run->pace.seq && run->pace.key != 0 ? run->pace.key
                                                 : run_latest_shown(run);
}

void pace_walk(struct app *app, long delta)
{
    const struct run *run = &app->run;
    uint32_t at = pace_key_shown(app);

    if (run->key_count == 0) {
        app_say(app, "The plan has no keys yet.");
        return;
    }
    if (delta < 0 && at > 1)
        at--;
    if (delta > 0 && at < run->key_count)
        at++;
    app->at.keys.shown = at ? at : 1;
}

static void next_key(struct app *app)
{
    pace_walk(app, 1);
}

static void key_before(struct app *app)
{
    pace_walk(app, -1);
}

const struct key_row keys_walk[] = {
    {{'n'}, 0, NULL, "The steps of the next key.", next_key, NULL},
    {{'p'}, 0, NULL, "The steps of the key before.", key_before, NULL},
    {.help = NULL},
};
