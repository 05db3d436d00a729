/* SPDX-License-Identifier: Apache-2.0 */
/* ui/model/replay.h: every moment of a recording, from any other, is what a ceremony showed then;
 * and what it costs to go there does not grow with the recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/model/keys.h"
#include "ui/model/replay_app.h"
#include "ui/model/dispatch.h"
#include "ui_fixture.h"

/* --- a recording ------------------------------------------------------------------------------ */

struct event_log {
    struct event *events;
    size_t count, room;
};

static struct event *add(struct event_log *log, enum event_kind kind, enum side side, uint32_t key)
{
    struct event *e;

    if (log->count == log->room) {
        log->room = log->room ? 2 * log->room : 64;
        log->events = reallocarray(log->events, log->room, sizeof *log->events);
        assert_non_null(log->events);
    }
    e = &log->events[log->count++];
    *e = (struct event){.seq = log->count, .kind = kind, .side = side, .key = key};
    e->mono_ms = (int64_t)log->count;
    e->utc_ms = 1700000000000 + e->mono_ms;
    return e;
}

static void add_step(struct event_log *log, enum step_id id, uint32_t key, enum event_state end)
{
    struct event *e = add(log, EVENT_STEP, step_side(id), key);

    e->step.id = id;
    e->step.state = EVENT_BEGUN;
    e = add(log, EVENT_STEP, step_side(id), key);
    e->step.id = id;
    e->step.state = end;
    e->step.bytes = 40 + key;
    e->step.micros = key;
    memset(e->step.sha256, (int)(key + id), sizeof e->step.sha256);
    snprintf(e->step.call, sizeof e->step.call, "call %u of key %u", id, key);
}

static void add_proof(struct event_log *log, enum step_id stage, uint32_t key)
{
    struct event *e = add(log, EVENT_PROOF, SIDE_DESTINATION, key);

    e->proof.state = EVENT_OK;
    e->proof.stage = stage;
    snprintf(e->proof.text, sizeof e->proof.text, "proof %u of key %u", stage, key);
}

static void add_plan(struct event_log *log, uint32_t keys)
{
    for (uint32_t key = 1; key <= keys; key++) {
        struct event *e = add(log, EVENT_PLANNED, SIDE_SOURCE, key);
        char label[32];
        snprintf(label, sizeof label, "key-%06u", key);
        e->planned.desc = fixture_key(key, label, KEY_CLASS_SECRET, KEY_KIND_AES, 256);
        e->planned.route = key % 97 ? ROUTE_ENVELOPE : ROUTE_NONE;
    }
}

/* A whole ceremony of so many keys; every 50th fails, and the plan was made twice. */
static struct event_log ceremony(uint32_t keys)
{
    struct event_log log = {0};
    struct event *e = add(&log, EVENT_BEGIN, SIDE_RELAY, 0);

    snprintf(e->begin.title, sizeof e->begin.title, "a recorded one");
    add_plan(&log, keys / 2);
    add_plan(&log, keys);
    e = add(&log, EVENT_GATE, SIDE_RELAY, 0);
    e->gate.gate = GATE_REVIEW;
    e->gate.state = GATE_OPEN;
    e = add(&log, EVENT_GATE, SIDE_RELAY, 0);
    e->gate.gate = GATE_REVIEW;
    e->gate.state = GATE_CONFIRMED;
    for (enum step_id id = STEP_MAKE_PAIR; id < STEP_WRAP_KEY; id++)
        add_step(&log, id, 0, EVENT_OK);
    for (uint32_t key = 1; key <= keys; key++) {
        bool fails = key % 50 == 0;
        if (key % 97 == 0)
            continue;
        add_step(&log, STEP_WRAP_KEY, key, EVENT_OK);
        add_step(&log, STEP_RELAY_KEY, key, EVENT_OK);
        add_step(&log, STEP_UNWRAP_KEY, key, fails ? EVENT_FAILED : EVENT_OK);
        if (!fails) {
            add_proof(&log, STEP_PROVE, key);
            add_step(&log, STEP_PROVE, key, EVENT_OK);
            add_step(&log, STEP_COMMIT, key, EVENT_OK);
            add_proof(&log, STEP_PROVE_AGAIN, key);
            add_step(&log, STEP_PROVE_AGAIN, key, EVENT_OK);
        }
    }
    add_step(&log, STEP_DESTROY, 0, EVENT_OK);
    for (uint32_t key = 1; key <= keys; key++)
        if (key % 97 && key % 50)
            add_proof(&log, STEP_PROVE_FRESH, key);
    for (uint32_t key = 1; key <= keys; key++) {
        e = add(&log, EVENT_KEY_DONE, SIDE_DESTINATION, key);
        e->key_done.outcome = key % 97 == 0   ? KEY_REFUSED
                              : key % 50 == 0 ? KEY_FAILED
                                              : KEY_MIGRATED;
    }
    e = add(&log, EVENT_END, SIDE_RELAY, 0);
    e->end.outcome = END_PARTIAL;
    e->end.exit_code = 2;
    return log;
}

