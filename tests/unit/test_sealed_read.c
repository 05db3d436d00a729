/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed files: who may take which, in what order; what a writer leaves on the disk; the words and
 * signatures that say who wrote a file. Each defence has its control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sealed/sealed_read.h"
#include "sealed/sealed_words.h"
#include "sealed/sealed_write.h"
#include "tests/unit/sealed_fixture.h"

static bool exists(const char *name)
{
    struct stat st;

    return lstat(fixture_path(name), &st) == 0;
}

static struct sealed_reader *open_bundle(struct sealed_file *file, uint8_t sha256[SHA256_SIZE])
{
    struct sealed_reader *r;
    struct err err;

    fixture_file(SEALED_BUNDLE, SEALED_STAGE_ALL, file);
    fixture_write(fixture_path("file"), file, sha256);
    assert_true(sealed_open(fixture_path("file"), &r, &err));
    return r;
}

/* --- the rules --- */

static uint8_t zeros[SHA256_SIZE], used[1][SHA256_SIZE] = {{9}};

static void break_direction(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->format = SEALED_RECEIPT;
}

static void break_format(struct sealed_expected *x, struct sealed_head *head)
{
    x->format = SEALED_ACK;
    head->format = SEALED_RECEIPT;
}

static void break_ceremony(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->ceremony[31] ^= 1;
}

static void break_kind(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->rehearsal = !head->rehearsal;
}

static void break_order(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->order = SEALED_STRICT;
}

static void break_migration(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->migration[31] ^= 1;
}

static void break_offer(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->offer[0] ^= 1;
}

static void break_source(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->device[SIDE_SOURCE].serial[0] ^= 1;
}

static void break_destination(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->device[SIDE_DESTINATION].label[0] ^= 1;
}

static void break_used(struct sealed_expected *x, struct sealed_head *head)
{
    (void)head;
    memset(used[0], 0, SHA256_SIZE);
    x->used = (const uint8_t(*)[SHA256_SIZE])used;
    x->used_count = 1;
}

static void break_stage(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->stage = SEALED_STAGE_KEYS;
}

static void break_only(struct sealed_expected *x, struct sealed_head *head)
{
    x->only = head->ceremony;
}

static void break_answers(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->answers[0] ^= 1;
}

static void break_expiry(struct sealed_expected *x, struct sealed_head *head)
{
    (void)x;
    head->expires_ms += 1000;
}

static void break_expired(struct sealed_expected *x, struct sealed_head *head)
{
    x->now_ms = head->expires_ms;
}

static void break_clock(struct sealed_expected *x, struct sealed_head *head)
{
    x->now_ms = head->written_ms - 1;
}

static void break_earlier(struct sealed_expected *x, struct sealed_head *head)
{
    x->not_before_ms = head->written_ms + 1;
}

static const struct {
    const char *rule;
    void (*breaks)(struct sealed_expected *x, struct sealed_head *head);
    const char *says;
} breaches[] = {
    {"direction", break_direction, "the receipt was written in this room, for the other one"},
    {"format", break_format, "the receipt is of another stage"},
    {"ceremony", break_ceremony, "belongs to another ceremony file"},
    {"kind", break_kind, "belongs to a rehearsal, or to production"},
    {"order", break_order, "has another order"},
    {"migration", break_migration, "belongs to another migration"},
    {"offer", break_offer, "belongs to another offer"},
    {"source", break_source, "is of another source device"},
    {"destination", break_destination, "is of another destination device"},
    {"used", break_used, "was used before"},
    {"stage", break_stage, "is of another stage"},
    {"only", break_only, "is not the one of this stage that was taken before"},
    {"answers", break_answers, "is a replay"},
    {"expiry", break_expiry, "has another expiry than its offer"},
    {"expired", break_expired, "has expired"},
    {"clock", break_clock, "was written later than the time that this clock shows"},
    {"earlier", break_earlier, "was written before the file that it answers"},
};

