/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/text_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE = 66 }; /* bytes on a line of running text */

void sheet_clear(struct sheet *s)
{
    s->title[0] = s->text[0] = '\0';
    s->len = s->lines = 0;
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
    while (*text) {
        size_t len = strlen(text);
        if (len > SENTENCE) {
            len = SENTENCE;
            while (len > 0 && text[len] != ' ')
                len--;
            if (len == 0)
                len = strlen(text);
        }
        sheet_line(s, "%.*s", (int)len, text);
        text += len + (text[len] == ' ');
    }
}
