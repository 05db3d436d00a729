/* SPDX-License-Identifier: Apache-2.0 */
/* Values and failures that are kept in few bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compact.h"
#include "base/err_note.h"

/* What it costs at most, whatever the value: one head. */
enum { HEADS = 8 };

static void comes_back(const uint8_t *value, size_t size)
{
    static uint8_t back[COMPACT_MAX];
    struct compact *kept = NULL;

    memset(back, 0xa5, sizeof back);
    assert_true(compact_set(&kept, value, size));
    assert_in_range(compact_size(kept), 0, size + HEADS);
    compact_get(kept, back, size);
    assert_memory_equal(back, value, size);
    compact_free(&kept);
    assert_null(kept);
}

/* Runs of zeros and of others, of each length up to more than a head has bytes, at each end. */
static void each_run_comes_back(void **state)
{
    uint8_t value[64];

    (void)state;
    for (size_t first = 0; first < 12; first++)
        for (size_t zeros = 0; zeros < 12; zeros++)
            for (size_t last = 0; last < 12; last++) {
                memset(value, 0, sizeof value);
                memset(value + 3 * (first % 2), 1, first);
                memset(value + 3 * (first % 2) + first + zeros, 2, last);
                comes_back(value, sizeof value);
                comes_back(value, 3 * (first % 2) + first + zeros + last + 1);
            }
}

static void any_value_comes_back(void **state)
{
    static uint8_t value[COMPACT_MAX];
    uint32_t random = 1;

    (void)state;
    comes_back(value, sizeof value);
    for (unsigned sparse = 1; sparse < 64; sparse *= 2)
        for (size_t size = 1; size <= sizeof value; size = 2 * size + (size == 1)) {
            for (size_t i = 0; i < sizeof value; i++) {
                random = random * 1664525 + 1013904223;
                value[i] = (random >> 8) % sparse ? 0 : (uint8_t)(random >> 24);
            }
            comes_back(value, size <= sizeof value ? size : sizeof value);
        }
    memset(value, 0xff, sizeof value);
    comes_back(value, sizeof value);
}

/* Nothing was set; or a value of another size: all zeros, never what was in memory. */
static void nothing_is_zeros(void **state)
{
    uint8_t back[4] = {1, 2, 3, 4};
    const uint8_t zeros[4] = {0}, value[3] = {9, 9, 9};
    struct compact *kept = NULL;

    (void)state;
    compact_get(NULL, back, sizeof back);
    assert_memory_equal(back, zeros, sizeof back);
    assert_true(compact_set(&kept, value, sizeof value));
    memset(back, 1, sizeof back);
    compact_get(kept, back, sizeof back);
    assert_memory_equal(back, zeros, sizeof back);
    compact_free(&kept);
}

static void a_failure_is_noted(void **state)
{
    struct err_note note = {0};
    struct err err, back;

    (void)state;
    back = err_note_get(&note);
    assert_int_equal(back.code, ERR_NONE);
    assert_string_equal(back.what, "");
    err_set_hsm(&err, ERR_HSM, 0x69, "CKR_KEY_NOT_WRAPPABLE", "the source refuses");
    err_now(&err, "Nothing left it.");
    err_next(&err, "Choose another.");
    err_note_set(&note, &err);
    assert_int_equal(note.code, ERR_HSM);
    back = err_note_get(&note);
    assert_memory_equal(&back, &err, sizeof err);
    assert_in_range(compact_size(note.rest), 1, 160); /* struct err has more than 800 bytes */
    /* words without a failure are kept as well: how a key is migrated */
    err_set(&err, ERR_NONE, "in the AES envelope");
    err_note_set(&note, &err);
    assert_int_equal(note.code, ERR_NONE);
    assert_string_equal(err_note_get(&note).what, "in the AES envelope");
    err_note_free(&note);
    /* as without memory: the class stays, and nobody reads words that were never there */
    note = (struct err_note){ERR_DENIED, NULL};
    back = err_note_get(&note);
    assert_int_equal(back.code, ERR_DENIED);
    assert_string_equal(back.what, "there was no memory to keep the reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_run_comes_back),
        cmocka_unit_test(any_value_comes_back),
        cmocka_unit_test(nothing_is_zeros),
        cmocka_unit_test(a_failure_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
