/* SPDX-License-Identifier: Apache-2.0 */
#include "base/search.h"

size_t search_first(const void *key, const void *members, size_t count, size_t size,
                    int (*compare)(const void *key, const void *member))
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(key, (const char *)members + middle * size) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
