/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of text that are read in a dialog: help, details, a failure, a gate. */
#ifndef HSMFERRY_UI_MODEL_TEXT_PAGE_H
#define HSMFERRY_UI_MODEL_TEXT_PAGE_H

#include <stddef.h>

#include "hsm/key.h"

enum { SHEET_TEXT_MAX = 32768, SHEET_FACTS = 21 /* columns of a name, "%-20s " */ };

struct sheet {
    char title[384];
    char text[SHEET_TEXT_MAX]; /* lines, each ended by a newline */
    size_t len;
    size_t lines;
    int hang; /* columns of the names before the text, under which no text continues; 0: none */
};

/* Begins a page. */
void sheet_clear(struct sheet *s);

/* Appends one line; running text, if there is any, as one line: sheet_wrap() breaks it. What
 * is too long for a page is left out. */
void sheet_line(struct sheet *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sheet_sentence(struct sheet *s, const char *text);

/* Breaks lines that are wider than so many columns, at blanks; what follows is indented as the line
 * itself is, or by hang if there is room for it. */
void sheet_wrap(struct sheet *s, int columns);

/* Columns of the last line. */
int sheet_last_columns(const struct sheet *s);

/* A key's type in so many columns, shorter if it does not fit: "secret", "cert". out has
 * KEY_TYPE_TEXT bytes. Returns out. */
char *sheet_type(const struct key_desc *key, int columns, char *out);

/* The uses and guards that a key is known to have: "sign sensitive extractable". Returns out. */
char *sheet_flags(const struct key_desc *key, uint32_t which, char *out, size_t size);

#endif
