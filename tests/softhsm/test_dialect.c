/* SPDX-License-Identifier: Apache-2.0 */
/* Dialects against a real token: what the token shows is told, and what a file says is done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/pkcs11/pkcs11.h"
#include "hsm/hsm.h"
#include "tests/softhsm/tokens.h"

static struct tokens tokens;
static struct err err;

static void must(bool ok)
{
    if (!ok)
        fail_msg("%s (%s)", err.what, err.hsm_name);
}

#define OAEP                                                                                       \
    "  rsa-oaep-sha1:\n"                                                                           \
    "    - {mechanism: CKM_RSA_PKCS_OAEP, number: \"0x9\", parameters: oaep}\n"
#define TRY(alg, mechanism, parameters)                                                            \
    "  " alg ":\n    - {mechanism: " mechanism ", parameters: " parameters "}\n"
#define ALSO(mechanism) "    - {mechanism: " mechanism ", parameters: none}\n"
#define KW              "CKM_AES_KEY_WRAP, number: \"0x2109\""
#define PAD             "CKM_AES_KEY_WRAP_PAD, number: \"0x210a\""
#define KWP             "CKM_AES_KEY_WRAP_KWP, number: \"0x210b\""
#define BELIEVE         "trust: file\nbelieved: {exact-length: no, takes-length: no, copies: yes}\n"

/* Logs in on the old token in a dialect "mine" with these lines more. */
static struct hsm *enter(const char *lines)
{
    struct hsm_where where = {.api = "pkcs11"};
    struct secret pin = {0};
    struct hsm *hsm = NULL;
    FILE *file;

    snprintf(where.module, sizeof where.module, "%s", tokens.module);
    snprintf(where.dialect, sizeof where.dialect, "%s/mine.yaml", tokens.dir);
    file = fopen(where.dialect, "w");
    assert_non_null(file);
    fprintf(file,
            "name: mine\ntitle: a test\nstatus: documents\nsources: [none]\n"
            "recognised: [{model: nothing}]\n%s",
            lines);
    assert_int_equal(fclose(file), 0);
    must(pkcs11_driver.open(&where, &hsm, &err));
    must(secret_new(&pin, SECRET_PIN_MAX, &err));
    must(secret_set(&pin, TOKENS_PIN, strlen(TOKENS_PIN), &err));
    must(hsm->driver->login(hsm, tokens.slot[TOKENS_OLD], &pin, &err));
    secret_free(&pin);
    return hsm;
}

/* What the token offers in this dialect. */
static struct hsm_capabilities capabilities_of(const char *lines)
{
    struct hsm *hsm = enter(lines);
    struct hsm_capabilities caps;

    must(hsm->driver->capabilities(hsm, &hsm_wanted_all, &caps, &err));
    hsm->driver->close(hsm);
    return caps;
}

static void check_rejected(const struct hsm_capability *capability, const char *reason)
{
    assert_false(capability->wrap || capability->unwrap);
    assert_string_equal(capability->reason, reason);
}

static void right_numbers_are_taken(void **state)
{
    struct hsm_capabilities o =
        capabilities_of("algorithms:\n" OAEP TRY("aes-kwp", PAD, "none") TRY("aes-kw", KW, "none"));

    (void)state;
    assert_true(o.alg[HSM_AES_KWP].wrap && o.alg[HSM_AES_KWP].unwrap);
    assert_string_equal(o.alg[HSM_AES_KWP].reason, "tried with test keys");
    assert_true(o.alg[HSM_AES_KW].wrap && o.alg[HSM_AES_KW].unwrap);
    check_rejected(&o.alg[HSM_AES_CBC_PAD], "the dialect mine has no mechanism for it");
}

static void the_next_number_is_tried(void **state)
{
    struct hsm_capabilities o =
        capabilities_of("algorithms:\n" OAEP TRY("aes-kwp", KWP, "none") ALSO(PAD) ALSO(KW));

    (void)state;
    assert_true(o.alg[HSM_AES_KWP].wrap && o.alg[HSM_AES_KWP].unwrap);
    assert_int_equal(o.alg[HSM_AES_KWP].mechanism, 0x210a);
    assert_string_equal(o.alg[HSM_AES_KWP].reason, "tried with test keys; not "
                                                   "CKM_AES_KEY_WRAP_KWP: CKR_MECHANISM_INVALID");
}

#define FOUND "found by trying: the dialect mine does not name it"

static void check_found(const struct hsm_capability *capability, uint64_t mechanism,
                        const char *reason)
{
    assert_true(capability->wrap && capability->unwrap);
    assert_int_equal(capability->mechanism, mechanism);
    assert_string_equal(capability->reason, reason);
}

