/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h: text that is safe to show, its inverse, and fitting it into columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/text.h"
#include "base/utf8.h"

enum { RAW_MAX = 64 };

/* A C.UTF-8 locale of our own, to judge the output by the C library's decoder and not by ours. */
static locale_t utf8;

static int start(void **state)
{
    (void)state;
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    return utf8 ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    freelocale(utf8);
    return 0;
}

/* The C library reads text as UTF-8, and every character of it is printable. */
static void assert_printable(const char *text)
{
    wchar_t wide[4 * RAW_MAX + 1];
    locale_t before = uselocale(utf8);
    size_t n = mbstowcs(wide, text, sizeof wide / sizeof wide[0]);

    assert_int_not_equal(n, SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        assert_true(iswprint((wint_t)wide[i]) && !iswcntrl((wint_t)wide[i]));
    uselocale(before);
}

/* The raw bytes come back, so no other bytes can give the same text. */
static void assert_round_trip(const void *raw, size_t len)
{
    char text[TEXT_SAFE_SIZE(RAW_MAX)];
    uint8_t back[RAW_MAX];
    size_t n = sizeof back;

    assert_true(len <= RAW_MAX);
    size_t written = text_safe(raw, len, text, sizeof text);
    assert_int_equal(written, strlen(text));
    assert_printable(text);
    assert_true(text_unsafe(text, back, &n));
    assert_int_equal(n, len);
    assert_memory_equal(back, raw, len);
}

static void test_examples(void **state)
{
    static const struct {
        const char *raw;
        size_t len;
        const char *safe;
    } cases[] = {
        {"", 0, ""},
        {"root-ca", 7, "root-ca"},
        {"a\\b", 3, "a\\\\b"},
        {"\\x1b", 4, "\\\\x1b"}, /* an escape that was in the label is not ours */
        {"\033[2J", 4, "\\x1b[2J"},
        {"a\nb", 3, "a\\x0ab"},
        {"a\0b", 3, "a\\x00b"},
        {"\x7f", 1, "\\x7f"},
        {" a b ", 5, "\\x20a b\\x20"},
        {"  a  b  ", 8, "\\x20\\x20a  b\\x20\\x20"},
        {"  ", 2, "\\x20\\x20"},
        {"a\xe2\x80\xae\x62", 5, "a\\xe2\\x80\\xaeb"}, /* U+202E right-to-left override */
        {"a\xe2\x80\x8b", 4, "a\\xe2\\x80\\x8b"},      /* U+200B zero width space */
        {"a\xc2\xa0\x62", 4, "a\\xc2\\xa0b"},          /* U+00A0 no-break space */
        {"a\xc2\x9b\x31", 4, "a\\xc2\\x9b1"},          /* U+009B: CSI of C1 */
        {"\xff", 1, "\\xff"},
        {"\xc0\xaf", 2, "\\xc0\\xaf"},                   /* overlong */
        {"\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf"},          /* overlong */
        {"\xf0\x80\x80\xaf", 4, "\\xf0\\x80\\x80\\xaf"}, /* overlong */
        {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},          /* surrogate */
        {"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
        {"\xf0\x9f\x94", 3, "\\xf0\\x9f\\x94"},          /* cut off */
        {"\xc3\x28", 2, "\\xc3("},                       /* a lead byte alone */
        {"\u00e9\u20ac\u6f22\U0001f511", 12, "\u00e9\u20ac\u6f22\U0001f511"},
        {"\u0301a", 3, "\\xcc\\x81a"},      /* a mark must not sit on our frame, */
        {"\n\u0301", 3, "\\x0a\\xcc\\x81"}, /* nor on an escape, */
        {"a \u0301", 4, "a \\xcc\\x81"},    /* nor on a blank */
        {"a\u0301", 3, "a\u0301"},
        {"a\u0301\u0301\u0301\u0301\u0301", 11, "a\u0301\u0301\u0301\u0301\\xcc\\x81"},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_safe(cases[i].raw, cases[i].len, text, sizeof text);
        assert_string_equal(text, cases[i].safe);
        assert_round_trip(cases[i].raw, cases[i].len);
    }
}

static void test_all_short_strings(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        assert_round_trip((uint8_t[]){(uint8_t)i}, 1);
        for (unsigned j = 0; j < 256; j++)
            assert_round_trip((uint8_t[]){(uint8_t)i, (uint8_t)j}, 2);
    }
}

/* Encodes as UTF-8 by the arithmetic of the standard, valid or not. Returns the bytes. */
static size_t encode(uint32_t point, uint8_t *out)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
    out[0] = (uint8_t)(n == 1 ? point : lead[n] | point);
    return n;
}

