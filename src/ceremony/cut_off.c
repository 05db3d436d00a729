/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/cut_off.h"

#include "ceremony/members.h"
#include "ceremony/sweep.h"

/* An interrupted commit may have left an incomplete object without a name. An object counts as such
 * only if there was none like it before, and there are no more of them than such commits. */
static bool is_half(const struct ceremony *c, enum side side, const struct key_desc *key)
{
    const struct interrupted_ceremony *interrupted = c->setup.interrupted;

    return side == SIDE_DESTINATION && inventory_is_nameless(key) &&
           interrupted->nameless[side] == 0 &&
           inventory_nameless(&c->side[side].keys) <= interrupted->cuts;
}

bool cut_off_left(const struct ceremony *c, enum side side, const struct key_desc *key)
{
    return sweep_has_name(key, c->setup.interrupted->id) || is_half(c, side, key);
}

bool cut_off_sweep(struct ceremony *c, enum side side, struct err *err)
{
    struct key_list *keys = &c->side[side].keys;
    uint32_t nameless;

    for (size_t i = 0; i < keys->count;) {
        if (!cut_off_left(c, side, &keys->keys[i])) {
            i++;
            continue;
        }
        if (!sweep_object(&c->side[side], &keys->keys[i], "left by the interrupted ceremony",
                          &c->narrator, err))
            return false;
        keys->keys[i] = keys->keys[--keys->count];
        plan_key_moved(&c->plan, &keys->keys[keys->count], &keys->keys[i]);
    }
    nameless = inventory_nameless(keys);
    if (nameless > c->setup.interrupted->nameless[side])
        emit_note(&c->narrator, EVENT_WARNING, side, "unexplained",
                  "%u objects bear neither class nor name, %u did before: look at them", nameless,
                  c->setup.interrupted->nameless[side]);
    return true;
}
