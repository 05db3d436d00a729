/* SPDX-License-Identifier: Apache-2.0 */
/* The model against streams of events and key presses: flows, gates, PINs, stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/model/marks.h"
#include "ui/model/setup_view.h"
#include "ui/model/text_page.h"
#include "ui/model/card.h"
#include "ui_fixture.h"

static void test_start_opens_both_sides(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    fixture_drain(&f);
    assert_int_equal(f.order[0], REQUEST_START);
    assert_int_equal(f.asked[REQUEST_OPEN], 2);
    fixture_side(&f, SIDE_SOURCE, SIDE_OPEN);
    fixture_done(&f, REQUEST_OPEN, SIDE_SOURCE, true);
    assert_int_equal(f.asked[REQUEST_DEVICES], 0); /* until both can be read out */
    fixture_side(&f, SIDE_DESTINATION, SIDE_OPEN);
    fixture_done(&f, REQUEST_OPEN, SIDE_DESTINATION, true);
    assert_int_equal(f.asked[REQUEST_DEVICES], 1);
    assert_int_equal(f.asked[REQUEST_CHOOSE], 0); /* nor is anybody asked for a PIN before */
    fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, true);
    assert_int_equal(f.asked[REQUEST_CHOOSE], 1); /* one after the other */
    fixture_side(&f, SIDE_SOURCE, SIDE_LISTED);
    fixture_done(&f, REQUEST_CHOOSE, SIDE_SOURCE, true);
    assert_int_equal(f.asked[REQUEST_CHOOSE], 2);
    assert_int_equal(f.asked[REQUEST_REMEMBER], 0);
    fixture_side(&f, SIDE_DESTINATION, SIDE_LISTED);
    fixture_done(&f, REQUEST_CHOOSE, SIDE_DESTINATION, true);
    assert_int_equal(f.asked[REQUEST_REMEMBER], 1);
    fixture_free(&f);
}

/* Where nobody types a PIN, both list their objects at the same time. */
static void both_are_chosen_at_once(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned files = 0; files < 3; files++) {
        fixture_new(&f);
        for (unsigned side = 0; side < files; side++)
            strcpy(f.config.side[side].token.pin_file, "/pin");
        app_start(f.app);
        fixture_drain(&f);
        for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
            fixture_side(&f, side, SIDE_OPEN);
            fixture_done(&f, REQUEST_OPEN, side, true);
        }
        fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, true);
        assert_int_equal(f.asked[REQUEST_CHOOSE], files == 2 ? 2 : 1);
        fixture_side(&f, SIDE_SOURCE, SIDE_FAILED);
        fixture_error(&f, ERR_DENIED, "the PIN is wrong");
        fixture_done(&f, REQUEST_CHOOSE, SIDE_SOURCE, false);
        assert_int_equal(f.asked[REQUEST_CHOOSE], 2); /* once for each, not again */
        fixture_free(&f);
    }
}

static void pin_asked(struct fixture *f, enum side side)
{
    struct event e = {.kind = EVENT_PIN, .side = side};

    fixture_event(f, &e);
}

/* Who typed a wrong PIN is asked again before anybody else; who refused is not. */
static void test_wrong_pin_is_asked_for_again_first(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned typed = 0; typed < 2; typed++) {
        fixture_new(&f);
        app_start(f.app);
        fixture_drain(&f);
        for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
            fixture_side(&f, side, SIDE_OPEN);
            fixture_done(&f, REQUEST_OPEN, side, true);
        }
        fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, true);
        pin_asked(&f, SIDE_SOURCE);
        if (typed)
            fixture_type(&f, "1234\n");
        else
            fixture_press(&f, PRESS_ESC);
        fixture_side(&f, SIDE_SOURCE, SIDE_FAILED);
        fixture_error(&f, ERR_DENIED, "the PIN is wrong, or was not given");
        fixture_done(&f, REQUEST_CHOOSE, SIDE_SOURCE, false);
        assert_int_equal(f.asked[REQUEST_OPEN], typed ? 3 : 2);
        assert_int_equal(f.asked[REQUEST_CHOOSE], typed ? 1 : 2); /* 2: the destination */
        if (typed) {
            fixture_side(&f, SIDE_SOURCE, SIDE_OPEN);
            fixture_done(&f, REQUEST_OPEN, SIDE_SOURCE, true);
            fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, true);
            assert_int_equal(f.asked[REQUEST_CHOOSE], 2);
        }
        fixture_free(&f);
    }
}

/* F5 before both HSMs are free waits for them; once more takes that back. */
static void test_review_waits_for_what_it_needs(void **state)
{
    struct key_list keys = fixture_keys(2);
    struct fixture f;

    (void)state;
    for (unsigned back = 0; back < 2; back++) {
        fixture_new(&f);
        fixture_list(&f, &keys, &keys);
        fixture_press(&f, ' ');
        fixture_press(&f, '='); /* the HSMs are at work */
        app_ask(f.app, REQUEST_REFRESH, SIDE_SOURCE);
        fixture_drain(&f);
        f.app->queue.under_way = 1;
        fixture_press(&f, PRESS_F5);
        if (back)
            fixture_press(&f, PRESS_F5);
        assert_int_equal(f.asked[REQUEST_PLAN], 0);
        assert_int_equal(f.app->inventory.review_asked, !back);
        fixture_done(&f, REQUEST_REFRESH, SIDE_SOURCE, true);
        assert_int_equal(f.asked[REQUEST_PLAN], !back);
        fixture_free(&f);
    }
    key_list_free(&keys);
}

/* Who stops at the devices has given no PIN yet, and gives none. */
static void test_stopped_at_the_devices(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    fixture_drain(&f);
    fixture_side(&f, SIDE_SOURCE, SIDE_OPEN);
    fixture_done(&f, REQUEST_OPEN, SIDE_SOURCE, true);
    fixture_side(&f, SIDE_DESTINATION, SIDE_OPEN);
    fixture_done(&f, REQUEST_OPEN, SIDE_DESTINATION, true);
    fixture_error(&f, ERR_STOPPED, "stopped");
    fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, false);
    assert_int_equal(f.asked[REQUEST_CHOOSE], 0);
    assert_int_equal(app_dialog(f.app), DIALOG_MESSAGE);
    fixture_free(&f);
}

/* What was interrupted is asked about before anything is opened. */
static void test_interrupted_is_settled_first(void **state)
{
    static const struct {
        const char *typed;
        bool settles, cleans;
    } rows[] = {
        {"resume", true, false}, {"Clean", true, true}, {"yes", false, false}, {"", false, false}};
    static const struct settle interrupted = {
        .how = SETTLE_ASKS, .journal = "/reports/x.journal", .title = "x"};
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture_new(&f);
        f.app->settle = interrupted;
        app_start(f.app);
        fixture_drain(&f);
        assert_int_equal(f.asked[REQUEST_START], 0);
        assert_int_equal(app_dialog(f.app), DIALOG_SETTLE);
        fixture_type(&f, rows[i].typed);
        app_press(f.app, PRESS_ENTER);
        fixture_drain(&f);
        assert_int_equal(f.asked[REQUEST_RESUME], rows[i].settles && !rows[i].cleans);
        assert_int_equal(f.asked[REQUEST_CLEAN], rows[i].cleans);
        assert_int_equal(f.asked[REQUEST_START], !rows[i].settles);
        fixture_free(&f);
    }
    fixture_new(&f);
    f.app->settle = interrupted;
    app_start(f.app);
    app_press(f.app, PRESS_ESC);
    fixture_drain(&f);
    assert_int_equal(f.asked[REQUEST_RESUME] + f.asked[REQUEST_CLEAN], 0);
    assert_int_equal(f.asked[REQUEST_START], 1);
    assert_non_null(strstr(f.app->at.status, "x.journal"));
    fixture_free(&f);
}

