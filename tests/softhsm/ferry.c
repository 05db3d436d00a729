/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softhsm/ferry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509.h>

#include "driver/pkcs11/pkcs11.h"

struct tokens tokens;
struct err err;
uint8_t value[64];

const char temp_label[] = "hsmferry:test";
static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
static const uint8_t oid_k256[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
static const uint8_t oid_bp256[] = {0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 7};
static const uint8_t oid_ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

const struct secret_row secrets[SECRETS] = {
    {"aes128", CKK_AES, 16},           {"aes192", CKK_AES, 24},
    {"aes256", CKK_AES, 32},           {"gen13", CKK_GENERIC_SECRET, 13},
    {"gen20", CKK_GENERIC_SECRET, 20}, {"gen32", CKK_GENERIC_SECRET, 32},
    {"gen64", CKK_GENERIC_SECRET, 64}, {"des3", CKK_DES3, 24},
};

const struct pair_row pairs[PAIRS] = {
    {"rsa2048", 2048, NULL, 0, "", 2048},
    {"p256", 0, oid_p256, sizeof oid_p256, "P-256", 256},
    {"p384", 0, oid_p384, sizeof oid_p384, "P-384", 384},
    {"p521", 0, oid_p521, sizeof oid_p521, "P-521", 521},
    {"k256", 0, oid_k256, sizeof oid_k256, "secp256k1", 256},
    {"bp256", 0, oid_bp256, sizeof oid_bp256, "brainpoolP256r1", 256},
};

static void put_secrets(struct tokens_session *s)
{
    for (size_t i = 0; i < SECRETS; i++)
        assert_int_not_equal(
            tokens_put(s, &(struct tokens_object){.class = CKO_SECRET_KEY,
                                                  .type = secrets[i].type,
                                                  .value = value,
                                                  .value_len = secrets[i].len,
                                                  .label = secrets[i].label,
                                                  .label_len = strlen(secrets[i].label),
                                                  .id = (uint8_t)(0x10 + i)}),
            0);
}

static void put_pairs(struct tokens_session *s)
{
    for (size_t i = 0; i < PAIRS; i++) {
        const struct pair_row *row = &pairs[i];
        uint8_t id = (uint8_t)(0x20 + i);
        CK_OBJECT_HANDLE made = row->rsa_bits ? tokens_put_rsa(s, row->rsa_bits, row->label, id)
                                              : tokens_put_ec(s, CKM_EC_KEY_PAIR_GEN, row->oid,
                                                              row->oid_len, row->label, id);
        assert_int_not_equal(made, 0);
    }
    assert_int_not_equal(tokens_put_ec(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, oid_ed25519,
                                       sizeof oid_ed25519, "ed25519", 0x2f),
                         0);
}

static void put_special(struct tokens_session *s)
{
    static char long_label[255];
    const struct tokens_object rows[] = {
        {.label = "stays", .label_len = 5, .unextractable = true},
        {.label = "trusted", .label_len = 7, .trusted_only = true},
        {.label = "unmodifiable", .label_len = 12, .unmodifiable = true},
        {.label = "uncopyable", .label_len = 10, .uncopyable = true},
        {.label = "unused", .label_len = 6, .unused = true},
        {.label = HOSTILE, .label_len = sizeof HOSTILE - 1},
        {.label = long_label, .label_len = sizeof long_label},
        {.label = "", .label_len = 0},
    };

    memset(long_label, 0xc3, sizeof long_label);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tokens_object o = rows[i];
        o.class = CKO_SECRET_KEY;
        o.type = CKK_AES;
        o.value = value;
        o.value_len = 32;
        o.id = (uint8_t)(0x30 + i);
        assert_int_not_equal(tokens_put(s, &o), 0);
    }
    assert_int_not_equal(tokens_put(s, &(struct tokens_object){.class = CKO_DATA,
                                                               .value = value,
                                                               .value_len = 5,
                                                               .label = "data",
                                                               .label_len = 4}),
                         0);
}

int ferry_make_tokens(void **state)
{
    struct tokens_session s;

    (void)state;
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i ^ 0x5a);
    if (!tokens_make(&tokens) || !tokens_enter(&tokens, TOKENS_OLD, &s))
        return -1;
    put_secrets(&s);
    put_pairs(&s);
    put_special(&s);
    tokens_leave(&s);
    return 0;
}

int ferry_remove_tokens(void **state)
{
    (void)state;
    tokens_remove(&tokens);
    return 0;
}

void must(bool ok)
{
    if (!ok)
        fail_msg("%s (%s)", err.what, err.hsm_name);
}

struct hsm *hsm_open(void)
{
    struct hsm_where where = {.api = "pkcs11"};
    struct hsm *hsm = NULL;

    snprintf(where.module, sizeof where.module, "%s", tokens.module);
    snprintf(where.dialect, sizeof where.dialect, "%s", tokens_dialect());
    must(pkcs11_driver.open(&where, &hsm, &err));
    return hsm;
}

bool hsm_log_in(struct hsm *hsm, uint64_t slot, const char *text)
{
    struct secret pin = {0};
    bool ok;

    assert_true(secret_new(&pin, SECRET_PIN_MAX, NULL));
    assert_true(secret_set(&pin, text, strlen(text), NULL));
    ok = hsm->driver->login(hsm, slot, &pin, &err);
    secret_free(&pin);
    return ok;
}

struct hsm *hsm_enter(enum tokens_side side)
{
    struct hsm *hsm = hsm_open();

