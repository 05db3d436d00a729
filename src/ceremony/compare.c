/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides have: keys of the same name, on request; and the map. */
#include "ceremony/align.h"
#include "ceremony/ceremony.h"
#include "ceremony/couple.h"
#include "ceremony/members.h"
#include "plan/name_index.h"

static const struct key_desc *by_handle(const struct key_list *list, uint64_t handle)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].handle == handle && key_is_movable_class(&list->keys[i]))
            return &list->keys[i];
    return NULL;
}

/* Every secret and private key of both sides, each pair once. */
static bool compare_all(struct ceremony *c, struct err *err)
{
    const struct key_list *list[2] = {&c->side[0].keys, &c->side[1].keys};
    struct names names[2] = {{0}};
    enum comparison result;
    bool ok = names_make(list[0], &names[0], err) && names_make(list[1], &names[1], err);

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        for (size_t i = 0; ok && i < list[side]->count; i++) {
            const struct key_desc *key = &list[side]->keys[i];
            const struct key_desc *there = names_taken(&names[!side], key);
            if (!key_is_movable_class(key) || (side == SIDE_DESTINATION && there))
                continue;
            ok = couple_compare(c,
                                &(struct couple){{side == SIDE_SOURCE ? key : NULL,
                                                  side == SIDE_SOURCE ? there : key}},
                                &result, err);
        }
    names_free(&names[0]);
    names_free(&names[1]);
    return ok;
}

static bool compare_is_possible(struct ceremony *c, struct err *err)
{
    if (c->walk.begun && c->walk.phase != PHASE_OVER)
        return err_set(err, ERR_USAGE, "a ceremony is running");
    return c->suite.option_count > 0 || ceremony_negotiate(c, err);
}

bool ceremony_compare(struct ceremony *c, const uint64_t handle[2], struct err *err)
{
    enum comparison result;
    struct couple couple;

    if (!compare_is_possible(c, err))
        return false;
    if (!handle)
        return compare_all(c, err);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        couple.key[side] = by_handle(&c->side[side].keys, handle[side]);
        if (!couple.key[side])
            return err_set(err, ERR_NO_INPUT, "there is no such key on the %s any more",
                           side_name(side));
    }
    return couple_compare(c, &couple, &result, err);
}

bool ceremony_map(struct ceremony *c, bool asks, struct err *err)
{
    if (!c->side[SIDE_SOURCE].listed || !c->side[SIDE_DESTINATION].listed)
        return err_set(err, ERR_USAGE, "both sides must be listed first");
    return compare_is_possible(c, err) && align_lists(c, asks, err);
}

const struct map *ceremony_the_map(const struct ceremony *c)
{
    return c->verdicts.map.rows ? &c->verdicts.map : NULL;
}