static void test_start_that_fails_leaves_nothing_under_way(void **state)
{
    struct request request;
    struct fixture f;
    struct err err;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    assert_true(app_request(f.app, &request));
    assert_int_equal(request.kind, REQUEST_START);
    err_set(&err, ERR_IO, "the report folder is missing");
    app_failed(f.app, REQUEST_START, &err);
    assert_false(app_request(f.app, &request));
    assert_int_equal(f.app->queue.under_way, 0);
    assert_int_equal(app_dialog(f.app), DIALOG_MESSAGE);
    fixture_free(&f);
}

static void test_nothing_named_opens_the_setup(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    f.config.side[SIDE_SOURCE].where.module[0] = '\0';
    app_start(f.app);
    fixture_drain(&f);
    assert_int_equal(f.app->at.view, VIEW_SETUP);
    assert_int_equal(f.asked[REQUEST_OPEN], 1); /* the destination is named */
    fixture_done(&f, REQUEST_OPEN, SIDE_DESTINATION, true);
    assert_int_equal(f.asked[REQUEST_CHOOSE], 0); /* the officer chooses */
    fixture_free(&f);
}

static void test_failed_side_is_told_and_opened_again_only_when_asked(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    fixture_drain(&f);
    fixture_side(&f, SIDE_SOURCE, SIDE_OPEN);
    fixture_done(&f, REQUEST_OPEN, SIDE_SOURCE, true);
    fixture_side(&f, SIDE_DESTINATION, SIDE_OPEN);
    fixture_done(&f, REQUEST_OPEN, SIDE_DESTINATION, true);
    fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, true);
    fixture_error(&f, ERR_DENIED, "the PIN is wrong");
    fixture_done(&f, REQUEST_CHOOSE, SIDE_SOURCE, false);
    assert_int_equal(app_dialog(f.app), DIALOG_MESSAGE);
    assert_string_equal(f.app->dialog.message.what, "the PIN is wrong");
    assert_int_equal(app_exit_code(f.app), err_exit(ERR_DENIED));
    fixture_press(&f, PRESS_ENTER);
    fixture_side(&f, SIDE_DESTINATION, SIDE_LISTED);
    fixture_done(&f, REQUEST_CHOOSE, SIDE_DESTINATION, true);
    assert_int_equal(f.asked[REQUEST_OPEN], 2);
    fixture_press(&f, 'R');
    assert_int_equal(f.asked[REQUEST_OPEN], 3);
    fixture_done(&f, REQUEST_OPEN, SIDE_SOURCE, true);
    assert_int_equal(f.asked[REQUEST_CHOOSE], 3);
    fixture_free(&f);
}

/* R opens the HSM that failed, wherever the cursor is: the other one's officer is not asked for a
 * PIN that would then cost a try. */
static void test_retry_is_for_the_side_that_failed(void **state)
{
    struct key_list keys = fixture_keys(2);
    struct request request;
    struct fixture f;

    (void)state;
    for (enum side failed = SIDE_SOURCE; failed <= SIDE_DESTINATION; failed++)
        for (enum side active = SIDE_SOURCE; active <= SIDE_DESTINATION; active++) {
            fixture_new(&f);
            fixture_list(&f, &keys, &keys);
            fixture_drain(&f);
            f.app->at.active = active;
            fixture_press(&f, 'R');
            assert_int_equal(f.asked[REQUEST_OPEN], 2); /* those of the start */
            fixture_side(&f, failed, SIDE_OPENING);
            fixture_error(&f, ERR_DENIED, "the PIN is wrong");
            fixture_side(&f, failed, SIDE_FAILED);
            fixture_done(&f, REQUEST_CHOOSE, failed, false);
            fixture_press(&f, PRESS_ENTER);
            assert_int_equal(f.app->side[failed].inventory.count, 0);
            assert_int_equal(f.app->side[1 - failed].inventory.count, 2);
            app_press(f.app, 'R');
            assert_true(app_request(f.app, &request));
            assert_int_equal(request.kind, REQUEST_OPEN);
            assert_int_equal(request.side, failed);
            assert_int_equal(f.app->at.active, failed);
            fixture_free(&f);
        }
    key_list_free(&keys);
}

/* Pasted text is text: it finds and names, but confirms nothing. */
static void test_pasted_text_confirms_nothing(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    app_press(f.app, '/');
    app_press(f.app, PRESS_PASTED + 'b');
    assert_string_equal(f.app->dialog.field.text, "b");
    fixture_press(&f, PRESS_ESC);
    app_press(f.app, PRESS_PASTED + 'q');
    assert_int_equal(app_dialog(f.app), DIALOG_NONE);
    fixture_review(&f);
    fixture_press(&f, PRESS_PASTED + 'f');
    assert_int_equal(f.app->dialog.field.len, 0);
    assert_non_null(strstr(f.app->at.status, "Pasted"));
    app_press(f.app, 'f');
    assert_string_equal(f.app->dialog.field.text, "f");
    fixture_free(&f);
}

static void test_file_keys_are_marked(void **state)
{
    struct selection selection;
    uint64_t *handles;
    struct fixture f;
    struct err err;

    (void)state;
    fixture_new(&f);
    f.config.keys = calloc(1, sizeof *f.config.keys);
    assert_true(uri_parse("pkcs11:object=alpha", f.config.keys, &err));
    f.config.key_count = 1;
    fixture_small(&f);
    assert_int_equal(f.app->side[SIDE_SOURCE].inventory.marked_count, 1);
    assert_true(marks_selection(f.app, &selection, &handles, &err));
    assert_int_equal(selection.uri_count, 1); /* as the file says it */
    assert_null(handles);
    fixture_press(&f, PRESS_DOWN);
    fixture_press(&f, ' ');
    assert_true(marks_selection(f.app, &selection, &handles, &err));
    assert_int_equal(selection.uri_count, 0);
    assert_int_equal(selection.handle_count, 2);
    free(handles);
    fixture_free(&f);
}

/* Is the verdict on this row that the key is not extractable? */
static bool is_held_back(const struct inventory *inv, size_t row)
{
    const struct verdict *verdict = inventory_verdict(inv, row);
    char reason[VERDICT_REASON];

    return verdict->known && !verdict->movable &&
           strstr(inventory_reason(inv, verdict, reason), "not extractable");
}

