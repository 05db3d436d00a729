/* SPDX-License-Identifier: Apache-2.0 */
/* plan/script.h: what the lines of a ceremony file name, and where what was chosen differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "plan/explained.h"
#include "plan/origins.h"
#include "plan/script.h"

enum { KEYS = 5 };

static struct key_desc key_named(uint64_t handle, enum key_class class, const char *label)
{
    struct key_desc key = {.handle = handle, .class = class, .kind = KEY_KIND_AES, .bits = 256};

    key.label_len = (uint16_t)strlen(label);
    memcpy(key.label, label, key.label_len);
    return key;
}

/* Handles are not in the order of labels. */
static struct key_list source(struct key_desc keys[KEYS])
{
    keys[0] = key_named(9, KEY_CLASS_SECRET, "alpha");
    keys[1] = key_named(3, KEY_CLASS_SECRET, "beta-1");
    keys[2] = key_named(7, KEY_CLASS_SECRET, "beta-2");
    keys[3] = key_named(5, KEY_CLASS_DATA, "beta-data");
    keys[4] = key_named(1, KEY_CLASS_SECRET, "other");
    return (struct key_list){.keys = keys, .count = KEYS};
}

struct heard {
    unsigned count;
    enum script_what what[8];
    uint64_t handle[8];
    size_t chosen[8];
    uint32_t line[8];
};

static bool hear(void *ctx, const struct script_difference *it, struct err *err)
{
    struct heard *h = ctx;

    (void)err;
    assert_true(h->count < 8);
    h->what[h->count] = it->what;
    h->handle[h->count] = it->key ? it->key->handle : 0;
    h->chosen[h->count] = it->chosen;
    h->line[h->count++] = it->line;
    return true;
}

static void begin(struct script *s, uint32_t expect)
{
    struct script_line lines[] = {{.uri = "pkcs11:object=alpha"},
                                  {.uri = "pkcs11:object=beta*", .expect = expect}};
    struct key_desc keys[KEYS];
    const struct key_list list = source(keys);
    struct err err;

    *s = (struct script){0};
    assert_true(script_begin(s, lines, 2, &err));
    assert_true(script_open(s, &list, &err));
}

static struct heard differences(const struct script *s, const uint64_t *chosen, size_t count)
{
    struct heard h = {0};
    struct err err;

    assert_true(script_compare(s, chosen, count, hear, &h, &err));
    return h;
}

static void lines_name_keys(void **state)
{
    struct script s;
    (void)state;

    begin(&s, 0);
    assert_int_equal(s.lines[0].found, 1);
    assert_int_equal(s.lines[0].expect, 1); /* it is no pattern */
    assert_int_equal(s.lines[1].found, 3);
    assert_int_equal(s.lines[1].expect, 0);
    assert_int_equal(s.key_count, 4);
    assert_int_equal(script_find(&s, 9)->line, 1);
    assert_int_equal(script_find(&s, 7)->line, 2);
    assert_null(script_find(&s, 1));
    script_free(&s);
}

/* A data object that a pattern names cannot be chosen. */
static void what_is_chosen_is_compared(void **state)
{
    const uint64_t as_said[] = {3, 7, 9}, all[] = {9, 3, 7, 5}, other[] = {1, 9, 7};
    struct script s;
    struct heard h;
    (void)state;

    begin(&s, 3);
    assert_int_equal(differences(&s, as_said, 3).count, 0);
    assert_int_equal(differences(&s, all, 4).count, 0);
    h = differences(&s, other, 3);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.what[0], SCRIPT_LEFT_OUT);
    assert_int_equal(h.handle[0], 3);
    assert_int_equal(h.what[1], SCRIPT_ADDED);
    assert_int_equal(h.chosen[1], 0);
    assert_int_equal(differences(&s, NULL, 0).count, 3);
    script_free(&s);
}

