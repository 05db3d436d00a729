/* SPDX-License-Identifier: Apache-2.0 */
/* Check values: the right ones, of keys that may have one, and what is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake/fake.h"
#include "transfer/kcv.h"

/* Octets counted from zero. */
#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const uint32_t all = UINT32_MAX;

static struct hsm *enter(const char *params, struct key_desc *key)
{
    struct hsm_where where = {.api = "fake"};
    struct key_list list = {0};
    struct secret pin = {0};
    struct hsm *hsm;
    struct err err;

    snprintf(where.params, sizeof where.params, "%s", params);
    assert_true(fake_driver.open(&where, &hsm, &err));
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &err) && secret_set(&pin, "1234", 4, &err));
    assert_true(fake_driver.login(hsm, FAKE_SLOT, &pin, &err));
    assert_true(fake_driver.list(hsm, &list, &err));
    for (size_t i = 0; i < list.count; i++)
        if (key_is_movable_class(&list.keys[i]))
            *key = list.keys[i];
    key_list_free(&list);
    secret_free(&pin);
    return hsm;
}

/* Value number at of the one key that each of two tokens has, in words. */
static bool report(const char *source, const char *destination, unsigned at, uint32_t offered,
                   char text[EVENT_KCV_TEXT], struct err *err)
{
    struct key_desc key[2];
    struct hsm *hsm[2] = {enter(source, &key[0]), enter(destination, &key[1])};
    const struct kcv_pair pair = {
        {&key[0], &key[1]}, {hsm[0], hsm[1]}, {key[0].handle, key[1].handle}, NULL};
    struct kcv kcv;
    bool ok = kcv_compute(&pair, at, offered, &kcv, err);

    if (ok)
        event_kcv_text(&kcv, text);
    fake_driver.close(hsm[0]);
    fake_driver.close(hsm[1]);
    return ok;
}

static void known_values(void **state)
{
    static const struct {
        const char *key;
        unsigned at;
        const char *text;
    } rows[] = {
        {"keys=aes32:k:+encrypt:+sign:value=" KEY, 0,
         "f29000, ECB of zeros, the same on both sides"},
        {"keys=aes32:k:+encrypt:+sign:value=" KEY, 1,
         "377822, CMAC of zeros, the same on both sides"},
        {"keys=aes32:k:-encrypt:-sign:value=" KEY, 0,
         "none by ECB of zeros: its uses do not allow: encrypt"},
        {"keys=aes32:k:-encrypt:-sign:value=" KEY, 1,
         "none by CMAC of zeros: its uses do not allow: sign"},
        {"keys=generic13:k:+sign", 0, "none: a check value would help to guess a stored secret"},
    };
    char text[EVENT_KCV_TEXT];
    struct err err;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(report(rows[i].key, rows[i].key, rows[i].at, all, text, &err));
        assert_string_equal(text, rows[i].text);
    }
}

static void another_key_has_another(void **state)
{
    char text[EVENT_KCV_TEXT];
    struct err err;
    (void)state;

    for (unsigned at = 0; at < 2; at++) {
        assert_false(report("keys=aes32:k:+encrypt:+sign:value=" KEY, "keys=aes32:k:+encrypt:+sign",
                            at, all, text, &err));
        assert_int_equal(err.code, ERR_DATA);
    }
}

/* What an HSM does not compute is no failure of the key. */
static void told_why_there_is_none(void **state)
{
    static const char key[] = "keys=aes32:k:+encrypt:+sign";
    char text[EVENT_KCV_TEXT];
    struct err err;
    (void)state;

    assert_true(report(key, key, 1, all & ~(1U << HSM_PROOF_KCV_CMAC), text, &err));
    assert_string_equal(text, "none by CMAC of zeros: not both HSMs compute it");
    assert_true(report(key, "keys=aes32:k:+encrypt:+sign;lie=prove:1:short", 0, all, text, &err));
    assert_non_null(strstr(text, "none by ECB of zeros: the destination: 2 octets"));
    assert_true(report(key, "keys=aes32:k:+encrypt:+sign;fail=prove:1:0x30", 0, all, text, &err));
    assert_non_null(strstr(text, "none by ECB of zeros: the destination: "));
    assert_false(report(key, "keys=aes32:k:+encrypt:+sign;fail=prove:1:0x32", 0, all, text, &err));
    assert_int_equal(err.code, ERR_GONE);
}

/* Of a private key the public half says it, without an operation on the key. */
static void public_halves(void **state)
{
    struct key_desc key = {0};
    struct hsm *hsm = enter("keys=ec256:k:+sign:+public;fail=prove:1:0x30", &key);
    const struct kcv_pair pair = {{&key, &key}, {hsm, hsm}, {key.handle, key.handle}, NULL};
    char text[EVENT_KCV_TEXT];
    struct kcv kcv;
    struct err err;
    (void)state;

    assert_int_equal(kcv_count(&key), 1);
    assert_true(kcv_compute(&pair, 0, all, &kcv, &err));
    assert_int_equal(kcv.value[SIDE_SOURCE].len, 32);
    assert_memory_equal(kcv.value[SIDE_SOURCE].octets, key.spki_sha256, 32);
    assert_memory_equal(&kcv.value[0], &kcv.value[1], sizeof kcv.value[0]);
    assert_non_null(strstr(event_kcv_text(&kcv, text), "..., SHA-256 of SPKI, the same"));
    fake_driver.close(hsm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(another_key_has_another),
        cmocka_unit_test(told_why_there_is_none),
        cmocka_unit_test(public_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
