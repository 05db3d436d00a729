/* SPDX-License-Identifier: Apache-2.0 */
/* Opening both HSMs and choosing their tokens, whichever view is shown. */
#ifndef HSMFERRY_UI_MODEL_OPENING_H
#define HSMFERRY_UI_MODEL_OPENING_H

#include "ui/model/app.h"

/* From the start of the console: opens what the configuration names, and chooses both tokens where
 * it names them too. */
void opening_begin(struct app *app);

/* A new worker for what the configuration says now; what was known of the old one is forgotten. */
void opening_visit(struct app *app);
void opening_restart(struct app *app);

/* Has both tokens chosen that the configuration names now, first both devices compared; by a new
 * worker if the ceremony is another since the one at work was made. While an HSM is being opened,
 * that waits; asked for once more, it no longer does. */
void opening_next(struct app *app);

/* Opens the failed side again, never by itself: a PIN has only so many tries. It is the side that
 * failed, wherever the cursor is: to open the healthy one again would ask for the other officer's
 * PIN. */
void opening_retry(struct app *app);

/* What the HSMs say of themselves, and the end of a command that opens or chooses. */
void opening_event(struct app *app, const struct event *event);
void opening_done(struct app *app, enum request_kind kind, enum side side, bool ok);

#endif
