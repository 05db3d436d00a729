/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of line mode: sends commands to the worker, prints its events, asks on the terminal, and
 * stops the ceremony on a signal. */
#ifndef HSMFERRY_UI_PLAIN_PLAIN_LOOP_H
#define HSMFERRY_UI_PLAIN_PLAIN_LOOP_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "hsm/uri.h"
#include "plan/plan.h"
#include "plan/selection.h"
#include "ui/plain/plain_log.h"
#include "worker/worker.h"

struct plain_job {
    struct worker *worker;
    const struct uri *token[2];        /* by enum side */
    const struct selection *selection; /* NULL: no ceremony, only open both HSMs and list them */
    bool compare;    /* without a selection: secret and private keys of one name are compared */
    bool map;        /* without a selection: both sides are aligned (worker_map()) ... */
    bool map_asks;   /* ... and both HSMs asked about what their lists do not show */
    bool sign;       /* no ceremony: only worker_sign() */
    bool visit;      /* no whole ceremony: only worker_visit() */
    bool resume;     /* an interrupted ceremony is resumed, with its own selection */
    bool until_plan; /* ends with the plan, before the first step */
    struct plain_log *log; /* NULL: only failures are printed, on standard error */
    FILE *out;             /* the output of the log: if it fails, the ceremony stops */
    void (*take)(void *ctx, const struct event *event); /* receives every event; may be NULL */
    void *ctx;
};

struct plain_result {
    int exit_code;
    bool stopped;   /* by a signal, or because nobody reads the log any more */
    struct err err; /* the last failure that was printed; code ERR_NONE: none */
};

/* Runs the job to its end. If it only lists, one side is listed even if the other failed. From here
 * on SIGINT, SIGTERM, SIGHUP and SIGQUIT stay blocked. */
struct plain_result plain_run(const struct plain_job *job);

#endif
