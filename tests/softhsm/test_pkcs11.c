/* SPDX-License-Identifier: Apache-2.0 */
/* The PKCS#11 driver on a fresh SoftHSM token: opening, listing, offers, proofs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>

#include "driver/pkcs11/pkcs11.h"
#include "tests/softhsm/ferry.h"

static bool try_open(const char *path)
{
    struct hsm_where where = {.api = "pkcs11"};
    struct hsm *hsm;

    snprintf(where.module, sizeof where.module, "%s", path);
    if (!pkcs11_driver.open(&where, &hsm, &err))
        return false;
    hsm->driver->close(hsm);
    return true;
}

static void test_bad_modules(void **state)
{
    static const struct {
        const char *path;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"libsofthsm2.so", ERR_CONFIG, "not absolute"},
        {"", ERR_CONFIG, "not absolute"},
        {"/nonexistent/module.so", ERR_CONFIG, "cannot be opened"},
        {"/tmp", ERR_CONFIG, "not an ELF library"},
        {"/dev/null", ERR_CONFIG, "not an ELF library"},
        {"/etc/passwd", ERR_CONFIG, "not an ELF library"},
        {"/bin/sh", ERR_CONFIG, "cannot be loaded"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(try_open(rows[i].path));
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.what, rows[i].says));
    }
    assert_true(try_open(tokens.module)); /* the control */
}

static void test_library_that_is_no_module(void **state)
{
    Dl_info crypto;

    (void)state;
    assert_int_not_equal(dladdr((void *)(uintptr_t)&EVP_sha256, &crypto), 0);
    assert_false(try_open(crypto.dli_fname));
    assert_int_equal(err.code, ERR_HSM);
    assert_non_null(strstr(err.what, "C_GetFunctionList"));
}

static void test_slots(void **state)
{
    struct hsm *hsm = hsm_open();
    struct hsm_slot_list list;
    struct hsm_info info;
    unsigned seen = 0, empty = 0;

    (void)state;
    must(hsm->driver->info(hsm, &info, &err));
    assert_string_equal(info.about.api, "pkcs11");
    assert_string_equal(info.about.library, "Implementation of PKCS11");
    assert_string_equal(info.about.manufacturer, "SoftHSM");
    must(hsm->driver->slots(hsm, &list, &err));
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < list.count; i++) {
        const struct hsm_slot *slot = &list.slots[i];
        if (!(slot->flags & HSM_TOKEN_INITIALIZED)) {
            assert_string_equal(hsm_slot_obstacle(slot), "not initialised");
            empty++;
            continue;
        }
        seen |= strcmp(slot->label, "old") == 0 ? 1 : strcmp(slot->label, "new") == 0 ? 2 : 4;
        assert_null(hsm_slot_obstacle(slot));
        assert_string_equal(slot->manufacturer, "SoftHSM project");
        assert_int_equal(strlen(slot->serial), 16);
        assert_true(slot->flags & HSM_TOKEN_LOGIN_REQUIRED);
        assert_true(slot->flags & HSM_TOKEN_PIN_SET);
    }
    assert_int_equal(seen, 3);
    assert_int_equal(empty, 1);
    free(list.slots);
    hsm->driver->close(hsm);
}

