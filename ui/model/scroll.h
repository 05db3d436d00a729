/* SPDX-License-Identifier: Apache-2.0 */
/* A place in a list that is longer than the screen. */
#ifndef HSMFERRY_UI_MODEL_SCROLL_H
#define HSMFERRY_UI_MODEL_SCROLL_H

#include <stddef.h>

/* The row at the cursor, and the first row on the screen. */
struct scroll {
    size_t at, top;
};

/* Moves the cursor by delta rows within count rows and keeps it among the page rows shown. */
void scroll_move(struct scroll *s, long delta, size_t count, size_t page);

#endif
