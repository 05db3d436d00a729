/* SPDX-License-Identifier: Apache-2.0 */
/* The map: two lists aligned, every state of a row, and the work that it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/map_text.h"

enum { ALL = (1 << KEY_FLAGS) - 1 };

struct world {
    struct key_list keys[2];
    struct map_certificate certificates[2][16];
    struct policy policy;
    struct map map;
    struct err err;
};

static int setup(void **state)
{
    static struct world w;

    w = (struct world){.policy = policy_default()};
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    key_list_free(&w->keys[0]);
    key_list_free(&w->keys[1]);
    map_free(&w->map);
    return 0;
}

/* A key with this name, whose public half or check value is made of print; 0: it has none. */
static struct key_desc *add(struct world *w, enum side side, enum key_class class,
                            const char *label, const char *id, uint8_t print)
{
    struct key_list *list = &w->keys[side];
    const bool secret = class == KEY_CLASS_SECRET;
    struct key_desc key = {.handle = 100 + list->count,
                           .class = class,
                           .kind = secret ? KEY_KIND_AES
                                   : class == KEY_CLASS_PRIVATE || class == KEY_CLASS_PUBLIC
                                       ? KEY_KIND_RSA
                                       : KEY_KIND_NONE,
                           .bits = secret ? 256 : 2048,
                           .length = secret ? 32 : 0,
                           .flags = KEY_SIGN | KEY_ENCRYPT | KEY_PRIVATE | KEY_TOKEN |
                                    KEY_SENSITIVE | KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE,
                           .flags_known = ALL};

    if (side == SIDE_SOURCE)
        key.flags |= KEY_EXTRACTABLE | KEY_LOCAL;
    if (key_is_public_class(&key))
        key.flags = KEY_TOKEN | KEY_VERIFY | KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE |
                    KEY_DESTROYABLE;
    key_set_label(&key, label, strlen(label));
    key_set_id(&key, id, strlen(id));
    if (print && !secret) {
        key.has_public = class != KEY_CLASS_CERTIFICATE;
        memset(key.spki_sha256, print, sizeof key.spki_sha256);
    } else if (print) {
        key.kcv_len = sizeof key.kcv;
        memset(key.kcv, print, sizeof key.kcv);
    }
    assert_true(key_list_add(list, &key));
    return &list->keys[list->count - 1];
}

/* The octets of a certificate, and of which key it is. */
static void certificate(struct world *w, enum side side, const char *label, uint8_t octets,
                        uint8_t print)
{
    const size_t at = w->keys[side].count;
    struct map_certificate *to = &w->certificates[side][at];

    assert_true(at < 16);
    add(w, side, KEY_CLASS_CERTIFICATE, label, "", 0);
    to->read = true;
    to->certifies = print != 0;
    memset(to->sha256, octets, sizeof to->sha256);
    memset(to->spki_sha256, print, sizeof to->spki_sha256);
}

static void make(struct world *w, const struct plan_verdicts *verdicts)
{
    const bool few = w->keys[0].count <= 16 && w->keys[1].count <= 16;
    const struct map_sides sides = {
        .keys = {&w->keys[0], &w->keys[1]},
        .certificates = {few ? w->certificates[0] : NULL, few ? w->certificates[1] : NULL},
        .verdicts = verdicts,
        .policy = &w->policy};
    size_t rows = 0;

    map_free(&w->map);
    assert_true(map_make(&sides, &w->map, &w->err));
    for (unsigned i = 0; i < MAP_STATES; i++)
        rows += w->map.counts[i];
    assert_int_equal(rows, w->map.count);
}

static const struct key_desc *object(const struct world *w, const struct map_row *row,
                                     enum side side)
{
    return row->object[side] ? &w->keys[side].keys[row->object[side] - 1] : NULL;
}

static const struct map_row *row_of(const struct world *w, enum side side, size_t number)
{
    for (size_t i = 0; i < w->map.count; i++)
        if (w->map.rows[i].object[side] == number)
            return &w->map.rows[i];
    fail_msg("no row has object %zu", number);
    return NULL;
}

