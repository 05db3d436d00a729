/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that are in progress together, between two fakes: in whichever order their steps are carried
 * out, the record is the same; and wherever the ceremony is cut off, a resume completes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ceremony/ceremony.h"
#include "tests/fake/fake.h"

#define THREE "aes32:a:+encrypt,aes32:b:+encrypt,generic20:c:+sign:+verify"
#define MORE                                                                                       \
    "aes32:d:+encrypt,aes32:e:+encrypt,aes32:f:+encrypt,aes32:g:+encrypt,aes32:h:+encrypt,"        \
    "aes32:i:+encrypt"
#define AND_MORE                                                                                   \
    "aes32:l:+encrypt,aes32:m:+encrypt,aes32:n:+encrypt,aes32:o:+encrypt,aes32:p:+encrypt,"        \
    "aes32:q:+encrypt,aes32:r:+encrypt"
#define PAIRS "rsa2048:rsa:+sign:+public,ec256:ec:+sign:+public,aes32:k:+encrypt"
enum { KEYS = 3, EVENTS_MAX = 1000, CUT = 99 };

/* When, in a process of its own, the ceremony is cut off. */
struct cut {
    unsigned at_spread; /* in this call of spread(), from 1, ... */
    unsigned done;      /* ... after the steps of these keys: bits, in the order of the call; */
    unsigned at_event;  /* or after this event */
};

struct rig {
    char folder[64];
    char store[2][96];
    char params[2][512];
    struct event_sink sink;
    FILE *record;
    size_t count;
    unsigned spreads;
    bool (*open)(void *ctx, enum side side, struct hsm **hsm, struct err *err); /* an HSM */
    unsigned order;          /* of the steps: a number of a permutation */
    int64_t now_us, tick_us; /* the clock, and for how long it is not looked at */
    unsigned stop;           /* in this call of spread() officers stop it */
    struct cut cut;
    char label[16][8]; /* of each key of the plan, from 1 */
    uint32_t asked;    /* the key at whose gate officers are asked */
    struct ceremony_setup setup;
    struct ceremony *ceremony;
    struct err err;
};

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct rig *rig = (struct rig *)((char *)sink - offsetof(struct rig, sink));

    (void)err;
    assert_int_equal(fwrite(event, sizeof *event, 1, rig->record), 1);
    if (event->kind == EVENT_PLANNED && event->key < 16)
        snprintf(rig->label[event->key], sizeof rig->label[0], "%.*s",
                 (int)event->planned.desc.label_len, (const char *)event->planned.desc.label);
    if (event->kind == EVENT_GATE && event->key < 16)
        rig->asked = event->key;
    if (++rig->count == rig->cut.at_event) {
        fflush(rig->record);
        _exit(CUT);
    }
    return true;
}

/* All steps, in the order of this number: 0 is that of the plan. */
static void spread(void *ctx, size_t count, unsigned threads, void (*work)(void *arg, size_t i),
                   void *arg)
{
    struct rig *rig = ctx;
    size_t left[2 * KEYS * 8], n = rig->order;

    (void)threads;
    assert_in_range(count, 1, sizeof left / sizeof left[0]);
    if (++rig->spreads == rig->stop)
        ceremony_stop(rig->ceremony);
    if (rig->spreads == rig->cut.at_spread) {
        for (size_t i = 0; i < count; i++)
            if (rig->cut.done & 1U << i)
                work(arg, i);
        fflush(rig->record);
        _exit(CUT);
    }
    for (size_t i = 0; i < count; i++)
        left[i] = i;
    for (; count > 0; count--) {
        size_t at = n % count;
        n /= count;
        work(arg, left[at]);
        memmove(&left[at], &left[at + 1], (count - at - 1) * sizeof left[0]);
    }
}

static bool open_fake(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    struct rig *rig = ctx;
    struct hsm_where where = {.api = "fake"};

    snprintf(where.module, sizeof where.module, "%s", rig->store[side]);
    snprintf(where.params, sizeof where.params, "%s", rig->params[side]);
    return fake_driver.open(&where, hsm, err);
}

static bool open_app(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    (void)ctx;
    (void)side;
    (void)hsm;
    return err_set(err, ERR_NO_INPUT, "there is no other path to this HSM");
}

