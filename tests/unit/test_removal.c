/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removals between two HSMs that do real cryptography and can fail, lie and forget: no key is lost
 * without a copy, and what is said of each key is true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "ceremony/ceremony.h"
#include "ceremony/removal_run.h"
#include "tests/fake/fake.h"

#define VALUE(digit) ":value=" digit digit digit digit digit digit digit digit
#define ONE          "aes32:one:id=01:+encrypt:+decrypt" VALUE("11223344")
#define TWO          "rsa2048:two:id=02:+sign:+public"
#define THREE        "aes32:three:id=03:+encrypt:+decrypt" VALUE("55667788")
#define KEYS         "quick=yes;keys=" ONE "," TWO "," THREE
#define OTHER        "quick=yes;keys=aes32:one:id=01:+encrypt:+decrypt" VALUE("deadbeef") "," TWO "," THREE
enum { KEYS_COUNT = 3, EVENTS_MAX = 2000, OPENS = 8 };
static const char *const labels[KEYS_COUNT] = {"one", "two", "three"};

/* One removal between two fakes, and all that it told. */
struct rig {
    char folder[64];
    char store[2][96];
    const char *faults[2][OPENS]; /* of each process that is opened, by side */
    unsigned opened[2];
    struct event_sink sink;
    struct event *events;
    size_t count;
    size_t refuse_at;  /* from this event on the sink refuses all; 0: none */
    const char *typed; /* in place of the right answer at the review; NULL: it is right */
    struct ceremony_setup setup;
    struct ceremony *ceremony;
    struct removal_key keys[KEYS_COUNT];
    struct removal_job job;
    int64_t clock;
    struct err err;
};

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct rig *rig = (struct rig *)((char *)sink - offsetof(struct rig, sink));

    assert_true(rig->count < EVENTS_MAX);
    rig->events[rig->count++] = *event;
    return !rig->refuse_at || rig->count < rig->refuse_at ||
           err_set(err, ERR_IO, "no space left for the record");
}

static bool open_one(const struct rig *rig, enum side side, const char *faults, struct hsm **hsm,
                     struct err *err)
{
    struct hsm_where where = {.api = "fake"};

    snprintf(where.module, sizeof where.module, "%s", rig->store[side]);
    snprintf(where.params, sizeof where.params, "%s;%s",
             side == SIDE_SOURCE ? "label=src;serial=1" : "label=dst;serial=2", faults);
    return fake_driver.open(&where, hsm, err);
}

static bool open_fake(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    struct rig *rig = ctx;
    const unsigned nth = rig->opened[side]++;

    return open_one(rig, side, nth < OPENS && rig->faults[side][nth] ? rig->faults[side][nth] : "",
                    hsm, err);
}

static bool give_pin(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                     struct err *err)
{
    (void)ctx, (void)side, (void)slot;
    return secret_set(pin, "1234", 4, err);
}

static int64_t tick(void *ctx)
{
    return ++((struct rig *)ctx)->clock * 1000;
}

/* What the last question asks for: between its last two pairs of blanks. */
static bool answer(void *ctx, char *typed, size_t size)
{
    struct rig *rig = ctx;
    const struct event *gate = NULL;
    const char *from, *to;
    char text[EVENT_TEXT_MAX];

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_GATE && rig->events[i].gate.state == GATE_OPEN)
            gate = &rig->events[i];
    assert_non_null(gate);
    if (gate->gate.gate == GATE_DEVICES) {
        text_print(typed, size, "1 2");
        return true;
    }
    if (rig->typed && gate->gate.gate == GATE_REVIEW) {
        text_print(typed, size, "%s", rig->typed);
        return true;
    }
    text_print(text, sizeof text, "%s", gate->gate.question);
    to = NULL;
    for (char *at = text; (at = strstr(at, "  to ")) != NULL; at++)
        to = at;
    assert_non_null(to);
    for (from = to; from > text && !(from[-1] == ' ' && from[-2] == ' ');)
        from--;
    text_print(typed, size, "%s%.*s", strstr(text, "initials") ? "AL " : "", (int)(to - from),
               from);
    return true;
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* Makes a token with these keys, or looks at one: which of the labels are there, as bits. *list:
 * what is there; the caller frees it. */
