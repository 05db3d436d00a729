/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/trace.h: two events for each call, in words, and none of what must not be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/fake/fake.h"
#include "worker/trace.h"

static const char pin_text[] = "pin-4711";

struct event_log {
    struct event events[64];
    size_t count;
    bool refuse; /* the next call */
};

static bool emit(void *ctx, struct event *event, struct err *err)
{
    struct event_log *log = ctx;

    assert_true(log->count < 64);
    log->events[log->count++] = *event;
    return !log->refuse || err_set(err, ERR_STOPPED, "the journal is full");
}

/* The fake, logged in, under a trace. */
static struct hsm *open_traced(struct event_log *log, const char *params)
{
    struct hsm_where where = {.api = "fake"};
    struct secret pin = {0};
    struct hsm *inner, *hsm;
    struct err err;

    *log = (struct event_log){0};
    text_print(where.params, sizeof where.params, "pin=%s;%s", pin_text, params);
    if (!fake_driver.open(&where, &inner, &err))
        fail_msg("%s", err.what);
    assert_true(trace_new(inner, SIDE_DESTINATION, emit, log, &hsm, &err));
    assert_true(secret_new(&pin, 32, &err) && secret_set(&pin, pin_text, strlen(pin_text), &err));
    assert_true(hsm->driver->login(hsm, FAKE_SLOT, &pin, &err));
    secret_free(&pin);
    return hsm;
}

static void check_call(const struct event *e, enum event_state state, const char *name,
                       const char *words)
{
    assert_int_equal(e->kind, EVENT_CALL);
    assert_int_equal(e->side, SIDE_DESTINATION);
    assert_int_equal(e->call.state, state);
    assert_string_equal(e->call.name, name);
    assert_string_equal(e->call.words, words);
}

static void call_is_told_twice(void **state)
{
    (void)state;
    struct event_log log;
    struct hsm *hsm = open_traced(&log, "slow=make_aes:1:20");
    struct err err;
    uint64_t handle;

    assert_true(hsm->driver->make_kek(hsm, 256, "hsmferry:t", &handle, &err));
    assert_int_equal(log.count, 4);
    check_call(&log.events[0], EVENT_BEGUN, "login", "slot 1");
    check_call(&log.events[1], EVENT_OK, "login", "slot 1");
    check_call(&log.events[2], EVENT_BEGUN, "make-aes", "AES 256");
    check_call(&log.events[3], EVENT_OK, "make-aes", "AES 256");
    assert_in_range(log.events[3].call.micros, 20000, 60000000);
    hsm->driver->close(hsm);
    check_call(&log.events[4], EVENT_BEGUN, "close", "");
    check_call(&log.events[5], EVENT_OK, "close", "");
}

static void failure_is_told_and_returned(void **state)
{
    (void)state;
    struct event_log log;
    struct hsm *hsm = open_traced(&log, "fail=make_aes:1:0x30");
    struct err err = {0};
    uint64_t handle;

    assert_false(hsm->driver->make_kek(hsm, 256, "hsmferry:t", &handle, &err));
    assert_int_equal(err.hsm_code, 0x30);
    check_call(&log.events[3], EVENT_FAILED, "make-aes", "AES 256");
    assert_int_equal(log.events[3].call.hsm_code, 0x30);
    assert_string_equal(log.events[3].call.hsm_name, "CKR_DEVICE_ERROR");
    assert_false(hsm->driver->describe(hsm, 99, &(struct key_desc){0}, NULL)); /* err may be NULL */
    check_call(&log.events[5], EVENT_FAILED, "describe", "object 99");
    hsm->driver->close(hsm);
}

static void refused_event_is_no_call(void **state)
{
    (void)state;
    struct event_log log;
    struct hsm *hsm = open_traced(&log, "");
    struct err err = {0};
    uint64_t handle = 0, *handles;
    size_t count;

    log.refuse = true;
    assert_false(hsm->driver->make_kek(hsm, 256, "hsmferry:t", &handle, &err));
    assert_int_equal(err.code, ERR_STOPPED);
    assert_int_equal(log.count, 3); /* begun, and nothing else */
    log.refuse = false;
    assert_true(hsm->driver->handles(hsm, &handles, &count, &err));
    assert_int_equal(count, 0); /* it was not made */
    check_call(&log.events[4], EVENT_OK, "handles", "0 objects");
    free(handles);
    log.refuse = true;
    hsm->driver->close(hsm); /* closes whatever is said to it: the sanitizers watch */
}

