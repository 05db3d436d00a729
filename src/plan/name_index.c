/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/name_index.h"

#include <stdlib.h>
#include <string.h>

static int compare_raw(uint16_t a_len, const uint8_t *a, uint16_t b_len, const uint8_t *b,
                       size_t room)
{
    return a_len != b_len ? (a_len < b_len ? -1 : 1) : memcmp(a, b, room);
}

static int compare_labels(const void *a, const void *b)
{
    const struct key_desc *x = *(const struct key_desc *const *)a;
    const struct key_desc *y = *(const struct key_desc *const *)b;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return compare_raw(x->label_len, x->label, y->label_len, y->label, sizeof x->label);
}

static int compare_ids(const void *a, const void *b)
{
    const struct key_desc *x = *(const struct key_desc *const *)a;
    const struct key_desc *y = *(const struct key_desc *const *)b;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return compare_raw(x->id_len, x->id, y->id_len, y->id, sizeof x->id);
}

static int compare_names(const void *a, const void *b)
{
    int order = compare_labels(a, b);

    return order ? order : compare_ids(a, b);
}

bool names_make(const struct key_list *list, struct names *names, struct err *err)
{
    *names = (struct names){
        .by_name = calloc(list->count + 1, sizeof *names->by_name),
        .by_id = calloc(list->count + 1, sizeof *names->by_id),
        .count = list->count,
    };
    if (!names->by_name || !names->by_id) {
        names_free(names);
        return err_set(err, ERR_FAILED, "no memory for the names of %zu keys", list->count);
    }
    for (size_t i = 0; i < list->count; i++)
        names->by_name[i] = names->by_id[i] = &list->keys[i];
    qsort(names->by_name, list->count, sizeof *names->by_name, compare_names);
    qsort(names->by_id, list->count, sizeof *names->by_id, compare_ids);
    return true;
}

void names_free(struct names *names)
{
    free(names->by_name);
    free(names->by_id);
    *names = (struct names){0};
}

static const struct key_desc *const *lookup(const struct key_desc **sorted, size_t count,
                                            const struct key_desc *key,
                                            int (*compare)(const void *, const void *))
{
    return bsearch(&key, sorted, count, sizeof *sorted, compare);
}

const struct key_desc *names_taken(const struct names *names, const struct key_desc *key)
{
    const struct key_desc *const *found = NULL;

    if (key->id_len > 0)
        found = lookup(names->by_id, names->count, key, compare_ids);
    if (!found && key->label_len > 0)
        found = lookup(names->by_name, names->count, key, compare_labels);
    if (!found && key->id_len == 0 && key->label_len == 0)
        found = lookup(names->by_name, names->count, key, compare_names);
    return found ? *found : NULL;
}

static void range(const struct key_desc **sorted, size_t total, const struct key_desc *key,
                  int (*compare)(const void *, const void *), size_t *first, size_t *count)
{
    const struct key_desc *const *found = lookup(sorted, total, key, compare);
    const struct key_desc *const *begin = (const struct key_desc *const *)sorted;
    const struct key_desc *const *end;

    *first = *count = 0;
    if (!found)
        return;
    for (end = found + 1; end < begin + total && compare(end, &key) == 0;)
        end++;
    while (found > begin && compare(found - 1, &key) == 0)
        found--;
    *first = (size_t)(found - begin);
    *count = (size_t)(end - found);
}

void names_with_id(const struct names *names, const struct key_desc *key, size_t *first,
                   size_t *count)
{
    range(names->by_id, names->count, key, compare_ids, first, count);
}

void names_with_label(const struct names *names, const struct key_desc *key, size_t *first,
                      size_t *count)
{
    range(names->by_name, names->count, key, compare_labels, first, count);
}

unsigned names_same(const struct names *names, const struct key_desc *key)
{
    const struct key_desc *const *found = lookup(names->by_name, names->count, key, compare_names);
    const struct key_desc *const *begin = (const struct key_desc *const *)names->by_name;

    if (!found)
        return 0;
    if (found > begin && compare_names(found - 1, &key) == 0)
        return 2;
    return found + 1 < begin + names->count && compare_names(found + 1, &key) == 0 ? 2 : 1;
}

const struct key_desc *names_only(const struct names *names, const struct key_desc *key)
{
    return names_same(names, key) == 1 ? *lookup(names->by_name, names->count, key, compare_names)
                                       : NULL;
}
