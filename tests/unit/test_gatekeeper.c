/* SPDX-License-Identifier: Apache-2.0 */
/* Gates and the narrator without any HSM: who is asked what, how often, and what the record hears.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ceremony/gatekeeper.h"
#include "ceremony/narrator.h"

enum { EVENTS_MAX = 64, FIRST_OFFICER = 0, SECOND_OFFICER = 1 };

static const struct officer officers[] = {{"Ada", "source officer"},
                                          {"Charles Babbage", "destination officer"}};

/* A record that hears all, on a clock that a test sets. */
struct rig {
    struct event_sink sink;
    struct event events[EVENTS_MAX];
    size_t count;
    size_t refuse_at; /* 0: none */
    int64_t utc_ms, mono_us;
    struct ceremony_host host;
    struct narrator narrator;
    struct gatekeeper keeper;
    struct err err;
};

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct rig *rig = (struct rig *)((char *)sink - offsetof(struct rig, sink));

    assert_true(rig->count < EVENTS_MAX);
    rig->events[rig->count++] = *event;
    return rig->count != rig->refuse_at || err_set(err, ERR_IO, "the disk is full");
}

static int64_t utc_ms(void *ctx)
{
    return ((struct rig *)ctx)->utc_ms;
}

static int64_t mono_us(void *ctx)
{
    return ((struct rig *)ctx)->mono_us;
}

static void begin(struct rig *rig, uint32_t gates, uint32_t two_officers)
{
    *rig = (struct rig){.sink = {take}, .utc_ms = 1000, .mono_us = 5000};
    rig->host = (struct ceremony_host){
        .ctx = rig, .utc_ms = utc_ms, .mono_us = mono_us, .sink = &rig->sink};
    rig->keeper = (struct gatekeeper){
        .gates = gates, .two_officers = two_officers, .officers = officers, .officer_count = 2};
    narrator_begin(&rig->narrator, &rig->host);
}

static bool pass(struct rig *rig, const struct gate_subject *about)
{
    return gatekeeper_pass(&rig->keeper, about, &rig->narrator, &rig->err);
}

static bool answer(struct rig *rig, const char *typed)
{
    return gatekeeper_answer(&rig->keeper, typed, &rig->narrator, &rig->err);
}

static const struct event *last(const struct rig *rig)
{
    assert_true(rig->count > 0);
    return &rig->events[rig->count - 1];
}

static void expect(const struct rig *rig, enum gate gate, enum gate_state state)
{
    assert_int_equal(last(rig)->kind, EVENT_GATE);
    assert_int_equal(last(rig)->gate.gate, gate);
    assert_int_equal(last(rig)->gate.state, state);
}

/* --- subjects --- */

static const struct hsm_slot devices[2] = {{.serial = "8f3c21d0"}, {.serial = "000077aB"}};
static const struct gate_subject of_devices = {.gate = GATE_DEVICES, .devices = devices};
static const struct gate_subject of_review = {.gate = GATE_REVIEW, .keys = 12};

static uint8_t der[] = "a public key, as far as a fingerprint is concerned";
static const struct bytes transport_key = {der, sizeof der};
static const struct gate_subject of_fingerprint = {.gate = GATE_FINGERPRINT,
                                                   .transport_key = &transport_key};

static struct plan_item item_named(const char *label)
{
    static struct key_desc keys[8];
    static size_t used;
    struct key_desc *key = &keys[used++ % 8];

    *key = (struct key_desc){.label_len = (uint16_t)strlen(label)};
    memcpy(key->label, label, key->label_len);
    return (struct plan_item){.key = key, .route = ROUTE_ENVELOPE};
}

static struct gate_subject of_key(const struct plan_item *item, uint32_t number)
{
    return (struct gate_subject){.gate = GATE_KEY, .item = item, .number = number};
}

/* --- each gate, once right and once wrong --- */