    must(hsm_log_in(hsm, tokens.slot[side], TOKENS_PIN));
    return hsm;
}

bool hsm_find(struct hsm *hsm, enum key_class class, const void *label, size_t len,
              struct key_desc *key)
{
    struct key_list list = {0};
    bool found = false;

    must(hsm->driver->list(hsm, &list, &err));
    for (size_t i = 0; !found && i < list.count; i++) {
        *key = list.keys[i];
        found = key->class == class && key->label_len == len && memcmp(key->label, label, len) == 0;
    }
    key_list_free(&list);
    return found;
}

struct key_desc hsm_key(struct hsm *hsm, enum key_class class, const char *label)
{
    struct key_desc key;

    if (!hsm_find(hsm, class, label, strlen(label), &key))
        fail_msg("no key %s", label);
    return key;
}

size_t hsm_count(struct hsm *hsm)
{
    uint64_t *handles;
    size_t count;

    must(hsm->driver->handles(hsm, &handles, &count, &err));
    for (size_t i = 1; i < count; i++)
        assert_true(handles[i - 1] < handles[i]);
    free(handles);
    return count;
}

int ferry_up(void **state)
{
    struct ferry *f = calloc(1, sizeof *f);
    struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                    .kind = KEY_KIND_AES,
                                    .length = 32,
                                    .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE,
                                    .label = (const uint8_t *)temp_label,
                                    .label_len = strlen(temp_label)};

    f->old = hsm_enter(TOKENS_OLD);
    f->new = hsm_enter(TOKENS_NEW);
    must(f->new->driver->make_pair(f->new, 2048, temp_label, &f->pair, &err));
    must(f->old->driver->load_public(f->old, &f->pair.spki, temp_label, &f->public, &err));
    must(f->old->driver->make_kek(f->old, 256, temp_label, &f->wrapper, &err));
    must(f->old->driver->wrap(f->old, HSM_RSA_OAEP_SHA1, f->public, f->wrapper, &f->wrapped_key,
                              &err));
    must(f->new->driver->unwrap(f->new, HSM_RSA_OAEP_SHA1, f->pair.private_handle, &f->wrapped_key,
                                &template, &f->arrived, &err));
    *state = f;
    return 0;
}

int ferry_down(void **state)
{
    struct ferry *f = *state;

    bytes_free(&f->wrapped_key);
    bytes_free(&f->pair.spki);
    f->old->driver->close(f->old);
    f->new->driver->close(f->new);
    free(f);
    return 0;
}

/* A template for the key as it is on the old side, sensitive and not extractable. */
struct hsm_template ferry_template(const struct key_desc *key, const struct bytes *spki)
{
    return (struct hsm_template){
        .class = key->class,
        .kind = key->kind,
        .length = key->length,
        .flags = ((key->flags & (KEY_USES | KEY_MODIFIABLE | KEY_COPYABLE)) | KEY_TOKEN |
                  KEY_PRIVATE | KEY_SENSITIVE) &
                 ~(uint32_t)KEY_EXTRACTABLE,
        .label = (const uint8_t *)temp_label,
        .label_len = strlen(temp_label),
        .spki = spki,
    };
}

/* Moves one key; returns the handle of the temporary one on the new side. */
uint64_t ferry_move(struct ferry *f, const struct key_desc *key, bool direct)
{
    enum hsm_alg alg = direct ? HSM_RSA_OAEP_SHA1 : HSM_AES_KWP;
    struct hsm_template template = ferry_template(key, NULL);
    struct bytes wrapped_key = {0};
    uint64_t handle;

    must(f->old->driver->wrap(f->old, alg, direct ? f->public : f->wrapper, key->handle,
                              &wrapped_key, &err));
    must(f->new->driver->unwrap(f->new, alg, direct ? f->pair.private_handle : f->arrived,
                                &wrapped_key, &template, &handle, &err));
    bytes_free(&wrapped_key);
    return handle;
}

uint64_t ferry_keep(struct ferry *f, uint64_t temporary, const struct key_desc *key)
{
    uint64_t final;

    must(f->new->driver->commit(f->new, temporary, key->label, key->label_len, key->id, key->id_len,
                                &final, &err));
    must(f->new->driver->destroy(f->new, temporary, &err));
    return final;
}

/* SHA-256(nonce || value) as OpenSSL says and as the HSM says. */
bool hsm_digest_is(struct hsm *hsm, uint64_t handle, size_t len)
{
    uint8_t nonce[32], ours[32], input[32 + sizeof value];
    struct bytes challenge = {nonce, sizeof nonce}, theirs = {0};
    bool same;

    memset(nonce, 0x33, sizeof nonce);
    memcpy(input, nonce, sizeof nonce);
    memcpy(input + sizeof nonce, value, len);
    assert_int_equal(EVP_Digest(input, sizeof nonce + len, ours, NULL, EVP_sha256(), NULL), 1);
    must(hsm->driver->prove(hsm, HSM_PROOF_DIGEST, handle, &challenge, &theirs, &err));
    same = theirs.len == sizeof ours && memcmp(ours, theirs.data, sizeof ours) == 0;
    bytes_free(&theirs);
    return same;
}

EVP_PKEY *hsm_public(struct hsm *hsm, uint64_t handle)
{
    struct bytes spki = {0};
    const unsigned char *at;
    EVP_PKEY *key;

    must(hsm->driver->public_key(hsm, handle, &spki, &err));
    at = spki.data;
    key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    assert_non_null(key);
    assert_ptr_equal(at, spki.data + spki.len);
    bytes_free(&spki);
    return key;
}
