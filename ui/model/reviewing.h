/* SPDX-License-Identifier: Apache-2.0 */
/* From marked keys to their review. */
#ifndef HSMFERRY_UI_MODEL_REVIEWING_H
#define HSMFERRY_UI_MODEL_REVIEWING_H

#include "ui/model/app.h"

/* Are both HSMs listed? */
bool reviewing_is_possible(const struct app *app);

/* Makes the plan, or leaves that until the HSMs are free. */
void reviewing_begin(struct app *app);

/* The same for a key press: a second one cancels what waits. */
void reviewing_ask(struct app *app);

#endif