static bool give_pin(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                     struct err *err)
{
    (void)ctx;
    (void)side;
    (void)slot;
    return secret_set(pin, "1234", 4, err);
}

static int64_t tick(void *ctx)
{
    (void)ctx;
    return 1000;
}

static int64_t look_at_clock(void *ctx)
{
    struct rig *rig = ctx;

    return rig->now_us += rig->tick_us;
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->open = open_fake;
    strcpy(rig->folder, "/tmp/hsmferry-windows-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    rig->sink.emit = take;
    rig->record = tmpfile();
    assert_non_null(rig->record);
    rig->setup.rehearsal = true;
    rig->setup.policy = policy_default();
    rig->setup.policy.rsa_bits = 2048;
    rig->setup.policy.gates = 0;
    rig->setup.policy.canary = CANARY_NONE;
    rig->setup.sessions = 2;
    strcpy(rig->setup.title, "test");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        snprintf(rig->store[side], sizeof rig->store[side], "%s/%s", rig->folder, side_name(side));
    *state = rig;
    return 0;
}

static void forget_record(struct rig *rig)
{
    rewind(rig->record);
    assert_int_equal(ftruncate(fileno(rig->record), 0), 0);
    rig->count = rig->spreads = rig->stop = 0;
    rig->cut = (struct cut){0};
}

static void clear(struct rig *rig)
{
    ceremony_free(rig->ceremony);
    rig->ceremony = NULL;
    forget_record(rig);
    rig->setup.interrupted = NULL;
    unlink(rig->store[0]);
    unlink(rig->store[1]);
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    clear(rig);
    rmdir(rig->folder);
    fclose(rig->record);
    free(rig);
    return 0;
}

static void read_record(struct rig *rig, struct event events[EVENTS_MAX], size_t *count)
{
    rewind(rig->record);
    *count = fread(events, sizeof *events, EVENTS_MAX, rig->record);
    assert_in_range(*count, 1, EVENTS_MAX - 1);
}

/* --- one ceremony --- */

static bool prepare(struct rig *rig, const char *source, const char *destination)
{
    const struct ceremony_host host = {.ctx = rig,
                                       .open = rig->open,
                                       .open_app = open_app,
                                       .pin = give_pin,
                                       .utc_ms = tick,
                                       .mono_us = look_at_clock,
                                       .sink = &rig->sink,
                                       .spread = spread};
    struct uri any, key;
    const struct selection selection = {.uris = &key, .uri_count = 1};

    snprintf(rig->params[0], sizeof rig->params[0], "label=src;serial=1;%s", source);
    snprintf(rig->params[1], sizeof rig->params[1],
             "label=dst;serial=2;quick=yes;keys=aes32:other;%s", destination);
    assert_true(uri_parse("pkcs11:slot-id=1", &any, &rig->err));
    assert_true(uri_parse("pkcs11:", &key, &rig->err));
    assert_true(ceremony_new(&rig->setup, &host, &rig->ceremony, &rig->err));
    return ceremony_open(rig->ceremony, SIDE_SOURCE, &rig->err) &&
           ceremony_open(rig->ceremony, SIDE_DESTINATION, &rig->err) &&
           ceremony_choose(rig->ceremony, SIDE_SOURCE, &any, &rig->err) &&
           ceremony_choose(rig->ceremony, SIDE_DESTINATION, &any, &rig->err) &&
           (rig->setup.interrupted ? ceremony_resume(rig->ceremony, &rig->err)
                                   : ceremony_plan(rig->ceremony, &selection, &rig->err));
}

/* Officers answer each gate, and let it go on. */
static int run(struct rig *rig)
{
    enum ceremony_next next;

    while ((next = ceremony_step(rig->ceremony)) != NEXT_DONE) {
        assert_true(rig->count < EVENTS_MAX);
        if (next == NEXT_GATE)
            ceremony_answer(rig->ceremony, rig->label[rig->asked]);
        else if (next == NEXT_WAIT)
            ceremony_go_on(rig->ceremony);
    }
    return ceremony_exit_code(rig->ceremony);
}

static int go(struct rig *rig, const char *source, const char *destination)
{
    if (!prepare(rig, source, destination))
        fail_msg("%s", rig->err.what);
    return run(rig);
}

/* What is on a token, as a process of its own sees it. */
static size_t objects_on(struct rig *rig, enum side side)
{
    struct hsm_where where = {.api = "fake", .params = "label=dst;serial=2"};
    struct secret pin = {0};
    struct hsm *hsm;
    uint64_t *handles;
    size_t count;

    snprintf(where.module, sizeof where.module, "%s", rig->store[side]);
    assert_true(fake_driver.open(&where, &hsm, &rig->err));
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &rig->err));
    assert_true(secret_set(&pin, "1234", 4, &rig->err));
    assert_true(fake_driver.login(hsm, FAKE_SLOT, &pin, &rig->err));
    assert_true(fake_driver.handles(hsm, &handles, &count, &rig->err));
    free(handles);
    secret_free(&pin);
    fake_driver.close(hsm);
    return count;
}

