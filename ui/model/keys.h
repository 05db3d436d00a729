/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE KEY TABLE: which key does what in which view. Dispatch, hint line, help screen and the
 * manual page's list are all made from it.
 */
#ifndef HSMFERRY_UI_MODEL_KEYS_H
#define HSMFERRY_UI_MODEL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A key press: the character itself (1 to 0x10ffff), one of these, or PRESS_PASTED and above: a
 * character that was pasted, not typed. */
enum press {
    PRESS_NONE = 0,
    PRESS_TAB = 9,
    PRESS_ENTER = 13,
    PRESS_ESC = 27,
    PRESS_UP = 0x110000,
    PRESS_DOWN,
    PRESS_LEFT,
    PRESS_RIGHT,
    PRESS_PAGE_UP,
    PRESS_PAGE_DOWN,
    PRESS_HOME,
    PRESS_END,
    PRESS_INSERT,
    PRESS_DELETE,
    PRESS_BACKSPACE,
    PRESS_BACKTAB,
    PRESS_F1,
    PRESS_F2,
    PRESS_F3,
    PRESS_F4,
    PRESS_F5,
    PRESS_F6,
    PRESS_F7,
    PRESS_F8,
    PRESS_F9,
    PRESS_F10,
    PRESS_PASTED = 0x200000,
};
#define PRESS_CTRL(letter) ((letter)&0x1f)

enum view { VIEW_SETUP, VIEW_INVENTORY, VIEW_CEREMONY, VIEW_VERIFY, VIEW_LOG, VIEW_END, VIEWS };

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_OTHER_SIDE,
    ACTION_SOURCE_SIDE,
    ACTION_DESTINATION_SIDE,
    ACTION_HELP,
    ACTION_MARK,
    ACTION_MARK_PATTERN,
    ACTION_MARK_INVERT,
    ACTION_MARK_CLEAR,
    ACTION_FIND,
    ACTION_FIND_NEXT,
    ACTION_SAVE,
    ACTION_CHOOSE,
    ACTION_DETAILS,
    ACTION_FILTER,
    ACTION_SORT,
    ACTION_MIGRATE,
    ACTION_COMPARE,
    ACTION_ASK_SAME,
    ACTION_SETUP,
    ACTION_RETRY,
    ACTION_NEXT,
    ACTION_NEXT_KEY,
    ACTION_PREVIOUS_KEY,
    ACTION_LOG,
    ACTION_REPORT,
    ACTION_STEPS,
    ACTION_STOP,
    ACTION_ABANDON,
    ACTION_EXCEPTION,
    ACTION_BACK,
    ACTION_REDRAW,
    ACTION_SUSPEND,
    ACTION_QUIT,
    ACTIONS
};

enum { KEY_PRESSES_MAX = 4 };

struct key_row {
    enum action action;
    unsigned views;               /* bit (1 << enum view) for each where it works */
    int presses[KEY_PRESSES_MAX]; /* the first is the one that the hint line names */
    int rank;                     /* how soon the hint line drops it: 1 is the last to go */
    const char *hint;             /* one or two words for the hint line; NULL: not there */
    const char *help;             /* one sentence for help and manual */
};

/* The table's rows; NULL behind the last. */
const struct key_row *keys_row(size_t i);

/* What this key does in this view; ACTION_NONE when nothing. */
enum action keys_action(enum view view, int press);

/* The key's name as a person reads it: "F5", "Space", "c", "Ctrl-L". out has KEYS_NAME_MAX bytes.
 * Returns out. */
enum { KEYS_NAME_MAX = 16 };
char *keys_name(int press, char *out);

/* All of a row's keys, separated by blanks: "F5 c". Returns out. */
enum { KEYS_NAMES_MAX = KEY_PRESSES_MAX * KEYS_NAME_MAX };
char *keys_names(const struct key_row *row, char *out);

/* The view's name in the manual: "Inventory". */
const char *keys_view_name(enum view view);

/* The rows for a view's hint line, in the table's order: as many as fit into columns with a blank
 * around each, the lowest ranks first. Returns how many. */
enum { KEYS_HINTS_MAX = 24 };
size_t keys_hints(enum view view, int columns, const struct key_row *out[KEYS_HINTS_MAX]);

/* Writes the manual page's list of keys (mdoc). */
void keys_manual(FILE *to);

#endif
