/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/replay_app.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "ui/model/dispatch.h"

/* The views of a live console except those that act upon HSMs. */
static void choose_views(struct replay_app *r)
{
    for (size_t i = 0; i + 1 < REPLAY_VIEWS_MAX && dispatch_views[i]; i++)
        r->views[i] = dispatch_views[i];
    r->views[VIEW_SETUP] = r->views[VIEW_INVENTORY] = r->views[VIEW_CEREMONY] = &replay_view;
    r->views[VIEW_END] = &replay_end_view;
}

/* What holds for the whole ceremony: its name, and both devices as they reported themselves last.
 */
static void read_names(struct replay_app *r)
{
    const struct recording *recording = r->replay.recording;
    struct event e;

    for (size_t i = 0; i < recording->count; i++) {
        recording->read(recording->ctx, i, &e);
        if (e.kind == EVENT_BEGIN) {
            text_print(r->config.title, sizeof r->config.title, "%s", e.begin.title);
            r->config.rehearsal = e.begin.rehearsal;
            r->config.kind_open = false;
            text_print(r->replay.visit, sizeof r->replay.visit, "%s", e.begin.visit);
        }
        if (e.kind != EVENT_HSM || e.side == SIDE_RELAY)
            continue;
        r->app->side[e.side].has_token = true;
        r->app->side[e.side].info = e.hsm.info;
        r->app->side[e.side].token = e.hsm.slot;
    }
}

bool replay_app_new(const struct recording *recording, struct replay_app **out, struct err *err)
{
    struct replay_app *r = calloc(1, sizeof *r);

    if (!r)
        return err_set(err, ERR_FAILED, "There is no memory for the console");
    choose_views(r);
    if (!app_new(&r->config, &r->app, err) ||
        !replay_open(recording, &r->app->run, &r->app->log, &r->replay, err)) {
        replay_app_free(r);
        return false;
    }
    r->app->views = r->views;
    r->app->at.view = r->app->at.under = VIEW_CEREMONY;
    r->app->at.replay = &r->replay;
    r->config.kind_open = true; /* until the journal names it */
    read_names(r);
    *out = r;
    return true;
}

void replay_app_free(struct replay_app *r)
{
    if (!r)
        return;
    replay_free(&r->replay);
    app_free(r->app);
    free(r);
}

bool replay_app_time(struct app *app, int64_t now_ms)
{
    struct replay *replay = app->at.replay;
    int64_t shown_ms;
    bool changed;
    struct err err;

    replay->real_ms = now_ms;
    if (!replay_play(replay, now_ms, &changed, &err))
        app_show_error(app, &err);
    shown_ms = replay_clock(replay, now_ms);
    app_time(app, shown_ms, replay->last.utc_ms + shown_ms - replay_ms(&replay->last));
    return changed;
}

void replay_app_words(const struct app *app, char *out, size_t size)
{
    const struct replay *replay = app->at.replay;
    char time[32], visit[64] = "";

    text_time(replay->last.utc_ms, true, time); /* the time is read more often than the day */
    if (replay->parts > 1)
        snprintf(visit, sizeof visit, "   %s, visit %zu of %zu", replay->visit, replay->part + 1,
                 replay->parts);
    snprintf(out, size, "REPLAY %s%s   event %zu of %zu%s   %s   %.10s",
             replay_speed_name(replay->speed), visit, replay->at, replay->recording->count,
             replay->at < replay->recording->count ? ""
             : app->run.over                       ? ", the end"
                                                   : ", interrupted here",
             time + 11, time);
}
