/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a ceremony ends, well or not: the transport keys are destroyed, the inventories compared, and
 * a fresh process proves what is on the destination. What the inventory then shows is left over.
 */
#include "ceremony/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "plan/name_index.h"
#include "transfer/proof.h"

bool closing_destroy(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    size_t count;
    const struct step_row *rows = steps_table(&count);
    struct err first = {0}, one;

    for (size_t i = count; i-- > 0;) {
        const struct step_row *row = &rows[i];
        if (row->for_each != ROW_ONCE || !row->undo || !(c->done & 1U << i))
            continue;
        c->done &= ~(1U << i);
        /* Session objects of an HSM that is gone went with their session. */
        if (c->side[step_side(row->id)].gone || row->undo(c, &one))
            continue;
        c->side[step_side(row->id)].gone |= one.code == ERR_GONE;
        if (first.code == ERR_NONE)
            first = one;
    }
    snprintf(facts->text, sizeof facts->text, "no transport key is left");
    if (first.code == ERR_NONE)
        return true;
    *err = first;
    return false;
}

static bool read_handles(const struct party *party, uint64_t **handles, size_t *count,
                         struct err *err)
{
    if (party->gone)
        return err_set(err, ERR_GONE, "the HSM no longer answers");
    return party->hsm->driver->handles(party->hsm, handles, count, err);
}

bool login_inventory(struct ceremony *c, enum side side, struct err *err)
{
    struct party *party = &c->side[side];

    free(party->before);
    party->before = NULL;
    return read_handles(party, &party->before, &party->before_count, err);
}

static bool has_handle(const uint64_t *sorted, size_t count, uint64_t handle)
{
    return bsearch(&handle, sorted, count, sizeof *sorted, key_compare_handles) != NULL;
}

bool inventory_has(const struct party *party, uint64_t handle)
{
    return party->before && has_handle(party->before, party->before_count, handle);
}

void inventory_forget(struct party *party, uint64_t handle)
{
    size_t kept = 0;

    for (size_t i = 0; i < party->before_count; i++)
        if (party->before[i] != handle)
            party->before[kept++] = party->before[i];
    party->before_count = kept;
}

/* An object that is gone, as it was listed. */
static void name_missing(const struct party *party, uint64_t handle, char *text, size_t size)
{
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    for (size_t i = 0; i < party->keys.count; i++) {
        const struct key_desc *key = &party->keys.keys[i];
        if (key->handle != handle)
            continue;
        snprintf(text, size, "handle %llu: %s, %s, %.120s", (unsigned long long)handle,
                 key_class_name(key->class), key_type_text(key, type), key_label_text(key, label));
        return;
    }
    snprintf(text, size, "handle %llu, which was not listed", (unsigned long long)handle);
}

/* How many of the login's objects are not among these; of the first, what it was. */
static uint32_t count_missing(const struct party *party, const uint64_t *now, size_t count,
                              char *first, size_t size)
{
    uint32_t missing = 0;

    for (size_t i = 0; i < party->before_count; i++)
        if (!has_handle(now, count, party->before[i]) && missing++ == 0)
            name_missing(party, party->before[i], first, size);
    return missing;
}

static bool fail_missing(enum side side, uint32_t missing, const char *first, struct err *err)
{
    err_set(err, ERR_UNFINISHED,
            "%u of the objects that were on the %s at the login %s gone: %.150s", missing,
            side_name(side), missing == 1 ? "is" : "are", first);
    return err_next(err, "Find out who destroyed it before anything else is done there: another "
                         "program, or the HSM itself.");
}

/* What one side holds now. Errors: ERR_UNFINISHED: an object is gone since the login. */
static bool look_again(const struct ceremony *c, enum side side, uint64_t **now, size_t *count,
                       struct err *err)
{
    const struct party *party = &c->side[side];
    char first[EVENT_TEXT_MAX];
    uint32_t missing;

    if (!read_handles(party, now, count, err))
        return false;
    missing = count_missing(party, *now, *count, first, sizeof first);
    if (missing == 0)
        return true;
    free(*now);
    return fail_missing(side, missing, first, err);
}

bool inventory_tell_now(struct ceremony *c, struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct err look = {0};
        uint64_t *now;
        size_t count;
        if (!c->side[side].before)
            continue;
        if (look_again(c, side, &now, &count, &look)) {
            free(now);
            continue;
        }
        if (look.code == ERR_UNFINISHED || err->code == ERR_NONE)
            *err = look;
        if (look.code != ERR_UNFINISHED)
            err_now(err, "The %s cannot be looked at: whether anything was changed is not known.",
                    side_name(side));
        return false;
    }
    if (err->code == ERR_NONE)
        return true;
    return err->now[0] ? false : err_now(err, "Nothing was changed.");
}