static void test_login(void **state)
{
    struct hsm *hsm = hsm_open();
    struct secret none = {0};

    (void)state;
    assert_false(hsm_log_in(hsm, tokens.slot[TOKENS_OLD], "wrong-pin"));
    assert_int_equal(err.code, ERR_DENIED);
    assert_string_equal(err.hsm_name, "CKR_PIN_INCORRECT");
    assert_non_null(strstr(err.what, "wrong PIN"));
    assert_null(strstr(err.what, "wrong-pin"));
    assert_false(hsm->driver->login(hsm, tokens.slot[TOKENS_OLD], &none, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_false(hsm_log_in(hsm, 999999, TOKENS_PIN));
    assert_int_equal(err.code, ERR_HSM);
    assert_true(hsm_log_in(hsm, tokens.slot[TOKENS_OLD], TOKENS_PIN));
    assert_false(hsm_log_in(hsm, tokens.slot[TOKENS_OLD], TOKENS_PIN));
    assert_int_equal(err.code, ERR_FAILED);
    hsm->driver->close(hsm);
}

static void test_list_secrets(void **state)
{
    struct hsm *hsm = hsm_enter(TOKENS_OLD);

    (void)state;
    for (size_t i = 0; i < SECRETS; i++) {
        struct key_desc key = hsm_key(hsm, KEY_CLASS_SECRET, secrets[i].label);
        assert_int_equal(key.length, secrets[i].len);
        assert_int_equal(key.bits, 8 * secrets[i].len);
        assert_int_equal(key.id_len, 1);
        assert_int_equal(key.id[0], 0x10 + i);
        assert_false(key.has_public);
        assert_true(key_is(&key, KEY_TOKEN | KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE));
        assert_true(key_is(&key, KEY_ENCRYPT | KEY_DECRYPT | KEY_SIGN | KEY_VERIFY | KEY_WRAP |
                                     KEY_UNWRAP | KEY_DERIVE));
        assert_true(key_is_not(&key, KEY_LOCAL));
        /* that of a secret value is a hash of it, which is nobody's business */
        assert_int_equal(key.kcv_len, secrets[i].type == CKK_GENERIC_SECRET ? 0 : 3);
    }
    assert_string_equal(hsm_key(hsm, KEY_CLASS_SECRET, "aes128").type_name, "CKK_AES");
    assert_int_equal(hsm_key(hsm, KEY_CLASS_DATA, "data").kind, KEY_KIND_NONE);
    hsm->driver->close(hsm);
}

static void test_list_pairs(void **state)
{
    struct hsm *hsm = hsm_enter(TOKENS_OLD);

    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        struct key_desc private = hsm_key(hsm, KEY_CLASS_PRIVATE, pairs[i].label);
        struct key_desc public = hsm_key(hsm, KEY_CLASS_PUBLIC, pairs[i].label);
        struct key_desc again;
        assert_string_equal(private.curve, pairs[i].curve);
        assert_int_equal(private.bits, pairs[i].bits);
        assert_true(private.has_public);
        assert_true(public.has_public);
        assert_memory_equal(private.spki_sha256, public.spki_sha256, 32);
        must(hsm->driver->describe(hsm, private.handle, &again, &err));
        assert_true(again.constraints.known & KEY_TEMPLATE); /* of the first, the list has none */
        private.constraints.known |= KEY_TEMPLATE;
        assert_memory_equal(&again, &private, sizeof again);
    }
    assert_int_equal(hsm_key(hsm, KEY_CLASS_PRIVATE, "ed25519").kind, KEY_KIND_EDWARDS);
    assert_string_equal(hsm_key(hsm, KEY_CLASS_PRIVATE, "ed25519").curve, "Ed25519");
    hsm->driver->close(hsm);
}

static void test_gone(void **state)
{
    struct hsm *hsm = hsm_enter(TOKENS_OLD);
    struct key_desc key;
    uint64_t handle;

    (void)state;
    must(hsm->driver->make_kek(hsm, 256, temp_label, &handle, &err));
    must(hsm->driver->describe(hsm, handle, &key, &err));
    must(hsm->driver->destroy(hsm, handle, &err));
    must(hsm->driver->destroy(hsm, handle, &err));
    assert_false(hsm->driver->describe(hsm, handle, &key, &err));
    assert_int_equal(err.code, ERR_NO_INPUT);
    hsm->driver->close(hsm);
}

static void test_capabilities(void **state)
{
    struct hsm *hsm = hsm_enter(TOKENS_OLD);
    size_t before = hsm_count(hsm);
    struct hsm_capabilities o;

    (void)state;
    must(hsm->driver->capabilities(hsm, &hsm_wanted_all, &o, &err));
    assert_int_equal(hsm_count(hsm), before);
    assert_false(o.alg[HSM_RSA_OAEP_SHA256].wrap);
    assert_false(o.alg[HSM_RSA_OAEP_SHA256].unwrap);
    assert_string_equal(o.alg[HSM_RSA_OAEP_SHA256].reason,
                        "CKM_RSA_PKCS_OAEP SHA-256: CKR_ARGUMENTS_BAD, though the dialect softhsm "
                        "names it");
    assert_true(o.alg[HSM_RSA_OAEP_SHA1].wrap && o.alg[HSM_RSA_OAEP_SHA1].unwrap);
    assert_true(o.alg[HSM_AES_KWP].wrap && o.alg[HSM_AES_KWP].unwrap);
    assert_int_equal(o.alg[HSM_AES_KWP].mechanism, 0x210a);
    assert_string_equal(o.alg[HSM_AES_KWP].wrap_call, "C_WrapKey CKM_AES_KEY_WRAP_PAD");
    assert_true(o.alg[HSM_AES_KW].wrap && o.alg[HSM_AES_KW].unwrap);
    assert_false(o.alg[HSM_AES_CBC_PAD].wrap || o.alg[HSM_AES_CBC_PAD].unwrap);
    assert_int_equal(o.proofs,
                     ((1 << HSM_PROOF_BYTES) - 1) &
                         ~(1 << HSM_PROOF_ECDSA_SHA256 | 1 << HSM_PROOF_ECDSA_SHA384 |
                           1 << HSM_PROOF_ECDSA_SHA512 | /* it has ECDSA without a hash alone */
                           1 << HSM_PROOF_ML_DSA | 1 << HSM_PROOF_ML_KEM));
    assert_int_equal(o.limits.rsa_max, 16384);
    assert_int_equal(o.exact_length, HSM_NO);
    assert_int_equal(o.takes_length, HSM_NO);
    assert_true(o.can_copy);
    hsm->driver->close(hsm);
}

static void test_temporaries_vanish(void **state)
{
    struct hsm *hsm = hsm_enter(TOKENS_NEW);
    size_t before = hsm_count(hsm);
    struct hsm_pair pair = {0};
    struct key_desc key;
    uint64_t aes;

    (void)state;
    must(hsm->driver->make_pair(hsm, 2048, temp_label, &pair, &err));
    must(hsm->driver->make_kek(hsm, 256, temp_label, &aes, &err));
    assert_int_equal(hsm_count(hsm), before + 3);
    assert_false(hsm_find(hsm, KEY_CLASS_SECRET, temp_label, strlen(temp_label), &key));
    bytes_free(&pair.spki);
    hsm->driver->close(hsm);
    hsm = hsm_enter(TOKENS_NEW);
    assert_int_equal(hsm_count(hsm), before);
    hsm->driver->close(hsm);
}

static void test_proofs_refused(void **state)
{
    struct ferry *f = *state;
    uint64_t unused = hsm_key(f->old, KEY_CLASS_SECRET, "unused").handle;
    uint64_t aes = hsm_key(f->old, KEY_CLASS_SECRET, "aes256").handle;
    uint64_t rsa = hsm_key(f->old, KEY_CLASS_PRIVATE, "rsa2048").handle;
    const struct {
        enum hsm_proof proof;
        uint64_t handle;
        size_t len;
        enum err_code code;
    } rows[] = {
        {HSM_PROOF_AES_ECB, unused, 32, ERR_UNSUPPORTED},
        {HSM_PROOF_HMAC, unused, 32, ERR_UNSUPPORTED},
        {HSM_PROOF_HMAC, aes, 32, ERR_UNSUPPORTED},
        {HSM_PROOF_ECDSA, rsa, 32, ERR_UNSUPPORTED},
        {HSM_PROOF_DIGEST, rsa, 32, ERR_UNSUPPORTED},
        {HSM_PROOFS, aes, 32, ERR_UNSUPPORTED},
        {HSM_PROOF_AES_ECB, aes, 17, ERR_DATA},
        {HSM_PROOF_AES_ECB, aes, 0, ERR_DATA},
        {HSM_PROOF_AES_ECB, aes, HSM_CHALLENGE_MAX + 16, ERR_DATA},
        {HSM_PROOF_DIGEST, aes, 31, ERR_DATA},
        {HSM_PROOF_RSA_SIGN, rsa, 33, ERR_DATA},
        {HSM_PROOF_DIGEST, 999999, 32, ERR_NO_INPUT},
    };
    uint8_t octets[HSM_CHALLENGE_MAX + 16] = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes challenge = {octets, rows[i].len}, answer = {0};
        assert_false(f->old->driver->prove(f->old, rows[i].proof, rows[i].handle, &challenge,
                                           &answer, &err));
        assert_int_equal(err.code, rows[i].code);
    }
    assert_true(hsm_digest_is(f->old, aes, 32)); /* no operation was left under way */
}