/* What lies in a key itself is shown at once; what lies in the other side or in both waits. */
static void test_verdicts_while_a_list_still_comes(void **state)
{
    struct key_list some = fixture_keys(6);
    struct fixture f;
    const struct inventory *inv;

    (void)state;
    fixture_new(&f);
    inv = &f.app->side[SIDE_SOURCE].inventory;
    some.keys[1].flags &= ~(uint32_t)KEY_EXTRACTABLE;
    fixture_side(&f, SIDE_SOURCE, SIDE_LOGGED_IN);
    app_take_rows(f.app, SIDE_SOURCE, &(struct key_list){some.keys, 1, 0});
    app_take_rows(f.app, SIDE_SOURCE, &(struct key_list){some.keys + 1, 3, 0});
    for (size_t row = 0; row < 4; row++)
        assert_int_equal(is_held_back(inv, row), row == 1);
    assert_false(inventory_verdict(inv, 0)->known);
    fixture_side(&f, SIDE_SOURCE, SIDE_LISTED);
    app_take_keys(f.app, SIDE_SOURCE, &some);
    for (size_t row = 0; row < some.count; row++)
        assert_int_equal(is_held_back(inv, row), row == 1);
    app_take_keys(f.app, SIDE_DESTINATION, &some); /* there it is no question */
    assert_false(inventory_verdict(&f.app->side[SIDE_DESTINATION].inventory, 1)->known);
    key_list_free(&some);
    fixture_free(&f);
}

/* A list that still comes is shown, and marks wait for it; of one that failed nothing is left. */
static void test_rows_of_a_list_that_still_comes(void **state)
{
    struct key_list some = fixture_keys(1240), all = fixture_keys(3);
    struct fixture f;
    const struct inventory *inv;

    (void)state;
    fixture_new(&f);
    inv = &f.app->side[SIDE_SOURCE].inventory;
    f.app->at.view = VIEW_INVENTORY;
    app_take_rows(f.app, SIDE_SOURCE, &some); /* nobody is logged in yet */
    assert_int_equal(inv->count, 0);
    fixture_side(&f, SIDE_SOURCE, SIDE_LOGGED_IN);
    app_take_rows(f.app, SIDE_SOURCE, &some);
    assert_int_equal(inv->shown_count, 1240);
    fixture_press(&f, PRESS_DOWN);
    fixture_press(&f, ' ');
    assert_int_equal(inv->marked_count, 0);
    assert_true(strstr(f.app->at.status, "not complete yet, 1,240 so far") != NULL);
    fixture_press(&f, '*');
    fixture_press(&f, '+');
    assert_int_equal(app_dialog(f.app), DIALOG_NONE);
    assert_int_equal(inv->marked_count, 0);
    assert_int_equal(inv->scroll.at, 1);
    fixture_side(&f, SIDE_SOURCE, SIDE_FAILED);
    assert_int_equal(inv->count, 0);

    fixture_side(&f, SIDE_SOURCE, SIDE_LOGGED_IN);
    app_take_rows(f.app, SIDE_SOURCE, &some);
    fixture_side(&f, SIDE_SOURCE, SIDE_LISTED);
    app_take_keys(f.app, SIDE_SOURCE, &all);
    assert_int_equal(inv->count, 3);
    fixture_press(&f, ' '); /* the control */
    assert_int_equal(inv->marked_count, 1);
    app_take_rows(f.app, SIDE_SOURCE, &some); /* too late */
    assert_int_equal(inv->count, 3);
    key_list_free(&some);
    key_list_free(&all);
    fixture_free(&f);
}

static void test_only_what_can_go_is_marked(void **state)
{
    struct inventory *inv;
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    inv = &f.app->side[SIDE_SOURCE].inventory;
    fixture_press(&f, PRESS_F5); /* nothing is marked */
    assert_int_equal(f.asked[REQUEST_PLAN], 0);
    assert_true(strstr(f.app->at.status, "No key is marked") != NULL);
    fixture_type(&f, "  "); /* alpha and beta; the cursor goes on by itself */
    assert_int_equal(inv->marked_count, 2);
    fixture_type(&f, " "); /* no-way */
    assert_int_equal(inv->marked_count, 2);
    assert_true(strstr(f.app->at.status, "not extractable") != NULL);
    fixture_press(&f, PRESS_DOWN);
    fixture_type(&f, " "); /* a public key */
    assert_int_equal(inv->marked_count, 2);
    fixture_press(&f, PRESS_TAB);
    fixture_type(&f, " ");
    assert_true(strstr(f.app->at.status, "destination") != NULL);
    fixture_free(&f);
}

/* --- starting ------------------------------------------------------------------------------- */

static void to_review(struct fixture *f)
{
    fixture_new(f);
    fixture_small(f);
    fixture_type(f, "  ");
    fixture_review(f);
}

static void test_review_needs_a_typed_word(void **state)
{
    struct fixture f;

    (void)state;
    to_review(&f);
    assert_int_equal(app_dialog(f.app), DIALOG_REVIEW);
    assert_int_equal(f.asked[REQUEST_FLUSH], 1); /* what was typed ahead is thrown away */
    fixture_press(&f, PRESS_F5);                 /* the key that opened it */
    fixture_press(&f, PRESS_ENTER);              /* and a reflex */
    assert_int_equal(f.asked[REQUEST_RUN], 0);
    fixture_type(&f, "ferry 2\n");
    assert_int_equal(f.asked[REQUEST_RUN], 1);
    assert_int_equal(f.asked[REQUEST_ANSWER], 0); /* the engine has not asked yet */
    fixture_gate(&f, GATE_REVIEW, GATE_OPEN, "type  ferry 2  to start");
    assert_int_equal(f.asked[REQUEST_ANSWER], 1);
    assert_string_equal(f.last_answer, "ferry 2"); /* the engine judges it, not the screen */
    assert_int_equal(f.last_serial, f.seq);
    fixture_free(&f);
}

static void test_review_can_be_left(void **state)
{
    struct fixture f;

    (void)state;
    to_review(&f);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(app_dialog(f.app), DIALOG_NONE);
    assert_int_equal(f.asked[REQUEST_RUN] + f.asked[REQUEST_STOP], 0);
    fixture_review(&f); /* and come back to: the plan is made anew, not added to */
    assert_int_equal(f.app->run.key_count, 2);
    fixture_free(&f);
}

static void test_keys_typed_while_planning_do_nothing(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    fixture_type(&f, "  ");
    fixture_press(&f, 'c');
    fixture_type(&f, "ferry 2\n");
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    assert_int_equal(app_dialog(f.app), DIALOG_NONE);
    assert_int_equal(f.app->dialog.field.len, 0);
    fixture_done(&f, REQUEST_PLAN, SIDE_RELAY, true);
    assert_int_equal(app_dialog(f.app), DIALOG_REVIEW);
    assert_int_equal(f.app->dialog.field.len, 0);
    assert_int_equal(f.asked[REQUEST_RUN], 0);
    fixture_free(&f);
}

static void test_wrong_word_is_asked_for_again(void **state)
{
    struct fixture f;

    (void)state;
    to_review(&f);
    fixture_type(&f, "ferry 3\n");
    fixture_gate(&f, GATE_REVIEW, GATE_OPEN, "type  ferry 2  to start");
    assert_string_equal(f.last_answer, "ferry 3");
    fixture_gate(&f, GATE_REVIEW, GATE_WRONG, "");
    fixture_gate(&f, GATE_REVIEW, GATE_OPEN, "type  ferry 2  to start");
    assert_int_equal(f.asked[REQUEST_ANSWER], 1); /* not answered by itself a second time */
    assert_int_equal(app_dialog(f.app), DIALOG_REVIEW);
    assert_true(f.app->run.gate.last == GATE_WRONG);
    fixture_free(&f);
}