static void read_event(const void *ctx, size_t i, struct event *event)
{
    *event = ((const struct event_log *)ctx)->events[i];
}

static struct recording recording_of(const struct event_log *log)
{
    return (struct recording){.ctx = log, .read = read_event, .count = log->count};
}

/* --- comparing -------------------------------------------------------------------------------- */

static void assert_same_step(const struct run_step *a, const struct run_step *b)
{
    struct run_step x = *a, y = *b;

    assert_string_equal(a->call ? a->call : "", b->call ? b->call : "");
    assert_string_equal(a->text ? a->text : "", b->text ? b->text : "");
    x.call = y.call = x.text = y.text = NULL; /* each run keeps its own texts */
    assert_memory_equal(&x, &y, sizeof x);
}

static void assert_same_text(const char **a, const char **b)
{
    assert_string_equal(*a ? *a : "", *b ? *b : "");
    *a = *b = NULL; /* each run keeps its own texts */
}

static void assert_same_key(const struct run_key *a, const struct run_key *b)
{
    struct run_key x = *a, y = *b;

    for (size_t i = 0; i < RUN_KEY_STEPS; i++)
        assert_same_step(&x.steps[i], &y.steps[i]);
    memset(x.steps, 0, sizeof x.steps);
    memset(y.steps, 0, sizeof y.steps);
    assert_same_text(&x.reason, &y.reason);
    assert_same_text(&x.proof, &y.proof);
    for (size_t i = 0; i < 2 * RUN_PROOFS; i++)
        assert_same_text(&x.proofs[i / 2].call[i % 2], &y.proofs[i / 2].call[i % 2]);
    assert_memory_equal(&x, &y, sizeof x);
}

static void assert_same_run(const struct run *a, const struct run *b)
{
    struct run x = *a, y = *b;

    for (size_t i = 0; i < STEPS; i++) {
        assert_same_step(&x.steps[i], &y.steps[i]);
        x.steps[i] = y.steps[i] = (struct run_step){.call = NULL};
    }
    x.keys = y.keys = NULL;
    x.texts = y.texts = (struct texts){.at = NULL};
    assert_memory_equal(&x, &y, sizeof x);
    for (size_t i = 1; i <= a->key_count; i++)
        assert_same_key(run_key_at(a, i), run_key_at(b, i));
}

/* The run and the log after so many events, taken one after the other. */
static void assert_is_moment(const struct replay *replay, const struct event_log *events, size_t at)
{
    struct run run = {.title = ""};
    struct log shown;
    struct err err;

    assert_int_equal(replay->at, at);
    assert_true(log_new(&shown, &err));
    for (size_t i = 0; i < at; i++) {
        assert_true(run_event(&run, &events->events[i], replay_ms(&events->events[i])));
        log_event(&shown, &events->events[i]);
    }
    assert_same_run(replay->run, &run);
    for (size_t back = 1; back <= 20 && back <= shown.count; back++)
        assert_string_equal(log_at(replay->log, replay->log->count - back)->text,
                            log_at(&shown, shown.count - back)->text);
    run_free(&run);
    log_free(&shown);
}

struct opened {
    struct event_log log;
    struct recording recording;
    struct replay_app *r;
};

static void open_replay(struct opened *o, uint32_t keys)
{
    struct err err;

    o->log = ceremony(keys);
    o->recording = recording_of(&o->log);
    assert_true(replay_app_new(&o->recording, &o->r, &err));
    app_size(o->r->app, 80, 24);
    replay_app_time(o->r->app, 1000);
}

static void close_replay(struct opened *o)
{
    replay_app_free(o->r);
    free(o->log.events);
}

/* --- tests ------------------------------------------------------------------------------------ */

/* From every kind of moment to every other, forwards and backwards. */
static void test_every_moment_is_what_it_was(void **state)
{
    struct opened o;
    struct err err;
    uint32_t at = 1;

    (void)state;
    open_replay(&o, 600); /* some ten windows of events */
    assert_in_range(o.log.count, 8 * REPLAY_WINDOW, 20 * REPLAY_WINDOW);
    assert_is_moment(&o.r->replay, &o.log, o.r->replay.first);
    for (unsigned i = 0; i < 60; i++) {
        at = at * 1103515245 + 12345;
        size_t to = i % 7 == 0   ? (size_t)(i / 7) * REPLAY_WINDOW
                    : i % 7 == 1 ? o.log.count
                    : i % 7 == 2 ? 0
                                 : (at >> 8) % (o.log.count + 1);
        assert_true(replay_seek(&o.r->replay, to, &err));
        assert_is_moment(&o.r->replay, &o.log, to);
    }
    close_replay(&o);
}

