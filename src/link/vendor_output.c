/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vendor_output.h"

#include "base/text.h"

void spoken_flush(struct spoken *s)
{
    char safe[TEXT_SAFE_SIZE(SPOKEN_LINE_MAX)];

    if (s->len > 0 && s->take && s->used <= SPOKEN_BURST) {
        text_safe(s->line, s->len, safe, sizeof safe);
        s->take(s->ctx, s->used < SPOKEN_BURST ? safe : "(more of the same was dropped)");
        s->used++;
    }
    s->len = 0;
}

void spoken_feed(struct spoken *s, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n' || data[i] == '\r')
            spoken_flush(s);
        else if (s->len < sizeof s->line)
            s->line[s->len++] = data[i];
    }
}

void spoken_refill(struct spoken *s)
{
    s->used = 0;
}
