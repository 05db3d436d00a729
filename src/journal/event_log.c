/* SPDX-License-Identifier: Apache-2.0 */
/* A record is its header and the bytes of a struct event without runs of zeros: again and again how
 * many words of zeros, how many other words, and these. A place is where these bytes begin. If an
 * event is much like an earlier one of its form, its bytes are the exclusive-or of both. */
#include "journal/event_log.h"

#include <stdlib.h>
#include <string.h>

#include "journal/event_fields.h"

struct header {
    uint16_t len; /* of what follows */
    uint16_t kind;
    uint32_t back; /* from its place to that of the event that it is much like; 0: it is whole */
};

/* The last event of its form that is whole. */
struct event_log_base {
    uint32_t form;
    size_t at;
    struct event event;
};
enum { BASES_MAX = 256 };

struct run {
    uint16_t zeros, words;
};

enum {
    WORD = sizeof(uint32_t),
    WORDS = sizeof(struct event) / WORD,
    SHORTEST = 2, /* words of zeros that are worth a run */
    PACKED_MAX = sizeof(struct event) + WORDS / SHORTEST * sizeof(struct run),
};
_Static_assert(EVENT_KINDS <= 64, "each kind has a bit");
_Static_assert(sizeof(struct event) % WORD == 0 && PACKED_MAX <= UINT16_MAX, "an event is words");

union words {
    struct event event;
    uint32_t words[WORDS];
};

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
static size_t pack(const union words *event, uint8_t packed[PACKED_MAX])
{
    const uint32_t *words = event->words;
    size_t at = 0, len = 0;

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

/* Adds to event, which is all zeros or what this one is much like. */
static void unpack(const uint8_t *packed, size_t len, struct event *event)
{
    uint8_t *to = (uint8_t *)event;
    struct run run;

    for (size_t at = 0; at < len; at += sizeof run + (size_t)run.words * WORD) {
        memcpy(&run, packed + at, sizeof run);
        to += (size_t)run.zeros * WORD;
        for (size_t i = 0; i < (size_t)run.words * WORD; i++)
            to[i] ^= packed[at + sizeof run + i];
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

/* The base of this form; a new one is at 0. NULL: an event of this form stands alone. Errors:
 * ERR_FAILED. */
static bool find_base(struct event_log *log, uint32_t form, struct event_log_base **base,
                      struct err *err)
{
    size_t i = log->alone ? BASES_MAX : 0;

    while (i < log->base_count && log->bases[i].form != form)
        i++;
    *base = NULL;
    if (i == BASES_MAX)
        return true;
    if (i == log->base_count) {
        *base = reallocarray(log->bases, i + 1, sizeof **base);
        if (!*base)
            return err_set(err, ERR_FAILED, "There is no memory for the record of this ceremony");
        log->bases = *base;
        log->bases[log->base_count++] = (struct event_log_base){.form = form};
    }
    *base = &log->bases[i];
    return true;
}

/* Packs the event as much like the base, if it then takes less than half; else whole. */
static struct header pack_like(const struct event *event, const struct event_log_base *base,
                               size_t place, uint8_t packed[PACKED_MAX])
{
    uint8_t like[PACKED_MAX];
    union words whole = {.event = *event}, diff;
    struct header header = {.len = (uint16_t)pack(&whole, packed), .kind = (uint16_t)event->kind};
    size_t len;

    if (!base || !base->at || place - base->at > UINT32_MAX)
        return header;
    diff.event = base->event;
    for (size_t i = 0; i < WORDS; i++)
        diff.words[i] ^= whole.words[i];
    len = pack(&diff, like);
    if (len > header.len / 2U)
        return header;
    memcpy(packed, like, len);
    header.len = (uint16_t)len;
    header.back = (uint32_t)(place - base->at);
    return header;
}

bool event_log_add(struct event_log *log, const struct event *event, size_t *at, struct err *err)
{
    const size_t place = log->len + sizeof(struct header);
    uint8_t packed[PACKED_MAX];
    struct event_log_base *base;

    if (!find_base(log, event_fields_form(event), &base, err))
        return false;
    const struct header header = pack_like(event, base, place, packed);
    if (!make_room(log, sizeof header + header.len, err))
        return false;
    memcpy(log->data + log->len, &header, sizeof header);
    memcpy(log->data + place, packed, header.len);
    if (base && !header.back) {
        base->at = place;
        base->event = *event;
    }
    if (at)
        *at = place;
    log->len = place + header.len;
    return true;
}

static struct header header_at(const struct event_log *log, size_t at)
{
    struct header header;

    memcpy(&header, log->data + at - sizeof header, sizeof header);
    return header;
}

bool event_log_next(const struct event_log *log, uint64_t kinds, size_t *at, struct event *event)
{
    size_t place = *at ? *at + header_at(log, *at).len : 0;

    for (place += sizeof(struct header); place <= log->len;
         place += header_at(log, place).len + sizeof(struct header)) {
        if (!(kinds & UINT64_C(1) << header_at(log, place).kind))
            continue;
        *at = place;
        event_log_read(log, place, event);
        return true;
    }
    return false;
}

void event_log_read(const struct event_log *log, size_t at, struct event *event)
{
    const struct header header = header_at(log, at);

    memset(event, 0, sizeof *event);
    if (header.back)
        unpack(log->data + at - header.back, header_at(log, at - header.back).len, event);
    unpack(log->data + at, header.len, event);
}

void event_log_free(struct event_log *log)
{
    free(log->data);
    free(log->bases);
    *log = (struct event_log){0};
}