static void another_number_is_a_difference(void **state)
{
    const uint64_t chosen[] = {3, 7, 9};
    struct script s;
    struct heard h;
    (void)state;

    begin(&s, 2);
    h = differences(&s, chosen, 3);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.what[0], SCRIPT_COUNT);
    assert_int_equal(h.line[0], 2);
    script_free(&s);
}

/* As a front end hears it, and as a resumed ceremony takes it from the journal. */
static void events_make_the_same_script(void **state)
{
    const uint64_t chosen[] = {3, 9};
    struct script s, reported = {0};
    struct key_desc keys[KEYS];
    struct key_list list;
    struct err err;
    struct heard h;
    (void)state;

    begin(&s, 0);
    for (uint32_t i = 0; i < 2; i++) {
        struct event_script line = {
            .what = SCRIPT_LINE, .line = i + 1, .expect = s.lines[i].expect};
        memcpy(line.text, s.lines[i].uri, sizeof line.text);
        assert_true(script_take(&reported, &line, &err));
    }
    assert_int_equal(differences(&reported, chosen, 2).count, 0); /* nobody has opened it */
    for (unsigned twice = 0; twice < 2; twice++) {                /* the source is opened again */
        for (uint32_t i = 0; i < 2; i++)
            assert_true(script_take(&reported,
                                    &(struct event_script){.what = SCRIPT_OPENED,
                                                           .line = i + 1,
                                                           .found = s.lines[i].found},
                                    &err));
        for (size_t i = s.key_count; i-- > 0;) {
            struct event_script key = {.what = SCRIPT_KEY,
                                       .line = s.keys[i].line,
                                       .handle = s.keys[i].handle,
                                       .class = s.keys[i].class,
                                       .label_len = s.keys[i].label_len};
            memcpy(key.label, s.keys[i].label, sizeof key.label);
            assert_true(script_take(&reported, &key, &err));
        }
    }
    assert_int_equal(reported.key_count, s.key_count);
    h = differences(&reported, chosen, 2);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.handle[0], 7);

    list = source(keys);
    for (size_t i = 0; i < list.count; i++)
        keys[i].handle += 100; /* another session */
    assert_true(script_open_again(&reported, &list, &err));
    assert_non_null(script_find(&reported, 107));
    assert_null(script_find(&reported, 7));
    script_free(&reported);
    script_free(&s);
}

static void differences_in_words(void **state)
{
    struct script_summary summary = {0};
    char text[SCRIPT_SENTENCE], many[SCRIPT_NAMES];
    (void)state;

    assert_false(script_deviates(&summary));
    assert_string_equal(script_sentence(&summary, text), "");
    script_note(&summary, SCRIPT_ADDED, "tls-2019");
    script_note(&summary, SCRIPT_LEFT_OUT, "archive-aes128");
    assert_true(script_deviates(&summary));
    assert_string_equal(script_sentence(&summary, text),
                        "1 key left out: archive-aes128; 1 key added: tls-2019");
    memset(many, 'x', 30);
    many[30] = '\0';
    for (unsigned i = 0; i < 1000; i++)
        script_note(&summary, SCRIPT_LEFT_OUT, many);
    assert_non_null(
        strstr(script_sentence(&summary, text), "1001 keys left out: archive-aes128, "));
    assert_non_null(strstr(text, ", ...; 1 key added: tls-2019"));
}

/* Each setting of the policy has its row: a byte that differs is seen. */
static void every_setting_counts(void **state)
{
    const struct policy policy = policy_default();
    struct script_said said = {.policy = policy, .rehearsal = true};
    uint32_t seen = 0;
    (void)state;

    assert_int_equal(script_settings(&said, &policy, true), 0);
    seen |= script_settings(&said, &policy, false);
    for (size_t i = 0; i < sizeof policy; i++) {
        struct policy other = policy;
        ((unsigned char *)&other)[i] ^= 1;
        seen |= script_settings(&said, &other, true);
    }
    assert_int_equal(seen, (UINT32_C(1) << SCRIPT_SETTINGS) - 1);
}

/* Whoever resumes loads a file that was kept with the choices made on the screen: it agrees with
 * them, and only the record says that they were not the script's. */
