/* SPDX-License-Identifier: Apache-2.0 */
/* What is true when officers leave the review of an interrupted ceremony: it is still open. */
#ifndef HSMFERRY_UI_MODEL_LEFT_OPEN_H
#define HSMFERRY_UI_MODEL_LEFT_OPEN_H

#include "ui/model/app.h"

/* Opens the page that says so: why, what exists on which token, and how to go on. */
void left_open_show(struct app *app, const char *why);

#endif
