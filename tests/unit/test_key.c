/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/key.h, hsm/facts.h and hsm/event.h: what a key is, and the words for everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "protocol/event.h"

static struct key_desc named(enum key_class class, const char *label, const char *id)
{
    struct key_desc key = {.class = class};

    key_set_label(&key, label, strlen(label));
    key_set_id(&key, id, strlen(id));
    return key;
}

static void test_list_grows(void **state)
{
    struct key_list list = {0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(key_list_add(&list, &(struct key_desc){.handle = i}));
    assert_int_equal(list.count, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list.keys[i].handle, i);
    key_list_free(&list);
    assert_int_equal(list.count, 0);
    assert_null(list.keys);
    key_list_free(&list);
}

static void test_label_and_id_of_any_length(void **state)
{
    static uint8_t raw[70000];
    struct key_desc key = {0};

    (void)state;
    memset(raw, 'x', sizeof raw);
    key_set_label(&key, raw, KEY_LABEL_MAX);
    assert_int_equal(key.label_len, KEY_LABEL_MAX);
    key_set_label(&key, raw, KEY_LABEL_MAX + 1);
    assert_int_equal(key.label_len, KEY_LABEL_MAX + 1);
    key_set_label(&key, raw, sizeof raw);
    assert_int_equal(key.label_len, UINT16_MAX);
    key_set_label(&key, "ab", 2); /* nothing of the longer one is left */
    assert_int_equal(key.label_len, 2);
    assert_memory_equal(key.label, "ab\0\0", 4);
    key_set_id(&key, raw, KEY_ID_MAX + 1);
    assert_int_equal(key.id_len, KEY_ID_MAX + 1);
    key_set_id(&key, NULL, 0);
    assert_int_equal(key.id_len, 0);
    assert_int_equal(key.id[0], 0);
}

static void test_label_text(void **state)
{
    static uint8_t raw[KEY_LABEL_MAX + 10];
    struct key_desc key = {0};
    char out[KEY_LABEL_TEXT];

    (void)state;
    assert_string_equal(key_label_text(&key, out), "(no label)");
    key_set_label(&key, "a\n\xff", 3);
    assert_string_equal(key_label_text(&key, out), "a\\x0a\\xff");
    memset(raw, 1, sizeof raw); /* cut, and every byte of it four characters */
    key_set_label(&key, raw, sizeof raw);
    assert_int_equal(strlen(key_label_text(&key, out)), 4 * KEY_LABEL_MAX);
}

static void test_type_text(void **state)
{
    static const struct {
        struct key_desc key;
        const char *text;
    } cases[] = {
        {{.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES, .bits = 256}, "AES 256"},
        {{.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES}, "AES"},
        {{.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_RSA, .bits = 4096}, "RSA 4096"},
        {{.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_EC, .bits = 256, .curve = "P-256"},
         "EC P-256"},
        {{.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_EDWARDS, .curve = "Ed25519"}, "Ed25519"},
        {{.class = KEY_CLASS_SECRET, .kind = KEY_KIND_GENERIC, .length = 13}, "13 bytes"},
        {{.class = KEY_CLASS_SECRET, .kind = KEY_KIND_GENERIC, .length = 1}, "1 byte"},
        {{.class = KEY_CLASS_SECRET, .kind = KEY_KIND_GENERIC}, "secret, length unknown"},
        {{.class = KEY_CLASS_CERTIFICATE, .kind = KEY_KIND_NONE}, "certificate"},
        {{.class = KEY_CLASS_DATA, .kind = KEY_KIND_OTHER, .type_name = "CKO_DATA"}, "data"},
        {{.class = KEY_CLASS_SECRET, .type_name = "CKK_BLOWFISH"}, "CKK_BLOWFISH"},
        {{.class = KEY_CLASS_SECRET}, "unknown type"},
    };
    char out[KEY_TYPE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(key_type_text(&cases[i].key, out), cases[i].text);
    assert_string_equal(
        key_sample_text(&(struct key_sample){.kind = KEY_KIND_GENERIC, .length = 13}, out),
        "generic secret, 13 bytes");
    assert_string_equal(
        key_sample_text(&(struct key_sample){.kind = KEY_KIND_RSA, .bits = 2048}, out), "RSA 2048");
}

static void test_names_that_collide(void **state)
{
    static const struct {
        const char *label_a, *id_a, *label_b, *id_b;
        bool collides, same;
    } cases[] = {
        {"a", "1", "a", "1", true, true},  {"a", "1", "a", "2", true, false},
        {"a", "1", "b", "1", true, false}, {"a", "1", "b", "2", false, false},
        {"", "1", "", "2", false, false},  {"a", "", "b", "", false, false},
        {"", "", "", "", true, true},      {"", "", "", "1", false, false},
        {"a", "", "a", "", true, true},    {"a", "", "aa", "", false, false},
        {"", "1", "a", "1", true, false},  {"", "", "a", "", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key_desc a = named(KEY_CLASS_SECRET, cases[i].label_a, cases[i].id_a);
        struct key_desc b = named(KEY_CLASS_SECRET, cases[i].label_b, cases[i].id_b);
        assert_int_equal(key_name_collides(&a, &b), cases[i].collides);
        assert_int_equal(key_name_collides(&b, &a), cases[i].collides);
        assert_int_equal(key_same_name(&a, &b), cases[i].same);
        b.class = KEY_CLASS_PRIVATE; /* another class is another name */
        assert_false(key_name_collides(&a, &b));
        assert_false(key_same_name(&a, &b));
    }
}

static void test_flags_are_known_or_not(void **state)
{
    struct key_desc key = {.flags = KEY_SENSITIVE | KEY_TRUSTED,
                           .flags_known = KEY_SENSITIVE | KEY_EXTRACTABLE};

    (void)state;
    assert_true(key_is(&key, KEY_SENSITIVE));
    assert_false(key_is_not(&key, KEY_SENSITIVE));
    assert_false(key_is(&key, KEY_EXTRACTABLE));
    assert_true(key_is_not(&key, KEY_EXTRACTABLE));
    assert_false(key_is(&key, KEY_TRUSTED)); /* set but not told: neither */
    assert_false(key_is_not(&key, KEY_TRUSTED));
    assert_false(key_is(&key, KEY_SENSITIVE | KEY_EXTRACTABLE)); /* all of them, or not */
    assert_false(key_is_not(&key, KEY_SENSITIVE | KEY_EXTRACTABLE));
}

static void test_movable_classes(void **state)
{
    (void)state;
    for (int class = 0; class < KEY_CLASSES; class ++) {
        struct key_desc key = {.class = (enum key_class) class};
        assert_int_equal(key_is_movable_class(&key),
                         class == KEY_CLASS_SECRET || class == KEY_CLASS_PRIVATE);
    }
}

/* Each name function behind one type, so that one loop judges them all. */
#define NAMES(type, function)                                                                      \
    static const char *function##_of(unsigned value)                                               \
    {                                                                                              \
        return function((enum type)value);                                                         \
    }
NAMES(key_class, key_class_name)
NAMES(key_kind, key_kind_name)
NAMES(side, side_name)
NAMES(event_kind, event_kind_name)
NAMES(event_state, event_state_name)
NAMES(side_state, side_state_name)
NAMES(gate, gate_name)
NAMES(gate_state, gate_state_name)
NAMES(key_outcome, key_outcome_name)
NAMES(key_route, key_route_name)
NAMES(end_outcome, end_outcome_name)
NAMES(step_id, step_name)
NAMES(step_id, step_title)
NAMES(hsm_alg, hsm_alg_name)
NAMES(hsm_proof, hsm_proof_name)

static const char *key_flag_of(unsigned value)
{
    return key_flag_name(value < 32 ? UINT32_C(1) << value : 0);
}

static const char *slot_flag_of(unsigned value)
{
    return hsm_slot_flag_name(value < 32 ? UINT32_C(1) << value : 0);
}

/* Every value has a name of its own; a value that does not exist has none of theirs. */
static void test_every_value_has_its_name(void **state)
{
    static const struct {
        const char *(*name)(unsigned value);
        unsigned count;
    } sets[] = {
        {key_class_name_of, KEY_CLASSES},
        {key_kind_name_of, KEY_KINDS},
        {key_flag_of, KEY_FLAGS},
        {slot_flag_of, HSM_SLOT_FLAGS},
        {side_name_of, SIDES},
        {event_kind_name_of, EVENT_KINDS},
        {event_state_name_of, EVENT_UNDONE + 1},
        {side_state_name_of, SIDE_STATES},
        {gate_name_of, GATES},
        {gate_state_name_of, GATE_WAIVED + 1},
        {key_outcome_name_of, KEY_OUTCOMES},
        {key_route_name_of, ROUTES},
        {end_outcome_name_of, END_ABORTED + 1},
        {step_name_of, STEPS},
        {step_title_of, STEPS},
        {hsm_alg_name_of, HSM_ALGS},
        {hsm_proof_name_of, HSM_PROOFS},
    };

    (void)state;
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        for (unsigned i = 0; i < sets[s].count; i++) {
            assert_non_null(sets[s].name(i));
            assert_true(strlen(sets[s].name(i)) > 1); /* and so not "?" */
            for (unsigned j = 0; j < i; j++)
                assert_string_not_equal(sets[s].name(i), sets[s].name(j));
        }
        const char *beyond = sets[s].name(sets[s].count);
        assert_true(strcmp(beyond, "?") == 0 || strcmp(beyond, "other") == 0);
        assert_string_equal(sets[s].name(UINT32_MAX), beyond);
    }
}

/* The uses are the first flags and those of ML-KEM, and all flags fit their count. */
static void test_flag_numbers(void **state)
{
    (void)state;
    assert_int_equal(KEY_USES & KEY_VERIFY_RECOVER, KEY_VERIFY_RECOVER);
    assert_int_equal(KEY_USES & KEY_PRIVATE, 0);
    assert_int_equal(KEY_USES & KEY_DECAPSULATE, KEY_DECAPSULATE);
    assert_int_equal(KEY_DECAPSULATE, 1 << (KEY_FLAGS - 1));
    assert_string_equal(key_flag_name(KEY_EXTRACTABLE), "extractable");
    assert_string_equal(key_flag_name(KEY_WRAP_WITH_TRUSTED), "wrap-with-trusted");
    assert_string_equal(key_flag_name(KEY_TOKEN), "token");
    assert_string_equal(key_flag_name(KEY_SIGN | KEY_VERIFY), "?"); /* one bit, no more */
    assert_int_equal(HSM_TOKEN_RNG, 1 << (HSM_SLOT_FLAGS - 1));
    assert_string_equal(hsm_slot_flag_name(HSM_TOKEN_PIN_LOCKED), "pin-locked");
}

/* The protocol's numbers rise with its steps, and the bytes cross on the relay. */
static void test_steps(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STEPS; i++) {
        enum step_id id = (enum step_id)i;
        bool first = id == STEP_MAKE_PAIR || id == STEP_DISTINGUISH; /* of keys; of a removal */
        assert_in_range(step_number(id), first ? 1 : step_number((enum step_id)(i - 1)), 12);
        if (strncmp(step_name(id), "relay-", 6) == 0)
            assert_int_equal(step_side(id), SIDE_RELAY);
    }
    assert_int_equal(step_side(STEP_MAKE_PAIR), SIDE_DESTINATION);
    assert_int_equal(step_side(STEP_WRAP_KEY), SIDE_SOURCE);
    assert_int_equal(step_number(STEP_WRAP_KEY), 8);
    assert_int_equal(step_number(STEPS), 0);
}

static void test_obstacles(void **state)
{
    enum {
        USABLE = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED | HSM_TOKEN_LOGIN_REQUIRED |
                 HSM_TOKEN_PIN_SET
    };
    static const struct {
        uint32_t flags;
        const char *words;
    } cases[] = {
        {0, "no token"},
        {USABLE & ~(unsigned)HSM_SLOT_TOKEN_PRESENT, "no token"},
        {HSM_SLOT_TOKEN_PRESENT, "not initialised"},
        {USABLE | HSM_TOKEN_ERROR_STATE, "in error state"},
        {USABLE | HSM_TOKEN_PIN_LOCKED, "PIN locked"},
        {USABLE | HSM_TOKEN_PIN_TO_BE_CHANGED, "PIN must be changed"},
        {USABLE & ~(unsigned)HSM_TOKEN_PIN_SET, "user PIN not set"},
    };

    (void)state;
    assert_null(hsm_slot_obstacle(&(struct hsm_slot){.flags = USABLE}));
    assert_null(hsm_slot_obstacle(
        &(struct hsm_slot){.flags = USABLE | HSM_TOKEN_PIN_COUNT_LOW | HSM_TOKEN_PIN_FINAL_TRY}));
    assert_null(hsm_slot_obstacle(
        &(struct hsm_slot){.flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED}));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(hsm_slot_obstacle(&(struct hsm_slot){.flags = cases[i].flags}),
                            cases[i].words);
}

static void test_same_token(void **state)
{
    const struct hsm_slot a = {
        .id = 1, .manufacturer = "m", .model = "n", .serial = "01", .label = "l"};
    struct hsm_slot b = a;

    (void)state;
    b.id = 2;
    strcpy(b.store, "kernel 8:1 42"); /* what has a serial needs no store */
    assert_true(hsm_same_token(&a, &b));
    b = a, strcpy(b.manufacturer, "other"), assert_false(hsm_same_token(&a, &b));
    b = a, strcpy(b.model, "other"), assert_false(hsm_same_token(&a, &b));
    b = a, strcpy(b.serial, "02"), assert_false(hsm_same_token(&a, &b));
    b = a, strcpy(b.label, "other"), assert_false(hsm_same_token(&a, &b));
}

static void test_same_token_without_serial(void **state)
{
    struct hsm_slot a = {.manufacturer = "m", .model = "n", .serial = "0000", .label = "l"}, b = a;

    (void)state;
    b.serial[0] = '\0';
    assert_true(hsm_same_token(&a, &b)); /* nothing tells them apart */
    strcpy(b.label, "other");
    assert_false(hsm_same_token(&a, &b));
    strcpy(a.store, "kernel 8:1 42");
    assert_false(hsm_same_token(&a, &b));
    strcpy(b.store, "kernel 8:1 42");
    assert_true(hsm_same_token(&a, &b)); /* whatever its label */
    strcpy(b.store, "kernel 8:1 43");
    strcpy(b.label, "l");
    assert_false(hsm_same_token(&a, &b));
}

static void test_check_text(void **state)
{
    struct key_desc key = {.kind = KEY_KIND_AES, .kcv = {0xf2, 0x90, 0}};
    char out[KEY_KCV_TEXT];

    (void)state;
    assert_string_equal(key_kcv_text(&key, out), "");
    key.kcv_len = 3;
    assert_string_equal(key_kcv_text(&key, out), "f29000, ECB of zeros");
    key.kind = KEY_KIND_OTHER;
    assert_string_equal(key_kcv_text(&key, out), "f29000, its own method");
}

static void test_template_text(void **state)
{
    static const struct {
        struct key_template template;
        const char *text;
    } cases[] = {
        {{0}, ""},
        {{KEY_SENSITIVE, KEY_SENSITIVE, KEY_CLASS_OTHER, KEY_KIND_OTHER, 0}, "sensitive=yes"},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_AES, 2},
         "class=secret type=AES sensitive=yes extractable=no others=2"},
        {{.class = KEY_CLASS_PRIVATE}, "class=private"},
        {{.kind = KEY_KIND_RSA}, "type=RSA"},
        {{.others = UINT32_MAX}, "others=4294967295"},
    };
    const struct key_template all = {(1u << KEY_FLAGS) - 1, (1u << KEY_FLAGS) - 1,
                                     KEY_CLASS_CERTIFICATE, KEY_KIND_GENERIC, UINT32_MAX};
    char out[KEY_TEMPLATE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(key_template_text(&cases[i].template, out), cases[i].text);
        assert_int_equal(key_template_is_set(&cases[i].template), i > 0);
    }
    assert_non_null(strstr(key_template_text(&all, out), " others=4294967295")); /* it has room */
}

