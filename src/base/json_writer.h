/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document (RFC 8259) for programs, one value a line. It is valid and printable whatever the
 * texts are: a character that must not be shown is written as \uXXXX, and a byte that is not UTF-8
 * as text_safe() writes it.
 */
#ifndef HSMFERRY_BASE_JSON_WRITER_H
#define HSMFERRY_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH = 12 };

/* {.out = FILE} is a document that has not begun. */
struct json_writer {
    FILE *out;
    unsigned depth;
    bool filled[JSON_DEPTH]; /* something is in it already */
    char ends[JSON_DEPTH];
};

/* Each writes one value: of the member name, or (name NULL) of the list around it. Maps and lists
 * end with json_end(); the document ends with its outermost one. */
void json_map(struct json_writer *j, const char *name);
void json_list(struct json_writer *j, const char *name);
void json_end(struct json_writer *j);

void json_text(struct json_writer *j, const char *name, const char *text);
void json_hex(struct json_writer *j, const char *name, const void *raw, size_t len);
void json_number(struct json_writer *j, const char *name, int64_t number);
void json_bool(struct json_writer *j, const char *name, bool value);
void json_null(struct json_writer *j, const char *name);

/* A text, unless it is empty. */
void json_some(struct json_writer *j, const char *name, const char *text);

#endif
