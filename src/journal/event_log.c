/* SPDX-License-Identifier: Apache-2.0 */
/* A record is its header and the bytes of a struct event without runs of zeros: again and again how
 * many words of zeros, how many other words, and these. A place is where these bytes begin. */
#include "journal/event_log.h"

#include <stdlib.h>
#include <string.h>

struct header {
    uint32_t len; /* of what follows */
    uint32_t kind;
};

struct run {
    uint16_t zeros, words;
};

enum {
    WORD = sizeof(uint32_t),
    WORDS = sizeof(struct event) / WORD,
    SHORTEST = 2, /* words of zeros that are worth a run */
    PACKED_MAX = sizeof(struct event) + WORDS / SHORTEST * sizeof(struct run),
};
_Static_assert(sizeof(struct event) % WORD == 0 && WORDS <= UINT16_MAX, "an event is words");

/* The number of words from here on that are zero, or not; one zero among others is no run. */
static size_t count_words(const uint32_t *words, size_t left, bool zero)
{
    size_t n = 0;

    while (n < left &&
           (zero ? words[n] == 0 : words[n] != 0 || (n + 1 < left && words[n + 1] != 0)))
        n++;
    return n;
}

/* Returns the length. */
static size_t pack(const struct event *event, uint8_t packed[PACKED_MAX])
{
    uint32_t words[WORDS];
    size_t at = 0, len = 0;

    memcpy(words, event, sizeof words);
    while (at < WORDS) {
        struct run run = {.zeros = (uint16_t)count_words(words + at, WORDS - at, true)};
        at += run.zeros;
        run.words = (uint16_t)count_words(words + at, WORDS - at, false);
        if (run.words == 0)
            break;
        memcpy(packed + len, &run, sizeof run);
        memcpy(packed + len + sizeof run, words + at, (size_t)run.words * WORD);
        len += sizeof run + (size_t)run.words * WORD;
        at += run.words;
    }
    return len;
}

static void unpack(const uint8_t *packed, size_t len, struct event *event)
{
    uint8_t *to = (uint8_t *)event;
    struct run run;

    memset(event, 0, sizeof *event);
    for (size_t at = 0; at < len; at += sizeof run + (size_t)run.words * WORD) {
        memcpy(&run, packed + at, sizeof run);
        to += (size_t)run.zeros * WORD;
        memcpy(to, packed + at + sizeof run, (size_t)run.words * WORD);
        to += (size_t)run.words * WORD;
    }
}

static bool make_room(struct event_log *log, size_t more, struct err *err)
{
    size_t room = log->room ? log->room : 65536;

    while (room - log->len < more)
        room += room / 2;
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
    uint8_t packed[PACKED_MAX];
    const struct header header = {.len = (uint32_t)pack(event, packed), .kind = event->kind};

    if (!make_room(log, sizeof header + header.len, err))
        return false;
    memcpy(log->data + log->len, &header, sizeof header);
    memcpy(log->data + log->len + sizeof header, packed, header.len);
    if (at)
        *at = log->len + sizeof header;
    log->len += sizeof header + header.len;
    return true;
}

static struct header header_at(const struct event_log *log, size_t at)
{
    struct header header;

    memcpy(&header, log->data + at - sizeof header, sizeof header);
    return header;
}

bool event_log_next(const struct event_log *log, uint32_t kinds, size_t *at, struct event *event)
{
    size_t place = *at ? *at + header_at(log, *at).len : 0;

    for (place += sizeof(struct header); place <= log->len;
         place += header_at(log, place).len + sizeof(struct header)) {
        if (!(kinds & UINT32_C(1) << header_at(log, place).kind))
            continue;
        *at = place;
        event_log_read(log, place, event);
        return true;
    }
    return false;
}

void event_log_read(const struct event_log *log, size_t at, struct event *event)
{
    unpack(log->data + at, header_at(log, at).len, event);
}

void event_log_free(struct event_log *log)
{
    free(log->data);
    *log = (struct event_log){0};
}
