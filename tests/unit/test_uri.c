/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/uri.h: RFC 7512 as the ceremony file needs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/uri.h"

static struct uri parsed(const char *text)
{
    struct uri uri;
    struct err err = {0};

    if (!uri_parse(text, &uri, &err))
        fail_msg("%s: %s", text, err.what);
    return uri;
}

static void assert_value(const struct uri_value *value, const char *expected)
{
    assert_int_equal(value->given, expected != NULL);
    if (expected) {
        assert_int_equal(value->len, strlen(expected));
        assert_memory_equal(value->data, expected, value->len);
    }
}

/* The examples of RFC 7512 section 3 that say what this program can use. */
static void test_examples(void **state)
{
    struct uri uri;

    (void)state;
    uri = parsed("pkcs11:");
    assert_false(uri_names_token(&uri));
    assert_false(uri_names_key(&uri));

    uri = parsed("pkcs11:object=my-pubkey;type=public");
    assert_value(&uri.object, "my-pubkey");
    assert_int_equal(uri.type, KEY_CLASS_PUBLIC);
    assert_value(&uri.token, NULL);

    uri = parsed("pkcs11:object=my-key;type=private?pin-source=file:/etc/token_pin");
    assert_int_equal(uri.type, KEY_CLASS_PRIVATE);
    assert_string_equal(uri.pin_file, "/etc/token_pin");
    assert_string_equal(uri.text, "pkcs11:object=my-key;type=private");

    uri = parsed("pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;"
                 "manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=cert;"
                 "id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin");
    assert_value(&uri.token, "The Software PKCS#11 Softtoken");
    assert_value(&uri.manufacturer, "Snake Oil, Inc.");
    assert_value(&uri.model, "1.0");
    assert_value(&uri.serial, "");
    assert_value(&uri.object, "my-certificate");
    assert_value(&uri.id, "\x69\x95\x3e\x5c\xf4\xbd\xec\x91");
    assert_int_equal(uri.type, KEY_CLASS_CERTIFICATE);

    uri = parsed("pkcs11:slot-id=327");
    assert_true(uri.slot_id_given);
    assert_int_equal(uri.slot_id, 327);

    uri = parsed("pkcs11:token=Software%20PKCS%2311%20softtoken;"
                 "manufacturer=Snake%20Oil,%20Inc.?pin-source=file:///etc/token_pin");
    assert_string_equal(uri.pin_file, "/etc/token_pin");

    uri = parsed("pkcs11:object=a:[]@!$'()+,=&b;type=secret-key");
    assert_value(&uri.object, "a:[]@!$'()+,=&b");
    uri = parsed("PKCS11:type=data?pin-source=file:/a%20b/c?|*%2A");
    assert_string_equal(uri.pin_file, "/a b/c?|**");
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *part; /* part of the message */
    } cases[] = {
        {"", "character 1: it must begin with \"pkcs11:\""},
        {"pkcs11", "it must begin"},
        {"pkcs12:token=a", "it must begin"},
        {"pkcs11:token", "character 8: an attribute is expected here"},
        {"pkcs11:=a", "an attribute is expected here"},
        {"pkcs11:;token=a", "character 8: an attribute"},
        {"pkcs11:?", ""},
        {"pkcs11:?a", "an attribute"},
        {"pkcs11:tokn=a", "character 8: \"tokn\" is not a supported attribute"},
        {"pkcs11:library-manufacturer=Snake", "not a supported attribute"},
        {"pkcs11:token=a?x-vend-aaa=value-a", "not a supported attribute"},
        {"pkcs11:object=my-sign-key;type=private?module-name=mypkcs11", "character 40"},
        {"pkcs11:\x1b[2J=a", "\"\\x1b[2J\" is not"},
        {"pkcs11:token=a;token=b", "character 16: \"token\" is given twice"},
        {"pkcs11:type=cert;type=cert", "given twice"},
        {"pkcs11:slot-id=1;slot-id=1", "given twice"},
        {"pkcs11:?pin-source=file:/a&pin-source=file:/a", "given twice"},
        {"pkcs11:type=key", "character 13: \"type\" must be private, secret-key"},
        {"pkcs11:type=", "\"type\" must be"},
        {"pkcs11:slot-id=", "must be a number"},
        {"pkcs11:slot-id=1x", "character 17: \"slot-id\" must be a number"},
        {"pkcs11:slot-id=18446744073709551616", "at most 64 bits"},
        {"pkcs11:object=a%", "character 16: \"%\" must be followed by two hex digits"},
        {"pkcs11:object=a%4", "must be followed by two hex digits"},
        {"pkcs11:object=a%4;id=1", "must be followed by two hex digits"},
        {"pkcs11:object=%GG", "must be followed by two hex digits"},
        {"pkcs11:object=% 1", "must be followed by two hex digits"},
        {"pkcs11:object=my key", "character 17: this character must be written as %20"},
        {"pkcs11:object=a/b", "as %2F"},
        {"pkcs11:object=\xc3\xa9", "as %C3"},
        {"pkcs11:object=a\n", "as %0A"},
        {"pkcs11:token=hsm-*", "only \"object\" may have a \"*\""},
        {"pkcs11:id=*", "only \"object\""},
        {"pkcs11:object=a*%2A", "cannot contain both"},
        {"pkcs11:object=%2a*", "cannot contain both"},
        {"pkcs11:serial=12345678901234567", "character 31: the value is too long"},
        {"pkcs11:token=123456789012345678901234567890123", "too long"},
        {"pkcs11:token=a?pin-source=/etc/token_pin", "\"pin-source\" must be file: and"},
        {"pkcs11:token=a?pin-source=|/usr/lib/pinomatic", "\"pin-source\" must be file: and"},
        {"pkcs11:?pin-source=file:", "\"pin-source\" must be file: and"},
        {"pkcs11:?pin-source=file:/", "\"pin-source\" must be file: and"},
        {"pkcs11:?pin-source=file:etc/pin", "\"pin-source\" must be file: and"},
        {"pkcs11:?pin-source=file://host/pin", "\"pin-source\" must be file: and"},
        {"pkcs11:?pin-source=file:/a%00b", "\"pin-source\" must be file: and"},
        {"pkcs11:?pin-source=file:/a;b", "as %3B"},
        {"pkcs11:token=a?pin-value=1234", "\"pin-value\" puts a PIN into a file"},
        {"pkcs11:pin-value=1234", "\"pin-value\" puts a PIN into a file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct uri uri = {.text = "untouched"};
        struct err err = {0};
        bool ok = uri_parse(cases[i].text, &uri, &err);
        if (!cases[i].part[0]) {
            assert_true(ok);
            continue;
        }
        if (ok || !strstr(err.what, cases[i].part))
            fail_msg("%s: %s", cases[i].text, ok ? "was taken" : err.what);
        assert_int_equal(err.code, ERR_CONFIG);
        assert_null(strstr(err.what, "1234"));
        assert_null(strstr(err.next, "1234"));
        assert_string_equal(uri.text, "untouched");
    }
}

