/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/inventories.h"

#include <stdio.h>
#include <stdlib.h>

/* A key service has none. */
static bool has_inventory(const struct party *party)
{
    return !party->hsm || party->hsm->driver->handles;
}

static bool read_handles(const struct party *party, uint64_t **handles, size_t *count,
                         struct err *err)
{
    if (party->gone)
        return err_set(err, ERR_GONE, "the HSM no longer answers");
    return party->hsm->driver->handles(party->hsm, handles, count, err);
}

bool inventory_login(struct party *party, struct err *err)
{
    free(party->known.before);
    party->known.before = NULL;
    return !has_inventory(party) ||
           read_handles(party, &party->known.before, &party->known.before_count, err);
}

static bool has_handle(const uint64_t *sorted, size_t count, uint64_t handle)
{
    return bsearch(&handle, sorted, count, sizeof *sorted, key_compare_handles) != NULL;
}

/* An incomplete object, as an interrupted copy leaves it: not even CKA_TOKEN is set. */
bool inventory_is_nameless(const struct key_desc *key)
{
    return !key_is(key, KEY_TOKEN) && key->label_len == 0 && key->id_len == 0 && !key->unread[0];
}

uint32_t inventory_nameless(const struct key_list *list)
{
    uint32_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += inventory_is_nameless(&list->keys[i]);
    return count;
}

/* An object that is gone, as it was listed. */
void inventory_name(const struct party *party, uint64_t handle, char *text, size_t size)
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

/* Counts the objects of the login that are not among these, and describes the first. */
static uint32_t count_missing(const struct party *party, const uint64_t *now, size_t count,
                              char *first, size_t size)
{
    uint32_t missing = 0;

    for (size_t i = 0; i < party->known.before_count; i++)
        if (!has_handle(now, count, party->known.before[i]) && missing++ == 0)
            inventory_name(party, party->known.before[i], first, size);
    return missing;
}

static bool fail_missing(enum side side, uint32_t missing, const char *first, struct err *err)
{
    err_set(err, ERR_HSM, "%u of the objects that were on the %s at the login %s gone: %.150s",
            missing, side_name(side), missing == 1 ? "is" : "are", first);
    return err_next(err, "Determine who destroyed it before anything else is done there: another "
                         "program, or the HSM itself.");
}

/* What one side holds now, in *now, which the caller frees. Fails also if objects of the login are
 * gone: *missing is their number then. */
static bool look_again(const struct party *party, uint64_t **now, size_t *count, uint32_t *missing,
                       struct err *err)
{
    char first[EVENT_TEXT_MAX];

    *missing = 0;
    if (!read_handles(party, now, count, err))
        return false;
    *missing = count_missing(party, *now, *count, first, sizeof first);
    if (*missing == 0)
        return true;
    free(*now);
    return fail_missing(party->known.side, *missing, first, err);
}

bool inventory_say_now(const struct party *sides, struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct err look = {0};
        uint64_t *now;
        uint32_t missing;
        size_t count;
        if (!sides[side].known.before)
            continue;
        if (look_again(&sides[side], &now, &count, &missing, &look)) {
            free(now);
            continue;
        }
        if (missing && err->code == ERR_UNFINISHED) /* resume and clean have something to do */
            return err_now(err, "%s.", look.what);
        if (missing || err->code == ERR_NONE)
            *err = look;
        if (!missing)
            err_now(err, "The %s cannot be examined: whether anything was changed is not known.",
                    side_name(side));
        return false;
    }
    if (err->code == ERR_NONE)
        return true;
    return err->now[0] ? false : err_now(err, "Nothing was changed.");
}

static bool open_one(struct party *party, struct leftovers *left, struct narrator *n,
                     struct err *err)
{
    struct inventory_word word = {.side = party->known.side,
                                  .nameless = inventory_nameless(&party->keys)};
    uint64_t *now;
    uint32_t missing;
    size_t count;

    if (!has_inventory(party))
        return true;
    if (!look_again(party, &now, &count, &missing, err)) {
        left->lost += missing;
        return false;
    }
    free(party->known.before);
    party->known.before = now;
    party->known.before_count = count;
    word.handles = now;
    word.count = count;
    return emit_inventory(n, &word, err);
}

bool inventory_open(struct party *sides, struct leftovers *left, struct narrator *n,
                    struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!open_one(&sides[side], left, n, err))
            return false;
    return left->opened = true;
}

bool inventory_open_one(struct party *party, struct leftovers *left, struct narrator *n,
                        struct err *err)
{
    return left->opened = open_one(party, left, n, err);
}

/* The handles of what this ceremony made to stay on this side, sorted; the caller frees them. Only
 * a new key is kept on the source. */
static uint64_t *made_to_stay(const struct inventory_made *made, enum side side, size_t *count,
                              struct err *err)
{
    const struct transfers *all = made->arrived;
    uint64_t *finals = calloc(all->count + made->count + 1, sizeof *finals);

    *count = 0;
    for (size_t i = 0; finals && i < all->count; i++)
        if (all->at[i].proven && (side == SIDE_DESTINATION || all->at[i].source.final))
            finals[(*count)++] =
                side == SIDE_DESTINATION ? all->at[i].final : all->at[i].source.final;
    for (size_t i = 0; finals && side == SIDE_DESTINATION && i < made->count; i++)
        finals[(*count)++] = made->handles[i];
    if (finals)
        qsort(finals, *count, sizeof *finals, key_compare_handles);
    else
        err_set(err, ERR_FAILED, "no memory for an inventory");
    return finals;
}