bool opening_inventory(struct ceremony *c, struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct party *party = &c->side[side];
        uint64_t *now;
        size_t count;
        if (!look_again(c, side, &now, &count, err))
            return false;
        free(party->before);
        party->before = now;
        party->before_count = count;
        if (!tell_inventory(c, side, false, count, 0, 0, now, err))
            return false;
    }
    return c->inventory = true;
}

/* The handles of the keys that this ceremony has brought, sorted; the caller frees them. */
static uint64_t *brought(const struct ceremony *c, size_t *count, struct err *err)
{
    uint64_t *finals = calloc(c->plan.count + 1, sizeof *finals);

    *count = 0;
    for (size_t i = 0; finals && i < c->plan.count; i++)
        if (c->fates[i].proven)
            finals[(*count)++] = c->fates[i].final;
    if (finals)
        qsort(finals, *count, sizeof *finals, key_compare_handles);
    else
        err_set(err, ERR_FAILED, "no memory for an inventory");
    return finals;
}

/* Tells of an object that nobody can explain, as far as the HSM describes it. */
static void tell_unexplained(struct ceremony *c, enum side side, uint64_t handle)
{
    struct hsm *hsm = c->side[side].hsm;
    struct key_desc key;
    struct err err;
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    if (hsm->driver->describe(hsm, handle, &key, &err))
        tell_note(c, EVENT_WARNING, side, "unexplained", "handle %llu: %s, %s, %.120s",
                  (unsigned long long)handle, key_class_name(key.class), key_type_text(&key, type),
                  key_label_text(&key, label));
    else
        tell_note(c, EVENT_WARNING, side, "unexplained", "handle %llu: %.150s",
                  (unsigned long long)handle, err.what);
}

static void tell_missing(struct ceremony *c, enum side side, const uint64_t *now, size_t count)
{
    const struct party *party = &c->side[side];
    char text[EVENT_TEXT_MAX];

    for (size_t i = 0; i < party->before_count; i++)
        if (!has_handle(now, count, party->before[i])) {
            name_missing(party, party->before[i], text, sizeof text);
            tell_note(c, EVENT_WARNING, side, "missing", "%s", text);
        }
}

/* Compares one side's handles with those of before. Where the first step was not reached, nobody
 * was told those, nor is this one. */
static bool compare_inventory(struct ceremony *c, enum side side, struct err *err)
{
    struct party *party = &c->side[side];
    char first[EVENT_TEXT_MAX];
    uint64_t *now = NULL, *finals;
    size_t count = 0, final_count = 0;
    uint32_t unexplained = 0, missing;
    bool ok;

    if (!read_handles(party, &now, &count, err)) {
        party->gone |= err->code == ERR_GONE;
        c->unsure |= !party->gone; /* the session objects of one that is gone went with it */
        return false;
    }
    finals = brought(c, &final_count, err);
    if (!finals) {
        free(now);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!has_handle(party->before, party->before_count, now[i]) &&
            (side == SIDE_SOURCE || !has_handle(finals, final_count, now[i]))) {
            unexplained++;
            tell_unexplained(c, side, now[i]);
        }
    free(finals);
    missing = count_missing(party, now, count, first, sizeof first);
    tell_missing(c, side, now, count);
    c->left_over += unexplained;
    c->lost += missing;
    party->intact = unexplained + missing == 0;
    ok = !c->inventory || tell_inventory(c, side, true, count, unexplained, missing, now, err);
    free(now);
    if (ok && missing)
        return fail_missing(side, missing, first, err);
    if (ok && unexplained)
        ok = err_set(err, ERR_UNFINISHED, "the inventory of the %s differs: %u unexplained",
                     side_name(side), unexplained);
    return ok;
}

bool closing_inventory(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct err of_source = {0}, of_destination = {0};
    bool source, destination;

    if (!c->side[SIDE_SOURCE].before || !c->side[SIDE_DESTINATION].before) {
        snprintf(facts->text, sizeof facts->text, "not needed: nobody has logged in to both");
        return true;
    }
    source = compare_inventory(c, SIDE_SOURCE, &of_source);
    destination = compare_inventory(c, SIDE_DESTINATION, &of_destination);
    if (!source || !destination) {
        *err = source ? of_destination : of_source;
        return false;
    }
    snprintf(facts->text, sizeof facts->text,
             "nothing left over on the source, nothing on the destination");
    return true;
}

/* --- the fresh process --- */

