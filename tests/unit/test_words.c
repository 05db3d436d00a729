/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h: hex, fingerprints as groups and words, what people type, time, patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/words.h"

static void test_hex(void **state)
{
    static const uint8_t raw[] = {0x00, 0x9f, 0xab, 0xff};
    uint8_t back[4];
    char hex[9];
    size_t len = sizeof back;

    (void)state;
    assert_string_equal(text_hex(raw, sizeof raw, hex), "009fabff");
    assert_true(text_unhex(hex, back, &len));
    assert_int_equal(len, 4);
    assert_memory_equal(back, raw, 4);
    assert_string_equal(text_hex(NULL, 0, hex), "");
    len = sizeof back;
    assert_true(text_unhex("009FaBFf", back, &len));
    assert_memory_equal(back, raw, 4);
    assert_true(text_unhex("", back, &len));
    assert_int_equal(len, 0);
}

static void test_unhex_refuses(void **state)
{
    static const char *const wrong[] = {"0",   "000",  "0g",    "g0", " 00",
                                        "00 ", "0x00", "00:00", "-1"};
    uint8_t back[4];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        size_t len = sizeof back;
        assert_false(text_unhex(wrong[i], back, &len));
    }
    size_t room = 1;
    assert_false(text_unhex("0011", back, &room));
}

static void test_groups(void **state)
{
    uint8_t sha256[SHA256_SIZE];
    char out[TEXT_GROUPS_SIZE];

    (void)state;
    for (unsigned i = 0; i < SHA256_SIZE; i++)
        sha256[i] = (uint8_t)(0xf0 - i);
    assert_string_equal(text_groups(sha256, 1, out), "f0ef");
    assert_string_equal(text_groups(sha256, 3, out), "f0ef eeed eceb");
    assert_int_equal(strlen(text_groups(sha256, 16, out)), TEXT_GROUPS_SIZE - 1);
    assert_int_equal(strlen(text_groups(sha256, 99, out)), TEXT_GROUPS_SIZE - 1);
    assert_string_equal(text_groups(sha256, 0, out), "");
}

static const char *word_at(unsigned i)
{
    return i < 256 ? words_even[i] : words_odd[i - 256];
}

/* No word is there twice, not even once in each list: a lost or swapped one must be heard. */
static void test_no_word_twice(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 512; i++) {
        assert_in_range(strlen(word_at(i)), 4, TEXT_WORDS_SIZE / SHA256_SIZE - 1);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(strcasecmp(word_at(i), word_at(j)), 0);
    }
}

/* SHA-256 over "word\n" 256 times, of a copy of the published list compared word by word. */
static void assert_list_digest(const char *const words[256], const char *want)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t sha256[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];

    assert_true(EVP_DigestInit_ex(md, EVP_sha256(), NULL));
    for (int i = 0; i < 256; i++) {
        assert_true(EVP_DigestUpdate(md, words[i], strlen(words[i])));
        assert_true(EVP_DigestUpdate(md, "\n", 1));
    }
    assert_true(EVP_DigestFinal_ex(md, sha256, NULL));
    EVP_MD_CTX_free(md);
    assert_string_equal(text_hex(sha256, sizeof sha256, hex), want);
}

static void test_lists_are_as_published(void **state)
{
    (void)state;
    assert_list_digest(words_even,
                       "37a65f88512467edd12a1ab3eeb5f4328230e86711a8efde6333361ce10f4fcf");
    assert_list_digest(words_odd,
                       "c2f23c2233d4d7291107e8f796c374d0cb1fb30c1391bcb4f6480243de8ebf5a");
}

/* Vectors that are published with other implementations of the list. */
static void test_word_vectors(void **state)
{
    static const struct {
        const char *hex;
        unsigned count;
        const char *words;
    } vectors[] = {
        {"e58294f2e9a227486e8b061b31cc528fd7fa3f19000000000000000000000000", 20,
         "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa "
         "afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell "
         "bottomless"},
        {"12b4b0057400076fa5c0f5cbf726ac6500000000000000000000000000000000", 16,
         "atlas politeness ruffled almighty indoors adroitness ahead hemisphere reindeer recipe "
         "vapor revival virus caretaker ribcage glossary"},
    };
    uint8_t sha256[SHA256_SIZE];
    char out[TEXT_WORDS_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        size_t len = sizeof sha256;
        assert_true(text_unhex(vectors[i].hex, sha256, &len));
        assert_string_equal(text_words(sha256, 0, vectors[i].count, out), vectors[i].words);
    }
}

