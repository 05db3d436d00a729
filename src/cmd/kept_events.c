/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/kept_events.h"

#include <stdlib.h>

void kept_events_take(void *ctx, const struct event *event)
{
    struct kept_events *kept = ctx;

    if (!(kept->kinds & UINT64_C(1) << event->kind) || kept->lost)
        return;
    if (kept->count == kept->room) {
        size_t room = kept->room ? 2 * kept->room : 64;
        struct event *more = reallocarray(kept->events, room, sizeof *more);
        if (!more) {
            kept->lost = true;
            return;
        }
        kept->events = more;
        kept->room = room;
    }
    kept->events[kept->count++] = *event;
}

void kept_events_free(struct kept_events *kept)
{
    free(kept->events);
    *kept = (struct kept_events){0};
}

const struct event *kept_events_next(const struct kept_events *kept, enum event_kind kind,
                                     size_t *at)
{
    while (*at < kept->count)
        if (kept->events[(*at)++].kind == kind)
            return &kept->events[*at - 1];
    return NULL;
}
