/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/spoken.h: what a vendor library prints becomes few, short, safe lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "link/vendor_output.h"

struct heard {
    unsigned lines;
    char last[1024];
};

static void take(void *ctx, const char *line)
{
    struct heard *h = ctx;
    h->lines++;
    strncpy(h->last, line, sizeof h->last - 1);
}

static void feed(struct vendor_output *s, const char *text)
{
    vendor_output_feed(s, text, strlen(text));
}

static void lines_are_put_together(void **state)
{
    (void)state;
    struct heard h = {0};
    struct vendor_output s = {.take = take, .ctx = &h};

    feed(&s, "he");
    feed(&s, "llo");
    assert_int_equal(h.lines, 0);
    feed(&s, "\r\n\nthere");
    assert_int_equal(h.lines, 1);
    assert_string_equal(h.last, "hello");
    vendor_output_flush(&s);
    assert_int_equal(h.lines, 2);
    assert_string_equal(h.last, "there");
    vendor_output_flush(&s);
    assert_int_equal(h.lines, 2);
}

static void lines_are_safe(void **state)
{
    (void)state;
    struct heard h = {0};
    struct vendor_output s = {.take = take, .ctx = &h};

    vendor_output_feed(&s, "\x1b[2J\0x\n", 7);
    assert_string_equal(h.last, "\\x1b[2J\\x00x");
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    struct heard h = {0};
    struct vendor_output s = {.take = take, .ctx = &h};

    for (unsigned i = 0; i < 3 * VENDOR_OUTPUT_LINE_MAX; i++)
        feed(&s, "x");
    feed(&s, "\nnext\n");
    assert_int_equal(h.lines, 2);
    assert_string_equal(h.last, "next");
}

static void floods_are_dropped(void **state)
{
    (void)state;
    struct heard h = {0};
    struct vendor_output s = {.take = take, .ctx = &h};

    for (unsigned i = 0; i < 10 * VENDOR_OUTPUT_BURST; i++)
        feed(&s, "again\n");
    assert_int_equal(h.lines, VENDOR_OUTPUT_BURST + 1);
    assert_non_null(strstr(h.last, "dropped"));
    vendor_output_refill(&s);
    feed(&s, "later\n");
    assert_string_equal(h.last, "later");
}

static void nobody_need_listen(void **state)
{
    (void)state;
    struct vendor_output s = {0};
    feed(&s, "to nobody\n");
    vendor_output_flush(&s);
    assert_int_equal(s.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_put_together), cmocka_unit_test(lines_are_safe),
        cmocka_unit_test(long_lines_are_cut),     cmocka_unit_test(floods_are_dropped),
        cmocka_unit_test(nobody_need_listen),
    };
    return cmocka_run_group_tests_name("spoken", tests, NULL, NULL);
}