/* The slot of the very same token, as a process of its own sees it. */
static bool find_same_token(struct hsm *fresh, const struct hsm_slot *was, uint64_t *slot,
                            struct err *err)
{
    struct hsm_slot_list slots = {0};
    unsigned found = 0;

    if (!fresh->driver->slots(fresh, &slots, err))
        return false;
    for (size_t i = 0; i < slots.count; i++)
        if (hsm_same_token(&slots.slots[i], was) && strcmp(slots.slots[i].label, was->label) == 0) {
            *slot = slots.slots[i].id;
            found++;
        }
    free(slots.slots);
    if (found != 1)
        return err_set(err, ERR_UNFINISHED, "a fresh process sees the destination's token %u times",
                       found);
    return true;
}

bool closing_enter(struct ceremony *c, struct hsm *fresh, struct key_list *list, struct err *err)
{
    struct party *party = &c->side[SIDE_DESTINATION];
    uint64_t slot = 0;

    return find_same_token(fresh, party->slot, &slot, err) &&
           fresh->driver->login(fresh, slot, &party->pin, err) &&
           fresh->driver->list(fresh, list, err);
}

/* Proves key number i from the fresh process; its fate is decided here. */
static void prove_fresh(struct ceremony *c, size_t i, struct hsm *fresh,
                        const struct key_desc *listed)
{
    struct fate *fate = &c->fates[i];
    const struct plan_item *item = &c->plan.items[i];
    struct bytes spki = {0};
    struct hsm *source = source_of(c);
    struct key_desc found; /* with what it demands of other keys, which no list has */
    const struct proof_pair pair = {
        source,          item->key.handle, &spki, fresh, listed ? listed->handle : 0,
        item->key.class, item->half};
    const struct fidelity_pair same = {&item->key, &item->want_flags, &found, false};
    bool ok = true;

    if (!listed)
        ok = err_set(&fate->err, ERR_UNFINISHED,
                     "a fresh process does not find exactly one key of this name");
    else
        ok = fresh->driver->describe(fresh, listed->handle, &found, &fate->err) &&
             steps_read_public(c, item, &spki, &fate->err);
    ok = ok && fidelity_check(&same, &fate->err) &&
         (item->unproven || (proof_run(&pair, proof_exact(1U << fate->proof, &item->key, &found),
                                       &fate->proof, &fate->err) &&
                             tell_proof(c, i, STEP_PROVE_FRESH, fate->proof, NULL,
                                        proof_sentence(fate->proof), &fate->err)));
    if (ok)
        fate->found = found;
    fate->outcome = !ok ? KEY_UNKNOWN : item->unproven ? KEY_UNPROVEN : KEY_MIGRATED;
    bytes_free(&spki);
}

/* May the destination still be writing, though nobody waits for it any longer? */
static bool is_at_work(const struct ceremony *c)
{
    struct hsm *hsm = c->side[SIDE_DESTINATION].hsm;

    return hsm->driver->at_work && hsm->driver->at_work(hsm);
}

/* A key that was not proven: is anything under its name after all? A commit that was answered OK is
 * not undone by not being found, and one that is still under way may be done later. Where the
 * inventories could not be compared, a key that failed may be there too. */
static void count_trace(struct ceremony *c, struct fate *fate, bool there, bool at_work)
{
    bool looked = !c->side[SIDE_DESTINATION].gone;

    if (there && (fate->outcome == KEY_UNKNOWN || (fate->outcome == KEY_FAILED && !looked)))
        c->left_over++;
    else if (!there && fate->outcome == KEY_UNKNOWN && fate->final == 0 && !at_work)
        fate->outcome = KEY_FAILED;
}

/* Temporaries that outlived their session, and the traces of a commit whose answer was lost. */
static void count_traces(struct ceremony *c, const struct key_list *list, const struct names *names,
                         bool at_work)
{
    const uint32_t before = count_nameless(&c->side[SIDE_DESTINATION].keys);
    const uint32_t now = count_nameless(list);

    /* Half an object of a commit that was cut off, where no inventory could show it. */
    if (c->side[SIDE_DESTINATION].gone && now > before)
        c->left_over += now - before;
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].label_len == strlen(c->label) &&
            memcmp(list->keys[i].label, c->label, strlen(c->label)) == 0)
            c->left_over++;
    for (size_t i = 0; i < c->plan.count; i++)
        if (!c->fates[i].proven)
            count_trace(c, &c->fates[i], names_same(names, &c->plan.items[i].key) > 0, at_work);
}

/* Where the destination's own session could not compare the inventories, the fresh one knows what
 * was listed at the login by its name. */
