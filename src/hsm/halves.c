/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/halves.h"

#include <stdlib.h>
#include <string.h>

bool halves_lacks(const struct key_desc *key)
{
    return key->class == KEY_CLASS_PRIVATE && !key->has_public && key->id_len > 0 &&
           key->id_len <= KEY_ID_MAX && key_kind_is(key->kind, KEY_FAMILY_PAIR);
}

bool halves_fit(const struct key_desc *key, const struct key_desc *public)
{
    return public->class == KEY_CLASS_PUBLIC && public->has_public && public->kind == key->kind &&
           public->id_len == key->id_len && memcmp(public->id, key->id, sizeof key->id) == 0 &&
           strcmp(public->curve, key->curve) == 0 && (key->bits == 0 || public->bits == key->bits);
}

/* Sorts by kind and id, so that one search finds the halves. */
static int compare(const void *a, const void *b)
{
    const struct key_desc *x = *(const struct key_desc *const *)a;
    const struct key_desc *y = *(const struct key_desc *const *)b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->id_len != y->id_len)
        return x->id_len < y->id_len ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

static void match(struct key_desc *key, const struct key_desc **publics, size_t count)
{
    const struct key_desc *half = NULL;
    const struct key_desc *const wanted = key;
    const struct key_desc **at =
        count ? bsearch(&wanted, publics, count, sizeof *publics, compare) : NULL;

    if (!at)
        return;
    while (at > publics && compare(at - 1, &wanted) == 0)
        at--;
    for (; at < publics + count && compare(at, &wanted) == 0; at++) {
        if (!halves_fit(key, *at))
            continue;
        if (half && memcmp(half->spki_sha256, (*at)->spki_sha256, sizeof half->spki_sha256) != 0)
            return;
        half = *at;
    }
    if (half) {
        memcpy(key->spki_sha256, half->spki_sha256, sizeof key->spki_sha256);
        key->has_public = true;
    }
}

bool halves_match(struct key_list *list, struct err *err)
{
    const struct key_desc **publics = calloc(list->count + 1, sizeof(struct key_desc *));
    size_t count = 0;

    if (!publics)
        return err_set(err, ERR_FAILED, "no memory for the list of public keys");
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].class == KEY_CLASS_PUBLIC)
            publics[count++] = &list->keys[i];
    qsort(publics, count, sizeof(struct key_desc *), compare);
    for (size_t i = 0; i < list->count; i++)
        if (halves_lacks(&list->keys[i]))
            match(&list->keys[i], publics, count);
    free(publics);
    return true;
}
