/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/failing.h"

void failing_note(struct failing *failing, uint32_t number, bool fails)
{
    uint64_t *word = &failing->bits[(number - 1) / 64], bit = UINT64_C(1) << (number - 1) % 64;

    failing->count += fails && !(*word & bit);
    failing->count -= !fails && (*word & bit);
    *word = fails ? *word | bit : *word & ~bit;
}

size_t failing_before(const struct failing *failing, uint32_t number)
{
    size_t count = 0, at = number ? number - 1 : 0;

    for (size_t i = 0; i < at / 64; i++)
        count += (size_t)__builtin_popcountll(failing->bits[i]);
    if (at % 64)
        count += (size_t)__builtin_popcountll(failing->bits[at / 64] << (64 - at % 64));
    return count;
}

uint32_t failing_at(const struct failing *failing, size_t i)
{
    size_t word = 0;
    uint64_t left;

    if (i >= failing->count)
        return 0;
    for (; i >= (size_t)__builtin_popcountll(failing->bits[word]); word++)
        i -= (size_t)__builtin_popcountll(failing->bits[word]);
    for (left = failing->bits[word]; i > 0; i--)
        left &= left - 1;
    return (uint32_t)(64 * word + (size_t)__builtin_ctzll(left)) + 1;
}
