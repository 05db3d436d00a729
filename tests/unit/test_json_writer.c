/* SPDX-License-Identifier: Apache-2.0 */
/* JSON is valid and printable, whatever the texts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_writer.h"

static void writes(const char *text, const char *expected)
{
    char *out = NULL, whole[256];
    size_t len;
    struct json_writer j = {.out = open_memstream(&out, &len)};

    json_list(&j, NULL);
    json_text(&j, NULL, text);
    json_end(&j);
    assert_int_equal(fclose(j.out), 0);
    snprintf(whole, sizeof whole, "[\n  \"%s\"\n]\n", expected);
    assert_string_equal(out, whole);
    free(out);
}

static void test_texts(void **state)
{
    (void)state;
    writes("", "");
    writes("a b", "a b");
    writes("\"\\/", "\\\"\\\\/");
    writes("\n\033[2J\x7f", "\\u000a\\u001b[2J\\u007f");
    writes("\u6f22\U0001f511", "\u6f22\U0001f511");
    writes("\u202e\u200b\ufeff", "\\u202e\\u200b\\ufeff");
    writes("\U000e0041", "\\udb40\\udc41"); /* a tag, which is not shown */
    writes("\xff\xc0\x80\xed\xa0\x80", "\\\\xff\\\\xc0\\\\x80\\\\xed\\\\xa0\\\\x80");
    writes("\xe6\xbc", "\\\\xe6\\\\xbc"); /* cut off */
}

static void test_document(void **state)
{
    char *out = NULL;
    size_t len;
    struct json_writer j = {.out = open_memstream(&out, &len)};

    (void)state;
    json_map(&j, NULL);
    json_list(&j, "none");
    json_end(&j);
    json_map(&j, "empty");
    json_end(&j);
    json_list(&j, "some");
    json_number(&j, NULL, INT64_MIN);
    json_bool(&j, NULL, true);
    json_null(&j, NULL);
    json_hex(&j, NULL, "\x00\xff", 2);
    json_end(&j);
    json_some(&j, "left out", "");
    json_some(&j, "x", "y");
    json_end(&j);
    assert_int_equal(fclose(j.out), 0);
    assert_string_equal(out, "{\n  \"none\": [],\n  \"empty\": {},\n  \"some\": [\n"
                             "    -9223372036854775808,\n    true,\n    null,\n    \"00ff\"\n"
                             "  ],\n  \"x\": \"y\"\n}\n");
    free(out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