static unsigned look(const struct rig *rig, enum side side, const char *keys, struct key_list *list)
{
    struct secret pin = {0};
    struct err err = {0};
    struct hsm *hsm;
    unsigned there = 0;

    *list = (struct key_list){0};
    assert_true(open_one(rig, side, keys, &hsm, &err));
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &err) && secret_set(&pin, "1234", 4, &err));
    assert_true(hsm->driver->login(hsm, FAKE_SLOT, &pin, &err));
    assert_true(hsm->driver->list(hsm, list, &err));
    for (size_t i = 0; i < list->count; i++)
        for (unsigned k = 0; k < KEYS_COUNT; k++)
            if (list->keys[i].class != KEY_CLASS_PUBLIC &&
                list->keys[i].label_len == strlen(labels[k]) &&
                memcmp(list->keys[i].label, labels[k], list->keys[i].label_len) == 0)
                there |= 1U << k;
    secret_free(&pin);
    hsm->driver->close(hsm);
    return there;
}

static unsigned labels_of(const struct rig *rig, enum side side)
{
    struct key_list list;
    const unsigned there = look(rig, side, "", &list);

    key_list_free(&list);
    return there;
}

/* The job, as a report would name the keys that the source has. */
static void make_job(struct rig *rig, enum removal what, const struct key_list *list)
{
    rig->job = (struct removal_job){.what = what,
                                    .keys = rig->keys,
                                    .count = KEYS_COUNT,
                                    .device = {{"src", "1", "hsmferry"}, {"dst", "2", "hsmferry"}},
                                    .of_rehearsal = true,
                                    .destroys = true,
                                    .answer = answer,
                                    .ctx = rig};
    for (unsigned k = 0; k < KEYS_COUNT; k++)
        for (size_t i = 0; i < list->count; i++)
            if (list->keys[i].class != KEY_CLASS_PUBLIC &&
                list->keys[i].label_len == strlen(labels[k]) &&
                memcmp(list->keys[i].label, labels[k], list->keys[i].label_len) == 0) {
                rig->keys[k] = (struct removal_key){.was = list->keys[i]};
                key_type_text(&list->keys[i], rig->keys[k].type);
            }
    assert_true(uri_parse("pkcs11:token=src", &rig->job.token[0], &rig->err));
    assert_true(uri_parse("pkcs11:token=dst", &rig->job.token[1], &rig->err));
}

static void clear(struct rig *rig)
{
    ceremony_free(rig->ceremony);
    rig->ceremony = NULL;
    rig->count = 0;
    rig->opened[0] = rig->opened[1] = 0;
    memset(rig->faults, 0, sizeof rig->faults);
    rig->refuse_at = 0;
    rig->typed = NULL;
    rig->err = (struct err){0};
    unlink(rig->store[0]);
    unlink(rig->store[1]);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->events = calloc(EVENTS_MAX, sizeof *rig->events);
    assert_non_null(rig->events);
    strcpy(rig->folder, "/tmp/hsmferry-removal-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    rig->sink.emit = take;
    rig->setup.rehearsal = true;
    rig->setup.policy = policy_default();
    rig->setup.policy.gates = 0;
    rig->setup.officer_count = 2;
    rig->setup.officers[0] = (struct officer){"Grace Hopper", "source officer"};
    rig->setup.officers[1] = (struct officer){"Ada Lovelace", "destination officer"};
    strcpy(rig->setup.title, "test");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        snprintf(rig->store[side], sizeof rig->store[side], "%s/%s", rig->folder, side_name(side));
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    clear(rig);
    rmdir(rig->folder);
    free(rig->events);
    free(rig);
    return 0;
}

/* Fresh tokens, and what the report says of them. */
static void prepare(struct rig *rig, enum removal what, const char *source, const char *destination)
{
    struct key_list list, other;

    clear(rig);
    look(rig, SIDE_SOURCE, source, &list);
    look(rig, SIDE_DESTINATION, destination, &other);
    make_job(rig, what, &list);
    key_list_free(&list);
    key_list_free(&other);
}

/* Runs it; the exit code. */
static int run(struct rig *rig)
{
    const struct ceremony_host host = {rig,  open_fake, NULL,       give_pin, NULL,
                                       tick, tick,      &rig->sink, NULL};

    rig->setup.removal.what = rig->job.what;
    if (!ceremony_new(&rig->setup, &host, &rig->ceremony, &rig->err))
        return err_exit(rig->err.code); /* a record that refuses its first lines */
    return removal_run(rig->ceremony, &rig->job, &rig->err) ? ceremony_exit_code(rig->ceremony)
                                                            : err_exit(rig->err.code);
}

/* --- what must be true ------------------------------------------------------------------------ */

static enum key_outcome outcome_of(const struct rig *rig, uint32_t key)
{
    enum key_outcome outcome = KEY_PENDING;

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_KEY_DONE && rig->events[i].key == key)
            outcome = rig->events[i].key_done.outcome;
    return outcome;
}

