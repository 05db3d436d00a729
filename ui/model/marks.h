/* SPDX-License-Identifier: Apache-2.0 */
/* The marked keys: as the ceremony file names them, and as the worker takes them. */
#ifndef HSMFERRY_UI_MODEL_MARKS_H
#define HSMFERRY_UI_MODEL_MARKS_H

#include "plan/selection.h"
#include "ui/model/app.h"

/* Marks what the ceremony file names, and says so if it names something that is not there. */
void marks_take(struct app *app);

/* The marks are the officers' own from now on. */
void marks_changed(struct app *app);

/* Puts the marks into the configuration, unless they came from there. Errors: ERR_FAILED. */
bool marks_keep(struct app *app, struct err *err);

/* The handles of the marked keys for the plan, or the ceremony file's own URIs, with the keys that
 * arrive under another label. The caller frees *handles. Errors: ERR_FAILED (memory). */
bool marks_selection(const struct app *app, struct selection *selection, uint64_t **handles,
                     struct err *err);

/* Of every event: what the script names. */
void marks_event(struct app *app, const struct event *e);

#endif
