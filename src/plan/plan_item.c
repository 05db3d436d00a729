/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan_item.h"

#include <stdlib.h>
#include <string.h>

void plan_item_free(const struct plan_item *item)
{
    struct err_note reason = item->reason;

    free(item->own);
    free(item->from);
    free(item->align);
    err_note_free(&reason);
}

bool plan_item_own(struct plan_item *item, struct err *err)
{
    if (item->own)
        return true;
    item->own = calloc(1, sizeof *item->own);
    if (!item->own)
        return err_set(err, ERR_FAILED, "no memory for the description of a key");
    if (item->key)
        *item->own = *item->key;
    item->key = item->own;
    return true;
}

static void set_name(struct key_desc *key, const struct plan_name *name)
{
    memset(key->label, 0, sizeof key->label);
    memset(key->id, 0, sizeof key->id);
    key_set_label(key, name->label, name->label_len);
    key_set_id(key, name->id, name->id_len);
}

struct plan_name plan_name_of(const struct key_desc *key)
{
    struct plan_name name = {.label_len = key->label_len, .id_len = key->id_len};

    memcpy(name.label, key->label, sizeof name.label);
    memcpy(name.id, key->id, sizeof name.id);
    return name;
}

struct key_desc plan_named(const struct key_desc *key, const struct plan_name *name)
{
    struct key_desc named = *key;

    set_name(&named, name);
    return named;
}

struct key_desc plan_item_listed(const struct plan_item *item)
{
    return item->from ? plan_named(item->key, item->from) : *item->key;
}

uint64_t plan_item_chosen(const struct plan_item *item)
{
    return item->old_handle ? item->old_handle : item->key->handle;
}

bool plan_item_rename(struct plan_item *item, const struct plan_name *name, struct err *err)
{
    if (!item->from) {
        item->from = malloc(sizeof *item->from);
        if (!item->from)
            return err_set(err, ERR_FAILED, "no memory for the name of a key");
        *item->from = plan_name_of(item->key);
    }
    if (!plan_item_own(item, err))
        return false;
    set_name(item->own, name);
    return true;
}

bool plan_item_align(struct plan_item *item, const struct key_desc *found,
                     const struct tightening *to, struct err *err)
{
    item->align = malloc(sizeof *item->align);
    if (!item->align)
        return err_set(err, ERR_FAILED, "no memory for the copy of a key");
    *item->align = (struct plan_alignment){*found, *to};
    return true;
}
