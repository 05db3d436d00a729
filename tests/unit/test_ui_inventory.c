/* SPDX-License-Identifier: Apache-2.0 */
/* The list that people work in: order, filter, search, marks, counterparts, and its cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui_fixture.h"

#include "ui/model/inventory.h"

static struct inventory of(struct key_desc *keys, size_t count)
{
    struct inventory inv = {0};
    struct key_list list = {keys, count, 0};
    struct err err;

    assert_true(inventory_take(&inv, &list, &err));
    return inv;
}

static void assert_row(const struct inventory *inv, size_t row, const char *label)
{
    const struct key_desc *key = inventory_row(inv, row);

    assert_non_null(key);
    assert_int_equal(key->label_len, strlen(label));
    assert_memory_equal(key->label, label, strlen(label));
}

static void test_sorted_with_keys_first(void **state)
{
    struct key_desc keys[] = {
        fixture_key(1, "zeta", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(2, "alpha", KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0),
        fixture_key(3, "beta", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048),
        fixture_key(4, "beta", KEY_CLASS_PUBLIC, KEY_KIND_RSA, 2048),
    };
    struct inventory inv = of(keys, 4);

    (void)state;
    assert_row(&inv, 0, "beta");
    assert_row(&inv, 1, "zeta");
    assert_int_equal(inventory_row(&inv, 2)->class, KEY_CLASS_PUBLIC);
    assert_row(&inv, 3, "alpha");
    inventory_sort(&inv, SORT_TYPE);
    assert_row(&inv, 0, "zeta");
    assert_null(inventory_row(&inv, 4));
    inventory_free(&inv);
}

static void test_filter(void **state)
{
    struct key_desc keys[] = {
        fixture_key(1, "payments-1", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(2, "payments-2", KEY_CLASS_SECRET, KEY_KIND_AES, 128),
        fixture_key(3, "root-ca", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 4096),
    };
    struct inventory inv = of(keys, 3);

    (void)state;
    inventory_filter(&inv, "PAY");
    assert_int_equal(inv.shown_count, 2);
    inventory_filter(&inv, "rsa 4096");
    assert_int_equal(inv.shown_count, 1);
    inventory_filter(&inv, "*-1");
    assert_int_equal(inv.shown_count, 1);
    assert_row(&inv, 0, "payments-1");
    inventory_filter(&inv, "nothing like it");
    assert_int_equal(inv.shown_count, 0);
    inventory_filter(&inv, "");
    assert_int_equal(inv.shown_count, 3);
    inventory_free(&inv);
}

static void test_marks(void **state)
{
    struct key_desc keys[] = {
        fixture_key(7, "a", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(8, "b", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048),
        fixture_key(9, "b", KEY_CLASS_PUBLIC, KEY_KIND_RSA, 2048),
    };
    struct inventory inv = of(keys, 3);
    struct key_list again = {keys, 3, 0};
    uint64_t handles[3];
    struct err err;

    (void)state;
    inventory_mark_invert(&inv, NULL);
    assert_int_equal(inv.marked_count, 2); /* a public key cannot be marked */
    inventory_mark(&inv, 0, false);
    assert_int_equal(inv.marked_count, 1);
    inventory_handles(&inv, handles);
    assert_int_equal(handles[0], 8);
    assert_true(inventory_take(&inv, &again, &err)); /* read again: marks stay */
    assert_int_equal(inv.marked_count, 1);
    inventory_mark_clear(&inv);
    assert_int_equal(inv.marked_count, 0);
    inventory_mark_pattern(&inv, "*a*", NULL);
    assert_int_equal(inv.marked_count, 1);
    inventory_free(&inv);
}

