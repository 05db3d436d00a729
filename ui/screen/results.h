/* SPDX-License-Identifier: Apache-2.0 */
/* What a command of the worker leaves for the model when it has ended. */
#ifndef HSMFERRY_UI_SCREEN_RESULTS_H
#define HSMFERRY_UI_SCREEN_RESULTS_H

#include "ui/model/app.h"
#include "worker/worker.h"

/* What the worker holds may be looked at from the end of the command that made it until the next
 * one, so it is copied before the model hears of that end. */
void results_take(struct app *app, struct worker *worker, const struct event *event);

/* The request that a command of the worker carries out; REQUESTS: none. */
enum request_kind results_request(unsigned command);

#endif