static void a_changed_setting_stays_in_the_record(void **state)
{
    struct script s, copy = {0};
    struct event_script word = {.what = SCRIPT_POLICY, .text = "no setting"};
    struct err err;
    (void)state;

    begin(&s, 0);
    assert_true(script_take(&s, &word, &err));
    assert_int_equal(s.settings, 0);
    for (unsigned i = 0; i < SCRIPT_SETTINGS; i++) {
        snprintf(word.text, sizeof word.text, "%s", script_setting_name(i));
        assert_true(script_take(&s, &word, &err));
        assert_int_equal(s.settings, (UINT32_C(2) << i) - 1);
    }
    assert_true(script_copy(&copy, &s, &err));
    assert_int_equal(copy.settings, s.settings);
    script_free(&copy);
    script_free(&s);
}

/* A plan that leaves k out and adds another key, and the exception that says why. */
static void take_explained(struct explained *e, bool script)
{
    static const struct event planned = {.kind = EVENT_PLANNED, .key = 1};
    struct event out = {.kind = EVENT_SCRIPT,
                        .script = {.what = SCRIPT_LEFT_OUT, .line = 1, .label_len = 1}};
    struct event added = {.kind = EVENT_SCRIPT, .key = 1, .script.what = SCRIPT_ADDED};
    const struct event why = {.kind = EVENT_EXCEPTION,
                              .exception = {.script = script, .decided = "Ada"}};
    const struct key_desc key = {.label = "new", .label_len = 3};
    struct err err;

    out.script.label[0] = 'k';
    assert_true(explained_take(e, &planned, NULL, &err));
    assert_true(explained_take(e, &out, NULL, &err));
    assert_true(explained_take(e, &added, &key, &err));
    assert_true(explained_take(e, &why, NULL, &err));
}

static bool covers_left_out(const struct explained *e, char label)
{
    struct event_script word = {.what = SCRIPT_LEFT_OUT, .line = 1, .label_len = 1};

    word.label[0] = (uint8_t)label;
    word.handle = 77; /* the key has another handle now */
    const struct explained_difference d = explained_of(&word, NULL);
    return explained_covers(e, &d);
}

static bool covers_added(const struct explained *e, const char *label)
{
    const struct event_script word = {.what = SCRIPT_ADDED};
    struct key_desc key = {.label_len = 3};

    memcpy(key.label, label, 3);
    const struct explained_difference d = explained_of(&word, &key);
    return explained_covers(e, &d);
}

static void an_exception_explains_what_it_was_written_for(void **state)
{
    const struct event other_plan = {.kind = EVENT_PLANNED, .key = 1};
    struct explained e = {0};
    struct err err;
    (void)state;

    take_explained(&e, true);
    explained_end(&e, "0123");
    assert_int_equal(e.word_count, 1);
    assert_string_equal(e.words[0].exception.decided, "Ada");
    assert_string_equal(e.ceremony, "0123");
    assert_true(covers_left_out(&e, 'k') && covers_added(&e, "new"));
    assert_false(covers_left_out(&e, 'l')); /* another key */
    assert_false(covers_added(&e, "old"));
    assert_true(explained_take(&e, &other_plan, NULL, &err));
    assert_false(covers_left_out(&e, 'k')); /* another plan */
    explained_free(&e);
    take_explained(&e, false); /* that exception was about something else */
    explained_end(&e, "0123");
    assert_false(covers_left_out(&e, 'k'));
    assert_int_equal(e.word_count, 0);
    explained_free(&e);
}

static bool take(struct explained *e, const struct event *event)
{
    struct err err;

    return explained_take(e, event, NULL, &err) || (assert_int_equal(err.code, ERR_DATA), false);
}

