/* SPDX-License-Identifier: Apache-2.0 */
/* One question at a time on a terminal, answered by one line: the only input of line mode. */
#ifndef HSMFERRY_UI_PLAIN_ASK_H
#define HSMFERRY_UI_PLAIN_ASK_H

#include <stdbool.h>
#include <termios.h>

#include "base/err.h"
#include "base/secret.h"

enum { ASK_LINE_MAX = 1024 };

enum ask_answer {
    ASK_MORE, /* the line is not complete yet */
    ASK_LINE, /* it is, in ask.line */
    ASK_NONE, /* end of file: the officer answers nothing */
};

/* {.fd = -1} is none. */
struct ask {
    int fd;             /* the terminal; poll(2) it for POLLIN while something is asked */
    bool open;          /* something is asked */
    bool hidden;        /* without echo */
    struct termios was; /* the terminal's settings before, if hidden */
    bool complete;      /* the line has come to its end */
    struct secret line; /* what was typed so far; the answer without its newline */
};

/* Finds the terminal: standard input if it is one, else the controlling terminal. Returns false if
 * there is none. */
bool ask_find(struct ask *ask);
void ask_close(struct ask *ask);

/* Throws away what was typed ahead, shows prompt, and switches echo off if hidden.
 * Errors: ERR_IO, ERR_FAILED. */
bool ask_begin(struct ask *ask, const char *prompt, bool hidden, struct err *err);

/* Takes what was typed; to be called when the terminal is readable. */
enum ask_answer ask_read(struct ask *ask);

/* Ends the question, if one is open: restores the terminal and wipes the line. */
void ask_end(struct ask *ask);

#endif