/* The file may be older than the token. */
static void standard_numbers_are_tried_without_a_line(void **state)
{
    struct hsm_capabilities o = capabilities_of("algorithms: {}\n");

    (void)state;
    check_found(&o.alg[HSM_AES_KWP], 0x210a, FOUND);
    check_found(&o.alg[HSM_AES_KW], 0x2109, FOUND);
    check_found(&o.alg[HSM_RSA_OAEP_SHA1], 0x9, FOUND);
    check_rejected(&o.alg[HSM_RSA_OAEP_SHA256], "the dialect mine has no mechanism for it");
}

/* A file that is wrong about RFC 5649 is found out by what the token does. */
static void wrong_number_is_rejected(void **state)
{
    struct hsm_capabilities o = capabilities_of("algorithms:\n" OAEP TRY("aes-kwp", KW, "none"));

    (void)state;
    check_found(&o.alg[HSM_AES_KWP], 0x210a,
                FOUND "; not CKM_AES_KEY_WRAP: is RFC 3394, not RFC 5649");
}

static void swapped_numbers_are_rejected(void **state)
{
    struct hsm_capabilities o =
        capabilities_of("algorithms:\n" OAEP TRY("aes-kwp", KW, "none") TRY("aes-kw", PAD, "none"));

    (void)state;
    check_found(&o.alg[HSM_AES_KWP], 0x210a,
                FOUND "; not CKM_AES_KEY_WRAP: is RFC 3394, not RFC 5649");
    check_found(&o.alg[HSM_AES_KW], 0x2109,
                FOUND "; not CKM_AES_KEY_WRAP_PAD: is RFC 5649, not RFC 3394");
}

/* A number of the vendor's that the token does not know. */
static void unknown_number_is_rejected(void **state)
{
    struct hsm_capabilities o = capabilities_of(
        "algorithms:\n" OAEP TRY("aes-cbc-pad", "CKM_OTHER, number: \"0x80000042\"", "random-iv"));

    (void)state;
    check_rejected(&o.alg[HSM_AES_CBC_PAD],
                   "CKM_OTHER: CKR_MECHANISM_INVALID, though the dialect mine names it");
}

/* Where the envelope's value cannot be learnt, lengths and the difference must do. */
static void wrong_number_is_rejected_without_a_transport(void **state)
{
    struct hsm_capabilities o =
        capabilities_of("algorithms:\n" TRY("aes-kwp", KW, "none") TRY("aes-kw", KW, "none"));

    (void)state;
    check_found(&o.alg[HSM_AES_KWP], 0x210a,
                FOUND "; not CKM_AES_KEY_WRAP: is RFC 3394, not RFC 5649");
    assert_true(o.alg[HSM_AES_KW].wrap);
}

/* The control of all these: nobody looks, so the wrong number is taken. */
static void wrong_number_is_believed_when_the_file_is(void **state)
{
    struct hsm *hsm = enter(BELIEVE "algorithms:\n" OAEP TRY("aes-kwp", KW, "none"));
    struct hsm_capabilities o;
    struct bytes kwp = {0};
    uint64_t under, key;

    (void)state;
    must(hsm->driver->capabilities(hsm, &hsm_wanted_all, &o, &err));
    assert_true(o.alg[HSM_AES_KWP].wrap && o.alg[HSM_AES_KWP].unwrap);
    assert_int_equal(o.alg[HSM_AES_KWP].mechanism, 0x2109);
    assert_string_equal(o.alg[HSM_AES_KWP].wrap_call, "C_WrapKey CKM_AES_KEY_WRAP");
    assert_string_equal(o.alg[HSM_AES_KWP].reason, "taken from the dialect mine, not tried");
    assert_true(o.can_copy);
    assert_int_equal(o.exact_length, HSM_NO);
    must(hsm->driver->make_kek(hsm, 256, "hsmferry:test", &under, &err));
    must(hsm->driver->make_kek(hsm, 128, "hsmferry:test", &key, &err));
    must(hsm->driver->wrap(hsm, HSM_AES_KWP, under, key, &kwp, &err));
    assert_int_equal(kwp.len, 24);
    bytes_free(&kwp);
    hsm->driver->close(hsm);
}

/* Even then the token's own list is looked at. */
static void unlisted_number_is_not_believed(void **state)
{
    struct hsm_capabilities o =
        capabilities_of(BELIEVE "algorithms:\n" OAEP TRY("aes-kwp", KWP, "none") ALSO(PAD));

    (void)state;
    assert_int_equal(o.alg[HSM_AES_KWP].mechanism, 0x210a);
    o = capabilities_of(BELIEVE "algorithms:\n" OAEP TRY("aes-kwp", KWP, "none"));
    check_rejected(&o.alg[HSM_AES_KWP],
                   "CKM_AES_KEY_WRAP_KWP: the token does not list it; the dialect mine has no "
                   "other");
}

