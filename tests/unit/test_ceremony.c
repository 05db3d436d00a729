/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against two HSMs that do real cryptography and can fail, lie and forget: the order of
 * the protocol, gates, undo at every single call, and what is true at the end.
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
#include "base/words.h"
#include "ceremony/ceremony.h"
#include "tests/fake/fake.h"

#define KEYS                                                                                       \
    "aes32:aes:+encrypt:+decrypt,rsa2048:rsa:+sign:+public,ec256:ec:+sign:+public,"                \
    "generic13:password,generic32:hmac:+sign:+verify"
enum { MOVABLE = 5, PRIVATE = 2, EVENTS_MAX = 4000 };

/* One ceremony between two fakes, and all that it told. */
struct rig {
    char folder[64];
    char store[2][96];
    char params[2][512];
    struct event_sink sink;
    struct event *events;
    size_t count;
    size_t refuse_at; /* the event that the sink refuses; 0: none */
    struct ceremony_setup setup;
    struct ceremony *ceremony;
    unsigned opened[2];
    const char *app;    /* faults of the path of applications; NULL: there is none */
    unsigned touched;   /* calls that did something with a real key of the source */
    bool asked;         /* a key shows which public half is its own, before the review */
    bool blind;         /* an HSM hides what it has: nothing holds then */
    bool fresh_differs; /* the fresh process is given no faults */
    int64_t clock;
    struct err err;
};

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct rig *rig = (struct rig *)((char *)sink - offsetof(struct rig, sink));

    assert_true(rig->count < EVENTS_MAX);
    assert_int_equal(event->seq, rig->count + 1);
    rig->events[rig->count++] = *event;
    if (rig->count == rig->refuse_at)
        return err_set(err, ERR_IO, "no space left for the record");
    return true;
}

/* --- a source that is watched: what is done with the keys that it has? --- */

static struct rig *watching;

static void watch(const struct hsm *hsm, uint64_t handle)
{
    const struct key_list *keys = ceremony_keys(watching->ceremony, SIDE_SOURCE);

    (void)hsm;
    for (size_t i = 0; i < keys->count; i++)
        watching->touched += keys->keys[i].handle == handle;
}

static bool watched_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                         struct bytes *wrapped_key, struct err *err)
{
    watch(hsm, key);
    return fake_driver.wrap(hsm, alg, wrapping, key, wrapped_key, err);
}

static bool watched_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                          const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    watch(hsm, handle);
    return fake_driver.prove(hsm, proof, handle, challenge, answer, err);
}

static bool watched_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    watch(hsm, handle);
    return fake_driver.destroy(hsm, handle, err);
}

static struct hsm_driver watched;

static bool open_fake(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    struct rig *rig = ctx;
    struct hsm_where where = {.api = "fake"};

    snprintf(where.module, sizeof where.module, "%s", rig->store[side]);
    snprintf(where.params, sizeof where.params, "%s",
             rig->opened[side]++ ? "label=dst;serial=2" : rig->params[side]);
    if (!fake_driver.open(&where, hsm, err))
        return false;
    if (side == SIDE_SOURCE)
        (*hsm)->driver = &watched;
    return true;
}

/* The other path to the destination: a fake that tells the truth, or what the test lets it tell. */
static bool open_app(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    struct rig *rig = ctx;
    struct hsm_where where = {.api = "fake"};

    if (!rig->app)
        return err_set(err, ERR_NO_INPUT, "there is no other path to this HSM");
    snprintf(where.module, sizeof where.module, "%s", rig->store[side]);
    snprintf(where.params, sizeof where.params, "label=dst;serial=2;%s", rig->app);
    return fake_driver.open(&where, hsm, err);
}

static bool give_pin(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                     struct err *err)
{
    (void)ctx;
    (void)side;
    (void)slot;
    return secret_set(pin, "1234", 4, err);
}

static bool no_pin(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                   struct err *err)
{
    (void)ctx;
    (void)side;
    (void)slot;
    (void)pin;
    (void)err;
    fail_msg("a PIN was asked for");
    return false;
}

static int64_t tick(void *ctx)
{
    return ++((struct rig *)ctx)->clock * 1000;
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->events = calloc(EVENTS_MAX, sizeof *rig->events);
    assert_non_null(rig->events);
    strcpy(rig->folder, "/tmp/hsmferry-ceremony-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    rig->sink.emit = take;
    watching = rig;
    watched = fake_driver;
    watched.wrap = watched_wrap;
    watched.prove = watched_prove;
    watched.destroy = watched_destroy;
    rig->setup.rehearsal = true; /* production asks for the devices first */
    rig->setup.policy = policy_default();
    rig->setup.policy.rsa_bits = 2048;
    rig->setup.policy.gates = 0;
    strcpy(rig->setup.title, "test");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        snprintf(rig->store[side], sizeof rig->store[side], "%s/%s", rig->folder, side_name(side));
    *state = rig;
    return 0;
}

/* Forgets the ceremony and its tokens, so that the next one begins anew. */
static void clear(struct rig *rig)
{
    ceremony_free(rig->ceremony);
    rig->ceremony = NULL;
    rig->count = 0;
    rig->opened[0] = rig->opened[1] = rig->touched = 0;
    rig->err = (struct err){0};
    unlink(rig->store[0]);
    unlink(rig->store[1]);
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

/* Opens, chooses and plans, which touches no real key; keys and faults are words of fake.h. */
static bool prepare(struct rig *rig, const char *source, const char *destination, const char *keys)
{
    const struct ceremony_host host = {rig,  open_fake, open_app,   give_pin, NULL,
                                       tick, tick,      &rig->sink, NULL};
    struct uri any, key;
    const struct selection selection = {.uris = &key, .uri_count = 1};
    bool ok;

    snprintf(rig->params[0], sizeof rig->params[0], "label=src;serial=1;quick=yes;%s", source);
    snprintf(rig->params[1], sizeof rig->params[1],
             "label=dst;serial=2;quick=yes;keys=aes32:other;%s", destination);
    assert_true(uri_parse("pkcs11:slot-id=1", &any, &rig->err));
    assert_true(uri_parse(keys, &key, &rig->err));
    assert_true(ceremony_new(&rig->setup, &host, &rig->ceremony, &rig->err));
    ok = ceremony_open(rig->ceremony, SIDE_SOURCE, &rig->err) &&
         ceremony_open(rig->ceremony, SIDE_DESTINATION, &rig->err) &&
         ceremony_choose(rig->ceremony, SIDE_SOURCE, &any, &rig->err) &&
         ceremony_choose(rig->ceremony, SIDE_DESTINATION, &any, &rig->err) &&
         ceremony_plan(rig->ceremony, &selection, &rig->err);
    if (!rig->blind && !rig->asked)
        assert_int_equal(rig->touched, 0);
    return ok;
}

/* Walks to the end with every gate waived. A sink that refused the last word changes the exit. */
static const struct event *run(struct rig *rig)
{
    enum ceremony_next next;
    size_t i;

    while ((next = ceremony_step(rig->ceremony)) != NEXT_DONE) {
        assert_true(rig->count < EVENTS_MAX);
        if (next == NEXT_WAIT)
            ceremony_go_on(rig->ceremony);
    }
    for (i = rig->count; i-- > 0 && rig->events[i].kind != EVENT_END;)
        ;
    assert_int_equal(rig->events[i].kind, EVENT_END);
    rig->events[i].end.exit_code = ceremony_exit_code(rig->ceremony);
    return &rig->events[i];
}

static const struct event *go(struct rig *rig, const char *source, const char *destination,
                              const char *keys)
{
    if (!prepare(rig, source, destination, keys))
        fail_msg("%s", rig->err.what);
    return run(rig);
}

/* What lies on the destination, as a process of its own sees it. */
static size_t objects_on(struct rig *rig, enum side side)
{
    struct hsm_where where = {.api = "fake", .params = "label=dst;serial=2"};
    struct hsm *hsm;
    struct secret pin = {0};
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

static size_t objects_on_destination(struct rig *rig)
{
    return objects_on(rig, SIDE_DESTINATION);
}

static const struct event *find(const struct rig *rig, enum event_kind kind, size_t from)
{
    for (size_t i = from; i < rig->count; i++)
        if (rig->events[i].kind == kind)
            return &rig->events[i];
    return NULL;
}

/* --- it works --- */

static void all_kinds_arrive(void **state)
{
    struct rig *rig = *state;
    const struct event *end = go(rig, "keys=" KEYS, "", "pkcs11:");

    assert_int_equal(end->end.outcome, END_COMPLETE);
    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(end->end.migrated, MOVABLE);
    assert_int_equal(end->end.left_over, 0);
    assert_int_equal(end->end.companions, PRIVATE); /* their public halves */
    assert_int_equal(objects_on_destination(rig), 1 + MOVABLE + PRIVATE);
    assert_int_equal(rig->opened[SIDE_DESTINATION], 3); /* for the canary, and at the end */
}

/* Steps begin in the protocol's order, and no key is wrapped before the AES key was accepted. */
static void order_of_steps(void **state)
{
    struct rig *rig = *state;
    int last = -1;
    bool accepted = false;

    go(rig, "keys=aes32:k:+encrypt", "", "pkcs11:");
    for (size_t i = 0; i < rig->count; i++) {
        const struct event *e = &rig->events[i];
        if (e->kind != EVENT_STEP || e->step.state != EVENT_BEGUN) {
            accepted |=
                e->kind == EVENT_STEP && e->step.id == STEP_UNWRAP_KEK && e->step.state == EVENT_OK;
            continue;
        }
        if (e->step.id == STEP_MAKE_KEK) /* the source answers with no key of its own */
            last = STEP_LOAD_ANSWER;
        if (e->step.id == STEP_PROVE_AGAIN) /* no copy was there to be brought into line */
            last = STEP_ALIGN;
        if (e->step.id == STEP_COMMIT) /* no public object's turn */
            last = STEP_RELAY_OBJECT;
        if (e->step.id == STEP_PROVE_AGAIN) /* no copy was there, and no key is new */
            last = STEP_PROVE_AGAIN - 1;
        if (e->step.id == STEP_DESTROY) /* no sealed file's */
            last = STEP_SEAL;
        assert_int_equal((int)e->step.id, last + 1);
        last = (int)e->step.id;
        if (e->step.id == STEP_WRAP_KEY)
            assert_true(accepted);
    }
    assert_int_equal(last, STEP_PROVE_FRESH);
}

/* The 13 bytes arrive as 13 even where the envelope would pad them. */
static void padded_secret_goes_directly(void **state)
{
    struct rig *rig = *state;
    const struct event *end = go(rig, "exact=no;keys=generic13:p", "takes=no", "pkcs11:object=p");

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(find(rig, EVENT_PLANNED, 0)->planned.route, ROUTE_DIRECT);
    assert_int_equal(find(rig, EVENT_KEY_DONE, 0)->key_done.desc.length, 13);
}

static void key_done_once_for_each(void **state)
{
    struct rig *rig = *state;
    unsigned reported[MOVABLE + PRIVATE + 2] = {0};

    go(rig, "keys=" KEYS ",aes16:stays:-extractable", "", "pkcs11:object=*");
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_KEY_DONE)
            reported[rig->events[i].key]++;
    for (unsigned i = 1; i < MOVABLE + PRIVATE + 2; i++)
        assert_int_equal(reported[i], 1);
}

/* A check value of a guessable secret would let its guesser test guesses. */
static void no_check_value_of_a_password(void **state)
{
    struct rig *rig = *state;
    unsigned shown = 0;

    go(rig, "keys=generic13:password,aes32:k:+encrypt", "", "pkcs11:");
    for (size_t i = 0; i < rig->count; i++) {
        const struct event *e = &rig->events[i];
        const struct key_desc *desc = e->kind == EVENT_PLANNED    ? &e->planned.desc
                                      : e->kind == EVENT_KEY_DONE ? &e->key_done.desc
                                                                  : NULL;
        if (desc && desc->kind == KEY_KIND_GENERIC)
            assert_int_equal(desc->kcv_len, 0);
        else if (desc)
            shown += desc->kcv_len > 0;
    }
    assert_true(shown > 0);
}

/* --- what cannot go --- */

static void pattern_lists_what_cannot_go(void **state)
{
    struct rig *rig = *state;
    const struct event *end =
        go(rig, "keys=aes32:k:+encrypt,aes16:stays:-extractable", "", "pkcs11:object=*");

    assert_int_equal(end->end.outcome, END_COMPLETE);
    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(end->end.migrated, 1);
    assert_int_equal(end->end.refused, 1);
}

/* Three of four are stronger than RSA 2048: each is warned about, by its number. */
static void weaker_transport_is_warned_about(void **state)
{
    struct rig *rig = *state;
    uint32_t warned = 0;

    assert_true(prepare(rig, "keys=aes16:b,aes32:a,ec256:e:+public,generic32:s", "", "pkcs11:"));
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_WARNING && rig->events[i].key > 0) {
            assert_non_null(strstr(rig->events[i].note.text, "weaker than the key it carries"));
            warned |= 1U << rig->events[i].key;
        }
    assert_int_equal(warned, 1U << 1 | 1U << 2 | 1U << 3);
}

static void nothing_can_go(void **state)
{
    struct rig *rig = *state;

    assert_false(prepare(rig, "keys=aes16:stays:-extractable", "", "pkcs11:object=stays"));
    assert_int_equal(rig->err.code, ERR_DENIED);
    assert_non_null(strstr(rig->err.what, "not extractable"));
    clear(rig);
    assert_false(prepare(rig, "keys=aes32:other", "", "pkcs11:object=other"));
    assert_int_equal(rig->err.code, ERR_CONFLICT);
    clear(rig);
    assert_false(prepare(rig, "keys=aes32:k", "", "pkcs11:object=absent"));
    assert_int_equal(rig->err.code, ERR_NO_INPUT);
}

/* --- gates --- */

static const struct event *walk_to_gate(struct rig *rig)
{
    enum ceremony_next next;

    while ((next = ceremony_step(rig->ceremony)) == NEXT_STEP)
        ;
    assert_int_equal(next, NEXT_GATE);
    assert_int_equal(rig->events[rig->count - 1].kind, EVENT_GATE);
    assert_int_equal(rig->events[rig->count - 1].gate.state, GATE_OPEN);
    return &rig->events[rig->count - 1];
}

/* The words that the question asks for, taken from the fingerprint that the source told. Returns
 * their places, as bits. */
static uint32_t words_asked_for(const struct rig *rig, const char *question, char *words)
{
    const uint8_t *sha256 = NULL;
    uint32_t places = 0;
    unsigned at[4];

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_FINGERPRINT && rig->events[i].side == SIDE_SOURCE)
            sha256 = rig->events[i].fingerprint.spki_sha256;
    assert_non_null(sha256);
    assert_int_equal(
        sscanf(question, "type words %u, %u, %u and %u of", &at[0], &at[1], &at[2], &at[3]), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(at[i], i ? at[i - 1] + 2 : 1, SHA256_SIZE); /* in order, no neighbours */
        places |= UINT32_C(1) << (at[i] - 1);
    }
    snprintf(words, TEXT_WORDS_SIZE, "%s %s %s %s", text_word(sha256[at[0] - 1], at[0] - 1),
             text_word(sha256[at[1] - 1], at[1] - 1), text_word(sha256[at[2] - 1], at[2] - 1),
             text_word(sha256[at[3] - 1], at[3] - 1));
    return places;
}