static bool was_announced(const struct rig *rig, uint32_t key)
{
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_STEP && rig->events[i].key == key &&
            rig->events[i].step.id == STEP_DESTROY_KEY)
            return true;
    return false;
}

/* The judge. NULL: all is well. A record that was refused cannot say what followed. */
static const char *judge(const struct rig *rig, enum side from, int code)
{
    const unsigned left = labels_of(rig, from), kept = labels_of(rig, !from);

    for (unsigned k = 0; k < KEYS_COUNT; k++) {
        const bool there = left & 1U << k;
        const enum key_outcome outcome = outcome_of(rig, k + 1);
        if (!there && !(kept & 1U << k))
            return "a key is lost";
        if (!there && !rig->keys[k].begun && !was_announced(rig, k + 1)) /* begun: by the former */
            return "a key was destroyed that nobody announced";
        if (there && outcome == KEY_DESTROYED)
            return "a destruction is claimed that did not happen";
        if (!there && outcome != KEY_DESTROYED && outcome != KEY_UNKNOWN && !rig->refuse_at)
            return "a destruction is hidden";
        if (!there && code == 2)
            return "it says that nothing has changed, and a key is destroyed";
    }
    return kept == 7 ? NULL : "a copy is gone";
}

static void must_be_well(const struct rig *rig, enum side from, int code, const char *faults)
{
    const char *why = judge(rig, from, code);

    if (why)
        fail_msg("%s: %s (%d, %s)", faults, why, code, rig->err.what);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_whole_one(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    assert_int_equal(run(rig), 0);
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 0);
    must_be_well(rig, SIDE_SOURCE, 0, "none");
    assert_int_equal(rig->opened[SIDE_DESTINATION], 5); /* its own, and four fresh ones */
    prepare(rig, REMOVAL_UNDO, KEYS, KEYS);
    assert_int_equal(run(rig), 0);
    assert_int_equal(labels_of(rig, SIDE_DESTINATION), 0);
    must_be_well(rig, SIDE_DESTINATION, 0, "none");
}

static void the_judge_sees_a_loss(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, "keys=" ONE,
            KEYS); /* two and three are gone, and no one said so */
    assert_string_equal(judge(rig, SIDE_SOURCE, 0), "a key was destroyed that nobody announced");
    prepare(rig, REMOVAL_RETIRE, "keys=" ONE, "keys=" ONE);
    assert_string_equal(judge(rig, SIDE_SOURCE, 0), "a key is lost");
}

static void nothing_is_destroyed_before_the_proof(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, OTHER);
    assert_int_not_equal(run(rig), 0);
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 7);
    for (uint32_t k = 1; k <= KEYS_COUNT; k++)
        assert_false(was_announced(rig, k));
    /* It lies in the session, and tells the truth to a fresh process. */
    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    rig->faults[SIDE_DESTINATION][2] = "lie=prove:1:flip";
    assert_int_equal(run(rig), err_exit(ERR_CONFLICT));
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 7);
}

static void the_first_copy_is_proven_before_the_second_key(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    rig->faults[SIDE_DESTINATION][3] = "lie=prove:1:flip";
    assert_int_equal(run(rig), err_exit(ERR_UNFINISHED));
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 6);
    must_be_well(rig, SIDE_SOURCE, err_exit(ERR_UNFINISHED), "prove-after");
}

static void one_token_seen_twice_is_caught(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    strcpy(rig->store[SIDE_DESTINATION], rig->store[SIDE_SOURCE]);
    assert_int_equal(run(rig), err_exit(ERR_CONFLICT));
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 7);
    assert_non_null(strstr(rig->events[rig->count - 2].error.what, "one token, seen twice"));
    snprintf(rig->store[SIDE_DESTINATION], sizeof rig->store[0], "%s/destination", rig->folder);
}

/* Each is refused before anything is destroyed. */
static void gates_hold(void **state)
{
    static const char *const wrong[] = {"retire 3", "retire 2 one", "retire 3 One", "undo 3 one",
                                        ""};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
        rig->typed = wrong[i];
        assert_int_not_equal(run(rig), 0);
        assert_int_equal(labels_of(rig, SIDE_SOURCE), 7);
    }
    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    rig->typed = "retire 3 one"; /* by the same officer, twice: no initials */
    assert_int_not_equal(run(rig), 0);
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 7);
    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    rig->setup.officer_count = 1;
    assert_int_equal(run(rig), err_exit(ERR_DENIED));
    rig->setup.officer_count = 2;
    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    rig->job.destroys = false;
    assert_int_equal(run(rig), err_exit(ERR_DENIED));
    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    strcpy(rig->job.device[SIDE_DESTINATION].serial, "3");
    assert_int_equal(run(rig), err_exit(ERR_CONFLICT));
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 7);
}

