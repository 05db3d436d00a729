/* SPDX-License-Identifier: Apache-2.0 */
/* The map as the console shows it: of the lists that it has, with a filter. */
#ifndef HSMFERRY_UI_MODEL_MAPPED_H
#define HSMFERRY_UI_MODEL_MAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/map.h"
#include "ui/model/scroll.h"

/* {0}: there is none. */
struct mapped {
    struct map map;
    uint32_t *shown; /* indices of rows that pass the filter */
    size_t shown_count;
    struct scroll scroll;
    unsigned filter; /* 0: all rows; MAPPED_DIFFERENT; or from MAPPED_STATES on, each state */
    bool asked;      /* it is being made */
};
enum { MAPPED_ALL, MAPPED_DIFFERENT, MAPPED_STATES, MAPPED_FILTERS = MAPPED_STATES + MAP_STATES };

/* Takes a copy; the filter stays. Errors: ERR_FAILED (memory); there is none then. */
bool mapped_take(struct mapped *m, const struct map *map, struct err *err);

/* The lists have changed: its rows are of other objects. The filter stays. */
void mapped_drop(struct mapped *m);

/* The next filter that lets a row pass, or all. */
void mapped_next_filter(struct mapped *m);
const char *mapped_filter_name(const struct mapped *m);

/* The row at a place of those shown; NULL: there is none. */
const struct map_row *mapped_row(const struct mapped *m, size_t place);

/* Both HSMs have answered about the two objects with these numbers, by side. */
void mapped_answer(struct mapped *m, const struct map_couple *of, const uint32_t object[2],
                   enum comparison answer);

#endif
