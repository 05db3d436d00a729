/* SPDX-License-Identifier: Apache-2.0 */
/* The log pane's lines: the last few thousand things that happened, the oldest fall out. */
#ifndef HSMFERRY_UI_MODEL_LOG_H
#define HSMFERRY_UI_MODEL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"

enum { LOG_LINES = 4096, LOG_TEXT = 480 };

struct log_line {
    int64_t utc_ms;
    enum side side;
    bool bad;
    uint32_t key; /* which it is about, from 1; 0: none */
    char text[LOG_TEXT];
};

struct log {
    struct log_line *lines; /* LOG_LINES of them, a ring */
    size_t first, count;
    uint64_t dropped; /* lines that fell out */
    size_t at;        /* the line at the cursor */
    bool follows;     /* the cursor goes to the end as the log grows */
};

/* Errors: ERR_FAILED (memory). */
bool log_new(struct log *log, struct err *err);
void log_free(struct log *log);

/* Forgets all lines. */
void log_clear(struct log *log);

/* Appends what an event has to say; most say one line, some nothing. */
void log_event(struct log *log, const struct event *event);

/* Moves the cursor; at the last line it follows the log. */
void log_move(struct log *log, long delta);

/* Moves to the next line from the cursor on (round the end) that holds text, whatever the case;
 * next: from the line after it. False when none does. */
bool log_find(struct log *log, const char *text, bool next);

/* Moves to the first line of the next key, or of the key before; false: there is none. */
bool log_walk(struct log *log, bool back);

/* Line i, 0 being the oldest; NULL after the last. */
const struct log_line *log_at(const struct log *log, size_t i);

#endif
