/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of each kind of event: ONE table for writing and reading (journal/event_line.h), so
 * that nothing is lost between them.
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
    bool mark; /* FIELD_WORD: it says what the event is about, and is never omitted */
};

/* The fields of this kind of event; NULL: it is not part of the record (calls, PINs, the worker's
 * own messages). */
const struct event_field *event_fields_of(enum event_kind kind, size_t *count);

/* A number shared by all events of this kind, side and marks: most of their fields have the same
 * values. */
uint32_t event_fields_form(const struct event *event);

#endif
