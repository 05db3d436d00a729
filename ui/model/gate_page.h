/* SPDX-License-Identifier: Apache-2.0 */
/* What an officer reads at an open gate, as it fits the screen, and who the officer is. */
#ifndef HSMFERRY_UI_MODEL_GATE_PAGE_H
#define HSMFERRY_UI_MODEL_GATE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/model/app.h"
#include "ui/model/text_page.h"

enum { GATE_WHO_SIZE = EVENT_TEXT_MAX + 96 };

struct gate_page {
    struct sheet sheet; /* what is read */
    struct sheet ask;   /* the question, wrapped */
    bool below;         /* what is typed has the line below the question */
    int rows;           /* lines of the sheet that are shown at once; at least one */
    int height;         /* of the dialog, with its frame */
};

/* The page of the gate that is open. Its title says who is asked, or its first line if the title
 * has no room for that. */
void gate_page(const struct app *app, struct gate_page *out);

/* Who is asked, at the review also before its gate is open: "2 of 2: Charles Babbage, destination
 * officer"; empty: nobody by name. out has GATE_WHO_SIZE bytes. Returns out. */
char *gate_who(const struct app *app, char *out);

/* Does what is typed at this gate need a line below a question whose last line takes these columns?
 */
bool gate_field_below(enum gate gate, int columns, int width);

/* After each change of what is shown: keeps the page within its lines, and notes when the officer
 * has seen its end. */
void gate_page_shown(struct app *app);

/* Explains the question that is open: what to compare, with what, why, how many tries are left, and
 * what Esc does. kind: DIALOG_REVIEW, DIALOG_PIN or DIALOG_GATE. */
void gate_explain(const struct app *app, enum dialog_id kind, struct sheet *sheet);

#endif
