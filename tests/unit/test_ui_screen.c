/* SPDX-License-Identifier: Apache-2.0 */
/* Every screen at every size, with hostile labels; and what the screens say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/utf8.h"
#include "ui/model/key_rows.h"
#include "ui/model/verify_rows.h"
#include "ui/screen/screen.h"
#include "ui_fixture.h"

static const char *const hostile[] = {
    "\x1b[2J\x1b[31mred",
    "line\nline\ttab",
    ("\xe2\x80\xae"
     "txet desrever"),
    "\xff\xfe invalid \xc0\x80",
    "wide \xe6\xbc\xa2\xe5\xad\x97 keys",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    " blanks at the ends ",
    "%s%n%s",
};
enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

static void hostile_inventory(struct fixture *f)
{
    struct key_list list = {0}, none = {0};

    for (unsigned i = 0; i < HOSTILE; i++) {
        struct key_desc key = fixture_key(i + 1, hostile[i], KEY_CLASS_SECRET, KEY_KIND_AES, 256);
        assert_true(key_list_add(&list, &key));
    }
    fixture_list(f, &list, &none);
    key_list_free(&list);
}

/* What the canvas holds can be put on a terminal as it is: one printable character in each cell,
 * a wide one followed by an empty cell. */
static void check_cells(const struct canvas *c)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            const struct cell *cell = canvas_at(c, x, y);
            uint32_t point;
            size_t len;
            if (!cell->text[0]) {
                assert_true(x > 0);
                continue;
            }
            len = utf8_decode((const uint8_t *)cell->text, strlen(cell->text), &point);
            assert_true(len > 0);
            assert_true(utf8_width(point) > 0);
            for (const char *p = cell->text + len; *p; p += len) {
                len = utf8_decode((const uint8_t *)p, strlen(p), &point);
                assert_true(len > 0 && utf8_width(point) == 0);
            }
            assert_true(!c->ascii || (strlen(cell->text) == 1 && cell->text[0] >= ' '));
            assert_true(cell->style < STYLES);
        }
}

static bool shows(const struct canvas *c, const char *text)
{
    for (int y = 0; y < c->h; y++) {
        char line[4096];
        canvas_line(c, y, line, sizeof line);
        if (strstr(line, text))
            return true;
    }
    return false;
}

static void draw(struct fixture *f, struct canvas *c, int w, int h)
{
    struct err err;

    app_size(f->app, w, h);
    assert_true(canvas_resize(c, w, h, &err));
    screen_draw(f->app, c);
}

static void assert_shows(struct fixture *f, const char *text)
{
    struct canvas c = {0};

    draw(f, &c, f->app->at.layout.screen.w, f->app->at.layout.screen.h);
    if (!shows(&c, text)) {
        for (int y = 0; y < c.h; y++) {
            char line[4096];
            canvas_line(&c, y, line, sizeof line);
            print_error("%s\n", line);
        }
        fail_msg("not on the screen: %s", text);
    }
    canvas_free(&c);
}

/* --- every screen --------------------------------------------------------------------------- */

static void in_review(struct fixture *f)
{
    hostile_inventory(f);
    fixture_press(f, '*');
    fixture_review(f);
}

static void in_ceremony(struct fixture *f)
{
    in_review(f);
    fixture_run(f);
    for (unsigned id = STEP_MAKE_PAIR; id <= STEP_RELAY_KEY; id++) {
        fixture_step(f, (enum step_id)id, EVENT_BEGUN, id >= STEP_WRAP_KEY ? 1 : 0);
        fixture_step(f, (enum step_id)id, id == STEP_RELAY_KEY ? EVENT_FAILED : EVENT_OK,
                     id >= STEP_WRAP_KEY ? 1 : 0);
    }
}

static void at_gate(struct fixture *f)
{
    in_ceremony(f);
    fixture_gate(f, GATE_FINGERPRINT, GATE_OPEN, "type words 5, 7, 20 and 31 of the fingerprint");
    fixture_type(f, "typed");
}

static void at_pin(struct fixture *f)
{
    struct event e = {.kind = EVENT_PIN, .side = SIDE_SOURCE};

    app_start(f->app);
    fixture_drain(f);
    fixture_event(f, &e);
    fixture_type(f, "1");
}

static void in_log(struct fixture *f)
{
    in_ceremony(f);
    fixture_press(f, PRESS_F8);
}

