/* SPDX-License-Identifier: Apache-2.0 */
/* ui/plain/plain.h and ui/plain/plain_log.h: what the plain front end says of synthetic events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/plain/plain.h"
#include "ui/plain/plain_log.h"

static const int64_t noon = INT64_C(1795437667512); /* 2026-11-23T12:41:07.512Z */

static struct event made(enum event_kind kind, enum side side, uint32_t key)
{
    return (struct event){.kind = kind, .side = side, .key = key, .seq = 1, .utc_ms = noon};
}

static void assert_line(const struct event *event, const char *label, const char *expected)
{
    char line[PLAIN_LINE_MAX];

    size_t len = plain_line(event, &(struct plain_known){label, HSM_ALGS}, line);
    assert_int_equal(len, strlen(line));
    assert_string_equal(line, expected);
}

static void test_steps(void **state)
{
    struct event e = made(EVENT_STEP, SIDE_SOURCE, 0);

    (void)state;
    e.step.id = STEP_WRAP_KEK;
    e.step.state = EVENT_BEGUN;
    assert_line(&e, NULL, "12:41:07.512Z [ .. ]  5 source      encrypt the AES key");
    e.step.state = EVENT_OK;
    e.step.bytes = 384;
    e.step.micros = 12345;
    memset(e.step.sha256, 0xab, sizeof e.step.sha256);
    snprintf(e.step.call, sizeof e.step.call, "C_WrapKey CKM_RSA_PKCS_OAEP");
    assert_line(&e, NULL,
                "12:41:07.512Z [ ok ]  5 source      encrypt the AES key: C_WrapKey "
                "CKM_RSA_PKCS_OAEP, 12.3 ms");
    e.step.id = STEP_RELAY_KEK;
    e.side = SIDE_RELAY;
    e.step.call[0] = '\0';
    assert_line(
        &e, NULL,
        "12:41:07.512Z [ ok ]  6 relay       carry the encrypted AES key, 384 bytes, sha256 "
        "abababababababababababababababababababababababababababababababab, 12.3 ms");
    e.key = 3;
    e.step.id = STEP_UNWRAP_KEY;
    e.side = SIDE_DESTINATION;
    e.step.state = EVENT_FAILED;
    e.step.bytes = 0;
    e.step.call[0] = '\0';
    snprintf(e.step.text, sizeof e.step.text, "the blob was changed");
    assert_line(&e, "root-ca",
                "12:41:07.512Z [FAIL] 10 destination key 3 root-ca: decrypt the key (temporary), "
                "the blob was changed, 12.3 ms");
    e.step.state = EVENT_UNDONE;
    e.step.text[0] = '\0';
    assert_line(&e, NULL,
                "12:41:07.512Z [    ] 10 destination key 3: undone: decrypt the key "
                "(temporary)");
}

static void test_dialect(void **state)
{
    struct event e = made(EVENT_HSM, SIDE_SOURCE, 0);

    (void)state;
    strcpy(e.hsm.slot.label, "hsm-old");
    strcpy(e.hsm.slot.serial, "8f3c");
    strcpy(e.hsm.info.library, "Chrystoki");
    strcpy(e.hsm.info.version, "7.4");
    strcpy(e.hsm.info.api, "pkcs11");
    strcpy(e.hsm.info.api_version, "2.20");
    strcpy(e.hsm.module, "/a.so");
    assert_line(&e, NULL,
                "12:41:07.512Z [    ]    source      token hsm-old, serial 8f3c, Chrystoki 7.4, "
                "pkcs11 2.20, /a.so");
    strcpy(e.hsm.info.dialect.name, "luna");
    e.hsm.info.dialect.status = HSM_DIALECT_DOCUMENTS;
    memset(e.hsm.info.dialect.sha256, 0xab, sizeof e.hsm.info.dialect.sha256);
    e.hsm.info.dialect.not_enforced = KEY_EXTRACTABLE;
    assert_line(&e, NULL,
                "12:41:07.512Z [    ]    source      token hsm-old, serial 8f3c, Chrystoki 7.4, "
                "pkcs11 2.20, dialect luna (from documents) sha256 abab abab abab abab, does not "
                "enforce extractable, /a.so");
}

