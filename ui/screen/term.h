/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: taking it, showing a canvas on it, reading its keys, and giving it back whatever
 * happens. The only file that knows curses. There is one terminal, so there is one state of it.
 */
#ifndef HSMFERRY_UI_SCREEN_TERM_H
#define HSMFERRY_UI_SCREEN_TERM_H

#include <stdbool.h>

#include "base/err.h"
#include "ui/screen/draw.h"

struct term_options {
    bool ascii;    /* only ASCII, even if the terminal supports more */
    bool no_color; /* attributes only; NO_COLOR in the environment says the same */
};

/* Could term_start() take this terminal, and which of its function keys would be missing (as
 * term_missing_keys())? Does not take it. Errors: as term_start(). */
bool term_look(unsigned *missing, struct err *err);

/* Takes the terminal on standard input and output. From here on it is given back at exit and when
 * a signal kills the program. Errors: ERR_USAGE (not a terminal, TERM unknown). */
bool term_start(const struct term_options *options, struct err *err);

/* Gives the terminal back; harmless when it was not taken. */
void term_stop(void);

/* The screen library's own name and version. */
const char *term_version(void);

/* Can it show more than ASCII? */
bool term_is_ascii(void);

/* Bit (1 << n) for each function key Fn, 1 to 10, that the terminal cannot send, as its description
 * says. */
unsigned term_missing_keys(void);

/* What to poll(2) for keys. */
int term_fd(void);

/* Takes the next key press; false when there is none now. Esc and a digit are a function key. */
bool term_key(int *press);

/* Milliseconds until term_key() may have one although nothing more arrived, as after a lone Esc;
 * -1: it has not. */
int term_wait(void);

/* Throws away what was typed and not read yet. */
void term_flush(void);

/* The window's size now, after it may have changed. */
void term_size(int *columns, int *lines);

/* Shows the canvas; only what differs from what is there is sent. */
void term_show(const struct canvas *canvas);

/* Forgets what is thought to be there: the next term_show() sends everything. */
void term_redraw(void);

/* Gives the terminal to the shell, stops, and takes it again when continued. */
void term_suspend(void);

#endif
