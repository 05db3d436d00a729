/* SPDX-License-Identifier: Apache-2.0 */
/* Records are a length and that many leading bytes of a struct event; a place is where the bytes
 * begin. */
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

static bool make_room(struct tape *tape, size_t more, struct err *err)
{
    size_t room = tape->room ? tape->room : 65536;

    while (room - tape->len < more)
        room *= 2;
    if (room == tape->room)
        return true;
    uint8_t *data = realloc(tape->data, room);
    if (!data)
        return err_set(err, ERR_FAILED, "There is no memory for the record of this ceremony");
    tape->data = data;
    tape->room = room;
    return true;
}

bool tape_add(struct tape *tape, const struct event *event, size_t *at, struct err *err)
{
    uint32_t len = (uint32_t)length_without_zeros(event);

    if (!make_room(tape, sizeof len + len, err))
        return false;
    memcpy(tape->data + tape->len, &len, sizeof len);
    memcpy(tape->data + tape->len + sizeof len, event, len);
    if (at)
        *at = tape->len + sizeof len;
    tape->len += sizeof len + len;
    return true;
}

static uint32_t length_at(const struct tape *tape, size_t at)
{
    uint32_t len;

    memcpy(&len, tape->data + at - sizeof len, sizeof len);
    return len;
}

static enum event_kind kind_at(const struct tape *tape, size_t at)
{
    enum event_kind kind;

    memcpy(&kind, tape->data + at + offsetof(struct event, kind), sizeof kind);
    return kind;
}

bool tape_next(const struct tape *tape, uint32_t kinds, size_t *at, struct event *event)
{
    size_t place = *at ? *at + length_at(tape, *at) : 0;

    for (place += sizeof(uint32_t); place < tape->len;
         place += length_at(tape, place) + sizeof(uint32_t)) {
        if (!(kinds & UINT32_C(1) << kind_at(tape, place)))
            continue;
        *at = place;
        tape_read(tape, place, event);
        return true;
    }
    return false;
}

void tape_read(const struct tape *tape, size_t at, struct event *event)
{
    memset(event, 0, sizeof *event);
    memcpy(event, tape->data + at, length_at(tape, at));
}

void tape_free(struct tape *tape)
{
    free(tape->data);
    *tape = (struct tape){0};
}