static void test_lengths(void **state)
{
    char text[2 * URI_TEXT_MAX] = "pkcs11:object=";
    struct uri uri;
    struct err err;

    (void)state;
    memset(text + 14, 'x', KEY_LABEL_MAX);
    assert_int_equal(parsed(text).object.len, KEY_LABEL_MAX);
    text[14 + KEY_LABEL_MAX] = 'x';
    assert_false(uri_parse(text, &uri, &err));
    assert_non_null(strstr(err.what, "too long"));
    memset(text + 14, 'x', sizeof text - 15);
    assert_false(uri_parse(text, &uri, &err));
    assert_non_null(strstr(err.what, "character 1280: it is too long"));
    strcpy(text, "pkcs11:?pin-source=file:/");
    memset(text + strlen(text), 'x', URI_PIN_FILE_MAX);
    assert_false(uri_parse(text, &uri, &err));
    assert_non_null(strstr(err.what, "too long"));
}

static void test_slot(void **state)
{
    struct hsm_slot slot = {.id = 7,
                            .label = "hsm-old",
                            .serial = "8f3c21d09a77be10",
                            .manufacturer = "SoftHSM project",
                            .model = "SoftHSM v2"};
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {
        {"pkcs11:", true},
        {"pkcs11:token=hsm-old", true},
        {"pkcs11:token=hsm-old%20%20", true},
        {"pkcs11:token=hsm-ol", false},
        {"pkcs11:token=hsm-older", false},
        {"pkcs11:token=", false},
        {"pkcs11:token=hsm-old;serial=8f3c21d09a77be10;slot-id=7", true},
        {"pkcs11:serial=8F3C21D09A77BE10", false},
        {"pkcs11:manufacturer=SoftHSM%20project;model=SoftHSM%20v2", true},
        {"pkcs11:model=SoftHSM", false},
        {"pkcs11:slot-id=8", false},
        {"pkcs11:object=anything;type=private", true},
    };
    char text[URI_TEXT_MAX];
    struct uri uri;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uri = parsed(cases[i].text);
        if (uri_matches_slot(&uri, &slot) != cases[i].matches)
            fail_msg("%s", cases[i].text);
    }
    assert_string_equal(uri_of_slot(&slot, text), "pkcs11:token=hsm-old;serial=8f3c21d09a77be10");
    text_safe("a\n \\;*", 6, slot.label, sizeof slot.label);
    slot.serial[0] = '\0';
    assert_string_equal(uri_of_slot(&slot, text), "pkcs11:token=a%0A%20%5C%3B%2A");
    uri = parsed(text);
    assert_true(uri_matches_slot(&uri, &slot));
    slot.label[0] = '\0';
    assert_string_equal(uri_of_slot(&slot, text), "pkcs11:");
}