static void test_decode_is_strict(void **state)
{
    static const char *const wrong[] = {"\x80",
                                        "\xbf",
                                        "\xc0\xaf",
                                        "\xc1\xbf",
                                        "\xe0\x9f\xbf",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf8\x88\x80\x80",
                                        "\xff",
                                        "\xe2\x82(",
                                        "\xe2(\xac"};
    uint8_t raw[4];
    uint32_t back;

    (void)state;
    for (uint32_t point = 0; point < 0x110000; point++) {
        size_t n = encode(point, raw);
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        assert_int_equal(utf8_decode(raw, n, &back), surrogate ? 0 : n);
        assert_true(surrogate || back == point);
        for (size_t part = 1; part < n; part++)
            assert_int_equal(utf8_decode(raw, part, &back), 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(utf8_decode((const uint8_t *)wrong[i], strlen(wrong[i]), &back), 0);
}

/* Every code point, behind a letter: shown whole, or every byte of it escaped. */
static void test_all_code_points(void **state)
{
    char text[TEXT_SAFE_SIZE(8)];
    unsigned shown = 0;

    (void)state;
    for (uint32_t point = 0; point < 0x110000; point++) {
        uint8_t raw[8] = "x";
        size_t n = encode(point, raw + 1);
        size_t len = text_safe(raw, n + 1, text, sizeof text);
        if (point == '\\') {
            assert_string_equal(text, "x\\\\");
        } else if (len == n + 1) {
            assert_memory_equal(text, raw, len);
            shown++;
        } else {
            assert_int_equal(len, 1 + 4 * n);
        }
        if (point < 0x3000 || point % 7 == 0)
            assert_round_trip(raw, n + 1);
    }
    /* Not so strict that people's names would be lost: most of what Unicode has assigned. */
    assert_in_range(shown, 130000, 200000);
}

/* Ranges that must never be seen, each tried at both ends; and their neighbours that may be. */
static void test_refused_characters(void **state)
{
    static const uint32_t refused[][2] = {
        {0, 0x1f},          {0x7f, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},
        {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
        {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x2000, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},
        {0x3000, 0x3000},   {0x3164, 0x3164},   {0xd800, 0xdfff},   {0xe000, 0xf8ff},
        {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xffff},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff},
        {0xe0000, 0xe0fff}, {0xeffff, 0xeffff}, {0xf0000, 0xfffff}, {0x100000, 0x10ffff},
        {0x0378, 0x0379},   {0x1fffe, 0x1ffff}, /* unassigned; noncharacters */
    };
    static const uint32_t shown[] = {0x20,   0x7e,   0xa1,   0xac,   0xae,   0x350,  0x61b,
                                     0x2010, 0x2027, 0x2030, 0x3001, 0xff21, 0x1f511};

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        for (uint32_t point = refused[i][0]; point <= refused[i][1]; point++)
            assert_int_equal(utf8_width(point), -1);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        assert_true(utf8_width(shown[i]) >= 0);
}

/* Long strings from pieces that are likely to go wrong beside each other. */
static void test_random_strings(void **state)
{
    static const char *const pieces[] = {"a",      " ",        "\\",     "\\x", "x41",
                                         "\u0301", "\u6f22",   "\u202e", "\n",  "\xc3",
                                         "\x80",   "\xf0\x9f", "\ufeff", "~",   "\xed\xa0"};
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        uint8_t raw[RAW_MAX];
        size_t len = 0;
        for (unsigned i = 0; i < 16; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t which = (random >> 16) % (sizeof pieces / sizeof pieces[0] + 2);
            if (which < sizeof pieces / sizeof pieces[0]) {
                memcpy(raw + len, pieces[which], strlen(pieces[which]));
                len += strlen(pieces[which]);
            } else {
                raw[len++] = (uint8_t)(random >> 8);
            }
        }
        assert_round_trip(raw, len);
    }
}

static bool is_safe(const char *text)
{
    uint8_t raw[RAW_MAX];
    size_t len = sizeof raw;

    return text_unsafe(text, raw, &len);
}

/* What is left of a cut text is what text_safe() writes of something, so that who receives it takes
 * it: at every size, of every text of four pieces. */
static void test_every_cut_is_safe_text(void **state)
{
    static const char *const pieces[] = {"a",       " ",      "  ",         "\\",  "\x01",
                                         "e\u0301", "\u6f22", "\U0001f511", "\xff"};
    enum { PIECES = sizeof pieces / sizeof pieces[0], TEXTS = PIECES * PIECES * PIECES * PIECES };
    char raw[32], safe[TEXT_SAFE_SIZE(32)], out[TEXT_SAFE_SIZE(32)];

    (void)state;
    for (unsigned n = 0; n < TEXTS; n++) {
        size_t len = 0;
        for (unsigned left = n, i = 0; i < 4; i++, left /= PIECES)
            len += (size_t)snprintf(raw + len, sizeof raw - len, "%s", pieces[left % PIECES]);
        size_t whole = text_safe(raw, len, safe, sizeof safe);
        for (size_t size = 1; size <= whole + 1; size++) {
            size_t written = text_safe(raw, len, out, size);
            assert_int_equal(written, strlen(out));
            assert_true(is_safe(out));
            written = text_print(out, size, "%s", safe);
            assert_int_equal(written, strlen(out));
            assert_true(is_safe(out));
            text_fit(safe, (int)size - 1, size % 2, out, sizeof out);
            /* blanks at its ends, escaped, may be in its midst now */
            assert_true(is_safe(out) || strstr(out, "\\x20"));
        }
        assert_string_equal(out, safe);
    }
}

static void test_unsafe_takes_nothing_else(void **state)
{
    static const char *const wrong[] = {
        "\\",    "\\x",   "\\x1",  "\\x1g",           "\\q",     "a\\", /* no escapes */
        "\\x41", "\\x5c", "\\x1B", "\\xe2\\x82\\xac", /* not how it would be written */
        " a",    "a ",    " ",     "a\\x20b",         "\\x20 a", "\033",
        "a\nb",  "\x7f",  "\xff",  "\u202e",          "\u0301",  "\xc3",
    };
    uint8_t raw[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        len = sizeof raw;
        assert_false(text_unsafe(wrong[i], raw, &len));
    }
    len = 3;
    assert_true(text_unsafe("a\\x00b", raw, &len));
    len = 2;
    assert_false(text_unsafe("a\\x00b", raw, &len));
    len = 0;
    assert_true(text_unsafe("", raw, &len));
    assert_int_equal(len, 0);
}

/* In a buffer of any size: terminated, nothing behind it touched, cut between units. */
static void test_safe_in_small_buffers(void **state)
{
    static const char raw[] = "a\n\\\u20ac\xff b\u0301 ";
    char whole[TEXT_SAFE_SIZE(sizeof raw)];
    size_t len = text_safe(raw, sizeof raw - 1, whole, sizeof whole);

    (void)state;
    for (size_t size = 0; size <= len + 1; size++) {
        char out[sizeof whole];
        memset(out, '#', sizeof out);
        size_t n = text_safe(raw, sizeof raw - 1, out, size);
        for (size_t i = size; i < sizeof out; i++)
            assert_int_equal(out[i], '#');
        if (size == 0)
            continue;
        assert_int_equal(out[n], '\0');
        assert_memory_equal(out, whole, n);
        assert_true(n + 4 >= size - 1);
        assert_true(n == 0 || strncmp(whole + n, "xf", 2) != 0);
        assert_printable(out);
    }
}

/* The same in every locale, and the caller's own is left as it was. */
static void test_locale_does_not_matter(void **state)
{
    static const char raw[] = "\u00e9\u6f22\u202e\xff";
    char a[64], b[64];

    (void)state;
    assert_non_null(setlocale(LC_ALL, "C"));
    text_safe(raw, sizeof raw - 1, a, sizeof a);
    assert_string_equal(a, "\u00e9\u6f22\\xe2\\x80\\xae\\xff");
    assert_int_equal(text_width("\u6f22\u5b57"), 4);
    assert_ptr_equal(uselocale((locale_t)0), LC_GLOBAL_LOCALE);
    assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
    text_safe(raw, sizeof raw - 1, b, sizeof b);
    assert_string_equal(a, b);
    setlocale(LC_ALL, "C");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("\u00e9t\u00e9"), 3);
    assert_int_equal(text_width("e\u0301"), 1);
    assert_int_equal(text_width("\u6f22\u5b57"), 4);
    assert_int_equal(text_width("\U0001f511"), 2);
    assert_int_equal(text_width("a\xff\033"), 3);
}

