/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/reviewing.h"

#include "ui/model/questions.h"

bool reviewing_is_possible(const struct app *app)
{
    return app->side[SIDE_SOURCE].state == SIDE_LISTED &&
           app->side[SIDE_DESTINATION].state == SIDE_LISTED;
}

/* Why there can be no review, also if one waits; NULL: there can. */
static const char *review_obstacle(const struct app *app)
{
    if (app->run.over)
        return "This ceremony is over; F7 begins another.";
    for (unsigned i = 0; i < 2 && app->queue.under_way == 0; i++)
        if (app->side[i].state != SIDE_LISTED)
            return app->side[i].state == SIDE_FAILED
                       ? "Both HSMs must be open and listed first; R opens the one that failed."
                       : "Both HSMs must be open and listed first; F7 begins again.";
    if (reviewing_is_possible(app) && !settle_is_on(&app->settle) &&
        app->side[SIDE_SOURCE].inventory.marked_count == 0 && !app->inventory.marks_are_files)
        return "No key is marked; Space marks the key at the cursor.";
    return NULL;
}

/* Makes the plan, or leaves that until the HSMs are free. */
void reviewing_begin(struct app *app)
{
    const char *obstacle = review_obstacle(app);

    app->inventory.review_asked =
        !obstacle && (app->queue.under_way > 0 || !reviewing_is_possible(app));
    if (obstacle)
        app_say(app, "%s", obstacle);
    if (obstacle || app->inventory.review_asked)
        return;
    if (settle_is_on(&app->settle) && app->settle.planned) {
        app->phase = PHASE_REVIEWING;
        questions_expect(app);
        app_ask(app, REQUEST_REVIEW, SIDE_RELAY);
        return;
    }
    run_forget_plan(&app->run);
    app->inventory.trial = (struct trial_shown){.since_ms = app->at.now_ms};
    app->phase = PHASE_PLANNING;
    app_ask(app, settle_is_on(&app->settle) ? REQUEST_INTERRUPTED : REQUEST_PLAN, SIDE_RELAY);
}

void reviewing_ask(struct app *app)
{
    if (app->inventory.review_asked) {
        app->inventory.review_asked = false;
        app_say(app, "The review is not waited for any more.");
    } else
        reviewing_begin(app);
}
