/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of officers: whole at every size, by name, explained, and never answered by a key
 * that was meant for something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ui/model/gate_page.h"
#include "ui/screen/screen.h"
#include "ui_fixture.h"

static const struct {
    int w, h;
} sizes[] = {{40, 12}, {41, 13}, {60, 20}, {80, 24}, {120, 40}, {200, 80}};
enum { SIZES = sizeof sizes / sizeof sizes[0], PAGES_MAX = 60 };

static void draw(struct fixture *f, struct canvas *c)
{
    struct rect screen = f->app->at.layout.screen;
    struct err err;

    assert_true(canvas_resize(c, screen.w, screen.h, &err));
    screen_draw(f->app, c);
}

/* All words on the screen in reading order, without frames. */
static void read_screen(struct fixture *f, char *out, size_t size)
{
    struct canvas c = {.ascii = true};
    size_t len = 0;

    draw(f, &c);
    out[0] = '\0';
    for (int y = 0; y < c.h; y++) {
        char line[4096];
        canvas_line(&c, y, line, sizeof line);
        for (char *word = strtok(line, " |+"); word; word = strtok(NULL, " |+"))
            len += (size_t)snprintf(out + len, size - len, "%s ", word);
        assert_true(len < size);
    }
    canvas_free(&c);
}

/* Is this on the screen, with whatever line ends in it? */
static bool reads(struct fixture *f, const char *text)
{
    char all[16384], wanted[1024] = "", copy[1024];
    size_t len = 0;

    read_screen(f, all, sizeof all);
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        len += (size_t)snprintf(wanted + len, sizeof wanted - len, "%s%s", len ? " " : "", word);
    return strstr(all, wanted) != NULL;
}

static void assert_reads(struct fixture *f, const char *text)
{
    char all[16384];

    if (reads(f, text))
        return;
    read_screen(f, all, sizeof all);
    fail_msg("not on the screen: %s; but: %s", text, all);
}

/* Down page by page until it is there. */
static bool comes(struct fixture *f, const char *text)
{
    fixture_press(f, PRESS_HOME);
    for (int i = 0; i < PAGES_MAX && !reads(f, text); i++)
        fixture_press(f, PRESS_PAGE_DOWN);
    return reads(f, text);
}

static void in_ceremony(struct fixture *f)
{
    static const struct officer officers[] = {{"Ada Lovelace", "source officer"},
                                              {"Charles Babbage", "destination officer"}};

    fixture_new(f);
    memcpy(f->config.officers, officers, sizeof officers);
    f->config.officer_count = 2;
    f->config.policy.two_officers = 1U << GATE_REVIEW | 1U << GATE_FINGERPRINT;
    fixture_small(f);
    fixture_type(f, "  ");
    fixture_review(f);
}

/* The engine asks the first or the second officer. */
static void ask(struct fixture *f, enum gate gate, unsigned second, const char *question)
{
    struct event e = {.kind = EVENT_GATE, .side = SIDE_RELAY, .key = gate == GATE_KEY};

    e.gate.gate = gate;
    e.gate.tries_left = 2;
    snprintf(e.gate.question, sizeof e.gate.question, "%s", question);
    snprintf(e.gate.officer, sizeof e.gate.officer, "%s", f->config.officers[second].name);
    snprintf(e.gate.role, sizeof e.gate.role, "%s", f->config.officers[second].role);
    fixture_event(f, &e);
}

static void at_fingerprint(struct fixture *f)
{
    struct event e = {.kind = EVENT_FINGERPRINT, .side = SIDE_DESTINATION};

    in_ceremony(f);
    fixture_run(f);
    for (unsigned i = 0; i < SHA256_SIZE; i++)
        e.fingerprint.spki_sha256[i] = (uint8_t)(i * 7 + 3);
    fixture_event(f, &e);
    e.side = SIDE_SOURCE;
    e.fingerprint.spki_sha256[31] ^= 1;
    fixture_event(f, &e);
    ask(f, GATE_FINGERPRINT, 0, "type words 5, 7, 20 and 31 of the fingerprint");
}

/* --- nothing is cut --------------------------------------------------------------------------- */

