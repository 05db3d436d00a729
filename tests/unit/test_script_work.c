/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to decide whether many keys are as the script says: ten times as many keys make ten
 * times as much work, and a little more for sorting. Work is counted, not timed: the code under
 * test is compiled so that each block of it that runs calls __sanitizer_cov_trace_pc().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ceremony/script_watch.h"

enum { FEW = 1000, MANY = 10000, LINEAR = 14 }; /* 10 log(10000) / log(1000) is 13.3 */

static uint64_t work;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
    work++;
}

/* --- a ceremony without anything else --------------------------------------------------------- */

static int64_t no_time(void *ctx)
{
    (void)ctx;
    return 0;
}

struct hearer {
    struct event_sink sink;
    size_t count[SCRIPT_WHATS], exceptions;
};

static bool hear(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct hearer *h = (struct hearer *)sink;

    (void)err;
    if (event->kind == EVENT_SCRIPT)
        h->count[event->script.what]++;
    h->exceptions += event->kind == EVENT_EXCEPTION;
    return true;
}

struct rig {
    size_t count;
    struct key_list source;
    struct plan plan;
    struct hearer hearer;
    struct ceremony_host host;
    struct narrator narrator;
    struct script_watch watch;
};

/* The plan is that of the second half of the keys. */
static struct rig *rig_new(size_t count)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->count = count;
    rig->source = (struct key_list){.keys = calloc(count, sizeof(struct key_desc)), .count = count};
    rig->plan = (struct plan){.items = calloc(count, sizeof(struct plan_item)), .count = count / 2};
    assert_true(rig->source.keys && rig->plan.items);
    for (size_t i = 0; i < count; i++) {
        struct key_desc *key = &rig->source.keys[i];
        key->handle = i * 7919 % count + 1; /* in no order */
        key->class = KEY_CLASS_SECRET;
        key->kind = KEY_KIND_AES;
        key->label_len = (uint16_t)snprintf((char *)key->label, sizeof key->label, "key-%zu", i);
        if (i >= count / 2)
            rig->plan.items[i - count / 2].key = key;
    }
    rig->hearer.sink.emit = hear;
    rig->host =
        (struct ceremony_host){.utc_ms = no_time, .mono_us = no_time, .sink = &rig->hearer.sink};
    narrator_begin(&rig->narrator, &rig->host);
    return rig;
}

static void rig_free(struct rig *rig)
{
    script_free(&rig->watch.script);
    free(rig->source.keys);
    free(rig->plan.items);
    free(rig);
}

static void decide(struct rig *rig, const struct ceremony_setup *setup)
{
    bool again = setup->interrupted != NULL;
    struct err err;

    work = 0;
    assert_true(script_watch_begin(&rig->watch, setup, &rig->narrator, &err));
    assert_true(script_watch_open(&rig->watch, &rig->source, again, &rig->narrator, &err));
    assert_true(script_watch_plan(&rig->watch, &rig->plan, &rig->narrator, &err));
}

/* --- the work --------------------------------------------------------------------------------- */

/* lines: that many lines, which name the keys in turn; the other half is left out. */
static uint64_t work_of(size_t count, size_t lines)
{
    struct rig *rig = rig_new(count);
    struct script_line *line = calloc(lines, sizeof *line);
    const struct script_said said = {.lines = line, .count = lines};
    struct ceremony_setup *setup = calloc(1, sizeof *setup);
    uint64_t result;

    assert_true(line && setup);
    for (size_t i = 0; i < lines; i++)
        snprintf(line[i].uri, sizeof line[i].uri,
                 lines == 1 ? "pkcs11:object=*" : "pkcs11:object=key-%zu", i);
    setup->script = &said;
    decide(rig, setup);
    result = work;
    assert_int_equal(rig->hearer.count[SCRIPT_KEY], count);
    assert_int_equal(rig->hearer.count[SCRIPT_LEFT_OUT], count / 2);
    free(setup);
    free(line);
    rig_free(rig);
    return result;
}

/* The same of a ceremony that resumes such a one: all that differs was explained there. */
static uint64_t work_of_resumed(size_t count)
{
    struct rig *rig = rig_new(count);
    struct ceremony_setup *setup = calloc(1, sizeof *setup);
    struct interrupted_ceremony *was = calloc(1, sizeof *was);
    struct event event = {.kind = EVENT_SCRIPT, .script = {.what = SCRIPT_LINE, .line = 1}};
    struct err err;
    uint64_t result;

    assert_true(setup && was);
    snprintf(event.script.text, sizeof event.script.text, "pkcs11:object=*");
    assert_true(script_take(&was->script, &event.script, &err));
    for (size_t i = 0; i < count; i++) {
        const struct key_desc *key = &rig->source.keys[i];
        event.script = (struct event_script){.what = SCRIPT_KEY,
                                             .line = 1,
                                             .handle = key->handle + 1,
                                             .class = key->class,
                                             .label_len = key->label_len};
        memcpy(event.script.label, key->label, sizeof key->label);
        key_type_text(key, event.script.type);
        assert_true(script_take(&was->script, &event.script, &err));
        event.script.what = SCRIPT_LEFT_OUT;
        if (i < count / 2)
            assert_true(explained_take(&was->explained, &event, NULL, &err));
    }
    event = (struct event){.kind = EVENT_EXCEPTION, .exception.from = "0012"};
    assert_true(explained_take(&was->explained, &event, NULL, &err));
    event = (struct event){.kind = EVENT_EXCEPTION, .exception.script = true};
    assert_true(explained_take(&was->explained, &event, NULL, &err));
    explained_end(&was->explained, "0123");
    setup->interrupted = was;
    decide(rig, setup);
    result = work;
    assert_int_equal(rig->hearer.count[SCRIPT_LEFT_OUT], count / 2);
    assert_int_equal(rig->hearer.exceptions, 2); /* quoted: together they cover them all */
    assert_true(script_watch_pass(&rig->watch, &rig->narrator, &err));
    script_free(&was->script);
    explained_free(&was->explained);
    free(was);
    free(setup);
    rig_free(rig);
    return result;
}

static void check_growth(uint64_t few, uint64_t many)
{
    print_message("%llu blocks for %d keys, %llu for %d\n", (unsigned long long)few, FEW,
                  (unsigned long long)many, MANY);
    assert_true(few > FEW); /* it is counted */
    assert_in_range(many, 5 * few, LINEAR * few);
}

static void a_pattern_costs_no_square(void **state)
{
    (void)state;
    check_growth(work_of(FEW, 1), work_of(MANY, 1));
}

static void a_resumed_script_costs_no_square(void **state)
{
    (void)state;
    check_growth(work_of_resumed(FEW), work_of_resumed(MANY));
}

/* The control: each of many lines looks at each key, and that is seen. */
static void a_square_is_seen(void **state)
{
    (void)state;
    assert_true(work_of(FEW, FEW) > 3 * LINEAR * work_of(FEW / 10, FEW / 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_costs_no_square),
        cmocka_unit_test(a_resumed_script_costs_no_square),
        cmocka_unit_test(a_square_is_seen),
    };
    return cmocka_run_group_tests_name("work of the script", tests, NULL, NULL);
}
