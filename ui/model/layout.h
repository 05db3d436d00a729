/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything is on the screen: rectangles from columns and lines, and nothing else. */
#ifndef HSMFERRY_UI_MODEL_LAYOUT_H
#define HSMFERRY_UI_MODEL_LAYOUT_H

#include <stdbool.h>

struct rect {
    int x, y, w, h; /* w or h 0: not shown */
};

enum layout_form {
    LAYOUT_SENTENCE, /* too small for anything but one sentence */
    LAYOUT_ONE,      /* one pane at a time: the active one */
    LAYOUT_STACKED,  /* one pane above the other */
    LAYOUT_BESIDE,   /* side by side: the design */
};

enum { LAYOUT_DIALOG_COLUMNS = 76 };
enum { LAYOUT_MIN_COLUMNS = 40, LAYOUT_MIN_LINES = 12, LAYOUT_COLUMNS = 80, LAYOUT_LINES = 24 };

struct layout {
    enum layout_form form;
    struct rect screen;
    struct rect title;   /* the top line */
    struct rect body;    /* between title and detail */
    struct rect pane[2]; /* source and destination within body */
    struct rect detail;  /* the current object or message, in full */
    struct rect hint;    /* the keys */
};

/* Lays out a screen of this size; active (0 or 1) is the pane that stays when only one fits. */
void layout_make(int columns, int lines, int active, struct layout *out);

/* The two panes within body as form places them: side by side, one above the other, or the active
 * one alone. */
void layout_panes(enum layout_form form, struct rect body, unsigned active, struct rect pane[2]);

/* The part of r inside a frame of one cell; empty if nothing is left. */
struct rect layout_inside(struct rect r);

/* The largest dialog up to w by h, in the middle of body's screen. */
struct rect layout_dialog(const struct layout *layout, int w, int h);

/* Columns of the text in a dialog of LAYOUT_DIALOG_COLUMNS, within frame and margin. */
int layout_dialog_columns(const struct layout *layout);

/* The three lanes of the ceremony within columns: where each begins and how wide each is. */
struct lane_columns {
    int x[3];
    int width;
};
struct lane_columns layout_lanes(struct rect body);

/* Is a wholly inside b? */
bool layout_contains(struct rect b, struct rect a);

#endif
