/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/half_derived.h"

#include "ceremony/members.h"
#include "ceremony/sweep.h"

bool half_derived_is(const struct ceremony *c)
{
    for (size_t i = 0; i < c->setup.interrupted->descs.count; i++)
        if (c->setup.interrupted->keys[i].derived)
            return true;
    return false;
}

static bool conflict(struct err *err, const char *what)
{
    err_set(err, ERR_CONFLICT, "the new key: %s", what);
    err_now(err, "Nothing was touched");
    return err_next(err,
                    "Compare the two tokens with hsmferry compare, and decide yourself whether "
                    "both keep the key, or none does");
}

/* The object of this name; *count: how many there are. */
static const struct key_desc *find(const struct key_list *list, const struct key_desc *key,
                                   size_t *count)
{
    const struct key_desc *found = NULL;

    *count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].class == key->class && key_same_name(&list->keys[i], key)) {
            found = &list->keys[i];
            ++*count;
        }
    return found;
}

/* Is what this side has what the interrupted ceremony may have kept there? */
static bool look(struct ceremony *c, size_t i, enum side side, struct err *err)
{
    const struct interrupted_key *was = &c->setup.interrupted->keys[i];
    const bool announced = side == SIDE_SOURCE ? was->kept_on_source : was->intended;
    size_t count;

    find(&c->side[side].keys, &c->setup.interrupted->descs.keys[i], &count);
    if (count > 0 && was->proven)
        return conflict(err, "it was kept and proven, and only the last proof is missing");
    if (count > 0 && !announced)
        return conflict(err, "an object has its name, and the interrupted ceremony did not put it "
                             "there");
    return count <= 1 || conflict(err, "two objects have its name");
}

static bool sweep(struct ceremony *c, size_t i, enum side side, struct err *err)
{
    size_t count;
    const struct key_desc *found =
        find(&c->side[side].keys, &c->setup.interrupted->descs.keys[i], &count);

    return !found || sweep_object(&c->side[side], found, "half of a new key", &c->narrator, err);
}

static bool for_each(struct ceremony *c,
                     bool (*act)(struct ceremony *c, size_t i, enum side side, struct err *err),
                     struct err *err)
{
    for (size_t i = 0; i < c->setup.interrupted->descs.count; i++)
        for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
            if (c->setup.interrupted->keys[i].derived && !act(c, i, side, err))
                return false;
    return true;
}

bool half_derived_sweep(struct ceremony *c, struct err *err)
{
    return for_each(c, look, err) && for_each(c, sweep, err);
}
