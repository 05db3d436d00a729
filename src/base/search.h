/* SPDX-License-Identifier: Apache-2.0 */
/* Search in sorted arrays, for what bsearch(3) does not give: the first of equal members, or the
 * place of a member that is not there yet. */
#ifndef HSMFERRY_BASE_SEARCH_H
#define HSMFERRY_BASE_SEARCH_H

#include <stddef.h>

/* The index of the first of count sorted members that does not come before key; count if all do.
 * compare as for bsearch(3): its first argument is key. members may be NULL if count is 0. */
size_t search_first(const void *key, const void *members, size_t count, size_t size,
                    int (*compare)(const void *key, const void *member));

#endif
