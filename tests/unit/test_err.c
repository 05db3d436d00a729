/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.h: what a failure keeps, how it is cut, how it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

static void test_set_starts_anew(void **state)
{
    struct err err;

    (void)state;
    assert_false(err_set_hsm(&err, ERR_HSM, 0x69, "CKR_KEY_NOT_WRAPPABLE", "key %d", 7));
    err_now(&err, "now");
    err_next(&err, "next");
    assert_int_equal(err.hsm_code, 0x69);
    assert_string_equal(err.hsm_name, "CKR_KEY_NOT_WRAPPABLE");

    assert_false(err_set(&err, ERR_DATA, "%s", "other"));
    assert_int_equal(err.code, ERR_DATA);
    assert_int_equal(err.hsm_code, 0);
    assert_string_equal(err.hsm_name, "");
    assert_string_equal(err.what, "other");
    assert_string_equal(err.now, "");
    assert_string_equal(err.next, "");

    err_clear(&err);
    assert_int_equal(err.code, ERR_NONE);
    assert_string_equal(err.what, "");
}

static void test_null_is_fine(void **state)
{
    (void)state;
    assert_false(err_set(NULL, ERR_IO, "x"));
    assert_false(err_set_hsm(NULL, ERR_IO, 1, NULL, "x"));
    assert_false(err_set_errno(NULL, ERR_IO, ENOENT, "x"));
    assert_false(err_now(NULL, "x"));
    assert_false(err_next(NULL, "x"));
    err_clear(NULL);
}

/* A caller may put a failure's own words into its next one. */
static void test_arguments_may_be_its_own(void **state)
{
    struct err err;

    (void)state;
    err_set_hsm(&err, ERR_HSM, 5, "CKR_GENERAL_ERROR", "inner");
    err_set(&err, ERR_IO, "outer: %s (%s)", err.what, err.hsm_name);
    assert_string_equal(err.what, "outer: inner (CKR_GENERAL_ERROR)");
    err_set_hsm(&err, ERR_HSM, 5, err.what, "again: %s", err.what);
    assert_string_equal(err.what, "again: outer: inner (CKR_GENERAL_ERROR)");
    assert_string_equal(err.hsm_name, "outer: inner (CKR_GENERAL_ERROR)");
    err_now(&err, "a");
    err_now(&err, "%s and b", err.now);
    assert_string_equal(err.now, "a and b");
}

static void test_errno_words(void **state)
{
    struct err err;

    (void)state;
    err_set_errno(&err, ERR_IO, ENOSPC, "write to %s", "journal");
    assert_string_equal(err.what, "write to journal: No space left on device");
    err_set_errno(&err, ERR_IO, 99999, "x");
    assert_string_equal(err.what, "x: error number 99999");
}

/* A failure is sent as it lies in memory: nothing of the stack may lie behind its sentences. */
static void test_nothing_behind_the_text(void **state)
{
    struct err err, same;

    (void)state;
    memset(&err, 0xaa, sizeof err);
    memset(&same, 0, sizeof same);
    err_set_hsm(&err, ERR_HSM, 1, "CKR_X", "a");
    err_now(&err, "b");
    err_next(&err, "c");
    memcpy(same.hsm_name, "CKR_X", 5);
    same.what[0] = 'a';
    same.now[0] = 'b';
    same.next[0] = 'c';
    assert_memory_equal(err.hsm_name, same.hsm_name, sizeof err.hsm_name);
    assert_memory_equal(err.what, same.what, sizeof err.what);
    assert_memory_equal(err.now, same.now, sizeof err.now);
    assert_memory_equal(err.next, same.next, sizeof err.next);
}

/* Every length around the limit, with characters of one to four bytes: never half a character. */
static void test_cut_at_a_character(void **state)
{
    static const char *const characters[] = {"a", "\u00e9", "\u20ac", "\U0001f511"};
    char text[2 * ERR_WHAT_MAX];
    struct err err;

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        size_t bytes = strlen(characters[c]);
        for (size_t lead = 0; lead < 4; lead++) {
            memset(text, 'x', lead);
            size_t at = lead;
            while (at + bytes < sizeof text) {
                memcpy(text + at, characters[c], bytes);
                at += bytes;
            }
            text[at] = '\0';
            err_set(&err, ERR_DATA, "%s", text);
            size_t len = strlen(err.what);
            assert_true(len <= ERR_WHAT_MAX - 1);
            assert_true(len > ERR_WHAT_MAX - 1 - bytes);
            assert_int_equal((len - lead) % bytes, 0);
            assert_memory_equal(err.what, text, len);
        }
    }
}