static void test_gates(void **state)
{
    struct event e = made(EVENT_GATE, SIDE_RELAY, 0);

    (void)state;
    e.gate.gate = GATE_REVIEW;
    e.gate.state = GATE_OPEN;
    e.gate.tries_left = 2;
    snprintf(e.gate.question, sizeof e.gate.question, "type  ferry 3  to start");
    snprintf(e.gate.officer, sizeof e.gate.officer, "Alice");
    assert_line(&e, NULL,
                "12:41:07.512Z [WAIT]    relay       gate review: waits: type  ferry 3  to start, "
                "Alice (tries left: 2)");
    e.gate.state = GATE_CONFIRMED;
    e.gate.question[0] = '\0';
    assert_line(&e, NULL, "12:41:07.512Z [ ok ]    relay       gate review: confirmed, Alice");
    e.gate.state = GATE_REFUSED;
    assert_line(&e, NULL, "12:41:07.512Z [FAIL]    relay       gate review: refused, Alice");
    e.gate.state = GATE_WAIVED;
    assert_line(&e, NULL, "12:41:07.512Z [    ]    relay       gate review: not asked for");
}

static void test_planned(void **state)
{
    struct event e = made(EVENT_PLANNED, SIDE_SOURCE, 2);

    (void)state;
    e.planned.desc.class = KEY_CLASS_PRIVATE;
    e.planned.desc.kind = KEY_KIND_RSA;
    e.planned.desc.bits = 4096;
    snprintf(e.planned.reason, sizeof e.planned.reason, "not extractable");
    assert_line(&e, "root-ca",
                "12:41:07.512Z [    ]    source      key 2 root-ca: RSA 4096, CANNOT GO: not "
                "extractable");
    e.planned.route = ROUTE_ENVELOPE;
    snprintf(e.planned.reason, sizeof e.planned.reason, "under the AES key");
    snprintf(e.planned.proof, sizeof e.planned.proof, "rsa-signature");
    assert_line(&e, "root-ca",
                "12:41:07.512Z [    ]    source      key 2 root-ca: RSA 4096, goes: under the AES "
                "key; proof: rsa-signature");
}

static void test_canary(void **state)
{
    struct event e = made(EVENT_CANARY, SIDE_RELAY, 0);

    (void)state;
    e.canary.alg = HSM_AES_KWP;
    e.canary.micros = 12345;
    snprintf(e.canary.type, sizeof e.canary.type, "RSA 2048");
    snprintf(e.canary.text, sizeof e.canary.text, "proven");
    assert_line(&e, NULL,
                "12:41:07.512Z [ ok ]    relay       canary RSA 2048, aes-kwp: passed: proven, "
                "12.3 ms");
    e.canary.state = CANARY_FAILED;
    assert_line(&e, NULL,
                "12:41:07.512Z [FAIL]    relay       canary RSA 2048, aes-kwp: failed: proven, "
                "12.3 ms");
    e.canary.state = CANARY_COMMITS;
    assert_line(&e, NULL, "12:41:07.512Z [    ]    relay       canary RSA 2048: proven");
    e.canary.state = CANARY_CLEAN;
    assert_line(&e, NULL, "12:41:07.512Z [ ok ]    relay       canary: proven");
}

/* Every kind of event, told or not, however its enums stand: one line at most, never a newline. */
static void test_every_kind(void **state)
{
    char line[PLAIN_LINE_MAX];
    struct event e;

    (void)state;
    for (int kind = -1; kind <= EVENT_KINDS; kind++) {
        memset(&e, 1, sizeof e);
        ((char *)&e)[sizeof e - 1] = '\0';
        e.kind = (enum event_kind)kind;
        size_t len = plain_line(&e, &(struct plain_known){"label", e.choice.alg}, line);
        assert_true(len < sizeof line);
        assert_null(strchr(line, '\n'));
        assert_int_equal(len > 0, kind >= 0 && kind < EVENT_KINDS && kind != EVENT_CALL &&
                                      kind != EVENT_DONE && kind != EVENT_ROWS &&
                                      kind != EVENT_GATE);
    }
}