/* In production both devices are confirmed before anybody is asked for a PIN. */
static void devices_come_first(void **state)
{
    const struct ceremony_host host = {.ctx = state,
                                       .open = open_fake,
                                       .pin = no_pin,
                                       .utc_ms = tick,
                                       .mono_us = tick,
                                       .sink = NULL};
    static const char *const answers[][2] = {
        {"", "8472"}, {"2 1", "Yes"}, {"1", "2"}, {" 1  2 ", NULL}};
    struct rig *rig = *state;

    rig->setup.rehearsal = false;
    rig->setup.policy.gates = 1U << GATE_REVIEW; /* any gate: somebody is there */
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct ceremony_host mine = host;
        struct uri any[2];
        bool open;
        mine.ctx = rig;
        mine.sink = &rig->sink;
        strcpy(rig->params[0], "label=src;serial=1");
        strcpy(rig->params[1], "label=dst;serial=2");
        assert_true(uri_parse("pkcs11:slot-id=1", &any[0], &rig->err));
        any[1] = any[0];
        assert_true(ceremony_new(&rig->setup, &mine, &rig->ceremony, &rig->err));
        assert_true(ceremony_open(rig->ceremony, SIDE_SOURCE, &rig->err));
        assert_false(ceremony_devices(rig->ceremony, any, &open, &rig->err)); /* not both open */
        assert_true(ceremony_open(rig->ceremony, SIDE_DESTINATION, &rig->err));
        assert_true(ceremony_devices(rig->ceremony, any, &open, &rig->err));
        assert_true(open);
        assert_non_null(find(rig, EVENT_HSM, 0));
        ceremony_answer(rig->ceremony, answers[i][0]);
        if (answers[i][1]) {
            assert_true(ceremony_devices(rig->ceremony, any, &open, &rig->err));
            assert_true(open);
            ceremony_answer(rig->ceremony, answers[i][1]);
            assert_false(ceremony_devices(rig->ceremony, any, &open, &rig->err));
            assert_int_equal(rig->err.code, ERR_STOPPED);
        } else {
            assert_true(ceremony_devices(rig->ceremony, any, &open, &rig->err));
            assert_false(open);
        }
        clear(rig);
    }
}

static void gates_open_to_the_right_words(void **state)
{
    struct rig *rig = *state;
    char words[TEXT_WORDS_SIZE];
    const struct event *gate;

    rig->setup.policy.gates = ((1U << GATES) - 1) & ~(1U << GATE_DEVICES);
    assert_true(prepare(rig, "keys=aes32:k:+encrypt,aes32:l:+encrypt", "", "pkcs11:"));
    gate = walk_to_gate(rig);
    assert_int_equal(gate->gate.gate, GATE_REVIEW);
    assert_null(find(rig, EVENT_STEP, 0));
    assert_int_equal(ceremony_step(rig->ceremony), NEXT_GATE); /* waiting changes nothing */
    ceremony_answer(rig->ceremony, " FERRY  2 ");
    gate = walk_to_gate(rig);
    assert_int_equal(gate->gate.gate, GATE_FINGERPRINT);
    words_asked_for(rig, gate->gate.question, words);
    ceremony_answer(rig->ceremony, words);
    gate = walk_to_gate(rig);
    assert_int_equal(gate->gate.gate, GATE_KEY);
    ceremony_answer(rig->ceremony, "k");
    gate = walk_to_gate(rig);
    assert_int_equal(gate->key, 2);
    ceremony_answer(rig->ceremony, "l");
    assert_int_equal(run(rig)->end.migrated, 2);
}

/* The next key goes on; what goes along with the one that was left out stays, too. */
static void a_key_is_left_out_at_its_gate(void **state)
{
    struct rig *rig = *state;
    const struct event *end, *exception, *done;

    rig->setup.policy.gates = 1U << GATE_KEY;
    assert_true(prepare(rig, "keys=ec256:k:+public,aes32:l:+encrypt", "", "pkcs11:"));
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "skip");
    assert_int_equal(walk_to_gate(rig)->key, 2);
    ceremony_answer(rig->ceremony, "l");
    end = run(rig);
    assert_int_equal(end->end.migrated, 1);
    assert_int_equal(end->end.refused, 1);
    assert_int_equal(end->end.failed, 0);
    assert_int_equal(end->end.outcome, END_PARTIAL); /* also where a pattern gave it */
    assert_int_equal(end->end.exit_code, 2);
    exception = find(rig, EVENT_EXCEPTION, 0);
    assert_non_null(exception);
    assert_int_equal(exception->key, 1);
    assert_string_equal(exception->exception.expected, "k is migrated");
    done = find(rig, EVENT_KEY_DONE, 0);
    assert_int_equal(done->key, 1);
    assert_int_equal(done->key_done.outcome, KEY_REFUSED);
    assert_int_equal(objects_on_destination(rig), 2); /* the one that was there, and l */
    clear(rig);
    rig->setup.policy.gates = 1U << GATE_KEY; /* control: without that word all of it goes */
    assert_true(prepare(rig, "keys=ec256:k:+public,aes32:l:+encrypt", "", "pkcs11:"));
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "k");
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "l");
    assert_int_equal(run(rig)->end.migrated, 2);
    assert_int_equal(objects_on_destination(rig), 4);
}

/* A ceremony of two keys with this script, at the gate of the first of which skip is typed or not.
 */
static const struct event *end_with_skip(struct rig *rig, const char *uri, bool skip)
{
    struct script_line line = {.expect = 0};
    struct script_said said = {.lines = &line, .count = 1};
    const struct event *end;

    snprintf(line.uri, sizeof line.uri, "%s", uri);
    rig->setup.policy.gates = 1U << GATE_KEY;
    said.policy = rig->setup.policy;
    said.rehearsal = rig->setup.rehearsal;
    rig->setup.script = &said;
    assert_true(prepare(rig, "keys=aes32:k:+encrypt,aes32:l:+encrypt", "", uri));
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, skip ? "skip" : "k");
    assert_int_equal(walk_to_gate(rig)->key, 2);
    ceremony_answer(rig->ceremony, "l");
    end = run(rig);
    rig->setup.script = NULL;
    return end;
}

static const struct event *script_event(struct rig *rig, enum script_what what)
{
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_SCRIPT && rig->events[i].script.what == what)
            return &rig->events[i];
    return NULL;
}

/* The plan was as the script says; what happened at the gate was not. */
static void a_key_of_the_script_that_is_left_out_is_a_deviation(void **state)
{
    struct rig *rig = *state;
    const struct event *left_out, *exception;

    assert_int_equal(end_with_skip(rig, "pkcs11:type=secret-key", true)->end.migrated, 1);
    left_out = script_event(rig, SCRIPT_LEFT_OUT);
    assert_non_null(left_out);
    assert_int_equal(left_out->key, 1);
    assert_int_equal(left_out->script.line, 1);
    assert_string_equal(left_out->script.text, "k");
    exception = find(rig, EVENT_EXCEPTION, 0);
    assert_non_null(exception);
    assert_true(exception->exception.script);
    assert_int_equal(exception->key, 1);
    assert_true(exception->seq > left_out->seq);
    assert_null(script_event(rig, SCRIPT_WANTED));
    assert_int_equal(script_event(rig, SCRIPT_VERDICT)->script.outcome, SCRIPT_DEVIATED);
    assert_string_equal(script_event(rig, SCRIPT_VERDICT)->script.text, "1 key left out: k");
    clear(rig);
    assert_int_equal(end_with_skip(rig, "pkcs11:type=secret-key", false)->end.migrated, 2);
    assert_null(script_event(rig, SCRIPT_LEFT_OUT)); /* control: none was left out */
    assert_int_equal(script_event(rig, SCRIPT_VERDICT)->script.outcome, SCRIPT_FOLLOWED);
}

/* The verdict of a resumed ceremony on settings that were changed before the interruption. */
static const char *verdict_with(struct rig *rig, uint32_t settings)
{
    struct script_line line = {.uri = "pkcs11:object=k"};
    struct interrupted_ceremony interrupted = {
        .script = {.lines = &line, .line_count = 1, .settings = settings}};
    const struct script_said said = {.policy = rig->setup.policy,
                                     .rehearsal = rig->setup.rehearsal};
    struct event why = {.kind = EVENT_EXCEPTION, .side = SIDE_RELAY};

    rig->setup.script = &said; /* as the file that was kept says it */
    rig->setup.interrupted = &interrupted;
    assert_true(prepare(rig, "keys=aes32:k:+encrypt", "", line.uri));
    assert_int_equal(ceremony_review(rig->ceremony, &rig->err), NEXT_EXCEPTION);
    assert_true(ceremony_emit(rig->ceremony, &why, &rig->err));
    run(rig);
    rig->setup.interrupted = NULL;
    rig->setup.script = NULL;
    return script_event(rig, SCRIPT_VERDICT)->script.text;
}

static void a_setting_that_was_changed_is_not_forgotten(void **state)
{
    struct rig *rig = *state;

    assert_non_null(strstr(verdict_with(rig, 1), "1 setting changed: rsa-bits"));
    assert_string_equal(script_event(rig, SCRIPT_POLICY)->script.text, "rsa-bits");
    clear(rig);
    assert_null(strstr(verdict_with(rig, 0), "setting")); /* the control */
    assert_null(script_event(rig, SCRIPT_POLICY));
}

static void gates_fail_closed(void **state)
{
    static const struct {
        enum gate gate;
        const char *first, *second;
        int exit_code;
    } rows[] = {
        {GATE_REVIEW, "", "yes", 2},
        {GATE_REVIEW, "ferry 2", "ferry", 2},
        {GATE_FINGERPRINT, "aardvark adroitness aardvark adroitness", "", 65},
        {GATE_KEY, "K", "yes", 2},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct event *end;
        rig->setup.policy.gates = 1U << rows[i].gate;
        assert_true(prepare(rig, "keys=aes32:k:+encrypt", "", "pkcs11:"));
        walk_to_gate(rig);
        ceremony_answer(rig->ceremony, rows[i].first);
        walk_to_gate(rig);
        ceremony_answer(rig->ceremony, rows[i].second);
        end = run(rig);
        assert_int_equal(end->end.outcome, END_ABORTED);
        assert_int_equal(end->end.exit_code, rows[i].exit_code);
        assert_int_equal(end->end.migrated, 0);
        assert_int_equal(objects_on_destination(rig), 1);
        clear(rig);
    }
}

/* What the second officer is asked to type, behind this role. */
static const char *second_answer(const struct rig *rig, const struct event *gate, const char *role)
{
    static char answer[TEXT_WORDS_SIZE + 64];
    const char *asked = strstr(gate->gate.question, "words");
    char question[64], words[TEXT_WORDS_SIZE];

    assert_non_null(asked);
    snprintf(question, sizeof question, "type %.50s", asked);
    words_asked_for(rig, question, words);
    snprintf(answer, sizeof answer, "%s %s", role, words);
    return answer;
}

static void set_officers(struct rig *rig, uint32_t gates)
{
    static const struct officer officers[] = {
        {"Wit", "witness"}, {"Charles", "Destination officer"}, {"Ada", "source officer"}};

    memcpy(rig->setup.officers, officers, sizeof officers);
    rig->setup.officer_count = 3;
    rig->setup.policy.gates = rig->setup.policy.two_officers = gates;
}

static void both_officers_confirm(void **state)
{
    struct rig *rig = *state;
    char first[TEXT_WORDS_SIZE];
    const struct event *gate;

    set_officers(rig, ((1U << GATES) - 1) & ~(1U << GATE_DEVICES));
    assert_true(prepare(rig, "keys=aes32:k:+encrypt", "", "pkcs11:"));
    gate = walk_to_gate(rig);
    assert_string_equal(gate->gate.officer, "Ada");
    ceremony_answer(rig->ceremony, "ferry 1");
    gate = walk_to_gate(rig);
    assert_int_equal(gate->gate.gate, GATE_REVIEW);
    assert_null(find(rig, EVENT_STEP, 0));
    assert_string_equal(gate->gate.officer, "Charles");
    assert_string_equal(gate->gate.role, "Destination officer");
    ceremony_answer(rig->ceremony, "c ferry 1");
    gate = walk_to_gate(rig);
    assert_int_equal(gate->gate.gate, GATE_FINGERPRINT);
    words_asked_for(rig, gate->gate.question, first);
    ceremony_answer(rig->ceremony, first);
    gate = walk_to_gate(rig);
    assert_string_not_equal(second_answer(rig, gate, ""), first);
    ceremony_answer(rig->ceremony, second_answer(rig, gate, "source officer"));
    gate = walk_to_gate(rig);
    ceremony_answer(rig->ceremony, second_answer(rig, gate, "source officer"));
    gate = walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "C aardvark adroitness aardvark");
    gate = walk_to_gate(rig);
    assert_int_equal(gate->gate.tries_left, 1);
    ceremony_answer(rig->ceremony, second_answer(rig, gate, "c"));
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "k");
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "C k");
    assert_int_equal(run(rig)->end.migrated, 1);
}

/* Four places each, random, and never one of the first officer's for the second: also not after a
 * wrong answer. */