static void each_gate_wants_its_own_answer(void **state)
{
    const struct plan_item item = item_named("root-ca"), odd = item_named("\xc3\x28");
    const struct gate_subject key = of_key(&item, 3), odd_key = of_key(&odd, 4);
    const struct hsm_slot without[2] = {{.serial = ""}, {.serial = "1"}};
    const struct gate_subject unnamed = {.gate = GATE_DEVICES, .devices = without};
    const struct {
        const struct gate_subject *about;
        const char *right, *wrong;
    } rows[] = {
        {&of_devices, "21d0 77aB", "21d0"}, {&unnamed, "Yes", "no"},
        {&of_review, "ferry 12", "ferry"},  {&key, "root-ca", "ROOT-CA"},
        {&odd_key, "Yes", "\xc3\x28"},
    };
    struct rig rig;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum gate gate = rows[i].about->gate;
        begin(&rig, (1U << GATES) - 1, 0);
        assert_false(pass(&rig, rows[i].about));
        assert_true(rig.keeper.open);
        expect(&rig, gate, GATE_OPEN);
        assert_int_equal(last(&rig)->key, rows[i].about->number);
        assert_int_equal(last(&rig)->gate.tries_left, 2);
        assert_string_equal(last(&rig)->gate.officer, "Ada");
        assert_true(answer(&rig, rows[i].wrong));
        expect(&rig, gate, GATE_WRONG);
        assert_false(rig.keeper.open);
        assert_false(pass(&rig, rows[i].about)); /* asked again */
        assert_int_equal(last(&rig)->gate.tries_left, 1);
        assert_true(answer(&rig, rows[i].right));
        expect(&rig, gate, GATE_CONFIRMED);
        assert_true(pass(&rig, rows[i].about));
        assert_int_equal(rig.count, 4); /* no word more */
    }
}

static void no_gate_waits_for_nobody(void **state)
{
    const struct gate_subject none = {.gate = GATE_NONE};
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, (1U << GATES) - 1);
    assert_true(pass(&rig, &none));
    assert_true(answer(&rig, "typed ahead")); /* no gate is open: nothing is judged */
    assert_int_equal(rig.count, 0);
}

static void tries_run_out(void **state)
{
    static const struct {
        const struct gate_subject *about;
        enum err_code code;
    } rows[] = {{&of_review, ERR_STOPPED}, {&of_fingerprint, ERR_DATA}};
    struct rig rig;
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        begin(&rig, (1U << GATES) - 1, 0);
        assert_false(pass(&rig, rows[i].about));
        assert_true(answer(&rig, "wrong"));
        assert_false(pass(&rig, rows[i].about));
        assert_false(answer(&rig, "wrong"));
        expect(&rig, rows[i].about->gate, GATE_REFUSED);
        assert_int_equal(rig.err.code, rows[i].code);
        assert_false(rig.keeper.open);
    }
}

/* What was asked of whom is in the record once it was typed, and not before. */
static void an_answer_is_recorded(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, UINT32_MAX, 0);
    assert_false(pass(&rig, &of_review));
    assert_string_equal(last(&rig)->gate.answer, "");
    assert_true(answer(&rig, "ferry 13"));
    expect(&rig, GATE_REVIEW, GATE_WRONG);
    assert_string_equal(last(&rig)->gate.answer, "");
    assert_false(pass(&rig, &of_review));
    assert_true(answer(&rig, "FERRY 12"));
    expect(&rig, GATE_REVIEW, GATE_CONFIRMED);
    assert_string_equal(last(&rig)->gate.answer, "ferry 12");
    assert_string_equal(last(&rig)->gate.officer, "Ada");
}

/* The plan is made again: the open review is void, any other gate is not. */
static void a_review_can_be_withdrawn(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, UINT32_MAX, 0);
    assert_false(pass(&rig, &of_review));
    gatekeeper_withdraw(&rig.keeper, GATE_FINGERPRINT);
    assert_true(rig.keeper.open);
    gatekeeper_withdraw(&rig.keeper, GATE_REVIEW);
    assert_false(rig.keeper.open);
    assert_true(answer(&rig, "ferry 12")); /* nothing is asked: nothing is confirmed */
    assert_int_equal(rig.count, 1);
    assert_false(pass(&rig, &of_review)); /* control: it waits all the same */
    expect(&rig, GATE_REVIEW, GATE_OPEN);
}

/* ... so is what was said of the old plan: by one officer of two, by both, or by the file. */
static void no_answer_passes_for_another_plan(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, UINT32_MAX, 1U << GATE_REVIEW);
    assert_false(pass(&rig, &of_review));
    assert_true(answer(&rig, "ferry 12"));
    gatekeeper_withdraw(&rig.keeper, GATE_REVIEW);
    assert_false(pass(&rig, &of_review));
    assert_string_equal(last(&rig)->gate.role, officers[0].role); /* not yet the second one */

    begin(&rig, UINT32_MAX, 0);
    assert_false(pass(&rig, &of_review));
    assert_true(answer(&rig, "ferry 12"));
    assert_true(pass(&rig, &of_review)); /* control: for that plan it passes */
    gatekeeper_withdraw(&rig.keeper, GATE_REVIEW);
    assert_false(pass(&rig, &of_review));

    begin(&rig, 1U << GATE_KEY, 0);
    assert_true(pass(&rig, &of_review));
    assert_int_equal(last(&rig)->gate.keys, of_review.keys);
    gatekeeper_withdraw(&rig.keeper, GATE_REVIEW);
    struct gate_subject other = of_review;
    other.keys = 3;
    assert_true(pass(&rig, &other));
    assert_int_equal(rig.count, 2);
    assert_int_equal(last(&rig)->gate.keys, 3);
}

