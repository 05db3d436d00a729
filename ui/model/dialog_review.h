/* SPDX-License-Identifier: Apache-2.0 */
/* The review: the plan is read, and the word that starts the ceremony is typed. */
#ifndef HSMFERRY_UI_MODEL_DIALOG_REVIEW_H
#define HSMFERRY_UI_MODEL_DIALOG_REVIEW_H

#include "ui/model/app.h"

/* Does the word that starts have to be checked here because the file waives the engine's gate? */
bool review_waived(const struct app *app);

#endif