static void test_a_fingerprint_is_whole_at_every_size(void **state)
{
    struct fixture f;
    char text[TEXT_WORDS_SIZE];

    (void)state;
    at_fingerprint(&f);
    for (unsigned s = 0; s < SIZES; s++) {
        app_size(f.app, sizes[s].w, sizes[s].h);
        for (unsigned side = 0; side < 2; side++) {
            const uint8_t *sha256 = f.app->run.fingerprint[side].spki_sha256;
            for (unsigned i = 0; i < SHA256_SIZE; i += 2) {
                assert_true(comes(&f, text_words(sha256, i, 2, text)));
                assert_reads(&f, "type words 5, 7, 20 and 31 of the fingerprint:");
            }
        }
    }
    fixture_free(&f);
}

static void test_a_long_question_is_whole(void **state)
{
    static const char question[] = "type your initials, CB, then skip to leave this key out, or "
                                   "a-label-of-forty-characters-0123456789-x to move this key";
    struct fixture f;

    (void)state;
    at_fingerprint(&f);
    ask(&f, GATE_KEY, 1, question);
    for (unsigned s = 0; s < SIZES; s++) {
        app_size(f.app, sizes[s].w, sizes[s].h);
        assert_reads(&f, "leave this key out, or");
        assert_reads(&f, "to move this key:");
        assert_true(comes(&f, "alpha"));
    }
    fixture_free(&f);
}

/* All that was typed is in sight, so that it can be compared with the question. */
static void test_four_long_words_are_seen(void **state)
{
    static const char words[] = "CB belowground businessman disruptive headwaters";
    struct fixture f;

    (void)state;
    at_fingerprint(&f);
    fixture_type(&f, words);
    for (unsigned s = 0; s < SIZES; s++) {
        app_size(f.app, sizes[s].w, sizes[s].h);
        assert_int_equal(reads(&f, words), sizes[s].w >= 60); /* smaller: its end */
    }
    fixture_free(&f);
}

static void test_a_page_is_answered_once_its_end_was_shown(void **state)
{
    struct fixture f;
    unsigned answers;

    (void)state;
    at_fingerprint(&f);
    app_size(f.app, 40, 12);
    ask(&f, GATE_FINGERPRINT, 0, "type words 1, 3, 5 and 7 of the fingerprint");
    answers = f.asked[REQUEST_ANSWER];
    assert_reads(&f, "more: lines 1-");
    fixture_type(&f, "words\n");
    assert_int_equal(f.asked[REQUEST_ANSWER], answers);
    assert_non_null(strstr(f.app->at.status, "more to read"));
    for (int i = 0; reads(&f, ", PgDn") && i < PAGES_MAX; i++)
        fixture_press(&f, PRESS_PAGE_DOWN);
    assert_reads(&f, "lines ");
    fixture_press(&f, PRESS_HOME); /* once is enough */
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(f.asked[REQUEST_ANSWER], answers + 1);
    assert_string_equal(f.last_answer, "words");
    app_size(f.app, 80, 24); /* control: where all of it is in sight, nothing is scrolled */
    ask(&f, GATE_FINGERPRINT, 0, "type words 2, 4, 6 and 8 of the fingerprint");
    fixture_type(&f, "words\n");
    assert_int_equal(f.asked[REQUEST_ANSWER], answers + 2);
    fixture_free(&f);
}

static void test_a_larger_window_leaves_no_empty_lines(void **state)
{
    struct fixture f;

    (void)state;
    at_fingerprint(&f);
    app_size(f.app, 40, 12);
    fixture_press(&f, PRESS_END);
    assert_true(f.app->dialog.scroll.at > 0);
    app_size(f.app, 120, 40);
    assert_int_equal(f.app->dialog.scroll.at, 0);
    assert_reads(&f, "as the DESTINATION made it:");
    fixture_free(&f);
}

