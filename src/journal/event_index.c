/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/event_index.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct ledger *ledger, uint32_t number, struct err *err)
{
    size_t room = ledger->key_room ? ledger->key_room : 64;

    while (room < number)
        room *= 2;
    if (room == ledger->key_room)
        return true;
    struct ledger_key *keys = reallocarray(ledger->keys, room, sizeof *keys);
    if (!keys)
        return err_set(err, ERR_FAILED, "There is no memory for the report");
    memset(keys + ledger->key_room, 0, (room - ledger->key_room) * sizeof *keys);
    ledger->keys = keys;
    ledger->key_room = room;
    return true;
}

static void forget_plan(struct ledger *ledger)
{
    if (ledger->keys)
        memset(ledger->keys, 0, ledger->key_room * sizeof *ledger->keys);
    ledger->key_count = 0;
    memset(ledger->more, 0, sizeof ledger->more);
}

static bool note_key(struct ledger *ledger, const struct event *event, size_t at, struct err *err)
{
    if (event->key == 0 || event->key > HSM_OBJECTS_MAX)
        return true;
    if (event->kind == EVENT_PLANNED && event->key == 1)
        forget_plan(ledger);
    if (!make_room(ledger, event->key, err))
        return false;
    struct ledger_key *key = &ledger->keys[event->key - 1];
    if (event->kind == EVENT_PLANNED)
        *key = (struct ledger_key){.planned = at};
    else if (event->kind == EVENT_KEY_DONE)
        key->done = at;
    else if ((unsigned)event->check.method < KEY_CHECKS)
        key->checks[event->check.method] = at;
    if (ledger->key_count < event->key)
        ledger->key_count = event->key;
    return true;
}

/* Where the last word of this kind is kept; NULL: nowhere. */
static size_t *place_for(struct ledger *ledger, const struct event *event)
{
    bool one_side = event->side == SIDE_SOURCE || event->side == SIDE_DESTINATION;

    switch (event->kind) {
    case EVENT_BEGIN:
        return &ledger->begin;
    case EVENT_END:
        return &ledger->end;
    case EVENT_CHOICE:
        if (event->choice.more)
            return (unsigned)event->choice.alg < HSM_ALGS ? &ledger->more[event->choice.alg] : NULL;
        return &ledger->choice[event->choice.envelope];
    case EVENT_HSM:
        return one_side ? &ledger->hsm[event->side] : NULL;
    case EVENT_FINGERPRINT:
        return one_side ? &ledger->fingerprint[event->side] : NULL;
    case EVENT_INVENTORY:
        return one_side ? &ledger->inventory[event->side][event->inventory.after] : NULL;
    case EVENT_OFFER:
        return one_side && (unsigned)event->offer.alg < HSM_ALGS
                   ? &ledger->offer[event->side][event->offer.alg]
                   : NULL;
    default:
        return NULL;
    }
}

enum key_outcome ledger_outcome(const struct event *planned, const struct event *done)
{
    if (done)
        return done->key_done.outcome;
    return planned && planned->planned.route == ROUTE_NONE ? KEY_REFUSED : KEY_PENDING;
}

static void count_outcomes(const struct tape *tape, struct ledger *ledger)
{
    struct event planned, done;

    for (size_t i = 0; i < ledger->key_count; i++) {
        const struct ledger_key *key = &ledger->keys[i];
        if (key->planned)
            tape_read(tape, key->planned, &planned);
        if (key->done)
            tape_read(tape, key->done, &done);
        enum key_outcome outcome =
            ledger_outcome(key->planned ? &planned : NULL, key->done ? &done : NULL);
        bool companion = key->planned && planned.planned.companion_of;
        if ((unsigned)outcome < KEY_OUTCOMES)
            ++*(companion ? &ledger->along[outcome] : &ledger->outcomes[outcome]);
    }
}

bool ledger_make(const struct tape *tape, struct ledger *ledger, struct err *err)
{
    const uint32_t of_keys = 1U << EVENT_PLANNED | 1U << EVENT_KEY_DONE | 1U << EVENT_CHECK;
    struct event event;
    size_t at = 0;

    *ledger = (struct ledger){0};
    while (tape_next(tape, UINT32_MAX, &at, &event)) {
        size_t *place = place_for(ledger, &event);
        if (place)
            *place = at;
        if ((of_keys & UINT32_C(1) << event.kind) && !note_key(ledger, &event, at, err))
            return false;
        ledger->last = at;
    }
    count_outcomes(tape, ledger);
    return true;
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->keys);
    *ledger = (struct ledger){0};
}