static void test_waived_review_still_wants_a_word(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    f.config.policy.gates = 0;
    fixture_small(&f);
    fixture_type(&f, "  ");
    fixture_review(&f);
    fixture_type(&f, "\n");
    fixture_type(&f, "go\n");
    assert_int_equal(f.asked[REQUEST_RUN], 0);
    fixture_type(&f, "start\n");
    assert_int_equal(f.asked[REQUEST_RUN], 1);
    fixture_free(&f);
}

/* A new ceremony knows nothing of one that was given up while its word waited for the engine. */
static void test_new_ceremony_answers_nothing_by_itself(void **state)
{
    struct fixture f;

    (void)state;
    to_review(&f);
    fixture_type(&f, "ferry 2\n"); /* the engine has not asked for it yet */
    app_go(f.app, VIEW_INVENTORY);
    fixture_press(&f, PRESS_F7);
    assert_int_equal(f.asked[REQUEST_START], 2);
    fixture_gate(&f, GATE_REVIEW, GATE_OPEN, "type  ferry 2  to start");
    assert_int_equal(f.asked[REQUEST_ANSWER], 0);
    assert_int_equal(app_dialog(f.app), DIALOG_REVIEW);
    fixture_free(&f);
}

/* --- gates and PINs ------------------------------------------------------------------------- */

static void running(struct fixture *f)
{
    to_review(f);
    fixture_run(f);
    assert_int_equal(f->app->at.view, VIEW_CEREMONY);
}

static void test_typed_ahead_does_not_answer_a_gate(void **state)
{
    unsigned answers;
    struct fixture f;

    (void)state;
    running(&f);
    answers = f.asked[REQUEST_ANSWER];
    fixture_type(&f, "island telephone\n"); /* before it is asked */
    fixture_press(&f, PRESS_ESC);           /* 't' opened the log */
    assert_int_equal(f.asked[REQUEST_ANSWER], answers);
    unsigned flushes = f.asked[REQUEST_FLUSH];
    fixture_gate(&f, GATE_FINGERPRINT, GATE_OPEN, "type words 5, 7, 20 and 31");
    assert_int_equal(f.asked[REQUEST_FLUSH], flushes + 1);
    assert_int_equal(app_dialog(f.app), DIALOG_GATE);
    assert_int_equal(f.app->dialog.field.len, 0);
    fixture_press(&f, PRESS_ENTER); /* an empty answer is none */
    assert_int_equal(f.asked[REQUEST_ANSWER], answers);
    fixture_type(&f, "island telephone\n");
    assert_int_equal(f.asked[REQUEST_ANSWER], answers + 1);
    assert_int_equal(f.last_serial, f.seq);
    assert_string_equal(f.last_answer, "island telephone");
    fixture_free(&f);
}

static void test_esc_at_a_gate_asks_then_refuses(void **state)
{
    struct fixture f;

    (void)state;
    running(&f);
    fixture_gate(&f, GATE_FINGERPRINT, GATE_OPEN, "type words 5, 7, 20 and 31");
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(app_dialog(f.app), DIALOG_CONFIRM);
    fixture_press(&f, 'n');
    assert_int_equal(app_dialog(f.app), DIALOG_GATE);
    assert_int_equal(f.asked[REQUEST_STOP], 0);
    fixture_press(&f, PRESS_ESC);
    fixture_press(&f, 'y');
    assert_int_equal(f.asked[REQUEST_STOP], 1);
    fixture_free(&f);
}

static void test_gate_is_not_answered_unseen(void **state)
{
    struct fixture f;
    unsigned answers;

    (void)state;
    running(&f);
    fixture_gate(&f, GATE_FINGERPRINT, GATE_OPEN, "type words 5, 7, 20 and 31");
    answers = f.asked[REQUEST_ANSWER];
    app_size(f.app, 30, 8);
    fixture_type(&f, "island telephone\n");
    assert_int_equal(f.asked[REQUEST_ANSWER], answers);
    app_size(f.app, 80, 24);
    assert_int_equal(f.app->dialog.field.len, 0);
    fixture_free(&f);
}

static void ask_pin(struct fixture *f, uint32_t flags)
{
    struct event e = {.kind = EVENT_PIN, .side = SIDE_SOURCE};

    app_start(f->app);
    fixture_drain(f);
    fixture_done(f, REQUEST_OPEN, SIDE_SOURCE, true);
    e.pin.flags = flags;
    snprintf(e.pin.token, sizeof e.pin.token, "hsm-old");
    fixture_event(f, &e);
    assert_int_equal(app_dialog(f->app), DIALOG_PIN);
}

static bool is_wiped(const struct secret *s)
{
    for (size_t i = 0; i < s->cap; i++)
        if (s->data[i])
            return false;
    return s->len == 0;
}

static void test_pin(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    ask_pin(&f, 0);
    fixture_press(&f, PRESS_ENTER); /* an empty PIN is not tried */
    assert_int_equal(f.asked[REQUEST_ANSWER], 0);
    fixture_type(&f, "12x");
    fixture_press(&f, PRESS_BACKSPACE); /* takes all of it */
    assert_true(is_wiped(&f.app->asked.pin.typed));
    fixture_type(&f, "1234\n");
    assert_string_equal(f.last_answer, "1234");
    assert_int_equal(f.last_serial, f.seq);
    assert_true(is_wiped(&f.app->asked.pin.typed));
    assert_int_equal(app_dialog(f.app), DIALOG_NONE);
    fixture_free(&f);
}

static void test_pin_refused(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    ask_pin(&f, 0);
    fixture_type(&f, "12");
    fixture_press(&f, PRESS_ESC);
    assert_true(is_wiped(&f.app->asked.pin.typed));
    assert_int_equal(f.asked[REQUEST_ANSWER], 0);
    assert_int_equal(f.asked[REQUEST_STOP], 1);
    fixture_free(&f);
}

static void test_last_try_needs_words_first(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    ask_pin(&f, HSM_TOKEN_PIN_FINAL_TRY);
    fixture_type(&f, "1234\n");
    assert_int_equal(f.asked[REQUEST_ANSWER], 0);
    assert_int_equal(f.app->asked.pin.typed.len, 0);
    fixture_type(&f, "last try\n");
    fixture_type(&f, "1234\n");
    assert_int_equal(f.asked[REQUEST_ANSWER], 1);
    fixture_free(&f);
}

/* --- stopping and the end ------------------------------------------------------------------- */

static void end(struct fixture *f, enum end_outcome outcome, int exit_code)
{
    struct event e = {.kind = EVENT_END, .side = SIDE_RELAY};

    e.end.outcome = outcome;
    e.end.exit_code = exit_code;
    fixture_event(f, &e);
    fixture_done(f, REQUEST_RUN, SIDE_RELAY, exit_code == 0);
}

static void test_quit_asks_while_a_ceremony_runs(void **state)
{
    struct fixture f;

    (void)state;
    running(&f);
    fixture_press(&f, 'q');
    assert_int_equal(app_dialog(f.app), DIALOG_CONFIRM);
    fixture_press(&f, 'q');
    assert_int_equal(f.asked[REQUEST_QUIT] + f.asked[REQUEST_STOP], 0);
    fixture_press(&f, PRESS_F10);
    fixture_press(&f, 'y');
    assert_int_equal(f.asked[REQUEST_STOP], 1);
    assert_int_equal(f.asked[REQUEST_QUIT], 0); /* not before it has stopped */
    end(&f, END_ABORTED, 2);
    assert_int_equal(f.asked[REQUEST_QUIT], 1);
    assert_int_equal(app_exit_code(f.app), 2);
    fixture_free(&f);
}

