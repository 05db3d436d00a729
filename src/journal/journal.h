/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: the events of a ceremony on disk, as they happen, so that whatever interrupts it the
 * next start knows what is true. A line for each (record/fields.h), and at its end a SHA-256 over
 * the one of the line before and this line: none can be altered, left out or moved.
 */
#ifndef HSMFERRY_JOURNAL_JOURNAL_H
#define HSMFERRY_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/event_log.h"
#include "protocol/event.h"

struct journal;

/* Makes the file (0600) in folder, where no such name may be, and holds its lock. shown: its path
 * as messages tell it. Errors: ERR_CONFLICT (the name is taken), ERR_IO. */
bool journal_new(int folder, const char *name, const char *shown, struct journal **out,
                 struct err *err);

/* Writes one event; what is no part of the record is left out. When it returns true, the event is
 * on the disk if it announces something that outlives a power cut: an act upon a token, an
 * officer's answer, the end. Once it has failed it fails always: what is in the file stays true.
 * Errors: ERR_IO. */
bool journal_add(struct journal *j, const struct event *event, struct err *err);

/* How many lines there are, and the SHA-256 at the end of the last one. */
uint64_t journal_records(const struct journal *j);
const uint8_t *journal_head(const struct journal *j);

/* Closes it; remove: the file too, for it tells of nothing. NULL is fine. */
void journal_free(struct journal *j, bool remove);

/* Reads a journal onto an empty tape; *torn: its last line was not written to its end, and was
 * dropped. It must be a file that nobody else can write. Errors: ERR_NO_INPUT, ERR_DENIED (as
 * file_open_trusted()); ERR_DATA (no journal; altered: the first bad line is named; too large);
 * ERR_IO, ERR_FAILED (memory). */
bool journal_read(const char *path, struct event_log *log, bool *torn, struct err *err);

#endif