/* Makes every call of the contract once. */
static void make_all_calls(struct hsm *hsm)
{
    const struct hsm_driver *d = hsm->driver;
    struct hsm_info info;
    struct hsm_slot_list slots;
    struct key_list keys = {0};
    struct key_desc key;
    struct hsm_capabilities caps;
    struct hsm_pair pair;
    struct bytes spki = {0}, wrapped_key = {0}, answer = {0};
    struct bytes challenge = {(uint8_t[32]){1}, 32};
    struct hsm_template half = {.class = KEY_CLASS_PUBLIC,
                                .kind = KEY_KIND_RSA,
                                .label = (const uint8_t *)"half",
                                .label_len = 4,
                                .spki = &spki};
    const struct hsm_template template = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = 32,
        .flags = KEY_SENSITIVE | KEY_UNWRAP | KEY_COPYABLE | KEY_DESTROYABLE,
        .label = (const uint8_t *)"t",
        .label_len = 1,
    };
    const struct key_sample sample = {.kind = KEY_KIND_AES, .length = 16};
    uint64_t public, aes, sampled, none, other, final, *handles;
    size_t count;
    struct err err;

    assert_true(d->info(hsm, &info, &err));
    assert_true(d->slots(hsm, &slots, &err));
    assert_true(d->list(hsm, &keys, &err));
    assert_true(d->handles(hsm, &handles, &count, &err));
    assert_true(d->capabilities(hsm, &hsm_wanted_all, &caps, &err));
    assert_true(d->make_pair(hsm, 2048, "t", &pair, &err));
    assert_true(d->public_key(hsm, pair.private_handle, &spki, &err));
    assert_true(d->load_public(hsm, &spki, "t", &public, &err));
    assert_true(d->make_kek(hsm, 256, "t", &aes, &err));
    assert_true(d->make_key(hsm, &sample, "t", &sampled, &none, &err));
    assert_true(d->describe(hsm, aes, &key, &err));
    assert_true(d->wrap(hsm, HSM_RSA_OAEP_SHA256, public, aes, &wrapped_key, &err));
    assert_true(d->unwrap(hsm, HSM_RSA_OAEP_SHA256, pair.private_handle, &wrapped_key, &template,
                          &other, &err));
    assert_true(d->prove(hsm, HSM_PROOF_DIGEST, other, &challenge, &answer, &err));
    assert_true(d->commit(hsm, other, (const uint8_t *)"\x1b[2J", 4, NULL, 0, &final, &err));
    assert_true(d->make_public(hsm, &half, &final, &err));
    assert_false(d->certificate(hsm, final, &answer, &err));
    assert_true(d->destroy(hsm, other, &err));
    free(slots.slots);
    free(handles);
    key_list_free(&keys);
    bytes_free(&pair.spki);
    bytes_free(&spki);
    bytes_free(&wrapped_key);
    bytes_free(&answer);
}

static void every_call_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"login", "slot 1"},           {"info", ""},
        {"slots", "3 slots"},          {"list", "1 objects"},
        {"handles", "1 objects"},      {"offers", ""},
        {"make-pair", "RSA 2048"},     {"public-key", "object 2"},
        {"load-public", "294 bytes"},  {"make-aes", "AES 256"},
        {"make-key", "AES, test key"}, {"describe", "object 5"},
        {"wrap", "rsa-oaep-sha256"},   {"unwrap", "rsa-oaep-sha256, 256 bytes"},
        {"prove", "sha256-digest"},    {"commit", "\\x1b[2J"},
        {"make-public", "half"},       {"certificate", "object 9"},
        {"destroy", "object 7"},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct event_log log;
    struct hsm *hsm = open_traced(&log, "keys=aes32:k");

    make_all_calls(hsm);
    assert_int_equal(log.count, 2 * ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(log.events[2 * i].call.state, EVENT_BEGUN);
        assert_string_equal(log.events[2 * i].call.name, rows[i].name);
        check_call(&log.events[2 * i + 1],
                   strcmp(rows[i].name, "certificate") == 0 ? EVENT_FAILED : EVENT_OK, rows[i].name,
                   rows[i].words);
    }
    hsm->driver->close(hsm);
}

static void pin_is_never_told(void **state)
{
    (void)state;
    struct event_log log;
    struct hsm *hsm = open_traced(&log, "");

    assert_null(memmem(log.events, sizeof log.events, pin_text, strlen(pin_text)));
    assert_non_null(memmem(log.events, sizeof log.events, "slot 1", 6)); /* the control */
    hsm->driver->close(hsm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_is_told_twice),       cmocka_unit_test(failure_is_told_and_returned),
        cmocka_unit_test(refused_event_is_no_call), cmocka_unit_test(every_call_is_told),
        cmocka_unit_test(pin_is_never_told),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
