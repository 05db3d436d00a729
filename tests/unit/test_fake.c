/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake HSM itself: a test that injects a fault must know that the fault happens, and happens
 * then and only then. tests/contract/ tests it as an HSM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/fake/fake.h"

static const struct hsm_driver *const d = &fake_driver;

static bool open_with(const char *file, const char *params, struct hsm **hsm, struct err *err)
{
    struct hsm_where where = {.api = "fake"};

    text_print(where.module, sizeof where.module, "%s", file);
    text_print(where.params, sizeof where.params, "%s", params);
    return d->open(&where, hsm, err);
}

static bool login(struct hsm *hsm, uint64_t slot, const char *text, struct err *err)
{
    struct secret pin = {0};

    assert_true(secret_new(&pin, 32, NULL) && secret_set(&pin, text, strlen(text), NULL));
    bool ok = d->login(hsm, slot, &pin, err);
    secret_free(&pin);
    return ok;
}

static struct hsm *opened(const char *file, const char *params)
{
    struct hsm *hsm = NULL;
    struct err err;

    if (!open_with(file, params, &hsm, &err) || !login(hsm, FAKE_SLOT, "1234", &err))
        fail_msg("%s: %s", params, err.what);
    return hsm;
}

static struct key_list listed(struct hsm *hsm)
{
    struct key_list list = {0};
    assert_true(d->list(hsm, &list, NULL));
    return list;
}

/* --- what it is told to be --- */

static void unknown_words_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "colour=blue", "fail=wrap",         "keys=aes17:k",       "keys=aes32",
        "tries=many",  "offers=rot13",      "proofs=trust-me",    "twin=maybe",
        "keys=rsa:k",  "keys=aes32:k:id=x", "keys=aes32:k:+soft", "flags=on-fire",
        "keys=dog7:k", "keys=aes32:%4",     "lie=wrap",           "keys=aes32:k:value=00",
    };
    struct hsm *hsm = NULL;
    struct err err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (open_with("", rows[i], &hsm, &err))
            fail_msg("%s was taken", rows[i]);
        assert_int_equal(err.code, ERR_CONFIG);
    }
    assert_null(hsm);
}

static void keys_are_as_told(void **state)
{
    (void)state;
    struct hsm *hsm = opened("", "keys=aes16:a%00b:id=0aff:-extractable:+wrap-with-trusted,"
                                 "generic13:pw,rsa2048:root:+public,ec384:e,cert:c");
    struct key_list list = listed(hsm);
    static const struct {
        enum key_class class;
        enum key_kind kind;
        uint32_t bits;
    } rows[] = {
        {KEY_CLASS_SECRET, KEY_KIND_AES, 128},   {KEY_CLASS_SECRET, KEY_KIND_GENERIC, 104},
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048}, {KEY_CLASS_PUBLIC, KEY_KIND_RSA, 2048},
        {KEY_CLASS_PRIVATE, KEY_KIND_EC, 384},   {KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0},
    };

    assert_int_equal(list.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(list.keys[i].class, rows[i].class);
        assert_int_equal(list.keys[i].kind, rows[i].kind);
        assert_int_equal(list.keys[i].bits, rows[i].bits);
    }
    assert_int_equal(list.keys[0].label_len, 3);
    assert_memory_equal(list.keys[0].label, "a\0b", 3);
    assert_memory_equal(list.keys[0].id, "\x0a\xff", 2);
    assert_true(key_is_not(&list.keys[0], KEY_EXTRACTABLE));
    assert_true(key_is(&list.keys[0], KEY_WRAP_WITH_TRUSTED));
    assert_true(key_is(&list.keys[1], KEY_EXTRACTABLE | KEY_TOKEN));
    assert_memory_equal(list.keys[2].spki_sha256, list.keys[3].spki_sha256, 32);
    assert_string_equal(list.keys[4].curve, "P-384");
    key_list_free(&list);
    d->close(hsm);
}