static void waived_gates_pass_and_are_recorded_once(void **state)
{
    const struct plan_item item = item_named("k");
    struct gate_subject first = of_key(&item, 1), second = of_key(&item, 2);
    struct rig rig;
    (void)state;

    begin(&rig, 1U << GATE_REVIEW, 0);
    first.keys = 5;
    rig.keeper.officer = &officers[0]; /* who answered another gate */
    assert_true(pass(&rig, &first));
    expect(&rig, GATE_KEY, GATE_WAIVED);
    assert_int_equal(last(&rig)->key, 0);
    assert_string_equal(last(&rig)->gate.officer, "");
    assert_string_equal(last(&rig)->gate.role, "");
    assert_string_equal(last(&rig)->gate.question, "waived by the ceremony file, for all keys (5)");
    assert_int_equal(last(&rig)->gate.keys, 5);
    gatekeeper_next_key(&rig.keeper);
    assert_true(pass(&rig, &second)); /* a waiver is for all keys */
    assert_int_equal(rig.count, 1);
    assert_false(pass(&rig, &of_review)); /* control: this one was not waived */
}

static void each_key_is_confirmed_by_itself(void **state)
{
    const struct plan_item item = item_named("k");
    const struct gate_subject about = of_key(&item, 1);
    struct rig rig;
    (void)state;

    begin(&rig, 1U << GATE_KEY, 0);
    assert_false(pass(&rig, &about));
    assert_true(answer(&rig, "k") && pass(&rig, &about));
    gatekeeper_next_key(&rig.keeper);
    assert_false(pass(&rig, &about));
}

/* --- what nothing can prove --- */

static void unproven_keys_want_a_word_whatever_is_waived(void **state)
{
    struct plan_item item = item_named("k");
    const struct gate_subject about = of_key(&item, 1);
    struct rig rig;
    (void)state;

    begin(&rig, 0, 0);
    assert_true(pass(&rig, &about)); /* control: the gate is waived */
    item.unproven = true;
    assert_false(pass(&rig, &about));
    assert_true(answer(&rig, "k"));
    expect(&rig, GATE_KEY, GATE_WRONG);
    assert_false(pass(&rig, &about));
    assert_true(answer(&rig, "unproven") && pass(&rig, &about));
    gatekeeper_next_key(&rig.keeper);
    assert_false(pass(&rig, &about));
}

/* --- a key is left out --- */

static void skip_leaves_a_key_out(void **state)
{
    const struct plan_item item = item_named("k"), named_so = item_named("skip");
    const struct gate_subject first = of_key(&item, 1), second = of_key(&named_so, 2);
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 1U << GATE_KEY);
    assert_false(pass(&rig, &first));
    assert_true(answer(&rig, "k")); /* one officer confirms, */
    assert_false(pass(&rig, &first));
    assert_true(answer(&rig, "skip")); /* the other one does not */
    expect(&rig, GATE_KEY, GATE_REFUSED);
    assert_string_equal(last(&rig)->gate.question, "left out");
    assert_true(rig.keeper.skip);
    rig.keeper.skip = false;
    gatekeeper_next_key(&rig.keeper);
    assert_false(pass(&rig, &second));
    assert_string_equal(last(&rig)->gate.officer,
                        "Ada"); /* the next key begins with the first one */
    assert_non_null(strstr(last(&rig)->gate.question, " Yes  to move this key"));
    assert_true(answer(&rig, "skip")); /* a label of that name moves nothing */
    assert_true(rig.keeper.skip);
    begin(&rig, (1U << GATES) - 1, 0);
    assert_false(pass(&rig, &of_review));
    assert_true(answer(&rig, "skip")); /* control: at another gate it is a wrong word */
    expect(&rig, GATE_REVIEW, GATE_WRONG);
    assert_false(rig.keeper.skip);
}

/* --- two officers --- */