static void test_error(void **state)
{
    struct event e = made(EVENT_ERROR, SIDE_DESTINATION, 0);
    char *text = NULL;
    size_t size = 0;

    (void)state;
    err_set_hsm(&e.error, ERR_DENIED, 0xa0, "CKR_PIN_INCORRECT", "The PIN is wrong");
    err_now(&e.error, "Nothing was changed");
    err_next(&e.error, "Try again");
    assert_line(&e, NULL,
                "12:41:07.512Z [FAIL]    destination The PIN is wrong (0xa0 CKR_PIN_INCORRECT). "
                "Nothing was changed. Try again.");
    FILE *out = open_memstream(&text, &size);
    plain_error(out, &e.error);
    fclose(out);
    assert_string_equal(text, "hsmferry: The PIN is wrong (0xa0 CKR_PIN_INCORRECT).\n"
                              "  now: Nothing was changed\n  next: Try again\n");
    free(text);
}

/* --- the log -------------------------------------------------------------------------------- */

struct fixture {
    struct plain_log *log;
    FILE *out;
    char *text;
    size_t size;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->out = open_memstream(&f->text, &f->size);
    assert_non_null(f->out);
    assert_true(plain_log_new(f->out, &f->log, NULL));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    plain_log_free(f->log);
    fclose(f->out);
    free(f->text);
    free(f);
    return 0;
}

static unsigned lines_with(const struct fixture *f, const char *what)
{
    unsigned count = 0;

    for (const char *at = f->text; (at = strstr(at, what)); at++)
        count++;
    return count;
}

static void plan_keys(struct fixture *f, uint32_t count)
{
    for (uint32_t key = 1; key <= count; key++) {
        struct event e = made(EVENT_PLANNED, SIDE_SOURCE, key);
        char label[16];
        int len = snprintf(label, sizeof label, "k%u\n", key);
        key_set_label(&e.planned.desc, label, (size_t)len);
        e.planned.route = key % 10 == 0 ? ROUTE_NONE : ROUTE_ENVELOPE;
        plain_log_event(f->log, &e, 0);
    }
}

static void move_keys(struct fixture *f, uint32_t count)
{
    for (uint32_t key = 1; key <= count; key++) {
        struct event e = made(EVENT_STEP, SIDE_RELAY, key);
        plain_log_tick(f->log, 400 * (int64_t)key);
        if (key % 10 == 0)
            continue;
        for (enum step_id id = STEP_WRAP_KEY; id <= STEP_PROVE_AGAIN; id++) {
            e.step.id = id;
            e.step.state = EVENT_BEGUN;
            plain_log_event(f->log, &e, key);
            e.step.state = key == 7 && id == STEP_PROVE ? EVENT_FAILED : EVENT_OK;
            plain_log_event(f->log, &e, key);
            if (e.step.state == EVENT_FAILED)
                break;
        }
    }
}

static void test_few(void **state)
{
    struct fixture *f = *state;

    plan_keys(f, 10);
    assert_int_equal(lines_with(f, ", goes"), 9);
    assert_int_equal(lines_with(f, "CANNOT GO"), 1);
    assert_int_equal(lines_with(f, "key 3 k3\\x0a: "), 1);
    move_keys(f, 10);
    assert_int_equal(lines_with(f, "[ ok ]  8"), 9);
    assert_int_equal(lines_with(f, "[FAIL] 11"), 1);
    assert_int_equal(lines_with(f, "moved "), 0);
}

