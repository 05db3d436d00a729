/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every field of every sealed file, changed: the file is refused, before any of its keys is handed
 * out. The fields come from the table that writes and reads them, so that a new one is tested, too.
 *
 * Each change is made three times: under the manifest of the original (the manifest refuses it, or
 * a rule between fields); under a manifest that was made for it (a rule refuses it, or nothing
 * that needs only the file); and then the words of the original are typed, which refuse it always.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sealed/sealed_encode.h"
#include "sealed/sealed_fields.h"
#include "sealed/sealed_read.h"
#include "sealed/sealed_words.h"
#include "sealed/sealed_write.h"
#include "tests/unit/sealed_fixture.h"

enum { FIELD_MAX = 512 };

/* --- a whole file in memory --- */

struct whole {
    struct sealed_file file;
    struct sealed_key keys[FIXTURE_KEYS];
    struct sealed_result results[2];
    struct sealed_manifest manifest; /* made by put_whole(), unless it is kept */
};

static void make_whole(enum sealed_format format, enum sealed_stage stage, struct whole *w)
{
    memset(w, 0, sizeof *w);
    fixture_file(format, stage, &w->file);
    for (uint32_t i = 0; i < FIXTURE_KEYS; i++)
        if (format == SEALED_BUNDLE)
            fixture_key(i + 1, &w->keys[i]);
    for (uint32_t i = 0; i < 2; i++)
        if (format == SEALED_RECEIPT)
            fixture_result(i + 1, &w->results[i]);
}

static void free_whole(struct whole *w)
{
    for (uint32_t i = 0; i < FIXTURE_KEYS; i++)
        sealed_key_free(&w->keys[i]);
    for (uint32_t i = 0; i < 2; i++)
        sealed_result_free(&w->results[i]);
    sealed_file_free(&w->file);
}

/* Writes it without any rule: what a stranger can do. kept: under the manifest in w. */
static void put_whole(const char *path, enum sealed_format format, struct whole *w, bool kept)
{
    struct sealed_encoder *e;
    struct sealed_manifest sum;
    struct err err;
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && sealed_encoder_new(fd, &e, &err));
    assert_true(sealed_encode(e, &sealed_head_table, &w->file.head, &err));
    assert_true(sealed_encode(e, &sealed_tables[format], &w->file.offer, &err));
    if (sealed_list_name(format))
        assert_true(sealed_encode_list(e, sealed_list_name(format), &err));
    for (uint32_t i = 0; i < FIXTURE_KEYS && format == SEALED_BUNDLE; i++)
        assert_true(sealed_encode_entry(e, &sealed_key_table, &w->keys[i], &err));
    for (uint32_t i = 0; i < 2 && format == SEALED_RECEIPT; i++)
        assert_true(sealed_encode_entry(e, &sealed_result_table, &w->results[i], &err));
    if (!kept)
        assert_true(sealed_encoder_sum(e, &w->manifest, &err));
    assert_true(sealed_encode_map(e, SEALED_MANIFEST, &sealed_manifest_table, &w->manifest, &err));
    assert_true(sealed_encoder_sum(e, &sum, &err));
    sealed_encoder_free(e);
    close(fd);
}

/* --- changing a field --- */

/* One change of one field, and what refused it. */
struct change {
    struct whole *whole;
    struct sealed_expected expected; /* by the original */
    char words[TEXT_WORDS_SIZE];     /* of the original */
    enum sealed_format format;
    const struct sealed_table *seen[64]; /* the structures of which every field was changed */
    unsigned seen_count;
    unsigned fields, by_manifest, by_rule, by_words;
};

static unsigned handed_out;

static bool count_key(void *ctx, const struct sealed_key *key, struct err *err)
{
    (void)ctx, (void)key, (void)err;
    handed_out++;
    return true;
}

static bool count_result(void *ctx, const struct sealed_result *result, struct err *err)
{
    (void)ctx, (void)result, (void)err;
    handed_out++;
    return true;
}

static bool hand_out(struct sealed_reader *r, enum sealed_format format, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];

    if (format == SEALED_BUNDLE)
        return sealed_read_keys(r, count_key, NULL, err);
    if (format == SEALED_RECEIPT)
        return sealed_read_results(r, count_result, NULL, err);
    return sealed_sha256(r, sha256, err);
}

enum refused { BY_NOTHING, BY_READING, BY_RULE, BY_WORDS };

/* Takes the file as a visit does, and says what refuses it. */
static enum refused take(const char *path, const struct change *c, struct err *err)
{
    enum refused by = BY_READING;
    struct sealed_reader *r;
    struct err ignored;
    unsigned left;

