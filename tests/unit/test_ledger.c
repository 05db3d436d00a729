/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger and the pace as the console's model has them, and the sentences of next steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ui/model/duration.h"
#include "ui/model/next.h"
#include "ui/model/texts.h"
#include "ui/screen/screen.h"
#include "ui_fixture.h"

enum { MANY = 10000, STEPS_MEMORY = 8 << 20 };

/* --- what comes next --- */

/* Each step has its sentence, which names the side where it happens, and says what leaves. */
static void test_every_step_has_a_sentence(void **state)
{
    static const char *const places[] = {"The SOURCE ", "The DESTINATION ", "This host "};
    struct key_desc key = fixture_key(1, "root-ca", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 4096);

    (void)state;
    for (enum step_id id = 0; id < STEPS; id++) {
        const struct next_step next = {.id = id, .key = &key, .alg = HSM_AES_KWP};
        struct next_words words;
        next_step_words(&next, &words);
        bool both = strncmp(words.does, "Both HSMs ", 10) == 0 ||
                    strncmp(words.does, "A fresh process ", 16) == 0 || id > STEP_PROVE_FRESH;
        if (!both)
            assert_int_equal(
                strncmp(words.does, places[step_side(id)], strlen(places[step_side(id)])), 0);
        assert_true(strlen(words.leaves) > 10);
        assert_null(strchr(words.does, '%'));
        if (id >= STEP_WRAP_KEY && id <= STEP_PROVE_AGAIN)
            assert_non_null(strstr(words.does, "root-ca (RSA 4096)"));
    }
}

static void assert_leaves(const struct key_desc *key, enum hsm_alg alg, const char *expected)
{
    const struct next_step next = {
        .id = STEP_WRAP_KEY, .key = key, .alg = alg, .transport_bits = 3072, .call = "C_WrapKey X"};
    struct next_words words;

    next_step_words(&next, &words);
    assert_string_equal(words.leaves, expected);
    assert_non_null(strstr(words.does, "C_WrapKey X."));
}

/* A secret's bytes are known to the octet, a private key's about. */
static void test_bytes_that_leave(void **state)
{
    struct key_desc rsa = fixture_key(1, "r", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 4096);
    struct key_desc ec = fixture_key(2, "e", KEY_CLASS_PRIVATE, KEY_KIND_EC, 256);
    struct key_desc aes = fixture_key(3, "a", KEY_CLASS_SECRET, KEY_KIND_AES, 256);

    (void)state;
    assert_leaves(&rsa, HSM_AES_KWP, "What leaves is ciphertext, about 2,400 bytes.");
    assert_leaves(&ec, HSM_AES_KWP, "What leaves is ciphertext, about 152 bytes.");
    assert_leaves(&aes, HSM_AES_KWP, "What leaves is ciphertext, 40 bytes.");
    assert_leaves(&aes, HSM_RSA_OAEP_SHA256, "What leaves is ciphertext, 384 bytes.");
}

/* A label as long as can be pushes off neither the type nor what leaves. */
static void test_long_label(void **state)
{
    struct key_desc key = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES, .bits = 256};
    const struct next_step next = {.id = STEP_WRAP_KEY, .key = &key, .alg = HSM_AES_KWP};
    char label[KEY_LABEL_MAX];
    struct next_words words;

    (void)state;
    memset(label, '\x1b', sizeof label);
    key_set_label(&key, label, sizeof label);
    next_step_words(&next, &words);
    assert_null(strchr(words.does, '\x1b'));
    assert_non_null(strstr(words.does, "(AES 256) under the KEK"));
    assert_true(text_width(words.does) < 160);
}

static void test_durations(void **state)
{
    char text[DURATION_TEXT];

    (void)state;
    assert_string_equal(duration_text(1, text), "0.1 ms");
    assert_string_equal(duration_text(400, text), "0.4 ms");
    assert_string_equal(duration_text(9900, text), "9.9 ms");
    assert_string_equal(duration_text(10400, text), "10 ms");
    assert_string_equal(duration_text(12300000, text), "12.3 s");
}

/* --- pace --- */