/* --- the order --- */

static bool is_same(const struct event *a, const struct event *b)
{
    return a->kind == b->kind && a->key == b->key && a->side == b->side &&
           (a->kind != EVENT_STEP || (a->step.id == b->step.id && a->step.state == b->step.state));
}

static void the_record_does_not_depend_on_the_order(void **state)
{
    static struct event first[EVENTS_MAX], now[EVENTS_MAX];
    struct rig *rig = *state;
    size_t first_count, count;

    assert_int_equal(go(rig, "keys=" THREE, ""), 0);
    read_record(rig, first, &first_count);
    for (rig->order = 1; rig->order < 6; rig->order++) {
        clear(rig);
        assert_int_equal(go(rig, "keys=" THREE, ""), 0);
        read_record(rig, now, &count);
        assert_int_equal(count, first_count);
        for (size_t i = 0; i < count; i++)
            assert_true(is_same(&first[i], &now[i]));
    }
    rig->order = 0;
    clear(rig);
    rig->setup.sessions = 0;
    assert_int_equal(go(rig, "keys=" THREE, ""), 0);
    rig->setup.sessions = 2;
    assert_int_equal(rig->spreads, 0); /* control: one key follows the other, ... */
    read_record(rig, now, &count);
    assert_int_equal(count, first_count - 1); /* no record of sessions */
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += is_same(&first[i], &now[i]);
    assert_true(same < count); /* ... which is another record */
}

/* --- how many sessions --- */

static const struct event *find_sessions(struct rig *rig, struct event events[EVENTS_MAX])
{
    const struct event *found = NULL;
    size_t count;

    read_record(rig, events, &count);
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind != EVENT_SESSIONS)
            continue;
        assert_null(found);
        found = &events[i];
    }
    return found;
}

/* Fakes have one session, so what is used is the same; what is asked for is in the record. */
static void the_first_keys_decide(void **state)
{
    static struct event events[EVENTS_MAX];
    static const struct {
        const char *keys;
        enum pace pace;
        uint32_t gates;
        int64_t tick_us;
        uint32_t wanted; /* 0: nothing is decided */
        const char *why;
    } rows[] = {
        {"keys=" THREE, PACE_RUN, 0, 10000, 0, NULL}, /* the third one is alone */
        {"keys=" THREE "," MORE, PACE_RUN, 0, 0, 1, "further sessions are of use from 10 ms"},
        {"keys=" THREE "," MORE, PACE_RUN, 0, 1200, 2, "one session for each 5 ms"},
        {"keys=" THREE "," MORE, PACE_RUN, 0, 10000, 2,
         "one session for each two keys that are left"},
        {"keys=" PAIRS "," MORE, PACE_RUN, 0, 10000, 2, "for each two keys that are left"},
        {"keys=" THREE "," MORE, PACE_FIRST, 0, 10000, 2,
         "one session for each two keys that are left"},
        {"keys=" THREE "," MORE, PACE_KEY, 0, 10000, 0, NULL},
        {"keys=" THREE "," MORE, PACE_STEP, 0, 10000, 0, NULL},
        {"keys=" THREE "," MORE, PACE_RUN, 1U << GATE_KEY, 10000, 0, NULL},
    };
    struct rig *rig = *state;

    rig->setup.sessions = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct event *e;
        rig->setup.pace = rows[i].pace;
        rig->setup.policy.gates = rows[i].gates;
        rig->tick_us = rows[i].tick_us;
        assert_int_equal(go(rig, rows[i].keys, ""), 0);
        e = find_sessions(rig, events);
        assert_int_equal(rig->spreads > 0, rows[i].wanted > 0);
        assert_int_equal(e != NULL, rows[i].wanted > 0);
        if (e) {
            assert_int_equal(sessions_wanted(&e->sessions.basis), rows[i].wanted);
            assert_int_equal(e->sessions.basis.keys, SESSIONS_MEASURED);
            assert_int_equal(e->sessions.have[SIDE_SOURCE], 1);
            assert_non_null(strstr(e->sessions.reason, rows[i].why));
            assert_int_equal(strstr(e->sessions.reason, "has no more than 1") != NULL,
                             rows[i].wanted > 1);
        }
        clear(rig);
    }
}

