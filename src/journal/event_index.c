/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/event_index.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct event_index *index, uint32_t number, struct err *err)
{
    size_t room = index->key_room ? index->key_room : 64;

    while (room < number)
        room *= 2;
    if (room == index->key_room)
        return true;
    struct event_index_key *keys = reallocarray(index->keys, room, sizeof *keys);
    if (!keys)
        return err_set(err, ERR_FAILED, "There is no memory for the report");
    memset(keys + index->key_room, 0, (room - index->key_room) * sizeof *keys);
    index->keys = keys;
    index->key_room = room;
    return true;
}

static void forget_plan(struct event_index *index)
{
    if (index->keys)
        memset(index->keys, 0, index->key_room * sizeof *index->keys);
    index->key_count = 0;
    memset(index->more, 0, sizeof index->more);
}

static bool note_key(struct event_index *index, const struct event *event, size_t at,
                     struct err *err)
{
    if (event->key == 0 || event->key > HSM_OBJECTS_MAX)
        return true;
    if (event->kind == EVENT_PLANNED && event->key == 1)
        forget_plan(index);
    if (!make_room(index, event->key, err))
        return false;
    struct event_index_key *key = &index->keys[event->key - 1];
    if (event->kind == EVENT_PLANNED)
        *key = (struct event_index_key){.planned = at};
    else if (event->kind == EVENT_KEY_DONE)
        key->done = at;
    else if ((unsigned)event->kcv.method < KCV_METHODS)
        key->kcvs[event->kcv.method] = at;
    if (index->key_count < event->key)
        index->key_count = event->key;
    return true;
}

/* Where the last word of this kind is kept; NULL: nowhere. */
static size_t *place_for(struct event_index *index, const struct event *event)
{
    bool one_side = event->side == SIDE_SOURCE || event->side == SIDE_DESTINATION;

    switch (event->kind) {
    case EVENT_BEGIN:
        return &index->begin;
    case EVENT_END:
        return &index->end;
    case EVENT_CHOICE:
        if (event->choice.more)
            return (unsigned)event->choice.alg < HSM_ALGS ? &index->more[event->choice.alg] : NULL;
        return &index->choice[event->choice.envelope];
    case EVENT_HSM:
        return one_side ? &index->hsm[event->side] : NULL;
    case EVENT_FINGERPRINT:
        return one_side ? &index->fingerprint[event->side] : NULL;
    case EVENT_INVENTORY:
        return one_side ? &index->inventory[event->side][event->inventory.after] : NULL;
    case EVENT_CAPABILITY:
        return one_side && (unsigned)event->capability.alg < HSM_ALGS
                   ? &index->capability[event->side][event->capability.alg]
                   : NULL;
    default:
        return NULL;
    }
}

enum key_outcome event_index_outcome(const struct event *planned, const struct event *done)
{
    if (done)
        return done->key_done.outcome;
    return planned && planned->planned.route == ROUTE_NONE ? KEY_REFUSED : KEY_PENDING;
}

static void count_outcomes(const struct event_log *log, struct event_index *index)
{
    struct event planned, done;

    for (size_t i = 0; i < index->key_count; i++) {
        const struct event_index_key *key = &index->keys[i];
        if (key->planned)
            event_log_read(log, key->planned, &planned);
        if (key->done)
            event_log_read(log, key->done, &done);
        enum key_outcome outcome =
            event_index_outcome(key->planned ? &planned : NULL, key->done ? &done : NULL);
        bool companion = key->planned && planned.planned.companion_of;
        if ((unsigned)outcome < KEY_OUTCOMES)
            ++*(companion ? &index->companions[outcome] : &index->outcomes[outcome]);
    }
}

bool event_index_make(const struct event_log *log, struct event_index *index, struct err *err)
{
    const uint32_t of_keys = 1U << EVENT_PLANNED | 1U << EVENT_KEY_DONE | 1U << EVENT_KCV;
    struct event event;
    size_t at = 0;

    *index = (struct event_index){0};
    while (event_log_next(log, UINT32_MAX, &at, &event)) {
        size_t *place = place_for(index, &event);
        if (place)
            *place = at;
        if ((of_keys & UINT32_C(1) << event.kind) && !note_key(index, &event, at, err))
            return false;
        index->last = at;
    }
    count_outcomes(log, index);
    return true;
}

void event_index_free(struct event_index *index)
{
    free(index->keys);
    *index = (struct event_index){0};
}
