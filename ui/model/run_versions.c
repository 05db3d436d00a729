/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/run_versions.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more of count; false: no memory. */
static bool make_room(void **items, size_t size, size_t count, size_t *room)
{
    size_t more = *room ? 2 * *room : 64;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*items, more, size);
    if (!grown)
        return false;
    *items = grown;
    *room = more;
    return true;
}

static size_t piece_size(unsigned i)
{
    return i + 1 < RUN_PIECES ? RUN_PIECE : sizeof(struct run) - (size_t)i * RUN_PIECE;
}

static bool keep_piece(struct run_versions *v, const uint8_t *raw, size_t size, uint32_t *number)
{
    if (!make_room((void **)&v->pieces, sizeof(struct compact *), v->count, &v->room))
        return false;
    v->pieces[v->count] = NULL;
    if (!compact_set(&v->pieces[v->count], raw, size))
        return false;
    *number = (uint32_t)v->count++;
    return true;
}

bool versions_keep(struct run_versions *v, const struct run *run)
{
    const struct run_moment *before;
    struct run_moment *moment;

    if (!make_room((void **)&v->moments, sizeof *v->moments, v->moment_count, &v->moment_room) ||
        (run->keys && !run_keys_keep(run->keys, (uint32_t)v->moment_count)))
        return false;
    moment = &v->moments[v->moment_count];
    before = v->moment_count ? moment - 1 : NULL;
    for (unsigned i = 0; i < RUN_PIECES; i++) {
        size_t at = (size_t)i * RUN_PIECE;
        const uint8_t *raw = (const uint8_t *)run + at, *was = (const uint8_t *)&v->last + at;
        if (before && memcmp(raw, was, piece_size(i)) == 0)
            moment->piece[i] = before->piece[i];
        else if (!keep_piece(v, raw, piece_size(i), &moment->piece[i]))
            return false;
    }
    memcpy(&v->last, run, sizeof v->last);
    v->moment_count++;
    return true;
}

/* Texts are only ever added: what a step of then points at is still there. */
void versions_restore(const struct run_versions *v, size_t moment, struct run *run)
{
    struct run_keys *keys = run->keys;
    const struct texts texts = run->texts;

    for (unsigned i = 0; i < RUN_PIECES; i++)
        compact_get(v->pieces[v->moments[moment].piece[i]], (uint8_t *)run + (size_t)i * RUN_PIECE,
                    piece_size(i));
    run->keys = keys;
    run->texts = texts;
    if (keys)
        run_keys_restore(keys, (uint32_t)moment);
}

void versions_free(struct run_versions *v)
{
    for (size_t i = 0; i < v->count; i++)
        compact_free(&v->pieces[i]);
    free(v->pieces);
    free(v->moments);
    v->pieces = NULL;
    v->moments = NULL;
    v->count = v->room = v->moment_count = v->moment_room = 0;
}
