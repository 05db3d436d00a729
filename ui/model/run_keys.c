/* SPDX-License-Identifier: Apache-2.0 */
/* A key is the exclusive-or of its changes, in whatever order they are taken. */
#include "ui/model/run_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/compact.h"

_Static_assert(sizeof(struct run_key) <= COMPACT_MAX, "a key can be packed");

/* From a moment on, a key differs by this from its state before. */
struct change {
    struct compact *bytes;
    uint32_t key;
    uint32_t before; /* the change before of the same key, from 1; 0: there is none */
    uint32_t moment;
};

struct slot {
    uint32_t number; /* of its key; 0: it is free */
    struct run_key key;
};

/* The places of a key, each from 1; 0: none. */
struct place {
    uint32_t change; /* the last one */
    uint8_t at_hand, changing;
};

struct run_keys {
    struct slot at_hand[RUN_KEYS_AT_HAND];
    struct slot changing[RUN_KEYS_AT_HAND]; /* with what is in no change yet */
    unsigned next_at_hand, next_changing;   /* the slot that is used next */
    struct place *places;                   /* by number - 1 */
    size_t room;
    struct change *changes;
    size_t count, change_room;
    size_t kept;     /* changes of moments; those after them are of this one only */
    uint32_t moment; /* later changes do not count */
    uint64_t unpacked;
};

struct run_keys *run_keys_new(void)
{
    return calloc(1, sizeof(struct run_keys));
}

void run_keys_free(struct run_keys *keys)
{
    for (size_t i = 0; keys && i < keys->count; i++)
        compact_free(&keys->changes[i].bytes);
    if (keys) {
        free(keys->changes);
        free(keys->places);
    }
    free(keys);
}

static void add_bytes(struct run_key *to, const struct run_key *change)
{
    uint8_t *a = (uint8_t *)to;
    const uint8_t *b = (const uint8_t *)change;

    for (size_t i = 0; i < sizeof *to; i++)
        a[i] ^= b[i];
}

static void unpack(struct run_keys *keys, uint32_t number, struct run_key *key)
{
    struct run_key change;

    keys->unpacked++;
    memset(key, 0, sizeof *key);
    for (uint32_t at = keys->places[number - 1].change; at; at = keys->changes[at - 1].before) {
        if (keys->changes[at - 1].moment > keys->moment)
            continue;
        compact_get(keys->changes[at - 1].bytes, &change, sizeof change);
        add_bytes(key, &change);
    }
}

/* --- changing --------------------------------------------------------------------------------- */

static bool make_places(struct run_keys *keys, uint32_t number)
{
    size_t room = keys->room ? keys->room : 64;
    struct place *grown;

    while (room < number)
        room *= 2;
    if (room == keys->room)
        return true;
    grown = reallocarray(keys->places, room, sizeof *grown);
    if (!grown)
        return false;
    memset(grown + keys->room, 0, (room - keys->room) * sizeof *grown);
    keys->places = grown;
    keys->room = room;
    return true;
}

static bool make_change(struct run_keys *keys, struct compact **bytes, uint32_t number)
{
    struct change *grown = keys->changes;

    if (keys->count == keys->change_room) {
        size_t room = keys->change_room + keys->change_room / 2 + 64;
        grown = reallocarray(keys->changes, room, sizeof *grown);
        if (!grown)
            return false;
        keys->changes = grown;
        keys->change_room = room;
    }
    grown[keys->count++] = (struct change){.bytes = *bytes,
                                           .key = number,
                                           .before = keys->places[number - 1].change,
                                           .moment = keys->moment};
    *bytes = NULL; /* the change has them */
    keys->places[number - 1].change = (uint32_t)keys->count;
    return true;
}

/* Frees the slot: what was changed there becomes a change. */
static bool note_change(struct run_keys *keys, struct slot *slot)
{
    struct compact *bytes = NULL;
    struct run_key change;

    if (!slot->number)
        return true;
    unpack(keys, slot->number, &change);
    add_bytes(&change, &slot->key);
    if (!compact_set(&bytes, &change, sizeof change) || !make_change(keys, &bytes, slot->number)) {
        compact_free(&bytes);
        return false;
    }
    keys->places[slot->number - 1].changing = 0;
    slot->number = 0;
    return true;
}

static void forget(struct run_keys *keys, struct slot *slot)
{
    if (slot->number)
        keys->places[slot->number - 1].at_hand = 0;
    slot->number = 0;
}

struct run_key *run_keys_change(struct run_keys *keys, uint32_t number)
{
    struct slot *slot = &keys->changing[keys->next_changing];
    struct place *place;

    if (!make_places(keys, number))
        return NULL;
    place = &keys->places[number - 1];
    if (place->changing)
        return &keys->changing[place->changing - 1].key;
    if (!note_change(keys, slot))
        return NULL;
    if (place->at_hand)
        forget(keys, &keys->at_hand[place->at_hand - 1]);
    unpack(keys, number, &slot->key);
    slot->number = number;
    place->changing = (uint8_t)(keys->next_changing + 1);
    keys->next_changing = (keys->next_changing + 1) % RUN_KEYS_AT_HAND;
    return &slot->key;
}

const struct run_key *run_keys_at(struct run_keys *keys, uint32_t number)
{
    struct place *place = &keys->places[number - 1];
    struct slot *slot = &keys->at_hand[keys->next_at_hand];

    if (place->changing)
        return &keys->changing[place->changing - 1].key;
    if (place->at_hand)
        return &keys->at_hand[place->at_hand - 1].key;
    forget(keys, slot);
    unpack(keys, number, &slot->key);
    slot->number = number;
    place->at_hand = (uint8_t)(keys->next_at_hand + 1);
    keys->next_at_hand = (keys->next_at_hand + 1) % RUN_KEYS_AT_HAND;
    return &slot->key;
}

/* --- moments ---------------------------------------------------------------------------------- */

bool run_keys_keep(struct run_keys *keys, uint32_t moment)
{
    for (unsigned i = 0; i < RUN_KEYS_AT_HAND; i++)
        if (!note_change(keys, &keys->changing[i]))
            return false;
    for (; keys->kept < keys->count; keys->kept++)
        keys->changes[keys->kept].moment = moment;
    keys->moment = moment;
    return true;
}

void run_keys_restore(struct run_keys *keys, uint32_t moment)
{
    for (; keys->count > keys->kept; keys->count--) {
        struct change *last = &keys->changes[keys->count - 1];
        keys->places[last->key - 1].change = last->before;
        compact_free(&last->bytes);
    }
    for (unsigned i = 0; i < RUN_KEYS_AT_HAND; i++) {
        forget(keys, &keys->at_hand[i]);
        if (keys->changing[i].number)
            keys->places[keys->changing[i].number - 1].changing = 0;
        keys->changing[i].number = 0;
    }
    keys->moment = moment;
}

uint64_t run_keys_unpacked(const struct run_keys *keys)
{
    return keys ? keys->unpacked : 0;
}

size_t run_keys_size(const struct run_keys *keys)
{
    size_t size = keys ? keys->count * sizeof *keys->changes : 0;

    for (size_t i = 0; keys && i < keys->count; i++)
        size += compact_size(keys->changes[i].bytes);
    return size;
}
