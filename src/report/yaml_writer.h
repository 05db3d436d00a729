/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document written to a file descriptor, and hashed as it is written. Strings are always
 * double-quoted, so that no label can become a number, a date or a "no".
 */
#ifndef HSMFERRY_REPORT_YAML_WRITER_H
#define HSMFERRY_REPORT_YAML_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct writer;

/* fd stays the caller's. Errors: ERR_FAILED (memory). */
bool writer_new(int fd, struct writer **out, struct err *err);

/* Everything below writes one value: of the mapping's key, or (key NULL) of the list around it. The
 * first failure is kept and told by writer_close(); what is written after it goes nowhere. */

/* Begins a mapping or a list, on a line of its own where flow is set; writer_end() ends it. */
void writer_map(struct writer *w, const char *key, bool flow);
void writer_list(struct writer *w, const char *key, bool flow);
void writer_end(struct writer *w);

void writer_text(struct writer *w, const char *key, const char *text);
void writer_yes(struct writer *w, const char *key, bool yes);
void writer_number(struct writer *w, const char *key, int64_t number);
void writer_hex(struct writer *w, const char *key, const void *raw, size_t len);
void writer_time(struct writer *w, const char *key, int64_t utc_ms);

/* The last line of a document whose outermost part is a mapping: how many lines are before it, and
 * their SHA-256. out has WRITER_SEAL_SIZE bytes. */
enum { WRITER_SEAL_SIZE = 128 };
void writer_seal_line(size_t lines, const uint8_t sha256[32], char *out);

/* Makes that line the document's last one. */
void writer_seal(struct writer *w);

/* Ends the document, tells the SHA-256 of all that was written, and frees (also on
 * failure). Errors: ERR_IO. */
bool writer_close(struct writer *w, uint8_t sha256[32], struct err *err);

#endif