static void end_ceremony(struct fixture *f)
{
    struct event e = {.kind = EVENT_END, .side = SIDE_RELAY};

    fixture_event(f, &e);
    fixture_done(f, REQUEST_RUN, SIDE_RELAY, true);
}

static void at_end(struct fixture *f)
{
    in_ceremony(f);
    end_ceremony(f);
    snprintf(f->app->report.path, sizeof f->app->report.path, "/tmp/reports/report.yaml");
}

static void in_verify(struct fixture *f)
{
    at_end(f);
    fixture_press(f, PRESS_F6);
}

static void in_setup(struct fixture *f)
{
    struct hsm_slot slots[40] = {0};

    f->config.side[SIDE_SOURCE].where.module[0] = '\0';
    app_start(f->app);
    fixture_drain(f);
    app_take_slots(f->app, SIDE_DESTINATION, &(struct hsm_slot_list){slots, 40});
    f->app->at.active = SIDE_DESTINATION;
    fixture_press(f, PRESS_END);
}

static void in_help(struct fixture *f)
{
    hostile_inventory(f);
    fixture_press(f, PRESS_F1);
}

static void in_details(struct fixture *f)
{
    hostile_inventory(f);
    fixture_press(f, PRESS_F3);
}

static void in_message(struct fixture *f)
{
    hostile_inventory(f);
    fixture_press(f, PRESS_F5);
    fixture_error(f, ERR_HSM,
                  "something long enough to need more than one line on a screen of "
                  "eighty columns, so that it is broken");
    fixture_press(f, '*');
    fixture_press(f, PRESS_F5);
    fixture_done(f, REQUEST_PLAN, SIDE_RELAY, false);
}

static void in_find(struct fixture *f)
{
    hostile_inventory(f);
    fixture_press(f, '/');
}

static void in_confirm(struct fixture *f)
{
    in_ceremony(f);
    fixture_press(f, 'q');
}

static void at_pause(struct fixture *f)
{
    struct event e = {.kind = EVENT_PACE, .side = SIDE_RELAY, .key = 2};

    in_ceremony(f);
    e.pace.state = PACE_WAITS;
    e.pace.pace = PACE_STEP;
    e.pace.step = STEP_WRAP_KEY;
    fixture_event(f, &e);
}

/* A lane has words for its room, and none of them is cut; with too little room, the number. */
static void test_no_word_of_a_lane_is_cut(void **state)
{
    static const struct {
        int w, h;
        const char *shown[8];
    } sizes[] = {
        {80, 26, {"] 1 make RSA pair", "] 5 wrap AES key", "] 10 unwrap it", "] 12 prove fresh"}},
        {60,
         20,
         {"] 1 RSA key", "] 5 wrap it", "] 7 unwrap", "] 10 unwrap", "] 11 keep", "] 12 fresh"}},
        {40, 20, {"] 1", "] 10", "] 11"}},
    };
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    in_review(&f);
    fixture_run(&f);
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        draw(&f, &c, sizes[s].w, sizes[s].h);
        for (unsigned i = 0; i < 8 && sizes[s].shown[i]; i++)
            assert_shows(&f, sizes[s].shown[i]);
        for (int y = 3; y < 15; y++) {
            char line[4096];
            canvas_line(&c, y, line, sizeof line);
            assert_null(strchr(line, '~'));
        }
    }
    canvas_free(&c);
    fixture_free(&f);
}

/* The sentence of the step that comes next, and the call it names, fit their panel. */
static void test_the_next_step_is_whole(void **state)
{
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    at_pause(&f);
    snprintf(f.app->run.envelope.source_call, sizeof f.app->run.envelope.source_call,
             "C_WrapKey CKM_AES_KEY_WRAP_PAD with a parameter of its vendor");
    draw(&f, &c, 60, 20);
    assert_true(shows(&c, "┌ NEXT"));
    for (int y = 0; y < c.h; y++) {
        char line[4096];
        canvas_line(&c, y, line, sizeof line);
        assert_false(strstr(line, "│") && strchr(line, '~'));
    }
    assert_true(shows(&c, "What leaves"));
    canvas_free(&c);
    fixture_free(&f);
}

/* At the end the picture of one key is that of a key, title and steps, and not of its certificate.
 */
