/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same of several keys is said once, with their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/key_groups.h"

static struct err err;

/* "text|keys|count" for each group, one a line. */
static void put(void *ctx, const char *text, const char *keys, size_t count)
{
    char *out = ctx;
    size_t at = strlen(out);

    snprintf(out + at, 1024 - at, "%s|%s|%zu\n", text, keys, count);
}

static void add(struct key_groups *g, int64_t key, const char *text)
{
    assert_true(key_groups_add(g, key, &err, "%s", text));
}

static void reports(struct key_groups *g, const char *expected)
{
    char out[1024] = "";

    assert_true(key_groups_report(g, put, out, &err));
    assert_string_equal(out, expected);
    key_groups_clear(g);
    assert_int_equal(g->count, 0);
}

static void test_numbers(void **state)
{
    struct key_groups g = {0};

    (void)state;
    reports(&g, "");
    add(&g, 1, "a");
    reports(&g, "a|1|1\n");
    for (int64_t key = 1; key <= 9; key++)
        if (key != 4 && key != 7)
            add(&g, key, "a");
    reports(&g, "a|1 to 3, 5, 6, 8, 9|7\n");
    add(&g, 2, "a");
    add(&g, 2, "a"); /* twice of one key is once */
    add(&g, 3, "a");
    reports(&g, "a|2, 3|2\n");
    add(&g, 0, "of no key");
    add(&g, 0, "of no key");
    reports(&g, "of no key||2\n");
    add(&g, 5, "a");
    add(&g, 4, "a");
    reports(&g, "a|5, 4|2\n");
    add(&g, INT64_C(999999999999999999), "a");
    add(&g, 1, "a");
    reports(&g, "a|999999999999999999, 1|2\n");
}

static void test_order_is_that_of_the_first(void **state)
{
    struct key_groups g = {0};

    (void)state;
    add(&g, 1, "z");
    add(&g, 1, "a");
    add(&g, 2, "z");
    add(&g, 3, "m");
    add(&g, 3, "a");
    reports(&g, "z|1, 2|2\na|1, 3|2\nm|3|1\n");
}

static void count_groups(void *ctx, const char *text, const char *keys, size_t count)
{
    (void)text;
    assert_int_equal(count, strcmp(keys, "1 to 10000") == 0 ? 10000 : 5000);
    ++*(size_t *)ctx;
}

static void test_many(void **state)
{
    struct key_groups g = {0};
    size_t groups = 0;

    (void)state;
    for (int64_t key = 1; key <= 10000; key++) {
        add(&g, key, "all");
        add(&g, key, key % 2 ? "odd" : "even");
    }
    assert_true(key_groups_report(&g, count_groups, &groups, &err));
    assert_int_equal(groups, 3);
    key_groups_clear(&g);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_order_is_that_of_the_first),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
