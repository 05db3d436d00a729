/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/fidelity: what each difference between a key and its copy means, and which ones are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsm/fidelity.h"

enum {
    ALL = (1 << KEY_FLAGS) - 1,
    USUAL = KEY_SIGN | KEY_DECRYPT | KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE |
            KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE | KEY_TOKEN,
    ASKED = USUAL & ~KEY_EXTRACTABLE,
};

/* A key as it is on the source, and as it should arrive. */
struct two {
    struct key_desc source, found;
    uint32_t asked;
};

static struct two arrived(void)
{
    struct two t = {.asked = ASKED};
    struct key_desc *key = &t.source;

    key->class = KEY_CLASS_PRIVATE;
    key->kind = KEY_KIND_RSA;
    key->bits = 2048;
    key->flags = USUAL | KEY_LOCAL | KEY_ALWAYS_SENSITIVE;
    key->flags_known = ALL;
    key->has_public = true;
    memset(key->spki_sha256, 7, sizeof key->spki_sha256);
    key_set_label(key, "root", 4);
    key_set_id(key, "\1", 1);
    key_set_dates(key, "20260101", 8, "20301231", 8);
    key_set_allowed(key, (const uint64_t[]){0x40, 0x01, 0x09}, 3);
    key_set_subject(key, "\x30\x00", 2);
    t.found = t.source;
    t.found.flags = ASKED;
    return t;
}

static struct fidelity_row row_of(const struct two *t, bool temporary, const char *name)
{
    const struct fidelity_pair pair = {&t->source, &t->asked, &t->found, temporary};
    struct fidelity_row row;

    for (unsigned at = 0; fidelity_row(&pair, at, &row); at++)
        if (strcmp(row.name, name) == 0)
            return row;
    fail_msg("no row %s", name);
    return row;
}

/* A guard that an HSM lacks costs the key; what could be tampering costs the ceremony. */
static enum err_code code_of(const char *name)
{
    static const char *const guards[] = {
        "wrap-with-trusted", "always-authenticate", "modifiable", "trusted",
        "mechanisms",        "start date",          "end date",   "wrap template",
        "unwrap template",   "derive template",
    };

    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++)
        if (strcmp(name, guards[i]) == 0)
            return ERR_DENIED;
    return ERR_DATA;
}

/* The verdict on one attribute, and what the check makes of the whole. */
static void expect(const struct two *t, const char *name, enum fidelity verdict)
{
    const struct fidelity_pair pair = {&t->source, &t->asked, &t->found, false};
    bool bad = verdict == FIDELITY_LOOSENED || verdict == FIDELITY_DIFFERS;
    struct fidelity_row row = row_of(t, false, name);
    struct err err = {0};

    if (row.verdict != verdict)
        fail_msg("%s: %s, not %s", name, fidelity_name(row.verdict), fidelity_name(verdict));
    if (fidelity_check(&pair, &err) == bad)
        fail_msg("%s: %s", name, bad ? "was let through" : err.what);
    if (bad) {
        assert_int_equal(err.code, code_of(name));
        assert_non_null(strstr(err.what, name));
    }
}

static void test_as_asked(void **state)
{
    struct two t = arrived();
    (void)state;

    expect(&t, "label", FIDELITY_KEPT);
    expect(&t, "sign", FIDELITY_KEPT);
    expect(&t, "sensitive", FIDELITY_KEPT);
    expect(&t, "modifiable", FIDELITY_KEPT);
    expect(&t, "extractable", FIDELITY_TIGHTENED);
    expect(&t, "local", FIDELITY_NATURE);
    expect(&t, "always-sensitive", FIDELITY_NATURE);
    expect(&t, "never-extractable", FIDELITY_KEPT);
    expect(&t, "mechanisms", FIDELITY_KEPT);
    assert_string_equal(row_of(&t, false, "mechanisms").source, "0x1 0x9 0x40");
    assert_string_equal(row_of(&t, false, "extractable").asked, "no");
    assert_string_equal(row_of(&t, false, "end date").found, "20301231");
}