static void test_a_warning_is_whole_at_every_width(void **state)
{
    struct event e = {.kind = EVENT_WARNING, .side = SIDE_RELAY};
    struct fixture f;

    (void)state;
    in_ceremony(&f);
    for (size_t len = 0; len + 12 < sizeof e.note.text;)
        len += (size_t)snprintf(e.note.text + len, sizeof e.note.text - len, "w%zu ", len);
    fixture_event(&f, &e);
    for (unsigned s = 0; s < SIZES; s++) {
        app_size(f.app, sizes[s].w, sizes[s].h);
        for (size_t at = 0; at + 12 < sizeof e.note.text;) {
            char word[16];
            at += (size_t)snprintf(word, sizeof word, "w%zu ", at);
            assert_true(comes(&f, word));
        }
        assert_reads(&f, "Type ferry 2 and Enter, or Esc to go back:");
    }
    fixture_free(&f);
}

static void test_warnings_without_room_are_counted(void **state)
{
    struct event e = {.kind = EVENT_WARNING, .side = SIDE_RELAY};
    struct fixture f;

    (void)state;
    in_ceremony(&f);
    for (unsigned i = 0; i < RUN_NOTES_MAX + 3; i++) {
        snprintf(e.note.text, sizeof e.note.text, "warning %u", i);
        fixture_event(&f, &e);
    }
    assert_true(comes(&f, "! 3 more warnings: the log (F8, or t) has them"));
    fixture_free(&f);
}

/* Also at the second officer's gate: each warning once, with the line that would change it, and the
 * mechanisms. */
static void test_the_second_officer_sees_all_of_it(void **state)
{
    static const char *const kinds[] = {"AES 256", "RSA 4096"};
    struct event e = {.kind = EVENT_WARNING, .side = SIDE_RELAY, .key = 1};
    struct fixture f;

    (void)state;
    in_ceremony(&f);
    snprintf(e.note.name, sizeof e.note.name, "transport-strength");
    for (unsigned i = 0; i < 2; i++, e.key++) {
        snprintf(e.note.text, sizeof e.note.text, "%s (256 bits) under an RSA 3072", kinds[i]);
        fixture_event(&f, &e);
    }
    e.key = 0;
    snprintf(e.note.name, sizeof e.note.name, "transport-policy");
    snprintf(e.note.text, sizeof e.note.text, "\"rsa-bits: 4096\" avoids that");
    fixture_event(&f, &e);
    fixture_type(&f, "ferry 2\n");
    ask(&f, GATE_REVIEW, 0, "type  ferry 2  to start");
    fixture_gate(&f, GATE_REVIEW, GATE_CONFIRMED, "");
    ask(&f, GATE_REVIEW, 1, "type  ferry 2  to start");
    for (unsigned s = 0; s < SIZES; s++) {
        app_size(f.app, sizes[s].w, sizes[s].h);
        assert_true(comes(&f, "! 2 keys (AES 256, RSA 4096) under an RSA 3072"));
        assert_false(comes(&f, "RSA 4096 (256 bits)"));
        assert_true(comes(&f, "! \"rsa-bits: 4096\" avoids that"));
        assert_true(comes(&f, "Transport") && comes(&f, "Canary"));
    }
    fixture_free(&f);
}

/* --- who is asked ----------------------------------------------------------------------------- */

