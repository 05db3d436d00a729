/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed files: what is written is read; what was cut off, altered or written otherwise is refused;
 * an unfinished file has not its name. test_sealed_fields.c changes every field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sealed/sealed_read.h"
#include "sealed/sealed_words.h"
#include "sealed/sealed_write.h"
#include "tests/unit/sealed_fixture.h"

static const char *path, *other;

static int make_folder(void **state)
{
    static char first[128], second[128];
    int failed = fixture_make_folder(state);

    snprintf(first, sizeof first, "%s", fixture_path("file"));
    snprintf(second, sizeof second, "%s", fixture_path("other"));
    path = first;
    other = second;
    return failed;
}

static bool opens(const char *name, struct err *err)
{
    struct sealed_reader *r;

    err_clear(err);
    if (!sealed_open(name, &r, err))
        return false;
    sealed_close(r);
    return true;
}

/* --- round trip --- */

static const struct {
    enum sealed_format format;
    enum sealed_stage stage;
} all[] = {
    {SEALED_OFFER, SEALED_STAGE_OFFER}, {SEALED_BUNDLE, SEALED_STAGE_CANARY},
    {SEALED_BUNDLE, SEALED_STAGE_KEYS}, {SEALED_BUNDLE, SEALED_STAGE_ALL},
    {SEALED_ACK, SEALED_STAGE_CANARY},  {SEALED_RECEIPT, SEALED_STAGE_KEYS},
    {SEALED_RECEIPT, SEALED_STAGE_ALL},
};
enum { ALL = sizeof all / sizeof *all };

/* Opens and trusts a file of the fixture. */
static struct sealed_reader *open_trusted(const char *name, const struct sealed_file *file,
                                          const uint8_t sha256[SHA256_SIZE])
{
    struct sealed_expected expected = fixture_expected(file);
    char words[TEXT_WORDS_SIZE];
    struct sealed_reader *r = NULL;
    unsigned left;
    struct err err;

    assert_true(sealed_open(name, &r, &err));
    assert_true(sealed_check(r, &expected, &err));
    assert_true(sealed_trust_words(r, sealed_words_to_read(sha256, words), &left, &err));
    return r;
}

static bool write_key_again(void *ctx, const struct sealed_key *key, struct err *err)
{
    return sealed_add_key(ctx, key, err);
}

static bool write_result_again(void *ctx, const struct sealed_result *result, struct err *err)
{
    return sealed_add_result(ctx, result, err);
}

/* What was read and is written again is the same file: nothing is lost. */
static void test_round_trip(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALL; i++) {
        uint8_t sha256[SHA256_SIZE], again[SHA256_SIZE], seen[SHA256_SIZE];
        struct sealed_file file;
        struct sealed_reader *r;
        struct sealed_writer *w;
        struct err err;

        fixture_file(all[i].format, all[i].stage, &file);
        fixture_write(path, &file, sha256);
        r = open_trusted(path, &file, sha256);
        assert_memory_equal(&sealed_file(r)->head, &file.head, sizeof file.head);
        assert_true(sealed_sha256(r, seen, &err));
        assert_memory_equal(seen, sha256, SHA256_SIZE);
        assert_true(sealed_begin(other, sealed_file(r), &w, &err));
        if (file.head.format == SEALED_BUNDLE)
            assert_true(sealed_read_keys(r, write_key_again, w, &err));
        if (file.head.format == SEALED_RECEIPT)
            assert_true(sealed_read_results(r, write_result_again, w, &err));
        assert_true(sealed_finish(w, again, &err));
        assert_memory_equal(again, sha256, SHA256_SIZE);
        sealed_close(r);
        sealed_file_free(&file);
        fixture_empty_folder(NULL);
    }
}

struct compare {
    uint32_t number;
};

static bool compare_key(void *ctx, const struct sealed_key *key, struct err *err)
{
    struct compare *c = ctx;
    struct sealed_key expected;

    (void)err;
    fixture_key(++c->number, &expected);
    assert_memory_equal(&key->desc, &expected.desc, sizeof key->desc);
    assert_int_equal(key->number, expected.number);
    assert_int_equal(key->role, expected.role);
    assert_int_equal(key->want_flags, expected.want_flags);
    assert_int_equal(key->route, expected.route);
    assert_int_equal(key->alg, expected.alg);
    assert_true(bytes_equal(&key->public_half, &expected.public_half));
    assert_true(bytes_equal(&key->wrapped, &expected.wrapped));
    assert_int_equal(key->proof_count, expected.proof_count);
    assert_true(bytes_equal(&key->proofs[0].challenge, &expected.proofs[0].challenge));
    assert_true(bytes_equal(&key->proofs[0].answer.clear, &expected.proofs[0].answer.clear));
    assert_true(bytes_equal(&key->open.answer.ciphertext, &expected.open.answer.ciphertext));
    sealed_key_free(&expected);
    return true;
}

