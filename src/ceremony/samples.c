/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/samples.h"

#include <stdlib.h>

#include "plan/provable.h"

static bool is_listed(const struct samples *s, const struct key_sample *kind, enum hsm_alg alg)
{
    for (size_t i = 0; i < s->plan.count; i++)
        if (s->plan.items[i].alg == alg && key_sample_equal(&s->kinds[i], kind))
            return true;
    return false;
}

static bool list_samples(struct visit_walk *v, struct samples *s, struct err *err)
{
    const struct plan *real = &v->c->plan;
    const size_t room = real->count < TRIALS_MAX ? real->count : TRIALS_MAX;

    s->plan.items = calloc(room + 1, sizeof *s->plan.items);
    s->kinds = calloc(room + 1, sizeof *s->kinds);
    s->publics = calloc(room + 1, sizeof *s->publics);
    if (!s->plan.items || !s->kinds || !s->publics)
        return err_set(err, ERR_FAILED, "no memory for the keys of the canary");
    for (size_t i = 0; i < real->count && s->plan.count < room; i++) {
        const struct plan_item *item = &real->items[i];
        struct key_sample kind;
        key_sample_of(item->key, &kind);
        if ((item->route != ROUTE_ENVELOPE && item->route != ROUTE_DIRECT) || item->unproven ||
            is_listed(s, &kind, item->alg))
            continue;
        s->kinds[s->plan.count] = kind;
        s->plan.items[s->plan.count] = (struct plan_item){.route = item->route, .alg = item->alg};
        if (!plan_item_own(&s->plan.items[s->plan.count++], err))
            return false;
    }
    return transfers_make(&s->plan, &v->c->transport, &s->transfers, err);
}

/* The source makes the test key; *made: it can. */
static bool make_sample(struct visit_walk *v, struct plan_item *item, const struct key_sample *kind,
                        uint64_t *public, bool *made, struct err *err)
{
    const struct key_sample generated = key_sample_generated(kind);
    struct hsm *hsm = v->own->hsm;
    struct key_desc arrives;
    uint64_t handle = 0;

    *made = hsm->driver->make_key(hsm, &generated, v->c->transport.label, &handle, public, err);
    if (!*made) {
        const bool required = v->c->setup.policy.canary == CANARY_REQUIRED;
        if (err->code != ERR_UNSUPPORTED || required)
            return false;
        err_clear(err);
        return true;
    }
    item->own->handle = handle;
    if (!known_made(&v->own->known, NULL, &item->own->handle, err) ||
        !known_made(&v->own->known, NULL, public, err) ||
        !hsm->driver->describe(hsm, handle, item->own, err))
        return false;
    arrives = *item->own;
    arrives.kind = kind->kind;
    item->own->handle = handle;
    item->want_flags = policy_want_flags(&v->c->setup.policy, item->key);
    item->proofs = provable_by(&v->c->suite, &arrives);
    return true;
}

/* Destroys them: the inventory counts what is left. */
void samples_end(struct visit_walk *v, struct samples *s)
{
    struct err ignored;

    for (size_t i = 0; i < s->plan.count; i++) {
        struct plan_item *item = &s->plan.items[i];
        if (item->own && item->own->handle)
            known_destroy(&v->own->known, v->own->hsm, NULL, &item->own->handle, &ignored);
        known_destroy(&v->own->known, v->own->hsm, NULL, &s->publics[i], &ignored);
    }
    transfers_free(&s->transfers);
    plan_free(&s->plan);
    free(s->kinds);
    free(s->publics);
    *s = (struct samples){0};
}

bool samples_make(struct visit_walk *v, struct samples *s, struct err *err)
{
    size_t kept = 0;

    if (v->c->setup.policy.canary == CANARY_NONE)
        return true;
    if (!list_samples(v, s, err))
        return false;
    for (size_t i = 0; i < s->plan.count; i++) {
        struct plan_item *item = &s->plan.items[i];
        bool made;
        if (!make_sample(v, item, &s->kinds[i], &s->publics[i], &made, err))
            return false;
        kept += made;
        if (!made)
            item->route = ROUTE_NONE;
    }
    s->plan.movable = kept;
    return true;
}
