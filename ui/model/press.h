/* SPDX-License-Identifier: Apache-2.0 */
/* Key presses, and the rows by which a view says what they do. */
#ifndef HSMFERRY_UI_MODEL_PRESS_H
#define HSMFERRY_UI_MODEL_PRESS_H

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

enum { KEY_PRESSES_MAX = 4 };

struct app;

/* A key of a view. A table of them ends with a row of zeros. */
struct key_row {
    int presses[KEY_PRESSES_MAX]; /* the first is the one that the hint line names */
    int rank;                     /* how soon the hint line drops it: 1 is the last to go */
    const char *hint;             /* one or two words for the hint line; NULL: not there */
    const char *help;             /* one sentence for help and manual */
    void (*act)(struct app *app); /* NULL, of a door: to its view */
    const struct key_row *also;   /* instead of all these: here stands this table */
};

#endif
