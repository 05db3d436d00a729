/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the model (app*.c) share with each other and with nobody else. */
#ifndef HSMFERRY_UI_MODEL_APP_PARTS_H
#define HSMFERRY_UI_MODEL_APP_PARTS_H

#include "ui/model/app.h"

/* Queues a request; commands to the worker are counted until their EVENT_DONE. */
void app_ask(struct app *app, enum request_kind kind, enum side side);

/* One line for the officer, gone with the next key. */
void app_say(struct app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A failure in a dialog of its own. */
void app_show_error(struct app *app, const struct err *err);

void app_open_input(struct app *app, enum input input, const char *text);
void app_open_confirm(struct app *app, enum confirm confirm);
void app_go(struct app *app, enum view view);

/* What a key does in a view, by the table of actions; in a dialog, by the dialog's own rules. */
void app_act(struct app *app, enum action action);
void app_dialog_press(struct app *app, enum dialog dialog, int press);
void app_dialog_paste(struct app *app, enum dialog dialog, int character);

/* app_setup.c */
void setup_begin(struct app *app);
void setup_restart(struct app *app);
void setup_choose(struct app *app);
void setup_next(struct app *app);
void setup_retry(struct app *app);
void setup_set_module(struct app *app, const char *path);
void setup_set_environment(struct app *app, const char *text);
void setup_pick_module(struct app *app, size_t row);
void environment_free(char **environment);

/* app_inventory.c */
void inventory_view_move(struct app *app, long delta);
void inventory_view_mark(struct app *app);
void inventory_view_compare(struct app *app);
void inventory_view_ask_same(struct app *app);
void inventory_view_compared(struct app *app, const struct compared *compared);
void inventory_view_find(struct app *app, const char *text, bool next);
void inventory_view_listed(struct app *app);
bool inventory_view_keep_marks(struct app *app, struct err *err); /* in the configuration */

/* app_ceremony.c */
void ceremony_view_migrate(struct app *app);
void ceremony_view_planned(struct app *app, bool ok);
void ceremony_view_start(struct app *app);
void ceremony_view_gate(struct app *app, const struct event *event);
void ceremony_view_answer_gate(struct app *app);
void ceremony_view_ask_pin(struct app *app, const struct event *event);
void ceremony_view_answer_pin(struct app *app);
void ceremony_view_refuse(struct app *app);
void ceremony_view_exception(struct app *app);
void ceremony_view_exception_part(struct app *app);
void ceremony_view_ended(struct app *app);
void ceremony_view_signed(struct app *app, bool ok);
void ceremony_view_compare(struct app *app, long delta);

#endif
