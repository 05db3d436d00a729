/* SPDX-License-Identifier: Apache-2.0 */
/* half: which public key belongs to a private one is decided by what the key signs, however many
 * candidates there are, whatever they are called, and whatever the HSM says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ceremony/half.h"

enum { PAIRS = 66, HANDLE = 1000, MOST = 64 };

/* A source with one private EC key and public objects; object number i of them has handle i + 1. */
struct world {
    struct hsm hsm; /* the first member: the driver finds the world by it */
    struct event_sink sink;
    EVP_PKEY *pair[PAIRS]; /* made once */
    struct bytes spki[PAIRS], object[PAIRS];
    struct party source;
    struct plan plan;
    struct ceremony_host host;
    struct narrator narrator;
    struct key_desc keys[PAIRS];
    EVP_PKEY *signer; /* what really signs; NULL: the key refuses to, with this code ... */
    enum err_code refusal;
    uint64_t bad; /* the object at which reading fails with this code; 0: none */
    enum err_code failure;
    bool scribbles; /* what is signed is no signature */
    unsigned signatures, reads, notes;
    struct err err;
};

static bool count_notes(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct world *w = (struct world *)((char *)sink - offsetof(struct world, sink));
    (void)err;

    w->notes += event->kind == EVENT_WARNING;
    return true;
}

static int64_t no_time(void *ctx)
{
    (void)ctx;
    return 0;
}

/* --- the HSM --- */

static bool read_object(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    struct world *w = (struct world *)hsm;

    w->reads++;
    if (handle == w->bad)
        return err_set(err, w->failure, "it is not read");
    if (handle == HANDLE) /* what the driver joined to the private key by id */
        return bytes_set(der, w->object[0].data, w->object[0].len, err);
    assert_in_range(handle, 1, PAIRS);
    return bytes_set(der, w->object[handle - 1].data, w->object[handle - 1].len, err);
}

/* r || s, as PKCS#11 has it. */
static bool prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                  const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct world *w = (struct world *)hsm;
    uint8_t der[128];
    const uint8_t *at = der;
    size_t len = sizeof der;
    EVP_PKEY_CTX *ctx;
    ECDSA_SIG *sig;

    assert_int_equal(proof, HSM_PROOF_ECDSA);
    assert_int_equal(handle, HANDLE);
    assert_int_equal(challenge->len, SHA256_DIGEST_LENGTH);
    w->signatures++;
    if (!w->signer)
        return err_set_hsm(err, w->refusal, 0x30, "CKR_DEVICE_ERROR", "it does not sign");
    ctx = EVP_PKEY_CTX_new(w->signer, NULL);
    assert_true(EVP_PKEY_sign_init(ctx) == 1 &&
                EVP_PKEY_sign(ctx, der, &len, challenge->data, challenge->len) == 1);
    EVP_PKEY_CTX_free(ctx);
    sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_true(sig && bytes_make(answer, 64, err));
    assert_true(BN_bn2binpad(ECDSA_SIG_get0_r(sig), answer->data, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), answer->data + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    answer->data[5] ^= w->scribbles;
    return true;
}

static const struct hsm_driver driver = {
    .prove = prove, .public_key = read_object, .certificate = read_object};

/* --- what it has --- */

static struct bytes spki_of(EVP_PKEY *pkey)
{
    struct bytes made = {0};
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    assert_true(len > 0 && bytes_set(&made, der, (size_t)len, NULL));
    OPENSSL_free(der);
    return made;
}

static struct bytes certificate_of(EVP_PKEY *pkey)
{
    struct bytes made = {0};
    X509 *x = X509_new();
    uint8_t *der = NULL;
    int len;

    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, pkey);
    assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
    len = i2d_X509(x, &der);
    assert_true(len > 0 && bytes_set(&made, der, (size_t)len, NULL));
    OPENSSL_free(der);
    X509_free(x);
    return made;
}

static void name(struct key_desc *key, const char *label, const char *id)
{
    key_set_label(key, label, strlen(label));
    key_set_id(key, id, strlen(id));
}

/* One more public key, of this pair; no name joins it to the private key. */
static struct key_desc *add(struct world *w, size_t pair)
{
    struct key_list *list = &w->source.keys;
    struct key_desc *key = &w->keys[list->count];