static void test_keys_are_as_written(void **state)
{
    uint8_t sha256[SHA256_SIZE];
    struct compare c = {0};
    struct sealed_file file;
    struct sealed_reader *r;
    struct err err;

    (void)state;
    fixture_file(SEALED_BUNDLE, SEALED_STAGE_ALL, &file);
    fixture_write(path, &file, sha256);
    r = open_trusted(path, &file, sha256);
    assert_true(sealed_read_keys(r, compare_key, &c, &err));
    assert_int_equal(c.number, FIXTURE_KEYS);
    sealed_close(r);
    sealed_file_free(&file);
}

/* An offer's capabilities are what the negotiation of the source needs. */
static void test_offer_is_as_written(void **state)
{
    const struct sealed_transport *chosen;
    uint8_t sha256[SHA256_SIZE];
    struct sealed_file file;
    struct sealed_reader *r;
    enum hsm_alg alg;
    uint32_t bits;
    struct err err;

    (void)state;
    fixture_file(SEALED_OFFER, SEALED_STAGE_OFFER, &file);
    fixture_write(path, &file, sha256);
    assert_true(sealed_open(path, &r, &err));
    assert_memory_equal(&sealed_file(r)->offer.can, &file.offer.can, sizeof file.offer.can);
    assert_memory_equal(&sealed_file(r)->offer.pair, &file.offer.pair, sizeof file.offer.pair);
    assert_true(sealed_choose_transport(&sealed_file(r)->offer, &chosen, &alg, &bits, &err));
    assert_int_equal(alg, HSM_RSA_OAEP_SHA256);
    assert_int_equal(bits, 3072);
    assert_true(bytes_equal(&chosen->spki, &file.offer.transports[0].spki));
    sealed_close(r);
    sealed_file_free(&file);
}

/* --- damage --- */

static void make(unsigned i, struct bytes *text)
{
    uint8_t sha256[SHA256_SIZE];
    struct sealed_file file;

    fixture_file(all[i].format, all[i].stage, &file);
    fixture_write(path, &file, sha256);
    sealed_file_free(&file);
    *text = fixture_load(path);
}

static void test_cut_off_anywhere(void **state)
{
    struct bytes text;
    struct err err;

    (void)state;
    for (unsigned i = 0; i < ALL; i++) {
        make(i, &text);
        assert_true(opens(path, &err)); /* the control */
        for (size_t len = text.len; len-- > 0;) {
            assert_int_equal(truncate(path, (off_t)len), 0);
            if (opens(path, &err))
                fail_msg("%s of %zu octets is taken", sealed_format_name(all[i].format), len);
            assert_int_equal(err.code, ERR_DATA);
        }
        bytes_free(&text);
        fixture_empty_folder(NULL);
    }
}

/* Changes the file at path in its place. */
static void put_octet(size_t at, int octet)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    uint8_t value = (uint8_t)octet;

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &value, 1, (off_t)at), 1);
    close(fd);
}

static void test_every_octet_counts(void **state)
{
    static const uint8_t bits[] = {0x01, 0x20, 0x80};
    struct bytes text;
    struct err err;

    (void)state;
    for (unsigned i = ALL - 3; i < ALL; i++) {
        make(i, &text);
        for (size_t at = 0; at < text.len; at++)
            for (unsigned bit = 0; bit < sizeof bits; bit++) {
                put_octet(at, text.data[at] ^ bits[bit]);
                if (opens(path, &err))
                    fail_msg("%s with octet %zu changed is taken",
                             sealed_format_name(all[i].format), at);
                put_octet(at, text.data[at]);
            }
        assert_true(opens(path, &err)); /* the control: it is as before */
        bytes_free(&text);
        fixture_empty_folder(NULL);
    }
}

/* Replaces the first from by to in the file at path, and writes the result to other. */
static void edit(const struct bytes *text, const char *from, const char *to)
{
    char *at = memmem(text->data, text->len, from, strlen(from));
    size_t before = (size_t)(at - (char *)text->data), after = before + strlen(from);
    struct bytes out = {0};
    struct err err;

    assert_non_null(at);
    assert_true(bytes_make(&out, text->len - strlen(from) + strlen(to), &err));
    memcpy(out.data, text->data, before);
    memcpy(out.data + before, to, strlen(to));
    memcpy(out.data + before + strlen(to), text->data + after, text->len - after);
    fixture_save(other, out.data, out.len);
    bytes_free(&out);
}

