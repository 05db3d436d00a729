/* SPDX-License-Identifier: Apache-2.0 */
/* The setup view: the ceremony's own rows, and under them a pane for each HSM. */
#ifndef HSMFERRY_UI_SCREEN_SETUP_PANE_H
#define HSMFERRY_UI_SCREEN_SETUP_PANE_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

void setup_draw(const struct app *app, struct canvas *c);

#endif