/* Many are marked at once, but for what cannot go; the script alone names such a key. */
static void test_many_marks_leave_out_what_cannot_go(void **state)
{
    struct key_desc keys[] = {
        fixture_key(7, "a", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(8, "b", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(9, "c", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
    };
    struct plan_verdict verdicts[] = {{.handle = 7, .movable = true}, {.handle = 8}, {.handle = 9}};
    struct plan_verdicts all = {verdicts, 3};
    struct script_key named = {.handle = 9};
    struct script script = {.keys = &named, .key_count = 1};
    struct inventory inv = of(keys, 3);

    (void)state;
    assert_int_equal(inventory_mark_pattern(&inv, "*", NULL), 0); /* control: nothing is known */
    assert_int_equal(inv.marked_count, 3);
    inventory_mark_clear(&inv);
    inventory_judge(&inv, &all);
    assert_int_equal(inventory_mark_pattern(&inv, "*", NULL), 2);
    assert_int_equal(inv.marked_count, 1);
    assert_int_equal(inventory_mark_pattern(&inv, "*", &script), 1);
    assert_int_equal(inv.marked_count, 2);
    assert_int_equal(inventory_mark_invert(&inv, NULL), 1); /* also takes the mark off the third */
    assert_int_equal(inv.marked_count, 0);
    assert_int_equal(inventory_mark_invert(&inv, &script), 1);
    assert_int_equal(inv.marked_count, 2);
    inventory_filter(&inv, "Refuse");
    assert_int_equal(inv.shown_count, 0);
    inventory_filter(&inv, "Refused");
    assert_int_equal(inv.shown_count, 2);
    assert_row(&inv, 0, "b");
    inventory_free(&inv);
}

static void test_marks_are_taken_back_once(void **state)
{
    struct key_desc keys[] = {
        fixture_key(7, "a", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(8, "b", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(9, "c", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
    };
    struct inventory inv = of(keys, 3);
    struct key_list again = {keys, 3, 0};
    struct err err;

    (void)state;
    assert_int_equal(inventory_mark_undo(&inv), 0);
    inventory_mark(&inv, 1, true);
    inventory_mark_pattern(&inv, "*", NULL);
    assert_int_equal(inv.marked_count, 3);
    assert_int_equal(inventory_mark_undo(&inv), 2); /* the pattern's, and not the one before */
    assert_int_equal(inv.marked_count, 1);
    assert_true(inventory_is_marked(&inv, 1));
    assert_int_equal(inventory_mark_undo(&inv), 2); /* and over again */
    assert_int_equal(inv.marked_count, 3);
    inventory_mark_clear(&inv);
    inventory_filter(&inv, "b"); /* what is not shown is taken back too */
    assert_int_equal(inventory_mark_undo(&inv), 3);
    assert_int_equal(inv.marked_count, 3);
    assert_true(inventory_take(&inv, &again, &err));
    assert_int_equal(inventory_mark_undo(&inv), 0); /* of another list */
    inventory_free(&inv);
}

static void test_counterpart(void **state)
{
    struct key_desc keys[] = {
        fixture_key(1, "rsa", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048),
        fixture_key(2, "aes", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
    };
    struct inventory inv;
    struct key_desc key = keys[0];
    const struct key_desc *there;

    (void)state;
    keys[0].has_public = true;
    memset(keys[0].spki_sha256, 7, sizeof keys[0].spki_sha256);
    inv = of(keys, 2);
    assert_int_equal(inventory_counterpart(&inv, &key, &there), RELATION_NAME);
    key.has_public = true;
    assert_int_equal(inventory_counterpart(&inv, &key, &there), RELATION_OTHER);
    memset(key.spki_sha256, 7, sizeof key.spki_sha256);
    key_set_id(&key, "x", 1); /* another id under the same label is still this name */
    assert_int_equal(inventory_counterpart(&inv, &key, &there), RELATION_SAME);
    assert_int_equal(there->handle, 1);
    key = fixture_key(5, "none", KEY_CLASS_SECRET, KEY_KIND_AES, 256);
    assert_int_equal(inventory_counterpart(&inv, &key, &there), RELATION_NONE);
    assert_null(there);
    inventory_free(&inv);
}

static void test_scroll(void **state)
{
    struct scroll s = {0};

    (void)state;
    scroll_move(&s, 5, 100, 10);
    assert_int_equal(s.at, 5);
    assert_int_equal(s.top, 0);
    scroll_move(&s, 10, 100, 10);
    assert_int_equal(s.top, 6);
    scroll_move(&s, 1000000, 100, 10);
    assert_int_equal(s.at, 99);
    assert_int_equal(s.top, 90);
    scroll_move(&s, 0, 100, 50); /* the window grew: no empty rows below */
    assert_int_equal(s.top, 50);
    scroll_move(&s, -1000000, 100, 10);
    assert_int_equal(s.at, 0);
    scroll_move(&s, 1, 0, 10);
    assert_int_equal(s.at, 0);
}

/* 10,000 objects on each side: what a key press may cost. */
static void test_work_of_a_key_press(void **state)
{
    static const int moving[] = {PRESS_DOWN, PRESS_UP, PRESS_PAGE_DOWN, PRESS_PAGE_UP, PRESS_END,
                                 PRESS_HOME, ' ',      PRESS_TAB};
    static const int once[] = {'s', '*', '-', 'u'};
    enum { N = 10000 };
    struct fixture f;
    struct key_list source, destination;
    struct inventory *inv;

    (void)state;
    fixture_new(&f);
    source = fixture_keys(N);
    destination = fixture_keys(N);
    fixture_list(&f, &source, &destination);
    inv = &f.app->side[SIDE_SOURCE].inventory;
    for (unsigned i = 0; i < sizeof moving / sizeof moving[0]; i++) {
        size_t before = inv->work;
        fixture_press(&f, moving[i]);
        assert_int_equal(inv->work, before);
    }
    f.app->at.active = SIDE_SOURCE;
    for (unsigned i = 0; i < sizeof once / sizeof once[0]; i++) {
        size_t before = inv->work;
        fixture_press(&f, once[i]);
        assert_in_range(inv->work - before, 1, 2 * N);
    }
    /* A filter is live: each character looks at what passed so far, and sorts nothing. */
    size_t before = inv->work, passed = N;
    for (const char *p = "fkey-00123"; *p; p++) {
        fixture_press(&f, *p);
        assert_true(inv->work - before <= passed);
        before = inv->work;
        passed = inv->shown_count;
    }
    assert_int_equal(inv->shown_count, 10);
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(inv->work, before);
    fixture_press(&f, 'f');
    fixture_press(&f, '9');
    fixture_press(&f, PRESS_ESC); /* and Esc gives back the one before */
    assert_string_equal(inv->filter, "key-00123");
    assert_int_equal(inv->shown_count, 10);
    key_list_free(&source);
    key_list_free(&destination);
    fixture_free(&f);
}

/* Part after part gives the order of the whole list; the cursor stays on its object, and in its
 * line, also when the whole list comes. */
static void test_objects_that_come_later(void **state)
{
    enum { N = 1000, PART = 170 };
    struct key_list all = fixture_keys(N), part;
    struct inventory inv = {0}, whole;
    struct err err;
    uint64_t current = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) { /* in another order than that of the labels */
        size_t j = (i * 7919) % N;
        struct key_desc swap = all.keys[i];
        all.keys[i] = all.keys[j];
        all.keys[j] = swap;
    }
    whole = of(all.keys, N);
    for (size_t at = 0; at < N; at += PART) {
        part = (struct key_list){all.keys + at, N - at < PART ? N - at : PART, 0};
        assert_true(inventory_add(&inv, &part, &err));
        if (at == 0) {
            assert_int_equal(inv.scroll.at, 0); /* nobody has moved: it stays on the first row */
            scroll_move(&inv.scroll, 50, inv.shown_count, 10);
            scroll_move(&inv.scroll, -3, inv.shown_count, 10);
            current = inventory_row(&inv, inv.scroll.at)->handle;
        }
        assert_int_equal(inventory_row(&inv, inv.scroll.at)->handle, current);
        assert_int_equal(inv.scroll.at - inv.scroll.top, 6);
    }
    assert_int_equal(inv.count, N);
    for (size_t row = 0; row < N; row++)
        assert_int_equal(inventory_row(&inv, row)->handle, inventory_row(&whole, row)->handle);
    for (size_t i = 0; i < N; i += 99) {
        const struct key_desc *other;
        assert_int_equal(inventory_counterpart(&inv, &all.keys[i], &other), RELATION_NAME);
        assert_int_equal(other->handle, all.keys[i].handle);
    }
    assert_true(inventory_take(&inv, &all, &err));
    assert_int_equal(inventory_row(&inv, inv.scroll.at)->handle, current);
    assert_int_equal(inv.scroll.at - inv.scroll.top, 6);
    inventory_filter(&inv, "key-00012");
    part = (struct key_list){all.keys, 1, 0};
    assert_true(inventory_add(&inv, &part, &err)); /* what is filtered stays so */
    assert_in_range(inv.shown_count, 10, 11);
    inventory_free(&inv);
    inventory_free(&whole);
    key_list_free(&all);
}

/* Rows are merged with those that are there, and those are not sorted again. */
static void test_work_of_objects_that_come_later(void **state)
{
    enum { N = 2000, PART = 20 };
    struct key_list all = fixture_keys(N);
    struct inventory inv = {0};
    struct err err;

    (void)state;
    for (size_t at = 0; at < N; at += PART) {
        struct key_list part = {all.keys + at, PART, 0};
        size_t before = inv.work;
        assert_true(inventory_add(&inv, &part, &err));
        assert_true(inv.work - before <= 3 * inv.count);
    }
    inventory_free(&inv);
    key_list_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_with_keys_first),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_many_marks_leave_out_what_cannot_go),
        cmocka_unit_test(test_marks_are_taken_back_once),
        cmocka_unit_test(test_counterpart),
        cmocka_unit_test(test_scroll),
        cmocka_unit_test(test_work_of_a_key_press),
        cmocka_unit_test(test_objects_that_come_later),
        cmocka_unit_test(test_work_of_objects_that_come_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
