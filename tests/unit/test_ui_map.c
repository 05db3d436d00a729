/* SPDX-License-Identifier: Apache-2.0 */
/* The map on the screen: made on request, filtered, marked from, and dropped with the lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/map_text.h"
#include "ui/model/marks.h"
#include "ui_fixture.h"

enum { SOURCE_KEYS = 5, DESTINATION_KEYS = 3 };

struct lists {
    struct key_desc source[SOURCE_KEYS], destination[DESTINATION_KEYS];
    struct key_list from, to;
};

static struct key_desc pair_key(uint64_t handle, const char *label, uint8_t print)
{
    struct key_desc key = fixture_key(handle, label, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048);

    key.has_public = true;
    memset(key.spki_sha256, print, sizeof key.spki_sha256);
    return key;
}

/* One key of each state that matters here. */
static void fill(struct lists *l)
{
    *l = (struct lists){
        .source = {pair_key(1, "both", 1), pair_key(2, "taken", 2), pair_key(3, "here", 3),
                   fixture_key(4, "asked", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
                   fixture_key(5, "no-way", KEY_CLASS_SECRET, KEY_KIND_AES, 128)},
        .destination = {pair_key(7, "both", 1), pair_key(8, "taken", 9),
                        fixture_key(9, "asked", KEY_CLASS_SECRET, KEY_KIND_AES, 256)}};
    l->destination[0].flags = KEY_SIGN | KEY_SENSITIVE | KEY_PRIVATE; /* as a migration leaves it */
    l->from = (struct key_list){l->source, SOURCE_KEYS, 0};
    l->to = (struct key_list){l->destination, DESTINATION_KEYS, 0};
}

/* What the worker makes of these lists. */
static void give_map(struct fixture *f, const struct lists *l)
{
    struct plan_verdict at[SOURCE_KEYS] = {{.handle = 0}};
    const struct plan_verdicts verdicts = {at, SOURCE_KEYS};
    const struct map_sides sides = {
        .keys = {&l->from, &l->to}, .verdicts = &verdicts, .policy = &f->config.policy};
    struct map map;
    struct err err;

    at[2].movable = true;
    assert_true(map_make(&sides, &map, &err));
    map.utc_ms = f->app->at.utc_ms;
    app_take_map(f->app, &map);
    fixture_done(f, REQUEST_MAP, SIDE_RELAY, true);
    map_free(&map);
}

static void open_map(struct fixture *f, struct lists *l)
{
    fixture_new(f);
    fill(l);
    fixture_list(f, &l->from, &l->to);
    fixture_press(f, PRESS_F6);
    assert_int_equal(f->app->at.view, VIEW_MAP);
    assert_int_equal(f->asked[REQUEST_MAP], 1);
    give_map(f, l);
}

/* The row at the cursor, as it is drawn. */
static bool shows(const struct fixture *f, const char *text)
{
    struct view_row row = {.dim = 0};
    char line[512] = "";

    app_view(f->app)->row(f->app, f->app->inventory.mapped.scroll.at, &row);
    app_view(f->app)->line(f->app, line, sizeof line);
    return strstr(row.text, text) || strstr(line, text);
}

/* To the row of this label. */
static void go_to(struct fixture *f, const char *label)
{
    fixture_press(f, PRESS_HOME);
    for (unsigned i = 0; i < SOURCE_KEYS && !shows(f, label); i++)
        fixture_press(f, PRESS_DOWN);
    assert_true(shows(f, label));
}

static void test_rows_and_filters(void **state)
{
    struct fixture f;
    struct lists l;

    (void)state;
    open_map(&f, &l);
    assert_int_equal(f.app->inventory.mapped.shown_count, SOURCE_KEYS);
    go_to(&f, "both");
    assert_true(shows(&f, "the same key (by public key)"));
    go_to(&f, "taken");
    assert_true(shows(&f, "belongs to another key on the destination"));
    go_to(&f, "no-way");
    assert_true(shows(&f, "it cannot be migrated: not extractable"));
    fixture_press(&f, PRESS_F4);
    assert_string_equal(mapped_filter_name(&f.app->inventory.mapped), "not the same");
    assert_int_equal(f.app->inventory.mapped.shown_count, SOURCE_KEYS - 1);
    fixture_press(&f, 'f');
    assert_string_equal(mapped_filter_name(&f.app->inventory.mapped), "same");
    assert_int_equal(f.app->inventory.mapped.shown_count, 1);
    for (unsigned i = 0; i < 5; i++)
        fixture_press(&f, 'f');
    assert_int_equal(f.app->inventory.mapped.filter, MAPPED_ALL);
    fixture_free(&f);
}

static void test_marks_what_is_missing(void **state)
{
    const struct inventory *inv;
    struct fixture f;
    struct lists l;

    (void)state;
    open_map(&f, &l);
    inv = &f.app->side[SIDE_SOURCE].inventory;
    fixture_press(&f, 'M');
    assert_int_equal(inv->marked_count, 1);
    assert_true(inv->marked[2]);
    fixture_press(&f, 'M');
    assert_int_equal(inv->marked_count, 1);
    go_to(&f, "both");
    fixture_press(&f, ' ');
    assert_int_equal(inv->marked_count, 1); /* what is the same is not marked */
    fixture_press(&f, PRESS_F5);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    assert_int_equal(f.asked[REQUEST_PLAN], 1);
    fixture_free(&f);
}

static void test_a_taken_name(void **state)
{
    const struct inventory *inv;
    struct selection selection;
    struct fixture f;
    struct lists l;
    struct err err;
    uint64_t *handles;

    (void)state;
    open_map(&f, &l);
    inv = &f.app->side[SIDE_SOURCE].inventory;
    go_to(&f, "taken");
    fixture_press(&f, ' ');
    assert_int_equal(app_dialog(f.app), DIALOG_INPUT);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(inv->marked_count, 0);
    fixture_press(&f, ' ');
    fixture_press(&f, PRESS_ENTER); /* nothing typed: it is skipped */
    assert_int_equal(inv->marked_count, 0);
    go_to(&f, "taken");
    fixture_press(&f, ' ');
    fixture_type(&f, "taken-2\n");
    assert_int_equal(inv->marked_count, 1);
    go_to(&f, "taken");
    assert_true(marks_selection(f.app, &selection, &handles, &err));
    assert_int_equal(selection.known_count, 1);
    assert_int_equal(selection.known[0].handle, 2);
    assert_true(selection.known[0].renamed);
    assert_int_equal(selection.known[0].name.label_len, 7);
    free(handles);
    fixture_press(&f, ' ');
    assert_int_equal(inv->marked_count, 0);
    assert_int_equal(f.app->inventory.renames.count, 0);
    fixture_free(&f);
}

static void test_an_answer(void **state)
{
    struct event e = {.kind = EVENT_COMPARED, .side = SIDE_RELAY};
    struct fixture f;
    struct lists l;

    (void)state;
    open_map(&f, &l);
    go_to(&f, "both");
    fixture_press(&f, '=');
    assert_int_equal(f.asked[REQUEST_COMPARED], 0); /* the lists show it */
    go_to(&f, "asked");
    fixture_press(&f, '=');
    assert_int_equal(f.asked[REQUEST_COMPARED], 1);
    e.compared.result = COMPARED_SAME;
    e.compared.handle[SIDE_SOURCE] = 4;
    e.compared.handle[SIDE_DESTINATION] = 9;
    fixture_event(&f, &e);
    fixture_done(&f, REQUEST_COMPARED, SIDE_RELAY, true);
    go_to(&f, "asked");
    assert_true(shows(&f, "(by challenge)"));
    fixture_free(&f);
}

/* Opened before the lists are complete, it says so, and is made when they are. */
static void test_it_waits_for_the_lists(void **state)
{
    struct fixture f;
    struct lists l;
    char title[96] = "";

    (void)state;
    fixture_new(&f);
    fill(&l);
    fixture_open(&f);
    fixture_press(&f, PRESS_F6);
    assert_int_equal(f.app->at.view, VIEW_MAP);
    app_view(f.app)->title(f.app, title, sizeof title);
    assert_non_null(strstr(title, "INCOMPLETE"));
    assert_int_equal(f.asked[REQUEST_MAP], 0);
    fixture_listed(&f, &l.from, &l.to);
    assert_int_equal(f.asked[REQUEST_MAP], 1);
    app_view(f.app)->title(f.app, title, sizeof title);
    assert_null(strstr(title, "INCOMPLETE"));
    give_map(&f, &l);
    assert_int_equal(f.app->inventory.mapped.shown_count, SOURCE_KEYS);
    fixture_free(&f);
}

static void test_it_says_how_old_it_is(void **state)
{
    struct fixture f;
    struct lists l;
    char title[96] = "";

    (void)state;
    open_map(&f, &l);
    app_view(f.app)->title(f.app, title, sizeof title);
    assert_null(strstr(title, "STALE"));
    app_time(f.app, f.app->at.now_ms, f.app->at.utc_ms + 3 * 60000);
    app_view(f.app)->title(f.app, title, sizeof title);
    assert_non_null(strstr(title, "STALE: 3 min old"));
    fixture_press(&f, 'R');
    assert_int_equal(f.asked[REQUEST_REFRESH], 2);
    assert_int_equal(f.asked[REQUEST_MAP], 2);
    app_take_keys(f.app, SIDE_SOURCE, &l.from); /* its rows are of another list now */
    assert_null(f.app->inventory.mapped.shown);
    fixture_free(&f);
}

static void test_the_card_of_a_row(void **state)
{
    struct fixture f;
    struct lists l;

    (void)state;
    open_map(&f, &l);
    go_to(&f, "here");
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(f.app->at.view, VIEW_MAP); /* one side alone is no card */
    go_to(&f, "taken");
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(f.app->at.view, VIEW_VERIFY);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->at.view, VIEW_MAP);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_filters),       cmocka_unit_test(test_marks_what_is_missing),
        cmocka_unit_test(test_a_taken_name),           cmocka_unit_test(test_an_answer),
        cmocka_unit_test(test_it_waits_for_the_lists), cmocka_unit_test(test_it_says_how_old_it_is),
        cmocka_unit_test(test_the_card_of_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