/* A ceremony that resumes another one quotes that one's exceptions, and may be interrupted, too. */
static void all_exceptions_that_count_are_kept(void **state)
{
    const struct event planned = {.kind = EVENT_PLANNED, .key = 1};
    const struct event quoted = {.kind = EVENT_EXCEPTION,
                                 .exception = {.decided = "Ada", .from = "0123"}};
    const struct event own = {.kind = EVENT_EXCEPTION,
                              .exception = {.decided = "Charles", .script = true}};
    const struct event other = {.kind = EVENT_EXCEPTION, .exception.decided = "a chair broke"};
    struct explained e = {0};
    (void)state;

    assert_true(take(&e, &planned) && take(&e, &quoted) && take(&e, &other));
    assert_false(e.counts); /* it says why of a part */
    assert_true(take(&e, &own));
    assert_true(take(&e, &own)); /* of a key that was left out at its gate */
    assert_true(e.counts);
    assert_int_equal(e.word_count, 2);
    assert_string_equal(e.words[0].exception.decided, "Ada");
    assert_string_equal(e.words[1].exception.decided, "Charles");
    assert_true(take(&e, &planned));
    assert_int_equal(e.word_count, 0);
    for (unsigned i = 0; i < EXPLAINED_WORDS_MAX; i++)
        assert_true(take(&e, &quoted));
    assert_false(take(&e, &quoted));
    explained_free(&e);
}

/* The file from which a ceremony resumes says all that was chosen on the screen, and more. */
static void a_line_of_the_policy_keeps_its_origin(void **state)
{
    struct event line = {.kind = EVENT_POLICY,
                         .note = {.name = "rsa-bits", .text = "3072", .from = "default"}};
    struct origins origins = {0};
    (void)state;

    assert_null(origins_find(NULL, "rsa-bits", "3072"));
    assert_null(origins_find(&origins, "rsa-bits", "3072"));
    origins_take(&origins, &line);
    assert_string_equal(origins_find(&origins, "rsa-bits", "3072"), "default");
    assert_null(origins_find(&origins, "rsa-bits", "4096")); /* another file was named since */
    assert_null(origins_find(&origins, "canary", "3072"));
    snprintf(line.note.from, sizeof line.note.from, "screen"); /* of the plan that replaced it */
    origins_take(&origins, &line);
    assert_string_equal(origins_find(&origins, "rsa-bits", "3072"), "screen");
    snprintf(line.note.from, sizeof line.note.from, "moon"); /* no word of a journal is believed */
    origins_take(&origins, &line);
    line.note.from[0] = '\0'; /* an older journal */
    origins_take(&origins, &line);
    assert_string_equal(origins_find(&origins, "rsa-bits", "3072"), "screen");
    assert_int_equal(origins.count, 1);
    for (unsigned i = 0; i < 2 * ORIGINS_MAX; i++) {
        snprintf(line.note.name, sizeof line.note.name, "rule-%u", i);
        snprintf(line.note.from, sizeof line.note.from, "file");
        origins_take(&origins, &line);
    }
    assert_int_equal(origins.count, ORIGINS_MAX);
}

static void the_worst_is_the_verdict(void **state)
{
    (void)state;
    assert_int_equal(script_judge(false, false, true), SCRIPT_NONE);
    assert_int_equal(script_judge(true, false, false), SCRIPT_FOLLOWED);
    assert_int_equal(script_judge(true, false, true), SCRIPT_INCOMPLETE);
    assert_int_equal(script_judge(true, true, true), SCRIPT_DEVIATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_name_keys),
        cmocka_unit_test(what_is_chosen_is_compared),
        cmocka_unit_test(another_number_is_a_difference),
        cmocka_unit_test(events_make_the_same_script),
        cmocka_unit_test(differences_in_words),
        cmocka_unit_test(every_setting_counts),
        cmocka_unit_test(a_changed_setting_stays_in_the_record),
        cmocka_unit_test(an_exception_explains_what_it_was_written_for),
        cmocka_unit_test(all_exceptions_that_count_are_kept),
        cmocka_unit_test(a_line_of_the_policy_keeps_its_origin),
        cmocka_unit_test(the_worst_is_the_verdict),
    };
    return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
