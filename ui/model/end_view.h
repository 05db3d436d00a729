/* SPDX-License-Identifier: Apache-2.0 */
/* What the end of a ceremony and that of its replay have in common. */
#ifndef HSMFERRY_UI_MODEL_END_VIEW_H
#define HSMFERRY_UI_MODEL_END_VIEW_H

#include "ui/model/app.h"
#include "ui/model/text_page.h"

/* All of the outcome, for a screen that is too small; opens it. */
void end_details(const struct app *app, struct sheet *sheet);
void end_details_open(struct app *app);

/* A key that did not arrive as it should, and why: "beta (public key): not reached". Returns out.
 */
char *end_not_moved(const struct run_key *key, char *out, size_t size);

#endif