static void test_signal_stops_then_ends(void **state)
{
    struct fixture f;

    (void)state;
    running(&f);
    app_terminate(f.app);
    fixture_drain(&f);
    assert_int_equal(f.asked[REQUEST_STOP], 1);
    assert_int_equal(f.asked[REQUEST_QUIT], 0);
    app_terminate(f.app); /* the second does not wait */
    fixture_drain(&f);
    assert_int_equal(f.asked[REQUEST_ABANDON], 2);
    assert_int_equal(f.asked[REQUEST_QUIT], 1);
    fixture_free(&f);

    fixture_new(&f);
    app_start(f.app);
    fixture_drain(&f);
    app_terminate(f.app);
    fixture_drain(&f);
    assert_int_equal(f.asked[REQUEST_QUIT], 1);
    assert_int_equal(app_exit_code(f.app), err_exit(ERR_STOPPED));
    fixture_free(&f);
}

static void test_suspend_is_off_during_a_ceremony(void **state)
{
    struct fixture f;

    (void)state;
    running(&f);
    fixture_press(&f, PRESS_CTRL('z'));
    assert_int_equal(f.asked[REQUEST_SUSPEND], 0);
    end(&f, END_COMPLETE, 0);
    fixture_press(&f, PRESS_CTRL('z'));
    assert_int_equal(f.asked[REQUEST_SUSPEND], 1);
    fixture_free(&f);
}

/* From the log that was opened over the comparison, Back leads to the ceremony, step by step: in
 * the inventory F7 would begin another one. */
static void test_back_leads_to_the_ceremony_that_runs(void **state)
{
    struct fixture f;

    (void)state;
    running(&f);
    fixture_press(&f, PRESS_F6);
    fixture_press(&f, PRESS_F8);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->at.view, VIEW_VERIFY);
    for (unsigned i = 0; i < 3; i++) {
        fixture_press(&f, PRESS_ESC);
        assert_int_equal(f.app->at.view, VIEW_CEREMONY);
    }
    end(&f, END_COMPLETE, 0);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    fixture_free(&f);
}

static void test_hung_call(void **state)
{
    struct event e = {.kind = EVENT_CALL, .side = SIDE_SOURCE};
    struct fixture f;
    enum side side;
    int64_t ms;

    (void)state;
    running(&f);
    snprintf(e.call.name, sizeof e.call.name, "wrap");
    fixture_event(&f, &e);
    assert_false(run_unanswered(&f.app->run, f.app->at.now_ms + 9999, 10000, &side, &ms));
    assert_true(run_unanswered(&f.app->run, f.app->at.now_ms + 12000, 10000, &side, &ms));
    assert_int_equal(side, SIDE_SOURCE);
    assert_int_equal(ms, 12000);
    fixture_press(&f, 'a');
    fixture_press(&f, 'y');
    assert_int_equal(f.asked[REQUEST_ABANDON], 1);
    e.call.state = EVENT_FAILED;
    fixture_event(&f, &e);
    assert_false(run_unanswered(&f.app->run, f.app->at.now_ms + 12000, 10000, &side, &ms));
    fixture_free(&f);
}

static void test_end(void **state)
{
    static struct card card;
    struct fixture f;

    (void)state;
    running(&f);
    end(&f, END_COMPLETE, 0);
    assert_int_equal(f.app->at.view, VIEW_END);
    assert_int_equal(f.asked[REQUEST_REPORT], 1);
    assert_int_equal(f.asked[REQUEST_REFRESH], 2);
    assert_int_equal(app_exit_code(f.app), 0);
    fixture_press(&f, PRESS_F6);
    assert_int_equal(f.app->at.view, VIEW_VERIFY);
    assert_int_equal(f.app->verify.at, 1);
    fixture_press(&f, PRESS_END); /* the last row comes to the bottom, not to the top */
    assert_true(card_make(f.app, 80, &card));
    assert_int_equal(f.app->verify.scroll.at, card_last(f.app, &card));
    assert_in_range(card_last(f.app, &card), 1, card.count);
    fixture_press(&f, PRESS_UP);
    assert_int_equal(f.app->verify.scroll.at + 1, card_last(f.app, &card));
    fixture_type(&f, "nnn");
    assert_int_equal(f.app->verify.at, 2);
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(f.app->at.view, VIEW_END);
    fixture_press(&f, PRESS_ESC);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    fixture_press(&f, PRESS_F5); /* this ceremony is over */
    assert_int_equal(f.asked[REQUEST_PLAN], 1);
    fixture_free(&f);
}

static void test_steps_of_each_key_begin_afresh(void **state)
{
    const struct run *run;
    struct fixture f;

    (void)state;
    running(&f);
    run = &f.app->run;
    for (unsigned id = STEP_MAKE_PAIR; id <= STEP_PROVE_AGAIN; id++) {
        fixture_step(&f, (enum step_id)id, EVENT_BEGUN, id >= STEP_WRAP_KEY ? 1 : 0);
        fixture_step(&f, (enum step_id)id, EVENT_OK, id >= STEP_WRAP_KEY ? 1 : 0);
    }
    assert_int_equal(run->arrived, 1);
    fixture_step(&f, STEP_WRAP_KEY, EVENT_BEGUN, 2);
    assert_int_equal(run->latest, 2);
    assert_int_equal(run_step_shown(run, STEP_UNWRAP_KEK)->state, RUN_OK);
    assert_int_equal(run_step_shown(run, STEP_UNWRAP_KEY)->state, RUN_AHEAD);
    assert_int_equal(run_step(run, 1, STEP_UNWRAP_KEY)->state, RUN_OK);
    fixture_free(&f);
}

/* Two keys at once: what happens to one is not what happened to the other. */
static void test_keys_under_way_at_once(void **state)
{
    const struct run *run;
    struct fixture f;
    enum step_id id;

    (void)state;
    running(&f);
    run = &f.app->run;
    fixture_step(&f, STEP_WRAP_KEY, EVENT_BEGUN, 1);
    fixture_step(&f, STEP_WRAP_KEY, EVENT_BEGUN, 2);
    fixture_step(&f, STEP_WRAP_KEY, EVENT_OK, 1);
    fixture_step(&f, STEP_RELAY_KEY, EVENT_BEGUN, 1);
    fixture_step(&f, STEP_WRAP_KEY, EVENT_FAILED, 2);
    assert_int_equal(run_step(run, 1, STEP_WRAP_KEY)->state, RUN_OK);
    assert_int_equal(run_step(run, 2, STEP_WRAP_KEY)->state, RUN_FAILED);
    assert_int_equal(run_step(run, 1, STEP_RELAY_KEY)->state, RUN_BEGUN);
    assert_int_equal(run_step(run, 2, STEP_RELAY_KEY)->state, RUN_AHEAD);
    assert_true(run_step_now(run, &id));
    assert_int_equal(id, STEP_RELAY_KEY);
    fixture_press(&f, 'X'); /* an exception is of the step that began last, and its key */
    assert_int_equal(f.app->asked.exception.key, 1);
    fixture_press(&f, PRESS_ESC);
    fixture_step(&f, STEP_RELAY_KEY, EVENT_OK, 1);
    assert_int_equal(run_step(run, 1, STEP_RELAY_KEY)->bytes, 384);
    fixture_step(&f, STEP_WRAP_KEY, EVENT_BEGUN, 1); /* begun again */
    assert_int_equal(run_step(run, 1, STEP_RELAY_KEY)->state, RUN_AHEAD);
    fixture_free(&f);
}