/* Of each key, the order of the steps is that of the table, and each has ended before the next. */
static void each_key_takes_its_steps_in_order(void **state)
{
    static struct event events[EVENTS_MAX];
    struct rig *rig = *state;
    struct {
        enum step_id last;
        bool begun;
    } key[8] = {0};
    unsigned together = 0, most = 0;
    size_t count;

    rig->order = 5;
    assert_int_equal(go(rig, "keys=" PAIRS, ""), 0);
    rig->order = 0;
    read_record(rig, events, &count);
    for (size_t i = 0; i < count; i++) {
        const struct event *e = &events[i];
        if (e->kind != EVENT_STEP || e->key == 0)
            continue;
        assert_in_range(e->key, 1, 7);
        if (e->step.state == EVENT_BEGUN) {
            assert_false(key[e->key].begun);
            assert_true(e->step.id > key[e->key].last);
            key[e->key].last = e->step.id;
            together++;
        } else {
            assert_int_equal(e->step.state, EVENT_OK);
            assert_true(key[e->key].begun && e->step.id == key[e->key].last);
            together--;
        }
        key[e->key].begun = e->step.state == EVENT_BEGUN;
        most = together > most ? together : most;
    }
    assert_true(most >= KEYS);
    assert_int_equal(objects_on(rig, SIDE_DESTINATION), 1 + KEYS + 2); /* with public halves */
}

/* The calls of both sides, one character each. */
static char calls[200];

static void note_call(char what)
{
    const size_t len = strlen(calls);

    if (len + 1 < sizeof calls)
        memcpy(calls + len, (char[]){what, '\0'}, 2);
}

static bool noted_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                       struct bytes *wrapped_key, struct err *err)
{
    note_call('w');
    return fake_driver.wrap(hsm, alg, wrapping, key, wrapped_key, err);
}

static bool noted_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                        const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    note_call('p');
    return fake_driver.prove(hsm, proof, handle, challenge, answer, err);
}

static bool open_noted(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    static struct hsm_driver noted[2];

    if (!open_fake(ctx, side, hsm, err))
        return false;
    noted[side] = fake_driver;
    if (side == SIDE_SOURCE)
        noted[side].wrap = noted_wrap;
    else
        noted[side].prove = noted_prove;
    (*hsm)->driver = &noted[side];
    return true;
}

/* Also with one session, both sides have work at the same time: while the source wraps the
 * keys of one window, the destination proves those of the other one. */
static void both_sides_take_turns(void **state)
{
    struct rig *rig = *state;

    rig->setup.sessions = 1;
    rig->open = open_noted;
    calls[0] = '\0';
    assert_int_equal(go(rig, "keys=" THREE "," MORE "," AND_MORE, ""), 0);
    if (!strstr(calls, "pwpw"))
        fail_msg("one window after the other: %s", calls);
}

/* --- failures --- */