static void labels_are_typed_one_by_one(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    rig->setup.policy.gates = 1U << GATE_KEY;
    int code = run(rig);
    rig->setup.policy.gates = 0;
    assert_int_equal(code, 0);
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 0);
}

static void what_may_stay_stays(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    strcpy(rig->keys[1].refused, "unproven");
    assert_int_equal(run(rig), 0);
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 2);
    assert_int_equal(outcome_of(rig, 2), KEY_REFUSED);
    prepare(rig, REMOVAL_RETIRE,
            "quick=yes;keys=aes32:one:id=01:+encrypt:+decrypt:-destroyable" VALUE(
                "11223344") "," TWO "," THREE,
            KEYS);
    assert_int_equal(run(rig), err_exit(ERR_DENIED));
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 1);
}

static const char *const calls[] = {"list",   "handles", "describe",    "prove", "remove",
                                    "commit", "destroy", "make_key",    "login", "public_key",
                                    "slots",  "info",    "capabilities"};

/* One fault at each call of each process. */
static unsigned try_faults(struct rig *rig, enum removal what, const char *kind, const char *with)
{
    enum { MOST = 14 };
    const enum side from = removal_from(what);
    char fault[96];
    unsigned tried = 0;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        for (unsigned process = 0; process < 5; process++)
            for (size_t call = 0; call < sizeof calls / sizeof calls[0]; call++)
                for (unsigned nth = 1; nth <= (process ? 3U : (unsigned)MOST); nth++) {
                    int code;
                    prepare(rig, what, KEYS, KEYS);
                    snprintf(fault, sizeof fault, "%s=%s:%u%s", kind, calls[call], nth, with);
                    rig->faults[side][process] = fault;
                    code = run(rig);
                    must_be_well(rig, from, code, fault);
                    tried++;
                    if (code == 0)
                        break; /* there is no such call */
                }
    return tried;
}

static void every_call_fails_once(void **state)
{
    assert_true(try_faults(*state, REMOVAL_RETIRE, "fail", "") > 50);
    assert_true(try_faults(*state, REMOVAL_UNDO, "fail", "") > 50);
}

static void every_call_loses_the_hsm(void **state)
{
    assert_true(try_faults(*state, REMOVAL_RETIRE, "fail", ":0x32") > 50);
}

/* It says yes, and does nothing. */
static void a_destroyed_key_is_never_hidden(void **state)
{
    assert_true(try_faults(*state, REMOVAL_RETIRE, "forget", "") > 50);
}

static void a_record_that_refuses_stops_it(void **state)
{
    struct rig *rig = *state;
    size_t all;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    assert_int_equal(run(rig), 0);
    all = rig->count;
    for (size_t at = 2; at <= all; at++) {
        int code;
        prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
        rig->refuse_at = at;
        code = run(rig);
        assert_int_not_equal(code, 0);
        must_be_well(rig, SIDE_SOURCE, code, "refused");
    }
}

/* What an interrupted removal has destroyed is not looked for; the others follow. */
static void an_interrupted_one_goes_on(void **state)
{
    struct rig *rig = *state;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    unlink(rig->store[SIDE_SOURCE]);
    struct key_list list;
    look(rig, SIDE_SOURCE, "quick=yes;keys=" TWO "," THREE, &list);
    key_list_free(&list);
    assert_int_equal(run(rig), err_exit(ERR_NO_INPUT)); /* nobody announced that */
    clear(rig);
    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    unlink(rig->store[SIDE_SOURCE]);
    look(rig, SIDE_SOURCE, "quick=yes;keys=" TWO "," THREE, &list);
    key_list_free(&list);
    rig->keys[0].begun = true;
    strcpy(rig->job.left, "0011223344556677");
    assert_int_equal(run(rig), 0);
    assert_int_equal(labels_of(rig, SIDE_SOURCE), 0);
    assert_int_equal(outcome_of(rig, 1), KEY_DESTROYED);
    assert_false(was_announced(rig, 1));
}

/* Which labels are there, of these. */
static bool has(const struct rig *rig, enum side side, const char *label)
{
    struct key_list list;
    bool found = false;

    look(rig, side, "", &list);
    for (size_t i = 0; i < list.count; i++)
        found |= list.keys[i].label_len == strlen(label) &&
                 memcmp(list.keys[i].label, label, strlen(label)) == 0;
    key_list_free(&list);
    return found;
}

