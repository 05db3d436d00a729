/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resync between two HSMs that do real cryptography and can fail, lie and forget: a copy is
 * tightened once it is proven, never loosened, and what is said of it is true.
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
#include "tests/fake/fake.h"

#define VALUE  ":value=1122334411223344112233441122334411223344112233441122334411223344"
#define OTHER  ":value=aabbccddaabbccddaabbccddaabbccddaabbccddaabbccddaabbccddaabbccdd"
#define KEY    "keys=aes32:one:id=01:+encrypt"
#define SOURCE KEY ":-decrypt" VALUE
#define LOOSE  KEY ":+decrypt" VALUE /* it may decrypt, too, and leave again */

enum { EVENTS_MAX = 2000, OPENS = 4 };

struct rig {
    char folder[64];
    char store[2][96];
    const char *faults[2][OPENS]; /* of each process that is opened, by side */
    unsigned opened[2];
    struct event_sink sink;
    struct event *events;
    size_t count;
    size_t refuse_at; /* from this event on the sink refuses all; 0: none */
    struct ceremony_setup setup;
    struct ceremony *ceremony;
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
    snprintf(where.params, sizeof where.params, "%s;quick=yes;%s",
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

static bool no_app(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    (void)ctx, (void)side, (void)hsm;
    return err_set(err, ERR_NO_INPUT, "no other path");
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

/* --- tokens ----------------------------------------------------------------------------------- */

/* Makes a token with these keys, or looks at one: the flags of its key; 0: it has none. */
static uint32_t look(const struct rig *rig, enum side side, const char *keys)
{
    struct secret pin = {0};
    struct key_list list = {0};
    struct err err = {0};
    struct hsm *hsm;
    uint32_t flags = 0;

    assert_true(open_one(rig, side, keys, &hsm, &err));
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &err) && secret_set(&pin, "1234", 4, &err));
    assert_true(hsm->driver->login(hsm, FAKE_SLOT, &pin, &err));
    assert_true(hsm->driver->list(hsm, &list, &err));
    for (size_t i = 0; i < list.count; i++)
        if (list.keys[i].label_len == 3 && memcmp(list.keys[i].label, "one", 3) == 0)
            flags = list.keys[i].flags;
    secret_free(&pin);
    key_list_free(&list);
    hsm->driver->close(hsm);
    return flags;
}

static void clear(struct rig *rig)
{
    ceremony_free(rig->ceremony);
    rig->ceremony = NULL;
    rig->count = 0;
    rig->opened[0] = rig->opened[1] = 0;
    memset(rig->faults, 0, sizeof rig->faults);
    rig->refuse_at = 0;
    rig->err = (struct err){0};
}

static void prepare(struct rig *rig, const char *destination)
{
    clear(rig);
    unlink(rig->store[0]);
    unlink(rig->store[1]);
    look(rig, SIDE_SOURCE, SOURCE);
    look(rig, SIDE_DESTINATION, destination);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->events = calloc(EVENTS_MAX, sizeof *rig->events);
    assert_non_null(rig->events);
    strcpy(rig->folder, "/tmp/hsmferry-resync-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    rig->sink.emit = take;
    rig->setup.rehearsal = true;
    rig->setup.resync = true;
    rig->setup.policy = policy_default();
    rig->setup.policy.gates = 0;
    rig->setup.policy.canary = CANARY_NONE;
    strcpy(rig->setup.title, "test");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        snprintf(rig->store[side], sizeof rig->store[side], "%s/%s", rig->folder, side_name(side));
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    prepare(rig, LOOSE);
    unlink(rig->store[0]);
    unlink(rig->store[1]);
    rmdir(rig->folder);
    free(rig->events);
    free(rig);
    return 0;
}

/* Runs it; the exit code. */
static int run(struct rig *rig)
{
    const struct ceremony_host host = {rig,  open_fake, no_app,     give_pin, NULL,
                                       tick, tick,      &rig->sink, NULL};
    struct uri any, key;
    const struct selection selection = {.uris = &key, .uri_count = 1};

    assert_true(uri_parse("pkcs11:slot-id=1", &any, &rig->err));
    assert_true(uri_parse("pkcs11:object=one;type=secret-key", &key, &rig->err));
    if (!ceremony_new(&rig->setup, &host, &rig->ceremony, &rig->err) ||
        !ceremony_open(rig->ceremony, SIDE_SOURCE, &rig->err) ||
        !ceremony_open(rig->ceremony, SIDE_DESTINATION, &rig->err) ||
        !ceremony_choose(rig->ceremony, SIDE_SOURCE, &any, &rig->err) ||
        !ceremony_choose(rig->ceremony, SIDE_DESTINATION, &any, &rig->err) ||
        !ceremony_plan(rig->ceremony, &selection, &rig->err))
        return err_exit(rig->err.code);
    while (ceremony_step(rig->ceremony) != NEXT_DONE)
        assert_true(rig->count < EVENTS_MAX);
    return ceremony_exit_code(rig->ceremony);
}

/* --- what must be true ------------------------------------------------------------------------ */

static enum key_outcome outcome_of(const struct rig *rig)
{
    enum key_outcome outcome = KEY_PENDING;

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_KEY_DONE && rig->events[i].key == 1)
            outcome = rig->events[i].key_done.outcome;
    return outcome;
}

enum { RIGHTS = KEY_USES | KEY_EXTRACTABLE };

/* The judge. NULL: all is well. A record that was refused cannot say what followed. */
static const char *judge(const struct rig *rig, uint32_t before, int code)
{
    const uint32_t now = look(rig, SIDE_DESTINATION, "");
    const bool changed = now != before;
    const bool tight = !(now & (KEY_DECRYPT | KEY_EXTRACTABLE));
    const enum key_outcome outcome = outcome_of(rig);

    if (!now || !look(rig, SIDE_SOURCE, ""))
        return "a key is lost";
    if ((now & ~before & RIGHTS) || (before & ~now & KEY_SENSITIVE))
        return "the copy was loosened";
    if (outcome == KEY_ALIGNED && !tight)
        return "a change is claimed that did not happen";
    if (changed && outcome != KEY_ALIGNED && outcome != KEY_UNKNOWN && !rig->refuse_at)
        return "a change is hidden";
    return changed && code == 2 ? "it says that nothing has changed" : NULL;
}

static void must_be_well(const struct rig *rig, uint32_t before, int code, const char *fault)
{
    const char *why = judge(rig, before, code);

    if (why)
        fail_msg("%s: %s (%d, %s)", fault, why, code, rig->err.what);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_copy_is_brought_into_line_once(void **state)
{
    struct rig *rig = *state;
    uint32_t before, tight;

    prepare(rig, LOOSE);
    before = look(rig, SIDE_DESTINATION, "");
    assert_true(before & KEY_DECRYPT && before & KEY_EXTRACTABLE);
    assert_int_equal(run(rig), 0);
    assert_int_equal(outcome_of(rig), KEY_ALIGNED);
    assert_int_equal(rig->events[rig->count - 1].end.aligned, 1);
    must_be_well(rig, before, 0, "none");
    tight = look(rig, SIDE_DESTINATION, "");
    assert_int_equal(tight, before & ~(uint32_t)(KEY_DECRYPT | KEY_EXTRACTABLE));
    clear(rig); /* a second one changes nothing, and says so */
    assert_int_equal(run(rig), 0);
    assert_int_equal(outcome_of(rig), KEY_REFUSED);
    assert_non_null(strstr(rig->events[rig->count - 1].end.text, "nothing was changed"));
    assert_int_equal(look(rig, SIDE_DESTINATION, ""), tight);
}

static void each_change_is_in_the_plan(void **state)
{
    struct rig *rig = *state;
    const struct event *planned = NULL;

    prepare(rig, LOOSE);
    assert_int_equal(run(rig), 0);
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_PLANNED)
            planned = &rig->events[i];
    assert_non_null(planned);
    assert_int_equal(planned->planned.route, ROUTE_ALIGNED);
    assert_string_equal(planned->planned.changes, "decrypt: no; extractable: no");
}

/* A copy that is stricter than its original stays so. */
static void a_stricter_copy_stays(void **state)
{
    struct rig *rig = *state;
    uint32_t before;

    prepare(rig, "keys=aes32:one:id=01:-extractable:-decrypt:-encrypt" VALUE);
    before = look(rig, SIDE_DESTINATION, "");
    run(rig);
    assert_int_equal(look(rig, SIDE_DESTINATION, ""), before);
}

static void the_judge_sees_what_is_wrong(void **state)
{
    struct event done = {.kind = EVENT_KEY_DONE, .key = 1};
    struct rig *rig = *state;
    uint32_t before;

    prepare(rig, LOOSE);
    before = look(rig, SIDE_DESTINATION, "");
    assert_null(judge(rig, before, 2));
    assert_string_equal(judge(rig, before & ~(uint32_t)KEY_DECRYPT, 0), "the copy was loosened");
    assert_string_equal(judge(rig, before | KEY_SIGN, 0), "a change is hidden");
    done.key_done.outcome = KEY_ALIGNED;
    rig->events[rig->count++] = done;
    assert_string_equal(judge(rig, before, 0), "a change is claimed that did not happen");
}

/* Another key under the name of the copy, and a copy whose HSM lies at its proof. */
static void nothing_is_set_before_the_proof(void **state)
{
    struct rig *rig = *state;
    uint32_t before;

    prepare(rig, KEY ":+decrypt" OTHER);
    before = look(rig, SIDE_DESTINATION, "");
    run(rig);
    assert_int_equal(look(rig, SIDE_DESTINATION, ""), before);
    for (unsigned nth = 1; nth <= 3; nth++) {
        char fault[32];
        prepare(rig, LOOSE);
        snprintf(fault, sizeof fault, "lie=prove:%u:flip", nth);
        rig->faults[SIDE_DESTINATION][0] = fault;
        if (run(rig) == 0)
            continue;
        must_be_well(rig, before, 4, fault);
    }
}

static const char *const calls[] = {"list",  "handles", "describe", "prove",       "tighten",
                                    "login", "slots",   "info",     "capabilities"};

static unsigned try_faults(struct rig *rig, const char *kind, const char *with)
{
    enum { MOST = 12 };
    char fault[96];
    unsigned tried = 0;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        for (unsigned process = 0; process < (side == SIDE_SOURCE ? 1U : 2U); process++)
            for (size_t call = 0; call < sizeof calls / sizeof calls[0]; call++)
                for (unsigned nth = 1; nth <= MOST; nth++) {
                    uint32_t before;
                    int code;
                    prepare(rig, LOOSE);
                    before = look(rig, SIDE_DESTINATION, "");
                    snprintf(fault, sizeof fault, "%s=%s:%u%s", kind, calls[call], nth, with);
                    rig->faults[side][process] = fault;
                    code = run(rig);
                    must_be_well(rig, before, code, fault);
                    tried++;
                    if (code == 0)
                        break; /* there is no such call */
                }
    return tried;
}

static void every_call_fails_once(void **state)
{
    assert_true(try_faults(*state, "fail", "") > 25);
}

static void every_call_loses_the_hsm(void **state)
{
    assert_true(try_faults(*state, "fail", ":0x32") > 25);
}

/* It says yes, and does nothing. */
static void a_change_is_never_claimed_for_nothing(void **state)
{
    struct rig *rig = *state;
    uint32_t before;

    prepare(rig, LOOSE);
    before = look(rig, SIDE_DESTINATION, "");
    rig->faults[SIDE_DESTINATION][0] = "forget=tighten:1";
    assert_int_not_equal(run(rig), 0);
    assert_int_equal(outcome_of(rig), KEY_FAILED);
    must_be_well(rig, before, 2, "forgotten");
}

static void a_record_that_refuses_stops_it(void **state)
{
    struct rig *rig = *state;
    uint32_t before;
    size_t all;

    prepare(rig, LOOSE);
    assert_int_equal(run(rig), 0);
    all = rig->count;
    for (size_t at = 2; at <= all; at++) {
        int code;
        prepare(rig, LOOSE);
        before = look(rig, SIDE_DESTINATION, "");
        rig->refuse_at = at;
        code = run(rig);
        assert_int_not_equal(code, 0);
        must_be_well(rig, before, code, "refused");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_brought_into_line_once),
        cmocka_unit_test(each_change_is_in_the_plan),
        cmocka_unit_test(a_stricter_copy_stays),
        cmocka_unit_test(the_judge_sees_what_is_wrong),
        cmocka_unit_test(nothing_is_set_before_the_proof),
        cmocka_unit_test(a_change_is_never_claimed_for_nothing),
        cmocka_unit_test(every_call_fails_once),
        cmocka_unit_test(every_call_loses_the_hsm),
        cmocka_unit_test(a_record_that_refuses_stops_it),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