static void test_fit_examples(void **state)
{
    static const struct {
        const char *text;
        int columns;
        bool middle;
        const char *fitted;
    } cases[] = {
        {"abcdef", 6, false, "abcdef"},
        {"abcdef", 5, false, "abcd~"},
        {"abcdef", 1, false, "~"},
        {"abcdef", 0, false, ""},
        {"abcdef", -3, true, ""},
        {"", 0, false, ""},
        {"", 4, true, ""},
        {"abcdef", 5, true, "ab~ef"},
        {"abcdef", 4, true, "a~ef"},
        {"abcdef", 2, true, "~f"},
        {"abcdef", 1, true, "~"},
        {"\u6f22\u5b57\u5b57", 4, false, "\u6f22~"}, /* half a wide one does not fit */
        {"\u6f22\u5b57\u5b57", 5, false, "\u6f22\u5b57~"},
        {"ae\u0301i", 2, false, "a~"},
        {"ae\u0301ij", 3, false, "ae\u0301~"}, /* the mark stays with its letter */
        {"abe\u0301i", 3, true, "a~i"},        /* and is not left behind without it */
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_fit(cases[i].text, cases[i].columns, cases[i].middle, out, sizeof out);
        assert_string_equal(out, cases[i].fitted);
    }
}

static void test_fit_always_fits(void **state)
{
    static const char *const texts[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                        "\u6f22e\u0301\u5b57x\u20ac\u0301\u0302 \U0001f511z",
                                        "\xff\xc3"};
    char out[64];

    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        for (int columns = -1; columns < 40; columns++)
            for (size_t size = 1; size <= sizeof out; size++)
                for (int middle = 0; middle < 2; middle++) {
                    text_fit(texts[t], columns, middle, out, size);
                    assert_true(strlen(out) < size);
                    assert_true(text_width(out) <= (columns < 0 ? 0 : columns));
                    if (t < 2)
                        assert_printable(out);
                }
}

