/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE KEYS: which key does what in which view, as each view's own table says (view.h). Dispatch,
 * hint line, help screen and the manual page's list are all made from these tables.
 */
#ifndef HSMFERRY_UI_MODEL_KEYS_H
#define HSMFERRY_UI_MODEL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ui/model/press.h"

struct app;
struct view;

/* As a table: the doors of the other views. */
extern const struct key_row keys_doors[];

/* A row as it works in a view. */
struct key_place {
    const struct key_row *row;
    size_t to; /* the view that a door leads to; without one the view itself */
};

/* Key i of view at (of views, which end with NULL), doors included; false after the last. */
bool keys_at(const struct view *const *views, size_t at, size_t i, struct key_place *out);

/* What this key does in view at; false when nothing. */
bool keys_find(const struct view *const *views, size_t at, int press, struct key_place *out);

/* The key's name as a person reads it: "F5", "Space", "c", "Ctrl-L". out has KEYS_NAME_MAX bytes.
 * Returns out. */
enum { KEYS_NAME_MAX = 16 };
char *keys_name(int press, char *out);

/* The key that the hint line names: the first one that the terminal can send (missing: bit (1 << n)
 * for each function key Fn that it cannot). */
int keys_hint_press(const struct key_row *row, unsigned missing);

/* A hint with the function keys in it as they can be typed: "F1 Help" becomes "Esc 1 Help" if the
 * terminal cannot send F1. Returns out. */
char *keys_hint_text(const char *hint, unsigned missing, char *out, size_t size);

/* Makes a hint fit into so many columns: with less between its parts, then without the last ones.
 * Returns hint. */
char *keys_hint_fit(char *hint, int columns);

/* All of a row's keys, separated by blanks: "F5 c". Returns out. */
enum { KEYS_NAMES_MAX = KEY_PRESSES_MAX * KEYS_NAME_MAX };
char *keys_names(const struct key_row *row, char *out);

/* The rows for a view's hint line, in the view's order: as many of those that do something now as
 * fit into columns with a blank around each, the lowest ranks first; missing as for
 * keys_hint_press(). app is what the views are asked about; NULL: all do something. Returns how
 * many. */
enum { KEYS_HINTS_MAX = 24 };
size_t keys_hints(const struct app *app, const struct view *const *views, size_t at, int columns,
                  unsigned missing, const struct key_row *out[KEYS_HINTS_MAX]);

/* Writes the manual page's list of keys (mdoc). */
void keys_manual(const struct view *const *views, FILE *to);

#endif
