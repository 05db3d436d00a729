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

/* The plan before this place is void. */
static void forget_plan(struct event_index *index, size_t at)
{
    index->plan = at;
    index->plan_number = 0;
    if (index->keys)
        memset(index->keys, 0, index->key_room * sizeof *index->keys);
    index->key_count = 0;
    memset(index->more, 0, sizeof index->more);
    index->script.differences = 0;
}

static void note_proof(struct event_index_key *key, const struct event *event, size_t at)
{
    static const enum step_id stages[EVENT_INDEX_PROOFS] = {STEP_PROVE, STEP_PROVE_AGAIN,
                                                            STEP_PROVE_FRESH};
    unsigned stage = 0;

    if (event->proof.state == EVENT_BEGUN)
        return;
    while (stage < EVENT_INDEX_PROOFS && stages[stage] != event->proof.stage)
        stage++;
    key->disordered |= event->proof.state != EVENT_OK || stage == EVENT_INDEX_PROOFS;
    for (unsigned later = stage; later < EVENT_INDEX_PROOFS; later++)
        key->disordered |= key->proofs[later] != 0;
    if (!key->disordered)
        key->proofs[stage] = at;
}

static bool note_key(struct event_index *index, const struct event *event, size_t at,
                     struct err *err)
{
    if (event->key == 0 || event->key > HSM_OBJECTS_MAX)
        return true;
    if (event->kind == EVENT_PLANNED && event->key == 1) {
        forget_plan(index, at);
        index->plan_number = event->planned.plan;
        index->script.planned = at;
    }
    if (!make_room(index, event->key, err))
        return false;
    struct event_index_key *key = &index->keys[event->key - 1];
    if (event->kind == EVENT_PLANNED)
        *key = (struct event_index_key){.planned = at};
    else if (event->kind == EVENT_KEY_DONE)
        key->done = at;
    else if (event->kind == EVENT_PROOF)
        note_proof(key, event, at);
    else if ((unsigned)event->kcv.method < KCV_METHODS)
        key->kcvs[event->kcv.method] = at;
    if (index->key_count < event->key)
        index->key_count = event->key;
    return true;
}

/* The member that holds the latest event of this kind; NULL: none. */
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

/* --- the script --- */

static void note_script(struct event_index *index, const struct event *event, size_t at)
{
    struct event_index_script *script = &index->script;
    enum script_what what = event->script.what;

    script->lines += what == SCRIPT_LINE;
    if (what == SCRIPT_OPENED && event->script.line == 1) {
        forget_plan(index, at); /* the source was opened again: that plan is void */
        script->opened = at;
        script->planned = script->keys = 0;
    }
    script->keys += what == SCRIPT_KEY;
    script->differences += what >= SCRIPT_LEFT_OUT && what <= SCRIPT_POLICY;
}

static int compare_handles(const void *a, const void *b)
{
    const struct event_index_handle *x = a, *y = b;

    return x->handle < y->handle ? -1 : x->handle > y->handle;
}

uint32_t event_index_number(const struct event_index *index, uint64_t handle)
{
    const struct event_index_handle key = {.handle = handle}, *found = NULL;

    if (index->script.handle_count)
        found = bsearch(&key, index->script.handles, index->script.handle_count, sizeof key,
                        compare_handles);
    return found ? found->number : 0;
}

/* Which keys of the plan the script names. */
static bool join_script(const struct event_log *log, struct event_index *index, struct err *err)
{
    struct event_index_script *script = &index->script;
    struct event event;

    if (!script->opened)
        return true;
    script->handles = calloc(index->key_count + 1, sizeof *script->handles);
    if (!script->handles)
        return err_set(err, ERR_FAILED, "There is no memory for the report");
    for (size_t i = 0; i < index->key_count; i++) {
        if (!index->keys[i].planned)
            continue;
        event_log_read(log, index->keys[i].planned, &event);
        if (!event.planned.companion_of) /* which can have the handle of its key */
            script->handles[script->handle_count++] =
                (struct event_index_handle){event.planned.desc.handle, (uint32_t)i + 1};
    }
    qsort(script->handles, script->handle_count, sizeof *script->handles, compare_handles);
    for (size_t at = script->opened;
         event_log_next(log, UINT64_C(1) << EVENT_SCRIPT, &at, &event);) {
        uint32_t number = event_index_number(index, event.script.handle);
        if (event.script.what == SCRIPT_KEY && number)
            index->keys[number - 1].line = event.script.line;
    }
    return true;
}

enum script_outcome event_index_script(const struct event_index *index)
{
    const struct event_index_script *script = &index->script;

    return script_judge(script->lines > 0, script->differences > 0,
                        script->arrived == 0 || script->arrived < script->keys);
}

static void count_outcomes(const struct event_log *log, struct event_index *index)
{
    struct event planned, done;

    for (size_t i = 0; i < index->key_count; i++) {
        struct event_index_key *key = &index->keys[i];
        if (key->planned)
            event_log_read(log, key->planned, &planned);
        if (key->done)
            event_log_read(log, key->done, &done);
        enum key_outcome outcome =
            event_index_outcome(key->planned ? &planned : NULL, key->done ? &done : NULL);
        bool companion = key->planned && planned.planned.companion_of;
        key->proven =
            key->done &&
            (outcome == KEY_MIGRATED || outcome == KEY_ALIGNED || outcome == KEY_DERIVED) &&
            !key->disordered;
        index->script.arrived += key->line && (outcome == KEY_MIGRATED || outcome == KEY_SEALED ||
                                               outcome == KEY_ALIGNED || outcome == KEY_DERIVED);
        if ((unsigned)outcome < KEY_OUTCOMES)
            ++*(companion ? &index->companions[outcome] : &index->outcomes[outcome]);
    }
}

bool event_index_make(const struct event_log *log, struct event_index *index, struct err *err)
{
    const uint64_t of_keys =
        1U << EVENT_PLANNED | 1U << EVENT_KEY_DONE | 1U << EVENT_KCV | 1U << EVENT_PROOF;
    struct event event;
    size_t at = 0;

    *index = (struct event_index){0};
    while (event_log_next(log, UINT64_MAX, &at, &event)) {
        size_t *place = place_for(index, &event);
        if (place)
            *place = at;
        if ((of_keys & UINT64_C(1) << event.kind) && !note_key(index, &event, at, err))
            return false;
        if (event.kind == EVENT_SCRIPT)
            note_script(index, &event, at);
        index->last = at;
    }
    if (!join_script(log, index, err))
        return false;
    count_outcomes(log, index);
    return true;
}

void event_index_free(struct event_index *index)
{
    free(index->keys);
    free(index->script.handles);
    *index = (struct event_index){0};
}