static void test_the_last_picture_is_of_one_key(void **state)
{
    struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    in_ceremony(&f);
    e.key = (uint32_t)f.app->run.key_count + 1;
    e.planned.route = ROUTE_PUBLIC;
    e.planned.companion_of = 1;
    e.planned.plan = f.app->run.plan;
    fixture_event(&f, &e);
    fixture_step(&f, STEP_READ_OBJECT, EVENT_BEGUN, e.key);
    fixture_step(&f, STEP_READ_OBJECT, EVENT_OK, e.key);
    assert_int_equal(run_latest_shown(&f.app->run), e.key); /* the control: while it crosses */
    fixture_step(&f, STEP_DESTROY, EVENT_BEGUN, 0);
    assert_int_equal(run_latest_shown(&f.app->run), 1);
    assert_ptr_equal(run_step_shown(&f.app->run, STEP_WRAP_KEY),
                     run_step(&f.app->run, 1, STEP_WRAP_KEY));
    assert_int_equal(run_step_shown(&f.app->run, STEP_READ_OBJECT)->state, RUN_AHEAD);
    fixture_free(&f);
}

static void in_ledger(struct fixture *f)
{
    in_ceremony(f);
    fixture_press(f, 'L');
}

static void in_steps(struct fixture *f)
{
    in_ledger(f);
    fixture_press(f, PRESS_ENTER);
}

static void (*const screens[])(struct fixture *) = {
    hostile_inventory, in_review, in_ceremony, at_gate,    at_pin,     in_log,  at_end,
    in_verify,         in_setup,  in_help,     in_details, in_message, in_find, in_confirm,
    at_pause,          in_ledger, in_steps,
};
enum { SCREENS = sizeof screens / sizeof screens[0] };

/* Each size with one screen, another at the next size; each screen at the sizes that matter. */
static void test_every_size(void **state)
{
    static const int sizes[][2] = {{1, 1},   {39, 11}, {40, 12},  {79, 24},
                                   {80, 24}, {81, 25}, {120, 40}, {200, 80}};
    struct canvas c = {0};

    (void)state;
    for (unsigned i = 0; i < SCREENS; i++) {
        struct fixture f;
        fixture_new(&f);
        screens[i](&f);
        for (int w = 1; w <= 200; w++)
            for (int h = 1 + (w + (int)i) % SCREENS; h <= 80; h += SCREENS) {
                draw(&f, &c, w, h);
                check_cells(&c);
            }
        for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (unsigned ascii = 0; ascii < 2; ascii++) {
                c.ascii = ascii;
                draw(&f, &c, sizes[s][0], sizes[s][1]);
                check_cells(&c);
            }
        c.ascii = false;
        fixture_free(&f);
    }
    canvas_free(&c);
}

static void test_hostile_labels_are_escaped(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_size(f.app, 120, 40);
    hostile_inventory(&f);
    assert_shows(&f, "\\x1b[2J\\x1b[31mred");
    assert_shows(&f, "line\\x0aline\\x09tab");
    assert_shows(&f, "\\xe2\\x80\\xaetxet");
    assert_shows(&f, "%s%n%s");
    fixture_free(&f);
}

/* --- what they say -------------------------------------------------------------------------- */

static void test_inventory_words(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    assert_shows(&f, "SOURCE  pkcs11");
    assert_shows(&f, "hsm-old  serial 0123456789abcdef");
    assert_shows(&f, "can go?");
    assert_shows(&f, "only here");
    assert_shows(&f, "0 of 4 marked");
    assert_shows(&f, "AES 128   not extr. "); /* in ten columns, and not cut */
    app_size(f.app, 140, 24);
    assert_shows(&f, "no: not extractable");
    app_size(f.app, 80, 24);
    fixture_type(&f, "  ");
    assert_shows(&f, "2 of 4 marked");
    assert_shows(&f, "no-way: AES 128, cannot go: not extractable");
    app_size(f.app, 60, 30); /* stacked */
    assert_shows(&f, "DESTINATION  pkcs11");
    app_size(f.app, 60, 20); /* the active pane only */
    fixture_press(&f, PRESS_TAB);
    assert_shows(&f, "1 object");
    fixture_free(&f);
}

