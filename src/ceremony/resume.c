/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resuming an interrupted ceremony. Both HSMs are searched for the objects that its journal
 * announced. A key that exists, was announced, and proves to be the same key, is kept; any other
 * key of this name is a conflict, and nothing is touched; a key that does not exist is migrated
 * again. Everything is examined before anything is changed.
 */
#include "ceremony/ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/align.h"
#include "ceremony/canary.h"
#include "ceremony/conflicts.h"
#include "ceremony/cut_off.h"
#include "ceremony/lock_tokens.h"
#include "ceremony/demands.h"
#include "ceremony/half_derived.h"
#include "ceremony/members.h"
#include "ceremony/sweep.h"
#include "ceremony/walk.h"
#include "plan/companion.h"
#include "plan/name_index.h"
#include "transfer/public_object.h"

/* Sorted names, for the search. */
struct search {
    struct names interrupted, source, destination;
};

static bool search_make(const struct ceremony *c, struct search *search, struct err *err)
{
    return names_make(&c->setup.interrupted->descs, &search->interrupted, err) &&
           names_make(&c->side[SIDE_SOURCE].keys, &search->source, err) &&
           names_make(&c->side[SIDE_DESTINATION].keys, &search->destination, err);
}

static void search_free(struct search *search)
{
    names_free(&search->interrupted);
    names_free(&search->source);
    names_free(&search->destination);
}

/* The state of the key of this name in the journal; NULL: it is not there. */
static const struct interrupted_key *known(const struct ceremony *c, const struct search *search,
                                           const struct key_desc *key)
{
    const struct key_desc *found = names_only(&search->interrupted, key);

    return found ? &c->setup.interrupted->keys[found - c->setup.interrupted->descs.keys] : NULL;
}

static const struct key_desc *was_of(const struct ceremony *c, const struct interrupted_key *was)
{
    return &c->setup.interrupted->descs.keys[was - c->setup.interrupted->keys];
}

static bool conflict(struct err *err, const struct key_desc *key, const char *what)
{
    char label[KEY_LABEL_TEXT];

    err_set(err, ERR_CONFLICT, "%.200s: %s", key_label_text(key, label), what);
    err_now(err, "Nothing was touched");
    return err_next(err, "Look at both tokens with their vendors' own tools, and decide yourself "
                         "which keys to keep");
}

static bool check_tokens(const struct ceremony *c, struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct hsm_slot *was = &c->setup.interrupted->slot[side], *is = c->side[side].slot;
        if (!is)
            return err_set(err, ERR_USAGE, "no token of the %s is chosen", side_name(side));
        if (strcmp(was->serial, is->serial) == 0 && strcmp(was->label, is->label) == 0 &&
            strcmp(was->manufacturer, is->manufacturer) == 0)
            continue;
        err_set(err, ERR_CONFLICT,
                "the token of the %s is %.40s, serial %.40s, but the interrupted ceremony had "
                "%.40s, serial %.40s",
                side_name(side), is->label, is->serial, was->label, was->serial);
        err_now(err, "Nothing was touched");
        return err_next(err, "Name the ceremony file for those two tokens");
    }
    return true;
}

/* --- the plan --- */

/* The objects of the destination without those that may be ours, whose names are not taken. */
static bool list_others(const struct ceremony *c, const struct search *search,
                        struct key_list *others, struct err *err)
{
    const struct key_list *keys = &c->side[SIDE_DESTINATION].keys;

    for (size_t i = 0; i < keys->count; i++) {
        const struct key_desc *key = &keys->keys[i];
        const struct interrupted_key *was = known(c, search, key);
        if (!cut_off_left(c, SIDE_DESTINATION, key) && !(was && was->intended) &&
            !key_list_add(others, key))
            return err_set(err, ERR_FAILED, "no memory for %zu keys", keys->count);
    }
    return true;
}

static bool same_half(const struct key_desc *is, const struct key_desc *was)
{
    return is->has_public == was->has_public &&
           memcmp(is->spki_sha256, was->spki_sha256, sizeof is->spki_sha256) == 0;
}

