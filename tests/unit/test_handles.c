/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/handles.h: whose an object is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "hsm/handles.h"

static const uint64_t there[] = {3, 5, 8};
static bool fails, names_another;
static enum err_code read_fails;

static bool give_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    (void)hsm;
    *count = 0;
    *handles = NULL;
    if (fails)
        return err_set(err, ERR_HSM, "no inventory");
    *handles = calloc(3, sizeof **handles);
    assert_non_null(*handles);
    memcpy(*handles, there, sizeof there);
    *count = 3;
    return true;
}

static bool give_key(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    (void)hsm;
    if (read_fails)
        return err_set(err, read_fails, "it cannot be read");
    *key = (struct key_desc){.handle = handle, .class = KEY_CLASS_SECRET};
    if (names_another)
        key->class = KEY_CLASS_PRIVATE;
    return true;
}

static const struct hsm_driver driver = {.handles = give_handles, .describe = give_key};
static struct hsm hsm = {.driver = &driver};

static int begin(void **state)
{
    static struct handles h;
    struct err err;

    h = (struct handles){0};
    fails = names_another = false;
    read_fails = ERR_NONE;
    *state = &h;
    return handles_begin(&h, &hsm, &err) ? 0 : -1;
}

static int end(void **state)
{
    handles_free(*state);
    return 0;
}

static void test_what_was_there_is_never_new(void **state)
{
    struct handles *h = *state;
    struct err err;
    bool live;

    for (size_t i = 0; i < 3; i++) {
        assert_true(handles_was_there(h, there[i]));
        assert_false(handles_is_new(h, there[i]));
        assert_false(handles_add(h, there[i], &err));
        assert_int_equal(err.code, ERR_HSM);
        assert_false(handles_made(h, there[i], &live));
    }
    assert_false(handles_is_new(h, 0));
    assert_false(handles_add(h, 0, &err));
    assert_false(handles_was_there(h, 4));
}

static void test_what_was_made_is_new_once(void **state)
{
    struct handles *h = *state;
    struct err err;
    bool live;

    assert_true(handles_add(h, 4, &err));
    assert_false(handles_add(h, 4, &err));
    assert_int_equal(err.code, ERR_HSM);
    assert_true(handles_made(h, 4, &live) && live);
    handles_gone(h, 4);
    assert_true(handles_made(h, 4, &live) && !live);
    assert_true(handles_add(h, 4, &err)); /* given out again */
    assert_true(handles_made(h, 4, &live) && live);
}

static void test_what_was_removed_may_come_again(void **state)
{
    struct handles *h = *state;
    struct err err;

    handles_gone(h, 5);
    assert_false(handles_was_there(h, 5));
    assert_true(handles_was_there(h, 3) && handles_was_there(h, 8));
    assert_true(handles_add(h, 5, &err));
}

/* No inventory: nothing is new; nor does a later one that fails take the one before away. */
static void test_without_an_inventory_nothing_is_new(void **state)
{
    struct handles none = {0}, *h = *state;
    struct err err;
    bool live;

    assert_false(handles_is_new(&none, 4));
    assert_false(handles_add(&none, 4, &err));
    assert_false(handles_made(&none, 4, &live));
    fails = true;
    assert_false(handles_begin(&none, &hsm, &err));
    assert_false(handles_is_new(&none, 4));
    assert_false(handles_begin(h, &hsm, &err));
    assert_true(handles_was_there(h, 5));
}

static void test_check_reads_again(void **state)
{
    const struct key_desc is = {.handle = 5, .class = KEY_CLASS_SECRET};
    struct err err = {0};
    bool gone;

    (void)state;
    assert_true(handles_check(&hsm, &is, &gone, &err) && !gone);
    names_another = true;
    assert_false(handles_check(&hsm, &is, &gone, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(err.now, "It was not destroyed");
    read_fails = ERR_NO_INPUT;
    assert_true(handles_check(&hsm, &is, &gone, &err) && gone);
    read_fails = ERR_GONE;
    assert_false(handles_check(&hsm, &is, &gone, &err) || gone);
    assert_int_equal(err.code, ERR_GONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_there_is_never_new),
        TEST(test_what_was_made_is_new_once),
        TEST(test_what_was_removed_may_come_again),
        TEST(test_without_an_inventory_nothing_is_new),
        TEST(test_check_reads_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