static struct key_desc key_named(const char *label, size_t label_len, const char *id, size_t id_len)
{
    struct key_desc key = {.class = KEY_CLASS_PRIVATE};

    key_set_label(&key, label, label_len);
    key_set_id(&key, id, id_len);
    return key;
}

static void test_key(void **state)
{
    const struct key_desc key = key_named("tls-*9", 6, "\x01\xff", 2);
    static const struct {
        const char *text;
        bool matches, pattern;
    } cases[] = {
        {"pkcs11:", true, true},
        {"pkcs11:type=private", true, true},
        {"pkcs11:type=secret-key", false, true},
        {"pkcs11:object=tls-%2A9", true, false},
        {"pkcs11:object=tls-%2a9;id=%01%FF;type=private", true, false},
        {"pkcs11:object=tls-%2A", false, false},
        {"pkcs11:object=tls-*", true, true},
        {"pkcs11:object=*", true, true},
        {"pkcs11:object=*9", true, true},
        {"pkcs11:object=ssh-*", false, true},
        {"pkcs11:object=*;id=%02", false, true},
        {"pkcs11:object=", false, false},
        {"pkcs11:id=%01%ff", true, false},
        {"pkcs11:id=%01", false, false},
        {"pkcs11:id=", false, false},
        {"pkcs11:token=other", true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct uri uri = parsed(cases[i].text);
        if (uri_matches_key(&uri, &key) != cases[i].matches)
            fail_msg("%s matches", cases[i].text);
        if (uri_is_pattern(&uri) != cases[i].pattern)
            fail_msg("%s pattern", cases[i].text);
    }
}

static void test_same_token(void **state)
{
    struct uri a = parsed("pkcs11:token=hsm;serial=1"), b = parsed("pkcs11:serial=%31;token=hsm");

    (void)state;
    assert_true(uri_same_token(&a, &b));
    assert_true(uri_names_token(&a));
    b = parsed("pkcs11:token=hsm");
    assert_false(uri_same_token(&a, &b));
    b = parsed("pkcs11:token=hsm;serial=1;slot-id=0");
    assert_false(uri_same_token(&a, &b));
    b = parsed("pkcs11:token=hsm;serial=1;model=");
    assert_false(uri_same_token(&a, &b));
    b = parsed("pkcs11:type=cert");
    assert_true(uri_names_key(&b));
    assert_false(uri_names_token(&b));
}

/* uri_of_key -> uri_parse -> uri_matches_key, and a key that differs in one bit does not match. */
static void assert_key_round_trip(const struct key_desc *key)
{
    char text[URI_TEXT_MAX + 1];
    struct key_desc other = *key;
    struct uri uri;

    text[URI_TEXT_MAX] = '!';
    uri = parsed(uri_of_key(key, text));
    assert_int_equal(text[URI_TEXT_MAX], '!');
    assert_true(uri_matches_key(&uri, key));
    assert_false(uri_is_pattern(&uri));
    other.label[0] ^= 1;
    assert_int_equal(uri_matches_key(&uri, &other), key->label_len == 0);
    other = *key;
    other.label_len++;
    assert_false(uri_matches_key(&uri, &other));
    other = *key;
    other.class = key->class == KEY_CLASS_PUBLIC ? KEY_CLASS_DATA : KEY_CLASS_PUBLIC;
    assert_int_equal(uri_matches_key(&uri, &other), key->class == KEY_CLASS_OTHER);
}

static void test_round_trip(void **state)
{
    struct key_desc key = key_named("", 0, "", 0);
    char text[URI_TEXT_MAX];
    struct uri uri;

    (void)state;
    assert_key_round_trip(&key);
    key = key_named("root ca", 7, "\x02", 1);
    assert_string_equal(uri_of_key(&key, text), "pkcs11:object=root%20ca;id=%02;type=private");
    for (unsigned n = 0; n < 2000; n++) {
        uint8_t label[KEY_LABEL_MAX], id[KEY_ID_MAX];
        for (size_t i = 0; i < sizeof label; i++)
            label[i] = (uint8_t)(n < 2 ? 0xff : rand());
        for (size_t i = 0; i < sizeof id; i++)
            id[i] = (uint8_t)(n < 2 ? 0xff : rand());
        key = key_named((char *)label, n < 2 ? sizeof label : (size_t)rand() % (sizeof label + 1),
                        (char *)id, n < 2 ? sizeof id : (size_t)rand() % (sizeof id + 1));
        key.class = (enum key_class)(n < 2 ? KEY_CLASS_SECRET : (unsigned)rand() % KEY_CLASSES);
        assert_key_round_trip(&key);
    }

    /* A label that was cut when it was read names nothing: another key could begin the same. */
    memset(text, 'x', KEY_LABEL_MAX + 1);
    key = key_named(text, KEY_LABEL_MAX + 1, "", 0);
    uri = parsed(uri_of_key(&key, text));
    assert_false(uri_matches_key(&uri, &key));
    uri = parsed("pkcs11:object=xx*");
    assert_true(uri_matches_key(&uri, &key));
}

static void test_whole(void **state)
{
    static const char *const texts[] = {
        "pkcs11:token=a;object=b*",
        "pkcs11:token=a?pin-source=file:/run/pins/source",
        "pkcs11:?pin-source=file:/a%20%25%2A%E4%3F",
    };
    char out[URI_WHOLE_MAX];
    struct uri uri;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uri = parsed(texts[i]);
        assert_string_equal(uri_whole(&uri, out), texts[i]);
    }
}