static void waits(struct fixture *f, enum step_id step, uint32_t key)
{
    struct event e = {.kind = EVENT_PACE, .side = SIDE_RELAY, .key = key};

    e.pace.state = PACE_WAITS;
    e.pace.pace = PACE_STEP;
    e.pace.step = step;
    fixture_event(f, &e);
}

static struct request pressed(struct fixture *f, int press)
{
    struct request request = {.kind = REQUESTS};

    app_press(f->app, press);
    app_request(f->app, &request);
    return request;
}

/* A key press releases the step that was shown when it was pressed; what is typed ahead of the next
 * one names the same. */
static void test_a_press_releases_what_was_shown(void **state)
{
    struct request first, second;
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    fixture_review(&f);
    fixture_run(&f);
    assert_int_equal(pressed(&f, '.').kind, REQUESTS); /* nothing waits */
    waits(&f, STEP_MAKE_PAIR, 0);
    first = pressed(&f, '.');
    second = pressed(&f, '.');
    assert_int_equal(first.kind, REQUEST_PACE);
    assert_int_equal(first.serial, f.seq);
    assert_int_equal(first.pace, PACE_NONE);
    assert_int_equal(second.serial, first.serial);
    assert_int_equal(pressed(&f, ',').pace, PACE_KEY);
    assert_int_equal(pressed(&f, '>').pace, PACE_RUN);
    first = pressed(&f, 'P');
    assert_int_equal(first.pace, PACE_STEP);
    assert_int_equal(first.serial, 0); /* it releases nothing */
    fixture_free(&f);
}

/* --- the ledger --- */

static unsigned rows_made;
static const struct view *shown_view;

static void count_row(const struct app *app, size_t i, struct view_row *row)
{
    rows_made++;
    shown_view->row(app, i, row);
}

/* A console that runs a ceremony of count keys, of which every hundredth is refused, at its ledger
 * (views: room for the table with a ledger that counts). */
static void begin(struct fixture *f, size_t count, const struct view **views, struct view *counting)
{
    fixture_new(f);
    fixture_small(f);
    fixture_review(f);
    fixture_run(f);
    run_forget_plan(&f->app->run);
    for (uint32_t i = 1; i <= count; i++) {
        struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = i};
        e.planned.desc = fixture_key(i, "key", KEY_CLASS_SECRET, KEY_KIND_AES, 256);
        e.planned.route = i % 100 ? ROUTE_ENVELOPE : ROUTE_NONE;
        fixture_event(f, &e);
    }
    shown_view = dispatch_views[VIEW_LEDGER];
    *counting = *shown_view;
    counting->row = count_row;
    for (size_t i = 0; dispatch_views[i]; i++)
        views[i] = i == VIEW_LEDGER ? counting : dispatch_views[i];
    f->app->views = views;
    fixture_press(f, 'L');
    assert_int_equal(f->app->at.view, VIEW_LEDGER);
}

static unsigned work_of(struct fixture *f, struct canvas *c, int press)
{
    rows_made = 0;
    fixture_press(f, press);
    screen_draw(f->app, c);
    return rows_made;
}

/* With 10,000 keys a press and the picture after it make no more rows than with 10: at most those
 * that are seen. */
static void test_work_does_not_grow(void **state)
{
    static const int presses[] = {'n', 'p', PRESS_PAGE_DOWN, PRESS_END, PRESS_HOME, 'f', 'f'};
    static const size_t counts[] = {10, MANY};

    (void)state;
    for (size_t at = 0; at < sizeof counts / sizeof counts[0]; at++) {
        const struct view *views[VIEWS_NAMED + 2] = {NULL};
        struct view counting;
        struct fixture f;
        struct canvas c = {0};
        struct err err;
        begin(&f, counts[at], views, &counting);
        assert_true(canvas_resize(&c, 80, 24, &err));
        for (size_t i = 0; i < sizeof presses / sizeof presses[0]; i++)
            assert_in_range(work_of(&f, &c, presses[i]), 0, 18);
        assert_in_range(work_of(&f, &c, 'n'), 10, 18); /* control: rows are counted */
        fixture_press(&f, PRESS_END);
        assert_int_equal(f.app->at.keys.scroll.at, counts[at] - 1);
        canvas_free(&c);
        fixture_free(&f);
    }
}

