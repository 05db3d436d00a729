/* SPDX-License-Identifier: Apache-2.0 */
/* Layout at every size, and the key table's consistency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/model/dispatch.h"
#include "ui/model/key_rows.h"
#include "ui/model/layout.h"

static bool overlap(struct rect a, struct rect b)
{
    return a.w > 0 && a.h > 0 && b.w > 0 && b.h > 0 && a.x < b.x + b.w && b.x < a.x + a.w &&
           a.y < b.y + b.h && b.y < a.y + a.h;
}

static void check_size(int w, int h, int active)
{
    struct layout l;

    layout_make(w, h, active, &l);
    const struct rect all[] = {l.title, l.pane[0], l.pane[1], l.detail, l.hint};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(layout_contains(l.screen, all[i]));
        for (unsigned j = 0; j < i; j++)
            assert_false(overlap(all[i], all[j]));
    }
    assert_true(layout_contains(l.screen, l.body));
    assert_true(layout_contains(l.screen, layout_dialog(&l, 76, 40)));
    if (w < LAYOUT_MIN_COLUMNS || h < LAYOUT_MIN_LINES) {
        assert_int_equal(l.form, LAYOUT_SENTENCE);
        return;
    }
    assert_true(l.pane[active].w > 0 && l.pane[active].h > 0);
    assert_true(layout_contains(l.body, l.pane[0]) && layout_contains(l.body, l.pane[1]));
    assert_int_equal(l.title.w, w);
    assert_int_equal(l.hint.y, h - 1);
}

static void test_every_size(void **state)
{
    (void)state;
    for (int w = 1; w <= 200; w++)
        for (int h = 1; h <= 80; h++)
            for (int active = 0; active < 2; active++)
                check_size(w, h, active);
}

static void test_forms(void **state)
{
    static const struct {
        int w, h;
        enum layout_form form;
    } rows[] = {
        {80, 24, LAYOUT_BESIDE},  {120, 40, LAYOUT_BESIDE},  {80, 12, LAYOUT_BESIDE},
        {79, 24, LAYOUT_STACKED}, {40, 24, LAYOUT_STACKED},  {79, 23, LAYOUT_ONE},
        {40, 12, LAYOUT_ONE},     {39, 24, LAYOUT_SENTENCE}, {80, 11, LAYOUT_SENTENCE},
        {1, 1, LAYOUT_SENTENCE},
    };
    struct layout l;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        layout_make(rows[i].w, rows[i].h, 0, &l);
        assert_int_equal(l.form, rows[i].form);
    }
}

static void test_lanes(void **state)
{
    (void)state;
    for (int w = LAYOUT_MIN_COLUMNS; w <= 200; w++) {
        struct lane_columns lanes = layout_lanes((struct rect){0, 0, w, 10});
        assert_true(lanes.width > 0);
        for (unsigned i = 0; i < 3; i++)
            assert_true(lanes.x[i] >= 0 && lanes.x[i] + lanes.width <= w);
        assert_true(lanes.x[0] + lanes.width < lanes.x[1]);
        assert_true(lanes.x[1] + lanes.width < lanes.x[2]);
    }
}

/* --- the key table -------------------------------------------------------------------------- */

/* Key i of all views, one after the other; NULL behind the last. */
static const struct key_row *any_row(size_t i)
{
    struct key_place place;

    for (size_t at = 0; dispatch_views[at]; at++) {
        size_t count = 0;
        while (keys_at(dispatch_views, at, count, &place))
            if (count++ == i)
                return place.row;
        i -= count;
    }
    return NULL;
}

static const struct key_row *found(size_t at, int press)
{
    struct key_place place;

    return keys_find(dispatch_views, at, press, &place) ? place.row : NULL;
}

static void test_no_key_means_two_things(void **state)
{
    struct key_place place;

    (void)state;
    for (size_t at = 0; dispatch_views[at]; at++)
        for (size_t i = 0; keys_at(dispatch_views, at, i, &place); i++) {
            assert_true(place.row->presses[0] != PRESS_NONE);
            assert_true(place.row->act || place.row == dispatch_views[place.to]->door);
            for (unsigned k = 0; k < KEY_PRESSES_MAX && place.row->presses[k]; k++)
                assert_ptr_equal(found(at, place.row->presses[k]), place.row);
        }
}

/* A door is where its view is not, and leads there. */
static void test_doors(void **state)
{
    struct key_place place;

    (void)state;
    assert_true(keys_find(dispatch_views, VIEW_INVENTORY, PRESS_F8, &place));
    assert_int_equal(place.to, VIEW_LOG);
    assert_true(keys_find(dispatch_views, VIEW_VERIFY, PRESS_F9, &place));
    assert_int_equal(place.to, VIEW_END);
    assert_null(found(VIEW_END, PRESS_F9));
    assert_null(found(VIEW_LOG, PRESS_F9)); /* it has no doors: Back leads out of it */
}

