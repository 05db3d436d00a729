/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/mapped.h"

#include <stdlib.h>

#include "plan/map_text.h"

static bool passes(const struct mapped *m, const struct map_row *row)
{
    return m->filter == MAPPED_ALL || (m->filter == MAPPED_DIFFERENT && row->state != MAP_SAME) ||
           m->filter == (unsigned)MAPPED_STATES + row->state;
}

/* The cursor stays on its row if that is still shown. */
static void show(struct mapped *m)
{
    const size_t current = m->scroll.at < m->shown_count ? m->shown[m->scroll.at] : m->map.count;
    size_t at = 0;

    m->shown_count = 0;
    for (size_t i = 0; i < m->map.count; i++) {
        if (!passes(m, &m->map.rows[i]))
            continue;
        if (i == current)
            at = m->shown_count;
        m->shown[m->shown_count++] = (uint32_t)i;
    }
    m->scroll = (struct scroll){at, at};
}

bool mapped_take(struct mapped *m, const struct map *map, struct err *err)
{
    mapped_drop(m);
    if (!map_copy(map, &m->map, err))
        return false;
    m->shown = calloc(m->map.room + 1, sizeof *m->shown);
    if (!m->shown) {
        mapped_drop(m);
        return err_set(err, ERR_FAILED, "There is no memory for a map of %zu rows", map->count);
    }
    show(m);
    return true;
}

void mapped_drop(struct mapped *m)
{
    const struct mapped none = {.filter = m->filter, .asked = m->asked};

    map_free(&m->map);
    free(m->shown);
    *m = none;
}

void mapped_next_filter(struct mapped *m)
{
    do
        m->filter = (m->filter + 1) % MAPPED_FILTERS;
    while (m->filter >= MAPPED_STATES && m->map.counts[m->filter - MAPPED_STATES] == 0);
    if (m->shown)
        show(m);
}

const char *mapped_filter_name(const struct mapped *m)
{
    return m->filter == MAPPED_ALL ? ""
           : m->filter == MAPPED_DIFFERENT
               ? "not the same"
               : map_state_name((enum map_state)(m->filter - MAPPED_STATES));
}

const struct map_row *mapped_row(const struct mapped *m, size_t place)
{
    return place < m->shown_count ? &m->map.rows[m->shown[place]] : NULL;
}

void mapped_answer(struct mapped *m, const struct map_couple *of, const uint32_t object[2],
                   enum comparison answer)
{
    for (size_t i = 0; i < m->map.count; i++) {
        const struct map_row *row = &m->map.rows[i];
        if (row->object[0] == object[0] && row->object[1] == object[1]) {
            map_answer(&m->map, i, of, answer);
            show(m);
            return;
        }
    }
}