static void test_review_words(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    fixture_type(&f, "  ");
    fixture_review(&f);
    assert_shows(&f, "2 keys go from hsm-old");
    assert_shows(&f, "to hsm-new");
    assert_shows(&f, "sensitive, not extractable");
    assert_shows(&f, "Type  ferry 2  and Enter");
    assert_shows(&f, "Canary     AES, RSA   passed ");
    assert_shows(&f, "FAILED: DES3   not possible: ");
    fixture_free(&f);
}

/* A warning that has no room above the keys is counted there, and stands below them. */
static void test_review_hides_no_warning(void **state)
{
    enum { WARNINGS = 9 };
    struct canvas c = {0};
    struct fixture f;
    char text[32];

    (void)state;
    fixture_new(&f);
    in_review(&f);
    for (int i = 0; i < WARNINGS; i++) {
        struct event e = {.kind = EVENT_WARNING, .side = SIDE_RELAY};
        snprintf(e.note.text, sizeof e.note.text, "warning %c", 'a' + i);
        fixture_event(&f, &e);
    }
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, "1 more warning after the keys"));
    assert_false(shows(&c, "warning i"));
    for (int i = 0; i < WARNINGS; i++) {
        snprintf(text, sizeof text, "! warning %c", 'a' + i);
        for (int presses = 0; !shows(&c, text) && presses < 40; presses++) {
            fixture_press(&f, PRESS_DOWN);
            draw(&f, &c, 80, 24);
        }
        assert_true(shows(&c, text));
    }
    draw(&f, &c, 120, 60);
    assert_false(shows(&c, "after the keys"));
    canvas_free(&c);
    fixture_free(&f);
}

static void test_gate_shows_both_fingerprints(void **state)
{
    struct event e = {.kind = EVENT_FINGERPRINT, .side = SIDE_DESTINATION};
    char words[TEXT_WORDS_SIZE];
    struct fixture f;

    (void)state;
    fixture_new(&f);
    in_ceremony(&f);
    memset(e.fingerprint.spki_sha256, 0x9f, sizeof e.fingerprint.spki_sha256);
    fixture_event(&f, &e);
    e.side = SIDE_SOURCE;
    memset(e.fingerprint.spki_sha256, 0x31, sizeof e.fingerprint.spki_sha256);
    fixture_event(&f, &e);
    fixture_gate(&f, GATE_FINGERPRINT, GATE_OPEN, "type words 5, 7, 20 and 31 of the fingerprint");
    assert_shows(&f, "as the DESTINATION made it");
    assert_shows(&f, "9f9f 9f9f");
    assert_shows(&f, "as the SOURCE loaded it");
    assert_shows(&f, "3131 3131");
    assert_shows(&f, text_words(e.fingerprint.spki_sha256, 30, 2, words)); /* to the last word */
    assert_shows(&f, "type words 5, 7, 20 and 31 of the fingerprint:");
    fixture_gate(&f, GATE_FINGERPRINT, GATE_WRONG, "");
    fixture_gate(&f, GATE_FINGERPRINT, GATE_OPEN, "type words 1, 3, 9 and 32 of the fingerprint");
    assert_shows(&f, "That was wrong. Tries left: 2");
    fixture_free(&f);
}

static void test_pin_has_no_length(void **state)
{
    struct canvas one = {0}, many = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    at_pin(&f);
    draw(&f, &one, 80, 24);
    fixture_type(&f, "2345678901234567890");
    draw(&f, &many, 80, 24);
    for (int y = 0; y < 24; y++) {
        char a[4096], b[4096];
        canvas_line(&one, y, a, sizeof a);
        canvas_line(&many, y, b, sizeof b);
        assert_string_equal(a, b);
        assert_null(strstr(b, "2345"));
    }
    assert_int_equal(one.cursor_x, many.cursor_x);
    canvas_free(&one);
    canvas_free(&many);
    fixture_free(&f);
}

static void test_ceremony_words(void **state)
{
    struct event call = {.kind = EVENT_CALL, .side = SIDE_SOURCE};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    in_ceremony(&f);
    assert_shows(&f, "[ ok ] 1 make RSA pair");
    assert_shows(&f, "[ ok ] 2 public key 384 bytes");
    assert_shows(&f, "[FAIL] 9");
    assert_shows(&f, "[    ] 10 unwrap it");
    assert_shows(&f, "key 1 of 8");
    snprintf(call.call.name, sizeof call.call.name, "wrap");
    fixture_event(&f, &call);
    app_time(f.app, f.app->at.now_ms + 12000, f.app->at.utc_ms);
    assert_shows(&f, "no answer from SOURCE for 12 s");
    app_size(f.app, 30, 5);
    assert_shows(&f, "this window at least 40x12.");
    fixture_free(&f);
}

