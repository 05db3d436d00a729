/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/text_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

enum { HANG_LEAST = 56 }; /* columns to hang */

void sheet_clear(struct sheet *s)
{
    s->title[0] = s->text[0] = '\0';
    s->len = s->lines = 0;
    s->hang = 0;
}

void sheet_line(struct sheet *s, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(s->text + s->len, sizeof s->text - s->len - 1, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof s->text - s->len - 1) {
        s->text[s->len] = '\0'; /* a page that long is not read to its end anyway */
        return;
    }
    s->len += (size_t)n;
    s->text[s->len++] = '\n';
    s->text[s->len] = '\0';
    s->lines++;
}

/* How many bytes of a line fit into so many columns: to its end, to a blank, or in the midst of a
 * word that is longer. */
static size_t fitting(const char *line, size_t len, int columns)
{
    size_t at = 0, blank = 0;

    while (at < len) {
        uint32_t point;
        size_t bytes = utf8_decode((const uint8_t *)line + at, len - at, &point);
        int width = bytes ? utf8_width(point) : 1;
        columns -= width > 0 ? width : 0;
        if (columns < 0)
            return blank ? blank : at;
        at += bytes ? bytes : 1;
        if (at < len && line[at] == ' ' && line[at - 1] != ' ')
            blank = at;
    }
    return len;
}

/* The first line's blanks are no place to break it. */
static void wrap_line(struct sheet *to, const char *line, size_t len, int columns)
{
    const size_t own = strspn(line, " ");
    size_t indent = own > 0 || columns < HANG_LEAST ? own : (size_t)to->hang;

    indent = indent > len ? len : (int)indent > columns / 2 ? (size_t)columns / 2 : indent;
    for (size_t rest = len; rest == len || rest > 0;) {
        const char *from = line + (len - rest);
        size_t margin = rest == len ? 0 : indent, skip = rest == len ? indent : 0;
        size_t taken = skip + fitting(from + skip, rest - skip, columns - (int)indent);
        taken = taken > 0 || rest == 0 ? taken : 1;
        sheet_line(to, "%*s%.*s", (int)margin, "", (int)taken, from);
        rest -= taken;
        while (rest > 0 && line[len - rest] == ' ')
            rest--;
        if (rest == 0)
            break;
    }
}

void sheet_wrap(struct sheet *s, int columns)
{
    struct sheet from = *s;

    s->text[0] = '\0';
    s->len = s->lines = 0;
    for (const char *line = from.text; *line;) {
        size_t len = strcspn(line, "\n");
        wrap_line(s, line, len, columns > 4 ? columns : 4);
        line += len + (line[len] == '\n');
    }
}

int sheet_last_columns(const struct sheet *s)
{
    const char *line = s->text;
    char text[sizeof s->title];

    for (const char *end; (end = strchr(line, '\n')) && end[1];)
        line = end + 1;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    return text_width(text);
}

char *sheet_type(const struct key_desc *key, int columns, char *out)
{
    key_type_text(key, out);
    if (text_width(out) > columns)
        out[strcspn(out, ",")] = '\0'; /* "secret, length not told" */
    if (text_width(out) > columns && key->class == KEY_CLASS_CERTIFICATE)
        snprintf(out, KEY_TYPE_TEXT, "cert");
    if (key->class == KEY_CLASS_PUBLIC)
        snprintf(out, KEY_TYPE_TEXT, "%s pub", key_kind_name(key->kind));
    return out;
}

char *sheet_flags(const struct key_desc *key, uint32_t which, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < KEY_FLAGS; i++) {
        uint32_t flag = UINT32_C(1) << i;
        if ((which & flag) && key_is(key, flag) && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "",
                                    key_flag_name(flag));
    }
    return out;
}

void sheet_sentence(struct sheet *s, const char *text)
{
    if (*text)
        sheet_line(s, "%s", text);
}