static void test_the_title_says_who_is_asked(void **state)
{
    struct fixture f;

    (void)state;
    in_ceremony(&f);
    assert_reads(&f, "REVIEW 1 of 2: Ada Lovelace, source officer");
    assert_non_null(strstr(dialog_hint(f.app, DIALOG_REVIEW), "Esc Leave")); /* to the inventory */
    fixture_type(&f, "ferry 2\n");
    ask(&f, GATE_REVIEW, 0, "type  ferry 2  to start");
    fixture_gate(&f, GATE_REVIEW, GATE_CONFIRMED, "");
    ask(&f, GATE_REVIEW, 1, "type your initials, CB, then  ferry 2  to start");
    assert_int_equal(app_dialog(f.app), DIALOG_REVIEW);
    for (unsigned s = 0; s < SIZES; s++) {
        app_size(f.app, sizes[s].w, sizes[s].h);
        fixture_press(&f, PRESS_HOME);
        assert_reads(&f, "2 of 2: Charles Babbage, destination officer");
        assert_reads(&f, "2 keys go from hsm-old"); /* the whole of it, no summary */
        assert_true(comes(&f, "alpha") && comes(&f, "beta"));
        assert_reads(&f, "type your initials, CB, then ferry 2 to start:");
    }
    assert_non_null(strstr(dialog_hint(f.app, DIALOG_REVIEW), "Esc Stop"));
    fixture_press(&f, PRESS_ESC);
    assert_reads(&f, "Stop the ceremony?"); /* as the hint says */
    fixture_press(&f, 'n');
    fixture_type(&f, "CB ferry 2\n");
    assert_string_equal(f.last_answer, "CB ferry 2");
    fixture_gate(&f, GATE_REVIEW, GATE_CONFIRMED, "");
    ask(&f, GATE_FINGERPRINT, 0, "type words");
    assert_reads(&f, "COMPARE 1 of 2: Ada Lovelace, source officer");
    fixture_gate(&f, GATE_FINGERPRINT, GATE_WRONG, "");
    ask(&f, GATE_FINGERPRINT, 0, "type words");
    assert_reads(&f, "COMPARE 1 of 2: Ada Lovelace, source officer");
    fixture_gate(&f, GATE_FINGERPRINT, GATE_CONFIRMED, "");
    ask(&f, GATE_FINGERPRINT, 1, "type words");
    assert_reads(&f, "COMPARE 2 of 2: Charles Babbage, destination officer");
    ask(&f, GATE_KEY, 0, "type alpha"); /* one officer is enough there */
    assert_reads(&f, "KEY Ada Lovelace, source officer");
    fixture_free(&f);
}

static void test_f1_explains_the_question(void **state)
{
    static const struct {
        enum gate gate;
        const char *compare;
    } rows[] = {{GATE_DEVICES, "serial number of each device"},
                {GATE_REVIEW, "Compare the two HSMs"},
                {GATE_FINGERPRINT, "one officer reads aloud"},
                {GATE_KEY, "Compare label, type, id"}};
    struct fixture f;

    (void)state;
    at_fingerprint(&f);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(&f, rows[i].gate, 0, "type something");
        fixture_press(&f, PRESS_F1);
        assert_reads(&f, rows[i].compare);
        assert_reads(&f, "Why:");
        assert_reads(&f, "Tries left: 2");
        assert_reads(&f, "Esc asks whether the ceremony shall stop");
        fixture_press(&f, 'x'); /* closes it, and is not typed */
        assert_int_equal(f.app->dialog.field.len, 0);
    }
    fixture_free(&f);
}

static void test_a_pin_is_asked_in_its_own_pane(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    fixture_drain(&f);
    for (unsigned side = 0; side < 2; side++) {
        struct event e = {.kind = EVENT_PIN, .side = (enum side)side};
        struct canvas c = {0};
        int half = 40, inside = 0;
        snprintf(e.pin.token, sizeof e.pin.token, "hsm");
        snprintf(e.pin.officer, sizeof e.pin.officer, "Charles Babbage");
        snprintf(e.pin.role, sizeof e.pin.role, "destination officer");
        fixture_event(&f, &e);
        assert_reads(&f, side == SIDE_SOURCE ? "SOURCE: token hsm" : "DESTINATION: token hsm");
        draw(&f, &c);
        assert_int_equal(c.cursor_x / half, side); /* where it is typed */
        for (int x = 0; x < 80; x++)
            inside += strcmp(canvas_at(&c, x, c.cursor_y)->text, " ") != 0 ? 1 : 0;
        assert_true(inside >= 4); /* both frames: the other pane is in sight */
        canvas_free(&c);
    }
    fixture_free(&f);
}

static void test_a_key_is_asked_for_below_the_lanes(void **state)
{
    struct fixture f;

    (void)state;
    at_fingerprint(&f);
    ask(&f, GATE_KEY, 0, "type  skip  to leave this key out, or  alpha  to move this key");
    assert_reads(&f, "RELAY (this host)");
    assert_reads(&f, "2 public key");
    assert_reads(&f, "Key 1 of 2: alpha");
    assert_reads(&f, "type AES 256");
    assert_reads(&f, "check value none is known");
    fixture_free(&f);
}