static void officers_read_other_words(void **state)
{
    struct rig *rig = *state;
    char words[TEXT_WORDS_SIZE], question[64];
    uint32_t seen = 0, same = 0;

    for (unsigned i = 0; i < 24; i++) {
        const struct event *gate;
        uint32_t first, second;
        set_officers(rig, 1U << GATE_FINGERPRINT);
        assert_true(prepare(rig, "keys=aes32:k:+encrypt;quick=yes", "quick=yes", "pkcs11:"));
        gate = walk_to_gate(rig);
        first = words_asked_for(rig, gate->gate.question, words);
        same += first == seen;
        seen |= first;
        ceremony_answer(rig->ceremony, words);
        for (unsigned tries = 0; tries < 2; tries++) {
            gate = walk_to_gate(rig);
            snprintf(question, sizeof question, "type %.50s", strstr(gate->gate.question, "words"));
            second = words_asked_for(rig, question, words);
            assert_int_equal(first & second, 0);
            ceremony_answer(rig->ceremony, "c wrong");
        }
        clear(rig);
    }
    assert_int_equal(same, 0);
    assert_true(seen > UINT32_C(0xffff)); /* from both halves ... */
    assert_int_not_equal(seen & 0xffff, 0);
    assert_int_not_equal(seen & 0x55555555, 0); /* ... and both lists */
    assert_int_not_equal(seen & 0xaaaaaaaa, 0);
}

/* Neither one officer alone, nor one who plays both, gets anywhere. */
static void one_officer_is_not_two(void **state)
{
    static const char *const answers[] = {"ferry 1", "source officer ferry 1", "witness ferry 1",
                                          "cferry 1", "c no"};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        set_officers(rig, 1U << GATE_REVIEW);
        assert_true(prepare(rig, "keys=aes32:k:+encrypt", "", "pkcs11:"));
        walk_to_gate(rig);
        ceremony_answer(rig->ceremony, "ferry 1");
        for (unsigned n = 0; n < 3 && ceremony_step(rig->ceremony) == NEXT_GATE; n++)
            ceremony_answer(rig->ceremony, answers[i]);
        assert_int_equal(run(rig)->end.outcome, END_ABORTED);
        assert_int_equal(rig->events[rig->count - 1].end.migrated, 0);
        clear(rig);
    }
}

static void an_answer_before_the_question_counts_nothing(void **state)
{
    struct rig *rig = *state;

    rig->setup.policy.gates = 1U << GATE_REVIEW;
    assert_true(prepare(rig, "keys=aes32:k:+encrypt", "", "pkcs11:"));
    ceremony_answer(rig->ceremony, "ferry 1");
    walk_to_gate(rig);
}

static void waived_gates_are_told(void **state)
{
    struct rig *rig = *state;
    unsigned waived = 0;

    go(rig, "keys=aes32:k:+encrypt", "", "pkcs11:");
    for (size_t i = 0; i < rig->count; i++)
        waived += rig->events[i].kind == EVENT_GATE && rig->events[i].gate.state == GATE_WAIVED;
    assert_int_equal(waived, GATES_OF_POLICY);
}

/* Stopped after n steps, for every n: what was kept was proven, everything else is gone. */
static void stop_between_any_two_steps(void **state)
{
    struct rig *rig = *state;
    bool ended_by_itself = false;

    for (unsigned n = 0; !ended_by_itself; n++) {
        enum ceremony_next next = NEXT_STEP;
        const struct event *end;
        assert_true(prepare(rig, "keys=aes32:k:+encrypt,aes32:l:+encrypt", "", "pkcs11:"));
        for (unsigned i = 0; i < n && next == NEXT_STEP; i++)
            next = ceremony_step(rig->ceremony);
        ended_by_itself = next == NEXT_DONE;
        ceremony_stop(rig->ceremony);
        end = run(rig);
        assert_int_equal(end->end.left_over, 0);
        assert_int_equal(objects_on_destination(rig), 1 + end->end.migrated);
        assert_int_equal(end->end.exit_code, end->end.outcome == END_COMPLETE ? 0
                                             : end->end.migrated              ? 3
                                                                              : 2);
        clear(rig);
    }
}

/* --- undo: every call fails in turn --- */

static const char *const calls[] = {
    "describe", "public_key", "make_pair", "load_public", "make_aes", "make_key",
    "wrap",     "unwrap",     "prove",     "commit",      "destroy",  "handles",
    "list",     "info",       "offers",    "login",       "slots",    "make_public"};

/* The truth of the end: exit code, report and token agree, and nothing else is there. */
static void check_end(struct rig *rig, const struct event *end, const char *fault)
{
    size_t objects = objects_on_destination(rig);
    bool clean = end->end.left_over == 0;

    if (end->end.exit_code == 0 && end->end.migrated != 2)
        fail_msg("%s: exit 0, but %u of 2 migrated", fault, end->end.migrated);
    if (end->end.exit_code == 2 && objects != 1)
        fail_msg("%s: exit 2, but %zu objects", fault, objects);
    if (objects < 1 + end->end.migrated + end->end.companions)
        fail_msg("%s: %u migrated, but %zu objects", fault, end->end.migrated, objects);
    if (objects > 1 + end->end.migrated + end->end.companions && end->end.exit_code != 3)
        fail_msg("%s: an object is left over, but exit %d", fault, end->end.exit_code);
    if (!clean && end->end.exit_code != 3)
        fail_msg("%s: left over %u, but exit %d", fault, end->end.left_over, end->end.exit_code);
}

/* Which calls fail, the first times that they are made; the end of the fault, and what both HSMs
 * are told besides. */
struct swept {
    const char *const *names;
    size_t count;
    unsigned times;
    const char *arg, *both;
};

/* Each of these calls fails in turn on either side. */
static unsigned sweep_calls(struct rig *rig, const struct swept *of)
{
    static const char keys[] = "keys=aes32:k:+encrypt,ec256:r:+sign:+public";
    unsigned hit = 0;

    for (unsigned side = 0; side < 2; side++)
        for (size_t i = 0; i < of->count; i++)
            for (unsigned n = 1; n <= of->times; n++) {
                char fault[64], params[2][256];
                const struct event *end;
                snprintf(fault, sizeof fault, "fail=%s:%u%s", of->names[i], n, of->arg);
                snprintf(params[side], sizeof params[side], "%s;%s;%s", of->both, side ? "" : keys,
                         fault);
                snprintf(params[!side], sizeof params[!side], "%s;%s", of->both, side ? keys : "");
                if (prepare(rig, params[0], params[1], "pkcs11:")) {
                    end = run(rig);
                    check_end(rig, end, fault);
                    hit += end->end.exit_code != 0;
                } else {
                    assert_int_not_equal(rig->err.code, ERR_NONE);
                    /* 0: it was never opened */
                    if (rig->err.code != ERR_UNFINISHED && objects_on_destination(rig) > 1)
                        fail_msg("%s: something is left, and told is: %s", fault, rig->err.what);
                    hit++;
                }
                clear(rig);
            }
    return hit;
}

static unsigned sweep(struct rig *rig, unsigned times, const char *arg)
{
    return sweep_calls(rig, &(struct swept){calls, sizeof calls / sizeof calls[0], times, arg, ""});
}

/* The faults meet the canary first, then the ceremony; without a canary, the ceremony alone. */
static void every_call_fails_once(void **state)
{
    struct rig *rig = *state;

    assert_true(sweep(rig, 7, ":0x30") > 40);
    rig->setup.policy.canary = CANARY_NONE;
    assert_true(sweep(rig, 4, ":0x30") > 20);
}

/* By ML-KEM, and in both ways of a hybrid. */
static void every_call_of_a_kem_fails_once(void **state)
{
    static const char *const offers[] = {"ml-kem-768", "ecdh-p384+ml-kem-768;kdf=nested",
                                         "ecdh-p384+ml-kem-768;kdf=hkdf-sha256"};
    static const char *const names[] = {"make_agreement", "encapsulate", "agree", "gcm_encrypt",
                                        "gcm_decrypt",    "wrap",        "unwrap"};
    struct rig *rig = *state;
    char both[128];

    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        const struct swept of = {names, sizeof names / sizeof names[0], 2, ":0x30", both};
        snprintf(both, sizeof both, "offers=aes-kwp,%s", offers[i]);
        rig->setup.policy.canary = CANARY_REQUIRED;
        assert_true(sweep_calls(rig, &of) >= 8);
        rig->setup.policy.canary = CANARY_NONE;
        assert_true(sweep_calls(rig, &of) >= 5);
    }
}

static void every_call_loses_the_hsm(void **state)
{
    struct rig *rig = *state;

    assert_true(sweep(rig, 7, ":0x32") > 40);
    rig->setup.policy.canary = CANARY_NONE;
    assert_true(sweep(rig, 4, ":0x32") > 20);
}

/* The control: an HSM that says it destroyed and did not is noticed. */
static void forgotten_destroy_is_noticed(void **state)
{
    struct rig *rig = *state;
    const struct event *end;

    assert_false(prepare(rig, "keys=aes32:k:+encrypt", "forget=destroy:1", "pkcs11:"));
    assert_int_equal(rig->err.code, ERR_UNFINISHED);
    clear(rig);
    rig->setup.policy.canary = CANARY_NONE;
    end = go(rig, "keys=aes32:k:+encrypt", "forget=destroy:1", "pkcs11:");
    assert_int_equal(end->end.exit_code, 3);
    assert_true(end->end.left_over > 0);
}

/* --- what a resume may change --- */

/* Is the officer told to resume? By the exit code or by the words of a failure. */
static bool advises_resume(const struct rig *rig, const struct event *end)
{
    bool reported = false;

    for (size_t i = 0; i < rig->count; i++)
        reported |= rig->events[i].kind == EVENT_ERROR &&
                    strstr(rig->events[i].error.next, "hsmferry resume");
    return reported || end->end.exit_code == 3;
}

/* What an HSM cannot do, it cannot do after a resume either; what it failed to do, it may. */
static void no_resume_is_advised_that_changes_nothing(void **state)
{
    static const struct {
        const char *fault;
        uint32_t migrated;
        int exit_code;
    } rows[] = {
        {"fail=commit:2:0x54", 2, 69},
        {"fail=commit:1:0x54;fail=commit:3:0x54", 1, 69},
        {"fail=commit:2:0x6a", 2, 77},
        {"fail=commit:0:0x54", 0, 2},
        /* the controls: each of these may be otherwise the next time */
        {"fail=commit:2:0x30", 2, 3},
        {"fail=commit:2:0x54;fail=commit:3:0x30", 1, 3},
        {"fail=commit:0:0x30", 0, 2},
    };
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct event *end = go(rig, "keys=aes32:a:+encrypt,aes32:b:+encrypt,aes32:c:+encrypt",
                                     rows[i].fault, "pkcs11:");
        if (end->end.migrated != rows[i].migrated || end->end.exit_code != rows[i].exit_code ||
            advises_resume(rig, end) != (rows[i].exit_code == 3))
            fail_msg("%s: %u migrated, exit %d", rows[i].fault, end->end.migrated,
                     end->end.exit_code);
        clear(rig);
    }
}

/* The end stays open where a key is there and not proven; but what another process proved to be
 * another key is that after a resume, too. */
static void a_settled_doubt_does_not_advise_resume(void **state)
{
    static const struct {
        const char *app;
        const char *next;
    } rows[] = {
        {"lie=prove:1:flip", "no resume changes it"},
        {"fail=prove:1:0x30", "hsmferry resume"}, /* the control */
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct event *reported;
        rig->app = rows[i].app;
        assert_int_equal(go(rig, "keys=" KEYS, "", "pkcs11:")->end.exit_code, 3);
        reported = find(rig, EVENT_ERROR, 0);
        assert_non_null(reported);
        if (!strstr(reported->error.next, rows[i].next))
            fail_msg("%s: %s", rows[i].app, reported->error.next);
        clear(rig);
    }
}

/* --- what goes along with a key --- */

/* A key with its public half and a certificate, another certificate, and one that is none. */
#define ALONG                                                                                      \
    "keys=ec256:key:+sign:+public:+certificate:id=01,cert10:garbage:id=01,"                        \
    "ec256:alone:id=09:+public:+certificate"

/* Most of the time of such a ceremony goes into the check of its RSA transport key. */
#define BY_ECDH "offers=rsa-oaep-sha1,aes-kwp,ecdh-p256;"

/* Whatever call an HSM fails at: nothing that goes along is left out at exit 0, and where the key
 * arrived, what is missing is to be resumed. */
static unsigned lose_one_call(struct rig *rig, const char *call, unsigned side, unsigned n,
                              const char *number)
{
    char source[512], destination[128];
    const struct event *end;
    unsigned failed;

    snprintf(source, sizeof source, BY_ECDH ALONG ";fail=%s:%u:%s", side ? "none" : call, n,
             number);
    snprintf(destination, sizeof destination, BY_ECDH "fail=%s:%u:%s", side ? call : "none", n,
             number);
    if (!prepare(rig, source, destination, "pkcs11:object=key;type=private")) {
        assert_int_not_equal(rig->err.code, ERR_NONE);
        clear(rig);
        return 1;
    }
    end = run(rig);
    failed = end->end.companions_failed;
    if (end->end.exit_code == 0
            ? end->end.companions != 2 || failed || end->end.companions_refused != 1
            : end->end.migrated && end->end.exit_code != 3)
        fail_msg("%s:%u on side %u: exit %d, %u of 2 went along, %u failed", call, n, side,
                 end->end.exit_code, end->end.companions, failed);
    if (failed)
        assert_non_null(find(rig, EVENT_ERROR, 0));
    clear(rig);
    return failed;
}

static void a_fault_leaves_no_companion_out(void **state)
{
    static const char *const of_objects[] = {"certificate", "public_key",  "describe",
                                             "list",        "make_public", "destroy"};
    static const char *const numbers[] = {"0x30", "0x31", "0x82", "0x32"};
    struct rig *rig = *state;
    unsigned failed = 0;

    rig->asked = true;
    rig->setup.policy.canary = CANARY_NONE;
    for (size_t i = 0; i < sizeof of_objects / sizeof of_objects[0]; i++)
        for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++)
            for (unsigned side = 0; side < 2; side++)
                for (unsigned n = 1; n <= 10; n++)
                    failed += lose_one_call(rig, of_objects[i], side, n, numbers[j]);
    assert_true(failed > 60);
}