/* Each rule refuses alone; without it, the same file would be taken. */
static void test_each_rule(void **state)
{
    (void)state;
    assert_int_equal(sizeof breaches / sizeof *breaches, sealed_rules_count);
    for (size_t i = 0; i < sealed_rules_count; i++) {
        struct sealed_file file, changed;
        struct sealed_expected expected;
        struct err err;

        fixture_file(SEALED_BUNDLE, SEALED_STAGE_ALL, &file);
        changed = file;
        expected = fixture_expected(&file);
        assert_true(sealed_expect(&expected, &changed.head, zeros, &err)); /* the control */
        breaches[i].breaks(&expected, &changed.head);
        assert_string_equal(sealed_rules[i].name, breaches[i].rule);
        assert_false(sealed_expect(&expected, &changed.head, zeros, &err));
        if (!strstr(err.what, breaches[i].says))
            fail_msg("%s: %s", breaches[i].rule, err.what);
        assert_int_equal(err.code, sealed_rules[i].code);
        for (size_t j = 0; j < sealed_rules_count; j++)
            /* what is in the wrong direction is also of the wrong format */
            if (j != i && i > 0 && !sealed_rules[j].keeps(&expected, &changed.head, zeros))
                fail_msg("%s breaks %s, too", breaches[i].rule, sealed_rules[j].name);
        sealed_file_free(&file);
    }
}

/* --- the order of reading --- */

static bool never(void *ctx, const struct sealed_key *key, struct err *err)
{
    (void)ctx, (void)key, (void)err;
    fail_msg("a key was handed out");
    return false;
}

static bool count(void *ctx, const struct sealed_key *key, struct err *err)
{
    unsigned *keys = ctx;

    (void)key, (void)err;
    ++*keys;
    return true;
}