/* The same content, written in another way; and what YAML has beyond it. */
static void test_one_form_only(void **state)
{
    static const struct {
        const char *from, *to, *why;
    } edits[] = {
        {"stage: ", "stage:  ", "not as hsmferry writes it"},
        {"stage: \"canary\"", "stage: canary", "not as hsmferry writes it"},
        {"stage: \"canary\"", "stage: \"c\\x61nary\"", "not as hsmferry writes it"},
        {"order: ", "# remark\norder: ", "not as hsmferry writes it"},
        {"format: ", "---\nformat: ", "not as hsmferry writes it"},
        {"format: ",
         "\xef\xbb\xbf"
         "format: ",
         "is expected here"},
        {"migration: \"01", "migration: \"AB", "not 32 lower-case"},
        {"ceremony-sha256: \"11", "ceremony-sha256: \"1A", "not lower-case hexadecimal"},
        {"keys-count: 1", "keys-count: 01", "is not a number"},
        {"keys-count: 1", "keys-count: \"1\"", "is not a number"},
        {"keys-count: 1", "keys-count: +1", "is not a number"},
        {"keys-count: 1", "keys-count: 1e0", "is not a number"},
        {"keys-count: 1", "keys-count: 0x1", "is not a number"},
        {"keys-count: 1", "keys-count: 99999999999999999999", "is too large"},
        {"keys-count: 1", "keys-count: 4294967297", "is too large"},
        {"written: \"2026-11-29T", "written: \"2026-13-29T", "is not a time in UTC"},
        {"written: \"2026-11-29T", "written: \"2026-11-31T", "is not a time in UTC"},
        {"11:59:00Z", "11:59:00+01:00", "is not a time in UTC"},
        {"11:59:00Z", "11:59:00.000Z", "is not a time in UTC"},
        {"stage: \"canary\"", "stage: &a \"canary\"", "anchors, aliases and tags"},
        {"stage: \"canary\"", "stage: !!str \"canary\"", "anchors, aliases and tags"},
        {"stage: \"canary\"", "stage: *a", "stage is expected here"},
        {"source:\n", "source: &a\n", "anchors, aliases and tags"},
        {"order: \"strict\"", "order: \"strict\"\norder: \"strict\"", "\"migration\" is expected"},
        {"order: \"strict\"\n", "", "\"order\" is expected"},
        {"order: \"strict\"", "order: \"strict\"\nmore: \"1\"", "\"migration\" is expected"},
        {"format: \"hsmferry-ack/1\"", "format: \"hsmferry-ack/2\"", "this program knows"},
        {"manufacturer: \"Exa", "manufacturer: \"\\x1bx", "is not safe text"},
        {"manufacturer: \"Exa", "manufacturer: \"\\0xa", "zero octet"},
    };
    struct bytes text;
    struct err err;

    (void)state;
    make(4, &text);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        edit(&text, edits[i].from, edits[i].to);
        if (opens(other, &err) || !strstr(err.what, edits[i].why))
            fail_msg("%s: %s", edits[i].to, err.what);
    }
    edit(&text, "stage: ", "stage: "); /* the control */
    assert_true(opens(other, &err));
    bytes_free(&text);
    fixture_empty_folder(state);
    make(1, &text);
    edit(&text, "==\"", "=\"");
    assert_false(opens(other, &err));
    assert_non_null(strstr(err.what, "is not base64"));
    /* 40 octets end in one with four unused bits */
    edit(&text, "==\"", "==\\n\"");
    assert_false(opens(other, &err));
    bytes_free(&text);
}

/* Replaces the first manufacturer by so many letters. */
static void name_of(const struct bytes *text, size_t len)
{
    char *name = malloc(len + 1);

    assert_non_null(name);
    memset(name, 'A', len);
    name[len] = '\0';
    edit(text, "Example Corp", name);
    free(name);
}

static void test_sizes(void **state)
{
    enum { HUGE = 2 << 20, LONGEST = 128, ENTRIES = TRIALS_MAX + 1 };
    char entries[64 + ENTRIES * 160] = "trials:\n";
    struct bytes text;
    struct err err;

    (void)state;
    make(4, &text);
    name_of(&text, HUGE);
    assert_false(opens(other, &err));
    assert_non_null(strstr(err.what, "a field is too long"));
    name_of(&text, LONGEST + 1);
    assert_false(opens(other, &err));
    assert_non_null(strstr(err.what, "\"manufacturer\" is too long"));
    name_of(&text, LONGEST); /* the control: only the manifest differs */
    assert_false(opens(other, &err));
    assert_non_null(strstr(err.what, "its manifest"));
    for (unsigned i = 0; i < ENTRIES; i++)
        strcat(entries, "- type: \"AES\"\n  length: 32\n  bits: 256\n  curve: \"\"\n"
                        "  algorithm: \"aes-kwp\"\n  state: \"passed\"\n  reason: \"\"\n");
    edit(&text, "trials:\n", entries);
    assert_false(opens(other, &err));
    assert_non_null(strstr(err.what, "\"trials\" has too many entries"));
    bytes_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_round_trip, fixture_empty_folder),
        cmocka_unit_test_teardown(test_keys_are_as_written, fixture_empty_folder),
        cmocka_unit_test_teardown(test_offer_is_as_written, fixture_empty_folder),
        cmocka_unit_test_teardown(test_cut_off_anywhere, fixture_empty_folder),
        cmocka_unit_test_teardown(test_every_octet_counts, fixture_empty_folder),
        cmocka_unit_test_teardown(test_one_form_only, fixture_empty_folder),
        cmocka_unit_test_teardown(test_sizes, fixture_empty_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, fixture_remove_folder);
}