/* One flag of the copy turned round, or untold, and what that is. */
static void test_flags(void **state)
{
    static const struct {
        const char *name;
        uint32_t flag;
        enum fidelity turned, untold;
    } rows[] = {
        {"encrypt", KEY_ENCRYPT, FIDELITY_LOOSENED, FIDELITY_OPEN},
        {"wrap", KEY_WRAP, FIDELITY_LOOSENED, FIDELITY_OPEN},
        {"unwrap", KEY_UNWRAP, FIDELITY_LOOSENED, FIDELITY_OPEN},
        {"derive", KEY_DERIVE, FIDELITY_LOOSENED, FIDELITY_OPEN},
        {"sign", KEY_SIGN, FIDELITY_DROPPED, FIDELITY_DROPPED},
        {"private", KEY_PRIVATE, FIDELITY_LOOSENED, FIDELITY_LOOSENED},
        {"sensitive", KEY_SENSITIVE, FIDELITY_LOOSENED, FIDELITY_LOOSENED},
        {"extractable", KEY_EXTRACTABLE, FIDELITY_LOOSENED, FIDELITY_LOOSENED},
        {"wrap-with-trusted", KEY_WRAP_WITH_TRUSTED, FIDELITY_TIGHTENED, FIDELITY_OPEN},
        {"always-authenticate", KEY_ALWAYS_AUTHENTICATE, FIDELITY_TIGHTENED, FIDELITY_OPEN},
        {"modifiable", KEY_MODIFIABLE, FIDELITY_TIGHTENED, FIDELITY_OPEN},
        {"copyable", KEY_COPYABLE, FIDELITY_TIGHTENED, FIDELITY_OPEN},
        {"trusted", KEY_TRUSTED, FIDELITY_LOOSENED, FIDELITY_OPEN},
        {"token", KEY_TOKEN, FIDELITY_DIFFERS, FIDELITY_OPEN},
        {"local", KEY_LOCAL, FIDELITY_KEPT, FIDELITY_OPEN},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct two t = arrived();
        t.found.flags ^= rows[i].flag;
        expect(&t, rows[i].name, rows[i].turned);
        t.found.flags_known &= ~rows[i].flag;
        expect(&t, rows[i].name, rows[i].untold);
    }
}

/* What the source was guarded by must not get lost; what only some know may. */
static void test_guards_that_get_lost(void **state)
{
    static const struct {
        const char *name;
        uint32_t flag;
        bool when; /* the value that guards */
        enum fidelity lost;
    } rows[] = {
        {"wrap-with-trusted", KEY_WRAP_WITH_TRUSTED, true, FIDELITY_LOOSENED},
        {"always-authenticate", KEY_ALWAYS_AUTHENTICATE, true, FIDELITY_LOOSENED},
        {"modifiable", KEY_MODIFIABLE, false, FIDELITY_LOOSENED},
        {"copyable", KEY_COPYABLE, false, FIDELITY_DROPPED},
        {"destroyable", KEY_DESTROYABLE, false, FIDELITY_DROPPED},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct two t = arrived();
        uint32_t set = rows[i].when ? rows[i].flag : 0, other = rows[i].flag ^ set;
        t.source.flags = (t.source.flags & ~rows[i].flag) | set;
        t.asked = (t.asked & ~rows[i].flag) | set;
        t.found.flags = (t.found.flags & ~rows[i].flag) | other;
        expect(&t, rows[i].name, rows[i].lost);
        t.found.flags_known &= ~rows[i].flag;
        expect(&t, rows[i].name, rows[i].lost);
    }
}

static void test_changes_in_words(void **state)
{
    struct two t = arrived();
    const struct fidelity_pair pair = {&t.source, &t.asked, &t.found, false};
    char out[FIDELITY_CHANGES_MAX];
    (void)state;

    assert_string_equal(fidelity_changes(&pair, out),
                        "tightened: extractable; by nature: always-sensitive, local");
    t.found.flags |= KEY_DERIVE;
    assert_non_null(strstr(fidelity_changes(&pair, out), "; LOOSENED: derive"));
    t.found = t.source;
    t.asked = t.source.flags;
    assert_string_equal(fidelity_changes(&pair, out), "");
}