static void test_nothing_before_trust(void **state)
{
    uint8_t sha256[SHA256_SIZE], seen[SHA256_SIZE];
    char words[TEXT_WORDS_SIZE];
    struct sealed_expected expected;
    struct sealed_signers nobody = {0};
    struct sealed_file file;
    struct sealed_reader *r = open_bundle(&file, sha256);
    unsigned left, keys = 0;
    size_t which;
    struct err err;

    (void)state;
    expected = fixture_expected(&file);
    sealed_words_to_read(sha256, words);
    assert_false(sealed_trust_words(r, words, &left, &err));
    assert_false(sealed_trust_signature(r, &nobody, &which, &err));
    assert_false(sealed_read_keys(r, never, NULL, &err));
    assert_false(sealed_sha256(r, seen, &err));
    assert_true(sealed_check(r, &expected, &err));
    assert_false(sealed_read_keys(r, never, NULL, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_false(sealed_sha256(r, seen, &err));
    assert_true(sealed_trust_words(r, words, &left, &err));
    assert_false(sealed_read_results(r, NULL, NULL, &err));
    assert_true(sealed_read_keys(r, count, &keys, &err)); /* the control */
    assert_true(sealed_read_keys(r, count, &keys, &err)); /* again */
    assert_int_equal(keys, 2 * FIXTURE_KEYS);
    /* Another check, of another visit, takes all of it back. */
    expected.now_ms = expected.expires_ms;
    assert_false(sealed_check(r, &expected, &err));
    assert_false(sealed_read_keys(r, never, NULL, &err));
    sealed_close(r);
    sealed_file_free(&file);
}

/* Changes an octet in the place of this text. */
static void change_in_place(const char *text)
{
    struct bytes all = fixture_load(fixture_path("file"));
    uint8_t *at = memmem(all.data, all.len, text, strlen(text));
    int fd = open(fixture_path("file"), O_WRONLY | O_CLOEXEC);

    assert_non_null(at);
    at += strlen(text);
    assert_int_equal(pwrite(fd, *at == '7' ? "8" : "7", 1, at - all.data), 1);
    close(fd);
    bytes_free(&all);
}

static void test_changed_after_the_check(void **state)
{
    /* In the head, in the first key, in the last key, in the manifest. */
    static const struct {
        const char *place;
        unsigned keys;
    } places[] = {{"ceremony-sha256: \"", 0}, {"number: ", 0}, {"octets: ", FIXTURE_KEYS}};

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint8_t sha256[SHA256_SIZE];
        char words[TEXT_WORDS_SIZE];
        struct sealed_file file;
        struct sealed_reader *r = open_bundle(&file, sha256);
        struct sealed_expected expected = fixture_expected(&file);
        unsigned left, keys = 0;
        struct err err;

        assert_true(sealed_check(r, &expected, &err));
        assert_true(sealed_trust_words(r, sealed_words_to_read(sha256, words), &left, &err));
        change_in_place(places[i].place);
        assert_false(sealed_read_keys(r, count, &keys, &err));
        assert_int_equal(keys, places[i].keys);
        assert_int_equal(err.code, ERR_CONFLICT);
        sealed_close(r);
        sealed_file_free(&file);
        fixture_empty_folder(NULL);
    }
}

/* Another file under the same name is not read: the checked one is still open. */
static void test_replaced_after_the_check(void **state)
{
    uint8_t sha256[SHA256_SIZE], ignored[SHA256_SIZE];
    char words[TEXT_WORDS_SIZE];
    struct sealed_file file, strange;
    struct sealed_reader *r = open_bundle(&file, sha256);
    struct sealed_expected expected = fixture_expected(&file);
    unsigned left, keys = 0;
    struct err err;

    (void)state;
    fixture_file(SEALED_BUNDLE, SEALED_STAGE_CANARY, &strange);
    fixture_write(fixture_path("stranger"), &strange, ignored);
    assert_int_equal(rename(fixture_path("stranger"), fixture_path("file")), 0);
    assert_true(sealed_check(r, &expected, &err));
    assert_true(sealed_trust_words(r, sealed_words_to_read(sha256, words), &left, &err));
    assert_true(sealed_read_keys(r, count, &keys, &err));
    assert_int_equal(keys, FIXTURE_KEYS);
    sealed_close(r);
    sealed_file_free(&file);
    sealed_file_free(&strange);
}

static bool stop_at_two(void *ctx, const struct sealed_key *key, struct err *err)
{
    (void)ctx;
    return key->role == SEALED_TEST_KEY || err_set(err, ERR_STOPPED, "enough");
}

static void test_callback_ends_it(void **state)
{
    uint8_t sha256[SHA256_SIZE];
    char words[TEXT_WORDS_SIZE];
    struct sealed_file file;
    struct sealed_reader *r = open_bundle(&file, sha256);
    struct sealed_expected expected = fixture_expected(&file);
    unsigned left;
    struct err err;

    (void)state;
    assert_true(sealed_check(r, &expected, &err));
    assert_true(sealed_trust_words(r, sealed_words_to_read(sha256, words), &left, &err));
    assert_false(sealed_read_keys(r, stop_at_two, NULL, &err));
    assert_int_equal(err.code, ERR_STOPPED);
    sealed_close(r);
    sealed_file_free(&file);
}

static void test_only_regular_files(void **state)
{
    struct sealed_reader *r;
    struct err err;

    (void)state;
    assert_false(sealed_open(fixture_path("none"), &r, &err));
    assert_int_equal(err.code, ERR_NO_INPUT);
    assert_int_equal(symlink("file", fixture_path("link")), 0);
    assert_false(sealed_open(fixture_path("link"), &r, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(mkfifo(fixture_path("pipe"), 0600), 0);
    assert_false(sealed_open(fixture_path("pipe"), &r, &err));
    assert_int_equal(err.code, ERR_DATA);
    assert_false(sealed_open("/dev/null", &r, &err));
}

/* --- the writer --- */

static void test_no_name_until_finished(void **state)
{
    uint8_t sha256[SHA256_SIZE];
    struct sealed_file file;
    struct sealed_writer *w, *second;
    struct sealed_key key;
    struct stat st;
    struct err err;

    (void)state;
    fixture_file(SEALED_BUNDLE, SEALED_STAGE_CANARY, &file);
    assert_true(sealed_begin(fixture_path("file"), &file, &w, &err));
    assert_false(exists("file"));
    assert_int_equal(lstat(fixture_path("file.part"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(sealed_begin(fixture_path("file"), &file, &second, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_true(exists("file.part"));
    sealed_abandon(w);
    assert_false(exists("file.part"));
    /* fewer keys than it says */
    assert_true(sealed_begin(fixture_path("file"), &file, &w, &err));
    assert_false(sealed_finish(w, sha256, &err));
    assert_false(exists("file") || exists("file.part"));
    /* a file that appears meanwhile stays */
    assert_true(sealed_begin(fixture_path("file"), &file, &w, &err));
    fixture_key(1, &key);
    assert_true(sealed_add_key(w, &key, &err));
    sealed_key_free(&key);
    fixture_save(fixture_path("file"), "mine", 4);
    assert_false(sealed_finish(w, sha256, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(lstat(fixture_path("file"), &st), 0);
    assert_int_equal(st.st_size, 4);
    assert_false(exists("file.part"));
    assert_false(sealed_begin(fixture_path("file"), &file, &w, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    /* the control: under a free name */
    fixture_write(fixture_path("free"), &file, sha256);
    assert_true(exists("free"));
    sealed_file_free(&file);
}

/* The answer of a stored secret must not be in a file unencrypted. */
static void test_no_answer_to_guess_by(void **state)
{
    struct sealed_file file;
    struct sealed_writer *w;
    struct sealed_key key;
    struct err err;

    (void)state;
    fixture_file(SEALED_BUNDLE, SEALED_STAGE_ALL, &file);
    for (unsigned clear = 0; clear < 2; clear++) {
        assert_true(sealed_begin(fixture_path("file"), &file, &w, &err));
        fixture_key(4, &key); /* a generic secret */
        if (clear) {
            key.proofs[0].answer.clear = key.proofs[0].answer.ciphertext; /* moved */
            key.proofs[0].answer.ciphertext = (struct bytes){0};
            bytes_free(&key.proofs[0].answer.iv);
        }
        assert_int_equal(sealed_add_key(w, &key, &err), !clear);
        sealed_key_free(&key);
        sealed_abandon(w);
    }
    assert_non_null(strstr(err.what, "is not encrypted"));
    sealed_file_free(&file);
}

/* The challenge that the receipt answers must be one that nobody knows. */
static void test_open_challenge_of_a_weak_key(void **state)
{
    struct sealed_file file;
    struct sealed_writer *w;
    struct sealed_key key;
    struct err err;

    (void)state;
    fixture_file(SEALED_BUNDLE, SEALED_STAGE_ALL, &file);
    for (unsigned known = 0; known < 2; known++) {
        assert_true(sealed_begin(fixture_path("file"), &file, &w, &err));
        fixture_key(4, &key); /* a generic secret */
        key.open.proof = HSM_PROOF_DIGEST;
        if (known) {
            bytes_free(&key.open.answer.iv);
            bytes_free(&key.open.answer.ciphertext);
        }
        assert_int_equal(sealed_add_key(w, &key, &err), !known);
        sealed_key_free(&key);
        sealed_abandon(w);
    }
    assert_non_null(strstr(err.what, "the open challenge for sha256-digest is not encrypted"));
    sealed_file_free(&file);
}

/* And its answer is shown only with its own SHA-256 in the place of the challenge. */
static void test_receipt_for_a_weak_key(void **state)
{
    struct sealed_file file;
    struct sealed_writer *w;
    struct sealed_result result;
    struct err err;

    (void)state;
    fixture_file(SEALED_RECEIPT, SEALED_STAGE_ALL, &file);
    for (unsigned known = 0; known < 2; known++) {
        assert_true(sealed_begin(fixture_path("file"), &file, &w, &err));
        fixture_result(1, &result);
        result.proof = result.open.proof = HSM_PROOF_DIGEST;
        assert_true(bytes_set(&result.open.challenge, result.open.challenge.data, 32, &err));
        EVP_Digest(result.open.answer.clear.data, result.open.answer.clear.len,
                   result.open.challenge.data, NULL, EVP_sha256(), NULL);
        result.open.challenge.data[0] ^= (uint8_t)known;
        assert_int_equal(sealed_add_result(w, &result, &err), !known);
        sealed_result_free(&result);
        sealed_abandon(w);
    }
    assert_non_null(strstr(err.what, "is not encrypted"));
    sealed_file_free(&file);
}

static void test_may_be_clear(void **state)
{
    struct key_desc key = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES};

    (void)state;
    assert_true(sealed_may_be_clear(&key, HSM_PROOF_AES_ECB));
    assert_false(sealed_may_be_clear(&key, HSM_PROOF_HMAC));
    assert_false(sealed_may_be_clear(&key, HSM_PROOF_KCV_ECB));
    key.kind = KEY_KIND_DES3;
    assert_false(sealed_may_be_clear(&key, HSM_PROOF_AES_ECB));
    key.kind = KEY_KIND_GENERIC;
    for (unsigned proof = 0; proof < HSM_PROOFS; proof++)
        assert_false(sealed_may_be_clear(&key, proof));
    key.class = KEY_CLASS_PRIVATE;
    key.kind = KEY_KIND_RSA;
    assert_true(sealed_may_be_clear(&key, HSM_PROOF_RSA_SIGN));
    assert_false(sealed_may_be_clear(&key, HSM_PROOF_DIGEST));
}

/* --- words --- */

static void test_words(void **state)
{
    uint8_t sha256[SHA256_SIZE] = {1, 2, 3}, stranger[SHA256_SIZE] = {1, 2, 4};
    char right[TEXT_WORDS_SIZE], wrong[TEXT_WORDS_SIZE], typed[2 * TEXT_WORDS_SIZE];
    struct sealed_words words = sealed_words_of(sha256);
    struct err err;

    (void)state;
    sealed_words_to_read(sha256, right);
    sealed_words_to_read(stranger, wrong);
    text_print(typed, sizeof typed, "  %s ", right);
    for (char *c = typed; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    assert_true(sealed_words_answer(&words, typed, &err));
    /* a slip costs no try, and names its place only */
    words = sealed_words_of(sha256);
    assert_false(sealed_words_answer(&words, "", &err));
    assert_false(sealed_words_answer(&words, "absurd", &err));
    text_print(typed, sizeof typed, "%s extra", right);
    assert_false(sealed_words_answer(&words, typed, &err));
    text_print(typed, sizeof typed, "nonsense%s", right + strcspn(right, " "));
    assert_false(sealed_words_answer(&words, typed, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.what, "word 1"));
    assert_int_equal(words.left, SEALED_TRIES);
    /* two wrong answers, and then the right one is wrong, too */
    assert_false(sealed_words_answer(&words, wrong, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(words.left, 1);
    assert_false(sealed_words_answer(&words, wrong, &err));
    assert_int_equal(words.left, 0);
    assert_false(sealed_words_answer(&words, right, &err));
    /* one wrong, then right */
    words = sealed_words_of(sha256);
    assert_false(sealed_words_answer(&words, wrong, &err));
    assert_true(sealed_words_answer(&words, right, &err));
}

/* No message about wrong words shows one of the file's. */
static void test_words_are_not_shown(void **state)
{
    uint8_t sha256[SHA256_SIZE], stranger[SHA256_SIZE] = {0};
    char wrong[TEXT_WORDS_SIZE], line[1024];
    struct sealed_file file;
    struct sealed_reader *r = open_bundle(&file, sha256);
    struct sealed_expected expected = fixture_expected(&file);
    unsigned left, keys = 0;
    struct err err;

    (void)state;
    assert_true(sealed_check(r, &expected, &err));
    sealed_words_to_read(stranger, wrong);
    for (unsigned i = 0; i < SEALED_TRIES; i++) {
        assert_false(sealed_trust_words(r, wrong, &left, &err));
        err_line(&err, line, sizeof line);
        for (unsigned word = 0; word < SEALED_WORDS; word++)
            assert_null(strstr(line, text_word(sha256[word], word)));
    }
    assert_int_equal(left, 0);
    assert_false(sealed_read_keys(r, count, &keys, &err));
    sealed_close(r);
    sealed_file_free(&file);
}

/* --- signatures --- */

/* Makes a key, signs a SHA-256 and writes both next to the file. */
static void sign(const char *infix, const char *curve, const uint8_t sha256[SHA256_SIZE],
                 uint8_t fingerprint[SHA256_SIZE])
{
    EVP_PKEY *key = curve ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve)
                          : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char signature[512], *spki = NULL;
    size_t len = sizeof signature;
    char name[64];
    int spki_len = i2d_PUBKEY(key, &spki);
    FILE *pem;

    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, signature, &len, sha256, SHA256_SIZE), 1);
    text_print(name, sizeof name, "file%s.sig", infix);
    fixture_save(fixture_path(name), signature, len);
    text_print(name, sizeof name, "file%s.pub.pem", infix);
    pem = fopen(fixture_path(name), "we");
    assert_non_null(pem);
    assert_int_equal(PEM_write_PUBKEY(pem, key), 1);
    fclose(pem);
    EVP_Digest(spki, (size_t)spki_len, fingerprint, NULL, EVP_sha256(), NULL);
    OPENSSL_free(spki);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static bool is_signed(const uint8_t sha256[SHA256_SIZE], const struct sealed_signers *signers,
                      size_t *which, struct err *err)
{
    return sealed_signature_check(fixture_path("file"), sha256, signers, which, err);
}

static void test_signatures(void **state)
{
    const uint8_t sha256[SHA256_SIZE] = {1}, another[SHA256_SIZE] = {2};
    struct sealed_signers signers = {.count = 2}, stranger = {.count = 1};
    size_t which = 9;
    struct err err;

    (void)state;
    assert_false(is_signed(sha256, &signers, &which, &err));
    assert_non_null(strstr(err.what, "has no signature"));
    sign("", NULL, sha256, stranger.sha256[0]);
    sign(".2", "P-256", sha256, signers.sha256[1]);
    assert_true(is_signed(sha256, &signers, &which, &err));
    assert_int_equal(which, 1);
    assert_true(is_signed(sha256, &stranger, &which, &err)); /* the control: RSA */
    assert_int_equal(which, 0);
    /* a stranger's key next to the file is nobody's */
    unlink(fixture_path("file.2.sig"));
    assert_false(is_signed(sha256, &signers, &which, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.what, "by no key that the ceremony file names"));
    /* a signature of another file */
    assert_false(is_signed(another, &stranger, &which, &err));
    assert_int_equal(err.code, ERR_DATA);
    /* a signature by another key under the named public key */
    sign(".3", "P-256", sha256, signers.sha256[0]);
    assert_int_equal(rename(fixture_path("file.3.sig"), fixture_path("file.sig")), 0);
    assert_false(is_signed(sha256, &stranger, &which, &err));
    assert_int_equal(err.code, ERR_DATA);
    signers.count = 0;
    assert_false(is_signed(sha256, &signers, &which, &err));
}

static void test_signature_opens_the_keys(void **state)
{
    uint8_t sha256[SHA256_SIZE];
    struct sealed_signers signers = {.count = 1};
    struct sealed_file file;
    struct sealed_reader *r = open_bundle(&file, sha256);
    struct sealed_expected expected = fixture_expected(&file);
    unsigned keys = 0;
    size_t which;
    struct err err;

    (void)state;
    assert_true(sealed_check(r, &expected, &err));
    assert_false(sealed_trust_signature(r, &signers, &which, &err));
    assert_false(sealed_read_keys(r, never, NULL, &err));
    sign("", "P-384", sha256, signers.sha256[0]);
    assert_true(sealed_trust_signature(r, &signers, &which, &err));
    assert_true(sealed_read_keys(r, count, &keys, &err));
    sealed_close(r);
    sealed_file_free(&file);
}

/* --- transports --- */

static void test_transports(void **state)
{
    const struct sealed_transport *chosen;
    struct sealed_file file;
    enum hsm_alg alg;
    uint32_t bits;
    struct err err;

    (void)state;
    fixture_file(SEALED_OFFER, SEALED_STAGE_OFFER, &file);
    /* one that is not known is skipped */
    file.offer.transports[1] = file.offer.transports[0]; /* moved */
    file.offer.transports[0] = (struct sealed_transport){.name = "ml-kem"};
    file.offer.transport_count = 2;
    assert_true(sealed_choose_transport(&file.offer, &chosen, &alg, &bits, &err));
    assert_ptr_equal(chosen, &file.offer.transports[1]);
    /* none is known */
    text_print(file.offer.transports[1].parameters[0].value, 32, "SHA-3");
    assert_false(sealed_choose_transport(&file.offer, &chosen, &alg, &bits, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.what, "ml-kem, rsa-oaep"));
    sealed_file_free(&file);
}

#define TEST(name) cmocka_unit_test_teardown(name, fixture_empty_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_rule),
        TEST(test_nothing_before_trust),
        TEST(test_changed_after_the_check),
        TEST(test_replaced_after_the_check),
        TEST(test_callback_ends_it),
        TEST(test_only_regular_files),
        TEST(test_no_name_until_finished),
        TEST(test_no_answer_to_guess_by),
        TEST(test_open_challenge_of_a_weak_key),
        TEST(test_receipt_for_a_weak_key),
        TEST(test_may_be_clear),
        TEST(test_words),
        TEST(test_words_are_not_shown),
        TEST(test_signatures),
        TEST(test_signature_opens_the_keys),
        TEST(test_transports),
    };
    return cmocka_run_group_tests(tests, fixture_make_folder, fixture_remove_folder);
}
