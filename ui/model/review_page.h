/* SPDX-License-Identifier: Apache-2.0 */
/* What the officers read at the review below its head: the warnings that have room there, the keys,
 * one line each, and after them mechanisms, canary and all other notes. */
#ifndef HSMFERRY_UI_MODEL_REVIEW_PAGE_H
#define HSMFERRY_UI_MODEL_REVIEW_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/model/app.h"
#include "ui/model/text_page.h"

enum { REVIEW_NOTE_MAX = EVENT_TEXT_MAX + 480, REVIEW_NAME_COLUMNS = 11 };

/* Note i in its words; a warning with the line of the ceremony file that would change it. size: at
 * least REVIEW_NOTE_MAX. Returns out. */
char *review_note(const struct run *run, unsigned i, char *out, size_t size);

/* Is note i a warning that has a text itself, not merged with one before it? */
bool review_is_warning(const struct run *run, unsigned i);

/* How many warnings are not among the first notes. */
unsigned review_hidden(const struct run *run, unsigned shown);

/* The text after the keys, whole, wrapped at so many columns. */
struct review_rest {
    struct sheet sheet;
    size_t canary;      /* its first line ... */
    bool canary_failed; /* ... and was it bad? */
    size_t mechanisms;  /* so many lines: mechanisms and canary, each after its name */
    size_t warnings;    /* so many lines after them */
};

/* shown: how many notes are above the keys; their warnings are not repeated. */
void review_rest(const struct app *app, int columns, unsigned shown, struct review_rest *out);

/* Columns of the review's text. */
int review_columns(const struct app *app);

/* How many lines can be scrolled through at most. */
size_t review_lines(const struct app *app);

#endif
