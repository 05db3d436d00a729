/* SPDX-License-Identifier: Apache-2.0 */
/* One line that is typed: text, or a PIN that nobody sees. */
#ifndef HSMFERRY_UI_MODEL_FIELD_H
#define HSMFERRY_UI_MODEL_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

enum { FIELD_MAX = 1024 };

struct field {
    char text[FIELD_MAX]; /* terminated UTF-8 */
    size_t len;
    bool offered; /* the text was only offered: the first character replaces it */
};

enum field_result { FIELD_IGNORED, FIELD_CHANGED };

/* Starts with this text. */
void field_set(struct field *f, const char *text);

/* The same with a text that the first character typed replaces; Backspace edits it. */
void field_offer(struct field *f, const char *text);

/* Takes a key press: a printable character at the end, Backspace, Ctrl-U (all of it), Ctrl-W (the
 * last word). */
enum field_result field_press(struct field *f, int press);

/* The same for a PIN in locked memory; it grows up to SECRET_PIN_MAX bytes. Backspace takes all of
 * it away: nobody sees how much is left. */
enum field_result field_press_secret(struct secret *pin, int press);

#endif