/* All steps of 10,000 keys are kept, in a few MiB; a call that they share is kept once. */
static void test_steps_of_many_keys(void **state)
{
    const struct view *views[VIEWS_NAMED + 2] = {NULL};
    struct view counting;
    struct fixture f;
    const struct run *run;

    (void)state;
    begin(&f, MANY, views, &counting);
    run = &f.app->run;
    for (uint32_t key = 1; key <= MANY; key++)
        for (enum step_id id = STEP_WRAP_KEY; id <= STEP_PROVE; id++) {
            struct event e = {.kind = EVENT_STEP, .side = step_side(id), .key = key};
            e.step.id = id;
            fixture_event(&f, &e);
            e.step.state = EVENT_OK;
            e.step.bytes = 40;
            memcpy(e.step.sha256, &key, sizeof key);
            snprintf(e.step.call, sizeof e.step.call, "C_Call%d", (int)id);
            fixture_event(&f, &e);
        }
    assert_in_range(run_keys_size(run->keys), MANY, STEPS_MEMORY);
    assert_in_range(run->texts.count, 1, 16);
    for (uint32_t key = 1; key <= MANY; key += MANY - 1)
        for (enum step_id id = STEP_WRAP_KEY; id <= STEP_UNWRAP_KEY; id++) {
            const struct run_step *step = run_step(run, key, id);
            assert_int_equal(step->bytes, 40);
            assert_memory_equal(step->sha256, &key, sizeof key);
            assert_non_null(strstr(step->call, "C_Call"));
        }
    fixture_free(&f);
}

static void done(struct fixture *f, uint32_t key, enum key_outcome outcome)
{
    struct event e = {.kind = EVENT_KEY_DONE, .side = SIDE_DESTINATION, .key = key};

    e.key_done.outcome = outcome;
    fixture_event(f, &e);
}

/* Those that did not arrive are in their order, however they came, and one that arrived after all
 * is none of them. */
static void test_failures_in_order(void **state)
{
    const struct view *views[VIEWS_NAMED + 2] = {NULL};
    struct view counting;
    struct fixture f;
    const struct run *run;

    (void)state;
    begin(&f, 300, views, &counting);
    run = &f.app->run;
    assert_int_equal(run->failing.count, 3);
    done(&f, 150, KEY_FAILED);
    done(&f, 7, KEY_UNPROVEN);
    done(&f, 7, KEY_UNPROVEN);
    done(&f, 8, KEY_MIGRATED);
    assert_int_equal(run->failing.count, 5);
    for (size_t i = 1; i < run->failing.count; i++)
        assert_true(failing_at(&run->failing, i - 1) < failing_at(&run->failing, i));
    for (size_t i = 0; i < run->failing.count; i++)
        assert_int_equal(failing_before(&run->failing, failing_at(&run->failing, i)), i);
    assert_int_equal(failing_at(&run->failing, run->failing.count), 0);
    done(&f, 150, KEY_MIGRATED);
    assert_int_equal(run->failing.count, 4);
    fixture_press(&f, 'f');
    fixture_press(&f, PRESS_HOME);
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(f.app->at.view, VIEW_STEPS);
    assert_int_equal(f.app->at.keys.shown, 7);
    fixture_free(&f);
}

static void test_texts_are_kept_once(void **state)
{
    struct texts texts = {0};
    const char *first = texts_keep(&texts, "C_WrapKey");
    char text[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "text %d", i);
        assert_string_equal(texts_keep(&texts, text), text);
    }
    assert_ptr_equal(texts_keep(&texts, "C_WrapKey"), first);
    assert_int_equal(texts.count, 1001);
    texts_free(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_has_a_sentence),
        cmocka_unit_test(test_bytes_that_leave),
        cmocka_unit_test(test_long_label),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_a_press_releases_what_was_shown),
        cmocka_unit_test(test_work_does_not_grow),
        cmocka_unit_test(test_steps_of_many_keys),
        cmocka_unit_test(test_failures_in_order),
        cmocka_unit_test(test_texts_are_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
