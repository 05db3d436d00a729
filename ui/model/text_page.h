/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of text that are read in a dialog: help, details, a failure, a gate. */
#ifndef HSMFERRY_UI_MODEL_TEXT_PAGE_H
#define HSMFERRY_UI_MODEL_TEXT_PAGE_H

#include <stddef.h>

#include "ui/model/app.h"

enum { SHEET_TEXT_MAX = 16384 };

struct sheet {
    char title[64];
    char text[SHEET_TEXT_MAX]; /* lines, each ended by a newline */
    size_t len;
    size_t lines;
};

/* Writes the page that this dialog shows now; an empty one for a dialog that has none. */
void sheet_make(const struct app *app, enum dialog dialog, struct sheet *sheet);

/* The uses and guards that a key is known to have: "sign sensitive extractable". Returns out. */
char *sheet_flags(const struct key_desc *key, uint32_t which, char *out, size_t size);

#endif
