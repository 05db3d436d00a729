/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demands of a key on other keys (CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE,
 * CKA_DERIVE_TEMPLATE). A list has them if the token returns them with the other attributes.
 * Otherwise they are read only for the keys of the plan, when it is made: some modules fail at
 * these attributes, or never answer.
 */
#include "ceremony/demands.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/half.h"
#include "ceremony/members.h"
#include "plan/companion.h"

/* Reads twice if needed: a single fault must not exclude a key. */
static bool describe_twice(struct hsm *hsm, uint64_t handle, struct key_desc *now, struct err *err)
{
    bool ok = hsm->driver->describe(hsm, handle, now, err);

    if (ok ? now->unread[0] != '\0' : err->code != ERR_GONE)
        ok = hsm->driver->describe(hsm, handle, now, err);
    return ok;
}

/* Completes the listed key, or the one that only the plan has. Changes nothing else of it: the step
 * that wraps it checks whether it has changed. */
static bool read_one(struct ceremony *c, const struct plan_item *item, struct err *err)
{
    const struct key_list *listed = &c->side[SIDE_SOURCE].keys;
    struct key_desc *key = item->own ? item->own : &listed->keys[item->key - listed->keys], now;

    if ((key->constraints.known & KEY_TEMPLATE) && !key->unread[0])
        return true; /* they were listed */
    if (!describe_twice(source_of(c), key->handle, &now, err)) {
        if (err->code == ERR_GONE)
            return false;
        snprintf(key->unread, sizeof key->unread, "%.*s", (int)sizeof key->unread - 1,
                 err->hsm_name[0] ? err->hsm_name : err->what);
        return true;
    }
    if (now.class != key->class) /* a public key object that is made from a private key has none */
        return true;
    key->constraints = now.constraints;
    memcpy(key->unread, now.unread, sizeof key->unread);
    return true;
}

static bool warn_of_mute(struct ceremony *c, struct err *err)
{
    uint32_t mute = c->side[SIDE_SOURCE].caps.mute_templates;

    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++)
        if ((mute & UINT32_C(1) << use) &&
            !emit_warning(&c->narrator, SIDE_SOURCE, NO_ITEM, err, "mute-template",
                          "the source reads no %s of any key: if a key has one, it is lost",
                          key_template_name(use)))
            return false;
    return true;
}

static bool demands_read(struct ceremony *c, struct err *err)
{
    bool any = false;

    for (size_t i = 0; i < c->plan.count; i++) {
        const struct plan_item *item = &c->plan.items[i];
        if (item->route == ROUTE_NONE ||
            !(key_is_movable_class(item->key) || item->key->class == KEY_CLASS_PUBLIC))
            continue;
        if (!read_one(c, item, err))
            return false;
        any = true;
    }
    return !any || warn_of_mute(c, err);
}

bool plan_review(struct ceremony *c, const struct key_list *destination,
                 const struct selection *selection, struct err *err)
{
    const struct policy *policy = &c->setup.policy;
    const struct key_list *source = &c->side[SIDE_SOURCE].keys;

    return plan_make(policy, &c->suite, source, destination, selection, &c->plan, err) &&
           /* of a key that comes as a file, the ceremony file has it, or nobody */
           (c->suite.returned || halves_find(&c->side[SIDE_SOURCE], &c->plan, &c->narrator, err)) &&
           plan_judge(policy, &c->suite, source, destination, &c->plan, err) &&
           (c->suite.service || companion_add(&c->plan, source, c->suite.one_per_id, err)) &&
           plan_rename_companions(&c->plan, err) &&
           plan_judge(policy, &c->suite, source, destination, &c->plan, err) &&
           demands_read(c, err) && /* of all that can leave so far, companions included */
           plan_judge(policy, &c->suite, source, destination, &c->plan, err);
}