/* Keys: steps and keys, both ways, Home and End, from the very first moment to the last. */
static void test_walking(void **state)
{
    struct opened o;
    struct app *app;
    size_t begun;

    (void)state;
    open_replay(&o, 3);
    app = o.r->app;
    assert_string_equal(app->config->title, "a recorded one");
    assert_int_equal(app->run.steps[STEP_MAKE_PAIR].state, RUN_AHEAD);
    app_press(app, PRESS_RIGHT);
    assert_int_equal(app->run.steps[STEP_MAKE_PAIR].state, RUN_OK);
    assert_int_equal(app->run.steps[STEP_RELAY_PUBLIC].state, RUN_AHEAD);
    app_press(app, PRESS_RIGHT);
    assert_int_equal(app->run.steps[STEP_RELAY_PUBLIC].state, RUN_OK);
    app_press(app, PRESS_LEFT);
    assert_int_equal(app->run.steps[STEP_RELAY_PUBLIC].state, RUN_AHEAD);
    for (uint32_t key = 1; key <= 3; key++) {
        app_press(app, 'n');
        assert_int_equal(app->run.latest, key);
        assert_int_equal(run_step(&app->run, key, STEP_WRAP_KEY)->state, RUN_BEGUN);
    }
    app_press(app, PRESS_RIGHT);
    begun = o.r->replay.at;
    app_press(app, 'p');
    assert_true(o.r->replay.at < begun);
    assert_int_equal(app->run.latest, 3);
    app_press(app, 'p');
    assert_int_equal(app->run.latest, 2);
    app_press(app, PRESS_END);
    assert_true(app->run.over);
    assert_int_equal(app->run.exit_code, 2);
    assert_int_equal(run_key_at(&app->run, 1)->outcome, KEY_MIGRATED);
    app_press(app, PRESS_F9);
    assert_int_equal(app->at.view, VIEW_END);
    app_press(app, PRESS_ESC);
    assert_int_equal(app->at.view, VIEW_CEREMONY);
    app_press(app, PRESS_HOME);
    assert_int_equal(o.r->replay.at, 1);
    assert_int_equal(app->run.key_count, 0);
    app_press(app, PRESS_F9); /* nothing of what comes is known */
    assert_int_equal(app->at.view, VIEW_CEREMONY);
    app_press(app, PRESS_RIGHT); /* the gate asks nobody again */
    assert_int_not_equal(app->run.gate.seq, 0);
    assert_int_equal(app_dialog(app), DIALOG_NONE);
    close_replay(&o);
}

/* A replay asks for nothing that would reach an HSM, whatever is pressed, wherever. */
static void test_no_key_reaches_an_hsm(void **state)
{
    static const int doors[] = {0, PRESS_F6, PRESS_F8, PRESS_F9};
    struct opened o;
    struct request request;

    (void)state;
    open_replay(&o, 3);
    for (unsigned door = 0; door < sizeof doors / sizeof doors[0]; door++)
        for (int press = 1; press < PRESS_F10 + 1; press = press == 127 ? PRESS_UP : press + 1) {
            app_press(o.r->app, PRESS_ESC);
            app_press(o.r->app, PRESS_END);
            if (doors[door])
                app_press(o.r->app, doors[door]);
            app_press(o.r->app, press);
            o.r->app->dialog.kind = DIALOG_NONE;
            while (app_request(o.r->app, &request))
                assert_true(request.kind == REQUEST_QUIT || request.kind == REQUEST_REDRAW ||
                            request.kind == REQUEST_SUSPEND);
        }
    close_replay(&o);
}

static void test_playing(void **state)
{
    static const struct {
        unsigned presses;
        int64_t ms;
        size_t events;
    } speeds[] = {{1, 100, 100}, {2, 100, 10}, {3, 100, 1000}};
    struct opened o;
    int64_t now = 5000;
    size_t from;

    (void)state;
    open_replay(&o, 400);
    for (unsigned i = 0; i < 3; i++) {
        replay_app_time(o.r->app, now);
        app_press(o.r->app, PRESS_HOME);
        from = o.r->replay.at;
        replay_app_time(o.r->app, now);
        for (unsigned press = 0; press < speeds[i].presses; press++)
            app_press(o.r->app, ' ');
        now += speeds[i].ms;
        assert_true(replay_app_time(o.r->app, now));
        assert_int_equal(o.r->replay.at - from, speeds[i].events); /* one each millisecond */
    }
    app_press(o.r->app, PRESS_LEFT); /* pauses */
    from = o.r->replay.at;
    assert_false(replay_app_time(o.r->app, now + 10000));
    assert_int_equal(o.r->replay.at, from);
    close_replay(&o);
}

