/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/selection.h"

#include <stdlib.h>
#include <string.h>

#include "plan/versions.h"

static bool add_key(struct plan *plan, const struct key_desc *key, bool explicit, struct err *err)
{
    return plan_add(plan, &(struct plan_item){.key = key, .explicit = explicit}, err);
}

bool plan_selects(const struct uri *uri, const struct key_desc *key)
{
    bool wanted =
        uri->type != KEY_CLASS_OTHER || key_is_movable_class(key) || key->class == KEY_CLASS_DATA;

    return wanted && uri_matches_key(uri, key);
}

static bool add_named(struct plan *plan, const struct key_list *source, const struct uri *uri,
                      struct err *err)
{
    const struct key_desc *found = NULL;
    size_t matches = 0;

    for (size_t i = 0; i < source->count; i++)
        if (plan_selects(uri, &source->keys[i])) {
            found = &source->keys[i];
            matches++;
        }
    if (matches == 1)
        return add_key(plan, found, true, err);
    if (matches == 0) {
        err_set(err, ERR_NO_INPUT, "no key on the source is named by %.200s", uri->text);
        err_now(err, "Nothing was changed.");
        return err_next(err, "Compare with `hsmferry list`, and correct the ceremony file.");
    }
    err_set(err, ERR_CONFLICT, "%zu keys on the source are named by %.200s", matches, uri->text);
    err_now(err, "Nothing was changed.");
    return err_next(err, "Add id= or type= so that it names one, or * where all are meant.");
}

static bool add_pattern(struct plan *plan, const struct key_list *source, const struct uri *uri,
                        struct err *err)
{
    for (size_t i = 0; i < source->count; i++)
        if (plan_selects(uri, &source->keys[i]) && !add_key(plan, &source->keys[i], false, err))
            return false;
    return true;
}

static bool add_handle(struct plan *plan, const struct key_list *source, uint64_t handle,
                       bool explicit, struct err *err)
{
    for (size_t i = 0; i < source->count; i++)
        if (source->keys[i].handle == handle)
            return add_key(plan, &source->keys[i], explicit, err);
    return err_set(err, ERR_NO_INPUT, "a marked key is no longer on the source");
}

static int compare_handles(const void *a, const void *b)
{
    const struct plan_item *x = a, *y = b;

    if (x->key->handle != y->key->handle)
        return x->key->handle < y->key->handle ? -1 : 1;
    return (int)y->explicit - (int)x->explicit;
}

static int compare_labels(const void *a, const void *b)
{
    const struct key_desc *x = ((const struct plan_item *)a)->key;
    const struct key_desc *y = ((const struct plan_item *)b)->key;
    int order = memcmp(x->label, y->label, sizeof x->label);

    return order ? order : memcmp(x->id, y->id, sizeof x->id);
}

/* A key that was selected several times occurs once. Officers can follow the order on paper, and it
 * is the same in rehearsal and production. */
static void put_in_order(struct plan *plan)
{
    size_t kept = 0;

    if (plan->count > 1)
        qsort(plan->items, plan->count, sizeof *plan->items, compare_handles);
    for (size_t i = 0; i < plan->count; i++)
        if (kept == 0 || plan->items[kept - 1].key->handle != plan->items[i].key->handle)
            plan->items[kept++] = plan->items[i];
    plan->count = kept;
    if (kept > 1)
        qsort(plan->items, kept, sizeof *plan->items, compare_labels);
}

static bool collect(const struct key_list *source, const struct selection *selection,
                    struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < selection->uri_count; i++) {
        const struct uri *uri = &selection->uris[i];
        bool ok = uri_is_pattern(uri) ? add_pattern(plan, source, uri, err)
                                      : add_named(plan, source, uri, err);
        if (!ok)
            return false;
    }
    for (size_t i = 0; i < selection->handle_count; i++)
        if (!add_handle(plan, source, selection->handles[i], true, err))
            return false;
    for (size_t i = 0; i < selection->added_count; i++)
        if (!add_handle(plan, source, selection->added[i], false, err))
            return false;
    return true;
}

static int compare_known(const void *handle, const void *known)
{
    return key_compare_handles(handle, &((const struct plan_known *)known)->handle);
}

/* What of the copy can be brought into line? */
static bool align(const struct policy *policy, struct plan_item *item, const struct key_desc *found,
                  struct err *err)
{
    struct tightening to;

    tightening_of(item->key, policy_want_flags(policy, item->key), found, &to);
    return !tightening_is_set(&to) || plan_item_align(item, found, &to, err);
}

/* What is known of the selected objects beforehand. */
static bool take_known(const struct policy *policy, struct plan *plan,
                       const struct selection *selection, struct err *err)
{
    for (size_t i = 0; i < plan->count && selection->known_count; i++) {
        struct plan_item *item = &plan->items[i];
        const struct plan_known *known =
            bsearch(&item->key->handle, selection->known, selection->known_count,
                    sizeof *selection->known, compare_known);
        if (known)
            item->there = known->there;
        if (known && known->found && key_is_movable_class(item->key) &&
            !align(policy, item, known->found, err))
            return false;
        if (known && known->renamed && !plan_item_rename(item, &known->name, err))
            return false;
    }
    return true;
}

bool plan_make(const struct policy *policy, const struct suite *suite,
               const struct key_list *source, const struct key_list *destination,
               const struct selection *selection, struct plan *plan, struct err *err)
{
    *plan = (struct plan){0};
    if (collect(source, selection, plan, err)) {
        put_in_order(plan);
        if (versions_settle(policy, plan, err) && take_known(policy, plan, selection, err) &&
            plan_judge(policy, suite, source, destination, plan, err))
            return true;
    }
    plan_free(plan);
    return false;
}
