/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines that a person can read, and back: ONE table of what each kind of event holds
 * serves both ways, so that nothing is lost between them.
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
    FIELD_TEXT,    /* a terminated string; written through text_safe() */
    FIELD_LABEL,   /* raw bytes that people read: through text_safe(), without zeros at the end */
    FIELD_HEX,     /* raw bytes, without zeros at the end */
    FIELD_NUMBERS, /* an array of uint32_t, in hexadecimal, without zeros at the end */
    FIELD_YES,     /* a bool */
    FIELD_NUMBER,  /* unsigned, of any size */
    FIELD_SIGNED,  /* 32 or 64 bits */
    FIELD_BITS,    /* unsigned, written in hexadecimal */
    FIELD_WORD,    /* an enum, by its word */
};

struct event_field {
    const char *name;
    enum field_type type;
    size_t at, size;               /* where it is in struct event */
    const char *(*word)(unsigned); /* FIELD_WORD: as event.h and others name the value, */
    unsigned words;                /* and how many values there are */
    unsigned since;                /* the first format of the journal that has it */
};

/* What this kind of event holds; NULL: it is no part of the record (calls, PINs, the worker's own
 * messages). */
const struct event_field *event_fields_of(enum event_kind kind, size_t *count);

enum { EVENT_FIELDS_LINE_MAX = 32768 };

/* Writes the event as one line, without a newline, into EVENT_FIELDS_LINE_MAX bytes; fields that
 * are zero are left out. Returns the length; 0: it is no part of the record, or holds a value that
 * has no word. */
size_t event_fields_write(const struct event *event, char *line);

/* Reads such a line of a journal of this format. Whatever event_fields_write() would not write just
 * so, or only in a later format, is refused. */
bool event_fields_read(const char *line, size_t len, unsigned format, struct event *event);

#endif