/* May its public half be missing in the list, and be found when the plan is made (half.c)? */
static bool found_elsewhere(const struct key_desc *was)
{
    return was->class == KEY_CLASS_PRIVATE && was->has_public;
}

/* A key of its plan under the name that it has on the source. */
static struct key_desc listed_as(const struct interrupted_ceremony *interrupted, size_t i)
{
    struct key_desc key = interrupted->descs.keys[i];

    return plan_item_listed(&(struct plan_item){.key = &key, .from = interrupted->keys[i].from});
}

/* The name under which it was to arrive. */
static struct plan_known known_as(uint64_t handle, const struct key_desc *was)
{
    struct plan_known known = {
        .handle = handle, .renamed = true, .name = {was->label_len, was->id_len, {0}, {0}}};

    memcpy(known.name.label, was->label, sizeof known.name.label);
    memcpy(known.name.id, was->id, sizeof known.name.id);
    return known;
}

static int compare_known(const void *a, const void *b)
{
    return key_compare_handles(&((const struct plan_known *)a)->handle,
                               &((const struct plan_known *)b)->handle);
}

/* An HSM may lose an object while it changes it. Its original is on the source. */
static bool find_copy(struct ceremony *c, const struct key_desc *key, struct plan_known *known,
                      struct err *err)
{
    char label[KEY_LABEL_TEXT];

    return conflicts_find_copy(c, key->handle, known, err) &&
           (known->there ||
            emit_warning(&c->narrator, SIDE_DESTINATION, NO_ITEM, err, "copy-gone",
                         "%.200s: the copy that was to be brought into line is gone; %s",
                         key_label_text(key, label),
                         c->setup.interrupted->clean ? "hsmferry resync migrates the key again"
                                                     : "the key is migrated again"));
}

/* Selects the keys of the source that had been selected. One that no longer exists can be neither
 * migrated nor proven; that does not matter if it was refused then. */
static bool select_keys(struct ceremony *c, const struct search *search, uint64_t *handles,
                        struct plan_known *known, struct selection *selection, struct err *err)
{
    const struct interrupted_ceremony *interrupted = c->setup.interrupted;
    size_t *count = &selection->handle_count;

    for (size_t i = 0; i < interrupted->descs.count; i++) {
        const struct key_desc *was = &interrupted->descs.keys[i];
        const struct key_desc listed = listed_as(interrupted, i);
        const struct key_desc *is = names_only(&search->source, &listed);
        bool same = is && is->kind == was->kind && (found_elsewhere(was) || same_half(is, was));
        if (interrupted->keys[i].companion)
            continue;
        if (!same && !interrupted->keys[i].refused)
            return conflict(err, was, "this key is no longer on the source as it was");
        if (same)
            handles[(*count)++] = is->handle;
        if (same && interrupted->keys[i].aligned &&
            !find_copy(c, is, &known[selection->known_count++], err))
            return false;
        if (same && interrupted->keys[i].from)
            known[selection->known_count++] = known_as(is->handle, was);
    }
    if (selection->known_count > 1)
        qsort(known, selection->known_count, sizeof *known, compare_known);
    return true;
}

static bool are_as_they_were(const struct ceremony *c, const struct search *search, struct err *err)
{
    for (size_t i = 0; i < c->plan.count; i++) {
        const struct key_desc *is = c->plan.items[i].key;
        const struct interrupted_key *was = known(c, search, is);
        if (was && !was->companion && !was->refused && found_elsewhere(was_of(c, was)) &&
            !same_half(is, was_of(c, was)))
            return conflict(err, is, "this key is no longer on the source as it was");
    }
    return true;
}

/* Was any copy to be brought into line? */
static bool aligns(const struct ceremony *c)
{
    for (size_t i = 0; i < c->setup.interrupted->descs.count; i++)
        if (c->setup.interrupted->keys[i].aligned)
            return true;
    return false;
}

