/* SPDX-License-Identifier: Apache-2.0 */
/* The whole screen, from the model. */
#ifndef HSMFERRY_UI_SCREEN_SCREEN_H
#define HSMFERRY_UI_SCREEN_SCREEN_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

/* Draws everything onto a canvas of the app's own size. Work is bounded by the canvas. */
void screen_draw(const struct app *app, struct canvas *c);

#endif