/* Its own stamp and that of the ceremony's kind; no kind until the journal names it. */
static void test_stamps(void **state)
{
    struct opened o;

    (void)state;
    open_replay(&o, 1);
    assert_false(o.r->config.kind_open);
    o.r->config.rehearsal = true;
    assert_string_equal(app_stamp(o.r->app), "REPLAY   REHEARSAL");
    o.r->config.rehearsal = false;
    assert_string_equal(app_stamp(o.r->app), "REPLAY   PRODUCTION");
    o.r->config.kind_open = true;
    assert_string_equal(app_stamp(o.r->app), "REPLAY");
    close_replay(&o);
}

/* Officers took an hour: nobody waits for that again. And no file's clock stops or breaks it. */
static void test_waits_are_cut(void **state)
{
    static const int64_t odd[] = {INT64_MAX, INT64_MIN, -1, 0, INT64_MAX};
    struct opened o;
    int64_t now = 1000;
    size_t from;

    (void)state;
    open_replay(&o, 3);
    from = o.r->replay.at;
    for (size_t i = from; i < o.log.count; i++)
        o.log.events[i].mono_ms += 3600000;
    for (size_t i = 0; i < 5; i++)
        o.log.events[from + 4 + i].mono_ms = odd[i];
    replay_app_time(o.r->app, now);
    app_press(o.r->app, ' ');
    assert_false(replay_app_time(o.r->app, now));
    assert_false(replay_app_time(o.r->app, now + 1900));
    assert_true(replay_app_time(o.r->app, now + 2100));
    for (unsigned i = 1; i < 10; i++)
        replay_app_time(o.r->app, now + 2100 + 2000 * i);
    assert_int_equal(o.r->replay.at, o.log.count);
    assert_int_equal(o.r->replay.speed, REPLAY_PAUSED);
    close_replay(&o);
}

/* With ten thousand keys no key press takes more events than two windows hold, and it puts together
 * no more keys than these events are about. Without what is kept at each window's end it takes them
 * all: the control. */
static void test_ten_thousand_keys(void **state)
{
    static const int presses[] = {PRESS_RIGHT, PRESS_LEFT, PRESS_LEFT, 'n',        'n', 'p',
                                  PRESS_END,   PRESS_LEFT, 'p',        PRESS_HOME, 'n', PRESS_END};
    enum { KEYS = 10000 };
    struct opened o;
    uint64_t fed, unpacked;
    size_t from, far = 0;
    struct err err;

    (void)state;
    open_replay(&o, KEYS);
    for (unsigned i = 0; i < sizeof presses / sizeof presses[0]; i++) {
        fed = o.r->replay.fed;
        unpacked = run_keys_unpacked(o.r->app->run.keys);
        from = o.r->replay.at;
        app_press(o.r->app, presses[i]);
        assert_in_range(o.r->replay.fed - fed, 0, 2 * REPLAY_WINDOW);
        assert_in_range(run_keys_unpacked(o.r->app->run.keys) - unpacked, 0, 4 * REPLAY_WINDOW);
        far = from > o.r->replay.at && from - o.r->replay.at > far ? from - o.r->replay.at : far;
    }
    assert_in_range(far, 100 * REPLAY_WINDOW, o.log.count);
    assert_true(replay_seek(&o.r->replay, 1, &err));
    fed = o.r->replay.fed; /* the control */
    for (size_t at = REPLAY_WINDOW; at < far; at += REPLAY_WINDOW)
        assert_true(replay_seek(&o.r->replay, at, &err));
    assert_true(o.r->replay.fed - fed > 50 * REPLAY_WINDOW);
    print_message("%zu events, %zu bytes kept\n", o.log.count, run_keys_size(o.r->app->run.keys));
    close_replay(&o);
}

static void test_nothing_to_replay(void **state)
{
    struct recording empty = {.read = read_event};
    struct replay_app *r;
    struct err err;

    (void)state;
    assert_false(replay_app_new(&empty, &r, &err));
    assert_int_equal(err.code, ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_moment_is_what_it_was),
        cmocka_unit_test(test_walking),
        cmocka_unit_test(test_no_key_reaches_an_hsm),
        cmocka_unit_test(test_playing),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_waits_are_cut),
        cmocka_unit_test(test_ten_thousand_keys),
        cmocka_unit_test(test_nothing_to_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
