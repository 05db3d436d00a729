/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compact.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In data follow one another: a run's head, and the bytes of the run. */
struct compact {
    uint16_t size; /* of the value */
    uint16_t len;  /* of data */
    uint8_t data[];
};

struct run {
    uint16_t zeros; /* before it */
    uint16_t bytes;
};

static size_t zeros_from(const uint8_t *value, size_t at, size_t size)
{
    size_t count = 0;

    while (at + count < size && value[at + count] == 0)
        count++;
    return count;
}

/* The next run from *at on, and moves *at past it. Fewer zeros than a head has bytes stay in it. */
static struct run next_run(const uint8_t *value, size_t size, size_t *at)
{
    struct run run = {(uint16_t)zeros_from(value, *at, size), 0};
    size_t end = *at + run.zeros;

    while (end < size) {
        size_t zeros = zeros_from(value, end, size);
        if (zeros > sizeof run || end + zeros == size)
            break;
        end += zeros + 1;
    }
    run.bytes = (uint16_t)(end - *at - run.zeros);
    *at = end;
    return run;
}

/* Writes the runs to out, if it is not NULL. Returns their length. */
static size_t pack(const uint8_t *value, size_t size, uint8_t *out)
{
    size_t len = 0;

    for (size_t at = 0; at < size;) {
        const struct run run = next_run(value, size, &at);
        if (run.bytes == 0)
            break;
        if (out) {
            memcpy(out + len, &run, sizeof run);
            memcpy(out + len + sizeof run, value + at - run.bytes, run.bytes);
        }
        len += sizeof run + run.bytes;
    }
    return len;
}

/* Between two heads there are more zeros than a head has bytes; only the first may have none. */
_Static_assert(COMPACT_MAX + sizeof(struct run) <= UINT16_MAX, "size and len can hold it");

bool compact_set(struct compact **to, const void *value, size_t size)
{
    size_t len = pack(value, size, NULL);
    struct compact *made = malloc(sizeof *made + len);

    if (!made)
        return false;
    made->size = (uint16_t)size;
    made->len = (uint16_t)len;
    pack(value, size, made->data);
    free(*to);
    *to = made;
    return true;
}

void compact_get(const struct compact *from, void *value, size_t size)
{
    uint8_t *out = value;

    memset(value, 0, size);
    for (size_t at = 0; from && from->size == size && at < from->len;) {
        struct run run;
        memcpy(&run, from->data + at, sizeof run);
        memcpy(out + run.zeros, from->data + at + sizeof run, run.bytes);
        out += run.zeros + run.bytes;
        at += sizeof run + run.bytes;
    }
}

size_t compact_size(const struct compact *value)
{
    return value ? sizeof *value + value->len : 0;
}

void compact_free(struct compact **value)
{
    free(*value);
    *value = NULL;
}
