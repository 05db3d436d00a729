/* SPDX-License-Identifier: Apache-2.0 */
/* The plain front end at work: commands to the worker, its events into the log, questions to the
 * terminal, signals to a stop. */
#ifndef HSMFERRY_UI_PLAIN_PLAIN_LOOP_H
#define HSMFERRY_UI_PLAIN_PLAIN_LOOP_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "hsm/uri.h"
#include "plan/plan.h"
#include "ui/plain/plain_log.h"
#include "worker/worker.h"

struct plain_job {
    struct worker *worker;
    const struct uri *token[2];        /* by enum side */
    const struct selection *selection; /* NULL: no ceremony, only open both HSMs and list them */
    bool compare;    /* without a selection: secret and private keys of one name are compared */
    bool sign;       /* no ceremony: only worker_sign() */
    bool resume;     /* an interrupted ceremony goes on: the selection is its own */
    bool until_plan; /* ends with the plan: nothing is begun */
    struct plain_log *log; /* NULL: only failures are told, on standard error */
    FILE *out;             /* what the log writes to: when that fails, the ceremony stops */
    void (*take)(void *ctx, const struct event *event); /* gets every event; NULL: nobody does */
    void *ctx;
};

struct plain_result {
    int exit_code;
    bool stopped;   /* by a signal, or because nobody reads the log any more */
    struct err err; /* the last failure that was told; code ERR_NONE: none */
};

/* Runs the job to its end. Where it only lists, a side that failed does not keep the other from
 * being listed. From here on SIGINT, SIGTERM, SIGHUP and SIGQUIT stay blocked. */
struct plain_result plain_run(const struct plain_job *job);

#endif