    err_clear(err);
    if (!sealed_open(path, &r, err))
        return by;
    by = !sealed_check(r, &c->expected, err)                   ? BY_RULE
         : !sealed_trust_words(r, c->words, &left, err)        ? BY_WORDS
         : !hand_out(r, sealed_file(r)->head.format, &ignored) ? BY_WORDS
                                                               : BY_NOTHING;
    if (by != BY_NOTHING)
        assert_false(hand_out(r, sealed_file(r)->head.format, &ignored));
    sealed_close(r);
    return by;
}

/* Is it the manifest that refuses? */
static bool says_manifest(const struct err *err)
{
    return strstr(err->what, "its manifest is that of other content") != NULL;
}

static void check_change(struct change *c, const char *name, bool head)
{
    const char *path = fixture_path("changed");
    struct sealed_manifest kept = c->whole->manifest;
    enum refused by;
    struct err err;

    handed_out = 0;
    put_whole(path, c->format, c->whole, true);
    by = take(path, c, &err);
    if (by == BY_NOTHING)
        fail_msg("%s: nothing refused it", name);
    assert_int_equal(by, BY_READING);
    c->by_manifest += says_manifest(&err);
    /* The control: without the manifest, something else refuses it. */
    put_whole(path, c->format, c->whole, false);
    by = take(path, c, &err);
    if (by == BY_NOTHING || says_manifest(&err))
        fail_msg("%s: only the manifest refused it", name);
    if (head && by == BY_WORDS)
        fail_msg("%s: no rule refused it", name);
    c->by_rule += by == BY_READING || by == BY_RULE;
    c->by_words += by == BY_WORDS;
    assert_int_equal(handed_out, 0);
    c->whole->manifest = kept;
    c->fields++;
}

static void change_fields(struct change *c, const struct sealed_table *table, char *base,
                          const char *prefix, bool head);

static bool was_seen(const struct change *c, const struct sealed_table *table)
{
    for (unsigned i = 0; i < c->seen_count; i++)
        if (c->seen[i] == table)
            return true;
    return false;
}

/* A list that is empty in every sample would hide the fields of its entries. */
static void must_be_seen(const struct change *c, const struct sealed_table *table)
{
    assert_true(was_seen(c, table));
    for (size_t i = 0; i < table->count; i++)
        if (table->fields[i].table)
            must_be_seen(c, table->fields[i].table);
}

/* Changes a number that may be an enum or bits, and back. */
static void change_number(struct change *c, const struct sealed_field *f, char *base,
                          const char *name, bool head)
{
    uint64_t was = sealed_get(base + f->at, f->size);
    uint64_t is = f->type == SEALED_WORD   ? (was + 1) % f->max
                  : f->type == SEALED_BITS ? was ^ 1
                  : f->type == SEALED_TIME ? was + 86400000
                  : f->type == SEALED_YES  ? !was
                                           : was + 1;

    assert_true(sealed_set(base + f->at, f->size, is));
    check_change(c, name, head);
    sealed_set(base + f->at, f->size, was);
}

/* Changes the first octet of what is there, or what is not, and back. */
static void change_octet(struct change *c, char *octet, const char *name, bool head)
{
    char was = *octet;

    *octet = (char)(was == '1' ? '2' : '1');
    check_change(c, name, head);
    *octet = was;
}

static void change_bytes(struct change *c, struct bytes *bytes, const char *name, bool head)
{
    static uint8_t other[] = "another";
    struct bytes was = *bytes;

    if (bytes->len == 0)
        *bytes = (struct bytes){other, sizeof other};
    else
        bytes->data[bytes->len - 1] ^= 1;
    check_change(c, name, head);
    *bytes = was;
    if (bytes->len > 0)
        bytes->data[bytes->len - 1] ^= 1;
}

/* One entry less, and back: the last one stays in memory. */
static void change_count(struct change *c, const struct sealed_field *f, char *base,
                         const char *name, bool head)
{
    uint64_t was = sealed_get(base + f->count_at, f->count_size);

    assert_true(was > 0);
    if (f->counted)
        return; /* the number is a field, and the elements are changed below */
    sealed_set(base + f->count_at, f->count_size, was - 1);
    check_change(c, name, head);
    sealed_set(base + f->count_at, f->count_size, was);
}

static void change_elements(struct change *c, const struct sealed_field *f, char *base,
                            const char *name, bool head)
{
    size_t count = f->max;
    char entry[FIELD_MAX];

    if (f->type == SEALED_LIST) {
        count = sealed_get(base + f->count_at, f->count_size);
        if (count > 0)
            change_count(c, f, base, name, head);
    }
    for (size_t i = 0; i < count; i++) {
        text_print(entry, sizeof entry, "%s.%zu", name, i);
        change_fields(c, f->table, base + f->at + i * f->size, entry, head);
    }
}