static void test_hostile_numbers_are_ignored(void **state)
{
    struct event e = {.kind = EVENT_STEP, .side = (enum side)7};
    struct fixture f;

    (void)state;
    running(&f);
    fixture_event(&f, &e);
    e = (struct event){.kind = EVENT_STEP, .side = SIDE_RELAY};
    e.step.id = (enum step_id)99;
    fixture_event(&f, &e);
    e.step.id = STEP_WRAP_KEY;
    e.step.state = (enum event_state)99;
    fixture_event(&f, &e);
    fixture_step(&f, STEP_WRAP_KEY, EVENT_OK, 4000000000U);
    fixture_step(&f, STEP_RELAY_KEY, EVENT_OK, 0);
    e = (struct event){.kind = EVENT_KEY_DONE, .side = SIDE_RELAY, .key = 4000000000U};
    fixture_event(&f, &e);
    e = (struct event){.kind = (enum event_kind)77, .side = SIDE_RELAY};
    fixture_event(&f, &e);
    fixture_done(&f, (enum request_kind)55, SIDE_RELAY, false);
    for (enum side side = SIDE_RELAY; side <= SIDES; side++) {
        fixture_done(&f, REQUEST_OPEN, side, false);
        fixture_done(&f, REQUEST_CHOOSE, side, false);
    }
    assert_string_equal(f.app->run.title, ""); /* nothing was written behind the two sides */
    assert_int_equal(app_dialog(f.app), DIALOG_NONE);
    assert_int_equal(f.app->at.view, VIEW_CEREMONY);
    fixture_free(&f);
}

static void test_log_is_bounded(void **state)
{
    struct event e = {.kind = EVENT_VENDOR_OUTPUT, .side = SIDE_SOURCE};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    for (unsigned i = 0; i < 3 * LOG_LINES; i++) {
        snprintf(e.note.text, sizeof e.note.text, "line %u", i);
        fixture_event(&f, &e);
    }
    assert_int_equal(f.app->log.count, LOG_LINES);
    assert_int_equal(f.app->log.dropped, 2 * LOG_LINES);
    assert_string_equal(log_at(&f.app->log, LOG_LINES - 1)->text, "the library says: line 12287");
    assert_null(log_at(&f.app->log, LOG_LINES));
    fixture_free(&f);
}

/* Lines of calls, which are about no key, are between those of keys. */
static void test_log_walks_from_key_to_key(void **state)
{
    static const uint32_t keys[] = {0, 1, 1, 0, 2, 0, 2, 0};
    struct event e = {.kind = EVENT_STEP, .side = SIDE_RELAY, .step = {.id = STEP_WRAP_KEY}};
    struct log log;
    struct err err;

    (void)state;
    assert_true(log_new(&log, &err));
    assert_false(log_walk(&log, false) || log_walk(&log, true)); /* empty */
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        e.key = keys[i];
        log_event(&log, &e);
    }
    log.at = 0;
    assert_true(log_walk(&log, false) && log.at == 1);
    assert_true(log_walk(&log, false) && log.at == 4);
    assert_false(log_walk(&log, false));
    assert_int_equal(log.at, 4);
    log.at = 7; /* a call for key 2 */
    assert_true(log_walk(&log, true) && log.at == 1);
    assert_false(log_walk(&log, true));
    log.at = 3; /* a call for key 1 */
    assert_true(log_walk(&log, false) && log.at == 4);
    log_free(&log);
}

/* --- setup ---------------------------------------------------------------------------------- */

static void give_slots(struct fixture *f, enum side side, const char *serial)
{
    struct hsm_slot slots[2] = {
        {.id = 1,
         .flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED,
         .label = "good",
         .manufacturer = "m",
         .model = "n"},
        {.id = 2, .flags = HSM_SLOT_TOKEN_PRESENT, .label = "empty"},
    };
    struct event e = {.kind = EVENT_SIDE, .side = side, .side_state = {SIDE_OPEN}};

    snprintf(slots[0].serial, sizeof slots[0].serial, "%s", serial);
    fixture_event(f, &e);
    app_take_slots(f->app, side, &(struct hsm_slot_list){slots, 2});
    fixture_done(f, REQUEST_OPEN, side, true);
}

static void test_setup_chooses_slots(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    for (unsigned i = 0; i < 2; i++)
        f.config.side[i].token.text[0] = '\0';
    app_start(f.app);
    fixture_drain(&f);
    assert_int_equal(f.app->at.view, VIEW_SETUP);
    give_slots(&f, SIDE_SOURCE, "01");
    give_slots(&f, SIDE_DESTINATION, "02");
    fixture_press(&f, PRESS_F8); /* nothing chosen yet */
    assert_int_equal(f.asked[REQUEST_CHOOSE], 0);
    for (unsigned i = 0; i < SETUP_SLOTS + 1; i++)
        fixture_press(&f, PRESS_DOWN);
    fixture_press(&f, PRESS_ENTER);
    assert_true(strstr(f.app->at.status, "not initialised") != NULL);
    fixture_press(&f, PRESS_UP);
    fixture_press(&f, PRESS_ENTER);
    assert_true(strstr(f.config.side[SIDE_SOURCE].token.text, "good") != NULL);
    fixture_press(&f, PRESS_TAB);
    fixture_press(&f, PRESS_END);
    fixture_press(&f, PRESS_UP);
    fixture_press(&f, PRESS_ENTER);
    fixture_press(&f, PRESS_F8);
    assert_int_equal(f.asked[REQUEST_DEVICES], 0); /* production without officers */
    assert_non_null(strstr(f.app->at.status, "source officer"));
    f.config.rehearsal = true;
    fixture_press(&f, PRESS_F8);
    assert_int_equal(f.asked[REQUEST_DEVICES], 1);
    assert_int_equal(f.app->at.view, VIEW_INVENTORY);
    fixture_free(&f);
}

/* F8 while a side is opened again: both are compared once it is open, and only once. */
static void test_setup_next_waits(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned taken_back = 0; taken_back < 2; taken_back++) {
        fixture_new(&f);
        f.config.rehearsal = true;
        for (unsigned i = 0; i < 2; i++)
            f.config.side[i].token.text[0] = '\0';
        app_start(f.app);
        fixture_drain(&f);
        give_slots(&f, SIDE_SOURCE, "01");
        give_slots(&f, SIDE_DESTINATION, "02");
        for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
            f.app->at.active = side;
            f.app->setup.scroll[side].at = SETUP_SLOTS;
            fixture_press(&f, PRESS_ENTER);
        }
        fixture_press(&f, 'R');
        fixture_drain(&f);
        fixture_press(&f, PRESS_F8);
        assert_int_equal(f.asked[REQUEST_DEVICES], 0);
        assert_int_equal(f.app->at.view, VIEW_SETUP);
        assert_true(f.app->setup.next_asked);
        if (taken_back)
            fixture_press(&f, PRESS_F8);
        give_slots(&f, SIDE_DESTINATION, "02");
        fixture_drain(&f);
        assert_int_equal(f.asked[REQUEST_DEVICES], !taken_back);
        assert_int_equal(f.app->at.view, taken_back ? VIEW_SETUP : VIEW_INVENTORY);
        fixture_press(&f, PRESS_F8); /* the control: nothing is opened now */
        assert_int_equal(f.asked[REQUEST_DEVICES], 1);
        fixture_free(&f);
    }
}

