/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded ceremony at any of its moments: the same model that shows a ceremony, run.h, after the
 * first so many events. Going there costs at most two windows of events however long the recording
 * is, since the model is kept at each window's end.
 */
#ifndef HSMFERRY_UI_MODEL_REPLAY_H
#define HSMFERRY_UI_MODEL_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ui/model/log.h"
#include "ui/model/recording.h"
#include "ui/model/run.h"
#include "ui/model/run_versions.h"

enum { REPLAY_WINDOW = 1024 };

/* Numbers of events, each the count of those that were taken at that moment; ascending. */
struct moments {
    size_t *at;
    size_t count, room;
};

enum replay_speed { REPLAY_PAUSED, REPLAY_1X, REPLAY_SLOW, REPLAY_FAST, REPLAY_SPEEDS };

struct replay {
    const struct recording *recording;
    struct run *run; /* what is shown */
    struct log *log;
    size_t at;         /* events that were taken */
    struct event last; /* the last of them; without one all zeros */
    struct run_versions versions;
    struct moments steps; /* ends of steps, changes of gates, test keys */
    struct moments keys;  /* first steps of keys */
    size_t first;         /* the moment before the first step */
    char visit[16];       /* of a ceremony in two rooms: its word; empty: of one in one room */
    size_t part, parts;   /* of several journals, which one, from 0; parts 0: there is one */
    int turn;             /* the journal after this one is wanted (1), or before it (-1) */
    enum replay_speed speed;
    int64_t clock_ms;  /* how far the recording's own clock has come, while it plays */
    int64_t played_ms; /* the front end's clock, at that ... */
    int64_t real_ms;   /* ... and now */
    uint64_t fed;      /* events taken so far, in all: what a test counts */
};

/* Reads the whole recording once, and shows the moment before the first step. run and log are
 * empty; they and the recording must outlive the replay. Freed with replay_free() also on failure.
 * Errors: ERR_FAILED (memory), ERR_DATA (it is empty). */
bool replay_open(const struct recording *recording, struct run *run, struct log *log,
                 struct replay *replay, struct err *err);
void replay_free(struct replay *replay);

/* Shows the moment after the first to events. Errors: ERR_FAILED (memory). */
bool replay_seek(struct replay *replay, size_t to, struct err *err);

/* The moment that is delta (1 or -1) places on in such a list; the recording's end, or its
 * beginning, if there is none. */
size_t replay_next(const struct replay *replay, const struct moments *moments, int delta);

/* Plays on: takes the events that are due at now_ms of the front end's clock, at most a window of
 * them. A wait of more than two seconds is cut to two. Returns whether anything changed. */
bool replay_play(struct replay *replay, int64_t now_ms, bool *changed, struct err *err);

/* The recording's own clock at now_ms; it stands still while nothing is played. */
int64_t replay_clock(const struct replay *replay, int64_t now_ms);

/* The clock of the events, at this one: milliseconds since the ceremony began, from 1. */
int64_t replay_ms(const struct event *event);

/* "1x", "0.1x", "10x"; "paused". */
const char *replay_speed_name(enum replay_speed speed);

#endif
