/* SPDX-License-Identifier: Apache-2.0 */
/* The verification view: a key of the source beside the same key of the destination. */
#ifndef HSMFERRY_UI_VERIFY_H
#define HSMFERRY_UI_VERIFY_H

#include "ui/app.h"
#include "ui/draw.h"

enum { VERIFY_ROWS_MAX = 48, VERIFY_VALUE_MAX = 4 * KEY_LABEL_MAX + 1 };

struct verify_row {
    const char *name;
    char source[VERIFY_VALUE_MAX];
    char destination[VERIFY_VALUE_MAX];
    bool differs;
    const char *word; /* what the difference means: "tightened", "by nature"; "" where none */
};

/* Compares two keys attribute by attribute; destination may be NULL. Returns the rows written. */
size_t verify_rows(const struct key_desc *source, const struct key_desc *destination,
                   struct verify_row rows[VERIFY_ROWS_MAX]);

void verify_draw(const struct app *app, struct canvas *c);

#endif
