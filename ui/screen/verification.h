/* SPDX-License-Identifier: Apache-2.0 */
/* The verification view: a key of the source next to the same key of the destination. */
#ifndef HSMFERRY_UI_SCREEN_VERIFICATION_H
#define HSMFERRY_UI_SCREEN_VERIFICATION_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

void verify_draw(const struct app *app, struct canvas *c);

#endif