    *key = (struct key_desc){.class = KEY_CLASS_PUBLIC,
                             .kind = KEY_KIND_EC,
                             .bits = 256,
                             .curve = "P-256",
                             .handle = list->count + 1,
                             .has_public = true};
    name(key, "other", "77");
    SHA256(w->spki[pair].data, w->spki[pair].len, key->spki_sha256);
    bytes_free(&w->object[list->count]);
    assert_true(bytes_set(&w->object[list->count], w->spki[pair].data, w->spki[pair].len, NULL));
    list->keys = w->keys;
    list->count++;
    return key;
}

static void add_certificate(struct world *w, size_t pair)
{
    struct key_desc *key = add(w, pair);
    size_t at = (size_t)key->handle - 1;

    key->class = KEY_CLASS_CERTIFICATE;
    key->kind = KEY_KIND_NONE;
    key->has_public = false;
    key->curve[0] = '\0';
    key->bits = 0;
    bytes_free(&w->object[at]);
    w->object[at] = certificate_of(w->pair[pair]);
}

/* A source without public objects, whose private key is that of pair 0. */
static struct plan_item *begin(struct world *w)
{
    struct plan_item *item = w->plan.items;

    w->source.keys.count = 0;
    free(item->own);
    *item = (struct plan_item){.route = ROUTE_ENVELOPE};
    assert_true(plan_item_own(item, NULL));
    *item->own = (struct key_desc){.class = KEY_CLASS_PRIVATE,
                                   .kind = KEY_KIND_EC,
                                   .bits = 256,
                                   .curve = "P-256",
                                   .handle = HANDLE,
                                   .flags = KEY_SIGN,
                                   .flags_known = KEY_USES};
    name(item->own, "k", "01");
    w->signer = w->pair[0];
    w->bad = 0;
    w->scribbles = false;
    w->signatures = w->reads = w->notes = 0;
    w->err = (struct err){0};
    return item;
}

static bool finds(struct world *w)
{
    return halves_find(&w->source, &w->plan, &w->narrator, &w->err);
}

static bool is_pair(const struct world *w, const struct plan_item *item, size_t pair)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    SHA256(w->spki[pair].data, w->spki[pair].len, digest);
    return item->key->has_public && memcmp(item->key->spki_sha256, digest, sizeof digest) == 0;
}

static void says(const struct plan_item *item, const char *words)
{
    if (!strstr(item->half_text, words))
        fail_msg("\"%s\", not \"%s\"", item->half_text, words);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    for (size_t i = 0; i < PAIRS; i++) {
        w->pair[i] = EVP_EC_gen("P-256");
        w->spki[i] = spki_of(w->pair[i]);
    }
    w->hsm.driver = &driver;
    w->sink.emit = count_notes;
    w->host = (struct ceremony_host){.utc_ms = no_time, .mono_us = no_time, .sink = &w->sink};
    narrator_begin(&w->narrator, &w->host);
    w->source.hsm = &w->hsm;
    w->source.caps.proofs = UINT32_C(1) << HSM_PROOF_ECDSA;
    w->plan.items = calloc(1, sizeof *w->plan.items);
    w->plan.count = 1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < PAIRS; i++) {
        EVP_PKEY_free(w->pair[i]);
        bytes_free(&w->spki[i]);
        bytes_free(&w->object[i]);
    }
    plan_free(&w->plan);
    free(w);
    return 0;
}

/* --- the tests --- */

/* Of so many, the one at this place (from 1) is the key's; 0: none is. One signature is enough for
 * all of them, and a key is asked twice before it is said that none is. */
