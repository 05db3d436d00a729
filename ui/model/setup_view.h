/* SPDX-License-Identifier: Apache-2.0 */
/* The setup view: title, kind and officers; API, module and slot of each side. */
#ifndef HSMFERRY_UI_MODEL_SETUP_VIEW_H
#define HSMFERRY_UI_MODEL_SETUP_VIEW_H

#include "ui/model/app.h"
#include "ui/model/setup_about.h"

/* The rows of a side: first those of the ceremony, which both have, then these, then its slots. */
enum setup_row { SETUP_API = ABOUT_ROWS, SETUP_MODULE, SETUP_ENVIRONMENT, SETUP_SLOTS };

/* Where its parts are: the ceremony's rows above the panes; a part that is not shown is empty. */
struct setup_places {
    struct rect about;
    struct rect pane[2];
};
void setup_place(const struct app *app, struct setup_places *out);

/* Lines of a pane that show no slot: frame, three rows, the heads, two lines on the slot. */
enum { SETUP_NO_SLOTS = 2 + SETUP_SLOTS - SETUP_API + 1 + 2 };

/* Rows of a side's list, and the slot of a row (NULL: not a slot). */
size_t setup_rows(const struct app *app, enum side side);
const struct hsm_slot *setup_slot(const struct app *app, enum side side, size_t row);

/* Is this the slot that the ceremony names? */
bool setup_slot_is_chosen(const struct app *app, enum side side, const struct hsm_slot *slot);

/* The active side's module is this one from now on; or its path is asked for. */
void setup_set_module(struct app *app, const char *path);
void setup_ask_module(struct app *app);

void environment_free(char **environment);

#endif
