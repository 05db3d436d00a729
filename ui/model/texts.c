/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/texts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_ROOM = 64 };

/* FNV-1a. */
static size_t hash(const char *text)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (size_t)sum;
}

/* Where text stands, or the free place for it. */
static size_t find(char *const *at, size_t room, const char *text)
{
    size_t i = hash(text) & (room - 1);

    while (at[i] && strcmp(at[i], text) != 0)
        i = (i + 1) & (room - 1);
    return i;
}

/* At most half of the places are taken, so that a free one is near. */
static char **grow(struct texts *texts)
{
    size_t room = texts->room ? 2 * texts->room : TEXTS_ROOM;
    char **at = calloc(room, sizeof *at);

    for (size_t i = 0; at && i < texts->room; i++)
        if (texts->at[i])
            at[find(at, room, texts->at[i])] = texts->at[i];
    if (!at)
        return NULL;
    free(texts->at);
    texts->at = at;
    texts->room = room;
    return at;
}

const char *texts_keep(struct texts *texts, const char *text)
{
    size_t i;

    if (2 * texts->count >= texts->room && !grow(texts))
        return NULL;
    i = find(texts->at, texts->room, text);
    if (!texts->at[i] && (texts->at[i] = strdup(text)) != NULL)
        texts->count++;
    return texts->at[i];
}

void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < texts->room; i++)
        free(texts->at[i]);
    free(texts->at);
    *texts = (struct texts){0};
}