static void test_constraints(void **state)
{
    static const struct {
        const char *start, *end;
        enum fidelity start_is, end_is;
    } dates[] = {
        {"20260101", "20301231", FIDELITY_KEPT, FIDELITY_KEPT},
        {"20260102", "20301230", FIDELITY_TIGHTENED, FIDELITY_TIGHTENED},
        {"20251231", "20301231", FIDELITY_LOOSENED, FIDELITY_KEPT},
        {"20260101", "20310101", FIDELITY_KEPT, FIDELITY_LOOSENED},
        {"", "20301231", FIDELITY_LOOSENED, FIDELITY_KEPT},
        {"20260101", "", FIDELITY_KEPT, FIDELITY_LOOSENED},
        {"20260101", "00000000", FIDELITY_KEPT, FIDELITY_LOOSENED},
    };
    static const struct {
        uint64_t numbers[KEY_ALLOWED_MAX + 1];
        size_t count;
        enum fidelity is;
    } allowed[] = {
        {{0x09, 0x40, 0x01}, 3, FIDELITY_KEPT},        {{0x40}, 1, FIDELITY_TIGHTENED},
        {{0x40, 0x41}, 2, FIDELITY_LOOSENED},          {{0}, 0, FIDELITY_LOOSENED},
        {{0}, KEY_ALLOWED_MAX + 1, FIDELITY_LOOSENED}, {{1ULL << 32 | 1}, 1, FIDELITY_LOOSENED},
    };
    struct two t = arrived();
    (void)state;

    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        key_set_dates(&t.found, dates[i].start, strlen(dates[i].start), dates[i].end,
                      strlen(dates[i].end));
        assert_int_equal(row_of(&t, false, "start date").verdict, dates[i].start_is);
        assert_int_equal(row_of(&t, false, "end date").verdict, dates[i].end_is);
    }
    t = arrived();
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        key_set_allowed(&t.found, allowed[i].numbers, allowed[i].count);
        expect(&t, "mechanisms", allowed[i].is);
    }
    t = arrived();
    key_set_subject(&t.found, NULL, 0);
    expect(&t, "subject", FIDELITY_DROPPED);
    key_set_subject(&t.found, "\x30\x01", 2);
    expect(&t, "subject", FIDELITY_DIFFERS);
}

static void test_templates(void **state)
{
    static const struct key_template source = {KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE,
                                               KEY_CLASS_SECRET, KEY_KIND_AES, 0};
    static const struct {
        struct key_template found;
        enum fidelity is;
    } rows[] = {
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_AES, 0},
         FIDELITY_KEPT},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_WRAP, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_AES,
          0},
         FIDELITY_TIGHTENED},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_AES, 1},
         FIDELITY_TIGHTENED},
        {{0}, FIDELITY_LOOSENED},
        {{.others = 4}, FIDELITY_LOOSENED}, /* it has one and does not tell what is in it */
        {{KEY_SENSITIVE, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_AES, 0}, FIDELITY_LOOSENED},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, 0, KEY_CLASS_SECRET, KEY_KIND_AES, 0},
         FIDELITY_LOOSENED},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, 0, KEY_KIND_AES, 0}, FIDELITY_LOOSENED},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, KEY_CLASS_PRIVATE, KEY_KIND_AES, 0},
         FIDELITY_LOOSENED},
        {{KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_DES3, 0},
         FIDELITY_LOOSENED},
    };
    (void)state;

    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++) {
        struct two t = arrived();
        expect(&t, key_template_name(use), FIDELITY_OPEN);
        t.source.constraints.templates[use] = source;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            t.found.constraints.templates[use] = rows[i].found;
            expect(&t, key_template_name(use), rows[i].is);
        }
        t.source.constraints.templates[use] = (struct key_template){0};
        expect(&t, key_template_name(use), FIDELITY_TIGHTENED);
    }
}

static void test_another_key(void **state)
{
    struct two t = arrived();
    (void)state;

    t.found.spki_sha256[31] ^= 1;
    expect(&t, "public key", FIDELITY_DIFFERS);
    t.found.has_public = false; /* some HSMs do not tell it; the proof does */
    expect(&t, "public key", FIDELITY_OPEN);
    t = arrived();
    t.found.bits = 2049;
    expect(&t, "size", FIDELITY_DIFFERS);
    t = arrived();
    t.found.kind = KEY_KIND_EC;
    expect(&t, "type", FIDELITY_DIFFERS);
    t = arrived();
    key_set_label(&t.found, "", 0);
    expect(&t, "label", FIDELITY_DIFFERS);
    t = arrived();
    key_set_id(&t.found, "\1\2", 2);
    expect(&t, "id", FIDELITY_DIFFERS);
}

/* A temporary bears the ceremony's name, and guards that forbid its commit come later. */
static void test_temporary(void **state)
{
    struct two t = arrived();
    const struct fidelity_pair pair = {&t.source, &t.asked, &t.found, true};
    struct err err = {0};
    (void)state;

    t.asked &= ~(uint32_t)(KEY_MODIFIABLE | KEY_COPYABLE);
    t.source.flags &= ~(uint32_t)(KEY_MODIFIABLE | KEY_COPYABLE);
    t.found.flags &= ~(uint32_t)KEY_TOKEN;
    key_set_label(&t.found, "hsmferry:1", 10);
    assert_true(fidelity_check(&pair, &err));
    t.found.flags |= KEY_EXTRACTABLE;
    assert_false(fidelity_check(&pair, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_asked),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_guards_that_get_lost),
        cmocka_unit_test(test_changes_in_words),
        cmocka_unit_test(test_constraints),
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_another_key),
        cmocka_unit_test(test_temporary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