static void who_has_no_initials_types_the_role(void **state)
{
    static const struct {
        const char *first, *second, *asked;
    } rows[] = {
        {"Ada", "Charles Babbage", "type your initials, CB, then "},
        {"Ada", "Ludwig van Beethoven", "type your initials, LvB, then "},
        {"Ada Lovelace", "Alan Lane", "type your role, destination officer, then "},
        {"Ada", "\xc3\x89lodie", "type your role, destination officer, then "},
        {"Ada", "a b c d e f g", "type your role, destination officer, then "},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct officer two[2] = {{.role = "source officer"}, {.role = "destination officer"}};
        struct rig rig;
        snprintf(two[0].name, sizeof two[0].name, "%s", rows[i].first);
        snprintf(two[1].name, sizeof two[1].name, "%s", rows[i].second);
        begin(&rig, (1U << GATES) - 1, 1U << GATE_REVIEW);
        rig.keeper.officers = two;
        assert_false(pass(&rig, &of_review));
        assert_true(answer(&rig, "ferry 12"));
        assert_false(pass(&rig, &of_review));
        assert_memory_equal(last(&rig)->gate.question, rows[i].asked, strlen(rows[i].asked));
    }
}

/* The words that the open gate asks for, as the keeper expects them, after this role. */
static const char *words(const struct rig *rig, const char *role, char out[160])
{
    text_print(out, 160, "%s %s", role, rig->keeper.expected);
    return out;
}

static void both_officers_confirm_other_words(void **state)
{
    char first[64], typed[160];
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 1U << GATE_FINGERPRINT);
    assert_false(pass(&rig, &of_fingerprint));
    assert_string_equal(last(&rig)->gate.officer, officers[FIRST_OFFICER].name);
    snprintf(first, sizeof first, "%s", rig.keeper.expected);
    assert_true(answer(&rig, first));
    expect(&rig, GATE_FINGERPRINT, GATE_CONFIRMED);
    assert_false(pass(&rig, &of_fingerprint)); /* half of it */
    assert_string_equal(last(&rig)->gate.role, officers[SECOND_OFFICER].role);
    assert_string_not_equal(rig.keeper.expected, first);
    snprintf(typed, sizeof typed, "cb %s", first);
    assert_true(answer(&rig, typed)); /* an echo of the first one's words */
    expect(&rig, GATE_FINGERPRINT, GATE_WRONG);
    assert_string_equal(last(&rig)->gate.question, "the words were wrong");
    assert_false(pass(&rig, &of_fingerprint));
    assert_true(answer(&rig, words(&rig, "Cb", typed)));
    assert_true(pass(&rig, &of_fingerprint));
}

static void wrong_roles_cost_no_words_but_run_out(void **state)
{
    char typed[160];
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 1U << GATE_REVIEW);
    assert_false(pass(&rig, &of_review));
    assert_true(answer(&rig, "ferry 12"));
    for (unsigned i = 0; i < 3; i++) {
        assert_false(pass(&rig, &of_review));
        assert_int_equal(last(&rig)->gate.tries_left, 2);
        assert_true(answer(&rig, words(&rig, "source officer", typed)) == (i < 2));
        expect(&rig, GATE_REVIEW, i < 2 ? GATE_WRONG : GATE_REFUSED);
        assert_string_equal(last(&rig)->gate.question, "another officer answered");
    }
    assert_int_equal(rig.err.code, ERR_STOPPED);
}

static void one_officer_is_enough_where_one_is_asked(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 1U << GATE_FINGERPRINT);
    assert_false(pass(&rig, &of_review));
    assert_true(answer(&rig, "ferry 12") && pass(&rig, &of_review));
    rig.keeper.officer_count = 0;
    assert_false(pass(&rig, &of_devices));
    assert_string_equal(last(&rig)->gate.officer, "");
}

/* --- what else can happen to a gate --- */

static void a_refusing_record_opens_no_gate(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 0);
    rig.refuse_at = 1;
    assert_false(pass(&rig, &of_review));
    assert_false(rig.keeper.open);
    assert_int_equal(rig.err.code, ERR_IO);

    begin(&rig, (1U << GATES) - 1, 0);
    assert_false(pass(&rig, &of_review));
    rig.refuse_at = 2;
    assert_false(answer(&rig, "ferry 12"));
    assert_int_equal(rig.err.code, ERR_IO);
}

static void stopping_refuses_the_open_gate(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 0);
    gatekeeper_refuse(&rig.keeper, &rig.narrator); /* none is open */
    assert_int_equal(rig.count, 0);
    assert_false(pass(&rig, &of_review));
    gatekeeper_refuse(&rig.keeper, &rig.narrator);
    expect(&rig, GATE_REVIEW, GATE_REFUSED);
    assert_false(rig.keeper.open);
}

static void another_device_is_confirmed_again(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, (1U << GATES) - 1, 0);
    assert_false(pass(&rig, &of_devices));
    assert_true(answer(&rig, "21d0 77aB") && pass(&rig, &of_devices));
    gatekeeper_forget(&rig.keeper, GATE_DEVICES);
    assert_false(pass(&rig, &of_devices));
}

