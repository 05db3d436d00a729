/* SPDX-License-Identifier: Apache-2.0 */
/* What lies over a view and wants an answer or is read. */
#ifndef HSMFERRY_UI_SCREEN_DIALOG_H
#define HSMFERRY_UI_SCREEN_DIALOG_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

/* Draws the dialog that takes the keys now, if there is one. */
void dialog_draw(const struct app *app, struct canvas *c);

#endif
