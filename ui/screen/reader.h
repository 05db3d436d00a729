/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a terminal sends to key presses. An escape sequence that the terminal's description
 * does not know is swallowed whole (ECMA-48 section 5.4, xterm's control sequences): a part of it
 * must never act as a key. Knows neither curses nor a clock.
 */
#ifndef HSMFERRY_UI_SCREEN_READER_H
#define HSMFERRY_UI_SCREEN_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reader_state {
    READER_GROUND,
    READER_ESC,        /* Esc: a key, or the start of a sequence */
    READER_ESC_ESC,    /* Esc twice, or Alt and a key that is a sequence */
    READER_CSI,        /* ESC [ ... final character */
    READER_SS3,        /* ESC O and one character */
    READER_MOUSE,      /* ESC [ M and three characters */
    READER_STRING,     /* ESC ] P X ^ _ ... to BEL or ESC \ */
    READER_STRING_ESC, /* ... after an ESC in it */
    READER_PASTE,      /* ESC [ 200 ~ ... to ESC [ 201 ~ */
    READER_STATES
};

/* All zeros: nothing was read yet, and an Esc waits for 100 ms. */
struct reader {
    int esc_ms; /* how long an Esc waits for the rest of its sequence; at least 100. The
                 * other waits are multiples of it. */
    enum reader_state state;
    int64_t since_ms; /* when its last character came */
    size_t len;       /* characters of this sequence so far */
    unsigned number;  /* CSI: the first parameter */
    size_t end;       /* PASTE: characters of the closing sequence seen so far */
};

/* Takes one character (a code point), or a key that the terminal's description knows (known; an
 * enum press, PRESS_NONE: one without a meaning here). Returns the key press that is complete now,
 * PRESS_NONE: none. A pasted character is PRESS_PASTED + its code point. */
int reader_take(struct reader *r, bool known, uint32_t code, int64_t now_ms);

/* Nothing more is there to be read: what that decides. A lone Esc is PRESS_ESC after esc_ms, and
 * so is Esc twice; a sequence that was cut off is dropped. Returns as reader_take(). */
int reader_idle(struct reader *r, int64_t now_ms);

/* Milliseconds until reader_idle() can decide something; -1: it waits for nothing. */
int reader_wait(const struct reader *r, int64_t now_ms);

#endif
