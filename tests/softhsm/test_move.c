/* SPDX-License-Identifier: Apache-2.0 */
/* The PKCS#11 driver between two fresh SoftHSM tokens: what moves, what does not, what is done to
 * it on the way, and how the transport keys are guarded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "agent/guard.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "tests/softhsm/ferry.h"

/* r || s into the DER that OpenSSL takes. */
static size_t encode_ecdsa(const struct bytes *raw, uint8_t *der)
{
    int half = (int)raw->len / 2;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *at = der;
    int len;

    assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw->data, half, NULL),
                                    BN_bin2bn(raw->data + half, half, NULL)),
                     1);
    len = i2d_ECDSA_SIG(sig, &at);
    ECDSA_SIG_free(sig);
    assert_true(len > 0);
    return (size_t)len;
}

static bool signature_verifies(EVP_PKEY *key, const struct bytes *digest, const struct bytes *sig)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    uint8_t der[256];
    const uint8_t *data = sig->data;
    size_t len = sig->len;
    bool ok;

    if (EVP_PKEY_is_a(key, "EC")) {
        len = encode_ecdsa(sig, der);
        data = der;
    }
    assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    ok = EVP_PKEY_verify(ctx, data, len, digest->data, digest->len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static void test_move_secrets(void **state)
{
    struct ferry *f = *state;

    for (size_t i = 0; i < SECRETS; i++) {
        struct key_desc key = hsm_key(f->old, KEY_CLASS_SECRET, secrets[i].label), is;
        uint64_t final = ferry_keep(f, ferry_move(f, &key, secrets[i].len % 8 != 0), &key);
        assert_true(hsm_digest_is(f->new, final, secrets[i].len));
        must(f->new->driver->describe(f->new, final, &is, &err));
        assert_int_equal(is.kind, key.kind);
        assert_int_equal(is.flags & KEY_USES, key.flags & KEY_USES);
        assert_true(key_is(&is, KEY_TOKEN | KEY_PRIVATE | KEY_SENSITIVE));
        assert_true(key_is_not(&is, KEY_EXTRACTABLE));
        assert_true(key_same_name(&is, &key));
    }
}

/* SoftHSM fills a secret up with zeros before it wraps it, and a digest shows it. */
static void test_zero_padding_is_seen(void **state)
{
    struct ferry *f = *state;
    struct key_desc key = hsm_key(f->old, KEY_CLASS_SECRET, "gen13");

    assert_false(hsm_digest_is(f->new, ferry_move(f, &key, false), 13));
    assert_true(hsm_digest_is(f->new, ferry_move(f, &key, true), 13));
}

static void test_move_pairs(void **state)
{
    struct ferry *f = *state;
    uint8_t digest[32] = "an arbitrary digest of 32 octet";
    struct bytes challenge = {digest, sizeof digest};

    for (size_t i = 0; i < PAIRS; i++) {
        struct key_desc key = hsm_key(f->old, KEY_CLASS_PRIVATE, pairs[i].label);
        uint64_t final = ferry_keep(f, ferry_move(f, &key, false), &key);
        EVP_PKEY *public = hsm_public(f->old, key.handle);
        enum hsm_proof proof = pairs[i].rsa_bits ? HSM_PROOF_RSA_SIGN : HSM_PROOF_ECDSA;
        struct bytes sig = {0};
        must(f->new->driver->prove(f->new, proof, final, &challenge, &sig, &err));
        assert_true(signature_verifies(public, &challenge, &sig));
        sig.data[sig.len - 1] ^= 1; /* the control */
        assert_false(signature_verifies(public, &challenge, &sig));
        bytes_free(&sig);
        EVP_PKEY_free(public);
    }
}

static void test_edwards_does_not_move(void **state)
{
    struct ferry *f = *state;
    struct key_desc key = hsm_key(f->old, KEY_CLASS_PRIVATE, "ed25519");
    struct bytes wrapped_key = {0};

    assert_false(
        f->old->driver->wrap(f->old, HSM_AES_KWP, f->wrapper, key.handle, &wrapped_key, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_string_equal(err.hsm_name, "CKR_KEY_NOT_WRAPPABLE");
}

static void test_hostile_names(void **state)
{
    static const uint8_t none[1] = {0};
    struct ferry *f = *state;
    uint8_t long_label[255];
    const struct {
        const void *label;
        size_t len;
    } rows[] = {{HOSTILE, sizeof HOSTILE - 1}, {long_label, sizeof long_label}, {none, 0}};

    memset(long_label, 0xc3, sizeof long_label);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct key_desc key, is;
        assert_true(hsm_find(f->old, KEY_CLASS_SECRET, rows[i].label, rows[i].len, &key));
        must(f->new->driver->describe(f->new, ferry_keep(f, ferry_move(f, &key, false), &key), &is,
                                      &err));
        assert_int_equal(is.label_len, rows[i].len);
        assert_memory_equal(is.label, rows[i].label, rows[i].len);
        assert_memory_equal(is.id, key.id, sizeof is.id);
    }
}

/* Guards that forbid a copy wait for the commit; SoftHSM then takes MODIFIABLE, not COPYABLE. */
static void test_guards_wait_for_commit(void **state)
{
    struct ferry *f = *state;
    struct key_desc fixed = hsm_key(f->old, KEY_CLASS_SECRET, "unmodifiable");
    struct key_desc once = hsm_key(f->old, KEY_CLASS_SECRET, "uncopyable");
    struct key_desc is;

    assert_true(key_is_not(&fixed, KEY_MODIFIABLE));
    must(f->new->driver->describe(f->new, ferry_keep(f, ferry_move(f, &fixed, false), &fixed), &is,
                                  &err));
    assert_true(key_is_not(&is, KEY_MODIFIABLE));
    assert_true(key_is(&is, KEY_COPYABLE));
    assert_true(key_is_not(&once, KEY_COPYABLE));
    must(f->new->driver->describe(f->new, ferry_keep(f, ferry_move(f, &once, false), &once), &is,
                                  &err));
    assert_true(key_is(&is, KEY_MODIFIABLE));
}

static void test_keys_that_may_not_leave(void **state)
{
    static const char *const labels[] = {"stays", "trusted"};
    struct ferry *f = *state;

    for (size_t i = 0; i < 2; i++) {
        struct key_desc key = hsm_key(f->old, KEY_CLASS_SECRET, labels[i]);
        struct bytes wrapped_key = {0};
        struct guard guard = {.hsm = f->old};
        assert_false(guard_wrap(&guard, HSM_AES_KWP, f->wrapper, key.handle, &wrapped_key, &err));
        assert_int_equal(err.code, ERR_DENIED);
        assert_int_equal(err.hsm_code, 0); /* our own word, not the token's */
        assert_int_equal(wrapped_key.len, 0);
        assert_false(/* the control: its own comes later */
                     f->old->driver->wrap(f->old, HSM_AES_KWP, f->wrapper, key.handle, &wrapped_key,
                                          &err));
        assert_int_not_equal(err.hsm_code, 0);
    }
}

/* --- damage --- */

static void damaged(struct ferry *f, enum hsm_alg alg, const struct bytes *wrapped_key)
{
    static const char *const says =
        "the wrapped key was not accepted: it is not what the other side sent";
    bool direct = alg == HSM_RSA_OAEP_SHA1;
    struct key_desc key = hsm_key(f->old, KEY_CLASS_SECRET, "aes256");
    struct hsm_template template = ferry_template(&key, NULL);
    size_t before = hsm_count(f->new);
    struct guard guard = {.hsm = f->new};
    uint64_t handle;

    assert_false(guard_unwrap(&guard, alg, direct ? f->pair.private_handle : f->arrived,
                              wrapped_key, &template, &handle, &err));
    assert_int_equal(err.code, ERR_DATA);
    assert_string_equal(err.what, says);
    assert_int_equal(err.hsm_code, 0);
    assert_string_equal(err.hsm_name, "");
    assert_int_equal(hsm_count(f->new), before);
}

static void damage_in_all_ways(struct ferry *f, enum hsm_alg alg, const struct bytes *good)
{
    uint8_t bad[HSM_BLOB_MAX + 8] = {0};

    memcpy(bad, good->data, good->len);
    for (size_t at = 0; at < good->len; at += good->len / 4) {
        bad[at] ^= 0x10;
        damaged(f, alg, &(struct bytes){bad, good->len});
        bad[at] ^= 0x10;
    }
    damaged(f, alg, &(struct bytes){bad, 0});
    damaged(f, alg, &(struct bytes){bad, 1});
    damaged(f, alg, &(struct bytes){bad, 8});
    damaged(f, alg, &(struct bytes){bad, good->len - 8});
    damaged(f, alg, &(struct bytes){bad, good->len - 1});
    damaged(f, alg, &(struct bytes){bad, good->len + 1});
    damaged(f, alg, &(struct bytes){bad, good->len + 8});
    damaged(f, alg, &(struct bytes){bad, HSM_BLOB_MAX});
    damaged(f, alg, &(struct bytes){bad, sizeof bad});
    memset(bad, 0, good->len);
    damaged(f, alg, &(struct bytes){bad, good->len});
    memset(bad, 0xff, good->len);
    damaged(f, alg, &(struct bytes){bad, good->len});
}

static void test_damaged_blobs(void **state)
{
    struct ferry *f = *state;
    struct key_desc key = hsm_key(f->old, KEY_CLASS_SECRET, "aes256");
    struct bytes wrapped_key = {0};

    must(f->old->driver->wrap(f->old, HSM_AES_KWP, f->wrapper, key.handle, &wrapped_key, &err));
    damage_in_all_ways(f, HSM_AES_KWP, &wrapped_key);
    damage_in_all_ways(f, HSM_RSA_OAEP_SHA1, &f->wrapped_key);
    ferry_move(f, &key, false); /* the control */
    bytes_free(&wrapped_key);
}

static void test_transport_keys_are_guarded(void **state)
{
    struct ferry *f = *state;
    struct key_desc key;

    must(f->new->driver->describe(f->new, f->pair.private_handle, &key, &err));
    assert_int_equal(key.flags & KEY_USES, KEY_UNWRAP);
    assert_true(key_is(&key, KEY_PRIVATE | KEY_SENSITIVE | KEY_LOCAL));
    assert_int_equal(key.flags & (KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE | KEY_TOKEN), 0);
    must(f->old->driver->describe(f->old, f->wrapper, &key, &err));
    assert_int_equal(key.flags & KEY_USES, KEY_WRAP);
    assert_true(key_is(&key, KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_LOCAL | KEY_ALWAYS_SENSITIVE));
    assert_int_equal(key.flags & (KEY_MODIFIABLE | KEY_COPYABLE | KEY_TOKEN), 0);
    must(f->old->driver->describe(f->old, f->public, &key, &err));
    assert_int_equal(key.flags & KEY_USES, KEY_WRAP);
    assert_int_equal(key.flags & KEY_TOKEN, 0);
    must(f->new->driver->describe(f->new, f->arrived, &key, &err));
    assert_int_equal(key.flags & KEY_USES, KEY_UNWRAP);
    assert_true(key_is(&key, KEY_SENSITIVE));
    /* SoftHSM takes no COPYABLE when it unwraps, but does not copy what is not modifiable */
    assert_int_equal(key.flags & (KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_TOKEN), 0);
}

/* The same blob must not come out readable a second time. */
static void test_transport_key_forces_secrecy(void **state)
{
    struct ferry *f = *state;
    struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                    .kind = KEY_KIND_AES,
                                    .flags = KEY_UNWRAP | KEY_EXTRACTABLE,
                                    .label = (const uint8_t *)temp_label,
                                    .label_len = strlen(temp_label)};
    uint64_t handle;

    assert_false(f->new->driver->unwrap(f->new, HSM_RSA_OAEP_SHA1, f->pair.private_handle,
                                        &f->wrapped_key, &template, &handle, &err));
    template.flags |= KEY_SENSITIVE; /* the control */
    must(f->new->driver->unwrap(f->new, HSM_RSA_OAEP_SHA1, f->pair.private_handle, &f->wrapped_key,
                                &template, &handle, &err));
}

/* Straight through the module, as whoever else is logged in could try. */
static void test_transport_keys_cannot_be_loosened(void **state)
{
    struct ferry *f = *state;
    struct p11 *p = p11_of(f->old), *q = p11_of(f->new);
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE decrypt = {CKA_DECRYPT, &yes, 1};
    CK_MECHANISM pkcs1 = {CKM_RSA_PKCS, NULL, 0};
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE minimal[] = {{CKA_CLASS, &class, sizeof class},
                              {CKA_KEY_TYPE, &type, sizeof type},
                              {CKA_SENSITIVE, &yes, 1}};
    CK_OBJECT_HANDLE made;

    assert_int_equal(p->fn->C_SetAttributeValue(p->session, f->wrapper, &decrypt, 1),
                     CKR_ACTION_PROHIBITED);
    assert_int_equal(p->fn->C_CopyObject(p->session, f->wrapper, &decrypt, 1, &made),
                     CKR_ACTION_PROHIBITED);
    assert_int_equal(q->fn->C_SetAttributeValue(q->session, f->arrived, &decrypt, 1),
                     CKR_ACTION_PROHIBITED);
    assert_int_equal(q->fn->C_CopyObject(q->session, f->arrived, &decrypt, 1, &made),
                     CKR_ATTRIBUTE_READ_ONLY);
    assert_int_equal(q->fn->C_UnwrapKey(q->session, &pkcs1, f->pair.private_handle,
                                        f->wrapped_key.data, f->wrapped_key.len, minimal, 3, &made),
                     CKR_MECHANISM_INVALID);
}

#define FERRY(test) cmocka_unit_test_setup_teardown(test, ferry_up, ferry_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FERRY(test_move_secrets),
        FERRY(test_zero_padding_is_seen),
        FERRY(test_move_pairs),
        FERRY(test_edwards_does_not_move),
        FERRY(test_hostile_names),
        FERRY(test_guards_wait_for_commit),
        FERRY(test_keys_that_may_not_leave),
        FERRY(test_damaged_blobs),
        FERRY(test_transport_keys_are_guarded),
        FERRY(test_transport_key_forces_secrecy),
        FERRY(test_transport_keys_cannot_be_loosened),
    };

    if (!tokens_module())
        return 77;
    return cmocka_run_group_tests(tests, ferry_make_tokens, ferry_remove_tokens);
}