static void test_words_of_a_part(void **state)
{
    uint8_t sha256[SHA256_SIZE] = {0xe5, 0x82, 0x94};
    char out[TEXT_WORDS_SIZE];

    (void)state;
    assert_string_equal(text_words(sha256, 1, 2, out), "Istanbul Pluto");
    assert_string_equal(text_words(sha256, 0, 0, out), "");
    assert_string_equal(text_words(sha256, 31, 5, out), "adroitness");
    assert_string_equal(text_words(sha256, 32, 1, out), "");
    assert_string_equal(text_words(sha256, UINT32_MAX, UINT32_MAX, out), "");
    assert_string_equal(text_word(0xff, 0), "Zulu");
    assert_string_equal(text_word(0xff, 31), "Yucatan");
    /* The longest words there are, 32 times, still fit. */
    memset(sha256, 0x1f, sizeof sha256);
    assert_true(strlen(text_words(sha256, 0, 99, out)) < TEXT_WORDS_SIZE);
    assert_string_equal(strrchr(out, ' '), " businessman");
}

static void test_typed(void **state)
{
    static const struct {
        const char *typed, *expected;
        bool fold, equal;
    } cases[] = {
        {"ferry 3", "ferry 3", false, true},
        {"  ferry \t 3 ", "ferry 3", false, true},
        {"ferry 3", " ferry  3  ", false, true},
        {"ferry3", "ferry 3", false, false},
        {"f erry 3", "ferry 3", false, false},
        {"Ferry 3", "ferry 3", false, false},
        {"Ferry 3", "fERRY 3", true, true},
        {"ferry", "ferry 3", false, false},
        {"ferry 3 4", "ferry 3", false, false},
        {"", "", false, true},
        {"   ", "", false, true},
        {"", "x", true, false},
        {"x", "", true, false},
        {"@", "`", true, false}, /* only letters fold */
        {"[", "{", true, false},
        {"\u00c9", "\u00e9", true, false},
        {"ferry\n3", "ferry 3", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(text_typed_equal(cases[i].typed, cases[i].expected, cases[i].fold),
                         cases[i].equal);
}

static void test_time(void **state)
{
    char out[32];

    (void)state;
    assert_string_equal(text_time(0, false, out), "1970-01-01T00:00:00Z");
    assert_string_equal(text_time(1795437667123, false, out), "2026-11-23T12:41:07Z");
    assert_string_equal(text_time(1795437667123, true, out), "2026-11-23T12:41:07.123Z");
    assert_string_equal(text_time(951782400000, true, out), "2000-02-29T00:00:00.000Z");
    assert_string_equal(text_time(-1, true, out), "1969-12-31T23:59:59.999Z");
    assert_string_equal(text_time(-1000, true, out), "1969-12-31T23:59:59.000Z");
    assert_string_equal(text_time(INT64_MAX, true, out), "292278994-08-17T07:12:55.807Z");
    assert_string_equal(text_time(INT64_MIN, true, out), "-292275055-05-16T16:47:04.192Z");
}

static void test_glob(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool match;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"abc", "abc", true},
        {"abc", "ab", false},
        {"ab", "abc", false},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"*b*", "abc", true},
        {"a*c", "ac", true},
        {"a*c", "abcb", false},
        {"a*b*c", "aXbYbc", true},
        {"**", "x", true},
        {"*ab", "aab", true},
        {"*aab", "aaaab", true},
        {"a?c", "abc", false},
        {"[a]", "a", false},
        {"A", "a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(text_glob(cases[i].pattern, strlen(cases[i].pattern), cases[i].name,
                                   strlen(cases[i].name)),
                         cases[i].match);
    assert_true(text_glob("a*", 2, "a\0\xff", 3));
    assert_false(text_glob("a", 1, "a\0", 2));
    assert_true(text_glob("a\0b", 3, "a\0b", 3));
}

/* A hostile name and pattern cost no more than their product. */
static void test_glob_is_not_exponential(void **state)
{
    char name[4096], pattern[256];

    (void)state;
    memset(name, 'a', sizeof name);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[sizeof pattern - 1] = 'b';
    assert_false(text_glob(pattern, sizeof pattern, name, sizeof name));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_unhex_refuses),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_no_word_twice),
        cmocka_unit_test(test_lists_are_as_published),
        cmocka_unit_test(test_word_vectors),
        cmocka_unit_test(test_words_of_a_part),
        cmocka_unit_test(test_typed),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_glob_is_not_exponential),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