static bool make_plan(struct ceremony *c, const struct search *search, struct err *err)
{
    uint64_t *handles = calloc(c->setup.interrupted->descs.count + 1, sizeof *handles);
    struct plan_known *names = calloc(c->setup.interrupted->descs.count + 1, sizeof *names);
    struct selection selection = {.handles = handles, .known = names};
    struct key_list others = {0};
    bool ok = (handles && names) || err_set(err, ERR_FAILED, "no memory for the keys");

    ok = ok && (!aligns(c) || align_lists(c, false, err)) &&
         select_keys(c, search, handles, names, &selection, err) &&
         list_others(c, search, &others, err) &&
         ceremony_plan_review(c, &others, &selection, err) && are_as_they_were(c, search, err);
    /* Only a key that was refused then may be refused again without a failure. */
    for (size_t i = 0; ok && i < c->plan.count; i++) {
        const struct interrupted_key *was = known(c, search, c->plan.items[i].key);
        c->plan.items[i].explicit = was && (was->explicit || !was->refused);
    }
    while (ok && !c->setup.interrupted->clean && canary_due(c))
        ok = canary_run(c, err) && plan_judge(&c->setup.policy, &c->suite,
                                              &c->side[SIDE_SOURCE].keys, &others, &c->plan, err);
    free(handles);
    free(names);
    key_list_free(&others);
    return ok && public_objects_judge(source_of(c), &c->plan, err) &&
           transfers_make(&c->plan, &c->transport, &c->transfers, err);
}

/* Searches for one key of the plan, by its name only. */
static bool look_for(struct ceremony *c, const struct search *search, size_t i, struct err *err)
{
    struct plan_item *item = &c->plan.items[i];
    const struct interrupted_key *was = known(c, search, item->key);
    unsigned there = names_same(&search->destination, item->key);

    if (item->there) /* nothing of it was put there */
        return true;
    if (!was && item->companion_of) /* it is new on the source; the plan has judged it */
        return true;
    if (!was)
        return conflict(err, item->key, "the journal names it twice");
    if (there == 0 || (!was->intended && (was->failed || was->refused)))
        return true;
    if (there > 1)
        return conflict(err, item->key, "there are two of this name on the destination");
    if (!was->intended)
        return conflict(err, item->key,
                        "it is on the destination, and the interrupted ceremony did not put it "
                        "there");
    if (item->route == ROUTE_NONE && !companion_is_refused(item->reason.code)) {
        *err = err_note_get(&item->reason); /* a failure of an HSM is no conflict */
        return err_now(err, "Nothing was touched");
    }
    if (item->route == ROUTE_NONE || (item->unproven && !was->waived))
        return conflict(err, item->key, "it is on the destination, and cannot be proven");
    c->transfers.at[i].final = names_only(&search->destination, item->key)->handle;
    return true;
}

static void settle(struct ceremony *c, size_t i)
{
    struct transfer *t = &c->transfers.at[i];
    struct plan_item *item = t->item;
    struct err reason;

    if (t->final || c->setup.interrupted->clean) {
        *(item->companion_of ? &c->plan.companions : &c->plan.movable) -= item->route != ROUTE_NONE;
        item->route = t->final ? item->route : ROUTE_NONE;
        err_set(&reason, ERR_NONE, "%s",
                t->final ? "it is there already, announced by the interrupted ceremony"
                         : "it was not migrated, and is not started again");
        err_note_set(&item->reason, &reason);
    }
    if (item->route == ROUTE_NONE)
        transfer_leave_out(t);
}

/* Is the object of this name on the destination this key? If an HSM cannot show it, that is no
 * conflict. */
static bool prove_kept(struct ceremony *c, struct transfer *t, struct err *err)
{
    const struct key_desc *key = t->item->key;
    const struct crew crew = crew_of(c);
    bool ok = public_object_read(source_of(c), t->item, &t->wire.spki, err) &&
              rows_prove_again(&crew, t, err);

    transfer_reset(t);
    if (ok || (err->code != ERR_DATA && err->code != ERR_UNSUPPORTED))
        return ok;
    return conflict(err, key,
                    "the object of its name on the destination is another key, or has "
                    "weaker guards");
}

/* Cleaning up removes a key that the interrupted ceremony had not proven, even if it was proven
 * just now. */
static bool take_back(struct ceremony *c, const struct search *search, struct transfer *t,
                      struct err *err)
{
    struct key_desc found;
    struct err reason;