/* All that it draws follows from the seed and the call, and from no call before it. */
static void seeded_it_does_the_same(void **state)
{
    (void)state;
    struct hsm *first = opened("", "keys=aes32:k,ec256:r;seed=one");
    struct key_list list = listed(first), others;
    struct hsm_pair pair, other;
    uint64_t handle;

    assert_true(d->make_pair(first, 2048, "t", &pair, NULL));
    for (int same = 0; same <= 1; same++) {
        struct hsm *again =
            opened("", same ? "keys=aes32:k,ec256:r;seed=one" : "keys=aes32:k,ec256:r;seed=two");
        others = listed(again);
        assert_true(d->make_kek(again, 256, "t", &handle, NULL));
        assert_true(d->make_pair(again, 2048, "t", &other, NULL));
        assert_int_equal(memcmp(list.keys[0].kcv, others.keys[0].kcv, 3) == 0, same);
        assert_int_equal(memcmp(list.keys[1].spki_sha256, others.keys[1].spki_sha256, 32) == 0,
                         same);
        assert_int_equal(bytes_equal(&pair.spki, &other.spki), same);
        bytes_free(&other.spki);
        key_list_free(&others);
        d->close(again);
    }
    bytes_free(&pair.spki);
    key_list_free(&list);
    d->close(first);
}

static void slots_are_as_told(void **state)
{
    (void)state;
    struct hsm *hsm = opened("", "label=hsm-old;serial=77;twin=yes;flags=hardware");
    struct hsm_slot_list list;

    assert_true(d->slots(hsm, &list, NULL));
    assert_int_equal(list.count, 4);
    assert_string_equal(list.slots[0].label, "hsm-old");
    assert_string_equal(list.slots[0].serial, "77");
    assert_true(list.slots[0].flags & HSM_SLOT_HARDWARE);
    assert_string_equal(hsm_slot_obstacle(&list.slots[1]), "no token");
    assert_string_equal(hsm_slot_obstacle(&list.slots[2]), "not initialised");
    assert_string_equal(list.slots[3].label, "hsm-old");
    assert_string_not_equal(list.slots[3].serial, "77");
    free(list.slots);
    d->close(hsm);
}

/* --- the file --- */

struct file {
    char folder[32], path[64];
};

static int make_file(void **state)
{
    static struct file file;

    text_print(file.folder, sizeof file.folder, "/tmp/test_fake.XXXXXX");
    if (!mkdtemp(file.folder))
        return -1;
    text_print(file.path, sizeof file.path, "%s/token", file.folder);
    *state = &file;
    return 0;
}

static int remove_file(void **state)
{
    const struct file *file = *state;
    unlink(file->path);
    return rmdir(file->folder);
}