static void test_rsa_decrypt(void **state)
{
    struct ferry *f = *state;
    uint64_t rsa = hsm_key(f->old, KEY_CLASS_PRIVATE, "rsa2048").handle;
    EVP_PKEY *public = hsm_public(f->old, rsa);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    uint8_t sealed[256];
    size_t len = sizeof sealed;
    struct bytes challenge = {sealed, sizeof sealed}, answer = {0};

    assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_encrypt(ctx, sealed, &len, value, 20), 1);
    must(f->old->driver->prove(f->old, HSM_PROOF_RSA_DECRYPT, rsa, &challenge, &answer, &err));
    assert_int_equal(answer.len, 20);
    assert_memory_equal(answer.data, value, 20);
    bytes_free(&answer);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public);
}

static void test_bad_public_keys(void **state)
{
    struct ferry *f = *state;
    uint8_t der[600] = {0};
    uint64_t ec = hsm_key(f->old, KEY_CLASS_PUBLIC, "p256").handle, handle;
    struct bytes bad = {der, f->pair.spki.len}, point = {0};

    assert_true(bad.len + 1 < sizeof der);
    assert_false(f->old->driver->load_public(f->old, &bad, temp_label, &handle, &err));
    assert_int_equal(err.code, ERR_DATA);
    memcpy(der, f->pair.spki.data, bad.len);
    bad.len++;
    assert_false(f->old->driver->load_public(f->old, &bad, temp_label, &handle, &err));
    assert_int_equal(err.code, ERR_DATA);
    bad.len -= 2;
    assert_false(f->old->driver->load_public(f->old, &bad, temp_label, &handle, &err));
    must(f->old->driver->public_key(f->old, ec, &point, &err));
    assert_false(f->old->driver->load_public(f->old, &point, temp_label, &handle, &err));
    assert_int_equal(err.code, ERR_DATA);
    bytes_free(&point);
}

