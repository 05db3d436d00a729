/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/replay.h"

#include <stdlib.h>

static bool no_memory(const struct replay *replay, struct err *err)
{
    return err_set(err, ERR_FAILED, "There is no memory to replay %zu events",
                   replay->recording->count);
}

/* What a file says is no clock that can be trusted. */
int64_t replay_ms(const struct event *event)
{
    static const int64_t most = INT64_C(10000000000000); /* three hundred years */
    int64_t ms = event->mono_ms;

    return 1 + (ms < 0 ? 0 : ms > most ? most : ms);
}

/* --- taking events ---------------------------------------------------------------------------- */

static bool take(struct replay *replay, const struct event *event)
{
    replay->fed++;
    return run_event(replay->run, event, replay_ms(event));
}

/* Takes the events up to this number into the run, and into the log if log is set. */
static bool take_up_to(struct replay *replay, size_t to, bool log)
{
    for (; replay->at < to; replay->at++) {
        replay->recording->read(replay->recording->ctx, replay->at, &replay->last);
        if (!take(replay, &replay->last))
            return false;
        if (log)
            log_event(replay->log, &replay->last);
    }
    return true;
}

/* The log's last lines, as they were at this moment. */
static void write_log(struct replay *replay)
{
    struct event event;
    size_t i = replay->at > REPLAY_WINDOW ? replay->at - REPLAY_WINDOW : 0;

    log_clear(replay->log);
    for (; i < replay->at; i++, replay->fed++) {
        replay->recording->read(replay->recording->ctx, i, &event);
        log_event(replay->log, &event);
    }
}

bool replay_seek(struct replay *replay, size_t to, struct err *err)
{
    to = to < replay->recording->count ? to : replay->recording->count;
    if (to >= replay->at && to / REPLAY_WINDOW == replay->at / REPLAY_WINDOW)
        return take_up_to(replay, to, true) || no_memory(replay, err);
    versions_restore(&replay->versions, to / REPLAY_WINDOW, replay->run);
    replay->at = to - to % REPLAY_WINDOW;
    replay->last = (struct event){.seq = 0};
    if (replay->at == to && to > 0)
        replay->recording->read(replay->recording->ctx, to - 1, &replay->last);
    if (!take_up_to(replay, to, false))
        return no_memory(replay, err);
    write_log(replay);
    return true;
}

/* --- from beginning to end -------------------------------------------------------------------- */

static bool note(struct moments *moments, size_t at)
{
    if (moments->count == moments->room) {
        size_t room = moments->room ? 2 * moments->room : 256;
        size_t *grown = reallocarray(moments->at, room, sizeof *grown);
        if (!grown)
            return false;
        moments->at = grown;
        moments->room = room;
    }
    moments->at[moments->count++] = at;
    return true;
}

/* The events at which a replay stops. */
static bool is_stop(const struct event *e)
{
    return e->kind == EVENT_STEP ? e->step.state != EVENT_BEGUN
                                 : e->kind == EVENT_GATE || e->kind == EVENT_CANARY ||
                                       e->kind == EVENT_EXCEPTION || e->kind == EVENT_END;
}

static bool is_key_begun(const struct event *e)
{
    return e->kind == EVENT_STEP && e->step.state == EVENT_BEGUN &&
           (e->step.id == STEP_WRAP_KEY || e->step.id == STEP_READ_OBJECT);
}

/* Once through it: keeps the run at the end of each window, and notes the moments. */
static bool index_all(struct replay *replay)
{
    struct event *e = &replay->last;

    while (replay->at < replay->recording->count) {
        if (replay->at % REPLAY_WINDOW == 0 && !versions_keep(&replay->versions, replay->run))
            return false;
        if (!take_up_to(replay, replay->at + 1, false))
            return false;
        if (!replay->first && e->kind == EVENT_STEP)
            replay->first = replay->at - 1;
        if ((is_stop(e) && !note(&replay->steps, replay->at)) ||
            (is_key_begun(e) && !note(&replay->keys, replay->at)))
            return false;
    }
    return replay->at % REPLAY_WINDOW != 0 || versions_keep(&replay->versions, replay->run);
}

bool replay_open(const struct recording *recording, struct run *run, struct log *log,
                 struct replay *replay, struct err *err)
{
    *replay = (struct replay){.recording = recording, .run = run, .log = log};
    if (recording->count == 0)
        return err_set(err, ERR_DATA, "The journal %s holds no event", recording->path);
    if (!index_all(replay))
        return no_memory(replay, err);
    if (!replay->first)
        replay->first = recording->count;
    replay->fed = 0;
    write_log(replay); /* a seek by less than a window goes on from here */
    return replay_seek(replay, replay->first, err);
}

void replay_free(struct replay *replay)
{
    versions_free(&replay->versions);
    free(replay->steps.at);
    free(replay->keys.at);
    *replay = (struct replay){.recording = NULL};
}

/* --- moving ----------------------------------------------------------------------------------- */

size_t replay_next(const struct replay *replay, const struct moments *moments, int delta)
{
    size_t from = 0, to = moments->count; /* the first that is after, or not before, at */

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (moments->at[middle] < replay->at + (delta > 0))
            from = middle + 1;
        else
            to = middle;
    }
    if (delta > 0)
        return from < moments->count ? moments->at[from] : replay->recording->count;
    return from > 0 ? moments->at[from - 1] : 1;
}

/* --- playing ---------------------------------------------------------------------------------- */

enum { WAIT_MAX_MS = 2000 };

/* How far the clock goes in ten milliseconds. */
static const struct {
    const char *name;
    int64_t tenths;
} speeds[REPLAY_SPEEDS] = {{"paused", 0}, {"1x", 10}, {"0.1x", 1}, {"10x", 100}};

const char *replay_speed_name(enum replay_speed speed)
{
    return (unsigned)speed < REPLAY_SPEEDS ? speeds[speed].name : "?";
}

int64_t replay_clock(const struct replay *replay, int64_t now_ms)
{
    if (replay->speed == REPLAY_PAUSED)
        return replay_ms(&replay->last);
    return replay->clock_ms + (now_ms - replay->played_ms) * speeds[replay->speed].tenths / 10;
}

bool replay_play(struct replay *replay, int64_t now_ms, bool *changed, struct err *err)
{
    size_t most = replay->at + REPLAY_WINDOW;
    struct event next;

    *changed = false;
    while (replay->speed != REPLAY_PAUSED && replay->at < most) {
        if (replay->at == replay->recording->count) {
            replay->turn = replay->part + 1 < replay->parts;
            replay->speed = replay->turn ? replay->speed : REPLAY_PAUSED;
            return true;
        }
        replay->recording->read(replay->recording->ctx, replay->at, &next);
        if (replay_ms(&next) - replay_clock(replay, now_ms) > WAIT_MAX_MS) {
            replay->clock_ms = replay_ms(&next) - WAIT_MAX_MS;
            replay->played_ms = now_ms;
        }
        if (replay_ms(&next) > replay_clock(replay, now_ms))
            return true;
        if (!replay_seek(replay, replay->at + 1, err))
            return false;
        *changed = true;
    }
    return true;
}