static void test_ascii_and_arrows(void **state)
{
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    in_ceremony(&f);
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, "◀─"));
    assert_true(shows(&c, "─▶"));
    c.ascii = true;
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, "<-"));
    assert_true(shows(&c, "->"));
    canvas_free(&c);
    fixture_free(&f);
}

static void test_the_end(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    at_end(&f);
    assert_shows(&f, "The ceremony is complete.");
    assert_shows(&f, "/tmp/reports/report.yaml");
    assert_shows(&f, "Signature   UNSIGNED: no key is named that signs");
    snprintf(f.app->report.commands[0], sizeof f.app->report.commands[0],
             "hsmferry verify reports/r.yaml --journal reports/r.journal");
    assert_shows(&f, "hsmferry verify reports/r.yaml");
    fixture_free(&f);
}

/* Why, with the failed step, also where the screen is small; not what failed in other commands. */
static void test_the_end_says_why(void **state)
{
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_error(&f, ERR_HSM, "another command failed");
    fixture_done(&f, REQUEST_COMPARED, SIDE_RELAY, false);
    in_ceremony(&f);
    fixture_error(&f, ERR_HSM, "the last call failed");
    end_ceremony(&f);
    fixture_error(&f, ERR_HSM, "the token that signs is gone");
    assert_shows(&f, "Reason      step 9, carry the encrypted key, relay: the last call failed");
    draw(&f, &c, 80, 24);
    assert_false(shows(&c, "another command"));
    assert_false(shows(&c, "the token that signs"));
    memset(f.app->run.failure, 'x', sizeof f.app->run.failure - 1);
    memset(f.app->report.path, 'x', sizeof f.app->report.path - 1);
    draw(&f, &c, 60, 20);
    assert_true(shows(&c, "DESTINATION was not inspected again"));
    snprintf(f.app->report.signed_by, sizeof f.app->report.signed_by,
             "audit, EC P-256, on hsm-old, serial 0123456789abcdef");
    draw(&f, &c, 60, 20);
    assert_true(shows(&c, "0123456789abcdef"));
    canvas_free(&c);
    fixture_free(&f);
}

/* Each side for itself, once one of them was not inspected or is not as it should be. */
static void test_the_end_of_one_side(void **state)
{
    struct event e = {.kind = EVENT_INVENTORY, .side = SIDE_SOURCE};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    at_end(&f);
    e.inventory.after = true;
    e.inventory.objects = 5;
    fixture_event(&f, &e);
    assert_shows(&f, "nothing on SOURCE (inventories agree)");
    assert_shows(&f, "DESTINATION was not inspected again");
    e.side = SIDE_DESTINATION;
    e.inventory.unexplained = 1;
    fixture_event(&f, &e);
    assert_shows(&f, "DESTINATION: 1 object too many, 0 missing");
    e.inventory.unexplained = 0;
    fixture_event(&f, &e);
    assert_shows(&f, "nothing on SOURCE, nothing on DESTINATION (inventories agree)");
    fixture_free(&f);
}

/* What was left behind is on the screen however long the report's path is. */
static void test_the_end_with_a_long_path(void **state)
{
    static const struct {
        int columns, lines;
    } sizes[] = {{80, 24}, {60, 30}, {60, 20}, {120, 40}};
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    at_end(&f);
    memset(f.app->report.path, 'x', sizeof f.app->report.path - 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        draw(&f, &c, sizes[i].columns, sizes[i].lines);
        assert_true(shows(&c, "Left over"));
        assert_true(shows(&c, "SOURCE was not inspected again"));
        assert_true(shows(&c, "DESTINATION was not inspected again"));
    }
    canvas_free(&c);
    fixture_free(&f);
}

/* --- a view of its rows alone ------------------------------------------------------------- */

enum { LIST_ROWS = 30 };

static size_t list_count(const struct app *app)
{
    (void)app;
    return LIST_ROWS;
}

static void list_row(const struct app *app, size_t i, struct view_row *row)
{
    (void)app;
    row->dim = snprintf(row->text, sizeof row->text, "%zu ", i);
    snprintf(row->text + row->dim, 16, "of %d", LIST_ROWS);
}

