/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts events to lines that a person can read, and back. ONE table with the members of each
 * kind of event serves both directions, so that nothing is lost between them.
 *
 *   81<TAB>2026-11-23T12:41:07.512Z<TAB>+5230<TAB>step<TAB>destination<TAB>key=1<TAB>step=commit...
 */
#ifndef HSMFERRY_JOURNAL_EVENT_FIELDS_H
#define HSMFERRY_JOURNAL_EVENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"

enum field_type {
    FIELD_TEXT,    /* a terminated string, written through text_safe() */
    FIELD_LABEL,   /* raw bytes that people read, written through text_safe() without trailing zeros
                    */
    FIELD_HEX,     /* raw bytes, without trailing zeros */
    FIELD_NUMBERS, /* an array of uint32_t, in hexadecimal, without trailing zeros */
    FIELD_YES,     /* a bool */
    FIELD_NUMBER,  /* unsigned, of any size */
    FIELD_SIGNED,  /* 32 or 64 bits */
    FIELD_BITS,    /* unsigned, written in hexadecimal */
    FIELD_WORD,    /* an enum, by its name */
};

struct event_field {
    const char *name;
    enum field_type type;
    size_t at, size;               /* its offset and size in struct event */
    const char *(*word)(unsigned); /* FIELD_WORD: the function that names the value, */
    unsigned words;                /* and the number of values */
    unsigned since;                /* the first format of the journal that contains it */
};

/* The fields of this kind of event; NULL: it is not part of the record (calls, PINs, the worker's
 * own messages). */
const struct event_field *event_fields_of(enum event_kind kind, size_t *count);

enum { EVENT_FIELDS_LINE_MAX = 32768 };

/* Writes the event as one line, without a newline, into EVENT_FIELDS_LINE_MAX bytes; fields that
 * are zero are omitted. Returns the length; 0: the event is not part of the record, or contains a
 * value without a name. */
size_t event_fields_write(const struct event *event, char *line);

/* Parses such a line from a journal of this format. A line that event_fields_write() would not
 * write identically, or only in a later format, is refused. */
bool event_fields_read(const char *line, size_t len, unsigned format, struct event *event);

#endif