/* A source that answers wrong once is no source that says what an object is. */
static void a_lie_leaves_no_companion_out(void **state)
{
    static const char *const lies[] = {"flip", "short", "long"};
    struct rig *rig = *state;

    rig->asked = true;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        char source[256];
        const struct event *end;
        snprintf(source, sizeof source, ALONG ";lie=certificate:5:%s", lies[i]);
        end = go(rig, source, "", "pkcs11:object=key;type=private");
        assert_int_equal(end->end.exit_code, 3);
        assert_int_equal(end->end.companions_failed, 1);
        assert_int_equal(end->end.migrated, 1);
        clear(rig);
    }
}

/* Chosen by itself: alone, and beside a key that arrives. */
static void a_fault_leaves_no_certificate_out(void **state)
{
    static const char *const fault = ALONG ";fail=certificate:1:0x30";
    struct rig *rig = *state;
    const struct event *end;

    rig->asked = true;
    assert_false(prepare(rig, fault, "", "pkcs11:object=alone;type=cert"));
    assert_int_equal(err_exit(rig->err.code), 69);
    clear(rig);
    assert_false(prepare(rig, fault, "", "pkcs11:type=cert;id=%09"));
    assert_int_equal(err_exit(rig->err.code), 69);
    clear(rig);
    end = go(rig, ALONG ";fail=certificate:2:0x30", "", "pkcs11:object=alone;type=cert");
    assert_int_equal(end->end.exit_code, 2);
    assert_int_equal(end->end.failed, 1);
    clear(rig);
    end = go(rig, ALONG ";fail=certificate:5:0x30", "", "pkcs11:object=a*");
    assert_int_equal(end->end.exit_code, 3);
    assert_int_equal(end->end.companions_failed, 1);
    assert_int_equal(end->end.migrated, 1);
}

/* The control: what a side has no place for, or is another's, is no failure. */
static void a_refusal_of_a_companion_is_no_fault(void **state)
{
    struct rig *rig = *state;
    const struct event *end;

    rig->asked = true;
    end = go(rig, ALONG, "fail=make_public:0:0x54", "pkcs11:object=key;type=private");
    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(end->end.companions, 0);
    assert_int_equal(end->end.companions_refused, 3);
}

/* --- lies --- */

/* The first step that failed; STEPS: none. */
static enum step_id failed_step(const struct rig *rig)
{
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_STEP && rig->events[i].step.state == EVENT_FAILED)
            return rig->events[i].step.id;
    return STEPS;
}

/* A guard that is not reported is not there, but where the HSM is known to report it of no key;
 * then the step says so. */
static void unreported_guards_are_refused(void **state)
{
    static const struct {
        bool by_destination, excused;
        const char *words, *said;
        enum step_id at;
    } rows[] = {
        {true, false, "silent=sensitive", "whether \"sensitive\" is set", STEP_MAKE_PAIR},
        {true, false, "silent=decrypt", "whether \"decrypt\" is set", STEP_MAKE_PAIR},
        {true, false, "silent=never-extractable", "whether \"never-extractable\" is set",
         STEP_MAKE_PAIR},
        {true, false, "silent=local;unreadable=derive", "whether \"local\" is set", STEP_MAKE_PAIR},
        {true, false, "silent=encrypt", "whether \"encrypt\" is set", STEP_UNWRAP_KEK},
        {false, false, "silent=verify", "whether \"verify\" is set", STEP_LOAD_PUBLIC},
        {false, false, "silent=local", "whether \"local\" is set", STEP_MAKE_KEK},
        {false, false, "silent=always-sensitive", "whether \"always-sensitive\" is set",
         STEP_MAKE_KEK},
        {true, true, "silent=local;unreadable=local", "(not reported: local)", STEP_MAKE_PAIR},
        {false, true, "silent=local,always-sensitive;unreadable=local,always-sensitive",
         "(not reported: always-sensitive, local)", STEP_MAKE_KEK},
    };
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char source[256];
        const struct event *end;
        bool said = false;
        snprintf(source, sizeof source, "keys=aes32:k:+encrypt;%s",
                 rows[i].by_destination ? "" : rows[i].words);
        end = go(rig, source, rows[i].by_destination ? rows[i].words : "", "pkcs11:object=k");
        assert_int_equal(end->end.exit_code, rows[i].excused ? 0 : 65);
        assert_int_equal(end->end.migrated, rows[i].excused);
        if (!rows[i].excused)
            assert_int_equal(failed_step(rig), rows[i].at);
        for (size_t k = 0; k < rig->count; k++)
            said |= rig->events[k].kind == EVENT_STEP && rig->events[k].step.id == rows[i].at &&
                    strstr(rig->events[k].step.text, rows[i].said);
        if (!said)
            fail_msg("%s: nothing says %s", rows[i].words, rows[i].said);
        clear(rig);
    }
}

/* Each lie is caught at the first step that can see it, before anything is built on it: above all,
 * nothing is encrypted under a public key that is not the destination's. */
static void lies_are_caught(void **state)
{
    static const struct {
        bool by_destination;
        const char *lie;
        int exit_code; /* 0: any but that */
        enum step_id at;
    } rows[] = {
        {true, "lie=make_pair:1:flip", 65, STEPS},
        {true, "lie=make_pair:1:short", 65, STEP_RELAY_PUBLIC},
        {true, "lie=make_pair:1:long", 65, STEP_RELAY_PUBLIC},
        {false, "lie=load_public:1:other", 65, STEP_LOAD_PUBLIC},
        {false, "lie=make_aes:1:guards", 65, STEP_MAKE_KEK},
        {false, "lie=wrap:1:flip", 65, STEP_UNWRAP_KEK},
        {false, "lie=wrap:1:short", 65, STEP_RELAY_KEK},
        {false, "lie=wrap:1:long", 65, STEP_RELAY_KEK},
        {false, "lie=wrap:2:flip", 65, STEP_UNWRAP_KEY},
        {false, "lie=wrap:2:short", 65, STEP_RELAY_KEY},
        {false, "lie=wrap:2:long", 65, STEP_RELAY_KEY},
        {false, "lie=wrap:2:other", 65, STEP_PROVE},
        {false, "keys=rsa2048:k:+sign;lie=public_key:3:other", 65, STEP_WRAP_KEY},
        {true, "lie=unwrap:2:other", 65, STEP_PROVE},
        {true, "lie=unwrap:2:guards", 65, STEP_UNWRAP_KEY},
        {true, "lie=unwrap:2:readable", 65, STEP_UNWRAP_KEY},
        {true, "lie=unwrap:2:use", 65, STEP_UNWRAP_KEY},
        {true, "lie=prove:2:flip", 65, STEP_PROVE_AGAIN},
        {true, "lie=prove:2:replay", 65, STEP_PROVE_AGAIN},
        {true, "lie=prove:1:flip", 65, STEP_PROVE},
        {true, "lie=prove:1:short", 65, STEP_PROVE},
        {true, "lie=commit:1:other", 65, STEP_PROVE_AGAIN},
        {true, "lie=commit:1:guards", 65, STEP_PROVE_AGAIN},
        {true, "lie=commit:1:label", 65, STEP_PROVE_AGAIN},
        {true, "forget=commit:1", 0, STEP_PROVE_AGAIN},
    };
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE; /* which would catch them before any step */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char source[256];
        const struct event *end;
        snprintf(source, sizeof source, "keys=aes32:k:+encrypt;%s",
                 rows[i].by_destination ? "" : rows[i].lie);
        end = go(rig, source, rows[i].by_destination ? rows[i].lie : "", "pkcs11:object=k");
        if (rows[i].exit_code ? end->end.exit_code != rows[i].exit_code : end->end.exit_code == 0)
            fail_msg("%s: exit %d", rows[i].lie, end->end.exit_code);
        if (rows[i].at != STEPS && failed_step(rig) != rows[i].at)
            fail_msg("%s: caught at %s", rows[i].lie, step_name(failed_step(rig)));
        if (end->end.migrated || objects_on_destination(rig) != 1)
            fail_msg("%s: a key is on the destination", rows[i].lie);
        clear(rig);
    }
}

/* A destination that pads or cuts a secret, and does not tell how long it is now. */
/* A side answers with the handle of a stored object to each call that makes one. blind: it has not
 * shown that object before, so that the console cannot know. Returns how many objects are gone. */
static size_t lose_by(struct rig *rig, enum side side, const char *lie, bool blind)
{
    char params[2][256];
    size_t there = 2 + 1;

    snprintf(params[SIDE_SOURCE], sizeof params[SIDE_SOURCE], "keys=rsa2048:r:+sign:+public;%s%s",
             side == SIDE_SOURCE ? lie : "",
             blind && side == SIDE_SOURCE ? ";lie=handles:0:none" : "");
    snprintf(params[SIDE_DESTINATION], sizeof params[SIDE_DESTINATION], "%s%s",
             side == SIDE_DESTINATION ? lie : "",
             blind && side == SIDE_DESTINATION ? ";lie=handles:0:none" : "");
    rig->blind = blind;
    if (prepare(rig, params[0], params[1], "pkcs11:")) {
        const struct event *end = run(rig);
        /* a canary that meets it may find another way */
        if (end->end.exit_code == 0 && !blind && rig->setup.policy.canary == CANARY_NONE)
            fail_msg("%s: exit 0", lie);
        there += end->end.migrated + end->end.companions;
    } else if (!blind && err_exit(rig->err.code) != 69) {
        fail_msg("%s: exit %d: %s", lie, err_exit(rig->err.code), rig->err.what);
    }
    rig->blind = false;
    there -= objects_on(rig, SIDE_SOURCE) + objects_on_destination(rig);
    clear(rig);
    return there;
}

/* The console's own guard: the fake HSM has none, and there is no agent here. */
static void known_handles_are_left_alone(void **state)
{
    static const struct {
        enum side side;
        const char *lie;
        bool canary, lost; /* lost without the inventory: the control */
    } rows[] = {
        {SIDE_DESTINATION, "lie=make_pair:1:known", true, true},
        {SIDE_DESTINATION, "lie=make_pair:1:public", true, true},
        {SIDE_SOURCE, "lie=load_public:1:known", true, true},
        {SIDE_SOURCE, "lie=make_aes:1:known", true, true},
        {SIDE_DESTINATION, "lie=unwrap:1:known", true, true},
        {SIDE_SOURCE, "lie=make_key:1:known", true, true},
        {SIDE_SOURCE, "lie=make_key:1:public", true, true},
        {SIDE_DESTINATION, "lie=unwrap:2:known", true, true},
        {SIDE_DESTINATION, "lie=make_public:1:known", true, true},
        {SIDE_DESTINATION, "lie=make_pair:1:known", false, true},
        {SIDE_DESTINATION, "lie=make_pair:1:public", false, true},
        {SIDE_SOURCE, "lie=load_public:1:known", false, true},
        {SIDE_SOURCE, "lie=make_aes:1:known", false, true},
        {SIDE_DESTINATION, "lie=unwrap:1:known", false, true},
        {SIDE_DESTINATION, "lie=unwrap:2:known", false, true},
        {SIDE_DESTINATION, "lie=commit:1:known", false, true},
        {SIDE_DESTINATION, "lie=make_public:1:known", false, true},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t lost;
        print_message("%s, %s\n", rows[i].lie, rows[i].canary ? "canary" : "ceremony");
        rig->setup.policy.canary = rows[i].canary ? CANARY_WHEN_POSSIBLE : CANARY_NONE;
        assert_int_equal(lose_by(rig, rows[i].side, rows[i].lie, false), 0);
        lost = lose_by(rig, rows[i].side, rows[i].lie, true);
        assert_int_equal(lost > 0, rows[i].lost);
    }
}

/* What vanishes from either side costs the exit code, and is named. */
static void what_vanishes_is_named(void **state)
{
    static const struct {
        enum side side;
        unsigned at; /* the listing of handles that does not show it any more */
    } rows[] = {{SIDE_SOURCE, 2},      {SIDE_DESTINATION, 2}, {SIDE_SOURCE, 3},
                {SIDE_DESTINATION, 3}, {SIDE_SOURCE, 4},      {SIDE_DESTINATION, 4}};
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *label = rows[i].side == SIDE_SOURCE ? "k" : "other";
        char lie[64], reported[64];
        bool named = false;
        snprintf(lie, sizeof lie, "%slie=handles:%u:none", rows[i].side ? "" : "keys=aes32:k;",
                 rows[i].at);
        if (prepare(rig, rows[i].side ? "keys=aes32:k" : lie, rows[i].side ? lie : "", "pkcs11:")) {
            const struct event *end = run(rig);
            assert_int_equal(end->end.exit_code, 69);
            assert_int_equal(strstr(end->end.text, "unchanged") == NULL, rows[i].at >= 3);
        } else {
            assert_int_equal(err_exit(rig->err.code), 69);
            assert_null(strstr(rig->err.now, "Nothing was changed"));
        }
        snprintf(reported, sizeof reported, "secret, AES 256, %s", label);
        named = strstr(rig->err.what, reported) != NULL;
        for (size_t k = 0; k < rig->count; k++)
            named |=
                (rig->events[k].kind == EVENT_WARNING &&
                 strstr(rig->events[k].note.text, reported)) ||
                (rig->events[k].kind == EVENT_ERROR && strstr(rig->events[k].error.what, reported));
        assert_true(named);
        clear(rig);
    }
}

/* Objects vanish from the source while the canary's cannot be destroyed: what may be left over
 * decides the exit code, so that resume and clean have something to do; both are named. */
static void what_is_left_over_counts_more_than_what_vanished(void **state)
{
    struct rig *rig = *state;
    unsigned both = 0;

    for (unsigned at = 2; at <= 5; at++)
        for (unsigned fails = 0; fails < 2; fails++) {
            char source[64];
            snprintf(source, sizeof source, "keys=aes32:a:+encrypt;lie=handles:%u:none", at);
            if (!prepare(rig, source, fails ? "fail=destroy:0:0x30" : "", "pkcs11:object=a")) {
                const struct err said = rig->err;
                bool left = objects_on_destination(rig) > 1;
                assert_int_equal(err_exit(said.code), left ? 3 : 69);
                assert_true(!left || strstr(said.what, rig->events[0].begin.id));
                both += left && strstr(said.now, " gone");
                assert_true(fails || !left); /* control */
            }
            clear(rig);
        }
    assert_true(both > 0);
}