/* One that is in no other place than its const struct and the table is reached, read and left. */
static void test_a_view_is_one_struct(void **state)
{
    static const struct key_row door = {{'T'}, 1, "List", "Show the list.", NULL, NULL};
    static const struct key_row keys[] = {
        {.also = keys_moving}, {.also = keys_back}, {.help = NULL}};
    static const struct view list = {
        .name = "List", .keys = keys, .door = &door, .count = list_count, .row = list_row};
    const struct view *views[VIEWS_NAMED + 2] = {NULL};
    struct fixture f;

    (void)state;
    for (unsigned i = 0; i < VIEWS_NAMED; i++)
        views[i] = dispatch_views[i];
    views[VIEWS_NAMED] = &list;
    fixture_new(&f);
    fixture_small(&f);
    f.app->views = views;
    fixture_press(&f, 'T');
    assert_shows(&f, " List ");
    assert_shows(&f, "0 of 30");
    fixture_press(&f, PRESS_PAGE_DOWN);
    assert_int_equal(f.app->at.scroll.at, 19); /* of the body of 21 lines, within its frame */
    fixture_press(&f, PRESS_END);
    assert_shows(&f, "29 of 30");
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    fixture_free(&f);
}

static const struct verify_row *row_of(const struct verify_row *rows, size_t count,
                                       const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    fail_msg("no row %s", name);
    return NULL;
}

static void test_differences_carry_a_word(void **state)
{
    struct key_desc a = fixture_key(1, "k", KEY_CLASS_SECRET, KEY_KIND_AES, 256), b = a;
    static struct verify_row rows[VERIFY_ROWS_MAX];
    size_t n;

    (void)state;
    a.flags |= KEY_LOCAL;
    b.flags &= ~(uint32_t)KEY_EXTRACTABLE;
    b.flags |= KEY_ENCRYPT | KEY_MODIFIABLE;
    b.flags_known &= ~(uint32_t)KEY_COPYABLE;
    n = verify_rows(&(struct fidelity_pair){&a, NULL, &b, false}, rows);
    assert_string_equal(rows[0].name, "label");
    assert_false(rows[0].differs);
    assert_true(rows[2].differs && rows[5].differs); /* next to label and id */
    assert_false(rows[6].differs);
    assert_string_equal(row_of(rows, n, "extractable")->word, "tightened");
    assert_string_equal(row_of(rows, n, "local")->word, "by nature");
    assert_string_equal(row_of(rows, n, "modifiable")->word, "LOOSENED");
    assert_string_equal(row_of(rows, n, "encrypt")->word, "LOOSENED");
    assert_false(row_of(rows, n, "copyable")->differs); /* not told is no difference */
    assert_string_equal(row_of(rows, n, "copyable")->destination, "not reported");
    n = verify_rows(&(struct fidelity_pair){&a, NULL, NULL, false}, rows);
    assert_string_equal(row_of(rows, n, "label")->destination, "-");
}

/* Objects that a frame of this size looks at, with so many on each side. */
static size_t looked_at(size_t count, int columns, int lines)
{
    struct key_list source = fixture_keys(count), destination = fixture_keys(count);
    struct canvas c = {0};
    struct fixture f;
    size_t looked = 0;

    fixture_new(&f);
    fixture_list(&f, &source, &destination);
    f.app->side[SIDE_SOURCE].inventory.looked = &looked;
    f.app->side[SIDE_DESTINATION].inventory.looked = &looked;
    for (int press = PRESS_HOME; press <= PRESS_END; press++) {
        fixture_press(&f, press);
        looked = 0;
        draw(&f, &c, columns, lines);
    }
    assert_true(shows(&c, "key-0"));
    canvas_free(&c);
    key_list_free(&source);
    key_list_free(&destination);
    fixture_free(&f);
    return looked;
}

/* With 10,000 objects on each side a frame costs what is seen of them, and looking each up on the
 * other side, which is logarithmic. */
static void test_frame_of_a_large_inventory(void **state)
{
    (void)state;
    assert_in_range(looked_at(10000, 80, 24), 1, 3 * looked_at(50, 80, 24));
    assert_in_range(looked_at(10000, 200, 50), 1, 3 * looked_at(50, 200, 50));
    /* the control: a larger window does look at more */
    assert_true(looked_at(10000, 200, 50) > looked_at(10000, 80, 24));
}