/* One key fails at any call; the others arrive, and nothing is left of it. */
static void a_key_that_fails_leaves_the_others_alone(void **state)
{
    static const struct {
        const char *source, *destination;
    } rows[] = {{"fail=wrap:2", ""},   {"fail=wrap:3", ""},   {"fail=wrap:4", ""},
                {"", "fail=unwrap:2"}, {"", "fail=unwrap:3"}, {"", "fail=unwrap:4"},
                {"", "fail=commit:1"}, {"", "fail=commit:2"}, {"", "fail=commit:3"}};
    struct rig *rig = *state;
    char source[256];
    unsigned hit = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(source, sizeof source, "keys=" THREE ";%s", rows[i].source);
        rig->order = (unsigned)i;
        /* test keys of the capabilities count as calls, so a row may hit none of the three */
        go(rig, source, rows[i].destination);
        size_t there = objects_on(rig, SIDE_DESTINATION);
        if (there != 1 + KEYS && there != KEYS)
            fail_msg("%s%s: %zu objects", rows[i].source, rows[i].destination, there);
        assert_int_equal(ceremony_exit_code(rig->ceremony) == 0, there == 1 + KEYS);
        assert_int_equal(objects_on(rig, SIDE_SOURCE), KEYS);
        hit += there == KEYS;
        clear(rig);
    }
    assert_true(hit >= 5);
    rig->order = 0;
}

/* The destination is gone in the middle: nothing is claimed to have arrived. */
static void an_hsm_that_is_gone_ends_all(void **state)
{
    struct rig *rig = *state;
    int code = go(rig, "keys=" THREE, "fail=commit:2:0x32");

    assert_int_not_equal(code, 0);
    assert_int_equal(objects_on(rig, SIDE_SOURCE), KEYS);
}

/* Officers stop it at any time: each key has arrived and is proven, or is not there. */
static void a_stop_leaves_no_key_half_done(void **state)
{
    static struct event events[EVENTS_MAX];
    struct rig *rig = *state;
    unsigned spreads;
    size_t count, none = 0, all = 0;

    assert_int_equal(go(rig, "keys=" THREE, ""), 0);
    spreads = rig->spreads;
    for (unsigned stop = 1; stop <= spreads; stop++) {
        size_t migrated = 0;
        clear(rig);
        rig->stop = stop;
        go(rig, "keys=" THREE, "");
        read_record(rig, events, &count);
        assert_int_equal(events[count - 1].kind, EVENT_END);
        migrated = events[count - 1].end.migrated;
        assert_int_equal(events[count - 1].end.left_over, 0);
        assert_int_equal(objects_on(rig, SIDE_DESTINATION), 1 + migrated);
        none += migrated == 0;
        all += migrated == KEYS;
    }
    assert_true(none > 0 && all > 0);
    assert_int_equal(none + all, spreads);
}

/* --- cut off, and resumed --- */

/* What the journal says of an interrupted ceremony, as far as a resume needs it. */
struct past {
    struct interrupted_ceremony it;
    struct interrupted_key keys[8];
    struct key_desc descs[8];
};

static void read_past(struct rig *rig, struct past *past)
{
    static struct event events[EVENTS_MAX];
    size_t count;

    *past = (struct past){.it = {.keys = past->keys, .descs = {.keys = past->descs}}};
    read_record(rig, events, &count);
    for (size_t i = 0; i < count; i++) {
        const struct event *e = &events[i];
        struct interrupted_key *key = &past->keys[e->key ? e->key - 1 : 0];
        if (e->kind == EVENT_BEGIN)
            memcpy(past->it.id, e->begin.id, sizeof past->it.id);
        else if (e->kind == EVENT_HSM)
            past->it.slot[e->side] = e->hsm.slot;
        else if (e->kind == EVENT_PLANNED) {
            past->descs[past->it.descs.count++] = e->planned.desc;
            key->explicit = true;
        } else if (e->kind == EVENT_STEP && e->key && e->step.id == STEP_COMMIT)
            key->intended = key->announced = e->step.state != EVENT_UNDONE;
        else if (e->kind == EVENT_STEP && e->key && e->step.id == STEP_PROVE_AGAIN)
            key->proven = e->step.state == EVENT_OK;
    }
}