static void test_words_for_a_class_of_keys(void **state)
{
    static const struct {
        const char *words, *secret, *private;
    } cases[] = {
        {"C_WrapKey CKM_AES_KEY_WRAP_PAD", "C_WrapKey CKM_AES_KEY_WRAP_PAD",
         "C_WrapKey CKM_AES_KEY_WRAP_PAD"},
        {"PK11_WrapSymKey, PK11_WrapPrivKey CKM_AES_CBC_PAD", "PK11_WrapSymKey CKM_AES_CBC_PAD",
         "PK11_WrapPrivKey CKM_AES_CBC_PAD"},
        {"keep_secret, keep_private", "keep_secret", "keep_private"},
        {"", "", ""},
        {", ", "", ""},
    };
    char out[64], little[8];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hsm_call_for(cases[i].words, false, out, sizeof out);
        assert_string_equal(out, cases[i].secret);
        hsm_call_for(cases[i].words, true, out, sizeof out);
        assert_string_equal(out, cases[i].private);
    }
    hsm_call_for(cases[1].words, true, little, sizeof little);
    assert_string_equal(little, "PK11_Wr");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_text),
        cmocka_unit_test(test_template_text),
        cmocka_unit_test(test_list_grows),
        cmocka_unit_test(test_label_and_id_of_any_length),
        cmocka_unit_test(test_label_text),
        cmocka_unit_test(test_type_text),
        cmocka_unit_test(test_names_that_collide),
        cmocka_unit_test(test_flags_are_known_or_not),
        cmocka_unit_test(test_movable_classes),
        cmocka_unit_test(test_every_value_has_its_name),
        cmocka_unit_test(test_flag_numbers),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_same_token),
        cmocka_unit_test(test_same_token_without_serial),
        cmocka_unit_test(test_words_for_a_class_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