static void test_loaded_key_reads_back(void **state)
{
    struct ferry *f = *state;
    struct bytes back = {0};

    must(f->old->driver->public_key(f->old, f->public, &back, &err));
    assert_true(bytes_equal(&back, &f->pair.spki));
    bytes_free(&back);
}

#define FERRY(test) cmocka_unit_test_setup_teardown(test, ferry_up, ferry_down)

/* --- two sessions of one login, each with its own thread --- */

enum { ROUNDS = 40 };

struct worker {
    struct hsm *hsm;
    pthread_t thread;
    unsigned made;
    struct err err;
};

/* Makes and destroys; every third key stays until the session ends. */
static void *make_many(void *arg)
{
    struct worker *w = arg;
    const struct hsm_driver *driver = w->hsm->driver;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t handle;
        if (!driver->make_kek(w->hsm, 256, temp_label, &handle, &w->err) ||
            (i % 3 && !driver->destroy(w->hsm, handle, &w->err)))
            break;
        w->made++;
    }
    return NULL;
}

static void test_two_sessions_at_once(void **state)
{
    struct hsm *hsm = hsm_enter(TOKENS_OLD);
    size_t before = hsm_count(hsm);
    struct worker workers[2] = {{.hsm = hsm}, {0}};

    (void)state;
    must(hsm->driver->another(hsm, &workers[1].hsm, &err));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, make_many, &workers[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        if (workers[i].made != ROUNDS)
            fail_msg("session %zu: %s", i, workers[i].err.what);
    assert_int_equal(hsm_count(hsm), before + 2 * (ROUNDS + 2) / 3);
    hsm->driver->close(workers[1].hsm);
    assert_int_equal(hsm_count(hsm), before + (ROUNDS + 2) / 3);
    make_many(&workers[0]); /* also under the numbers of those that vanished */
    assert_int_equal(workers[0].made, 2 * ROUNDS);
    hsm->driver->close(hsm);
    hsm = hsm_enter(TOKENS_OLD);
    assert_int_equal(hsm_count(hsm), before);
    hsm->driver->close(hsm);
}

static void test_no_session_before_the_login(void **state)
{
    struct hsm *hsm = hsm_open(), *other = NULL;

    (void)state;
    assert_false(hsm->driver->another(hsm, &other, &err));
    assert_int_equal(err.code, ERR_FAILED);
    assert_null(other);
    hsm->driver->close(hsm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_modules),
        cmocka_unit_test(test_library_that_is_no_module),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_list_secrets),
        cmocka_unit_test(test_list_pairs),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_temporaries_vanish),
        cmocka_unit_test(test_two_sessions_at_once),
        cmocka_unit_test(test_no_session_before_the_login),
        FERRY(test_proofs_refused),
        FERRY(test_rsa_decrypt),
        FERRY(test_bad_public_keys),
        FERRY(test_loaded_key_reads_back),
    };

    if (!tokens_module())
        return 77;
    return cmocka_run_group_tests(tests, ferry_make_tokens, ferry_remove_tokens);
}