/* --- what was typed --------------------------------------------------------------------------- */

static void test_what_was_typed_is_kept(void **state)
{
    struct fixture f;

    (void)state;
    at_fingerprint(&f);
    fixture_type(&f, "isl");
    fixture_press(&f, PRESS_F1);
    fixture_press(&f, 'q');
    assert_string_equal(f.app->dialog.field.text, "isl");
    fixture_press(&f, PRESS_F2);
    assert_int_equal(f.app->dialog.field.len, 0);
    fixture_type(&f, "one");
    fixture_press(&f, PRESS_ESC); /* given up */
    assert_string_equal(f.app->dialog.field.text, "isl");
    fixture_press(&f, PRESS_F2);
    fixture_type(&f, "one\ntwo\nthree\n");
    assert_int_equal(f.asked[REQUEST_EXCEPTION], 1);
    assert_string_equal(f.app->dialog.field.text, "isl");
    fixture_press(&f, PRESS_F2);
    fixture_gate(&f, GATE_FINGERPRINT, GATE_OPEN, "type others"); /* another question meanwhile */
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->dialog.field.len, 0);
    fixture_free(&f);
}

static void test_a_dialog_that_opens_by_itself_is_deaf_at_first(void **state)
{
    enum { DEAF_MS = 700 };
    struct fixture f;
    int64_t opened;
    unsigned answers;

    (void)state;
    at_fingerprint(&f);
    ask(&f, GATE_FINGERPRINT, 0, "type words 1, 3, 5 and 7 of the fingerprint");
    opened = f.app->at.now_ms;
    answers = f.asked[REQUEST_ANSWER];
    for (int64_t ms = 0; ms < DEAF_MS; ms += DEAF_MS - 1) {
        app_time(f.app, opened + ms, 0);
        assert_reads(&f, "Keys are taken in a moment");
        app_press(f.app, 'x');
        app_press(f.app, PRESS_ENTER);
        app_press(f.app, PRESS_ESC);
        app_press(f.app, PRESS_PASTED + 'x');
        assert_int_equal(f.app->dialog.field.len, 0);
        assert_int_equal(app_dialog(f.app), DIALOG_GATE);
    }
    app_time(f.app, opened + DEAF_MS, 0);
    assert_false(reads(&f, "Keys are taken in a moment"));
    app_press(f.app, 'x'); /* control: now the same keys count */
    app_press(f.app, PRESS_ENTER);
    fixture_drain(&f);
    assert_int_equal(f.asked[REQUEST_ANSWER], answers + 1);
    fixture_error(&f, ERR_HSM, "a failure that nobody waited for");
    app_show_error(f.app, &f.app->queue.error);
    app_press(f.app, PRESS_ENTER);
    assert_int_equal(app_dialog(f.app), DIALOG_MESSAGE);
    app_time(f.app, f.app->at.now_ms + DEAF_MS, 0);
    app_press(f.app, PRESS_ENTER);
    assert_int_not_equal(app_dialog(f.app), DIALOG_MESSAGE);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fingerprint_is_whole_at_every_size),
        cmocka_unit_test(test_a_long_question_is_whole),
        cmocka_unit_test(test_four_long_words_are_seen),
        cmocka_unit_test(test_a_page_is_answered_once_its_end_was_shown),
        cmocka_unit_test(test_a_larger_window_leaves_no_empty_lines),
        cmocka_unit_test(test_a_warning_is_whole_at_every_width),
        cmocka_unit_test(test_warnings_without_room_are_counted),
        cmocka_unit_test(test_the_second_officer_sees_all_of_it),
        cmocka_unit_test(test_the_title_says_who_is_asked),
        cmocka_unit_test(test_f1_explains_the_question),
        cmocka_unit_test(test_a_pin_is_asked_in_its_own_pane),
        cmocka_unit_test(test_a_key_is_asked_for_below_the_lanes),
        cmocka_unit_test(test_what_was_typed_is_kept),
        cmocka_unit_test(test_a_dialog_that_opens_by_itself_is_deaf_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
