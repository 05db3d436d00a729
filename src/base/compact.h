/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain value in as few bytes as it needs, for those that are kept by the thousand: most bytes of
 * a description or a failure are the unused ends of its texts, and runs of zeros are left out.
 */
#ifndef HSMFERRY_BASE_COMPACT_H
#define HSMFERRY_BASE_COMPACT_H

#include <stdbool.h>
#include <stddef.h>

struct compact;

/* Replaces *to (NULL: nothing) by a copy of value, which has no pointers and at most COMPACT_MAX
 * bytes. Returns false when there is no memory; *to is then unchanged. Freed with
 * compact_free(). */
enum { COMPACT_MAX = 8192 };
bool compact_set(struct compact **to, const void *value, size_t size);

/* Writes the value of size bytes that was set. NULL: all zeros. */
void compact_get(const struct compact *from, void *value, size_t size);

/* How many bytes of memory it takes. */
size_t compact_size(const struct compact *value);

/* Frees and empties. */
void compact_free(struct compact **value);

#endif