static void another_length_is_caught(void **state)
{
    static const char *const lies[] = {"lie=unwrap:2:pad", "lie=unwrap:2:cut"};
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        const struct event *end = go(rig, "keys=generic13:k:+sign", lies[i], "pkcs11:object=k");
        assert_int_equal(end->end.exit_code, 65);
        assert_int_equal(failed_step(rig), STEP_PROVE);
        assert_int_equal(objects_on_destination(rig), 1);
        clear(rig);
    }
}

/* --- what nothing can prove --- */

/* A private key without any use: it may not go; by a waiver it may, at a gate that no policy
 * waives, and is never called migrated. */
static void unproven_needs_a_word(void **state)
{
    struct rig *rig = *state;
    const struct event *event;

    assert_false(
        prepare(rig, "keys=rsa2048:k:-sign:-decrypt:+public", "", "pkcs11:object=k;type=private"));
    assert_int_equal(rig->err.code, ERR_DATA);
    clear(rig);

    rig->setup.policy.waive_unproven = true;
    assert_true(
        prepare(rig, "keys=aes32:a:+encrypt,rsa2048:k:-sign:-decrypt:+public", "", "pkcs11:"));
    event = walk_to_gate(rig);
    assert_int_equal(event->gate.gate, GATE_KEY);
    assert_int_equal(event->key, 2);
    assert_non_null(strstr(event->gate.question, "nothing can prove"));
    ceremony_answer(rig->ceremony, "unproven");
    event = run(rig);
    assert_int_equal(event->end.exit_code, 69); /* no resume can prove it */
    assert_int_equal(event->end.outcome, END_PARTIAL);
    assert_int_equal(event->end.migrated, 1);
    assert_int_equal(event->end.unproven, 1);
    for (size_t i = 0; i < rig->count; i++) {
        event = &rig->events[i];
        assert_false(event->kind == EVENT_PROOF && event->key == 2);
        if (event->kind == EVENT_KEY_DONE && event->key == 2) {
            assert_int_equal(event->key_done.outcome, KEY_UNPROVEN);
            assert_string_equal(event->key_done.proof, "");
        }
    }
    clear(rig);

    assert_true(
        prepare(rig, "keys=rsa2048:k:-sign:-decrypt:+public", "", "pkcs11:object=k;type=private"));
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "k");
    walk_to_gate(rig);
    ceremony_answer(rig->ceremony, "yes");
    assert_int_equal(run(rig)->end.unproven, 0);
    assert_int_equal(objects_on_destination(rig), 1);
}

/* --- the re-wrap comparison --- */

static const struct kcv *rewrapped(const struct rig *rig)
{
    for (size_t i = rig->count; i > 0; i--)
        if (rig->events[i - 1].kind == EVENT_KCV && rig->events[i - 1].kcv.method == KCV_REWRAP)
            return &rig->events[i - 1].kcv;
    return NULL;
}

/* What its uses do not prove, both sides may still encrypt to the same; only where the copy may
 * leave anyway, and it is not called proven for that. */
static void unproven_keys_are_rewrapped(void **state)
{
    static const struct {
        const char *key, *destination;
        bool extractable, same;
        int exit_code;
        const char *text;
    } rows[] = {
        {"rsa2048:k:-sign:-decrypt:+public", "", true, true, 69, "under a second AES key"},
        {"rsa2048:k:-sign:-decrypt:+public", "", false, false, 69, "may not leave"},
        {"aes32:k:-encrypt:-decrypt", "proofs=ecdh", true, true, 69, "under a second AES key"},
        {"aes32:k:-encrypt:-decrypt", "proofs=ecdh;lie=unwrap:2:other", true, false, 65, NULL},
        /* the control: without the comparison that lie is not seen */
        {"aes32:k:-encrypt:-decrypt", "proofs=ecdh;lie=unwrap:2:other", false, false, 69,
         "may not leave"},
        {"aes32:k:-encrypt:-decrypt", "proofs=ecdh;fail=unwrap:3:0x30", true, true, 69,
         "under a second AES key"}, /* the first time there was none */
    };
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE;
    rig->setup.policy.waive_unproven = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char keys[256];
        snprintf(keys, sizeof keys, "keys=%s", rows[i].key);
        rig->setup.policy.extractable = rows[i].extractable;
        assert_true(prepare(rig, keys, rows[i].destination, "pkcs11:object=k"));
        walk_to_gate(rig);
        ceremony_answer(rig->ceremony, "unproven");
        const struct event *end = run(rig);
        const struct kcv *kcv = rewrapped(rig);
        assert_int_equal(end->end.exit_code, rows[i].exit_code);
        assert_int_equal(end->end.migrated, 0);
        assert_int_equal(end->end.left_over, 0);
        assert_true(rows[i].text ? strstr(kcv->text, rows[i].text) != NULL : !kcv);
        if (rows[i].same) {
            assert_int_equal(kcv->value[SIDE_SOURCE].len, 32);
            assert_memory_equal(&kcv->value[0], &kcv->value[1], sizeof kcv->value[0]);
        }
        assert_int_equal(objects_on_destination(rig) > 1, rows[i].exit_code == 69);
        clear(rig);
    }
}

/* A side that answers with the handle of a stored object when the second AES key is made: that
 * object is left alone, the key stays unproven by its waiver, and the reason is told. */
static void a_known_handle_costs_the_comparison(void **state)
{
    static const struct {
        const char *source, *destination, *text;
    } rows[] = {
        {"lie=make_aes:2:known;lie=make_aes:3:known", "",
         "the source answered with the handle of an object that existed"},
        {"", "lie=unwrap:3:known;lie=unwrap:4:known",
         "the destination answered with the handle of an object that existed"},
    };
    struct rig *rig = *state;

    rig->setup.policy.canary = CANARY_NONE;
    rig->setup.policy.waive_unproven = true;
    rig->setup.policy.extractable = true;
    for (unsigned i = 0; i < 4; i++) {
        bool blind = i & 1; /* the control: the console was not shown what is there */
        char source[256], destination[256];
        const char *by = i / 2 ? "destination" : "source";
        snprintf(source, sizeof source, "keys=aes32:k:-encrypt:-decrypt;%s%s", rows[i / 2].source,
                 blind && i / 2 == 0 ? ";lie=handles:0:none" : "");
        snprintf(destination, sizeof destination, "proofs=ecdh;%s%s", rows[i / 2].destination,
                 blind && i / 2 == 1 ? ";lie=handles:0:none" : "");
        rig->blind = blind;
        assert_true(prepare(rig, source, destination, "pkcs11:object=k"));
        walk_to_gate(rig);
        ceremony_answer(rig->ceremony, "unproven");
        const struct event *end = run(rig);
        size_t there = objects_on(rig, SIDE_SOURCE) + objects_on_destination(rig);
        assert_int_equal(end->end.migrated, 0);
        if (blind) {
            if (there >= 3)
                fail_msg("control, %s: %zu objects are there", by, there);
        } else {
            if (there != 3 || !rewrapped(rig) || !strstr(rewrapped(rig)->text, rows[i / 2].text))
                fail_msg("%s: %zu objects; %s", by, there,
                         rewrapped(rig) ? rewrapped(rig)->text : "no comparison");
            assert_int_equal(end->end.unproven, 1);
            assert_int_equal(rewrapped(rig)->value[SIDE_SOURCE].len, 0);
            assert_int_equal(end->end.exit_code, 69);
        }
        rig->blind = false;
        clear(rig);
    }
}

/* --- as an application would do it --- */

static size_t count_text(const struct rig *rig, enum event_kind kind, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < rig->count; i++) {
        const struct event *e = &rig->events[i];
        count += e->kind == kind &&
                 strstr(kind == EVENT_PROOF ? e->proof.call[SIDE_DESTINATION] : e->note.text,
                        text) != NULL;
    }
    return count;
}

/* Private keys are proven once more by another path; a wrong answer there costs the outcome, a path
 * that cannot be taken is told. */
static void applications_must_see_it_too(void **state)
{
    static const struct {
        const char *app;
        uint32_t migrated;
        size_t proofs, warnings;
        int exit_code;
    } rows[] = {
        {NULL, 5, 0, 0, 0},
        {"", 5, 2, 0, 0},
        {"lie=prove:1:flip", 4, 1, 0, 3},
        {"proofs=ecdsa-signature", 5, 1, 1, 0},
        {"fail=list:1:0x30", 5, 0, 1, 0},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig->app = rows[i].app;
        const struct event *end = go(rig, "keys=" KEYS, "", "pkcs11:");
        if (end->end.migrated != rows[i].migrated || end->end.exit_code != rows[i].exit_code ||
            count_text(rig, EVENT_PROOF, "libp11") != rows[i].proofs ||
            count_text(rig, EVENT_WARNING, "libp11") != rows[i].warnings)
            fail_msg("%s: %u migrated, exit %d", rows[i].app, end->end.migrated,
                     end->end.exit_code);
        clear(rig);
    }
}

/* --- the canary --- */

/* The last of this kind about this algorithm; NULL: none. */
static const struct event *canary_of(const struct rig *rig, enum hsm_alg alg)
{
    const struct event *found = NULL;

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_CANARY && rig->events[i].canary.alg == alg &&
            rig->events[i].canary.state <= CANARY_IMPOSSIBLE)
            found = &rig->events[i];
    return found;
}

static unsigned count_canaries(const struct rig *rig, enum canary_state state)
{
    unsigned count = 0;

    for (size_t i = 0; i < rig->count; i++)
        count += rig->events[i].kind == EVENT_CANARY && rig->events[i].canary.state == state;
    return count;
}

/* One for each kind, size class and way, and one for the transport; not one for each key. */
static void one_canary_for_each_kind(void **state)
{
    struct rig *rig = *state;

    assert_true(prepare(rig,
                        "quick=yes;keys=aes32:a,aes32:b,aes16:c,rsa2048:r:+public,"
                        "rsa3072:s:+public,ec256:e:+public,generic32:g,generic64:h",
                        "", "pkcs11:"));
    assert_int_equal(count_canaries(rig, CANARY_PASSED), 1 + 2 + 1 + 1 + 1);
    assert_int_equal(count_canaries(rig, CANARY_FAILED), 0);
    assert_null(find(rig, EVENT_STEP, 0));
    assert_non_null(strstr(canary_of(rig, HSM_AES_KWP)->canary.text, "signatures verify"));
}

/* A destination that cannot store is found before any real key is wrapped: whatever it says, or
 * where what it stored is not what it was given. */
static void no_place_is_found_out(void **state)
{
    static const struct {
        const char *fault;
        int exit_code; /* of the canary; ... */
        int without;   /* ... of the ceremony in which a real key finds out */
    } rows[] = {
        {"fail=commit:0:0x30", 69, 2},  {"fail=commit:0:0x31", 2, 2},
        {"fail=commit:0:0x54", 69, 2},  {"fail=commit:0:0xe2", 69, 2},
        {"forget=commit:0", 69, 66},    {"lie=commit:0:guards", 69, 65},
        {"lie=commit:0:other", 69, 65},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool planned = prepare(rig, "keys=aes32:a:+encrypt", rows[i].fault, "pkcs11:object=a");
        if (planned || err_exit(rig->err.code) != rows[i].exit_code)
            fail_msg("%s: planned %d, exit %d", rows[i].fault, planned, err_exit(rig->err.code));
        assert_int_equal(rig->touched, 0);
        assert_null(find(rig, EVENT_STEP, 0));
        assert_int_equal(objects_on_destination(rig), 1);
        clear(rig);

        rig->setup.policy.writes_before_review = false; /* the control */
        const struct event *end =
            go(rig, "keys=aes32:a:+encrypt", rows[i].fault, "pkcs11:object=a");
        if (end->end.exit_code != rows[i].without)
            fail_msg("%s: exit %d without", rows[i].fault, end->end.exit_code);
        assert_int_equal(count_canaries(rig, CANARY_COMMITS), 0);
        assert_int_equal(count_text(rig, EVENT_WARNING, "the canary did not commit"), 1);
        assert_true(rig->touched > 0);
        rig->setup.policy.writes_before_review = true;
        clear(rig);
    }
}

/* So is one that cannot store the public key of a pair; but one that has no place for any costs no
 * key. */
static void no_place_for_a_public_key_is_found_out(void **state)
{
    static const struct {
        const char *keys, *fault;
        int exit_code; /* of the canary; 0: the key goes, with a warning; ... */
        int without;   /* ... of the ceremony in which a real public key finds out */
    } rows[] = {
        {"keys=ec256:a:+sign:+public", "fail=make_public:0:0x30", 69, 3},
        {"keys=rsa2048:a:+sign", "fail=make_public:0:0x30", 69, 3},
        {"keys=ec256:a:+sign:+public", "fail=make_public:0:0x31", 2, 3},
        {"keys=ec256:a:+sign:+public", "forget=make_public:0", 69, 3},
        {"keys=ec256:a:+sign:+public", "lie=make_public:0:flip", 69, 65},
        {"keys=ec256:a:+sign:+public", "fail=make_public:0:0x54", 0, 0},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool planned = prepare(rig, rows[i].keys, rows[i].fault, "pkcs11:object=a;type=private");
        if (planned != (rows[i].exit_code == 0) ||
            (!planned && err_exit(rig->err.code) != rows[i].exit_code))
            fail_msg("%s: planned %d, exit %d: %s", rows[i].fault, planned, err_exit(rig->err.code),
                     rig->err.what);
        assert_int_equal(rig->touched, 0);
        assert_null(find(rig, EVENT_STEP, 0));
        assert_int_equal(objects_on_destination(rig), 1);
        assert_int_equal(count_text(rig, EVENT_WARNING, "without their public key objects"),
                         planned);
        clear(rig);

        rig->setup.policy.writes_before_review = false; /* the control */
        const struct event *end =
            go(rig, rows[i].keys, rows[i].fault, "pkcs11:object=a;type=private");
        if (end->end.exit_code != rows[i].without)
            fail_msg("%s: exit %d without", rows[i].fault, end->end.exit_code);
        assert_true(rig->touched > 0);
        rig->setup.policy.writes_before_review = true;
        clear(rig);
    }
}

/* Each write of the canary is announced before it is made, and what was there before was told
 * before that; once nothing is left, that is told. */
