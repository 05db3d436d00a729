/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vendor_output.h"

#include <string.h>

#include "base/text.h"

void vendor_output_flush(struct vendor_output *s)
{
    char safe[TEXT_SAFE_SIZE(VENDOR_OUTPUT_LINE_MAX)];
    size_t len;

    if (s->len > 0 && s->take && s->used <= VENDOR_OUTPUT_BURST) {
        text_safe(s->line, s->len, safe, sizeof safe);
        s->take(s->ctx, s->used < VENDOR_OUTPUT_BURST ? safe : "(more of the same was dropped)");
        s->used++;
        len = strlen(safe);
        text_print(s->last, sizeof s->last, "%.*s",
                   (int)(len > 0 && safe[len - 1] == '.' ? len - 1 : len), safe);
    }
    s->len = 0;
}

void vendor_output_feed(struct vendor_output *s, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n' || data[i] == '\r')
            vendor_output_flush(s);
        else if (s->len < sizeof s->line)
            s->line[s->len++] = data[i];
    }
}

void vendor_output_refill(struct vendor_output *s)
{
    s->used = 0;
}