static void however_many_there_are(void **state)
{
    static const struct {
        size_t count, at;
        unsigned signatures;
        const char *words;
    } rows[] = {
        {0, 0, 0, "no public key or certificate on the source belongs to it"},
        {1, 1, 1, "was found by a signature: in the public key other"},
        {1, 0, 2, "no public key or certificate on the source belongs to it"},
        {2, 1, 1, "was found by a signature"},
        {2, 2, 1, "was found by a signature"},
        {2, 0, 2, "no public key or certificate on the source belongs to it"},
        {MOST, MOST, 1, "was found by a signature"},
        {MOST, 0, 2, "no public key or certificate on the source belongs to it"},
        {MOST + 1, 1, 1, "was found by a signature"},
        {MOST + 1, MOST + 1, 2,
         "of the first 64 public keys and certificates none belongs to it, and 1 more were not"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct plan_item *item = begin(w);
        bool tried = rows[i].at > 0 && rows[i].at <= MOST;
        for (size_t n = 1; n <= rows[i].count; n++)
            add(w, n == rows[i].at ? 0 : n);
        assert_true(finds(w));
        assert_true(item->sought);
        says(item, rows[i].words);
        assert_int_equal(w->signatures, rows[i].signatures);
        assert_int_equal(item->key->has_public, tried);
        assert_int_equal(item->half.handle, tried ? rows[i].at : 0);
        assert_true(!tried || is_pair(w, item, 0));
        assert_int_equal(item->shown, tried);
    }
}

/* Each public key is read once, that of the key among them: the plan knows then how long it is.
 * Without another one there is no doubt, and nothing is shown. The control: one that is read as
 * another key than was listed is not kept. */
static void each_public_key_is_read_once(void **state)
{
    struct world *w = *state;

    for (size_t others = 0; others < 2; others++)
        for (int changed = 0; changed < 2; changed++) {
            struct plan_item *item = begin(w);
            name(add(w, 0), "k", "01");
            if (others)
                add(w, 1);
            item->own->has_public = true;
            memcpy(item->own->spki_sha256, w->keys[0].spki_sha256, sizeof item->own->spki_sha256);
            if (changed)
                assert_true(bytes_set(&w->object[0], w->spki[2].data, w->spki[2].len, NULL));
            assert_true(finds(w));
            assert_int_equal(w->plan.read_count, 1 + others - (size_t)changed);
            if (changed)
                continue;
            assert_int_equal(w->reads, 1 + others);
            assert_int_equal(w->signatures, others);
            assert_int_equal(item->shown, others);
            assert_int_equal(w->plan.read[0].handle, 1);
            assert_int_equal(w->plan.read[0].bytes, w->spki[0].len);
        }
}

/* No name is believed. The control is the same world in which the other key signs: then the half
 * that a name points to is taken, as it would always be without the signature. */
static void a_name_decides_nothing(void **state)
{
    static const struct {
        const char *label, *id; /* of the stranger's public key */
    } rows[] = {{"other", "01"}, {"k", "77"}, {"k", "01"}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t owner = 0; owner < 2; owner++) {
            struct plan_item *item = begin(w);
            name(add(w, 1), rows[i].label, rows[i].id);
            add(w, 0);
            /* the driver joined the two by id, and listed the stranger's half with the key */
            item->own->has_public = strcmp(rows[i].id, "01") == 0;
            memcpy(item->own->spki_sha256, w->keys[0].spki_sha256, sizeof item->own->spki_sha256);
            w->signer = w->pair[owner];
            assert_true(finds(w));
            assert_true(is_pair(w, item, owner));
        }
}

static void a_key_that_does_not_sign(void **state)
{
    static const enum err_code codes[] = {ERR_HSM, ERR_DENIED, ERR_FAILED};
    struct world *w = *state;
    struct plan_item *item;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        item = begin(w);
        add(w, 0);
        w->signer = NULL;
        w->refusal = codes[i];
        assert_true(finds(w));
        says(item, "the source fails to show which public key belongs to it (CKR_DEVICE_ERROR)");
        assert_false(item->key->has_public);
        assert_int_equal(w->signatures, 2); /* one fault must not cost a key */
    }
    item = begin(w);
    add(w, 0);
    item->own->flags = 0;
    assert_true(finds(w));
    says(item, "its uses allow no operation that shows which public key belongs to it");
    assert_int_equal(w->signatures, 0);
    item = begin(w);
    add(w, 0);
    item->own->constraints.allowed_count = 1;
    item->own->constraints.allowed[0] = 0x1042; /* CKM_ECDSA_SHA1 */
    assert_true(finds(w));
    assert_false(item->key->has_public);
    assert_int_equal(w->signatures, 0);
}