static void test_lines(void **state)
{
    static const struct {
        const char *text;
        int columns;
        size_t len;
    } cases[] = {
        {"", 4, 0},           {"abcd", 4, 4},
        {"abcd efgh", 4, 4},  {"abcd efgh", 8, 4},
        {"abcd  efgh", 8, 4}, {"abcdefgh", 4, 4},
        {" abcdefgh", 4, 4},  {"ab \\x1b[2J", 6, 2},
        {"\\x1b\\x1b", 7, 4}, {"\u6f22\u5b57\u5b57", 5, 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(text_line_len(cases[i].text, cases[i].columns), cases[i].len);
}

static void test_print_ends_at_a_character(void **state)
{
    char out[6];

    (void)state;
    assert_int_equal(text_print(out, sizeof out, "%d%s", 12, "\u20ac"), 5);
    assert_string_equal(out, "12\u20ac");
    assert_int_equal(text_print(out, sizeof out, "%d%s", 123, "\u20ac"), 3);
    assert_string_equal(out, "123");
    assert_int_equal(text_print(out, sizeof out, "%s", "\U0001f511\u00e9"), 4);
    assert_string_equal(out, "\U0001f511");
    assert_int_equal(text_print(out, 1, "x"), 0);
    assert_string_equal(out, "");
    out[0] = '#';
    assert_int_equal(text_print(out, 0, "x"), 0);
    assert_int_equal(out[0], '#');
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_all_short_strings),
        cmocka_unit_test(test_decode_is_strict),
        cmocka_unit_test(test_all_code_points),
        cmocka_unit_test(test_refused_characters),
        cmocka_unit_test(test_random_strings),
        cmocka_unit_test(test_every_cut_is_safe_text),
        cmocka_unit_test(test_unsafe_takes_nothing_else),
        cmocka_unit_test(test_safe_in_small_buffers),
        cmocka_unit_test(test_locale_does_not_matter),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_fit_examples),
        cmocka_unit_test(test_fit_always_fits),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_print_ends_at_a_character),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
