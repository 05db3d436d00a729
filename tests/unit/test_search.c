/* SPDX-License-Identifier: Apache-2.0 */
/* base/search.h: every small sorted array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/search.h"

#define TEST(name) cmocka_unit_test(test_##name)

static int compare(const void *key, const void *member)
{
    uint32_t a = *(const uint32_t *)key, b = *(const uint32_t *)member;

    return (a > b) - (a < b);
}

/* Every sorted array of up to six members out of three values, and keys between all of them. */
static void test_every_small_array(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 4 * 4 * 4 * 4 * 4 * 4; code++) {
        uint32_t members[6];
        size_t count = 0;
        for (unsigned i = 0, rest = code; i < 6 && rest % 4; i++, rest /= 4)
            members[count++] = 2 * (rest % 4);
        for (size_t i = 1; i < count; i++)
            if (members[i - 1] > members[i])
                count = 0; /* not sorted: tried as none */
        for (uint32_t key = 0; key < 9; key++) {
            size_t expected = 0;
            while (expected < count && members[expected] < key)
                expected++;
            assert_int_equal(search_first(&key, members, count, sizeof members[0], compare),
                             expected);
        }
    }
}

static void test_nothing(void **state)
{
    uint32_t key = 1;

    (void)state;
    assert_int_equal(search_first(&key, NULL, 0, sizeof key, compare), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_small_array), TEST(nothing)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
