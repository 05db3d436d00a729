/* SPDX-License-Identifier: Apache-2.0 */
/* What the officers read at the review below its head: the keys, one line each, and all notes. */
#ifndef HSMFERRY_UI_MODEL_REVIEW_PAGE_H
#define HSMFERRY_UI_MODEL_REVIEW_PAGE_H

#include <stddef.h>

#include "ui/model/app.h"
#include "ui/model/text_page.h"

/* A note in its words. size: at least EVENT_TEXT_MAX + 96. Returns out. */
char *review_note(const struct run_note *note, char *out, size_t size);

/* All notes, whole, in lines of so many columns: warnings first. Returns how many lines those take.
 */
size_t review_notes(const struct app *app, int columns, struct sheet *out);

/* Columns of the review's text. */
int review_columns(const struct app *app);

/* How many lines can be scrolled through. */
size_t review_lines(const struct app *app);

#endif