/* The row of an object of the source, from 1: its state, by what, and its sentence. */
static void is(const struct world *w, size_t number, enum map_state state, enum map_by by,
               const char *words)
{
    const struct map_row *row = row_of(w, SIDE_SOURCE, number);
    char text[MAP_TEXT_MAX];

    assert_string_equal(map_state_name((enum map_state)row->state), map_state_name(state));
    assert_string_equal(map_by_name((enum map_by)row->by), map_by_name(by));
    map_row_text(row, object(w, row, SIDE_SOURCE), object(w, row, SIDE_DESTINATION), "it may not",
                 text);
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, text);
}

/* --- states --- */

static void a_name_alone_is_never_the_same(void **state)
{
    struct world *w = *state;

    add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "a", "1", 0);
    add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, "a", "1", 0);
    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "b", "2", 7);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "b", "2", 8);
    add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "c", "3", 7);
    add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, "c", "3", 8);
    certificate(w, SIDE_SOURCE, "d", 1, 0);
    certificate(w, SIDE_DESTINATION, "d", 2, 0);
    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "e", "5", 0);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "e", "5", 9);
    make(w, NULL);
    is(w, 1, MAP_NOT_KNOWN, MAP_BY_NAME, "does not show");
    is(w, 2, MAP_NAME_TAKEN, MAP_BY_NAME, "belongs to another key on the destination: b, id 32");
    is(w, 3, MAP_NOT_KNOWN, MAP_BY_NAME, "does not show"); /* another method, perhaps */
    is(w, 4, MAP_NAME_TAKEN, MAP_BY_NAME, "another object");
    is(w, 5, MAP_NOT_KNOWN, MAP_BY_NAME, "does not show");
    assert_int_equal(w->map.counts[MAP_SAME], 0);
    assert_int_equal(w->map.count, 5);
}

static void the_same_by_each(void **state)
{
    struct world *w = *state;

    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "a", "1", 1);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "a", "1", 1);
    add(w, SIDE_SOURCE, KEY_CLASS_PUBLIC, "a", "1", 1);
    add(w, SIDE_DESTINATION, KEY_CLASS_PUBLIC, "a", "1", 1);
    add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "b", "2", 2);
    add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, "b", "2", 2);
    certificate(w, SIDE_SOURCE, "a", 3, 1);
    certificate(w, SIDE_DESTINATION, "a", 3, 0);
    make(w, NULL);
    is(w, 1, MAP_SAME, MAP_BY_PUBLIC, "the same key (by public key)");
    is(w, 2, MAP_SAME, MAP_BY_PUBLIC, "the same object (by public key)");
    is(w, 3, MAP_SAME, MAP_BY_KCV, "by check value");
    is(w, 4, MAP_SAME, MAP_BY_CERTIFICATE, "by certificate octets");
    assert_int_equal(w->map.count, 4);

    w->keys[SIDE_DESTINATION].keys[0].bits = 4096; /* control: as the HSM says, it is another */
    w->keys[SIDE_DESTINATION].keys[0].spki_sha256[31] ^= 1;
    make(w, NULL);
    is(w, 1, MAP_NAME_TAKEN, MAP_BY_NAME, "another key");
}

/* Two keys have swapped their names, and a third bears the name of the first. */
static void under_another_name(void **state)
{
    struct world *w = *state;

    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "a", "1", 1);
    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "b", "2", 2);
    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "b", "3", 3);
    add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "s", "4", 4);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "b", "2", 1);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "a", "1", 2);
    add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, "t", "9", 4);
    make(w, NULL);
    is(w, 1, MAP_OTHER_NAME, MAP_BY_PUBLIC, "on the destination it is b, id 32");
    is(w, 2, MAP_OTHER_NAME, MAP_BY_PUBLIC, "on the destination it is a, id 31");
    is(w, 3, MAP_NAME_TAKEN, MAP_BY_NAME, "another key on the destination: b");
    is(w, 4, MAP_NOT_KNOWN, MAP_BY_KCV, "the same check value under another name");
    assert_int_equal(w->map.count, 4);
}

