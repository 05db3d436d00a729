/* SPDX-License-Identifier: Apache-2.0 */
/* policy: what may leave, and what it shall be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/policy.h"

static const uint32_t all_known = (1U << KEY_FLAGS) - 1;

static struct key_desc aes_key(uint32_t flags)
{
    struct key_desc key = {.class = KEY_CLASS_SECRET,
                           .kind = KEY_KIND_AES,
                           .bits = 256,
                           .length = 32,
                           .flags = flags,
                           .flags_known = all_known};

    key_set_label(&key, "k", 1);
    return key;
}

/* --- what may leave --- */

static void extractable_key_may_leave(void **state)
{
    struct key_desc key = aes_key(KEY_SENSITIVE | KEY_EXTRACTABLE);
    struct err err = {0};

    (void)state;
    assert_true(policy_may_leave(&key, &err));
}

/* Each row spoils one thing about a key that could go. */
static void reasons_to_stay(void **state)
{
    static const struct {
        uint32_t flags, known;
        enum key_class class;
        enum key_kind kind;
        bool has_public;
        unsigned label_len;
        enum err_code code;
        const char *words;
    } rows[] = {
        {KEY_SENSITIVE, all_known, KEY_CLASS_SECRET, KEY_KIND_AES, false, 1, ERR_DENIED,
         "not extractable"},
        {KEY_EXTRACTABLE, all_known & ~(uint32_t)KEY_EXTRACTABLE, KEY_CLASS_SECRET, KEY_KIND_AES,
         false, 1, ERR_DENIED, "does not say"},
        {KEY_EXTRACTABLE | KEY_WRAP_WITH_TRUSTED, all_known, KEY_CLASS_SECRET, KEY_KIND_AES, false,
         1, ERR_DENIED, "trusted wrapping key"},
        {KEY_EXTRACTABLE | KEY_ALWAYS_AUTHENTICATE, all_known, KEY_CLASS_PRIVATE, KEY_KIND_RSA,
         true, 1, ERR_DATA, "PIN at every use"},
        {KEY_SENSITIVE, all_known, KEY_CLASS_PRIVATE, KEY_KIND_EC, false, 1, ERR_DENIED,
         "not extractable"},
        {KEY_EXTRACTABLE, all_known, KEY_CLASS_PRIVATE, KEY_KIND_EDWARDS, true, 1, ERR_DATA,
         "unsupported type"},
        {KEY_EXTRACTABLE, all_known, KEY_CLASS_DATA, KEY_KIND_NONE, false, 1, ERR_DATA,
         "data object"},
        {KEY_EXTRACTABLE, all_known, KEY_CLASS_PUBLIC, KEY_KIND_RSA, true, 1, ERR_DATA,
         "not a key that can be moved"},
        {KEY_EXTRACTABLE, all_known, KEY_CLASS_SECRET, KEY_KIND_OTHER, false, 1, ERR_DATA,
         "unsupported type"},
        {KEY_EXTRACTABLE, all_known, KEY_CLASS_SECRET, KEY_KIND_AES, false, 256, ERR_DATA,
         "longer than 255"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct key_desc key = aes_key(rows[i].flags);
        struct err err = {0};
        key.flags_known = rows[i].known;
        key.class = rows[i].class;
        key.kind = rows[i].kind;
        key.has_public = rows[i].has_public;
        key.label_len = (uint16_t)rows[i].label_len;
        assert_false(policy_may_leave(&key, &err));
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.what, rows[i].words));
    }
}

/* What binds a key and cannot be carried along would get lost. */
static void bonds_that_would_get_lost(void **state)
{
    const uint64_t numbers[KEY_ALLOWED_MAX + 1] = {1, 2, 3};
    struct key_desc key = aes_key(KEY_EXTRACTABLE);
    struct err err = {0};

    (void)state;
    key_set_allowed(&key, numbers, KEY_ALLOWED_MAX);
    key_set_dates(&key, "20260101", 8, "20301231", 8);
    assert_true(policy_may_leave(&key, &err));
    key.constraints.known |= KEY_DATES_HIDDEN;
    assert_false(policy_may_leave(&key, &err));
    assert_non_null(strstr(err.what, "dates"));
    key.constraints.known &= ~(uint32_t)KEY_DATES_HIDDEN;
    strcpy(key.unread, "unwrap template: CKR_DEVICE_ERROR");
    assert_false(policy_may_leave(&key, &err));
    assert_non_null(strstr(err.what, key.unread));
    key.unread[0] = '\0';
    key_set_allowed(&key, numbers, KEY_ALLOWED_MAX + 1);
    assert_false(policy_may_leave(&key, &err));
    assert_non_null(strstr(err.what, "17 allowed mechanisms"));
    key_set_allowed(&key, numbers, 0);
    key.constraints.templates[KEY_TEMPLATE_UNWRAP] =
        (struct key_template){KEY_SENSITIVE, KEY_SENSITIVE, 0, 0, 0};
    assert_true(policy_may_leave(&key, &err));
    key.constraints.templates[KEY_TEMPLATE_UNWRAP].others = 2;
    assert_false(policy_may_leave(&key, &err));
    assert_non_null(strstr(err.what, "its unwrap template holds 2 attributes"));
    key.class = KEY_CLASS_PUBLIC;
    key.kind = KEY_KIND_RSA;
    key.has_public = true;
    assert_false(policy_public_may_go(&key, &err));
    key.constraints.templates[KEY_TEMPLATE_UNWRAP].others = 0;
    assert_true(policy_public_may_go(&key, &err));
}

