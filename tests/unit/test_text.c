/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h: the sanitiser, fitting, hex, fingerprints, comparison, time and patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/text.h"

static void assert_round_trip(const void *raw, size_t len)
{
    char text[TEXT_SAFE_SIZE(64)];
    uint8_t back[64];
    size_t n = sizeof back;

    assert_true(len <= sizeof back);
    text_safe(raw, len, text, sizeof text);
    assert_true(text_unsafe(text, back, &n));
    assert_int_equal(n, len);
    assert_memory_equal(back, raw, len);
}

static void test_hostile(void **state)
{
    static const struct {
        const char *raw;
        size_t len;
        const char *safe;
    } cases[] = {
        {"", 0, ""},
        {"root-ca", 7, "root-ca"},
        {"a\\b", 3, "a\\\\b"},
        {"\033[2J", 4, "\\x1b[2J"},
        {"a\nb", 3, "a\\x0ab"},
        {"a\0b", 3, "a\\x00b"},
        {" a b ", 5, "\\x20a b\\x20"},
        {"  ", 2, "\\x20\\x20"},
        {"a\xe2\x80\xae"
         "b",
         5, "a\\xe2\\x80\\xaeb"},
        {"a\xe2\x80\x8b", 4, "a\\xe2\\x80\\x8b"},
        {"\xff", 1, "\\xff"},
        {"\xc0\xaf", 2, "\\xc0\\xaf"},
        {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
        {"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
        {"\u00e9\u20ac", 5, "\u00e9\u20ac"},
        {"\u0301a", 3, "\\xcc\\x81a"},
        {"a\u0301", 3, "a\u0301"},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(text_safe(cases[i].raw, cases[i].len, text, sizeof text),
                         strlen(cases[i].safe));
        assert_string_equal(text, cases[i].safe);
        assert_round_trip(cases[i].raw, cases[i].len);
    }
}

static void test_word_vector(void **state)
{
    static const uint8_t sha256[SHA256_SIZE] = {0xe5, 0x82, 0x94, 0xf2, 0xe9, 0xa2, 0x27,
                                                0x48, 0x6e, 0x8b, 0x06, 0x1b, 0x31, 0xcc,
                                                0x52, 0x8f, 0xd7, 0xfa, 0x3f, 0x19};
    char words[TEXT_WORDS_SIZE];

    (void)state;
    assert_string_equal(text_words(sha256, 0, 20, words),
                        "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator "
                        "goldfish Medusa afflict bravado chatter revolver Dupont midsummer "
                        "stopwatch whimsical cowbell bottomless");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_word_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