static bool is_letter(int press)
{
    return press > ' ' && press < 0x7f;
}

static void test_every_function_key_has_a_letter(void **state)
{
    const struct key_row *row;

    (void)state;
    for (size_t i = 0; (row = any_row(i)); i++) {
        bool function_key = false, letter = false;
        for (unsigned k = 0; k < KEY_PRESSES_MAX; k++) {
            function_key |= row->presses[k] >= PRESS_F1 && row->presses[k] <= PRESS_F10;
            letter |= is_letter(row->presses[k]);
        }
        assert_true(!function_key || letter);
    }
}

static void test_every_row_has_help(void **state)
{
    const struct key_row *row;

    (void)state;
    for (size_t i = 0; (row = any_row(i)); i++) {
        size_t len = strlen(row->help);
        assert_true(len > 3 && row->help[len - 1] == '.');
        assert_true(len <= 72); /* one line of the help screen at 80 columns */
    }
}

static void test_every_view_can_be_left(void **state)
{
    (void)state;
    for (size_t at = 0; dispatch_views[at]; at++) {
        assert_ptr_equal(found(at, PRESS_F10), &keys_leaving[2]);
        assert_ptr_equal(found(at, PRESS_F1), &keys_help[0]);
        assert_ptr_equal(found(at, PRESS_CTRL('l')), &keys_leaving[0]);
        assert_null(found(at, 'Z'));
    }
}

static void test_hint_line_fits(void **state)
{
    (void)state;
    for (size_t at = 0; dispatch_views[at]; at++)
        for (int columns = LAYOUT_MIN_COLUMNS - 1; columns <= 200; columns++) {
            const struct key_row *hints[KEYS_HINTS_MAX];
            size_t count = keys_hints(NULL, dispatch_views, at, columns, 0, hints);
            bool help = false;
            int width = 0;
            for (size_t i = 0; i < count; i++) {
                char name[KEYS_NAME_MAX];
                help |= hints[i] == &keys_help[0];
                assert_ptr_equal(found(at, hints[i]->presses[0]), hints[i]);
                width += (int)(strlen(keys_name(hints[i]->presses[0], name)) +
                               strlen(hints[i]->hint) + 2);
            }
            assert_true(width <= columns);
            assert_true(help);
            assert_ptr_equal(hints[count - 1], &keys_leaving[2]);
        }
}

static bool hinted(const struct app *app, size_t at, const char *hint)
{
    const struct key_row *hints[KEYS_HINTS_MAX];
    size_t count = keys_hints(app, dispatch_views, at, 79, 0, hints);

    for (size_t i = 0; i < count; i++)
        if (strcmp(hints[i]->hint, hint) == 0)
            return true;
    return false;
}

/* Who never read a manual finds the way by the hint line alone, at the design size. */
static void test_hint_line_shows_the_way(void **state)
{
    struct config config = {.rehearsal = true};
    struct app *app;
    struct err err;

    (void)state;
    assert_true(app_new(&config, &app, &err));
    assert_true(hinted(app, VIEW_SETUP, "Choose") && hinted(app, VIEW_SETUP, "Next"));
    assert_true(hinted(app, VIEW_INVENTORY, "Mark") && hinted(app, VIEW_INVENTORY, "Migrate"));
    assert_true(hinted(app, VIEW_INVENTORY, "Compare") && hinted(app, VIEW_INVENTORY, "Filter"));
    assert_true(hinted(app, VIEW_END, "Compare"));
    app->at.view = VIEW_CEREMONY;
    app->phase = PHASE_RUNNING;
    app->side[SIDE_SOURCE].state = SIDE_LISTED;
    assert_true(hinted(app, VIEW_CEREMONY, "Stop") && hinted(app, VIEW_CEREMONY, "Exception"));
    app_free(app);
}

