/* SPDX-License-Identifier: Apache-2.0 */
/* ui/plain/list.h: both HSMs side by side, whatever their labels are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/plain/list.h"

static struct key_desc key(const char *label, size_t len)
{
    struct key_desc k = {.class = KEY_CLASS_SECRET,
                         .kind = KEY_KIND_AES,
                         .bits = 256,
                         .flags = KEY_SENSITIVE | KEY_ENCRYPT,
                         .flags_known = KEY_SENSITIVE | KEY_ENCRYPT | KEY_EXTRACTABLE};

    key_set_label(&k, label, len);
    key_set_id(&k, "\x01\x02\x03\x04", 4);
    return k;
}

static char *print(int columns, const struct list_side side[2])
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    list_print_rest(&(struct list_print){.out = out, .columns = columns}, side);
    fclose(out);
    return text;
}

static void test_both(void **state)
{
    struct hsm_slot slots[2] = {
        {.id = 0x1d,
         .flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED,
         .label = "hsm-old",
         .serial = "8f3c"},
        {.id = 3},
    };
    struct key_desc keys[] = {key("root-ca", 7), key("\xe6\xbc\xa2\xe5\xad\x97\n\x1b[2J", 11)};
    const struct uri old = {.token = {.given = true, .len = 7, .data = "hsm-old"}};
    const struct hsm_slot_list two = {slots, 2}, none = {0};
    const struct key_list some = {.keys = keys, .count = 2}, no_keys = {0};
    const struct list_side side[2] = {{"pkcs11", "/a/module.so", &old, &two, &some, true},
                                      {"nss", "sql:/b", &old, &none, &no_keys, true}};
    char *text = print(120, side), *rest = text, *line;

    (void)state;
    assert_non_null(strstr(text, "slot 0x1d  hsm-old  ready  <- named  "));
    assert_non_null(strstr(text, "slot 0x3  no token  "));
    assert_non_null(strstr(text, "  serial 8f3c"));
    assert_non_null(strstr(text, "2 objects "));
    assert_non_null(strstr(text, "| 0 objects\n"));
    assert_non_null(strstr(text, "root-ca                AES 256           01020~ S-?e?????? |"));
    assert_non_null(strstr(text, "\\x0a\\x1b[2J"));
    assert_null(strchr(text, '\033'));
    while ((line = strsep(&rest, "\n")) && *line) {
        char *bar = strstr(line, " |");
        assert_non_null(bar);
        *bar = '\0';
        assert_int_equal(text_width(line), (120 - 3) / 2);
    }
    free(text);
}

/* However narrow, the columns stay columns; no line ends in blanks. */
static void test_narrow(void **state)
{
    struct key_desc one = key("k", 1);
    const struct uri any = {0};
    const struct hsm_slot_list none = {0};
    const struct key_list keys = {.keys = &one, .count = 1};
    const struct list_side side[2] = {{"pkcs11", "/a", &any, &none, &keys, true},
                                      {"pkcs11", "/b", &any, &none, &keys, true}};

    (void)state;
    for (int columns = -1; columns < 300; columns += 7) {
        char *text = print(columns, side);
        assert_null(strstr(text, " \n"));
        assert_non_null(strstr(text, "S-?e??????"));
        free(text);
    }
}

/* Rows are printed as soon as both sides have them, and are those of the whole list. */
static void test_rows_that_come_later(void **state)
{
    struct key_desc keys[] = {key("one", 3), key("two", 3), key("three", 5), key("four", 4)};
    const struct uri any = {0};
    const struct hsm_slot_list none = {0};
    struct key_list left = {.keys = keys}, right = {.keys = keys};
    const struct list_side side[2] = {{"pkcs11", "/a", &any, &none, &left, true},
                                      {"pkcs11", "/b", &any, &none, &right, true}};
    static const struct {
        size_t left, right, rows;
    } states[] = {{0, 0, 0}, {3, 0, 0}, {3, 2, 2}, {4, 2, 2}, {4, 4, 4}};
    char *text = NULL, *whole;
    size_t size = 0;
    struct list_print p = {.out = open_memstream(&text, &size), .columns = 120};

    (void)state;
    assert_non_null(p.out);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        left.count = states[i].left;
        right.count = states[i].right;
        list_print_more(&p, side);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            char name[8];
            snprintf(name, sizeof name, "\n%.*s ", (int)keys[k].label_len, keys[k].label);
            assert_int_equal(strstr(text, name) != NULL, k < states[i].rows);
        }
    }
    list_print_rest(&p, side);
    fclose(p.out);
    whole = print(120, side);
    assert_string_equal(text, whole);
    free(text);
    free(whole);
}

/* Objects of a list that failed were printed: nobody may take them for all. */
static void test_a_list_that_failed(void **state)
{
    struct key_desc keys[] = {key("one", 3), key("two", 3), key("three", 5)};
    const struct uri any = {0};
    const struct hsm_slot_list none = {0};
    struct key_list left = {.keys = keys, .count = 2}, right = {.keys = keys, .count = 3};
    const struct list_side side[2] = {{"pkcs11", "/a", &any, &none, &left, true},
                                      {"pkcs11", "/b", &any, &none, &right, true}};
    char *text = NULL;
    size_t size = 0;
    struct list_print p = {.out = open_memstream(&text, &size), .columns = 120};

    (void)state;
    assert_non_null(p.out);
    list_print_more(&p, side);
    left.count = 0;
    list_print_rest(&p, side);
    fclose(p.out);
    assert_non_null(strstr(text, "\nNOT COMPLETE: the list failed after these 2 objects "));
    assert_non_null(strstr(text, "| 3 objects\n"));
    assert_null(strstr(text, "\n0 objects"));
    free(text);
}

/* Nobody could look: that is not an empty token. */
static void test_a_side_that_was_not_listed(void **state)
{
    const struct uri any = {0};
    const struct hsm_slot_list none = {0};
    const struct key_list no_keys = {0};
    const struct list_side side[2] = {{"pkcs11", "/a", &any, &none, &no_keys, false},
                                      {"pkcs11", "/b", &any, &none, &no_keys, true}};
    char *text = print(100, side);

    (void)state;
    assert_non_null(strstr(text, "\nNOT LISTED: its objects could not be read "));
    assert_non_null(strstr(text, "| 0 objects\n"));
    assert_null(strstr(text, "\n0 objects"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both), cmocka_unit_test(test_narrow),
                                       cmocka_unit_test(test_rows_that_come_later),
                                       cmocka_unit_test(test_a_list_that_failed),
                                       cmocka_unit_test(test_a_side_that_was_not_listed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
