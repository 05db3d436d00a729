/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit report: takes the events of one ceremony and, when EVENT_END comes, writes them down as
 * YAML. What it says depends on the events alone.
 */
#ifndef HSMFERRY_RECORD_REPORT_H
#define HSMFERRY_RECORD_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/event.h"

struct report;

/* Makes sure, before anything else happens, that a report can be written: makes the folder (0700)
 * where it is missing, and reserves the report's name in it for this process alone,
 * FOLDER/2026-11-23T124107Z-<title>.yaml, by a file of that name with ".part" behind; where
 * something stands there already, FOLDER/2026-11-23T124107Z-<title>-2.yaml, and so on.
 * Errors: ERR_IO: the folder cannot be made, is a symbolic link or no folder, others may write to
 * it, it is full; a hundred such names are taken. */
bool report_new(const char *folder, const char *title, int64_t utc_ms, struct report **out,
                struct err *err);

/* The sink that gathers the events. It refuses (ERR_IO) a step for whose report the folder has no
 * room left, and EVENT_END when the report could not be written; after EVENT_END it takes no
 * more. */
struct event_sink *report_sink(struct report *r);

/* Where EVENT_END never came: writes what there is, as if it had come now with this outcome. Does
 * nothing where the report is written, or no event ever came. Errors: ERR_IO. */
bool report_end(struct report *r, enum end_outcome outcome, int exit_code, const char *sentence,
                struct err *err);

/* Where the report is and the SHA-256 of the file; NULL until it is written. */
const char *report_path(const struct report *r);
const uint8_t *report_sha256(const struct report *r);

/* Gives an unused name back. NULL is fine. */
void report_free(struct report *r);

#endif