/* The side that is opened again may fail: F8 then waits no more, and says of which one. */
static void test_setup_next_does_not_wait_for_a_failure(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    f.config.rehearsal = true;
    f.app->at.view = VIEW_SETUP;
    give_slots(&f, SIDE_SOURCE, "01");
    app_ask(f.app, REQUEST_OPEN, SIDE_DESTINATION);
    fixture_press(&f, PRESS_F8);
    assert_true(f.app->setup.next_asked);
    fixture_error(&f, ERR_IO, "no such module");
    fixture_done(&f, REQUEST_OPEN, SIDE_DESTINATION, false);
    assert_false(f.app->setup.next_asked);
    assert_int_equal(f.asked[REQUEST_DEVICES], 0);
    assert_non_null(strstr(f.app->at.status, "destination could not be opened; R"));
    fixture_free(&f);
}

/* What was chosen last holds; another token with the same label is the control. */
static void test_setup_one_token_is_not_both(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned same = 0; same < 2; same++) {
        fixture_new(&f);
        for (unsigned i = 0; i < 2; i++)
            f.config.side[i].token.text[0] = '\0';
        app_start(f.app);
        fixture_drain(&f);
        give_slots(&f, SIDE_SOURCE, "01");
        give_slots(&f, SIDE_DESTINATION, same ? "01" : "02");
        for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
            f.app->at.active = side;
            f.app->setup.scroll[side].at = SETUP_SLOTS;
            fixture_press(&f, PRESS_ENTER);
            assert_true(f.config.side[side].token.text[0]);
        }
        assert_int_equal(f.config.side[SIDE_SOURCE].token.text[0] == '\0', same);
        assert_int_equal(strstr(f.app->at.status, "Press F8 to continue") == NULL, same);
        fixture_free(&f);
    }
}

/* While a side is opened again, its cursor stays where its slots will be. */
static void test_setup_keeps_the_place(void **state)
{
    struct event e = {.kind = EVENT_SIDE, .side = SIDE_SOURCE, .side_state = {SIDE_FAILED}};
    struct fixture f;

    (void)state;
    fixture_new(&f);
    f.config.side[SIDE_SOURCE].token.text[0] = '\0';
    app_start(f.app);
    fixture_drain(&f);
    give_slots(&f, SIDE_SOURCE, "01");
    f.app->setup.scroll[SIDE_SOURCE].at = SETUP_SLOTS;
    f.app->at.active = SIDE_DESTINATION;
    setup_set_module(f.app, "/other.so"); /* which opens both again */
    assert_int_equal(f.app->setup.scroll[SIDE_SOURCE].at, SETUP_SLOTS);
    fixture_event(&f, &e); /* the control: no slots will come */
    app_resize(f.app);
    assert_int_equal(f.app->setup.scroll[SIDE_SOURCE].at, SETUP_ENVIRONMENT);
    fixture_free(&f);
}

/* Nobody gives a PIN in production before both devices were confirmed; a rehearsal is the
 * control. */
static void test_no_pin_before_the_devices(void **state)
{
    struct fixture f;

    (void)state;
    for (unsigned rehearsal = 0; rehearsal < 2; rehearsal++) {
        struct event e = {
            .kind = EVENT_SIDE, .side = SIDE_DESTINATION, .side_state = {SIDE_FAILED}};
        fixture_new(&f);
        f.config.rehearsal = rehearsal;
        app_start(f.app);
        fixture_drain(&f);
        fixture_event(&f, &e);
        err_set(&f.app->queue.error, ERR_CONFIG, "source and destination are the same token");
        fixture_done(&f, REQUEST_DEVICES, SIDE_RELAY, false);
        fixture_drain(&f);
        assert_int_equal(f.asked[REQUEST_CHOOSE], rehearsal);
        assert_int_equal(f.app->side[SIDE_DESTINATION].err.code == ERR_CONFIG, !rehearsal);
        fixture_free(&f);
    }
}

/* What binds a key stands in its details, and only what there is. */
static void test_details_tell_what_binds_a_key(void **state)
{
    struct key_list source = fixture_keys(1), none = {0};
    struct sheet sheet;
    struct fixture f;

    (void)state;
    fixture_new(&f);
    for (unsigned bound = 0; bound < 2; bound++) {
        struct key_constraints *constraints = &source.keys[0].constraints;
        if (bound) {
            key_set_dates(&source.keys[0], "20260131", 8, "", 0);
            constraints->templates[KEY_TEMPLATE_UNWRAP] =
                (struct key_template){KEY_SENSITIVE, KEY_SENSITIVE, 0, 0, 1};
        }
        fixture_list(&f, &source, &none);
        f.app->at.active = SIDE_SOURCE;
        dialog_page(f.app, DIALOG_DETAILS, &sheet);
        assert_int_equal(strstr(sheet.text, "start date           20260131\n") != NULL, bound);
        assert_int_equal(
            strstr(sheet.text, "unwrap template      sensitive=yes others=1\n") != NULL, bound);
        assert_null(strstr(sheet.text, "end date"));
        assert_null(strstr(sheet.text, "wrap template        "));
    }
    key_list_free(&source);
    fixture_free(&f);
}

static void test_setup_tells_the_dialect(void **state)
{
    struct event e = {.kind = EVENT_HSM, .side = SIDE_SOURCE};
    struct sheet sheet;
    struct fixture f;

    (void)state;
    fixture_new(&f);
    f.app->at.active = SIDE_SOURCE;
    f.app->at.view = VIEW_SETUP;
    f.app->setup.scroll[SIDE_SOURCE].at = SETUP_MODULE;
    fixture_event(&f, &e);
    dialog_page(f.app, DIALOG_DETAILS, &sheet);
    assert_null(strstr(sheet.text, "spoken to in"));
    strcpy(e.hsm.info.dialect.name, "luna");
    e.hsm.info.dialect.status = HSM_DIALECT_DOCUMENTS;
    e.hsm.info.dialect.not_enforced = KEY_EXTRACTABLE | KEY_WRAP_WITH_TRUSTED;
    memset(e.hsm.info.dialect.sha256, 0xab, sizeof e.hsm.info.dialect.sha256);
    fixture_event(&f, &e);
    dialog_page(f.app, DIALOG_DETAILS, &sheet);
    assert_non_null(strstr(sheet.text, "spoken to in         dialect luna (from documents)\n"));
    assert_non_null(strstr(sheet.text, "abab abab abab abab"));
    assert_non_null(strstr(sheet.text, "extractable wrap-with-trusted; hsmferry does\n"));
    fixture_free(&f);
}