static void test_many(void **state)
{
    struct fixture *f = *state;
    struct event done = made(EVENT_KEY_DONE, SIDE_DESTINATION, 7);

    plan_keys(f, 100);
    move_keys(f, 100);
    assert_int_equal(lines_with(f, ", goes"), 20);
    assert_int_equal(lines_with(f, "and 70 more keys that go: 90 in all\n"), 1);
    assert_int_equal(lines_with(f, "CANNOT GO"), 10);
    assert_int_equal(lines_with(f, "[ ok ]"), 0);
    assert_int_equal(lines_with(f, "[FAIL] 11 relay       key 7 k7\\x0a: "), 1);
    /* 99 ticks after the first key began, 400 ms apart: a line at each third of them */
    assert_int_equal(lines_with(f, " moved "), 33);
    done.key_done.outcome = KEY_MIGRATED;
    plain_log_event(f->log, &done, 50000);
    assert_int_equal(lines_with(f, "migrated"), 0);
    done.key_done.outcome = KEY_FAILED;
    plain_log_event(f->log, &done, 50000);
    assert_int_equal(lines_with(f, "failed"), 33 + 1);
    plain_log_tick(f->log, 60000);
    assert_int_equal(lines_with(f, "key 99, moved 89 of 90, failed 1, 1 keys/s, 0 s left\n"), 1);
}

/* What is not as it was stands below a key that arrived; why some cannot be, once at the end. */
static void test_changes(void **state)
{
    struct event planned = made(EVENT_PLANNED, SIDE_SOURCE, 1);
    struct event done = made(EVENT_KEY_DONE, SIDE_DESTINATION, 1);
    struct key_desc *key = &planned.planned.desc;
    struct fixture *f = *state;
    const uint8_t sha256[32] = {0};

    key->flags = KEY_SIGN | KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_LOCAL;
    key->flags_known = (1U << KEY_FLAGS) - 1;
    key_set_label(key, "k", 1);
    planned.planned.route = ROUTE_ENVELOPE;
    planned.planned.want_flags = key->flags & ~(uint32_t)(KEY_EXTRACTABLE | KEY_LOCAL);
    done.key_done.outcome = KEY_MIGRATED;
    done.key_done.desc = *key;
    done.key_done.desc.flags = planned.planned.want_flags | KEY_COPYABLE;
    for (uint32_t number = 1; number <= 2; number++) {
        planned.key = done.key = number;
        plain_log_event(f->log, &planned, 0);
        plain_log_event(f->log, &done, 0);
    }
    assert_int_equal(lines_with(f, " is as it was except for: tightened: extractable; dropped: "
                                   "copyable; by nature: local\n"),
                     2);
    plain_log_farewell(f->log, "/reports/x.yaml", sha256, &(struct signing){0}, 0);
    assert_int_equal(lines_with(f, "\nBy nature  always-sensitive, never-extractable and local "),
                     1);
}

/* A step that takes a second is told while it is under way, once. */
static void test_slow(void **state)
{
    struct fixture *f = *state;
    struct event e = made(EVENT_STEP, SIDE_DESTINATION, 0);

    e.step.id = STEP_MAKE_PAIR;
    e.step.state = EVENT_BEGUN;
    plain_log_event(f->log, &e, 0);
    plain_log_tick(f->log, 999);
    assert_int_equal(f->size, 0);
    plain_log_tick(f->log, 1000);
    plain_log_tick(f->log, 2000);
    assert_int_equal(lines_with(f, "[ .. ]"), 1);
    e.step.state = EVENT_OK;
    plain_log_event(f->log, &e, 2500);
    plain_log_tick(f->log, 5000);
    assert_int_equal(lines_with(f, "\n"), 2);
}

static void test_fingerprints(void **state)
{
    struct fixture *f = *state;
    struct event e = made(EVENT_FINGERPRINT, SIDE_DESTINATION, 0);

    plain_log_event(f->log, &e, 0);
    assert_int_equal(lines_with(f, "Compare"), 0);
    e.side = SIDE_SOURCE;
    plain_log_event(f->log, &e, 0);
    assert_non_null(strstr(f->text, "  sha256       destination  0000 0000"));
    assert_non_null(strstr(f->text, "  words  1-8   source       aardvark adroitness "));
    assert_int_equal(lines_with(f, "aardvark"), 32);
    assert_int_equal(lines_with(f, "they are the same"), 1);
    e.fingerprint.spki_sha256[31] = 1;
    plain_log_event(f->log, &e, 0);
    assert_int_equal(lines_with(f, "THEY DIFFER"), 1);
}