static void change_field(struct change *c, const struct sealed_field *f, char *base,
                         const char *name, bool head)
{
    switch (f->type) {
    case SEALED_MAP:
        change_fields(c, f->table, base + f->at, name, head);
        break;
    case SEALED_LIST:
    case SEALED_ROWS:
        change_elements(c, f, base, name, head);
        break;
    case SEALED_BYTES:
        change_bytes(c, (struct bytes *)(void *)(base + f->at), name, head);
        break;
    case SEALED_LABEL:
    case SEALED_OCTETS:
    case SEALED_NUMBERS:
        change_count(c, f, base, name, head);
        change_octet(c, base + f->at, name, head);
        break;
    case SEALED_TEXT:
    case SEALED_HEX:
        change_octet(c, base + f->at, name, head);
        break;
    default:
        change_number(c, f, base, name, head);
        break;
    }
}

static void change_fields(struct change *c, const struct sealed_table *table, char *base,
                          const char *prefix, bool head)
{
    char name[FIELD_MAX];

    if (!was_seen(c, table))
        c->seen[c->seen_count++] = table;
    for (size_t i = 0; i < table->count; i++) {
        text_print(name, sizeof name, "%s.%s", prefix, table->fields[i].name);
        /* The format says which fields follow: changed below, in the text. */
        if (strcmp(name, "head.format") != 0)
            change_field(c, &table->fields[i], base, name, head);
    }
}

static void change_lists(struct change *c)
{
    char name[32];

    for (unsigned i = 0; i < FIXTURE_KEYS && c->format == SEALED_BUNDLE; i++) {
        text_print(name, sizeof name, "keys.%u", i);
        change_fields(c, &sealed_key_table, (char *)&c->whole->keys[i], name, false);
    }
    for (unsigned i = 0; i < 2 && c->format == SEALED_RECEIPT; i++) {
        text_print(name, sizeof name, "results.%u", i);
        change_fields(c, &sealed_result_table, (char *)&c->whole->results[i], name, false);
    }
}

/* Of the manifest itself there is no other one. */
static void change_manifest(struct change *c)
{
    struct sealed_manifest was = c->whole->manifest;
    struct err err;

    for (size_t i = 0; i < sealed_manifest_table.count; i++) {
        *((char *)&c->whole->manifest + sealed_manifest_table.fields[i].at) ^= 1;
        put_whole(fixture_path("changed"), c->format, c->whole, true);
        assert_int_equal(take(fixture_path("changed"), c, &err), BY_READING);
        assert_true(says_manifest(&err));
        c->whole->manifest = was;
    }
}

static void change_all(enum sealed_format format, enum sealed_stage stage)
{
    struct change c = {.format = format};
    struct whole whole, original;
    struct sealed_reader *r;
    struct err err;
    uint8_t sha256[SHA256_SIZE];

    make_whole(format, stage, &original);
    unlink(fixture_path("original"));
    fixture_write(fixture_path("original"), &original.file, sha256);
    make_whole(format, stage, &whole);
    c.whole = &whole;
    c.expected = fixture_expected(&original.file);
    sealed_words_to_read(sha256, c.words);
    /* The control: unchanged, it is taken, and is what the writer wrote. */
    put_whole(fixture_path("changed"), format, &whole, false);
    handed_out = 0;
    assert_int_equal(take(fixture_path("changed"), &c, &err), BY_NOTHING);
    assert_int_equal(handed_out, sealed_list_name(format) ? original.file.head.keys : 0);
    assert_true(sealed_open(fixture_path("original"), &r, &err));
    sealed_close(r);

    change_fields(&c, &sealed_head_table, (char *)&whole.file.head, "head", true);
    change_fields(&c, &sealed_tables[format], (char *)&whole.file.offer, "body", false);
    change_lists(&c);
    change_manifest(&c);
    must_be_seen(&c, &sealed_head_table);
    must_be_seen(&c, &sealed_tables[format]);
    if (sealed_list_name(format))
        must_be_seen(&c, sealed_list_table(format));
    print_message("%s: %u changes; %u refused by the manifest; without it %u by a rule, %u by "
                  "the words only\n",
                  sealed_format_name(format), c.fields, c.by_manifest, c.by_rule, c.by_words);
    assert_true(c.by_manifest > 0);
    free_whole(&whole);
    free_whole(&original);
}

static void test_offer(void **state)
{
    (void)state;
    change_all(SEALED_OFFER, SEALED_STAGE_OFFER);
}

static void test_bundle(void **state)
{
    (void)state;
    change_all(SEALED_BUNDLE, SEALED_STAGE_ALL);
}

static void test_ack(void **state)
{
    (void)state;
    change_all(SEALED_ACK, SEALED_STAGE_CANARY);
}

static void test_receipt(void **state)
{
    (void)state;
    change_all(SEALED_RECEIPT, SEALED_STAGE_KEYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_ack),
        cmocka_unit_test(test_receipt),
    };
    return cmocka_run_group_tests(tests, fixture_make_folder, fixture_remove_folder);
}
