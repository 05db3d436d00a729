/* SPDX-License-Identifier: Apache-2.0 */
/* A view drawn as a list of its rows, in a frame under its title. */
#ifndef HSMFERRY_UI_SCREEN_VIEW_ROWS_H
#define HSMFERRY_UI_SCREEN_VIEW_ROWS_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

void rows_draw_view(const struct app *app, struct canvas *c);

/* Draws the rows of any view into r, the one at its cursor last; with or without the cursor. */
void rows_draw(const struct app *app, const struct view *view, struct canvas *c, struct rect r,
               bool cursor);

#endif