static void canary_announces_what_it_stores(void **state)
{
    struct rig *rig = *state;
    unsigned inventories = 0, announced = 0, passed = 0, clean = 0;

    assert_true(prepare(rig, "keys=aes32:a,generic32:g,ec256:e:+public", "", "pkcs11:"));
    for (size_t i = 0; i < rig->count; i++) {
        const struct event *e = &rig->events[i];
        inventories += e->kind == EVENT_INVENTORY && !e->inventory.after;
        if (e->kind != EVENT_CANARY || (e->canary.transport && e->canary.state != CANARY_CLEAN))
            continue;
        announced += e->canary.state == CANARY_COMMITS;
        passed += e->canary.state == CANARY_PASSED;
        clean += e->canary.state == CANARY_CLEAN;
        assert_int_equal(inventories, 2);
        assert_true(announced == passed + (e->canary.state == CANARY_COMMITS));
        if (e->canary.state == CANARY_COMMITS)
            assert_non_null(strstr(e->canary.text, rig->events[0].begin.id));
        if (e->canary.state == CANARY_PASSED)
            assert_non_null(strstr(e->canary.text, "token object"));
    }
    assert_int_equal(passed, 3);
    assert_int_equal(clean, 1);
    assert_int_equal(objects_on_destination(rig), 1);
}

/* Marked and planned again: what was tried is not tried again, something new is. */
static void canary_is_not_repeated(void **state)
{
    const uint64_t handles[] = {1, 2};
    const struct selection one = {.handles = handles, .handle_count = 1},
                           both = {.handles = handles, .handle_count = 2};
    struct rig *rig = *state;
    unsigned before;

    assert_true(prepare(rig, "keys=aes32:a,ec256:e", "", "pkcs11:object=a"));
    before = count_canaries(rig, CANARY_PASSED);
    assert_true(ceremony_plan(rig->ceremony, &one, &rig->err));
    assert_int_equal(count_canaries(rig, CANARY_PASSED), before);
    assert_true(ceremony_plan(rig->ceremony, &both, &rig->err));
    assert_int_equal(count_canaries(rig, CANARY_PASSED), before + 2); /* with a transport */
    assert_int_equal(run(rig)->end.migrated, 2);
}

/* The number of warnings of one plan; 0: of none. */
static unsigned count_warnings(const struct rig *rig, uint32_t plan)
{
    unsigned count = 0;

    for (size_t i = 0; i < rig->count; i++)
        count += rig->events[i].kind == EVENT_WARNING && rig->events[i].note.plan == plan;
    return count;
}

/* The officers went back from the review: what was warned of and waived is void. */
static void warnings_and_waivers_are_of_one_plan(void **state)
{
    const uint64_t strong[] = {1}, secret[] = {2};
    const struct selection first = {.handles = strong, .handle_count = 1},
                           second = {.handles = secret, .handle_count = 1};
    struct rig *rig = *state;
    unsigned waivers = 0;

    rig->setup.policy.gates = 0;
    assert_true(prepare(rig, "keys=aes32:a,generic32:b", "", "pkcs11:"));
    assert_int_equal(ceremony_review(rig->ceremony, &rig->err), NEXT_STEP);
    assert_int_equal(count_warnings(rig, 1), 1); /* AES 256 under RSA 2048 */
    assert_true(ceremony_plan(rig->ceremony, &first, &rig->err));
    assert_int_equal(count_warnings(rig, 2), 1);
    assert_true(ceremony_plan(rig->ceremony, &second, &rig->err));
    assert_int_equal(count_warnings(rig, 3), 0); /* the control: this one has no strength */
    assert_int_equal(count_warnings(rig, 0), 0);
    assert_int_equal(run(rig)->end.migrated, 1);
    for (size_t i = 0; i < rig->count; i++) {
        const struct event *e = &rig->events[i];
        if (e->kind == EVENT_GATE && e->gate.gate == GATE_REVIEW) {
            assert_int_equal(e->gate.state, GATE_WAIVED);
            assert_int_equal(e->gate.keys, waivers++ ? 1 : 2);
        } else if (e->kind == EVENT_PLANNED)
            assert_in_range(e->planned.plan, 1, 3);
    }
    assert_int_equal(waivers, 2);
}

/* A side that does something else than its number says: the canary catches it before a real key
 * is touched, and the next envelope is taken. Without it, a real key finds out. */
static void wrong_number_is_caught(void **state)
{
    static const char *const keys = "keys=aes32:a:+encrypt";
    struct rig *rig = *state;
    const struct event *end;

    for (unsigned side = 0; side < 2; side++) {
        char source[128];
        snprintf(source, sizeof source, "%s;%s", keys, side ? "" : "means=aes-kwp:aes-kw");
        end = go(rig, source, side ? "means=aes-kwp:aes-kw" : "", "pkcs11:");
        assert_int_equal(end->end.exit_code, 0);
        assert_int_equal(end->end.migrated, 1);
        assert_int_equal(canary_of(rig, HSM_AES_KWP)->canary.state, CANARY_FAILED);
        assert_int_equal(canary_of(rig, HSM_AES_KW)->canary.state, CANARY_PASSED);
        assert_non_null(strstr(find(rig, EVENT_PLANNED, 0)->planned.reason, "aes-kw"));
        assert_true(rig->touched > 0);
        clear(rig);

        rig->setup.policy.canary = CANARY_NONE;
        end = go(rig, source, side ? "means=aes-kwp:aes-kw" : "", "pkcs11:");
        assert_int_equal(end->end.exit_code, 65);
        assert_int_equal(end->end.migrated, 0);
        assert_true(rig->touched > 0);
        rig->setup.policy.canary = CANARY_REQUIRED;
        clear(rig);
    }
}

/* It says that it wraps any length exactly, and fills up with zeros. */
static void padding_is_caught(void **state)
{
    struct rig *rig = *state;
    const struct event *end = go(rig, "exact=lies;keys=generic13:p", "takes=no", "pkcs11:");

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(canary_of(rig, HSM_AES_KWP)->canary.state, CANARY_FAILED);
    assert_int_equal(find(rig, EVENT_PLANNED, 0)->planned.route, ROUTE_DIRECT);
    assert_int_equal(find(rig, EVENT_KEY_DONE, 0)->key_done.desc.length, 13);
}

static void no_way_is_left(void **state)
{
    static const char *const wrong = "offers=rsa-oaep-sha256,aes-kwp;means=aes-kwp:aes-kw";
    struct rig *rig = *state;
    const struct event *end;

    assert_false(prepare(rig, "keys=ec256:e", wrong, "pkcs11:object=e"));
    assert_int_equal(err_exit(rig->err.code), 69);
    assert_non_null(strstr(rig->err.what, "canary"));
    clear(rig);
    /* A key that can go goes; that another one cannot is the HSM's fault, so it is told. */
    end = go(rig, "keys=ec256:e,aes32:a", wrong, "pkcs11:");
    assert_int_equal(end->end.migrated, 1);
    assert_int_equal(end->end.refused, 1);
    assert_int_equal(end->end.exit_code, 69);
}

static void wrong_transport_is_caught(void **state)
{
    static const char *const wrong = "means=rsa-oaep-sha256:rsa-oaep-sha1";
    struct rig *rig = *state;
    const struct event *end = go(rig, "keys=aes32:a", wrong, "pkcs11:");

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(canary_of(rig, HSM_RSA_OAEP_SHA256)->canary.state, CANARY_FAILED);
    assert_int_equal(canary_of(rig, HSM_RSA_OAEP_SHA1)->canary.state, CANARY_PASSED);
    clear(rig);
    rig->setup.policy.transports = 1U << HSM_RSA_OAEP_SHA256;
    assert_false(prepare(rig, "keys=aes32:a", wrong, "pkcs11:"));
    assert_int_equal(err_exit(rig->err.code), 69);
    assert_non_null(strstr(rig->err.what, "destination: canary"));
}

/* --- a transport that is agreed on --- */

#define AGREES "offers=rsa-oaep-sha1,aes-kwp,ecdh-p521,ecdh-p256;"

static const struct event *choice_of(const struct rig *rig)
{
    const struct event *last = NULL;

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_CHOICE && !rig->events[i].choice.envelope)
            last = &rig->events[i];
    return last;
}

static const struct event *warning_of(const struct rig *rig, const char *name)
{
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_WARNING && strcmp(rig->events[i].note.name, name) == 0)
            return &rig->events[i];
    return NULL;
}

static unsigned warnings_of(const struct rig *rig, const char *name)
{
    unsigned count = 0;

    for (size_t i = 0; i < rig->count; i++)
        count +=
            rig->events[i].kind == EVENT_WARNING && strcmp(rig->events[i].note.name, name) == 0;
    return count;
}

static void the_strongest_of_both_is_agreed_on(void **state)
{
    struct rig *rig = *state;
    const struct event *end = go(rig, AGREES "keys=aes32:a,rsa4096:r", AGREES, "pkcs11:");
    const struct event *print[2] = {NULL, NULL};

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P521);
    assert_string_equal(choice_of(rig)->choice.kdf, "x963-sha256");
    assert_null(warning_of(rig, "transport-strength"));
    assert_null(warning_of(rig, "transport-downgrade"));
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_FINGERPRINT)
            print[rig->events[i].side] = &rig->events[i];
    assert_memory_equal(print[0]->fingerprint.spki_sha256, print[1]->fingerprint.spki_sha256, 32);
    clear(rig);
    end = go(rig, AGREES "keys=aes32:a", "kdf=none;" AGREES, "pkcs11:");
    assert_int_equal(end->end.exit_code, 0);
    assert_string_equal(choice_of(rig)->choice.kdf, "none");
    assert_non_null(strstr(choice_of(rig)->choice.reason, "no KDF: the AES key is the shared "
                                                          "point's x-coordinate, cut"));
    clear(rig);
    rig->setup.policy.kdf_required = true;
    end = go(rig, AGREES "keys=aes32:a", "kdf=none;" AGREES, "pkcs11:");
    assert_int_equal(choice_of(rig)->choice.alg, HSM_RSA_OAEP_SHA1);
}

static void the_policy_is_an_order_and_a_floor(void **state)
{
    struct rig *rig = *state;

    rig->setup.policy.order.count = 2;
    rig->setup.policy.order.at[0] = TRANSPORT_ECDH_P256;
    rig->setup.policy.order.at[1] = TRANSPORT_ECDH_P521;
    go(rig, AGREES "keys=aes32:a", AGREES, "pkcs11:");
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P256);
    assert_non_null(warning_of(rig, "transport-strength"));
    assert_non_null(strstr(warning_of(rig, "transport-policy")->note.text,
                           "\"transports\" that begins with ecdh-p521"));
    clear(rig);
    rig->setup.policy.order.count = 2;
    rig->setup.policy.order.at[0] = TRANSPORT_ECDH_P256;
    rig->setup.policy.order.at[1] = TRANSPORT_ECDH_P521;
    assert_false(prepare(rig, AGREES "keys=aes32:a", "", "pkcs11:"));
    assert_int_equal(err_exit(rig->err.code), 69);
    assert_non_null(strstr(rig->err.what, "ecdh-p256"));
}

/* The same by ML-KEM; what is preferred and not to be had is a warning, and what is required and
 * not to be had is the end. */
#define KEMS "offers=rsa-oaep-sha1,aes-kwp,ecdh-p521,ml-kem-1024,ml-kem-768,ecdh-p384+ml-kem-768;"

static void quantum_computers_are_thought_of(void **state)
{
    struct rig *rig = *state;
    struct policy *policy = &rig->setup.policy;

    go(rig, KEMS "keys=aes32:a", KEMS, "pkcs11:");
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P521); /* control: it was not asked for */
    clear(rig);
    policy->quantum = QUANTUM_PREFERRED;
    assert_int_equal(go(rig, KEMS "keys=aes32:a", KEMS, "pkcs11:")->end.exit_code, 0);
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ML_KEM_1024);
    assert_null(warning_of(rig, "post-quantum"));
    clear(rig);
    assert_int_equal(go(rig, KEMS "keys=aes32:a,aes32:b", AGREES, "pkcs11:")->end.exit_code, 0);
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P521);
    assert_int_equal(warnings_of(rig, "post-quantum"), 1);
    assert_non_null(strstr(warning_of(rig, "post-quantum")->note.text,
                           "have none in common, and ecdh-p521 is used"));
    clear(rig);
    policy->quantum = QUANTUM_REQUIRED;
    assert_false(prepare(rig, KEMS "keys=aes32:a", AGREES, "pkcs11:"));
    assert_int_equal(err_exit(rig->err.code), 69);
}

static void of_transports_by_ml_kem_too(void **state)
{
    struct rig *rig = *state;
    struct policy *policy = &rig->setup.policy;

    policy->quantum = QUANTUM_REQUIRED;
    policy->order.count = 2;
    policy->order.at[0] = TRANSPORT_ECDH_P521;
    policy->order.at[1] = TRANSPORT_HYBRID;
    assert_int_equal(go(rig, KEMS "keys=aes32:a,aes32:b", KEMS, "pkcs11:")->end.exit_code, 0);
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P384_ML_KEM_768);
    assert_int_equal(warnings_of(rig, "transport-strength"), 2);
    assert_int_equal(warnings_of(rig, "transport-policy"), 1); /* and not by ecdh-p521 */
    assert_non_null(strstr(warning_of(rig, "transport-policy")->note.text,
                           "\"transports\" that begins with ml-kem-1024"));
    clear(rig);
    policy->order.count = 1; /* what fails is not replaced by what is below the floor */
    policy->order.at[0] = TRANSPORT_ML_KEM_768;
    assert_false(prepare(rig, KEMS "keys=aes32:a", "fail=agree:0:0x5;" KEMS, "pkcs11:"));
    assert_int_equal(err_exit(rig->err.code), 69);
    assert_non_null(strstr(rig->err.what, "ml-kem-768"));
}

/* An HSM that cannot do what it says: the canary shows it, and officers read it. */
static void a_transport_that_fails_is_warned_about(void **state)
{
    struct rig *rig = *state;
    const struct event *end = go(rig, AGREES "keys=aes32:a", "fail=agree:0:0x5;" AGREES, "pkcs11:");
    const struct event *warned = warning_of(rig, "transport-downgrade");

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(choice_of(rig)->choice.alg, HSM_RSA_OAEP_SHA1);
    assert_non_null(warned);
    assert_non_null(strstr(warned->note.text, "ecdh-p521 failed"));
    clear(rig);
    rig->setup.policy.order.count = 1; /* a floor */
    rig->setup.policy.order.at[0] = TRANSPORT_ECDH_P521;
    assert_false(prepare(rig, AGREES "keys=aes32:a", "fail=agree:0:0x5;" AGREES, "pkcs11:"));
    assert_int_equal(err_exit(rig->err.code), 69);
}

