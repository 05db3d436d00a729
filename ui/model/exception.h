/* SPDX-License-Identifier: Apache-2.0 */
/* Officers write down that something was not as planned: expected, happened, decided. */
#ifndef HSMFERRY_UI_MODEL_EXCEPTION_H
#define HSMFERRY_UI_MODEL_EXCEPTION_H

#include "ui/model/app.h"

/* Has a ceremony begun, and is it not over? Its record takes exceptions then. */
bool exception_possible(const struct app *app);

/* Begins one, with the step that is current now, not the one at the time when it is complete; or
 * says why none can be recorded. */
void exception_begin(struct app *app);

/* Begins the one that must say why the plan is not as the script says, with what is known of it.
 * Given up, it stops the review. */
void exception_of_script(struct app *app);

#endif
