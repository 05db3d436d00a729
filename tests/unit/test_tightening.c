/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy must lose to be as its original: never a use or a freedom more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hsm/tightening.h"

enum { ALL_KNOWN = (1 << KEY_FLAGS) - 1 };

static struct key_desc key_with(uint32_t flags)
{
    return (struct key_desc){.class = KEY_CLASS_SECRET,
                             .kind = KEY_KIND_AES,
                             .flags = flags | KEY_MODIFIABLE,
                             .flags_known = ALL_KNOWN,
                             .constraints.known = KEY_DATES};
}

static void only_what_is_looser(void **state)
{
    const struct key_desc original = key_with(KEY_ENCRYPT | KEY_SENSITIVE | KEY_SIGN);
    const struct key_desc copy = key_with(KEY_ENCRYPT | KEY_DECRYPT | KEY_EXTRACTABLE);
    struct tightening to;
    char text[TIGHTENING_TEXT];

    (void)state;
    tightening_of(&original, original.flags, &copy, &to);
    assert_int_equal(to.off, KEY_DECRYPT | KEY_EXTRACTABLE);
    assert_int_equal(to.on, KEY_SENSITIVE); /* and not sign, which would be a use more */
    assert_string_equal(tightening_text(&to, text), "decrypt: no; sensitive: yes; extractable: no");
    tightening_of(&original, original.flags, &original, &to);
    assert_false(tightening_is_set(&to));
}

static void what_cannot_be_set_is_left(void **state)
{
    const struct key_desc original = key_with(KEY_SENSITIVE);
    struct key_desc copy = key_with(KEY_EXTRACTABLE);
    struct tightening to;

    (void)state;
    copy.flags &= ~(uint32_t)KEY_MODIFIABLE;
    tightening_of(&original, original.flags, &copy, &to);
    assert_false(tightening_is_set(&to));
    copy = key_with(KEY_EXTRACTABLE);
    copy.flags_known = KEY_MODIFIABLE; /* what an HSM does not report is not set blindly */
    tightening_of(&original, original.flags, &copy, &to);
    assert_false(tightening_is_set(&to));
    copy = key_with(KEY_EXTRACTABLE);
    copy.class = KEY_CLASS_CERTIFICATE;
    tightening_of(&original, original.flags, &copy, &to);
    assert_false(tightening_is_set(&to));
}

static void dates_only_come_closer(void **state)
{
    struct key_desc original = key_with(0), copy = key_with(0);
    struct tightening to;
    struct err err = {0};

    (void)state;
    strcpy(original.constraints.start, "20260101");
    strcpy(original.constraints.end, "20271231");
    tightening_of(&original, 0, &copy, &to);
    assert_string_equal(to.start, "20260101");
    assert_string_equal(to.end, "20271231");
    assert_true(tightening_check(&to, &copy, &err));
    assert_false(tightening_holds(&to, &copy));
    strcpy(copy.constraints.start, "20260601");
    strcpy(copy.constraints.end, "20270101"); /* tighter than the original */
    assert_false(tightening_check(&to, &copy, &err));
    assert_int_equal(err.code, ERR_DENIED);
    tightening_of(&original, 0, &copy, &to);
    assert_false(tightening_is_set(&to));
}

static void nothing_else_passes_the_check(void **state)
{
    const struct tightening bad[] = {{.on = KEY_SIGN},        {.off = KEY_SENSITIVE},
                                     {.on = KEY_EXTRACTABLE}, {.off = KEY_MODIFIABLE},
                                     {.start = "2026010"},    {.end = "2026-1-1"}};
    const struct key_desc copy = key_with(KEY_ENCRYPT);
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tightening_check(&bad[i], &copy, &err));
    assert_true(tightening_check(&(struct tightening){.off = KEY_ENCRYPT}, &copy, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_looser),
        cmocka_unit_test(what_cannot_be_set_is_left),
        cmocka_unit_test(dates_only_come_closer),
        cmocka_unit_test(nothing_else_passes_the_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