/* Warns of an object that cannot be explained, as far as the HSM describes it. */
static void warn_of_unexplained(const struct party *party, uint64_t handle, struct narrator *n)
{
    struct hsm *hsm = party->hsm;
    enum side side = party->known.side;
    struct key_desc key;
    struct err err;
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    if (hsm->driver->describe(hsm, handle, &key, &err))
        emit_note(n, EVENT_WARNING, side, "unexplained", "handle %llu: %s, %s, %.120s",
                  (unsigned long long)handle, key_class_name(key.class), key_type_text(&key, type),
                  key_label_text(&key, label));
    else
        emit_note(n, EVENT_WARNING, side, "unexplained", "handle %llu: %.150s",
                  (unsigned long long)handle, err.what);
}

static void warn_of_missing(const struct party *party, const uint64_t *now, size_t count,
                            struct narrator *n)
{
    char text[EVENT_TEXT_MAX];

    for (size_t i = 0; i < party->known.before_count; i++)
        if (!has_handle(now, count, party->known.before[i])) {
            inventory_name(party, party->known.before[i], text, sizeof text);
            emit_note(n, EVENT_WARNING, party->known.side, "missing", "%s", text);
        }
}

/* Counts those that did not exist before and were not migrated. */
static uint32_t count_unexplained(const struct party *party, const uint64_t *now, size_t count,
                                  const uint64_t *finals, size_t final_count, struct narrator *n)
{
    uint32_t unexplained = 0;

    for (size_t i = 0; i < count; i++)
        if (!has_handle(party->known.before, party->known.before_count, now[i]) &&
            !has_handle(finals, final_count, now[i])) {
            unexplained++;
            warn_of_unexplained(party, now[i], n);
        }
    return unexplained;
}

/* Records the differences. If the first step was not reached, neither the inventory before it nor
 * this one is recorded. */
static bool compare(struct party *party, const uint64_t *now, size_t count, uint32_t unexplained,
                    struct leftovers *left, struct narrator *n, struct err *err)
{
    char first[EVENT_TEXT_MAX];
    const enum side side = party->known.side;
    const uint32_t missing = count_missing(party, now, count, first, sizeof first);
    const struct inventory_word word = {.side = side,
                                        .after = true,
                                        .handles = now,
                                        .count = count,
                                        .unexplained = unexplained,
                                        .missing = missing};

    warn_of_missing(party, now, count, n);
    left->left_over += unexplained;
    left->lost += missing;
    party->intact = unexplained + missing == 0;
    if (left->opened && !emit_inventory(n, &word, err))
        return false;
    if (missing)
        return fail_missing(side, missing, first, err);
    return unexplained == 0 ||
           err_set(err, ERR_UNFINISHED, "the inventory of the %s differs: %u unexplained",
                   side_name(side), unexplained);
}

static bool close_one(struct party *party, const struct inventory_made *made,
                      struct leftovers *left, struct narrator *n, struct err *err)
{
    uint64_t *now = NULL, *finals;
    size_t count = 0, final_count = 0;
    bool ok;

    if (!has_inventory(party))
        return true;
    if (!read_handles(party, &now, &count, err)) {
        party->gone |= err->code == ERR_GONE;
        left->unsure |= !party->gone; /* one that is gone has no session objects */
        return false;
    }
    finals = made_to_stay(made, party->known.side, &final_count, err);
    ok = finals &&
         compare(party, now, count, count_unexplained(party, now, count, finals, final_count, n),
                 left, n, err);
    free(finals);
    free(now);
    return ok;
}

bool inventory_close(struct party *sides, const struct transfers *all, struct leftovers *left,
                     struct narrator *n, char text[EVENT_TEXT_MAX], struct err *err)
{
    const struct inventory_made made = {.arrived = all};
    struct err of_source = {0}, of_destination = {0};
    bool source, destination;

    if (!sides[SIDE_SOURCE].known.before ||
        (has_inventory(&sides[SIDE_DESTINATION]) && !sides[SIDE_DESTINATION].known.before)) {
        snprintf(text, EVENT_TEXT_MAX, "not needed: nobody has logged in to both");
        return true;
    }
    source = close_one(&sides[SIDE_SOURCE], &made, left, n, &of_source);
    destination = close_one(&sides[SIDE_DESTINATION], &made, left, n, &of_destination);
    if (!source || !destination) {
        *err = source ? of_destination : of_source;
        return false;
    }
    snprintf(text, EVENT_TEXT_MAX, "nothing left over on the source%s",
             has_inventory(&sides[SIDE_DESTINATION]) ? ", nothing on the destination" : "");
    return true;
}

bool inventory_close_one(struct party *party, const struct inventory_made *made,
                         struct leftovers *left, struct narrator *n, char text[EVENT_TEXT_MAX],
                         struct err *err)
{
    if (!close_one(party, made, left, n, err))
        return false;
    snprintf(text, EVENT_TEXT_MAX, "nothing left over on the %s", side_name(party->known.side));
    return true;
}
