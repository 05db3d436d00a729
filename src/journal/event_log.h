/* SPDX-License-Identifier: Apache-2.0 */
/* The events of one ceremony in memory, stored without runs of zeros and without what an event like
 * it says. */
#ifndef HSMFERRY_JOURNAL_EVENT_LOG_H
#define HSMFERRY_JOURNAL_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "protocol/event.h"

/* The format of the journals and reports that are written: hsmferry-journal/3 and hsmferry-audit/3.
 * Older formats can be read. */
enum { RECORD_FORMAT = 3 };

/* {0} is empty and valid. A place on the tape is a number above 0, so that 0 can mean "none". */
struct event_log {
    uint8_t *data;
    size_t len;
    size_t room;
    bool alone;                   /* events that are the same are the same bytes in data */
    struct event_log_base *bases; /* by form */
    size_t base_count;
    unsigned format;  /* of the journal, and of the report that is made from it */
    uint64_t records; /* number of lines of the journal with these events; 0: there is no journal */
    uint8_t head[32]; /* the last SHA-256 in it */
    uint8_t file_sha256[32]; /* of all its lines */
    char name[256];          /* of its file, without the folder */
};

/* Appends a copy; *at (may be NULL) receives its place. Errors: ERR_FAILED (memory). */
bool event_log_add(struct event_log *log, const struct event *event, size_t *at, struct err *err);

/* Finds the next event, after place *at (0: from the start), whose kind has its bit (1 << kind) in
 * kinds, and sets *at to its place. Returns false at the end. */
bool event_log_next(const struct event_log *log, uint64_t kinds, size_t *at, struct event *event);

/* Reads the event at a place returned by event_log_add() or event_log_next(). */
void event_log_read(const struct event_log *log, size_t at, struct event *event);

void event_log_free(struct event_log *log);

#endif