static void token_outlives_the_process(void **state)
{
    const struct file *file = *state;
    static const char keys[] = "keys=aes32:k,rsa2048:r,ec256:e,cert:c";
    const struct bytes nonce = {(uint8_t[32]){7}, 32};
    struct bytes before = {0}, after = {0};

    struct hsm *hsm = opened(file->path, keys);
    struct key_list first = listed(hsm);
    assert_true(d->prove(hsm, HSM_PROOF_DIGEST, first.keys[0].handle, &nonce, &before, NULL));
    d->close(hsm);

    hsm = opened(file->path, keys);
    struct key_list again = listed(hsm);
    assert_int_equal(again.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(&again.keys[i], &first.keys[i], sizeof again.keys[i]);
    assert_true(d->prove(hsm, HSM_PROOF_DIGEST, again.keys[0].handle, &nonce, &after, NULL));
    assert_true(bytes_equal(&before, &after));
    d->close(hsm);
    key_list_free(&first);
    key_list_free(&again);
    bytes_free(&before);
    bytes_free(&after);
}

static void wrong_pins_lock_it(void **state)
{
    const struct file *file = *state;
    static const uint32_t flags[] = {0, HSM_TOKEN_PIN_COUNT_LOW,
                                     HSM_TOKEN_PIN_COUNT_LOW | HSM_TOKEN_PIN_FINAL_TRY,
                                     HSM_TOKEN_PIN_COUNT_LOW | HSM_TOKEN_PIN_LOCKED};
    const uint32_t all = HSM_TOKEN_PIN_COUNT_LOW | HSM_TOKEN_PIN_FINAL_TRY | HSM_TOKEN_PIN_LOCKED;
    struct hsm_slot_list list;
    struct hsm *hsm;
    struct err err;

    for (unsigned wrong = 0; wrong < 4; wrong++) {
        assert_true(open_with(file->path, "tries=3", &hsm, &err));
        assert_true(d->slots(hsm, &list, &err));
        assert_int_equal(list.slots[0].flags & all, flags[wrong]);
        free(list.slots);
        assert_false(login(hsm, FAKE_SLOT, wrong < 3 ? "0000" : "1234", &err));
        assert_int_equal(err.code, ERR_DENIED);
        assert_string_equal(err.hsm_name, wrong < 3 ? "CKR_PIN_INCORRECT" : "CKR_PIN_LOCKED");
        d->close(hsm);
    }
}

/* --- faults --- */

static bool make_kek(struct hsm *hsm, uint64_t *handle, struct err *err)
{
    return d->make_kek(hsm, 256, "hsmferry:t", handle, err);
}

static void failure_comes_at_its_call_only(void **state)
{
    (void)state;
    struct hsm *hsm = opened("", "fail=make_aes:2:0x32");
    struct err err;
    uint64_t handle;

    assert_true(make_kek(hsm, &handle, &err));
    assert_false(make_kek(hsm, &handle, &err));
    assert_int_equal(err.code, ERR_GONE);
    assert_true(make_kek(hsm, &handle, &err));
    d->close(hsm);
}

static void failure_can_come_at_every_call(void **state)
{
    (void)state;
    struct hsm *hsm = opened("", "fail=make_aes:0:0x1234");
    struct err err;
    uint64_t handle;

    for (int i = 0; i < 3; i++) {
        assert_false(make_kek(hsm, &handle, &err));
        assert_int_equal(err.code, ERR_HSM);
        assert_int_equal(err.hsm_code, 0x1234);
    }
    d->close(hsm);
}

static void forgotten_commit_left_nothing(void **state)
{
    const struct file *file = *state;
    struct hsm *hsm = opened(file->path, "keys=aes32:k;forget=commit:1");
    struct key_list list = listed(hsm);
    struct key_desc key;
    uint64_t final;
    struct err err;

    assert_true(
        d->commit(hsm, list.keys[0].handle, (const uint8_t *)"c", 1, NULL, 0, &final, &err));
    assert_false(d->describe(hsm, final, &key, &err));
    assert_int_equal(err.code, ERR_NO_INPUT);
    assert_true(
        d->commit(hsm, list.keys[0].handle, (const uint8_t *)"c", 1, NULL, 0, &final, &err));
    assert_true(d->describe(hsm, final, &key, &err));
    key_list_free(&list);
    d->close(hsm);
}

static void lies_about_outputs(void **state)
{
    (void)state;
    struct hsm *hsm = opened("", "keys=aes32:k;lie=prove:2:flip;lie=prove:3:short;"
                                 "lie=prove:4:long");
    struct key_list list = listed(hsm);
    const struct bytes nonce = {(uint8_t[32]){7}, 32};
    struct bytes answer[4] = {{0}};

    for (size_t i = 0; i < 4; i++)
        assert_true(d->prove(hsm, HSM_PROOF_DIGEST, list.keys[0].handle, &nonce, &answer[i], NULL));
    assert_int_equal(answer[1].len, 32);
    assert_false(bytes_equal(&answer[0], &answer[1]));
    assert_int_equal(answer[2].len, 31);
    assert_int_equal(answer[3].len, 33);
    for (size_t i = 0; i < 4; i++)
        bytes_free(&answer[i]);
    key_list_free(&list);
    d->close(hsm);
}

/* Carries one AES key through the protocol inside one fake; the temporary object's handle. */
static uint64_t carried(struct hsm *hsm, uint64_t original)
{
    struct hsm_pair pair;
    struct bytes wrapped_key = {0};
    uint64_t public, temporary;
    struct err err;
    const struct hsm_template template = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .flags = KEY_SENSITIVE | KEY_COPYABLE | KEY_DESTROYABLE,
        .label = (const uint8_t *)"t",
        .label_len = 1,
    };

    assert_true(d->make_pair(hsm, 2048, "t", &pair, &err));
    assert_true(d->load_public(hsm, &pair.spki, "t", &public, &err));
    assert_true(d->wrap(hsm, HSM_RSA_OAEP_SHA1, public, original, &wrapped_key, &err));
    assert_true(d->unwrap(hsm, HSM_RSA_OAEP_SHA1, pair.private_handle, &wrapped_key, &template,
                          &temporary, &err));
    bytes_free(&pair.spki);
    bytes_free(&wrapped_key);
    return temporary;
}

