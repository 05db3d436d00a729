/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: the events of a ceremony, written to disk as they happen, so that after any
 * interruption the next start knows what is true. Each event is one line (journal/event_line.h).
 * Some lines end with a sum, the SHA-256 over the previous sum and all lines since then: no line
 * before a sum can be altered, omitted or moved. In formats 1 and 2, each line has its sum; since
 * then, each that must be on the disk before something happens, the last one, and one in
 * JOURNAL_WINDOW.
 */
#ifndef HSMFERRY_JOURNAL_JOURNAL_H
#define HSMFERRY_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/event_log.h"
#include "protocol/event.h"

enum { JOURNAL_WINDOW = 32 };

struct journal;

/* Creates the file (0600) in folder, which must not contain the name yet, and holds its lock.
 * shown: its path for messages. Errors: ERR_CONFLICT (the name is taken), ERR_IO. */
bool journal_new(int folder, const char *name, const char *shown, struct journal **out,
                 struct err *err);

/* Writes one event; events that are not part of the record are ignored. If it returns true and the
 * event announces something that survives a power failure (a change of a token, an officer's
 * answer, the end), the event is on the disk. After a failure every later call fails too, so that
 * the content of the file remains true. Errors: ERR_IO. */
bool journal_add(struct journal *j, const struct event *event, struct err *err);

/* After begins, what journal_add() writes need not be on the disk; the next call, without begins,
 * returns true if all of it is. Errors: ERR_IO, as journal_add(). */
bool journal_together(struct journal *j, bool begins, struct err *err);

/* The number of events, the last sum, and the SHA-256 of the file, of its complete lines. */
uint64_t journal_records(const struct journal *j);
const uint8_t *journal_head(const struct journal *j);
bool journal_sha256(const struct journal *j, uint8_t sha256[32], struct err *err);

/* Closes the journal; remove: also deletes the file, because it records nothing of value. j may be
 * NULL. */
void journal_free(struct journal *j, bool remove);

/* Reads a journal into an empty tape; *torn: its last line was incomplete, and was dropped. It must
 * be a file that no other user can write. Errors: ERR_NO_INPUT, ERR_DENIED (as
 * file_open_trusted()); ERR_DATA (not a journal; altered: the first bad line is named; too large);
 * ERR_IO, ERR_FAILED (memory). */
bool journal_read(const char *path, struct event_log *log, bool *torn, struct err *err);

/* Reads only the first event and, of a journal that came to its end, the last one, however long it
 * is; the chain of sums between them is not checked. False: these two say too little, and
 * journal_read() says what is wrong, if anything. */
bool journal_read_ends(const char *path, struct event *begin, struct event *end);

#endif