/* Runs it in a process of its own, to where it is cut off. Returns false if it was not. */
static bool run_cut(struct rig *rig, const struct cut *cut)
{
    int status;
    pid_t child;

    clear(rig);
    rig->cut = *cut;
    fflush(rig->record);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        go(rig, "keys=" THREE, "");
        fflush(rig->record);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == CUT || WEXITSTATUS(status) == 0));
    return WEXITSTATUS(status) == CUT;
}

static void resume_completes(struct rig *rig, const struct cut *cut)
{
    struct past past;
    int code;

    read_past(rig, &past);
    forget_record(rig);
    rig->setup.interrupted = &past.it;
    code = go(rig, "keys=" THREE, "");
    if (code != 0 || objects_on(rig, SIDE_DESTINATION) != 1 + KEYS ||
        objects_on(rig, SIDE_SOURCE) != KEYS)
        fail_msg("cut at spread %u (keys %x), event %u: exit %d, %zu objects", cut->at_spread,
                 cut->done, cut->at_event, code, objects_on(rig, SIDE_DESTINATION));
    rig->setup.interrupted = NULL;
}

/* After the steps of any of the three keys: what a crash leaves on a token depends on which were
 * carried out, and not on their order. */
static void a_resume_completes_every_interleaving(void **state)
{
    struct rig *rig = *state;
    bool cut_off = true;

    for (unsigned at = 1; cut_off; at++)
        for (unsigned done = 0; cut_off && done < 1U << KEYS; done++) {
            const struct cut cut = {.at_spread = at, .done = done};
            cut_off = run_cut(rig, &cut);
            if (cut_off)
                resume_completes(rig, &cut);
            else
                assert_true(at > 8); /* or less was tried than there is */
        }
}

static size_t first_step_of_a_key(struct rig *rig, size_t *last)
{
    static struct event events[EVENTS_MAX];
    size_t count, first = 0;

    read_record(rig, events, &count);
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == EVENT_STEP && events[i].key) {
            first = first ? first : i + 1;
            *last = i + 1;
        }
    return first;
}

/* Between any two events of the keys, too. */
static void a_resume_completes_every_prefix(void **state)
{
    struct rig *rig = *state;
    size_t first, last = 0;

    assert_int_equal(go(rig, "keys=" THREE, ""), 0);
    first = first_step_of_a_key(rig, &last);
    assert_true(last - first > 6 * 2 * KEYS - 2);
    for (size_t i = first; i <= last; i++) {
        const struct cut cut = {.at_event = (unsigned)i};
        assert_true(run_cut(rig, &cut));
        resume_completes(rig, &cut);
    }
}

/* The control: keys whose commits are not in the record are another's, and nothing is touched. So
 * all of a window must be announced before the first of them is committed. */
static void commits_that_were_not_announced_are_a_conflict(void **state)
{
    struct rig *rig = *state;
    unsigned conflicts = 0;
    bool cut_off = true;
    struct past past;

    for (unsigned at = 1; cut_off; at++) {
        const struct cut cut = {.at_spread = at, .done = 2};
        cut_off = run_cut(rig, &cut);
        if (!cut_off || objects_on(rig, SIDE_DESTINATION) != 2)
            continue;
        read_past(rig, &past);
        for (size_t i = 0; i < KEYS; i++)
            past.keys[i].intended = past.keys[i].announced = false;
        forget_record(rig);
        rig->setup.interrupted = &past.it;
        assert_false(prepare(rig, "keys=" THREE, ""));
        assert_int_equal(rig->err.code, ERR_CONFLICT);
        assert_int_equal(objects_on(rig, SIDE_DESTINATION), 2);
        conflicts++;
    }
    assert_true(conflicts > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_record_does_not_depend_on_the_order, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_keys_decide, setup, teardown),
        cmocka_unit_test_setup_teardown(each_key_takes_its_steps_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(both_sides_take_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_fails_leaves_the_others_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(an_hsm_that_is_gone_ends_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_leaves_no_key_half_done, setup, teardown),
        cmocka_unit_test_setup_teardown(a_resume_completes_every_interleaving, setup, teardown),
        cmocka_unit_test_setup_teardown(a_resume_completes_every_prefix, setup, teardown),
        cmocka_unit_test_setup_teardown(commits_that_were_not_announced_are_a_conflict, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
