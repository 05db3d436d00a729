/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document that is written to a file descriptor, and hashed meanwhile. Strings are always
 * double-quoted, so that no label can become a number, a date or a "no".
 */
#ifndef HSMFERRY_REPORT_YAML_WRITER_H
#define HSMFERRY_REPORT_YAML_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct writer;

/* The caller keeps fd. Errors: ERR_FAILED (memory). */
bool writer_new(int fd, struct writer **out, struct err *err);

/* Each function below writes one value: of the mapping's key, or (key NULL) of the enclosing list.
 * The first failure is stored and reported by writer_close(); nothing is written after it. */

/* Begins a mapping or a list, on a single line if flow is set; writer_end() ends it. */
void writer_map(struct writer *w, const char *key, bool flow);
void writer_list(struct writer *w, const char *key, bool flow);
void writer_end(struct writer *w);

/* Something could not be written: so does writer_close() say. */
void writer_fail(struct writer *w);

void writer_text(struct writer *w, const char *key, const char *text);
void writer_yes(struct writer *w, const char *key, bool yes);
void writer_number(struct writer *w, const char *key, int64_t number);
void writer_hex(struct writer *w, const char *key, const void *raw, size_t len);
void writer_time(struct writer *w, const char *key, int64_t utc_ms);

/* The last line of a document whose outermost node is a mapping: the number of lines before it, and
 * their SHA-256. out has WRITER_SEAL_SIZE bytes. */
enum { WRITER_SEAL_SIZE = 128 };
void writer_seal_line(size_t lines, const uint8_t sha256[32], char *out);

/* Writes that line as the document's last. */
void writer_seal(struct writer *w);

/* Ends the document, returns the SHA-256 of everything that was written, and frees w (also after a
 * failure). Errors: ERR_IO. */
bool writer_close(struct writer *w, uint8_t sha256[32], struct err *err);

#endif
