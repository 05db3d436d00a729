/* SPDX-License-Identifier: Apache-2.0 */
/* The ceremony as it happens: three lanes, source, relay and destination. */
#ifndef HSMFERRY_UI_SCREEN_LANES_H
#define HSMFERRY_UI_SCREEN_LANES_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

void lanes_draw(const struct app *app, struct canvas *c);

#endif
