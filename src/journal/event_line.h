/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts events to lines that a person can read, and back.
 *
 *   81<TAB>2026-11-23T12:41:07.512Z<TAB>+5230<TAB>step<TAB>destination<TAB>key=1<TAB>step=commit...
 *
 * From format 3 on, what was said is not said again. A line omits each field that has the value
 * that it had in the previous line of the same kind, side and marks (struct event_field), and
 * "name=" without a value takes that value back. It omits the date if that is the one of the line
 * before, and the second time if both clocks have advanced alike since then. The beginning and the
 * end of a ceremony omit nothing.
 */
#ifndef HSMFERRY_JOURNAL_EVENT_LINE_H
#define HSMFERRY_JOURNAL_EVENT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "protocol/event.h"

enum { EVENT_LINE_MAX = 32768 };

/* The lines so far: the last event of each form, and the times of the last of all. {0}: there was
 * none. Beyond EVENT_SAID_MAX forms, lines of another form omit nothing. */
enum { EVENT_SAID_MAX = 1024 };
struct event_said {
    struct event *events;
    uint32_t *forms;
    size_t count, room;
    int64_t utc_ms, mono_ms;
    bool begun;
};

/* Notes that a line with this event was written, or read. Errors: ERR_FAILED (memory). */
bool event_said_note(struct event_said *said, const struct event *event, struct err *err);
void event_said_free(struct event_said *said);

/* Writes the event as one line, without a newline, into EVENT_LINE_MAX bytes; fields that are zero
 * are omitted. said: the lines before it; NULL: as in formats 1 and 2. Returns the length; 0: the
 * event is not part of the record, or contains a value without a name. */
size_t event_line_write(const struct event *event, const struct event_said *said, char *line);

/* Parses such a line from a journal of this format. A line that event_line_write() would not write
 * identically, or only in a later format, is refused. */
bool event_line_read(const char *line, size_t len, unsigned format, const struct event_said *said,
                     struct event *event);

#endif