static bool same_value(struct hsm *hsm, uint64_t a, uint64_t b)
{
    const struct bytes nonce = {(uint8_t[32]){9}, 32};
    struct bytes one = {0}, other = {0};

    assert_true(d->prove(hsm, HSM_PROOF_DIGEST, a, &nonce, &one, NULL));
    assert_true(d->prove(hsm, HSM_PROOF_DIGEST, b, &nonce, &other, NULL));
    bool same = bytes_equal(&one, &other);
    bytes_free(&one);
    bytes_free(&other);
    return same;
}

static void lies_about_objects(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        bool same, guarded, labelled;
        size_t more; /* objects than there should be */
    } rows[] = {
        {"", true, true, true, 0},
        {"lie=unwrap:1:other", false, true, true, 0},
        {"lie=unwrap:1:guards", true, false, true, 0},
        {"lie=unwrap:1:label", true, true, false, 0},
        {"lie=unwrap:1:twice", true, true, true, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char params[128];
        struct key_desc key;
        uint64_t *handles;
        size_t count;
        text_print(params, sizeof params, "keys=aes32:k;%s", rows[i].params);
        struct hsm *hsm = opened("", params);
        struct key_list list = listed(hsm);
        uint64_t temporary = carried(hsm, list.keys[0].handle);
        assert_int_equal(same_value(hsm, list.keys[0].handle, temporary), rows[i].same);
        assert_true(d->describe(hsm, temporary, &key, NULL));
        assert_int_equal(key_is(&key, KEY_SENSITIVE) && key_is_not(&key, KEY_EXTRACTABLE),
                         rows[i].guarded);
        assert_int_equal(key.label[0] == 't', rows[i].labelled);
        assert_true(d->handles(hsm, &handles, &count, NULL));
        assert_int_equal(count, 5 + rows[i].more); /* the key, a pair, a public key, the copy */
        free(handles);
        key_list_free(&list);
        d->close(hsm);
    }
}

static void public_key_can_be_another(void **state)
{
    (void)state;
    struct hsm *hsm = opened("", "keys=rsa2048:r;lie=public_key:2:other");
    struct key_list list = listed(hsm);
    struct bytes right = {0}, wrong = {0};

    assert_true(d->public_key(hsm, list.keys[0].handle, &right, NULL));
    assert_true(d->public_key(hsm, list.keys[0].handle, &wrong, NULL));
    assert_false(bytes_equal(&right, &wrong));
    bytes_free(&right);
    bytes_free(&wrong);
    key_list_free(&list);
    d->close(hsm);
}

#define WITH_FILE(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_words_are_refused),
        cmocka_unit_test(keys_are_as_told),
        cmocka_unit_test(seeded_it_does_the_same),
        cmocka_unit_test(slots_are_as_told),
        WITH_FILE(token_outlives_the_process),
        WITH_FILE(wrong_pins_lock_it),
        cmocka_unit_test(failure_comes_at_its_call_only),
        cmocka_unit_test(failure_can_come_at_every_call),
        WITH_FILE(forgotten_commit_left_nothing),
        cmocka_unit_test(lies_about_outputs),
        cmocka_unit_test(lies_about_objects),
        cmocka_unit_test(public_key_can_be_another),
    };
    return cmocka_run_group_tests_name("fake", tests, NULL, NULL);
}
