/* SPDX-License-Identifier: Apache-2.0 */
/* The first rows of the setup view: what the ceremony is called, its kind, and its officers. */
#ifndef HSMFERRY_UI_MODEL_SETUP_ABOUT_H
#define HSMFERRY_UI_MODEL_SETUP_ABOUT_H

#include "ui/model/app.h"

enum about_row { ABOUT_TITLE, ABOUT_KIND, ABOUT_OFFICERS, ABOUT_GATES, ABOUT_ROWS };

/* Enter in a row. */
void about_choose(struct app *app, size_t row);

/* A row's name, and its value; out is terminated. Returns out. */
const char *about_name(size_t row);
char *about_text(const struct config *config, size_t row, char *out, size_t size);

/* Can a ceremony of this kind begin with these officers and environments? If not, says what is
 * missing; *row is then the row to look at, ABOUT_ROWS if it is none of these. */
bool about_is_complete(struct app *app, size_t *row);

/* The ceremony is no longer as its file says. */
void about_forget_file(struct app *app);

/* Everything, each officer on a line. */
void about_details(const struct config *config, struct sheet *s);

#endif