/* Once for all keys, and only if a line of the ceremony file would do. */
static void the_line_that_avoids_it_is_named_once(void **state)
{
    static const char keys[] = AGREES "keys=aes32:a,aes32:b,rsa4096:r";
    struct rig *rig = *state;

    policy_rsa_only(&rig->setup.policy);
    go(rig, keys, AGREES, "pkcs11:");
    assert_int_equal(warnings_of(rig, "transport-strength"), 3);
    assert_int_equal(warnings_of(rig, "transport-policy"), 1);
    assert_non_null(strstr(warning_of(rig, "transport-policy")->note.text, "ecdh-p521"));
    clear(rig);
    go(rig, "keys=rsa4096:r", "", "pkcs11:"); /* RSA is all that these have */
    assert_non_null(strstr(warning_of(rig, "transport-policy")->note.text, "\"rsa-bits: 4096\""));
    clear(rig);
    go(rig, "keys=aes32:a", "", "pkcs11:");
    assert_int_equal(warnings_of(rig, "transport-strength"), 1);
    assert_int_equal(warnings_of(rig, "transport-policy"), 0); /* nothing would avoid it */
    clear(rig);
    rig->setup.policy.order.count = 0; /* control: all transports are allowed */
    go(rig, keys, AGREES, "pkcs11:");
    assert_int_equal(warnings_of(rig, "transport-strength"), 0);
    assert_int_equal(warnings_of(rig, "transport-policy"), 0);
}

/* Whoever wants a weaker transport has no part in the rehearsal. */
static void another_transport_than_rehearsed_is_warned_about(void **state)
{
    static const struct rehearsed was[] = {
        {"r-1", HSM_ECDH_P521, 521, "x963-sha256"}, /* control: the same */
        {"r-1", HSM_ECDH_P521, 521, "none"},        {"r-1", HSM_ECDH_P256, 256, "x963-sha256"},
        {"r-1", HSM_RSA_OAEP_SHA256, 3072, ""},     {"", 0, 0, ""}, /* none is known */
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof was / sizeof was[0]; i++) {
        rig->setup.rehearsed = &was[i];
        rig->setup.rehearsal = false;
        go(rig, AGREES "keys=aes32:a", AGREES, "pkcs11:");
        assert_int_equal(warnings_of(rig, "transport-rehearsed"), i > 0 && was[i].id[0]);
        if (i == 3)
            assert_non_null(strstr(warning_of(rig, "transport-rehearsed")->note.text,
                                   "went by rsa-oaep-sha256 with RSA 3072; this ceremony goes by "
                                   "ecdh-p521 with KDF x963-sha256"));
        clear(rig);
    }
}

/* A point that is none does not lead to a weaker transport: somebody may want just that. */
static void a_bad_point_ends_it(void **state)
{
    static const char *const lies[] = {"lie=make_agreement:0:flip;" AGREES,
                                       "lie=make_agreement:0:other;" AGREES};
    struct rig *rig = *state;

    for (size_t i = 0; i < 2; i++) {
        assert_false(prepare(rig, AGREES "keys=aes32:a", lies[i], "pkcs11:"));
        assert_int_equal(rig->err.code, ERR_DATA);
        assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P521); /* no other one */
        clear(rig);
    }
}

/* A secret that the envelope would pad: RSA-OAEP keeps its length, so that carries the plan. */
static void a_secret_that_would_be_padded_chooses(void **state)
{
    struct rig *rig = *state;
    const struct event *end =
        go(rig, "exact=no;" AGREES "keys=generic13:p,aes32:a", "takes=no;" AGREES, "pkcs11:");

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(end->end.migrated, 2);
    assert_int_equal(choice_of(rig)->choice.alg, HSM_RSA_OAEP_SHA1);
    assert_null(warning_of(rig, "transport-downgrade")); /* nothing failed */
    assert_non_null(warning_of(rig, "transport-strength"));
    clear(rig);
    end = go(rig, "exact=no;" AGREES "keys=generic13:p,aes32:a", "takes=no;" AGREES,
             "pkcs11:object=a");
    assert_int_equal(choice_of(rig)->choice.alg, HSM_ECDH_P521); /* control */
}

/* A source that makes no throw-away keys: the policy decides. */
static void canary_is_impossible(void **state)
{
    static const char *const source = "fail=make_key:0:0x54;keys=aes32:a";
    struct rig *rig = *state;
    const struct event *end;

    assert_false(prepare(rig, source, "", "pkcs11:object=a"));
    assert_int_equal(err_exit(rig->err.code), 69);
    assert_non_null(strstr(rig->err.what, "no canary"));
    clear(rig);
    rig->setup.policy.canary = CANARY_WHEN_POSSIBLE;
    end = go(rig, source, "", "pkcs11:object=a");
    assert_int_equal(end->end.migrated, 1);
    assert_int_equal(canary_of(rig, HSM_AES_KWP)->canary.state, CANARY_IMPOSSIBLE);
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_WARNING &&
            strstr(rig->events[i].note.text, "no canary AES 256"))
            return;
    fail_msg("nobody was warned");
}

/* Whatever a side does wrong at any call: what is told is true, and no key is there that is not
 * the one that left. */
static void lies_meet_the_canary(void **state)
{
    static const char *const lies[][2] = {
        {"make_pair", "flip"},  {"make_pair", "other"}, {"load_public", "other"},
        {"make_aes", "guards"}, {"wrap", "flip"},       {"wrap", "short"},
        {"wrap", "long"},       {"wrap", "other"},      {"unwrap", "other"},
        {"unwrap", "guards"},   {"unwrap", "twice"},    {"prove", "flip"},
        {"describe", "guards"}, {"describe", "kind"},   {"commit", "other"},
        {"handles", "more"},
    };
    struct rig *rig = *state;
    unsigned stopped = 0, rejected = 0;

    for (unsigned side = 0; side < 2; side++)
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
            for (unsigned n = 1; n <= 4; n++) {
                char lie[64], source[256], destination[80];
                snprintf(lie, sizeof lie, "%s:%u:%s", lies[i][0], n, lies[i][1]);
                snprintf(source, sizeof source, "keys=aes32:k:+encrypt,ec256:r:+sign:+public%s%s",
                         side ? "" : ";lie=", side ? "" : lie);
                snprintf(destination, sizeof destination, "lie=%s", lie);
                if (prepare(rig, source, side ? destination : "", "pkcs11:"))
                    check_end(rig, run(rig), lie);
                else {
                    assert_int_equal(objects_on_destination(rig), 1);
                    stopped++;
                }
                rejected += count_canaries(rig, CANARY_FAILED) > 0;
                clear(rig);
            }
    assert_true(stopped > 10);
    assert_true(rejected > 10);
}

/* --- the record --- */

/* A sink that refuses any one event: the step that it announces does not happen, and the truth
 * is kept. */
static void record_refuses_any_event(void **state)
{
    struct rig *rig = *state;
    bool reached = true;

    for (rig->refuse_at = 3; reached; rig->refuse_at++) {
        if (prepare(rig, "keys=aes32:k:+encrypt,aes32:l:+encrypt", "", "pkcs11:"))
            check_end(rig, run(rig), "refused event");
        reached = rig->count >= rig->refuse_at;
        clear(rig);
    }
    assert_true(rig->refuse_at > 60);
}

/* --- pace --- */

#define TWO_KEYS "keys=aes32:k:+encrypt,ec256:r:+sign:+public"

static bool is_pace(const struct event *e, enum pace_state state)
{
    return e->kind == EVENT_PACE && e->pace.state == state;
}

static unsigned count_waits(const struct rig *rig)
{
    unsigned count = 0;

    for (size_t i = 0; i < rig->count; i++)
        count += is_pace(&rig->events[i], PACE_WAITS);
    return count;
}

/* Each step that begins was waited for, except the proof that follows a commit; before no other
 * step does anything wait, and each wait has its time. */
static void every_step_is_waited_for(void **state)
{
    struct rig *rig = *state;
    const struct event *end, *wait = NULL;
    unsigned begun = 0, again = 0;

    rig->setup.pace = PACE_STEP;
    end = go(rig, TWO_KEYS, "", "pkcs11:");
    assert_int_equal(end->end.exit_code, 0);
    for (size_t i = 0; i < rig->count; i++) {
        const struct event *e = &rig->events[i];
        if (is_pace(e, PACE_WAITS)) {
            assert_int_not_equal(e->pace.step, STEP_PROVE_AGAIN);
            assert_true(is_pace(&rig->events[i + 1], PACE_GOES_ON));
            assert_true(rig->events[i + 1].pace.micros > 0);
            wait = e;
        }
        if (e->kind != EVENT_STEP || e->step.state != EVENT_BEGUN)
            continue;
        begun++;
        again += e->step.id == STEP_PROVE_AGAIN;
        if (e->step.id == STEP_PROVE_AGAIN)
            continue;
        assert_non_null(wait);
        assert_int_equal(wait->pace.step, e->step.id);
        assert_int_equal(wait->key, e->key);
        wait = NULL;
    }
    assert_int_equal(again, 3); /* two keys and a public half */
    assert_int_equal(count_waits(rig), begun - again);
}

/* By default the console's officers see the transport key and the first key step by step. */
static void first_key_is_waited_for(void **state)
{
    struct rig *rig = *state;

    rig->setup.pace = PACE_FIRST;
    go(rig, TWO_KEYS, "", "pkcs11:");
    assert_int_equal(count_waits(rig), 7 + 5);
    for (size_t i = 0; i < rig->count; i++)
        if (is_pace(&rig->events[i], PACE_WAITS))
            assert_true(rig->events[i].key <= 1 && rig->events[i].pace.step < STEP_DESTROY);
}

/* Before the transport key, each of two keys, and the closing steps; what accompanies a key is no
 * key. */
static void keys_are_waited_for(void **state)
{
    struct rig *rig = *state;

    rig->setup.pace = PACE_KEY;
    go(rig, TWO_KEYS, "", "pkcs11:");
    assert_int_equal(count_waits(rig), 4);
}

/* A change while it waits is in the record before the step is, and nothing waits any more. */
static void pace_is_changed(void **state)
{
    struct rig *rig = *state;
    enum ceremony_next next;
    size_t chosen;

    rig->setup.pace = PACE_STEP;
    assert_true(prepare(rig, TWO_KEYS, "", "pkcs11:"));
    while ((next = ceremony_step(rig->ceremony)) != NEXT_WAIT)
        assert_int_equal(next, NEXT_STEP);
    assert_int_equal(ceremony_step(rig->ceremony),
                     NEXT_WAIT); /* it goes on waiting, and says it once */
    assert_int_equal(count_waits(rig), 1);
    chosen = rig->count;
    ceremony_pace(rig->ceremony, PACE_STEP); /* no change */
    assert_int_equal(rig->count, chosen);
    ceremony_pace(rig->ceremony, PACE_RUN);
    assert_true(is_pace(&rig->events[chosen], PACE_CHOSEN));
    assert_int_equal(rig->events[chosen].pace.pace, PACE_RUN);
    while (ceremony_step(rig->ceremony) != NEXT_DONE)
        ;
    assert_true(is_pace(&rig->events[chosen + 1], PACE_GOES_ON));
    assert_int_equal(count_waits(rig), 1);
    assert_int_equal(ceremony_exit_code(rig->ceremony), 0);
}

/* Whatever it waits before, a stop ends it: what was begun of a key is undone, and cleaning up
 * waits for nobody. */
static void stops_while_it_waits(void **state)
{
    struct rig *rig = *state;
    unsigned waits, at = 0;

    rig->setup.pace = PACE_STEP;
    do {
        enum ceremony_next next;
        at++;
        clear(rig);
        assert_true(prepare(rig, TWO_KEYS, "", "pkcs11:"));
        for (waits = 0; (next = ceremony_step(rig->ceremony)) != NEXT_DONE;) {
            waits += next == NEXT_WAIT && waits < at;
            if (next == NEXT_WAIT && waits == at)
                ceremony_stop(rig->ceremony);
            else if (next == NEXT_WAIT)
                ceremony_go_on(rig->ceremony);
        }
        check_end(rig, run(rig), "stopped");
        assert_int_equal(count_waits(rig), waits);
    } while (waits == at);
    assert_true(at > 20);
}

/* A session that is gone after a wait is called that, and what had arrived stays. */
static void session_ends_in_a_wait(void **state)
{
    struct rig *rig = *state;
    const struct event *end, *error;

    rig->setup.pace = PACE_STEP;
    rig->setup.policy.canary = CANARY_NONE;
    end = go(rig, TWO_KEYS ";fail=wrap:3:0x32", "", "pkcs11:");
    assert_int_equal(end->end.migrated, 1);
    assert_int_equal(end->end.exit_code, 3);
    error = find(rig, EVENT_ERROR, 0);
    assert_non_null(strstr(error->error.what, "ended the session in, or after, a wait"));
    assert_non_null(strstr(error->error.next, "hsmferry resume"));
    clear(rig); /* so is a login that is over */
    end = go(rig, TWO_KEYS ";fail=wrap:3:0x101", "", "pkcs11:");
    assert_int_equal(end->end.exit_code, 3);
    assert_non_null(strstr(find(rig, EVENT_ERROR, 0)->error.what, "ended the session"));
    clear(rig); /* control: without a wait it is only gone */
    rig->setup.pace = PACE_RUN;
    go(rig, TWO_KEYS ";fail=wrap:3:0x32", "", "pkcs11:");
    assert_null(strstr(find(rig, EVENT_ERROR, 0)->error.what, "wait"));
}

/* As record_refuses_any_event(), with a wait before each step. */
static void record_refuses_a_wait(void **state)
{
    struct rig *rig = *state;

    rig->setup.pace = PACE_STEP;
    record_refuses_any_event(state);
}

/* --- comparing on request --- */

static const struct compared *compared(const struct rig *rig, const char *label)
{
    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_COMPARED &&
            strcmp(rig->events[i].compared.label, label) == 0)
            return &rig->events[i].compared;
    fail_msg("nothing is told of %s", label);
    return NULL;
}