/* Columns come with the room for them; the sorted one is marked. */
static void test_wide_windows_show_more(void **state)
{
    static const struct {
        int columns;
        bool id, uses, print;
    } rows[] = {{80, false, false, false},
                {120, true, false, false},
                {160, true, true, false},
                {200, true, true, true}};
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        draw(&f, &c, rows[i].columns, 40);
        assert_true(shows(&c, "label ▾"));
        assert_true(shows(&c, " 1/4 "));
        assert_int_equal(shows(&c, " id "), rows[i].id);
        assert_int_equal(shows(&c, " uses "), rows[i].uses);
        assert_int_equal(shows(&c, "KCV or public key"), rows[i].print);
    }
    fixture_press(&f, 's');
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, "type ▾"));
    canvas_free(&c);
    fixture_free(&f);
}

static bool has_style(const struct canvas *c, enum style style)
{
    for (int i = 0; i < c->w * c->h; i++)
        if (c->cells[i].style == style)
            return true;
    return false;
}

/* What was looked for stands out until Esc; text that is not on the screen does not. */
static void test_found_text_stands_out(void **state)
{
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    draw(&f, &c, 80, 24);
    assert_false(has_style(&c, STYLE_FOUND));
    fixture_type(&f, "/BET\n");
    draw(&f, &c, 80, 24);
    assert_true(has_style(&c, STYLE_FOUND));
    fixture_press(&f, '/');
    fixture_press(&f, PRESS_ESC);
    draw(&f, &c, 80, 24);
    assert_false(has_style(&c, STYLE_FOUND));
    canvas_free(&c);
    fixture_free(&f);
}

/* A page scrolls until its end is at the foot, and back at once. */
static void test_pages_scroll_to_their_end(void **state)
{
    struct canvas c = {0};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    at_end(&f);
    memset(f.app->report.commands[1], 'x', 700);
    fixture_press(&f, PRESS_F3);
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, ", PgDn") && shows(&c, "report.yaml"));
    fixture_press(&f, PRESS_END);
    draw(&f, &c, 80, 24);
    assert_false(shows(&c, ", PgDn"));
    assert_true(shows(&c, "│ xxxxx"));
    fixture_press(&f, PRESS_HOME);
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, "report.yaml"));
    fixture_press(&f, PRESS_END);
    fixture_press(&f, PRESS_UP); /* not hidden behind what is not shown */
    draw(&f, &c, 80, 24);
    assert_true(shows(&c, ", PgDn"));
    canvas_free(&c);
    fixture_free(&f);
}

/* The kind stands on every screen once it was chosen, and nothing before. */
static void test_the_kind_is_on_the_screen(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    assert_shows(&f, "hsmferry   PRODUCTION   test ceremony");
    f.config.rehearsal = true;
    assert_shows(&f, "hsmferry   REHEARSAL   test ceremony");
    f.config.kind_open = true;
    assert_shows(&f, "hsmferry   test ceremony");
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_no_word_of_a_lane_is_cut),
        cmocka_unit_test(test_the_next_step_is_whole),
        cmocka_unit_test(test_the_last_picture_is_of_one_key),
        cmocka_unit_test(test_hostile_labels_are_escaped),
        cmocka_unit_test(test_inventory_words),
        cmocka_unit_test(test_review_words),
        cmocka_unit_test(test_review_hides_no_warning),
        cmocka_unit_test(test_gate_shows_both_fingerprints),
        cmocka_unit_test(test_pin_has_no_length),
        cmocka_unit_test(test_ceremony_words),
        cmocka_unit_test(test_ascii_and_arrows),
        cmocka_unit_test(test_the_end),
        cmocka_unit_test(test_the_end_says_why),
        cmocka_unit_test(test_the_end_of_one_side),
        cmocka_unit_test(test_the_end_with_a_long_path),
        cmocka_unit_test(test_a_view_is_one_struct),
        cmocka_unit_test(test_differences_carry_a_word),
        cmocka_unit_test(test_frame_of_a_large_inventory),
        cmocka_unit_test(test_wide_windows_show_more),
        cmocka_unit_test(test_found_text_stands_out),
        cmocka_unit_test(test_pages_scroll_to_their_end),
        cmocka_unit_test(test_the_kind_is_on_the_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