static void only_on_one_side(void **state)
{
    struct world *w = *state;
    struct plan_verdict at[2] = {{.handle = 100, .movable = true}, {.handle = 101}};
    const struct plan_verdicts verdicts = {at, 2};

    add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "goes", "1", 0);
    add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "stays", "2", 0);
    add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, "there", "3", 0);
    make(w, &verdicts);
    is(w, 1, MAP_ONLY_SOURCE, MAP_BY_NAME, "only on the source");
    is(w, 2, MAP_CANNOT, MAP_BY_NAME, "it cannot be migrated: it may not");
    assert_int_equal(row_of(w, SIDE_DESTINATION, 1)->state, MAP_ONLY_DESTINATION);
    assert_int_equal(w->map.count, 3);
}

static void other_attributes(void **state)
{
    struct world *w = *state;
    struct key_desc *key;

    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "more", "1", 1);
    key = add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "more", "1", 1);
    key->flags |= KEY_DECRYPT | KEY_EXTRACTABLE;
    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "less", "2", 2);
    key = add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "less", "2", 2);
    key->flags &= ~(uint32_t)KEY_SIGN;
    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "dated", "3", 3);
    key = add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "dated", "3", 3);
    key_set_dates(key, "20270101", 8, "", 0);
    make(w, NULL);
    is(w, 1, MAP_OTHER_ATTRIBUTES, MAP_BY_PUBLIC, "other attributes: decrypt, extractable");
    is(w, 2, MAP_OTHER_ATTRIBUTES, MAP_BY_PUBLIC, "other attributes: sign");
    is(w, 3, MAP_OTHER_ATTRIBUTES, MAP_BY_PUBLIC, "other attributes: start date");

    w->policy.extractable = true; /* what the policy asks for is no difference */
    make(w, NULL);
    is(w, 1, MAP_OTHER_ATTRIBUTES, MAP_BY_PUBLIC, "other attributes: decrypt");
}

static void companions(void **state)
{
    struct world *w = *state;

    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "a", "1", 1);
    add(w, SIDE_SOURCE, KEY_CLASS_PUBLIC, "a", "1", 1);
    certificate(w, SIDE_SOURCE, "renewed", 2, 1);
    certificate(w, SIDE_SOURCE, "old", 3, 1);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, "a", "1", 1);
    certificate(w, SIDE_DESTINATION, "old", 3, 0);
    make(w, NULL);
    is(w, 1, MAP_INCOMPLETE, MAP_BY_PUBLIC, "missing there: its public key object, a certificate");
    is(w, 2, MAP_ONLY_SOURCE, MAP_BY_NAME, "only on the source");
    is(w, 3, MAP_ONLY_SOURCE, MAP_BY_NAME, "only on the source");
    is(w, 4, MAP_SAME, MAP_BY_CERTIFICATE, "the same object");
    assert_false(row_of(w, SIDE_SOURCE, 3)->accompanies);

    add(w, SIDE_DESTINATION, KEY_CLASS_PUBLIC, "another name", "7", 1);
    make(w, NULL);
    is(w, 1, MAP_INCOMPLETE, MAP_BY_PUBLIC, "missing there: a certificate");

    certificate(w, SIDE_DESTINATION, "renewed", 2, 0);
    make(w, NULL);
    is(w, 1, MAP_SAME, MAP_BY_PUBLIC, "the same key");
    is(w, 2, MAP_OTHER_NAME, MAP_BY_PUBLIC, "it is another name");

    key_list_free(&w->keys[SIDE_DESTINATION]);
    make(w, NULL);
    is(w, 1, MAP_ONLY_SOURCE, MAP_BY_NAME, "only on the source");
    for (size_t i = 2; i <= 4; i++)
        assert_true(row_of(w, SIDE_SOURCE, i)->accompanies);
}

/* --- answers --- */

static void answer(struct world *w, size_t number, enum comparison what)
{
    const struct map_row *row = row_of(w, SIDE_SOURCE, number);
    const struct map_couple of = {object(w, row, SIDE_SOURCE), object(w, row, SIDE_DESTINATION),
                                  &w->policy};

    map_answer(&w->map, (size_t)(row - w->map.rows), &of, what);
}