/* SoftHSM refuses any parameter of its key wraps. */
static void initial_value_is_said(void **state)
{
    struct hsm_capabilities o =
        capabilities_of("algorithms:\n" OAEP TRY("aes-kwp", PAD, "initial-value"));

    (void)state;
    check_rejected(&o.alg[HSM_AES_KWP], "CKM_AES_KEY_WRAP_PAD: CKR_ARGUMENTS_BAD, though the "
                                        "dialect mine names it");
}

/* SoftHSM refuses CKA_VALUE_LEN in a template; so here it must be there. */
static void required_length_is_said(void **state)
{
    struct hsm_capabilities o = capabilities_of(
        "algorithms:\n" OAEP TRY("aes-kwp", PAD, "none") "template: {value-length: required}\n");

    (void)state;
    assert_true(o.alg[HSM_AES_KWP].wrap);
    assert_false(o.alg[HSM_AES_KWP].unwrap);
    assert_non_null(strstr(o.alg[HSM_AES_KWP].reason, "CKR_ATTRIBUTE_READ_ONLY"));
}

/* What is left out of the template is set afterwards. */
static void secrecy_is_set_afterwards(void **state)
{
    struct hsm *hsm = enter("algorithms:\n" OAEP
                            "template: {secrecy: refused, omit: [unwrap-template, modifiable, "
                            "copyable, derive]}\nset-afterwards: [sensitive, extractable]\n");
    const struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                          .kind = KEY_KIND_AES,
                                          .length = 32,
                                          .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE,
                                          .label = (const uint8_t *)"hsmferry:test",
                                          .label_len = 13};
    struct hsm_pair pair = {0};
    struct bytes wrapped_key = {0};
    struct key_desc key;
    uint64_t public, aes, back;

    (void)state;
    must(hsm->driver->make_pair(hsm, 2048, "hsmferry:test", &pair, &err));
    must(hsm->driver->load_public(hsm, &pair.spki, "hsmferry:test", &public, &err));
    must(hsm->driver->make_kek(hsm, 256, "hsmferry:test", &aes, &err));
    must(hsm->driver->wrap(hsm, HSM_RSA_OAEP_SHA1, public, aes, &wrapped_key, &err));
    must(hsm->driver->unwrap(hsm, HSM_RSA_OAEP_SHA1, pair.private_handle, &wrapped_key, &template,
                             &back, &err));
    must(hsm->driver->describe(hsm, back, &key, &err));
    assert_true(key_is(&key, KEY_SENSITIVE));
    assert_true(key_is_not(&key, KEY_EXTRACTABLE));
    assert_true(key_is(&key, KEY_MODIFIABLE)); /* by default, as nothing was said */
    bytes_free(&wrapped_key);
    bytes_free(&pair.spki);
    hsm->driver->close(hsm);
}

static void info_tells_the_dialect(void **state)
{
    struct hsm *hsm = enter("algorithms: {}\nnot-enforced: [extractable]\n");
    static const uint8_t none[32];
    struct hsm_info info;

    (void)state;
    must(hsm->driver->info(hsm, &info, &err));
    assert_string_equal(info.about.dialect.name, "mine");
    assert_int_equal(info.about.dialect.status, HSM_DIALECT_DOCUMENTS);
    assert_int_equal(info.about.dialect.not_enforced, KEY_EXTRACTABLE);
    assert_memory_not_equal(info.about.dialect.sha256, none, sizeof none);
    hsm->driver->close(hsm);
}

static int make(void **state)
{
    (void)state;
    return tokens_make(&tokens) ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    tokens_remove(&tokens);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_numbers_are_taken),
        cmocka_unit_test(the_next_number_is_tried),
        cmocka_unit_test(standard_numbers_are_tried_without_a_line),
        cmocka_unit_test(unknown_number_is_rejected),
        cmocka_unit_test(wrong_number_is_rejected),
        cmocka_unit_test(swapped_numbers_are_rejected),
        cmocka_unit_test(wrong_number_is_rejected_without_a_transport),
        cmocka_unit_test(wrong_number_is_believed_when_the_file_is),
        cmocka_unit_test(unlisted_number_is_not_believed),
        cmocka_unit_test(initial_value_is_said),
        cmocka_unit_test(required_length_is_said),
        cmocka_unit_test(secrecy_is_set_afterwards),
        cmocka_unit_test(info_tells_the_dialect),
    };

    if (!tokens_module())
        return 77;
    return cmocka_run_group_tests(tests, make, unmake);
}
