/* SPDX-License-Identifier: Apache-2.0 */
/* THE INPUTS of the console's model, handed to its views and dialogs: the two tables of them. */
#ifndef HSMFERRY_UI_MODEL_DISPATCH_H
#define HSMFERRY_UI_MODEL_DISPATCH_H

#include "ui/model/app.h"

struct sheet;

/* All views, in the order of the manual; NULL at the end. */
extern const struct view *const dispatch_views[];

/* config must outlive the app. Errors: ERR_FAILED (memory). */
bool app_new(struct config *config, struct app **out, struct err *err);
void app_free(struct app *app);

/* Asks for the first worker, and for what can be opened at once; where something was interrupted,
 * first what is to become of that. */
void app_start(struct app *app);

void app_press(struct app *app, int press);
void app_event(struct app *app, const struct event *event);

/* A command to the worker has ended, after all of its events. */
void app_done(struct app *app, enum request_kind kind, enum side side, bool ok);

/* A request could not be carried out. */
void app_failed(struct app *app, enum request_kind kind, const struct err *err);

/* A signal asks us to end: the first stops at the next boundary, the second does not wait. */
void app_terminate(struct app *app);

/* Takes the next request; false when there is none. */
bool app_request(struct app *app, struct request *request);

/* The page of a dialog now, empty for one that has none; its keys for the hint line. */
void dialog_page(const struct app *app, enum dialog_id dialog, struct sheet *sheet);
const char *dialog_hint(const struct app *app, enum dialog_id dialog);

#endif
