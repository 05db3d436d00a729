/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/replayed.h"

#include "cmd/recorded.h"
#include "tests/fuzz/fuzz.h"
#include "ui/model/dispatch.h"
#include "ui/model/replay_app.h"
#include "ui/screen/draw.h"
#include "ui/screen/screen.h"

void fuzz_replay(const char *path, bool over)
{
    static const int presses[] = {
        PRESS_HOME, PRESS_RIGHT, PRESS_F6,  'n',       PRESS_ESC, 'n',       PRESS_RIGHT, PRESS_F8,
        'g',        PRESS_ESC,   'p',       PRESS_END, PRESS_F9,  PRESS_F1,  'x',         PRESS_ESC,
        PRESS_F6,   'p',         PRESS_END, PRESS_ESC, ' ',       PRESS_LEFT};
    struct recorded recorded;
    struct replay_app *r;
    struct canvas canvas = {0};
    struct err err;

    fuzz_must(recorded_read(path, &recorded, &err), "a journal that can be read is a recording");
    fuzz_must(replay_app_new(&recorded.recording, &r, &err), "a recording can be replayed");
    for (size_t i = 0; i < sizeof presses / sizeof presses[0]; i++) {
        const int w = i % 2 ? 80 : 40, h = i % 2 ? 24 : 12;
        app_press(r->app, presses[i]);
        replay_app_time(r->app, (int64_t)i * 100);
        fuzz_must(canvas_resize(&canvas, w, h, &err), "this host has memory for a screen");
        app_size(r->app, w, h);
        screen_draw(r->app, &canvas);
    }
    fuzz_must(replay_seek(&r->replay, recorded.recording.count, &err), "its end can be shown");
    fuzz_must(r->app->run.over == over, "a replay ends as the ceremony did");
    canvas_free(&canvas);
    replay_app_free(r);
    recorded_free(&recorded);
}
