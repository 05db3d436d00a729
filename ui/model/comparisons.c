/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/comparisons.h"

#include <stdlib.h>

bool comparisons_add(struct comparisons *list, const struct compared *compared)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].handle[SIDE_SOURCE] == compared->handle[SIDE_SOURCE] &&
            list->items[i].handle[SIDE_DESTINATION] == compared->handle[SIDE_DESTINATION]) {
            list->items[i] = *compared;
            return true;
        }
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 8;
        struct compared *items = reallocarray(list->items, room, sizeof *items);
        if (!items)
            return false;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *compared;
    return true;
}

const struct compared *comparisons_find(const struct comparisons *list, enum side side,
                                        uint64_t handle)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].handle[side] == handle)
            return &list->items[i];
    return NULL;
}

void comparisons_free(struct comparisons *list)
{
    free(list->items);
    *list = (struct comparisons){0};
}
