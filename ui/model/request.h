/* SPDX-License-Identifier: Apache-2.0 */
/* What the model wants done: a queue that the loop carries out. */
#ifndef HSMFERRY_UI_MODEL_REQUEST_H
#define HSMFERRY_UI_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "protocol/event.h"

enum request_kind {
    REQUEST_START,       /* a new worker for app->config; the old one goes */
    REQUEST_OPEN,        /* worker_open(side) */
    REQUEST_CHOOSE,      /* worker_choose(side, app->config->side[side].token) */
    REQUEST_REFRESH,     /* worker_refresh(side) */
    REQUEST_COMPARED,    /* worker_compare(pair_of()) */
    REQUEST_DEVICES,     /* worker_devices() with both tokens of the configuration */
    REQUEST_VERDICTS,    /* worker_verdicts() */
    REQUEST_MAP,         /* worker_map() of the lists alone */
    REQUEST_PLAN,        /* worker_plan(marks_selection()) */
    REQUEST_INTERRUPTED, /* worker_resume(), in the place of REQUEST_PLAN */
    REQUEST_REVIEW,      /* worker_review() */
    REQUEST_SIGN,        /* worker_sign() */
    REQUEST_VISIT,       /* worker_visit() */
    REQUEST_RUN,         /* worker_run() */
    REQUEST_EXCEPTION,   /* worker_exception(app->asked.exception) */
    REQUEST_ANSWER,      /* worker_answer(serial, app->asked.answer), then wipe it */
    REQUEST_PACE,        /* worker_pace(pace, serial) */
    REQUEST_STOP,        /* worker_stop() */
    REQUEST_ABANDON,     /* worker_abandon(side) */
    REQUEST_SAVE,        /* write app->config to queue.save_path */
    REQUEST_REPORT,      /* get the path of the report: app_take_report() */
    REQUEST_REMEMBER,    /* keep both HSMs for the next console */
    REQUEST_FLUSH,       /* throw away what was typed ahead */
    REQUEST_REDRAW,      /* the terminal may show something else than we think */
    REQUEST_SUSPEND,     /* to the shell and back */
    REQUEST_REPLAY,      /* replay the ceremony that is over, and come back */
    REQUEST_RESUME,      /* leave, for a console that resumes what was interrupted */
    REQUEST_CLEAN,       /* the same, for one that cleans it up */
    REQUEST_QUIT,
    REQUESTS
};

struct request {
    enum request_kind kind;
    enum side side;
    uint64_t serial;
    enum pace pace;
};

enum { REQUESTS_MAX = 32 };

struct request_queue {
    struct request items[REQUESTS_MAX];
    unsigned first, count;
    unsigned under_way;             /* commands to the worker that have not ended */
    struct err error;               /* of the current command */
    char save_path[EVENT_PATH_MAX]; /* of REQUEST_SAVE */
};

/* Is it a command to the worker, which ends some time later? */
bool request_is_command(enum request_kind kind);

/* Appends a request; commands are counted until request_ended(). */
void request_push(struct request_queue *queue, const struct request *request);

/* Takes the next request; false when there is none. */
bool request_take(struct request_queue *queue, struct request *request);

/* A command has ended, or could not be given. */
void request_ended(struct request_queue *queue);

#endif
