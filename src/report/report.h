/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of one ceremony: receives its events, writes each into the journal (journal/journal.h)
 * and, at EVENT_END, writes the audit report as YAML. The content of the report depends on the
 * journal alone.
 */
#ifndef HSMFERRY_REPORT_REPORT_H
#define HSMFERRY_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/event_log.h"
#include "protocol/event.h"

struct report;

/* Ensures, before anything else happens, that a report can be written: creates the folder (0700) if
 * needed, and reserves the report's name in it for this process,
 * FOLDER/2026-11-23T124107Z-<title>.yaml, by creating a file of that name with the suffix ".part";
 * if the name is taken, FOLDER/2026-11-23T124107Z-<title>-2.yaml, and so on. The journal has the
 * same name, with .journal instead of .yaml. Errors: ERR_IO: the folder cannot be created, is a
 * symbolic link or not a folder, others may write to it, it is full; a hundred such names are
 * taken. */
bool report_new(const char *folder, const char *title, int64_t utc_ms, struct report **out,
                struct err *err);

/* The sink that collects the events. It refuses (ERR_IO) a step for whose report the folder has too
 * little space, the first event that could not be written to the journal and every later step
 * except for cleaning up, and EVENT_END if the report could not be written; after EVENT_END it
 * accepts no events. */
struct event_sink *report_sink(struct report *r);

/* If there was no EVENT_END: writes the report as if the ceremony had ended now with this outcome.
 * Does nothing if the report is written, or there was no event. Errors: ERR_IO. */
bool report_end(struct report *r, enum end_outcome outcome, int exit_code, const char *sentence,
                struct err *err);

/* The path of the report and the SHA-256 of the file; NULL until it is written. */
const char *report_path(const struct report *r);
const uint8_t *report_sha256(const struct report *r);

/* The path of its journal, and all events so far. */
const char *report_journal(const struct report *r);
const struct event_log *report_events(const struct report *r);

/* Writes the report of a ceremony again, from its journal, to a file that is open for writing. A
 * ceremony without an end is reported as interrupted. *torn as for journal_read(). Errors: as
 * journal_read(); ERR_DATA (it contains no event), ERR_IO. */
bool report_again(const char *journal, int fd, bool *torn, struct err *err);

/* The same for a journal that was read, with at least one event. */
bool report_write(struct event_log *log, int fd, struct err *err);

/* Releases an unused name, and deletes the journal if nothing was begun. r may be NULL. */
void report_free(struct report *r);

#endif