static void keys_are_compared_on_request(void **state)
{
#define VALUE "value=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    static const struct {
        const char *label;
        enum comparison result;
        const char *method;
        unsigned kcvs;
    } rows[] = {
        {"a", COMPARED_SAME, "aes-ecb", 2},       {"b", COMPARED_DIFFERS, "", 0},
        {"c", COMPARED_ONLY_HERE, "", 0},         {"d", COMPARED_ONLY_HERE, "", 0},
        {"e", COMPARED_DIFFERS, "", 0},           {"f", COMPARED_DIFFERS, "public half", 0},
        {"g", COMPARED_SAME, "sha256-digest", 2},
    };
    struct rig *rig = *state;
    uint64_t nobody[2] = {77, 78};

    rig->setup.policy.canary = CANARY_NONE;
    prepare(rig,
            "keys=aes32:a:+encrypt:" VALUE ",aes32:b,aes32:c,generic13:e,ec256:f:+sign:+public,"
            "aes32:g:-encrypt:-decrypt:" VALUE,
            "keys=aes32:a:+encrypt:" VALUE ",aes32:b,aes32:d,aes16:e,ec256:f:+sign:+public,"
            "aes32:g:-encrypt:-decrypt:" VALUE,
            "pkcs11:object=c");
    assert_int_equal(rig->touched, 0); /* nobody asked */
    assert_false(ceremony_compare(rig->ceremony, nobody, &rig->err));
    assert_int_equal(rig->err.code, ERR_NO_INPUT);
    assert_true(ceremony_compare(rig->ceremony, NULL, &rig->err));
    assert_true(rig->touched > 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct compared *is = compared(rig, rows[i].label);
        assert_int_equal(is->result, rows[i].result);
        assert_string_equal(is->method, rows[i].method);
        assert_int_equal(is->kcv_count, rows[i].kcvs);
    }
    assert_int_equal(ceremony_step(rig->ceremony), NEXT_STEP);
    assert_false(ceremony_compare(rig->ceremony, NULL, &rig->err));
    assert_int_equal(rig->err.code, ERR_USAGE);
}

/* --- a new key that both sides derive --- */

#define DERIVES AGREES "keys=aes32:old:-extractable:+encrypt"
#define OLD     "pkcs11:object=old"

static void derive(struct rig *rig, uint32_t uses)
{
    rig->setup.derived = (struct derived_key){.wanted = true, .uses = uses};
    rig->setup.derived.name.label_len = 3;
    memcpy(rig->setup.derived.name.label, "new", 3);
}

/* The words that the last question asks for, as the destination's fingerprint has them. */
static void answer_words(struct rig *rig, const char *question, bool right, char *out, size_t size)
{
    const struct event *print = NULL;
    unsigned at[4];
    size_t len = 0;

    for (size_t i = 0; i < rig->count; i++)
        if (rig->events[i].kind == EVENT_FINGERPRINT && rig->events[i].side == SIDE_DESTINATION)
            print = &rig->events[i];
    assert_non_null(print);
    assert_int_equal(
        sscanf(question, "type words %u, %u, %u and %u", &at[0], &at[1], &at[2], &at[3]), 4);
    for (unsigned i = 0; i < 4; i++)
        len += (size_t)snprintf(
            out + len, size - len, "%s%s", i ? " " : "",
            text_word((uint8_t)(print->fingerprint.spki_sha256[at[i] - 1] ^ !right), at[i] - 1));
}

/* Walks to the end and answers the gates; counts the fingerprints that were asked for. */
static const struct event *answer_all(struct rig *rig, bool right, unsigned *asked)
{
    enum ceremony_next next;
    size_t last;
    char words[256];

    *asked = 0;
    while ((next = ceremony_step(rig->ceremony)) != NEXT_DONE) {
        assert_true(rig->count < EVENTS_MAX);
        if (next != NEXT_GATE)
            continue;
        for (last = rig->count - 1;
             rig->events[last].kind != EVENT_GATE || rig->events[last].gate.state != GATE_OPEN;)
            last--;
        snprintf(words, sizeof words, "ferry 1");
        if (rig->events[last].gate.gate == GATE_FINGERPRINT) {
            answer_words(rig, rig->events[last].gate.question, right, words, sizeof words);
            ++*asked;
        }
        ceremony_answer(rig->ceremony, words);
    }
    for (last = rig->count - 1; rig->events[last].kind != EVENT_END;)
        last--;
    rig->events[last].end.exit_code = ceremony_exit_code(rig->ceremony);
    return &rig->events[last];
}

static const struct event *go_derive(struct rig *rig, const char *source, const char *destination,
                                     unsigned *asked)
{
    derive(rig, KEY_ENCRYPT | KEY_DECRYPT);
    if (!prepare(rig, source, destination, OLD))
        fail_msg("%s", rig->err.what);
    return answer_all(rig, true, asked);
}

static void both_derive_a_new_key(void **state)
{
    struct rig *rig = *state;
    unsigned asked;
    const struct event *end = go_derive(rig, DERIVES, AGREES, &asked);

    assert_int_equal(end->end.exit_code, 0);
    assert_int_equal(end->end.derived, 1);
    assert_int_equal(end->end.migrated, 0);
    assert_int_equal(asked, 1); /* the policy waives every gate */
    assert_int_equal(objects_on(rig, SIDE_SOURCE), 2);
    assert_int_equal(objects_on(rig, SIDE_DESTINATION), 2);
    assert_int_equal(rig->touched, 0); /* the old key */
}

static void a_wrong_word_derives_nothing(void **state)
{
    struct rig *rig = *state;
    unsigned asked;

    derive(rig, KEY_ENCRYPT);
    assert_true(prepare(rig, DERIVES, AGREES, OLD));
    assert_int_not_equal(answer_all(rig, false, &asked)->end.exit_code, 0);
    assert_int_equal(asked, 2);
    assert_int_equal(objects_on(rig, SIDE_SOURCE), 1);
    assert_int_equal(objects_on(rig, SIDE_DESTINATION), 1);
}

/* An HSM that derives another key, or one with more rights; and public halves that were swapped on
 * their way, which both sides report differently before any officer is asked. */
static void lies_about_a_new_key_are_caught(void **state)
{
    static const struct {
        const char *source, *destination;
        enum step_id caught;
        unsigned asked;
    } rows[] = {
        {"lie=agree:1:other", "", STEP_PROVE, 1},
        {"", "lie=agree:1:other", STEP_PROVE, 1},
        {"lie=agree:1:guards", "", STEP_DERIVE, 1},
        {"", "lie=agree:1:guards", STEP_DERIVE_THERE, 1},
        {"lie=agree:1:use", "", STEP_DERIVE, 1},
        {"", "lie=agree:1:use", STEP_DERIVE_THERE, 1},
        {"", "lie=make_agreement:1:other", STEP_RELAY_PUBLIC, 0},
        {"lie=make_agreement:1:flip", "", STEP_RELAY_ANSWER, 0},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char source[256], destination[256];
        unsigned asked;
        snprintf(source, sizeof source, DERIVES ";%s", rows[i].source);
        snprintf(destination, sizeof destination, AGREES "%s", rows[i].destination);
        if (go_derive(rig, source, destination, &asked)->end.exit_code == 0)
            fail_msg("%zu was not caught", i);
        if (failed_step(rig) != rows[i].caught)
            fail_msg("%zu was caught by %s", i, step_name(failed_step(rig)));
        assert_int_equal(asked, rows[i].asked);
        assert_int_equal(objects_on(rig, SIDE_SOURCE), 1);
        assert_int_equal(objects_on(rig, SIDE_DESTINATION), 1);
        clear(rig);
    }
}

/* Whatever call fails: both have the key, or neither, or it is said that something is left. */
static void no_fault_leaves_half_of_a_new_key(void **state)
{
    static const char *const at[] = {"make_agreement", "agree", "describe", "prove",
                                     "commit",         "list",  "destroy",  "handles"};
    static const char *const numbers[] = {"0x30", "0x32"};
    static const char to[] = "offers=rsa-oaep-sha1,aes-kwp,ecdh-p521,ecdh-p256";
    struct rig *rig = *state;
    unsigned failed = 0;

    for (size_t i = 0; i < 2 * sizeof at / sizeof at[0]; i++)
        for (unsigned n = 1; n <= 4; n++)
            for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
                char params[2][256];
                const struct event *end;
                unsigned asked;
                for (unsigned side = 0; side < 2; side++)
                    snprintf(params[side], sizeof params[side], "%s;fail=%s:%u:%s",
                             side ? to : DERIVES, side == i % 2 ? at[i / 2] : "none", n,
                             numbers[j]);
                derive(rig, KEY_ENCRYPT | KEY_DECRYPT);
                if (prepare(rig, params[0], params[1], OLD)) {
                    end = answer_all(rig, true, &asked);
                    const size_t source = objects_on(rig, SIDE_SOURCE),
                                 destination = objects_on(rig, SIDE_DESTINATION);
                    failed += end->end.exit_code != 0;
                    if (end->end.exit_code == 0 ? source != 2 || destination != 2
                                                : source != destination && end->end.exit_code != 3)
                        fail_msg("%s:%u:%s on side %zu: exit %d, %zu and %zu objects", at[i / 2], n,
                                 numbers[j], i % 2, end->end.exit_code, source, destination);
                }
                clear(rig);
            }
    assert_true(failed > 20);
}

/* What is not ECDH, or below the policy, derives nothing; nor does a name that is taken. */
static void what_cannot_be_derived_is_refused(void **state)
{
    struct rig *rig = *state;
    const struct ceremony_host host = {rig,  open_fake, open_app,   give_pin, NULL,
                                       tick, tick,      &rig->sink, NULL};

    derive(rig, KEY_ENCRYPT);
    assert_false(prepare(rig, "offers=rsa-oaep-sha1,aes-kwp;keys=aes32:old", AGREES, OLD));
    clear(rig);
    assert_false(prepare(rig, DERIVES ",aes32:new", AGREES, OLD));
    assert_int_equal(rig->err.code, ERR_CONFLICT);
    clear(rig);
    rig->setup.policy.kdf_required = true;
    assert_false(prepare(rig, DERIVES, "kdf=none;" AGREES, OLD));
    clear(rig);
    rig->setup.policy.kdf_required = false;
    rig->setup.policy.order.count = 1;
    rig->setup.policy.order.at[0] = TRANSPORT_RSA_OAEP;
    assert_false(ceremony_new(&rig->setup, &host, &rig->ceremony, &rig->err));
    assert_int_equal(rig->err.code, ERR_CONFIG);
    rig->ceremony = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_kinds_arrive, setup, teardown),
        cmocka_unit_test_setup_teardown(order_of_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(padded_secret_goes_directly, setup, teardown),
        cmocka_unit_test_setup_teardown(key_done_once_for_each, setup, teardown),
        cmocka_unit_test_setup_teardown(no_check_value_of_a_password, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_compared_on_request, setup, teardown),
        cmocka_unit_test_setup_teardown(pattern_lists_what_cannot_go, setup, teardown),
        cmocka_unit_test_setup_teardown(weaker_transport_is_warned_about, setup, teardown),
        cmocka_unit_test_setup_teardown(the_strongest_of_both_is_agreed_on, setup, teardown),
        cmocka_unit_test_setup_teardown(the_line_that_avoids_it_is_named_once, setup, teardown),
        cmocka_unit_test_setup_teardown(another_transport_than_rehearsed_is_warned_about, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_policy_is_an_order_and_a_floor, setup, teardown),
        cmocka_unit_test_setup_teardown(quantum_computers_are_thought_of, setup, teardown),
        cmocka_unit_test_setup_teardown(of_transports_by_ml_kem_too, setup, teardown),
        cmocka_unit_test_setup_teardown(every_call_of_a_kem_fails_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_transport_that_fails_is_warned_about, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_point_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_that_would_be_padded_chooses, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_can_go, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_come_first, setup, teardown),
        cmocka_unit_test_setup_teardown(gates_open_to_the_right_words, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_is_left_out_at_its_gate, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_of_the_script_that_is_left_out_is_a_deviation, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_setting_that_was_changed_is_not_forgotten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gates_fail_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(both_officers_confirm, setup, teardown),
        cmocka_unit_test_setup_teardown(officers_read_other_words, setup, teardown),
        cmocka_unit_test_setup_teardown(one_officer_is_not_two, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_before_the_question_counts_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(waived_gates_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_between_any_two_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(every_call_fails_once, setup, teardown),
        cmocka_unit_test_setup_teardown(every_call_loses_the_hsm, setup, teardown),
        cmocka_unit_test_setup_teardown(forgotten_destroy_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(no_resume_is_advised_that_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_settled_doubt_does_not_advise_resume, setup, teardown),
        cmocka_unit_test_setup_teardown(unreported_guards_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fault_leaves_no_companion_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lie_leaves_no_companion_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fault_leaves_no_certificate_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_of_a_companion_is_no_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(lies_are_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(known_handles_are_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_vanishes_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_left_over_counts_more_than_what_vanished, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_length_is_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(unproven_needs_a_word, setup, teardown),
        cmocka_unit_test_setup_teardown(unproven_keys_are_rewrapped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_known_handle_costs_the_comparison, setup, teardown),
        cmocka_unit_test_setup_teardown(applications_must_see_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(one_canary_for_each_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(no_place_is_found_out, setup, teardown),
        cmocka_unit_test_setup_teardown(no_place_for_a_public_key_is_found_out, setup, teardown),
        cmocka_unit_test_setup_teardown(canary_announces_what_it_stores, setup, teardown),
        cmocka_unit_test_setup_teardown(canary_is_not_repeated, setup, teardown),
        cmocka_unit_test_setup_teardown(warnings_and_waivers_are_of_one_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_number_is_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(padding_is_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(no_way_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_transport_is_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(canary_is_impossible, setup, teardown),
        cmocka_unit_test_setup_teardown(lies_meet_the_canary, setup, teardown),
        cmocka_unit_test_setup_teardown(record_refuses_any_event, setup, teardown),
        cmocka_unit_test_setup_teardown(every_step_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(first_key_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(pace_is_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(stops_while_it_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(session_ends_in_a_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(record_refuses_a_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(both_derive_a_new_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_word_derives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(lies_about_a_new_key_are_caught, setup, teardown),
        cmocka_unit_test_setup_teardown(no_fault_leaves_half_of_a_new_key, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_derived_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