/* A hybrid has the bits of its curve, and is more than that. */
static void test_fingerprints_say_of_what(void **state)
{
    static const struct {
        enum hsm_alg alg;
        uint32_t bits;
        const char *says;
    } lines[] = {
        {HSM_RSA_OAEP_SHA1, 3072, "transport key as this side reports it: RSA 3072, 9 bytes"},
        {HSM_ECDH_P384, 384, "both public keys as this side reports them: EC P-384, 9 bytes"},
        {HSM_ML_KEM_768, 768,
         "public key and ciphertext as this side reports them: ML-KEM-768, 9 bytes"},
        {HSM_ECDH_P384_ML_KEM_768, 384,
         "public keys and ciphertext as this side reports them: EC P-384, ML-KEM-768, 9 bytes"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct event choice = made(EVENT_CHOICE, SIDE_RELAY, 0);
        struct event e = made(EVENT_FINGERPRINT, SIDE_DESTINATION, 0);
        choice.choice.alg = lines[i].alg;
        choice.choice.bits = e.fingerprint.bits = lines[i].bits;
        e.fingerprint.bytes = 9;
        plain_log_event(f->log, &choice, 0);
        plain_log_event(f->log, &e, 0);
        assert_int_equal(lines_with(f, lines[i].says), 1);
    }
}

static void end_it(struct fixture *f, const char *report)
{
    const uint8_t sha256[32] = {0};
    struct event e = made(EVENT_END, SIDE_RELAY, 0);

    e.end.outcome = END_PARTIAL;
    e.end.migrated = 3;
    e.end.refused = 1;
    plain_log_event(f->log, &e, 0);
    plain_log_farewell(f->log, report, sha256, &(struct signing){0}, 77);
}

static const char *last_line(const struct fixture *f)
{
    size_t at = f->size - 1;

    while (at > 0 && f->text[at - 1] != '\n')
        at--;
    return f->text + at;
}

static void test_farewell(void **state)
{
    struct fixture *f = *state;
    struct event begin = made(EVENT_BEGIN, SIDE_RELAY, 0);
    struct event after = made(EVENT_INVENTORY, SIDE_SOURCE, 0);

    begin.begin.rehearsal = true;
    plain_log_event(f->log, &begin, 0);
    assert_non_null(strstr(f->text, "REHEARSAL: "));
    after.inventory.after = true;
    plain_log_event(f->log, &after, 0);
    after.side = SIDE_DESTINATION;
    after.inventory.unexplained = 2;
    plain_log_event(f->log, &after, 0);
    end_it(f, "/reports/x.yaml");
    assert_non_null(strstr(f->text, "the ceremony is partial: 3 migrated, 1 refused, 0 failed"));
    assert_non_null(
        strstr(f->text, "REHEARSAL  Report     /reports/x.yaml\nREHEARSAL  SHA-256    0000 "));
    assert_non_null(strstr(f->text, "\nREHEARSAL  Signature  UNSIGNED: "));
    assert_non_null(strstr(f->text, "on the source nothing: the inventories agree\n"));
    assert_non_null(strstr(f->text, "on the destination 2 unexplained objects, 0 missing"));
    assert_string_equal(last_line(f), "REHEARSAL  The ceremony is partial, exit code 77.\n");
}

/* What was not seen is not said. */
static void test_farewell_early(void **state)
{
    const uint8_t sha256[32] = {0};
    struct fixture *f = *state;

    plain_log_farewell(f->log, NULL, sha256, &(struct signing){0}, 69);
    assert_string_equal(f->text, "Report     there is none\n"
                                 "The ceremony has no report, exit code 69.\n");
    end_it(f, NULL);
    assert_int_equal(lines_with(f, "nobody has looked"), 2);
    assert_int_equal(lines_with(f, "REHEARSAL"), 0);
    assert_string_equal(last_line(f), "The ceremony is partial, exit code 77.\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_dialect),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_planned),
        cmocka_unit_test(test_canary),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_error),
        TEST(few),
        TEST(many),
        TEST(changes),
        TEST(slow),
        TEST(fingerprints),
        TEST(fingerprints_say_of_what),
        TEST(farewell),
        TEST(farewell_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
