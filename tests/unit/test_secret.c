/* SPDX-License-Identifier: Apache-2.0 */
/* base/secret.h and base/bytes.h: what is kept, what is wiped, what faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"

static void test_keeps_and_replaces(void **state)
{
    struct secret s = {0};
    struct err err = {0};

    (void)state;
    assert_true(secret_new(&s, 8, &err));
    assert_int_equal(s.cap, 8);
    assert_int_equal(s.len, 0);
    assert_true(secret_set(&s, "12345678", 8, &err));
    assert_memory_equal(s.data, "12345678", 8);
    assert_true(secret_set(&s, "ab", 2, &err));
    assert_int_equal(s.len, 2);
    assert_memory_equal(s.data, "ab\0\0\0\0\0\0", 8);
    secret_free(&s);
    assert_null(s.data);
    secret_free(&s);
    secret_free(NULL);
}

static void test_bytes(void **state)
{
    struct bytes a = {0}, b = {0};

    (void)state;
    assert_true(bytes_equal(&a, &b));
    assert_true(bytes_set(&a, "abc", 3, NULL));
    assert_false(bytes_equal(&a, &b));
    assert_true(bytes_set(&b, "abd", 3, NULL));
    assert_false(bytes_equal(&a, &b));
    assert_true(bytes_set(&b, "abc", 3, NULL));
    assert_true(bytes_equal(&a, &b));
    bytes_free(&a);
    bytes_free(&b);
    bytes_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_and_replaces),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
