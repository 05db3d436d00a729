/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_publics.h"

#include <stdlib.h>
#include <string.h>

#include "base/search.h"

/* FNV-1a of the id: which of them are equal is seen when the object is read. */
static uint64_t hash_of(const struct key_desc *key)
{
    size_t len = key_id_held(key);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ key->id[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static int compare_with_hash(const void *hash, const void *public)
{
    uint64_t a = *(const uint64_t *)hash, b = ((const struct p11_public *)public)->hash;

    return (a > b) - (a < b);
}

/* The first with this hash or a greater one. */
static size_t lower(const struct p11_publics *all, uint64_t hash)
{
    return search_first(&hash, all->at, all->count, sizeof *all->at, compare_with_hash);
}

static void clear(struct p11_publics *all)
{
    free(all->at);
    *all = (struct p11_publics){0};
}

static bool has(const struct p11_publics *all, const struct p11_public *one)
{
    for (size_t i = lower(all, one->hash); i < all->count && all->at[i].hash == one->hash; i++)
        if (all->at[i].handle == one->handle)
            return true;
    return false;
}

static bool grow(struct p11_publics *all, size_t room)
{
    struct p11_public *grown = reallocarray(all->at, room, sizeof *grown);

    if (!grown)
        return false;
    all->at = grown;
    all->room = room;
    return true;
}

/* Without memory for one, none of them is known. */
static void add(struct p11_publics *all, const struct p11_public *one)
{
    size_t i = lower(all, one->hash);

    if (has(all, one))
        return;
    if (all->count == all->room && !grow(all, all->room ? 2 * all->room : 64)) {
        clear(all);
        return;
    }
    memmove(&all->at[i + 1], &all->at[i], (all->count - i) * sizeof *all->at);
    all->at[i] = *one;
    all->count++;
}

static int compare(const void *a, const void *b)
{
    return compare_with_hash(&((const struct p11_public *)a)->hash, b);
}

/* Those of the list, and of the old ones those that the session has made: no list has temporary
 * ones. */
static void take(struct p11_publics *all, const struct key_list *list,
                 const struct p11_publics *old)
{
    if (!grow(all, list->count + 1))
        return;
    all->listed = true;
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].class == KEY_CLASS_PUBLIC)
            all->at[all->count++] =
                (struct p11_public){hash_of(&list->keys[i]), list->keys[i].handle, false};
    qsort(all->at, all->count, sizeof *all->at, compare);
    for (size_t i = 0; all->listed && i < old->count; i++)
        if (old->at[i].made)
            add(all, &old->at[i]);
}

void p11_publics_listed(struct p11 *p, const struct key_list *list)
{
    struct p11 *login = p11_lock(p);
    struct p11_publics old = login->publics;

    login->publics = (struct p11_publics){0};
    take(&login->publics, list, &old);
    clear(&old);
    p11_unlock(login);
}

void p11_publics_made(struct p11 *p, const struct key_desc *key)
{
    struct p11 *login = p11_lock(p);

    if (key->class == KEY_CLASS_PUBLIC)
        add(&login->publics, &(struct p11_public){hash_of(key), key->handle, true});
    p11_unlock(login);
}

void p11_publics_gone(struct p11 *login, uint64_t handle)
{
    struct p11_publics *all = &login->publics;
    size_t kept = 0;

    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].handle != handle)
            all->at[kept++] = all->at[i];
    all->count = kept;
}

void p11_publics_forget(struct p11 *p)
{
    struct p11 *login = p11_lock(p);

    clear(&login->publics);
    p11_unlock(login);
}

bool p11_publics_with_id(struct p11 *p, const struct key_desc *like, uint64_t **handles,
                         size_t *count)
{
    struct p11 *login = p11_lock(p);
    const struct p11_publics *all = &login->publics;
    const uint64_t hash = hash_of(like);
    size_t first = lower(all, hash), n = 0;
    bool ok = all->listed;

    while (first + n < all->count && all->at[first + n].hash == hash)
        n++;
    *handles = ok ? calloc(n + 1, sizeof **handles) : NULL;
    for (size_t i = 0; *handles && i < n; i++)
        (*handles)[i] = all->at[first + i].handle;
    *count = n;
    p11_unlock(login);
    return *handles != NULL;
}
