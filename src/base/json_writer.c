/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

/* A character by its UTF-16 code units (RFC 8259 section 7). */
static void put_escape(FILE *out, uint32_t point)
{
    if (point >= 0x10000)
        fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((point - 0x10000) >> 10),
                0xdc00 + ((point - 0x10000) & 0x3ff));
    else
        fprintf(out, "\\u%04" PRIx32, point);
}

static void put_string(FILE *out, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    uint32_t point;

    fputc('"', out);
    for (size_t left = strlen(text), n; left > 0; at += n, left -= n) {
        n = utf8_decode(at, left, &point);
        if (n == 0) {
            fprintf(out, "\\\\x%02x", *at);
            n = 1;
        } else if (point == '"' || point == '\\') {
            fprintf(out, "\\%c", (char)point);
        } else if (utf8_width(point) < 0) {
            put_escape(out, point);
        } else {
            fwrite(at, 1, n, out);
        }
    }
    fputc('"', out);
}

/* What stands before a value. */
static void begin_value(struct json_writer *j, const char *name)
{
    if (j->depth > 0)
        fprintf(j->out, "%s\n%*s", j->filled[j->depth - 1] ? "," : "", 2 * (int)j->depth, "");
    if (j->depth > 0)
        j->filled[j->depth - 1] = true;
    if (name) {
        put_string(j->out, name);
        fputs(": ", j->out);
    }
}

static void begin_group(struct json_writer *j, const char *name, const char *ends)
{
    begin_value(j, name);
    fputc(ends[0], j->out);
    j->filled[j->depth] = false;
    j->ends[j->depth++] = ends[1];
}

void json_map(struct json_writer *j, const char *name)
{
    begin_group(j, name, "{}");
}

void json_list(struct json_writer *j, const char *name)
{
    begin_group(j, name, "[]");
}

void json_end(struct json_writer *j)
{
    j->depth--;
    if (j->filled[j->depth])
        fprintf(j->out, "\n%*s", 2 * (int)j->depth, "");
    fputc(j->ends[j->depth], j->out);
    if (j->depth == 0)
        fputc('\n', j->out);
}

void json_text(struct json_writer *j, const char *name, const char *text)
{
    begin_value(j, name);
    put_string(j->out, text);
}

void json_hex(struct json_writer *j, const char *name, const void *raw, size_t len)
{
    const uint8_t *bytes = raw;

    begin_value(j, name);
    fputc('"', j->out);
    for (size_t i = 0; i < len; i++)
        fprintf(j->out, "%02x", bytes[i]);
    fputc('"', j->out);
}

void json_number(struct json_writer *j, const char *name, int64_t number)
{
    begin_value(j, name);
    fprintf(j->out, "%" PRId64, number);
}

void json_bool(struct json_writer *j, const char *name, bool value)
{
    begin_value(j, name);
    fputs(value ? "true" : "false", j->out);
}

void json_null(struct json_writer *j, const char *name)
{
    begin_value(j, name);
    fputs("null", j->out);
}

void json_some(struct json_writer *j, const char *name, const char *text)
{
    if (*text)
        json_text(j, name, text);
}