/* --- the narrator --- */

static void events_are_numbered_and_timed(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, 0, 0);
    rig.mono_us += 7000;
    assert_true(emit_side(&rig.narrator, SIDE_SOURCE, SIDE_OPEN, &rig.err));
    rig.utc_ms += 5;
    assert_true(emit_side(&rig.narrator, SIDE_DESTINATION, SIDE_OPEN, &rig.err));
    assert_int_equal(rig.events[0].seq, 1);
    assert_int_equal(rig.events[0].mono_ms, 7);
    assert_int_equal(rig.events[0].utc_ms, 1000);
    assert_int_equal(rig.events[1].seq, 2);
    assert_int_equal(rig.events[1].utc_ms, 1005);
}

static void a_clock_that_goes_back_is_recorded_first(void **state)
{
    struct rig rig;
    (void)state;

    begin(&rig, 0, 0);
    rig.narrator.utc_ms = 9999; /* before the first event nothing can have gone back */
    assert_true(emit_side(&rig.narrator, SIDE_SOURCE, SIDE_OPEN, &rig.err));
    assert_int_equal(rig.count, 1);
    rig.utc_ms -= 250;
    assert_true(emit_side(&rig.narrator, SIDE_SOURCE, SIDE_LISTED, &rig.err));
    assert_int_equal(rig.count, 3);
    assert_int_equal(rig.events[1].kind, EVENT_WARNING);
    assert_string_equal(rig.events[1].note.name, NARRATOR_CLOCK);
    assert_non_null(strstr(rig.events[1].note.text, "0.250 s"));
    assert_int_equal(rig.events[2].seq, 3);
}

static void notes_keep_why_they_were_refused(void **state)
{
    struct err why = {0};
    struct rig rig;
    (void)state;

    begin(&rig, 0, 0);
    rig.refuse_at = 1;
    assert_false(emit_note(&rig.narrator, EVENT_WARNING, SIDE_RELAY, "x", "%d", 1));
    assert_false(emit_why(&rig.narrator, &why));
    assert_int_equal(why.code, ERR_IO);
}

static void a_muted_narrator_passes_warnings_on_and_nothing_else(void **state)
{
    struct narrator muted = {0};
    struct rig rig;
    (void)state;

    begin(&rig, 0, 0);
    muted.muted = &rig.narrator;
    assert_true(emit_side(&muted, SIDE_SOURCE, SIDE_OPEN, &rig.err));
    assert_int_equal(rig.count, 0);
    assert_true(emit_note(&muted, EVENT_WARNING, SIDE_SOURCE, "unexplained", "handle 7"));
    assert_int_equal(rig.count, 1);
    assert_int_equal(rig.events[0].seq, 1);
    rig.refuse_at = 2;
    assert_false(emit_note(&muted, EVENT_WARNING, SIDE_SOURCE, "unexplained", "handle 8"));
    assert_true(emit_side(&rig.narrator, SIDE_SOURCE, SIDE_LISTED, &rig.err));
    assert_int_equal(rig.events[2].seq, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gate_wants_its_own_answer),
        cmocka_unit_test(no_gate_waits_for_nobody),
        cmocka_unit_test(tries_run_out),
        cmocka_unit_test(an_answer_is_recorded),
        cmocka_unit_test(a_review_can_be_withdrawn),
        cmocka_unit_test(no_answer_passes_for_another_plan),
        cmocka_unit_test(waived_gates_pass_and_are_recorded_once),
        cmocka_unit_test(each_key_is_confirmed_by_itself),
        cmocka_unit_test(unproven_keys_want_a_word_whatever_is_waived),
        cmocka_unit_test(skip_leaves_a_key_out),
        cmocka_unit_test(who_has_no_initials_types_the_role),
        cmocka_unit_test(both_officers_confirm_other_words),
        cmocka_unit_test(wrong_roles_cost_no_words_but_run_out),
        cmocka_unit_test(one_officer_is_enough_where_one_is_asked),
        cmocka_unit_test(a_refusing_record_opens_no_gate),
        cmocka_unit_test(stopping_refuses_the_open_gate),
        cmocka_unit_test(another_device_is_confirmed_again),
        cmocka_unit_test(events_are_numbered_and_timed),
        cmocka_unit_test(a_clock_that_goes_back_is_recorded_first),
        cmocka_unit_test(notes_keep_why_they_were_refused),
        cmocka_unit_test(a_muted_narrator_passes_warnings_on_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
