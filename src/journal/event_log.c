/* SPDX-License-Identifier: Apache-2.0 */
/* A record is a length and that many leading bytes of a struct event; a place is the position of
 * these bytes. */
#include "journal/event_log.h"

#include <stdlib.h>
#include <string.h>

static size_t length_without_zeros(const struct event *event)
{
    const uint8_t *bytes = (const uint8_t *)event;
    size_t least = offsetof(struct event, key) + sizeof event->key;
    size_t len = sizeof *event;

    while (len > least && bytes[len - 1] == 0)
        len--;
    return len;
}

static bool make_room(struct event_log *log, size_t more, struct err *err)
{
    size_t room = log->room ? log->room : 65536;

    while (room - log->len < more)
        room *= 2;
    if (room == log->room)
        return true;
    uint8_t *data = realloc(log->data, room);
    if (!data)
        return err_set(err, ERR_FAILED, "There is no memory for the record of this ceremony");
    log->data = data;
    log->room = room;
    return true;
}

bool event_log_add(struct event_log *log, const struct event *event, size_t *at, struct err *err)
{
    uint32_t len = (uint32_t)length_without_zeros(event);

    if (!make_room(log, sizeof len + len, err))
        return false;
    memcpy(log->data + log->len, &len, sizeof len);
    memcpy(log->data + log->len + sizeof len, event, len);
    if (at)
        *at = log->len + sizeof len;
    log->len += sizeof len + len;
    return true;
}

static uint32_t length_at(const struct event_log *log, size_t at)
{
    uint32_t len;

    memcpy(&len, log->data + at - sizeof len, sizeof len);
    return len;
}

static enum event_kind kind_at(const struct event_log *log, size_t at)
{
    enum event_kind kind;

    memcpy(&kind, log->data + at + offsetof(struct event, kind), sizeof kind);
    return kind;
}

bool event_log_next(const struct event_log *log, uint32_t kinds, size_t *at, struct event *event)
{
    size_t place = *at ? *at + length_at(log, *at) : 0;

    for (place += sizeof(uint32_t); place < log->len;
         place += length_at(log, place) + sizeof(uint32_t)) {
        if (!(kinds & UINT32_C(1) << kind_at(log, place)))
            continue;
        *at = place;
        event_log_read(log, place, event);
        return true;
    }
    return false;
}

void event_log_read(const struct event_log *log, size_t at, struct event *event)
{
    memset(event, 0, sizeof *event);
    memcpy(event, log->data + at, length_at(log, at));
}

void event_log_free(struct event_log *log)
{
    free(log->data);
    *log = (struct event_log){0};
}
