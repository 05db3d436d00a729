/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A canvas of character cells and what is drawn on it. Views draw here; term.c shows the canvas.
 * Every function clips to the canvas, so that no size and no text can do harm, and lets nothing
 * through that a terminal would obey.
 */
#ifndef HSMFERRY_UI_SCREEN_DRAW_H
#define HSMFERRY_UI_SCREEN_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ui/model/layout.h"

/* What a piece of the screen means; the terminal decides how that looks. */
enum style {
    STYLE_NORMAL,
    STYLE_DIM,
    STYLE_STRONG,
    STYLE_TITLE,
    STYLE_CURRENT, /* the row at the cursor */
    STYLE_GOOD,
    STYLE_BAD,
    STYLE_WARN,
    STYLE_SOURCE,
    STYLE_DESTINATION,
    STYLE_FOUND, /* the text that was looked for */
    STYLES
};

/* Signs that exist twice: as Unicode and as ASCII. */
enum sign {
    SIGN_CURRENT,
    SIGN_RIGHT,
    SIGN_LEFT,
    SIGN_LINE,
    SIGN_COLUMN,
    SIGN_TOP_LEFT,
    SIGN_TOP_RIGHT,
    SIGN_BOTTOM_LEFT,
    SIGN_BOTTOM_RIGHT,
    SIGN_FULL,
    SIGN_EMPTY,
    SIGN_DIFFERS,
    SIGN_MASK,
    SIGN_SORTED,
    SIGNS
};

enum { CELL_TEXT = 24 }; /* one character and the four marks that may sit on it */

struct cell {
    char text[CELL_TEXT]; /* UTF-8; empty after a wide character */
    uint8_t style;        /* enum style */
};

struct canvas {
    int w, h;
    bool ascii; /* nothing but ASCII */
    int cursor_x, cursor_y;
    struct cell *cells; /* w * h, row by row */
};

/* Gives the canvas this size, cleared. Errors: ERR_FAILED (memory); it is then unchanged. */
bool canvas_resize(struct canvas *c, int w, int h, struct err *err);
void canvas_clear(struct canvas *c);
void canvas_free(struct canvas *c);

/* The cell at x, y; NULL outside. */
struct cell *canvas_at(const struct canvas *c, int x, int y);

/* Row y as text without trailing blanks. out is terminated. */
void canvas_line(const struct canvas *c, int y, char *out, size_t size);

const char *draw_sign(const struct canvas *c, enum sign sign);

/* Draws safe text at x, y into at most width columns, cut with "~" if it is longer. Returns the
 * columns taken. */
int draw_text(struct canvas *c, int x, int y, int width, enum style style, const char *text);
int draw_format(struct canvas *c, int x, int y, int width, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* As draw_text(), cut in the middle: for paths. */
int draw_path(struct canvas *c, int x, int y, int width, enum style style, const char *text);

/* As draw_text(), against the right edge of x, x+width. */
int draw_right(struct canvas *c, int x, int y, int width, enum style style, const char *text);

/* Draws text word by word into r, "~" at the end if it does not fit. Returns the lines taken. */
int draw_wrapped(struct canvas *c, struct rect r, enum style style, const char *text);

/* The same sign width times. */
void draw_run(struct canvas *c, int x, int y, int width, enum style style, enum sign sign);

/* Blanks r. */
void draw_blank(struct canvas *c, struct rect r, enum style style);

/* Gives what is drawn in r another style. */
void draw_restyle(struct canvas *c, struct rect r, enum style style);

/* A frame around r with a title in its upper edge. */
void draw_frame(struct canvas *c, struct rect r, enum style style, const char *title);

/* The place in a list, " 12/41 ", in the lower edge of a frame; nothing in an empty list. */
void draw_place(struct canvas *c, struct rect frame, size_t at, size_t count);

/* At the right end of a line: which lines of how many are shown, shown of them from first on, and
 * the key that leads on; nothing where all are. */
void draw_lines_place(struct canvas *c, int x, int y, int width, size_t first, size_t shown,
                      size_t lines);

/* Makes the first place stand out where text, as it was drawn at x, y into width columns, holds
 * needle, whatever the case; an empty one is nowhere. */
void draw_found(struct canvas *c, int x, int y, int width, const char *text, const char *needle);

/* The terminal's own cursor goes here. */
void draw_cursor(struct canvas *c, int x, int y);

#endif