static void compare_names(struct ceremony *c, const struct names *names)
{
    struct party *party = &c->side[SIDE_DESTINATION];
    const uint32_t lost = c->lost;
    char text[EVENT_TEXT_MAX];

    if (!party->gone)
        return;
    for (size_t i = 0; i < party->keys.count; i++)
        if (names_same(names, &party->keys.keys[i]) == 0) {
            name_missing(party, party->keys.keys[i].handle, text, sizeof text);
            tell_note(c, EVENT_WARNING, SIDE_DESTINATION, "missing", "%s", text);
            c->lost++;
        }
    party->intact = c->lost == lost;
}

/* What another process finds to be another key, or guarded worse, a resume finds so, too. */
static bool is_settled(const struct ceremony *c)
{
    for (size_t i = 0; i < c->plan.count; i++)
        if (c->fates[i].proven && c->fates[i].outcome == KEY_UNKNOWN &&
            c->fates[i].err.code != ERR_DATA && c->fates[i].err.code != ERR_DENIED &&
            c->fates[i].err.code != ERR_UNSUPPORTED && c->fates[i].err.code != ERR_CONFLICT)
            return false;
    return true;
}

static bool unfinished(const struct ceremony *c, size_t proven, size_t unknown, struct err *err)
{
    err_set(err, ERR_UNFINISHED, "%zu of %zu keys could not be proven from a fresh process",
            unknown, proven);
    err_now(err,
            "They are on the destination, and were proven there by the process that kept them");
    return err_next(
        err, is_settled(c) ? "Read the reason beside each key: no resume changes it. Look at both "
                             "tokens, and use no such key on the destination before."
                           : "Read the reason beside each key, then run: hsmferry resume with the "
                             "journal");
}

static bool is_public(const struct ceremony *c, size_t i)
{
    return c->plan.items[i].route == ROUTE_PUBLIC;
}

bool closing_fresh(struct ceremony *c, struct step_facts *facts, struct err *err)
{
    struct hsm *fresh = NULL;
    struct key_list list = {0};
    struct names names = {0};
    size_t proven[2] = {0}, migrated[2] = {0}, unsure = 0, by_app; /* keys, public objects */
    const bool at_work = is_at_work(c);                            /* asked before it is looked */
    int len;
    bool ok;

    for (size_t i = 0; i < c->plan.count; i++) {
        proven[is_public(c, i)] += c->fates[i].proven;
        unsure += c->fates[i].outcome == KEY_UNKNOWN;
    }
    if (proven[0] + proven[1] + unsure == 0 && !c->side[SIDE_DESTINATION].gone) {
        snprintf(facts->text, sizeof facts->text, "not needed: no key was kept");
        return true;
    }
    ok = c->host.open(c->host.ctx, SIDE_DESTINATION, &fresh, err) &&
         closing_enter(c, fresh, &list, err) && names_make(&list, &names, err);
    if (ok) {
        count_traces(c, &list, &names, at_work);
        compare_names(c, &names);
    } else
        c->unsure = true;
    for (size_t i = 0; i < c->plan.count; i++) {
        struct fate *fate = &c->fates[i];
        if (!fate->proven)
            continue;
        if (ok)
            prove_fresh(c, i, fresh, names_only(&names, &c->plan.items[i].key));
        else {
            fate->outcome = KEY_UNKNOWN;
            fate->err = *err;
        }
    }
    names_free(&names);
    key_list_free(&list);
    if (fresh)
        fresh->driver->close(fresh);
    by_app = ok ? closing_as_application(c) : 0;
    for (size_t i = 0; i < c->plan.count; i++)
        migrated[is_public(c, i)] +=
            c->fates[i].outcome == KEY_MIGRATED || c->fates[i].outcome == KEY_UNPROVEN;
    secret_free(&c->side[SIDE_DESTINATION].pin);
    len = snprintf(facts->text, sizeof facts->text, "%zu of %zu keys", migrated[0], proven[0]);
    if (proven[1])
        len += snprintf(facts->text + len, sizeof facts->text - (size_t)len,
                        ", %zu of %zu public objects", migrated[1], proven[1]);
    len += snprintf(facts->text + len, sizeof facts->text - (size_t)len,
                    " proven by a process of its own");
    if (by_app)
        snprintf(facts->text + len, sizeof facts->text - (size_t)len,
                 ", %zu of them also through OpenSSL and libp11", by_app);
    return !ok || migrated[0] + migrated[1] == proven[0] + proven[1] ||
           unfinished(c, proven[0] + proven[1], proven[0] + proven[1] - migrated[0] - migrated[1],
                      err);
}
