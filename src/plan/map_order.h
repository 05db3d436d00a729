/* SPDX-License-Identifier: Apache-2.0 */
/* The orders in which the map searches for an object: by what identifies it, by label, by id. */
#ifndef HSMFERRY_PLAN_MAP_ORDER_H
#define HSMFERRY_PLAN_MAP_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/key.h"

/* An object, and what identifies it. */
struct map_object {
    const struct key_desc *key;
    const uint8_t *digest; /* NULL: nothing does */
    uint32_t len;
    uint32_t index; /* in its list */
    uint8_t by;     /* enum map_by */
    bool taken;     /* a row has it */
};
_Static_assert(sizeof(struct map_object) <= 32, "there are objects by the ten thousand");

typedef int map_compare(const struct map_object *a, const struct map_object *b);

/* By class and label; by class and id; by both; by what identifies it; by that, label and id. */
map_compare map_compare_label, map_compare_id, map_compare_names, map_compare_evidence,
    map_compare_identity;

/* Objects in one of these orders. */
struct map_order {
    struct map_object **at;
    uint32_t *next; /* by place: the place itself, or one that is not after the next free one */
    size_t count;
    map_compare *compare;
    size_t *work; /* comparisons so far */
};

/* Returns false if there is no memory. Freed with map_order_free(), also then. */
bool map_order_make(struct map_order *order, struct map_object *objects, size_t count,
                    map_compare *compare, size_t *work);
void map_order_free(const struct map_order *order);

/* An object that compare, by which the order is sorted, calls equal to like: one that is not taken,
 * if there is one; NULL: none is equal. */
struct map_object *map_find(const struct map_order *order, const struct map_object *like,
                            map_compare *compare);

#endif