/* Random text from the grammar's own pieces: never a crash, and what was taken reads the same
 * again. */
static void test_random(void **state)
{
    static const char *const pieces[] = {
        "pkcs11:",     "token=",   "serial=", "object=",  "id=", "type=",
        "private",     "slot-id=", ";",       "?",        "&",   "=",
        "pin-source=", "file:/",   "%2A",     "%",        "*",   "%00",
        "%fF",         "a",        "9",       "\x80\xff", "\n",  "pin-value=",
    };
    unsigned taken = 0;

    (void)state;
    for (unsigned n = 0; n < 100000; n++) {
        char text[256] = "pkcs11:", whole[URI_WHOLE_MAX];
        struct uri uri, again;
        struct err err = {0};
        for (int i = rand() % 16; i > 0; i--)
            strcat(text, pieces[(size_t)rand() % (sizeof pieces / sizeof pieces[0])]);
        if (!uri_parse(text, &uri, &err)) {
            assert_int_equal(err.code, ERR_CONFIG);
            continue;
        }
        taken++;
        again = parsed(uri_whole(&uri, whole));
        assert_memory_equal(&again, &uri, sizeof uri);
    }
    assert_true(taken > 100); /* else this test has tried nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),   cmocka_unit_test(test_errors),
        cmocka_unit_test(test_lengths),    cmocka_unit_test(test_slot),
        cmocka_unit_test(test_key),        cmocka_unit_test(test_same_token),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_whole),
        cmocka_unit_test(test_random),
    };

    srand(7512);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
