/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object is taken once: of those that are equal, the next free one is found by a path that
 * becomes shorter with each search, so that thousands of equal objects cost no more than others.
 */
#include "plan/map_order.h"

#include <stdlib.h>
#include <string.h>

static int compare_numbers(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

int map_compare_label(const struct map_object *a, const struct map_object *b)
{
    const struct key_desc *x = a->key, *y = b->key;
    int order = compare_numbers(x->class, y->class);

    order = order ? order : compare_numbers(x->label_len, y->label_len);
    return order ? order : memcmp(x->label, y->label, key_label_held(x));
}

int map_compare_id(const struct map_object *a, const struct map_object *b)
{
    const struct key_desc *x = a->key, *y = b->key;
    int order = compare_numbers(x->class, y->class);

    order = order ? order : compare_numbers(x->id_len, y->id_len);
    return order ? order : memcmp(x->id, y->id, key_id_held(x));
}

int map_compare_names(const struct map_object *a, const struct map_object *b)
{
    int order = map_compare_label(a, b);

    return order ? order : map_compare_id(a, b);
}

int map_compare_evidence(const struct map_object *a, const struct map_object *b)
{
    int order = compare_numbers(a->key->class, b->key->class);

    order = order ? order : compare_numbers(a->key->kind, b->key->kind);
    order = order ? order : compare_numbers(a->len, b->len);
    return order || a->len == 0 ? order : memcmp(a->digest, b->digest, a->len);
}

int map_compare_identity(const struct map_object *a, const struct map_object *b)
{
    int order = map_compare_evidence(a, b);

    return order ? order : map_compare_names(a, b);
}

/* --- orders ----------------------------------------------------------------------------------- */

static int compare_counted(const void *a, const void *b, void *ctx)
{
    const struct map_order *order = ctx;
    const struct map_object *x = *(struct map_object *const *)a,
                            *y = *(struct map_object *const *)b;
    int is = order->compare(x, y);

    ++*order->work;
    return is ? is : compare_numbers(x->index, y->index);
}

bool map_order_make(struct map_order *order, struct map_object *objects, size_t count,
                    map_compare *compare, size_t *work)
{
    *order = (struct map_order){calloc(count + 1, sizeof(struct map_object *)),
                                calloc(count + 1, sizeof *order->next), count, compare, work};
    if (!order->at || !order->next)
        return false;
    for (size_t i = 0; i <= count; i++)
        order->next[i] = (uint32_t)i;
    for (size_t i = 0; i < count; i++)
        order->at[i] = &objects[i];
    qsort_r(order->at, count, sizeof(struct map_object *), compare_counted, order);
    return true;
}

void map_order_free(const struct map_order *order)
{
    free(order->at);
    free(order->next);
}

/* The first place that compare does not put before like. */
static size_t lower(const struct map_order *order, const struct map_object *like,
                    map_compare *compare)
{
    size_t low = 0, high = order->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        ++*order->work;
        if (compare(order->at[middle], like) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first free place that is not before this one. */
static size_t next_free(const struct map_order *order, size_t place)
{
    size_t free = place;

    while (free < order->count && order->at[free]->taken) {
        ++*order->work;
        free = order->next[free] > free ? order->next[free] : free + 1;
    }
    while (place < free) { /* the next search is shorter */
        size_t after = order->next[place] > place ? order->next[place] : place + 1;
        order->next[place] = (uint32_t)free;
        place = after;
    }
    return free;
}

struct map_object *map_find(const struct map_order *order, const struct map_object *like,
                            map_compare *compare)
{
    size_t first = lower(order, like, compare), free;

    if (first == order->count || compare(order->at[first], like) != 0)
        return NULL;
    free = next_free(order, first);
    ++*order->work;
    return free < order->count && compare(order->at[free], like) == 0 ? order->at[free]
                                                                      : order->at[first];
}
