/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of one ceremony: takes its events, puts each into the journal (record/journal.h) and,
 * when EVENT_END comes, writes the audit report as YAML. What the report says depends on the
 * journal alone.
 */
#ifndef HSMFERRY_REPORT_REPORT_H
#define HSMFERRY_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "protocol/event.h"

struct report;

/* Makes sure, before anything else happens, that a report can be written: makes the folder (0700)
 * where it is missing, and reserves the report's name in it for this process alone,
 * FOLDER/2026-11-23T124107Z-<title>.yaml, by a file of that name with ".part" behind; where
 * something stands there already, FOLDER/2026-11-23T124107Z-<title>-2.yaml, and so on. The journal
 * has the same name, with .journal in the place of .yaml.
 * Errors: ERR_IO: the folder cannot be made, is a symbolic link or no folder, others may write to
 * it, it is full; a hundred such names are taken. */
bool report_new(const char *folder, const char *title, int64_t utc_ms, struct report **out,
                struct err *err);

/* The sink that gathers the events. It refuses (ERR_IO) a step for whose report the folder has no
 * room left, the first event that the journal could not take and every step to be begun behind it
 * but those that clean up, and EVENT_END when the report could not be written; after EVENT_END it
 * takes no more. */
struct event_sink *report_sink(struct report *r);

/* Where EVENT_END never came: writes what there is, as if it had come now with this outcome. Does
 * nothing where the report is written, or no event ever came. Errors: ERR_IO. */
bool report_end(struct report *r, enum end_outcome outcome, int exit_code, const char *sentence,
                struct err *err);

/* Where the report is and the SHA-256 of the file; NULL until it is written. */
const char *report_path(const struct report *r);
const uint8_t *report_sha256(const struct report *r);

/* Where its journal is. */
const char *report_journal(const struct report *r);

/* Writes the report of a ceremony again, from its journal, to a file that is open for writing; one
 * that has no end is told as interrupted. *torn as for journal_read(). Errors: as journal_read();
 * ERR_DATA (nothing is in it), ERR_IO. */
bool report_again(const char *journal, int fd, bool *torn, struct err *err);

/* Gives an unused name back, and the journal where nothing was begun. NULL is fine. */
void report_free(struct report *r);

#endif