static void a_challenge_shows_it(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++) {
        add(w, SIDE_SOURCE, KEY_CLASS_SECRET, "abc" + i, "", 0);
        add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, "abc" + i, "", 0);
    }
    for (uint8_t i = 0; i < 2; i++) {
        add(w, SIDE_SOURCE, KEY_CLASS_SECRET, i ? "d" : "e", "", 8 + i);
        add(w, SIDE_DESTINATION, KEY_CLASS_SECRET, i ? "D" : "E", "", 8 + i);
    }
    make(w, NULL);
    assert_int_equal(w->map.counts[MAP_NOT_KNOWN], 5);
    answer(w, 1, COMPARED_SAME);
    answer(w, 2, COMPARED_DIFFERS);
    answer(w, 3, COMPARED_UNKNOWN);
    answer(w, 4, COMPARED_SAME);
    answer(w, 5, COMPARED_DIFFERS);
    is(w, 1, MAP_SAME, MAP_BY_CHALLENGE, "the same key (by challenge)");
    is(w, 2, MAP_NAME_TAKEN, MAP_BY_CHALLENGE, "another key");
    is(w, 3, MAP_NOT_KNOWN, MAP_BY_NAME, "does not show");
    is(w, 4, MAP_OTHER_NAME, MAP_BY_CHALLENGE, "on the destination it is E");
    is(w, 5, MAP_ONLY_SOURCE, MAP_BY_NAME, "only on the source");
    assert_int_equal(row_of(w, SIDE_DESTINATION, 5)->state, MAP_ONLY_DESTINATION);
    assert_int_equal(w->map.count, 6);

    answer(w, 1, COMPARED_DIFFERS); /* what is known already is not asked */
    is(w, 1, MAP_SAME, MAP_BY_CHALLENGE, "the same key");
}

/* --- many --- */

enum { MANY = 10000, LOG = 14 };

static void fill(struct world *w, bool equal_names, bool equal_prints)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        for (size_t i = 0; i < MANY; i++) {
            const size_t n = side == SIDE_SOURCE ? i : MANY - 1 - i;
            char label[16] = "same";
            struct key_desc *key;
            if (!equal_names)
                snprintf(label, sizeof label, "%zu", n);
            key = add(w, side, i % 2 ? KEY_CLASS_PRIVATE : KEY_CLASS_PUBLIC, label, label, 1);
            if (!equal_prints)
                memcpy(key->spki_sha256, &n, sizeof n);
        }
}

/* Sorting and searching, not each with each: also if all names, or all keys, are equal. */
static void work_grows_with_the_lists(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 4; i++) {
        fill(w, i & 1, i & 2);
        make(w, NULL);
        assert_in_range(w->map.work, 1, 20 * MANY * LOG);
        key_list_free(&w->keys[0]);
        key_list_free(&w->keys[1]);
    }
}

static void hostile_names(void **state)
{
    struct world *w = *state;
    static const char label[] = "\x1b[2J\xe2\x80\xae";
    char text[MAP_TEXT_MAX];

    add(w, SIDE_SOURCE, KEY_CLASS_PRIVATE, "a", "1", 1);
    add(w, SIDE_DESTINATION, KEY_CLASS_PRIVATE, label, "\x01\xff", 1);
    make(w, NULL);
    map_row_text(&w->map.rows[0], &w->keys[0].keys[0], &w->keys[1].keys[0], "", text);
    assert_non_null(strstr(text, "\\x1b[2J\\xe2\\x80\\xae, id 01ff"));
    assert_null(strchr(text, 0x1b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_alone_is_never_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_by_each, setup, teardown),
        cmocka_unit_test_setup_teardown(under_another_name, setup, teardown),
        cmocka_unit_test_setup_teardown(only_on_one_side, setup, teardown),
        cmocka_unit_test_setup_teardown(other_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(companions, setup, teardown),
        cmocka_unit_test_setup_teardown(a_challenge_shows_it, setup, teardown),
        cmocka_unit_test_setup_teardown(work_grows_with_the_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_names, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