static void lies(void **state)
{
    struct world *w = *state;
    struct plan_item *item = begin(w);

    /* the object reads otherwise than it was listed: it is nobody's */
    add(w, 1);
    bytes_free(&w->object[0]);
    assert_true(bytes_set(&w->object[0], w->spki[0].data, w->spki[0].len, NULL));
    assert_true(finds(w));
    assert_false(item->key->has_public);
    assert_int_equal(w->signatures, 0);
    /* it reads as it was listed, and does not verify */
    item = begin(w);
    name(add(w, 1), "k", "01");
    assert_true(finds(w));
    assert_false(item->key->has_public);
    says(item, "no public key or certificate on the source belongs to it");
    /* what it signs is no signature */
    item = begin(w);
    name(add(w, 0), "k", "01");
    w->scribbles = true;
    assert_true(finds(w));
    assert_false(item->key->has_public);
    /* it is no key at all */
    item = begin(w);
    add(w, 0);
    w->object[0].len--;
    SHA256(w->object[0].data, w->object[0].len, w->keys[0].spki_sha256);
    assert_true(finds(w));
    assert_false(item->key->has_public);
    assert_int_equal(w->signatures, 0);
}

static void a_certificate_is_enough(void **state)
{
    struct world *w = *state;
    struct plan_item *item = begin(w);

    add_certificate(w, 1);
    add_certificate(w, 0);
    assert_true(finds(w));
    assert_true(is_pair(w, item, 0));
    assert_int_equal(item->half.handle, 2);
    assert_int_equal(item->half.class, KEY_CLASS_CERTIFICATE);
    says(item, "was found by a signature: in the certificate other");
    /* both are known by their public key from then on */
    assert_true(w->keys[0].has_public && w->keys[1].has_public);
    /* one that cannot be read is counted, and costs no other one */
    item = begin(w);
    add_certificate(w, 1);
    add_certificate(w, 0);
    w->bad = 1;
    w->failure = ERR_HSM;
    assert_true(finds(w));
    assert_true(is_pair(w, item, 0));
    assert_int_equal(w->notes, 1);
}

static void a_source_that_is_gone_ends_it(void **state)
{
    struct world *w = *state;

    for (uint64_t at = 1; at <= 3; at++) {
        begin(w);
        add(w, 1);
        add_certificate(w, 2);
        add(w, 0);
        w->bad = at;
        w->failure = ERR_GONE;
        assert_false(finds(w));
        assert_int_equal(w->err.code, ERR_GONE);
    }
    begin(w);
    add(w, 1);
    add(w, 0);
    w->signer = NULL;
    w->refusal = ERR_GONE;
    assert_false(finds(w));
    assert_int_equal(w->err.code, ERR_GONE);
    assert_int_equal(w->signatures, 1);
}

/* --- what it costs -----------------------------------------------------------------------------
 */

/* In place of OpenSSL's, which does it. */
static unsigned decoded;

int EVP_PKEY_fromdata(EVP_PKEY_CTX *ctx, EVP_PKEY **pkey, int selection, OSSL_PARAM params[])
{
    int (*real)(EVP_PKEY_CTX *, EVP_PKEY **, int, OSSL_PARAM[]) =
        (int (*)(EVP_PKEY_CTX *, EVP_PKEY **, int, OSSL_PARAM[]))(uintptr_t)dlsym(
            RTLD_NEXT, "EVP_PKEY_fromdata");

    decoded++;
    assert_non_null(real);
    return real(ctx, pkey, selection, params);
}

/* Each public key is decoded once, and for each private key those that its answer is tried with:
 * here the first. The control: one private key alone needs as many for the public keys. */
static void public_keys_are_decoded_once(void **state)
{
    enum { KEYS = 20, FOR_A_KEY = 3 };
    struct world *w = *state;
    struct plan_item *items;

    for (size_t count = 1; count <= KEYS; count += KEYS - 1) {
        begin(w);
        items = reallocarray(w->plan.items, KEYS, sizeof *items);
        assert_non_null(items);
        w->plan.items = items;
        for (w->plan.count = 1; w->plan.count < count; w->plan.count++) {
            struct plan_item *item = &items[w->plan.count];
            *item = (struct plan_item){.route = ROUTE_ENVELOPE};
            assert_true(plan_item_own(item, NULL));
            *item->own = *items[0].own;
        }
        for (size_t n = 0; n < MOST; n++)
            add(w, n);
        decoded = 0;
        assert_true(finds(w));
        assert_true(is_pair(w, &items[count - 1], 0));
        assert_in_range(decoded, MOST, MOST + FOR_A_KEY * count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(however_many_there_are, setup, teardown),
        cmocka_unit_test_setup_teardown(each_public_key_is_read_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_decides_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_does_not_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(lies, setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_is_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_that_is_gone_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(public_keys_are_decoded_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
