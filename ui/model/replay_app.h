/* SPDX-License-Identifier: Apache-2.0 */
/* A console that replays: the views of dispatch.h over a recording, without worker and HSMs. */
#ifndef HSMFERRY_UI_MODEL_REPLAY_APP_H
#define HSMFERRY_UI_MODEL_REPLAY_APP_H

#include "ui/model/app.h"
#include "ui/model/replay.h"

/* The views that differ from a live console's. */
extern const struct view replay_view, replay_end_view;

enum { REPLAY_VIEWS_MAX = 16 };

struct replay_app {
    struct app *app;
    struct config config; /* what the recording says of it */
    const struct view *views[REPLAY_VIEWS_MAX];
    struct replay replay;
};

/* recording must outlive it. Freed with replay_app_free(), which is fine with NULL.
 * Errors: as replay_open(). */
bool replay_app_new(const struct recording *recording, struct replay_app **out, struct err *err);
void replay_app_free(struct replay_app *r);

/* Sets the front end's clock, and plays on. Returns whether anything changed. */
bool replay_app_time(struct app *app, int64_t now_ms);

/* "REPLAY", its speed, and the moment that is shown. */
void replay_app_words(const struct app *app, char *out, size_t size);

#endif