/* A key file is typed, and only the source can be one. */
static void test_setup_takes_a_key_file(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    fixture_drain(&f);
    f.app->at.view = VIEW_SETUP;
    f.app->setup.scroll[SIDE_SOURCE].at = SETUP_API;
    fixture_press(&f, PRESS_ENTER);
    fixture_press(&f, PRESS_ENTER);
    assert_string_equal(f.config.side[SIDE_SOURCE].where.api, "openssl");
    fixture_press(&f, PRESS_DOWN);
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(app_dialog(f.app), DIALOG_INPUT);
    fixture_type(&f, "k.p12\n");
    assert_string_equal(f.config.side[SIDE_SOURCE].where.module, "/k.p12");
    strcpy(f.config.side[SIDE_SOURCE].where.api, "pkcs11");
    fixture_press(&f, PRESS_TAB);
    f.app->setup.scroll[SIDE_DESTINATION].at = SETUP_API;
    for (int i = 0; i < 4; i++) {
        fixture_press(&f, PRESS_ENTER);
        assert_string_not_equal(f.config.side[SIDE_DESTINATION].where.api, "openssl");
    }
    fixture_free(&f);
}

static void test_setup_changes_a_module(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    app_start(f.app);
    fixture_drain(&f);
    f.app->at.view = VIEW_SETUP;
    f.app->setup.scroll[SIDE_SOURCE].at = SETUP_MODULE;
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(app_dialog(f.app), DIALOG_MODULES);
    fixture_press(&f, PRESS_ESC);
    fixture_press(&f, PRESS_UP);
    fixture_press(&f, PRESS_ENTER); /* the other API: its store is typed */
    assert_string_equal(f.config.side[SIDE_SOURCE].where.api, "nss");
    assert_string_equal(f.config.side[SIDE_SOURCE].token.text, "");
    fixture_press(&f, PRESS_DOWN);
    fixture_press(&f, PRESS_ENTER); /* the last row is another path */
    fixture_press(&f, PRESS_ENTER);
    assert_int_equal(app_dialog(f.app), DIALOG_INPUT);
    fixture_type(&f, "db\n");
    assert_string_equal(f.config.side[SIDE_SOURCE].where.module, "sql:/db");
    assert_int_equal(f.asked[REQUEST_START], 3);
    fixture_press(&f, PRESS_DOWN);
    fixture_press(&f, PRESS_ENTER);
    fixture_type(&f, "A=1\n"); /* NSS needs none */
    assert_null(f.config.side[SIDE_SOURCE].environment);
    strcpy(f.config.side[SIDE_SOURCE].where.api, "pkcs11");
    fixture_press(&f, PRESS_ESC);
    fixture_press(&f, PRESS_ENTER);
    fixture_type(&f, "A=1 B=2\n");
    assert_string_equal(f.config.side[SIDE_SOURCE].environment[1], "B=2");
    assert_null(f.config.side[SIDE_SOURCE].environment[2]);
    fixture_press(&f, PRESS_ENTER);
    fixture_type(&f, " nonsense\n");
    assert_string_equal(f.config.side[SIDE_SOURCE].environment[1], "B=2");
    fixture_press(&f, PRESS_ENTER);
    fixture_type(&f, " LD_LIBRARY_PATH=/evil\n"); /* and none gets this one */
    assert_null(f.config.side[SIDE_SOURCE].environment[2]);
    fixture_free(&f);
}

static void test_save_asks_for_a_path(void **state)
{
    struct fixture f;

    (void)state;
    fixture_new(&f);
    fixture_small(&f);
    fixture_press(&f, PRESS_F2);
    fixture_type(&f, "/tmp/x.yaml\n");
    assert_int_equal(f.asked[REQUEST_SAVE], 1);
    assert_string_equal(f.app->queue.save_path, "/tmp/x.yaml");
    assert_int_equal(f.config.key_count, 0);
    fixture_type(&f, " ");
    fixture_press(&f, PRESS_F2);
    fixture_type(&f, "/tmp/y.yaml\n"); /* with the keys that are marked */
    assert_int_equal(f.config.key_count, 1);
    assert_true(strstr(f.config.keys[0].text, "object=alpha") != NULL);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_opens_both_sides),
        cmocka_unit_test(both_are_chosen_at_once),
        cmocka_unit_test(test_stopped_at_the_devices),
        cmocka_unit_test(test_wrong_pin_is_asked_for_again_first),
        cmocka_unit_test(test_review_waits_for_what_it_needs),
        cmocka_unit_test(test_interrupted_is_settled_first),
        cmocka_unit_test(test_start_that_fails_leaves_nothing_under_way),
        cmocka_unit_test(test_nothing_named_opens_the_setup),
        cmocka_unit_test(test_failed_side_is_told_and_opened_again_only_when_asked),
        cmocka_unit_test(test_retry_is_for_the_side_that_failed),
        cmocka_unit_test(test_pasted_text_confirms_nothing),
        cmocka_unit_test(test_file_keys_are_marked),
        cmocka_unit_test(test_rows_of_a_list_that_still_comes),
        cmocka_unit_test(test_verdicts_while_a_list_still_comes),
        cmocka_unit_test(test_only_what_can_go_is_marked),
        cmocka_unit_test(test_review_needs_a_typed_word),
        cmocka_unit_test(test_review_can_be_left),
        cmocka_unit_test(test_keys_typed_while_planning_do_nothing),
        cmocka_unit_test(test_wrong_word_is_asked_for_again),
        cmocka_unit_test(test_waived_review_still_wants_a_word),
        cmocka_unit_test(test_new_ceremony_answers_nothing_by_itself),
        cmocka_unit_test(test_typed_ahead_does_not_answer_a_gate),
        cmocka_unit_test(test_esc_at_a_gate_asks_then_refuses),
        cmocka_unit_test(test_gate_is_not_answered_unseen),
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_pin_refused),
        cmocka_unit_test(test_last_try_needs_words_first),
        cmocka_unit_test(test_quit_asks_while_a_ceremony_runs),
        cmocka_unit_test(test_signal_stops_then_ends),
        cmocka_unit_test(test_suspend_is_off_during_a_ceremony),
        cmocka_unit_test(test_back_leads_to_the_ceremony_that_runs),
        cmocka_unit_test(test_hung_call),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_steps_of_each_key_begin_afresh),
        cmocka_unit_test(test_keys_under_way_at_once),
        cmocka_unit_test(test_hostile_numbers_are_ignored),
        cmocka_unit_test(test_log_is_bounded),
        cmocka_unit_test(test_log_walks_from_key_to_key),
        cmocka_unit_test(test_setup_chooses_slots),
        cmocka_unit_test(test_setup_next_waits),
        cmocka_unit_test(test_setup_next_does_not_wait_for_a_failure),
        cmocka_unit_test(test_setup_one_token_is_not_both),
        cmocka_unit_test(test_setup_keeps_the_place),
        cmocka_unit_test(test_no_pin_before_the_devices),
        cmocka_unit_test(test_details_tell_what_binds_a_key),
        cmocka_unit_test(test_setup_tells_the_dialect),
        cmocka_unit_test(test_setup_takes_a_key_file),
        cmocka_unit_test(test_setup_changes_a_module),
        cmocka_unit_test(test_save_asks_for_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
