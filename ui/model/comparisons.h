/* SPDX-License-Identifier: Apache-2.0 */
/* What officers asked both HSMs about two keys of one name, and what came of it. */
#ifndef HSMFERRY_UI_MODEL_COMPARISONS_H
#define HSMFERRY_UI_MODEL_COMPARISONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"

/* {0} is empty and valid. */
struct comparisons {
    struct compared *items;
    size_t count, room;
};

/* Keeps a copy; the last word on two keys counts. Returns false when there is no memory. */
bool comparisons_add(struct comparisons *list, const struct compared *compared);

/* The result for this side's key with this handle; NULL: it was not compared. */
const struct compared *comparisons_find(const struct comparisons *list, enum side side,
                                        uint64_t handle);

/* The handles are of other keys from now on. */
void comparisons_free(struct comparisons *list);

#endif