/* No key is offered that does nothing but say so; each is offered when it does. */
static void test_hint_line_offers_what_works(void **state)
{
    struct config config = {.rehearsal = true};
    struct app *app;
    struct err err;

    (void)state;
    assert_true(app_new(&config, &app, &err));
    app->at.view = VIEW_CEREMONY;
    for (unsigned runs = 0; runs < 2; runs++) {
        app->phase = runs ? PHASE_RUNNING : PHASE_IDLE;
        assert_int_equal(hinted(app, VIEW_CEREMONY, "Back"), !runs);
        assert_int_equal(hinted(app, VIEW_CEREMONY, "Stop"), runs);
        assert_int_equal(hinted(app, VIEW_CEREMONY, "Next step"), runs);
        assert_false(hinted(app, VIEW_CEREMONY, "Abandon")); /* every call was answered */
    }
    app->phase = PHASE_IDLE;
    app->at.view = VIEW_INVENTORY;
    for (unsigned failed = 0; failed < 2; failed++) {
        app->side[SIDE_DESTINATION].state = failed ? SIDE_FAILED : SIDE_LISTED;
        assert_int_equal(hinted(app, VIEW_INVENTORY, "Open again"), failed);
        assert_int_equal(hinted(app, VIEW_SETUP, "Open again"), failed);
    }
    for (unsigned over = 0; over < 2; over++) {
        app->run.over = over;
        assert_int_equal(hinted(app, VIEW_INVENTORY, "Migrate"), !over);
        assert_int_equal(hinted(app, VIEW_INVENTORY, "Mark"), !over);
    }
    app->run.over = false;
    app->settle.how = SETTLE_RESUMES;
    assert_false(hinted(app, VIEW_INVENTORY, "Mark"));
    assert_true(hinted(app, VIEW_INVENTORY, "Migrate"));
    app->settle.how = SETTLE_NOTHING;
    app->at.view = VIEW_END;
    strcpy(app->report.path, "r.yaml");
    for (unsigned signs = 0; signs < 2; signs++) {
        strcpy(config.signer.key.text, signs ? "pkcs11:object=audit" : "");
        assert_int_equal(hinted(app, VIEW_END, "Sign"), signs);
    }
    strcpy(app->report.signed_by, "audit");
    assert_false(hinted(app, VIEW_END, "Sign"));
    app_free(app);
}

/* A hint that does not fit is closed up, then loses its last parts, and no part is cut. */
static void test_hints_of_dialogs_fit(void **state)
{
    char hint[64];

    (void)state;
    strcpy(hint, "F1 Help   Enter OK   F10 Quit");
    assert_string_equal(keys_hint_fit(hint, 29), "F1 Help   Enter OK   F10 Quit");
    assert_string_equal(keys_hint_fit(hint, 27), "F1 Help  Enter OK  F10 Quit");
    assert_string_equal(keys_hint_fit(hint, 26), "F1 Help  Enter OK");
    assert_string_equal(keys_hint_fit(hint, 1), "F1 Help");
}

static void test_manual_names_every_row(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    const struct key_row *row;

    (void)state;
    keys_manual(dispatch_views, to);
    fclose(to);
    for (size_t i = 0; (row = any_row(i)); i++)
        assert_non_null(strstr(text, row->help));
    free(text);
}

/* What a terminal cannot send is offered by a letter; a dialog, in which letters are typed, offers
 * Esc and a digit. */
static void test_missing_function_keys(void **state)
{
    enum { ALL = 0x7fe };
    char text[128];
    struct key_place place;

    (void)state;
    for (size_t at = 0; dispatch_views[at]; at++)
        for (size_t i = 0; keys_at(dispatch_views, at, i, &place); i++) {
            int first = place.row->presses[0], letter = keys_hint_press(place.row, ALL);
            struct key_place found;
            assert_int_equal(keys_hint_press(place.row, 0), first);
            assert_false(letter >= PRESS_F1 && letter <= PRESS_F10); /* each row has another key */
            assert_true(keys_find(dispatch_views, at, letter, &found));
            assert_ptr_equal(found.row, place.row); /* and that is its own */
        }
    assert_string_equal(
        keys_hint_text("F1 Help   Enter OK   F10 Quit", 1U << 10, text, sizeof text),
        "F1 Help   Enter OK   Esc 0 Quit");
    assert_string_equal(keys_hint_text("F1 Help   F10 Quit", ALL, text, sizeof text),
                        "Esc 1 Help   Esc 0 Quit");
    assert_string_equal(keys_hint_text("Find F", ALL, text, sizeof text), "Find F");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_no_key_means_two_things),
        cmocka_unit_test(test_doors),
        cmocka_unit_test(test_every_function_key_has_a_letter),
        cmocka_unit_test(test_every_row_has_help),
        cmocka_unit_test(test_every_view_can_be_left),
        cmocka_unit_test(test_hint_line_fits),
        cmocka_unit_test(test_hint_line_shows_the_way),
        cmocka_unit_test(test_hint_line_offers_what_works),
        cmocka_unit_test(test_hints_of_dialogs_fit),
        cmocka_unit_test(test_missing_function_keys),
        cmocka_unit_test(test_manual_names_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