/* --- what it shall be --- */

static void never_more_rights_than_before(void **state)
{
    (void)state;
    for (unsigned policies = 0; policies < 4; policies++) {
        struct policy policy = policy_default();
        policy.sensitive = policies & 1;
        policy.extractable = policies & 2;
        for (uint32_t flags = 0; flags < 1U << 12; flags++) {
            struct key_desc key = aes_key(flags);
            uint32_t want = policy_want_flags(&policy, &key);
            assert_int_equal(want & KEY_USES, flags & KEY_USES);
            assert_false((want & KEY_EXTRACTABLE) && !(flags & KEY_EXTRACTABLE));
            assert_false((flags & KEY_SENSITIVE) && !(want & KEY_SENSITIVE));
            assert_true(want & KEY_PRIVATE);
            assert_int_equal(want & (KEY_LOCAL | KEY_ALWAYS_SENSITIVE | KEY_NEVER_EXTRACTABLE), 0);
        }
    }
}

static void default_policy_tightens(void **state)
{
    struct policy policy = policy_default();
    struct key_desc key = aes_key(KEY_EXTRACTABLE | KEY_ENCRYPT);
    uint32_t want = policy_want_flags(&policy, &key);

    (void)state;
    assert_true(want & KEY_SENSITIVE);
    assert_false(want & KEY_EXTRACTABLE);
}

static void unknown_freedoms_stay(void **state)
{
    struct policy policy = policy_default();
    struct key_desc key = aes_key(0);

    (void)state;
    assert_false(policy_want_flags(&policy, &key) & KEY_MODIFIABLE);
    key.flags_known = 0;
    assert_true(policy_want_flags(&policy, &key) & KEY_MODIFIABLE);
}

/* --- transports: an order and a floor --- */

static void assert_order(const struct policy *policy, const char *expected)
{
    enum transport_kind kinds[TRANSPORTS];
    const unsigned count = policy_transports(policy, kinds);
    char all[256] = "";

    for (unsigned i = 0; i < count; i++) {
        strcat(all, i ? " " : "");
        strcat(all, transport_kinds[kinds[i]].name);
        assert_true(policy_allows_transport(policy, kinds[i]));
    }
    assert_string_equal(all, expected);
}

static void name(struct policy *policy, enum transport_kind first, enum transport_kind second)
{
    policy->order.count = 2;
    policy->order.at[0] = (uint8_t)first;
    policy->order.at[1] = (uint8_t)second;
}

static void without_a_list_strength_decides(void **state)
{
    struct policy policy = policy_default();
    (void)state;

    assert_order(&policy, "ecdh-p521 ml-kem-1024 ecdh-p384+ml-kem-768 ecdh-p384 ml-kem-768 "
                          "ecdh-p256 rsa-oaep");
    policy.quantum = QUANTUM_PREFERRED;
    assert_order(&policy, "ml-kem-1024 ecdh-p384+ml-kem-768 ml-kem-768 ecdh-p521 ecdh-p384 "
                          "ecdh-p256 rsa-oaep");
    policy.quantum = QUANTUM_REQUIRED;
    assert_order(&policy, "ml-kem-1024 ecdh-p384+ml-kem-768 ml-kem-768");
}

/* What is not named is below the floor, and an officer's order stands. */
static void a_list_is_an_order_and_a_floor(void **state)
{
    struct policy policy = policy_default();
    (void)state;

    name(&policy, TRANSPORT_ECDH_P256, TRANSPORT_ML_KEM_768);
    assert_order(&policy, "ecdh-p256 ml-kem-768");
    assert_false(policy_allows_transport(&policy, TRANSPORT_ML_KEM_1024));
    policy.quantum = QUANTUM_PREFERRED;
    assert_order(&policy, "ml-kem-768 ecdh-p256");
    policy.quantum = QUANTUM_REQUIRED;
    assert_order(&policy, "ml-kem-768");
    name(&policy, TRANSPORT_ECDH_P521, TRANSPORT_RSA_OAEP);
    assert_order(&policy, "");
    policy.quantum = QUANTUM_PREFERRED;
    assert_order(&policy, "ecdh-p521 rsa-oaep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extractable_key_may_leave),
        cmocka_unit_test(reasons_to_stay),
        cmocka_unit_test(bonds_that_would_get_lost),
        cmocka_unit_test(never_more_rights_than_before),
        cmocka_unit_test(default_policy_tightens),
        cmocka_unit_test(unknown_freedoms_stay),
        cmocka_unit_test(without_a_list_strength_decides),
        cmocka_unit_test(a_list_is_an_order_and_a_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