    if (!c->setup.interrupted->clean || !t->final || known(c, search, t->item->key)->proven)
        return true;
    compact_get(t->found, &found, sizeof found);
    if (!sweep_object(&c->side[SIDE_DESTINATION], &found, "kept, but not proven then", &c->narrator,
                      err))
        return false;
    err_set(&reason, ERR_NONE, "its commit was interrupted: it was removed");
    err_note_set(&t->item->reason, &reason);
    transfer_take_back(t);
    return true;
}

static bool look(struct ceremony *c, const struct search *search, struct err *err)
{
    const struct agreement on = agreement_of(c);

    c->narrator.plan++;
    if (!make_plan(c, search, err))
        return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (!look_for(c, search, i, err))
            return false;
    for (size_t i = 0; i < c->plan.count; i++)
        settle(c, i);
    if (!canary_must_pass(c, err) || !emit_plan(&c->narrator, &on, &c->plan, &c->transfers, err))
        return false;
    /* If no plan was made before the interruption, there is none to compare with the script. */
    if (c->plan.count > 0 && !script_watch_plan(&c->verdicts.script, &c->plan, &c->narrator, err))
        return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (c->transfers.at[i].final && !prove_kept(c, &c->transfers.at[i], err))
            return false;
    return true;
}

static bool change(struct ceremony *c, const struct search *search, struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!cut_off_sweep(c, side, err))
            return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (!take_back(c, search, &c->transfers.at[i], err))
            return false;
    return true;
}

/* The plan marks the keys that exist already: only the others are migrated, if there are any. */
static bool begin(struct ceremony *c, struct err *err)
{
    struct err failure = {0};

    c->walk.begun = true;
    if (c->plan.movable + c->plan.companions == 0)
        c->walk.phase = PHASE_CLOSING;
    if (!inventory_open(c->side, &c->result.left, &c->narrator, err))
        return false;
    if (!c->setup.interrupted->clean && !canary_must_store(c, &failure))
        walk_end_with(c, &failure); /* the keys that exist already are proven nevertheless */
    return true;
}

static bool go_on(struct ceremony *c, struct err *err)
{
    struct search search = {0};
    bool ok = search_make(c, &search, err) && look(c, &search, err) && change(c, &search, err) &&
              begin(c, err);

    search_free(&search);
    return ok;
}

/* A new key is never finished later: its pairs are gone, and nobody has used it. */
static bool undo_derived(struct ceremony *c, struct err *err)
{
    const struct interrupted_ceremony *all = c->setup.interrupted;
    struct interrupted_ceremony rest = *all;
    bool ok;

    if (!half_derived_sweep(c, err))
        return false;
    if (!emit_note(&c->narrator, EVENT_WARNING, SIDE_RELAY, "no-plan",
                   "a new key is not finished later: what was kept of it was destroyed on both "
                   "sides; start the ceremony again afterwards"))
        return emit_why(&c->narrator, err);
    if (!ceremony_refresh(c, SIDE_SOURCE, err) || !ceremony_refresh(c, SIDE_DESTINATION, err))
        return false;
    rest.descs.count = 0;
    c->setup.interrupted = &rest;
    ok = go_on(c, err);
    c->setup.interrupted = all;
    return ok;
}

bool ceremony_resume(struct ceremony *c, struct err *err)
{
    if (!c->setup.interrupted || c->walk.begun)
        return err_set(err, ERR_USAGE, "there is nothing to resume, or it has begun");
    if (!check_tokens(c, err) || !lock_tokens(c, err) ||
        (c->suite.option_count == 0 && !ceremony_negotiate(c, err)))
        return false;
    /* Objects that were listed before the lock may have been changed by another ceremony. */
    if (!ceremony_refresh(c, SIDE_SOURCE, err) || !ceremony_refresh(c, SIDE_DESTINATION, err))
        return false;
    if (c->setup.interrupted->descs.count == 0 &&
        !emit_note(&c->narrator, EVENT_WARNING, SIDE_RELAY, "no-plan",
                   "no plan was made before it was interrupted: this only removes what the canary "
                   "may have left; start the ceremony again afterwards"))
        return emit_why(&c->narrator, err);
    return half_derived_is(c) ? undo_derived(c, err) : go_on(c, err);
}
