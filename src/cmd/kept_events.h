/* SPDX-License-Identifier: Apache-2.0 */
/* Events that a command reports once it is done. */
#ifndef HSMFERRY_CMD_KEPT_EVENTS_H
#define HSMFERRY_CMD_KEPT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/event.h"

/* {.kinds = ...} is empty. */
struct kept_events {
    uint64_t kinds; /* bit (1 << enum event_kind) for each that is kept */
    struct event *events;
    size_t count, room;
    bool lost; /* there was no memory for all of them */
};

/* As plain_job.take: ctx is a struct kept_events. */
void kept_events_take(void *ctx, const struct event *event);
void kept_events_free(struct kept_events *kept);

/* Steps through the events of a kind: at is 0 at first. NULL: there are no more. */
const struct event *kept_events_next(const struct kept_events *kept, enum event_kind kind,
                                     size_t *at);

#endif