/* It has one name in the report, which is that on the destination, and another on the source. */
static void prepare_renamed(struct rig *rig, enum removal what)
{
    static const char one[] = "keys=aes32:one:id=01:+encrypt:+decrypt" VALUE("11223344");
    static const char uno[] = "keys=aes32:uno:id=09:+encrypt:+decrypt" VALUE("11223344");

    prepare(rig, what, one, uno);
    rig->job.count = 1;
    rig->keys[0].renamed = true;
    rig->keys[0].from = plan_name_of(&rig->keys[0].was);
    key_set_label(&rig->keys[0].was, "uno", 3);
    key_set_id(&rig->keys[0].was, "\x09", 1);
}

static void what_was_renamed_is_found(void **state)
{
    struct rig *rig = *state;

    prepare_renamed(rig, REMOVAL_RETIRE);
    assert_int_equal(run(rig), 0);
    assert_false(has(rig, SIDE_SOURCE, "one"));
    assert_true(has(rig, SIDE_DESTINATION, "uno"));
    prepare_renamed(rig, REMOVAL_UNDO);
    assert_int_equal(run(rig), 0);
    assert_true(has(rig, SIDE_SOURCE, "one"));
    assert_false(has(rig, SIDE_DESTINATION, "uno"));
    /* Control: without its name on the source, nobody finds it there. */
    prepare_renamed(rig, REMOVAL_UNDO);
    rig->keys[0].renamed = false;
    assert_int_equal(run(rig), err_exit(ERR_NO_INPUT));
    assert_true(has(rig, SIDE_DESTINATION, "uno"));
}

/* The key that it destroyed is gone, and the copies are there. */
static void prepare_interrupted(struct rig *rig)
{
    struct key_list list;

    prepare(rig, REMOVAL_RETIRE, KEYS, KEYS);
    unlink(rig->store[SIDE_SOURCE]);
    look(rig, SIDE_SOURCE, "quick=yes;keys=" TWO "," THREE, &list);
    key_list_free(&list);
    rig->keys[0].begun = rig->keys[0].destroyed = true;
    strcpy(rig->job.left, "0011223344556677");
}

/* Whatever ends a resumed removal early, its record says what the interrupted one destroyed. */
static void a_resumed_one_hides_nothing(void **state)
{
    struct rig *rig = *state;

    prepare_interrupted(rig); /* at the review */
    rig->typed = "no";
    assert_int_equal(run(rig), err_exit(ERR_UNFINISHED));
    assert_int_equal(outcome_of(rig, 1), KEY_DESTROYED);
    assert_int_equal(rig->events[rig->count - 1].end.outcome, END_PARTIAL);
    assert_int_equal(rig->events[rig->count - 1].end.destroyed, 1);
    must_be_well(rig, SIDE_SOURCE, err_exit(ERR_UNFINISHED), "stopped at its review");
    prepare_interrupted(rig); /* before any token was opened */
    rig->setup.officer_count = 1;
    assert_int_equal(run(rig), err_exit(ERR_UNFINISHED));
    rig->setup.officer_count = 2;
    assert_int_equal(outcome_of(rig, 1), KEY_DESTROYED);
    prepare_interrupted(rig); /* announced only */
    rig->keys[0].destroyed = false;
    rig->faults[SIDE_SOURCE][0] = "fail=login:1";
    assert_int_equal(run(rig), err_exit(ERR_UNFINISHED));
    assert_int_equal(outcome_of(rig, 1), KEY_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_one),
        cmocka_unit_test(the_judge_sees_a_loss),
        cmocka_unit_test(nothing_is_destroyed_before_the_proof),
        cmocka_unit_test(the_first_copy_is_proven_before_the_second_key),
        cmocka_unit_test(one_token_seen_twice_is_caught),
        cmocka_unit_test(gates_hold),
        cmocka_unit_test(labels_are_typed_one_by_one),
        cmocka_unit_test(what_may_stay_stays),
        cmocka_unit_test(every_call_fails_once),
        cmocka_unit_test(every_call_loses_the_hsm),
        cmocka_unit_test(a_destroyed_key_is_never_hidden),
        cmocka_unit_test(a_record_that_refuses_stops_it),
        cmocka_unit_test(an_interrupted_one_goes_on),
        cmocka_unit_test(what_was_renamed_is_found),
        cmocka_unit_test(a_resumed_one_hides_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