static void test_line(void **state)
{
    char line[1024];
    char tiny[8];
    struct err err;

    (void)state;
    err_set(&err, ERR_HSM, "It broke.");
    assert_string_equal(err_line(&err, line, sizeof line), "It broke.");
    err_set_hsm(&err, ERR_HSM, 0x69, "CKR_KEY_NOT_WRAPPABLE", "The key cannot be wrapped");
    err_now(&err, "Nothing has changed.");
    err_next(&err, "Choose another key");
    assert_string_equal(err_line(&err, line, sizeof line),
                        "The key cannot be wrapped (0x69 CKR_KEY_NOT_WRAPPABLE). "
                        "Nothing has changed. Choose another key.");
    err_set_hsm(&err, ERR_HSM, 0x80000001, NULL, "Odd");
    assert_string_equal(err_line(&err, line, sizeof line), "Odd (0x80000001).");
    err_set_hsm(&err, ERR_HSM, (uint64_t)-8192, "SEC_ERROR_IO", "Odd");
    assert_string_equal(err_line(&err, line, sizeof line), "Odd (-8192 SEC_ERROR_IO).");
    err_set_hsm(&err, ERR_HSM, UINT64_MAX / 2 + 1, NULL, "Odd");
    assert_string_equal(err_line(&err, line, sizeof line), "Odd (-9223372036854775808).");
    err_set_hsm(&err, ERR_HSM, 0, "SEC_ERROR_IO", "Odd");
    assert_string_equal(err_line(&err, line, sizeof line), "Odd (SEC_ERROR_IO).");
    assert_string_equal(err_line(&err, tiny, sizeof tiny), "Odd (SE");
    tiny[0] = 'x';
    err_line(&err, tiny, 0);
    assert_int_equal(tiny[0], 'x');
}

static void test_line_holds_the_longest(void **state)
{
    char line[1024];
    char what[ERR_WHAT_MAX + 1], now[ERR_NOW_MAX + 1], next[ERR_NEXT_MAX + 1];
    struct err err;

    (void)state;
    memset(what, 'a', sizeof what - 1);
    memset(now, 'b', sizeof now - 1);
    memset(next, 'c', sizeof next - 1);
    what[ERR_WHAT_MAX] = now[ERR_NOW_MAX] = next[ERR_NEXT_MAX] = '\0';
    err_set_hsm(&err, ERR_HSM, (uint64_t)INT64_MIN, what, "%s", what);
    err_now(&err, "%s", now);
    err_next(&err, "%s", next);
    err_line(&err, line, sizeof line);
    assert_int_equal(strlen(line), (ERR_WHAT_MAX - 1) + strlen(" (-9223372036854775808 )") +
                                       (ERR_NAME_MAX - 1) + 1 + 1 + (ERR_NOW_MAX - 1) + 1 + 1 +
                                       (ERR_NEXT_MAX - 1) + 1);
}

static void test_exit_codes(void **state)
{
    static const struct {
        enum err_code code;
        const char *name;
        int exit;
    } want[] = {
        {ERR_NONE, "none", 0},
        {ERR_FAILED, "failed", 2},
        {ERR_UNFINISHED, "unfinished", 3},
        {ERR_CONFLICT, "conflict", 4},
        {ERR_USAGE, "usage", 64},
        {ERR_DATA, "data", 65},
        {ERR_NO_INPUT, "no-input", 66},
        {ERR_HSM, "hsm", 69},
        {ERR_UNSUPPORTED, "unsupported", 69},
        {ERR_GONE, "gone", 69},
        {ERR_IO, "io", 74},
        {ERR_DENIED, "denied", 77},
        {ERR_CONFIG, "config", 78},
        {ERR_STOPPED, "stopped", 2},
    };

    (void)state;
    assert_int_equal(sizeof want / sizeof want[0], ERR_CODES);
    for (size_t i = 0; i < ERR_CODES; i++) {
        assert_int_equal(err_exit(want[i].code), want[i].exit);
        assert_string_equal(err_code_name(want[i].code), want[i].name);
    }
    /* A code that does not exist is never taken for success. */
    assert_int_not_equal(err_exit((enum err_code)ERR_CODES), 0);
    assert_string_equal(err_code_name((enum err_code)ERR_CODES), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_starts_anew),
        cmocka_unit_test(test_null_is_fine),
        cmocka_unit_test(test_arguments_may_be_its_own),
        cmocka_unit_test(test_errno_words),
        cmocka_unit_test(test_nothing_behind_the_text),
        cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_line_holds_the_longest),
        cmocka_unit_test(test_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
