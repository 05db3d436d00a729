/* SPDX-License-Identifier: Apache-2.0 */
/* One HSM: function by function, what the contract says it does and how it says it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/contract/contract.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/contract/agreement.h"
#include "tests/contract/bench.h"
#include "tests/contract/evidence.h"
#include "transfer/own_key.h"

static const char label[] = "hsmferry:contract";

static const struct hsm_driver *driver(const struct bench *b)
{
    return b->hsm->driver;
}

static struct key_desc described(struct bench *b, uint64_t handle)
{
    struct key_desc key;

    MUST(b, driver(b)->describe(b->hsm, handle, &key, &b->err));
    assert_int_equal(key.handle, handle);
    return key;
}

/* Every flag that is told is as wanted; the uses, and these guards, must be told. */
static void check_flags(const struct key_desc *key, uint32_t want, uint32_t among)
{
    for (uint32_t flag = 1; flag < 1u << KEY_FLAGS; flag <<= 1)
        if ((among & flag & key->flags_known) && (key->flags & flag) != (want & flag))
            fail_msg("%s is %s", key_flag_name(flag), key->flags & flag ? "set" : "not set");
}

static void check_label(const struct key_desc *key, const void *want, size_t len)
{
    assert_int_equal(key->label_len, len);
    assert_memory_equal(key->label, want, len);
}

/* --- what it is --- */

static void check_text(const char *text)
{
    uint8_t raw[1024];
    size_t len = sizeof raw;
    assert_true(text_unsafe(text, raw, &len));
}

static void info_is_text_for_people(void **state)
{
    struct bench *b = *state;
    struct hsm_info info;

    MUST(b, driver(b)->info(b->hsm, &info, &b->err));
    assert_string_not_equal(info.about.api, "");
    assert_string_not_equal(info.about.library, "");
    check_text(info.about.api);
    check_text(info.about.library);
    check_text(info.about.manufacturer);
    check_text(info.about.version);
    check_text(info.about.api_version);
}

static void dialect_is_recognised(void **state)
{
    static const uint8_t none[SHA256_SIZE];
    struct bench *b = *state;
    struct hsm_info info;

    if (!b->place.speaks)
        skip();
    bench_login(b);
    MUST(b, driver(b)->info(b->hsm, &info, &b->err));
    assert_string_equal(info.about.dialect.name, b->place.speaks);
    assert_int_equal(info.about.dialect.status, HSM_DIALECT_TRIED); /* by this very test */
    assert_memory_not_equal(info.about.dialect.sha256, none, sizeof none);
}

static void slots_hold_the_token(void **state)
{
    struct bench *b = *state;
    struct hsm_slot_list list;
    unsigned found = 0;

    MUST(b, driver(b)->slots(b->hsm, &list, &b->err));
    for (size_t i = 0; i < list.count; i++) {
        check_text(list.slots[i].description);
        check_text(list.slots[i].label);
        check_text(list.slots[i].manufacturer);
        check_text(list.slots[i].model);
        check_text(list.slots[i].serial);
        assert_int_equal(list.slots[i].flags >> HSM_SLOT_FLAGS, 0);
        if (list.slots[i].id != b->place.slot)
            continue;
        found++;
        assert_null(hsm_slot_obstacle(&list.slots[i]));
    }
    assert_int_equal(found, 1);
    free(list.slots);
}

/* --- logging in --- */

static bool login(struct bench *b, uint64_t slot, const char *pin)
{
    struct secret s = {0};

    assert_true(secret_new(&s, SECRET_PIN_MAX, NULL));
    assert_true(secret_set(&s, pin, strlen(pin), NULL));
    bool ok = driver(b)->login(b->hsm, slot, &s, &b->err);
    secret_free(&s);
    return ok;
}

static void wrong_pin_is_denied(void **state)
{
    struct bench *b = *state;

    MUST_FAIL(b, login(b, b->place.slot, "not the PIN"), ERR_DENIED);
    assert_null(strstr(b->err.what, "not the PIN"));
    bench_close(b);
    bench_login(b); /* the right one still works */
}

static void no_such_slot_is_refused(void **state)
{
    struct bench *b = *state;
    MUST_FAIL(b, login(b, UINT64_C(0x7ffffffe), b->place.pin), ERR_HSM);
}

static void nothing_works_before_login(void **state)
{
    const struct hsm_template template = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES};
    struct bench *b = *state;
    uint8_t octets[24] = {0};
    struct bytes wrapped_key = {0};
    struct hsm_info info;
    struct key_list keys = {0};
    uint64_t *handles = NULL, handle = 0;
    size_t count = 0;

    assert_false(driver(b)->list(b->hsm, &keys, &b->err));
    assert_false(driver(b)->handles(b->hsm, &handles, &count, &b->err));
    assert_false(driver(b)->make_kek(b->hsm, 256, label, &handle, &b->err));
    assert_false(driver(b)->wrap(b->hsm, HSM_AES_KWP, 1, 2, &wrapped_key, &b->err));
    wrapped_key = (struct bytes){octets, sizeof octets};
    assert_false(
        driver(b)->unwrap(b->hsm, HSM_AES_KWP, 1, &wrapped_key, &template, &handle, &b->err));
    assert_int_not_equal(b->err.code, ERR_NONE);
    MUST(b, driver(b)->info(b->hsm, &info, &b->err)); /* it is still there */
    assert_null(keys.keys);
    assert_null(handles);
    assert_int_equal(handle, 0);
}

static void login_happens_once(void **state)
{
    struct bench *b = *state;

    bench_login(b);
    assert_false(login(b, b->place.slot, b->place.pin));
}

/* --- what it offers --- */

static void capabilities_are_complete(void **state)
{
    struct bench *b = *state;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    struct hsm_capabilities caps;
    MUST(b, driver(b)->capabilities(b->hsm, &hsm_wanted_all, &caps, &b->err));
    for (size_t i = 0; i < HSM_ALGS; i++) {
        const struct hsm_capability *capability = &caps.alg[i];
        check_text(capability->wrap_call);
        check_text(capability->unwrap_call);
        check_text(capability->reason);
        assert_true(!capability->wrap || capability->wrap_call[0]);
        assert_true(!capability->unwrap || capability->unwrap_call[0]);
        assert_true((capability->wrap && capability->unwrap) || capability->reason[0]);
    }
    assert_int_equal(caps.proofs >> HSM_PROOF_BYTES, 0);
    bench_same_inventory(b, before);
}

/* --- transport keys --- */

static void pair_is_for_unwrapping_only(void **state)
{
    struct bench *b = *state;
    struct hsm_pair pair;
    struct bytes again = {0};

    bench_login(b);
    struct inventory before = bench_inventory(b);
    MUST(b, driver(b)->make_pair(b->hsm, 2048, label, &pair, &b->err));
    assert_int_not_equal(pair.private_handle, 0);

    struct key_desc key = described(b, pair.private_handle);
    assert_int_equal(key.class, KEY_CLASS_PRIVATE);
    assert_int_equal(key.kind, KEY_KIND_RSA);
    assert_int_equal(key.bits, 2048);
    check_label(&key, label, strlen(label));
    check_flags(&key, KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE,
                KEY_USES | KEY_SENSITIVE | KEY_PRIVATE | KEY_EXTRACTABLE | KEY_TOKEN);
    if (!(b->caps.lost_templates & 1u << KEY_TEMPLATE_UNWRAP))
        assert_true(
            key_template_covers(&key.constraints.templates[KEY_TEMPLATE_UNWRAP],
                                &(struct key_template){KEY_SENSITIVE, KEY_SENSITIVE, 0, 0, 0}));

    const uint8_t *at = pair.spki.data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)pair.spki.len);
    assert_non_null(pkey);
    assert_ptr_equal(at, pair.spki.data + pair.spki.len);
    assert_int_equal(EVP_PKEY_get_bits(pkey), 2048);
    EVP_PKEY_free(pkey);
    MUST(b, driver(b)->public_key(b->hsm, pair.private_handle, &again, &b->err));
    assert_true(bytes_equal(&again, &pair.spki));

    MUST(b, driver(b)->destroy(b->hsm, pair.private_handle, &b->err));
    if (pair.public_handle)
        MUST(b, driver(b)->destroy(b->hsm, pair.public_handle, &b->err));
    bench_same_inventory(b, before);
    bytes_free(&again);
    bytes_free(&pair.spki);
}

/* The number of objects of this class whose public half is spki; *last is one of them. */
static unsigned with_public(struct bench *b, enum key_class class, const struct bytes *spki,
                            struct key_desc *last)
{
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    struct key_list list = {0};
    unsigned found = 0;

    SHA256(spki->data, spki->len, sha256);
    MUST(b, driver(b)->list(b->hsm, &list, &b->err));
    for (size_t i = 0; i < list.count; i++)
        if (list.keys[i].class == class && list.keys[i].has_public &&
            memcmp(list.keys[i].spki_sha256, sha256, sizeof sha256) == 0) {
            *last = list.keys[i];
            found++;
        }
    key_list_free(&list);
    return found;
}

static void check_offered(struct bench *b, const struct key_desc *key)
{
    uint32_t unread;

    check_label(key, label, strlen(label));
    check_flags(key, KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_TOKEN,
                KEY_USES | KEY_SENSITIVE | KEY_PRIVATE | KEY_EXTRACTABLE | KEY_TOKEN |
                    KEY_MODIFIABLE | KEY_COPYABLE);
    assert_true(key_is_not(key, KEY_MODIFIABLE));
    MUST(b, own_key_check(b->hsm, key->handle, &own_offered_private, b->caps.unreadable, &unread,
                          &b->err));
    MUST_FAIL(b,
              own_key_check(b->hsm, key->handle, &own_transport_private, b->caps.unreadable,
                            &unread, &b->err),
              ERR_DATA); /* it is no session object */
}

/* Two rooms: the pair is made in one session, and a key is unwrapped under it in a later one. */
static void token_pair_waits_for_a_later_session(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("aes32");
    struct key_desc public = {.class = KEY_CLASS_PUBLIC, .kind = KEY_KIND_RSA}, private;
    struct hsm_pair pair;
    struct bytes wrapped_key = {0};
    uint64_t handle;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    enum hsm_alg alg = bench_oaep(b, false);
    if (alg == HSM_ALGS)
        skip();
    MUST(b, driver(b)->make_token_pair(b->hsm, 2048, label, &pair, &b->err));
    private = described(b, pair.private_handle);
    check_offered(b, &private);
    bench_close(b);

    bench_login(b);
    assert_int_equal(with_public(b, KEY_CLASS_PRIVATE, &pair.spki, &private), 1);
    check_offered(b, &private);
    struct object *rsa = object_new(&public, pair.spki.data, pair.spki.len);
    known->desc.flags = KEY_UNWRAP | KEY_PRIVATE | KEY_SENSITIVE | KEY_DESTROYABLE;
    assert_true(crypto_wrap(alg, rsa, &known->value, &wrapped_key));
    struct hsm_template template = bench_template(known, NULL);
    MUST(b,
         driver(b)->unwrap(b->hsm, alg, private.handle, &wrapped_key, &template, &handle, &b->err));
    if (b->kind->agent) /* a driver may leave that check to the agent */
        MUST_FAIL(b, driver(b)->destroy(b->hsm, private.handle, &b->err), ERR_DENIED);
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    MUST(b, driver(b)->remove(b->hsm, &private, &b->err));
    while (with_public(b, KEY_CLASS_PUBLIC, &pair.spki, &private) > 0)
        MUST(b, driver(b)->remove(b->hsm, &private, &b->err));
    struct inventory after = bench_inventory(b);
    assert_int_equal(after.count, before.count);
    free(before.handles);
    free(after.handles);
    bytes_free(&wrapped_key);
    bytes_free(&pair.spki);
    object_free(rsa);
    object_free(known);
}

static void two_pairs_differ(void **state)
{
    struct bench *b = *state;
    struct hsm_pair one, other;

    bench_login(b);
    MUST(b, driver(b)->make_pair(b->hsm, 2048, label, &one, &b->err));
    MUST(b, driver(b)->make_pair(b->hsm, 2048, label, &other, &b->err));
    assert_false(bytes_equal(&one.spki, &other.spki));
    assert_int_not_equal(one.private_handle, other.private_handle);
    bytes_free(&one.spki);
    bytes_free(&other.spki);
}

static void loaded_public_key_is_the_one_given(void **state)
{
    struct bench *b = *state;
    struct object *rsa = known_key("rsa2048");
    struct bytes spki = known_spki(rsa), back = {0};
    uint64_t handle;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &handle, &b->err));
    MUST(b, driver(b)->public_key(b->hsm, handle, &back, &b->err));
    assert_true(bytes_equal(&spki, &back));
    struct key_desc key = described(b, handle);
    assert_int_equal(key.class, KEY_CLASS_PUBLIC);
    check_label(&key, label, strlen(label));
    check_flags(&key, KEY_WRAP, KEY_USES | KEY_TOKEN);
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    bench_same_inventory(b, before);
    bytes_free(&back);
    bytes_free(&spki);
    object_free(rsa);
}

static void garbage_is_no_public_key(void **state)
{
    struct bench *b = *state;
    uint8_t noise[270];
    struct bytes garbage = {noise, sizeof noise};
    uint64_t handle = 0;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    memset(noise, 0x30, sizeof noise);
    assert_false(driver(b)->load_public(b->hsm, &garbage, label, &handle, &b->err));
    assert_int_equal(handle, 0);
    bench_same_inventory(b, before);
}

static void aes_is_for_wrapping_only(void **state)
{
    struct bench *b = *state;
    uint64_t handle;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &handle, &b->err));
    struct key_desc key = described(b, handle);
    assert_int_equal(key.class, KEY_CLASS_SECRET);
    assert_int_equal(key.kind, KEY_KIND_AES);
    assert_int_equal(key.bits, 256);
    check_label(&key, label, strlen(label));
    check_flags(&key, KEY_WRAP | KEY_SENSITIVE | KEY_EXTRACTABLE,
                KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_TOKEN);
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    bench_same_inventory(b, before);
}

/* Each comes out as it was asked for. Returns what is not reported of it, which the offers must
 * excuse; without that excuse it would be refused. */
static uint32_t check_own(struct bench *b, uint64_t handle, const struct own_key *want)
{
    uint32_t unread = 0, none;

    MUST(b, own_key_check(b->hsm, handle, want, b->caps.unreadable, &unread, &b->err));
    if (unread)
        MUST_FAIL(b, own_key_check(b->hsm, handle, want, 0, &none, &b->err), ERR_DATA);
    return unread;
}

static void transport_keys_report_their_guards(void **state)
{
    struct bench *b = *state;
    struct object *rsa = known_key("rsa2048");
    struct bytes spki = known_spki(rsa);
    struct hsm_pair pair;
    uint64_t aes, public;
    uint32_t unread = 0;

    bench_login(b);
    MUST(b, driver(b)->make_pair(b->hsm, 2048, label, &pair, &b->err));
    unread |= check_own(b, pair.private_handle, &own_transport_private);
    bytes_free(&pair.spki);
    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &public, &b->err));
    unread |= check_own(b, public, &own_transport_public);
    bytes_free(&spki);
    object_free(rsa);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &aes, &b->err));
    unread |= check_own(b, aes, &own_source_kek);
    bench_kek(b);
    unread |= check_own(b, b->kek, &own_destination_kek);
    assert_int_equal(unread, b->caps.unreadable); /* nothing is excused that is reported */
}

/* Throw-away keys can go any way that a real one can, and leave nothing behind. */
static void throw_away_keys_of_every_kind(void **state)
{
    static const struct {
        const char *like;
        struct key_sample sample;
        enum hsm_proof proof;
    } rows[] = {
        {"aes16", {.kind = KEY_KIND_AES, .length = 16}, HSM_PROOF_AES_ECB},
        {"aes32", {.kind = KEY_KIND_AES, .length = 32}, HSM_PROOF_AES_ECB},
        {"generic13", {.kind = KEY_KIND_GENERIC, .length = 13}, HSM_PROOF_DIGEST},
        {"generic64", {.kind = KEY_KIND_GENERIC, .length = 32}, HSM_PROOF_HMAC},
        {"rsa2048", {.kind = KEY_KIND_RSA, .bits = 2048}, HSM_PROOF_RSA_SIGN},
        {"ec256", {.kind = KEY_KIND_EC, .curve = "P-256"}, HSM_PROOF_ECDSA},
        {"ec384", {.kind = KEY_KIND_EC, .curve = "P-384"}, HSM_PROOF_ECDSA},
    };
    struct bench *b = *state;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t digest[32] = {1};
        struct bytes challenge = {digest, sizeof digest}, answer = {0}, spki = {0};
        uint64_t handle, public;
        if (!bench_has(b, rows[i].like))
            continue;
        MUST(b, driver(b)->make_key(b->hsm, &rows[i].sample, label, &handle, &public, &b->err));
        struct key_desc key = described(b, handle);
        bool private = key.class == KEY_CLASS_PRIVATE;
        assert_int_equal(key.kind, rows[i].sample.kind);
        assert_int_equal(key.length, rows[i].sample.length);
        assert_string_equal(key.curve, rows[i].sample.curve);
        check_label(&key, label, strlen(label));
        check_flags(&key, KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_PRIVATE,
                    KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_PRIVATE | KEY_TOKEN);
        if (private)
            MUST(b, driver(b)->public_key(b->hsm, handle, &spki, &b->err));
        if (b->caps.proofs & 1u << rows[i].proof)
            MUST(b, driver(b)->prove(b->hsm, rows[i].proof, handle, &challenge, &answer, &b->err));
        MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
        if (public)
            MUST(b, driver(b)->destroy(b->hsm, public, &b->err));
        bytes_free(&answer);
        bytes_free(&spki);
    }
    bench_same_inventory(b, before);
}

static void throw_away_key_that_cannot_be(void **state)
{
    static const struct key_sample samples[] = {
        {.kind = KEY_KIND_EC, .curve = "no such curve"},
        {.kind = KEY_KIND_OTHER},
        {.kind = KEY_KIND_NONE},
    };
    struct bench *b = *state;
    uint64_t handle = 0, public = 0;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        MUST_FAIL(b, driver(b)->make_key(b->hsm, &samples[i], label, &handle, &public, &b->err),
                  ERR_UNSUPPORTED);
    assert_int_equal(handle, 0);
    bench_same_inventory(b, before);
}

/* --- wrapping: what comes out is what OpenSSL decrypts --- */

/* The HSM's AES key, whose value it told us under a public key of ours. */
static struct object *learn_aes(struct bench *b, enum hsm_alg oaep, uint64_t *handle)
{
    struct object *rsa = known_key("rsa2048");
    struct bytes spki = known_spki(rsa), wrapped_key = {0}, value = {0};
    struct key_desc desc = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES};
    uint64_t public;

    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &public, &b->err));
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, handle, &b->err));
    MUST(b, driver(b)->wrap(b->hsm, oaep, public, *handle, &wrapped_key, &b->err));
    assert_int_equal(wrapped_key.len, 256);
    assert_true(crypto_unwrap(oaep, rsa, &wrapped_key, &value));
    assert_int_equal(value.len, 32);
    struct object *aes = object_new(&desc, value.data, value.len);
    assert_non_null(aes);
    bytes_free(&spki);
    bytes_free(&wrapped_key);
    bytes_free(&value);
    object_free(rsa);
    return aes;
}

static void wrap_by_oaep(void **state)
{
    struct bench *b = *state;
    uint64_t handle;

    bench_login(b);
    for (enum hsm_alg alg = HSM_RSA_OAEP_SHA256; alg <= HSM_RSA_OAEP_SHA1; alg++)
        if (b->caps.alg[alg].wrap)
            object_free(learn_aes(b, alg, &handle));
}

static bool same_key(const struct object *known, const struct bytes *value)
{
    struct object *got = object_new(&known->desc, value->data, value->len);
    bool same = got && (known->pkey ? EVP_PKEY_eq(got->pkey, known->pkey) == 1
                                    : bytes_equal(&got->value, &known->value));
    object_free(got);
    return same;
}

static void check_wrapped(struct bench *b, enum hsm_alg alg, const struct object *known,
                          const struct bytes *value)
{
    bool secret = known->desc.class == KEY_CLASS_SECRET;

    if (!secret || known->value.len % 8 == 0 || alg == HSM_AES_CBC_PAD ||
        b->caps.exact_length == HSM_YES)
        assert_true(same_key(known, value));
    else if (b->caps.exact_length == HSM_NO)
        assert_false(same_key(known, value)); /* else it offers less than it can */
}

/* RFC 3394 knows multiples of eight octets only, which no private key needs to be. */
static bool may_refuse(enum hsm_alg alg, const struct object *known)
{
    return alg == HSM_AES_KW &&
           (known->desc.class == KEY_CLASS_PRIVATE || known->value.len % 8 != 0);
}

static void wrap_every_kind(struct bench *b, enum hsm_alg alg)
{
    for (size_t i = 0; known_types[i]; i++) {
        struct object *known, *aes;
        struct bytes wrapped_key = {0}, value = {0};
        uint64_t under;
        if (!bench_has(b, known_types[i]))
            continue;
        known = known_key(known_types[i]);
        uint64_t handle = bench_import(b, known);
        aes = learn_aes(b, bench_oaep(b, true), &under);
        bool ok = driver(b)->wrap(b->hsm, alg, under, handle, &wrapped_key, &b->err);
        if (!ok && may_refuse(alg, known)) {
            MUST_FAIL(b, ok, ERR_UNSUPPORTED);
        } else if (!may_refuse(alg, known) ||
                   (b->kind->agent && described(b, handle).length)) { /* else it may pad the key */
            MUST(b, ok);
            assert_true(crypto_unwrap(alg, aes, &wrapped_key, &value));
            check_wrapped(b, alg, known, &value);
        }
        MUST(b, driver(b)->destroy(b->hsm, under, &b->err));
        bytes_free(&wrapped_key);
        bytes_free(&value);
        object_free(known);
        object_free(aes);
    }
}

static void wrap_by_each_envelope(void **state)
{
    struct bench *b = *state;
    unsigned tried = 0;

    bench_login(b);
    for (enum hsm_alg alg = HSM_AES_KWP; alg <= HSM_AES_CBC_PAD; alg++)
        if (b->caps.alg[alg].wrap && bench_oaep(b, true) != HSM_ALGS) {
            wrap_every_kind(b, alg);
            tried++;
        }
    if (!tried)
        skip();
}

/* The service's own refusal, before the HSM is asked. */
static void check_guarded(struct bench *b, bool ok, enum err_code want, const char *says,
                          const struct bytes *wrapped_key)
{
    bench_must_fail(ok, &b->err, want, says, __FILE__, __LINE__);
    assert_non_null(strstr(b->err.what, says));
    assert_int_equal(b->err.hsm_code, 0);
    assert_null(wrapped_key->data);
}

/* Wraps a known key, with fewer or more flags, under an AES key of the HSM's. */
static bool try_to_wrap(struct bench *b, const char *type, uint32_t less, uint32_t more,
                        struct bytes *wrapped_key)
{
    struct object *known = known_key(type);
    uint64_t under;

    bench_login(b);
    enum hsm_alg alg = bench_envelope(b, true);
    if (alg == HSM_ALGS)
        skip();
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &under, &b->err));
    known->desc.flags = (known->desc.flags & ~less) | more;
    uint64_t handle = bench_import(b, known);
    struct key_desc key = described(b, handle);
    object_free(known);
    if ((key.flags & more) != more)
        skip(); /* this HSM stores no such guard */
    return driver(b)->wrap(b->hsm, alg, under, handle, wrapped_key, &b->err);
}

static void key_that_may_not_leave_does_not(void **state)
{
    struct bytes wrapped_key = {0};
    bool ok = try_to_wrap(*state, "aes32", KEY_EXTRACTABLE, 0, &wrapped_key);

    check_guarded(*state, ok, ERR_DENIED, "the key may not leave its HSM: not extractable",
                  &wrapped_key);
}

static void key_for_trusted_keys_stays(void **state)
{
    struct bytes wrapped_key = {0};
    bool ok = try_to_wrap(*state, "aes32", 0, KEY_WRAP_WITH_TRUSTED, &wrapped_key);

    check_guarded(*state, ok, ERR_DENIED, "needs a trusted wrapping key", &wrapped_key);
}

/* The control of the two above, and of the next: an ordinary key leaves. */
static void ordinary_key_leaves(void **state)
{
    struct bytes wrapped_key = {0};

    bench_must(try_to_wrap(*state, "aes32", 0, 0, &wrapped_key), &((struct bench *)*state)->err,
               "wrap", __FILE__, __LINE__);
    bytes_free(&wrapped_key);
}

static void key_that_may_not_wrap_does_not(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("aes32"), *other = known_key("aes16");
    struct bytes wrapped_key = {0};

    bench_login(b);
    uint64_t under = bench_import(b, known), handle = bench_import(b, other);
    check_guarded(b, driver(b)->wrap(b->hsm, b->envelope, under, handle, &wrapped_key, &b->err),
                  ERR_DENIED, "this key may not wrap", &wrapped_key);
    object_free(known);
    object_free(other);
}

/* What no algorithm gets: a transport key of another family, and what it does not carry. */
static void lengths_are_those_of_the_algorithm(void **state)
{
    struct bench *b = *state;
    struct object *odd = known_key("generic13"), *rsa = known_key("rsa2048");
    struct bytes wrapped_key = {0}, spki = known_spki(rsa);
    uint64_t aes, public;

    bench_login(b);
    uint64_t handle = bench_import(b, odd);
    bool reported = described(b, handle).length == 13;
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &aes, &b->err));
    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &public, &b->err));
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        bool ok = driver(b)->wrap(b->hsm, alg, wrap_is_by_rsa(alg) ? aes : public, handle,
                                  &wrapped_key, &b->err);
        check_guarded(b, ok, ERR_UNSUPPORTED, "this is not a key for", &wrapped_key);
    }
    if (reported) /* else nobody knows that it is not of 16 octets */
        check_guarded(b, driver(b)->wrap(b->hsm, HSM_AES_KW, aes, handle, &wrapped_key, &b->err),
                      ERR_UNSUPPORTED, "aes-kw cannot wrap a secret of 13 bytes", &wrapped_key);
    bytes_free(&spki);
    object_free(odd);
    object_free(rsa);
}

/* --- unwrapping: what OpenSSL encrypted goes in, and proves --- */

/* One known key in by this envelope. */
static void unwrap_one(struct bench *b, enum hsm_alg alg, const struct object *known)
{
    struct bytes value = {0};

    assert_true(object_value(known, &value));
    if (alg != HSM_AES_KW || value.len % 8 == 0) {
        b->envelope = alg;
        bench_prove(b, bench_import(b, known), known);
    }
    bytes_free(&value);
}

static void unwrap_every_kind(void **state)
{
    struct bench *b = *state;

    bench_login(b);
    bench_kek(b);
    for (enum hsm_alg alg = HSM_AES_KWP; alg <= HSM_AES_CBC_PAD; alg++)
        for (size_t i = 0; b->caps.alg[alg].unwrap && known_types[i]; i++) {
            if (!bench_has(b, known_types[i]))
                continue;
            struct object *known = known_key(known_types[i]);
            unwrap_one(b, alg, known);
            object_free(known);
        }
}

static void unwrap_makes_what_the_template_says(void **state)
{
    static const uint32_t guards[] = {KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE};
    struct bench *b = *state;

    bench_login(b);
    for (size_t i = 0; known_types[i]; i++) {
        if (!bench_has(b, known_types[i]))
            continue;
        struct object *known = known_key(known_types[i]);
        known->desc.flags &= ~(uint32_t)(KEY_SENSITIVE | KEY_EXTRACTABLE);
        known->desc.flags |= guards[i % 2];
        struct key_desc key = described(b, bench_import(b, known));
        assert_int_equal(key.class, known->desc.class);
        assert_int_equal(key.kind, known->desc.kind);
        check_label(&key, known->desc.label, known->desc.label_len);
        assert_int_equal(key.id_len, known->desc.id_len);
        assert_memory_equal(key.id, known->desc.id, known->desc.id_len);
        check_flags(&key, known->desc.flags,
                    KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_PRIVATE | KEY_TOKEN);
        if (known->desc.kind != KEY_KIND_GENERIC && key.bits != 0)
            assert_int_equal(key.bits, known->desc.bits);
        object_free(known);
    }
}

/* What a key demands of others it has there, or the HSM said before that it would get lost. */
static void what_a_key_demands_is_kept_or_known_to_get_lost(void **state)
{
    static const struct key_template demands = {KEY_SENSITIVE | KEY_DERIVE, KEY_SENSITIVE,
                                                KEY_CLASS_SECRET, KEY_KIND_AES, 0};
    struct bench *b = *state;

    bench_login(b);
    bench_kek(b);
    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++) {
        bool lost = b->caps.lost_templates & 1u << use;
        struct object *known = known_key("aes32");
        known->desc.flags |= KEY_WRAP | KEY_UNWRAP;
        key_set_id(&known->desc, &use, sizeof use); /* some keep one key of each id */
        known->desc.constraints.known = KEY_TEMPLATE;
        known->desc.constraints.templates[use] = demands;
        struct key_desc key = described(b, bench_import_token(b, known));
        for (enum key_template_use other = 0; other < KEY_TEMPLATES; other++) {
            const struct key_template *found = &key.constraints.templates[other];
            bool expected = other == use && !lost;
            assert_int_equal(key_template_is_set(found), expected);
            assert_int_equal(key_template_covers(found, &demands), expected);
        }
        object_free(known);
    }
}

static void unwrap_by_oaep_directly(void **state)
{
    struct bench *b = *state;

    bench_login(b);
    for (enum hsm_alg alg = HSM_RSA_OAEP_SHA256; alg <= HSM_RSA_OAEP_SHA1; alg++) {
        struct object *known = known_key("generic13");
        struct key_desc public = {.class = KEY_CLASS_PUBLIC, .kind = KEY_KIND_RSA};
        struct hsm_pair pair;
        struct bytes wrapped_key = {0};
        uint64_t handle;

        known->desc.flags &= ~(uint32_t)KEY_EXTRACTABLE;
        if (b->caps.alg[alg].unwrap) {
            MUST(b, driver(b)->make_pair(b->hsm, 2048, label, &pair, &b->err));
            struct object *rsa = object_new(&public, pair.spki.data, pair.spki.len);
            assert_true(crypto_wrap(alg, rsa, &known->value, &wrapped_key));
            struct hsm_template template = bench_template(known, NULL);
            MUST(b, driver(b)->unwrap(b->hsm, alg, pair.private_handle, &wrapped_key, &template,
                                      &handle, &b->err));
            bench_prove(b, handle, known);
            object_free(rsa);
            bytes_free(&pair.spki);
            bytes_free(&wrapped_key);
        }
        object_free(known);
    }
}

static void unwrap_takes_the_length(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("generic13");
    struct bytes padded = {0}, wrapped_key = {0};
    uint64_t handle;

    bench_login(b);
    bench_kek(b);
    assert_true(bytes_make(&padded, 16, NULL));
    memcpy(padded.data, known->value.data, known->value.len);
    assert_true(crypto_wrap(b->envelope, b->kek_value, &padded, &wrapped_key));
    struct hsm_template template = bench_template(known, NULL);
    bool ok =
        driver(b)->unwrap(b->hsm, b->envelope, b->kek, &wrapped_key, &template, &handle, &b->err);
    if (b->kind->agent && wrap_alg(b->envelope)->exact_length == WRAP_LENGTH_KEPT) {
        MUST_FAIL(b, ok, ERR_DATA); /* a longer secret than it should be */
    } else if (b->caps.takes_length == HSM_YES) {
        MUST(b, ok);
        bench_prove(b, handle, known);
    }
    bytes_free(&padded);
    bytes_free(&wrapped_key);
    object_free(known);
}

/* One way to change a blob. */
static void alter(struct bytes *wrapped_key, unsigned how)
{
    struct bytes longer = {0};

    switch (how) {
    case 0:
        wrapped_key->data[0] ^= 0x80;
        break;
    case 1:
        wrapped_key->data[wrapped_key->len / 2] ^= 1;
        break;
    case 2:
        wrapped_key->data[wrapped_key->len - 1] ^= 1;
        break;
    case 3:
        wrapped_key->len -= 8;
        break;
    case 4:
        wrapped_key->len -= 1;
        break;
    case 5:
        wrapped_key->len = 8;
        break;
    default:
        assert_true(bytes_make(&longer, wrapped_key->len + 8, NULL));
        memcpy(longer.data, wrapped_key->data, wrapped_key->len);
        bytes_free(wrapped_key);
        *wrapped_key = longer; /* handed over */
        break;
    }
}
enum { ALTERATIONS = 7 };

static const char one_answer[] =
    "the wrapped key was not accepted: it is not what the other side sent";

/* Each alteration is refused with the same words by every HSM, and nothing is left behind. */
static void check_refused(struct bench *b, enum hsm_alg alg, uint64_t under,
                          const struct object *wrapping, const struct object *known)
{
    struct bytes value = {0}, spki = {0};

    assert_true(object_value(known, &value));
    struct hsm_template template = bench_template(known, &spki);
    struct inventory before = bench_inventory(b);
    for (unsigned how = 0; how < ALTERATIONS; how++) {
        struct bytes wrapped_key = {0};
        uint64_t handle = 0;
        assert_true(crypto_wrap(alg, wrapping, &value, &wrapped_key));
        alter(&wrapped_key, how);
        MUST_FAIL(b,
                  driver(b)->unwrap(b->hsm, alg, under, &wrapped_key, &template, &handle, &b->err),
                  ERR_DATA);
        assert_int_equal(handle, 0);
        assert_string_equal(b->err.what, one_answer);
        assert_int_equal(b->err.hsm_code, 0);
        assert_string_equal(b->err.next, "");
        bytes_free(&wrapped_key);
    }
    bench_same_inventory(b, before);
    bytes_free(&value);
    bytes_free(&spki);
}

static void altered_envelope_is_refused(void **state)
{
    static const char *const types[] = {"aes32", "generic64", "rsa2048", "ec256"};
    struct bench *b = *state;

    bench_login(b);
    bench_kek(b);
    if (b->envelope == HSM_AES_CBC_PAD)
        skip(); /* it has no integrity */
    for (size_t i = 0; i < 4; i++) {
        struct object *known = known_key(types[i]);
        check_refused(b, HSM_AES_KWP, b->kek, b->kek_value, known);
        object_free(known);
    }
}

static void altered_transport_is_refused(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("aes32");
    struct key_desc public = {.class = KEY_CLASS_PUBLIC, .kind = KEY_KIND_RSA};
    struct hsm_pair pair;

    bench_login(b);
    enum hsm_alg alg = bench_oaep(b, false);
    if (alg == HSM_ALGS)
        skip();
    MUST(b, driver(b)->make_pair(b->hsm, 2048, label, &pair, &b->err));
    struct object *rsa = object_new(&public, pair.spki.data, pair.spki.len);
    known->desc.flags = KEY_UNWRAP | KEY_PRIVATE | KEY_SENSITIVE | KEY_DESTROYABLE;
    check_refused(b, alg, pair.private_handle, rsa, known);
    object_free(rsa);
    object_free(known);
    bytes_free(&pair.spki);
}

static void secret_is_no_private_key(void **state)
{
    struct bench *b = *state;
    struct object *aes = known_key("aes32"), *rsa = known_key("rsa2048");
    struct bytes wrapped_key = {0}, spki = {0};
    uint64_t handle = 0;

    bench_login(b);
    bench_kek(b);
    struct inventory before = bench_inventory(b);
    assert_true(crypto_wrap(b->envelope, b->kek_value, &aes->value, &wrapped_key));
    struct hsm_template template = bench_template(rsa, &spki);
    assert_false(
        driver(b)->unwrap(b->hsm, b->envelope, b->kek, &wrapped_key, &template, &handle, &b->err));
    assert_int_equal(handle, 0);
    bench_same_inventory(b, before);
    bytes_free(&wrapped_key);
    bytes_free(&spki);
    object_free(aes);
    object_free(rsa);
}

/* --- proving --- */

/* 32 random octets; behind them what a proof that makes a secret for the moment makes it from. */
static void make_challenge(enum hsm_proof proof, const struct object *known, struct bytes *out)
{
    struct bytes nonce = {0}, rest = {0};
    unsigned char *point = NULL;
    EVP_PKEY *other = NULL;

    if (proof == HSM_PROOF_KCV_ECB || proof == HSM_PROOF_KCV_CMAC) { /* a block of zeros */
        assert_true(bytes_make(out, known->desc.kind == KEY_KIND_DES3 ? 8 : 16, NULL));
        memset(out->data, 0, out->len);
        return;
    }
    assert_true(bytes_make(&nonce, 32, NULL));
    assert_int_equal(RAND_bytes(nonce.data, 32), 1);
    if (proof == HSM_PROOF_RSA_DECRYPT || proof == HSM_PROOF_RSA_UNWRAP)
        assert_true(crypto_wrap(HSM_RSA_OAEP_SHA1, known, &nonce, &rest));
    if (proof == HSM_PROOF_ECDH) {
        other = EVP_EC_gen(known->desc.curve);
        assert_true(bytes_make(&rest, EVP_PKEY_get1_encoded_public_key(other, &point), NULL));
        memcpy(rest.data, point, rest.len);
    }
    bool nonce_too = proof != HSM_PROOF_RSA_DECRYPT;
    assert_true(bytes_make(out, (nonce_too ? nonce.len : 0) + rest.len, NULL));
    if (nonce_too)
        memcpy(out->data, nonce.data, nonce.len);
    if (rest.len)
        memcpy(out->data + out->len - rest.len, rest.data, rest.len);
    OPENSSL_free(point);
    EVP_PKEY_free(other);
    bytes_free(&nonce);
    bytes_free(&rest);
}

/* The encryption of zeros is the hash key of GCM: no HSM returns more of it than the check value.
 */
static void no_more_of_encrypted_zeros_than_a_check_value(void **state)
{
    uint8_t blocks[32] = {1};
    const struct bytes one = {blocks, 16}, with_zeros = {blocks, 32};
    struct bytes alone = {0}, both = {0};
    struct bench *b = *state;
    struct object *known;
    uint64_t handle;

    bench_login(b);
    if (!bench_has(b, "aes32") || !(b->caps.proofs & 1u << HSM_PROOF_AES_ECB))
        skip();
    known = known_key("aes32");
    known->desc.flags |= KEY_ENCRYPT;
    handle = bench_import(b, known);
    MUST(b, driver(b)->prove(b->hsm, HSM_PROOF_AES_ECB, handle, &one, &alone, &b->err));
    MUST(b, driver(b)->prove(b->hsm, HSM_PROOF_AES_ECB, handle, &with_zeros, &both, &b->err));
    assert_int_equal(alone.len, 16);
    assert_int_equal(both.len, 16 + HSM_KCV_SIZE);
    assert_memory_equal(alone.data, both.data, 16);
    bytes_free(&alone);
    bytes_free(&both);
    object_free(known);
}

static void every_offered_proof_is_right(void **state)
{
    static const struct {
        const char *type;
        uint32_t use;
    } by[HSM_PROOF_BYTES] = {
        [HSM_PROOF_AES_ECB] = {"aes32", KEY_ENCRYPT},
        [HSM_PROOF_AES_DECRYPT] = {"aes32", KEY_DECRYPT},
        [HSM_PROOF_DIGEST] = {"generic13", 0},
        [HSM_PROOF_HMAC] = {"generic64", KEY_SIGN},
        [HSM_PROOF_RSA_DECRYPT] = {"rsa2048", KEY_DECRYPT},
        [HSM_PROOF_RSA_UNWRAP] = {"rsa2048", KEY_UNWRAP},
        [HSM_PROOF_ECDH] = {"ec256", KEY_DERIVE},
        [HSM_PROOF_KCV_ECB] = {"aes32", KEY_ENCRYPT},
        [HSM_PROOF_KCV_CMAC] = {"aes32", KEY_SIGN},
    };
    struct bench *b = *state;

    bench_login(b);
    for (enum hsm_proof proof = 0; proof < HSM_PROOF_BYTES; proof++) {
        const char *type = by[proof].type;
        uint32_t use = by[proof].use;
        if (hsm_signing_of(proof).hash && hsm_signing_of(proof).hash != HSM_PURE) {
            type = hsm_signing_of(proof).ecdsa ? "ec256" : "rsa2048";
            use = KEY_SIGN;
        }
        if (!type || !bench_has(b, type) || !(b->caps.proofs & 1u << proof))
            continue;
        struct object *known = known_key(type);
        struct bytes challenge = {0}, answer = {0};
        known->desc.flags |= use;
        make_challenge(proof, known, &challenge);
        uint64_t handle = bench_import(b, known);
        struct inventory before = bench_inventory(b);
        MUST(b, driver(b)->prove(b->hsm, proof, handle, &challenge, &answer, &b->err));
        if (!known_answer_is_right(known, proof, &challenge, &answer))
            fail_msg("the answer by %s is wrong", hsm_proof_name(proof));
        assert_string_not_equal(b->caps.proof_calls[proof], "");
        bench_same_inventory(b, before);
        bytes_free(&challenge);
        bytes_free(&answer);
        object_free(known);
    }
}

static void proof_of_another_kind_is_unsupported(void **state)
{
    struct bench *b = *state;
    struct object *rsa = known_key("rsa2048"), *aes = known_key("aes32");
    struct bytes challenge = {0}, answer = {0};

    bench_login(b);
    assert_true(bytes_make(&challenge, 32, NULL));
    uint64_t rsa_handle = bench_import(b, rsa), aes_handle = bench_import(b, aes);
    MUST_FAIL(b,
              driver(b)->prove(b->hsm, HSM_PROOF_AES_ECB, rsa_handle, &challenge, &answer, &b->err),
              ERR_UNSUPPORTED);
    MUST_FAIL(
        b, driver(b)->prove(b->hsm, HSM_PROOF_RSA_SIGN, aes_handle, &challenge, &answer, &b->err),
        ERR_UNSUPPORTED);
    assert_null(answer.data);
    bytes_free(&challenge);
    object_free(rsa);
    object_free(aes);
}

/* --- committing --- */

static size_t count_named(struct bench *b, const struct object *known, struct key_desc *found)
{
    struct key_list list = {0};
    size_t count = 0;

    MUST(b, driver(b)->list(b->hsm, &list, &b->err));
    for (size_t i = 0; i < list.count; i++)
        if (key_same_name(&list.keys[i], &known->desc) && key_is(&list.keys[i], KEY_TOKEN)) {
            *found = list.keys[i];
            count++;
        }
    key_list_free(&list);
    return count;
}

/* Is there an object with this handle? */
static bool is_there(struct bench *b, uint64_t handle)
{
    struct inventory now = bench_inventory(b);
    bool there = false;

    for (size_t i = 0; i < now.count; i++)
        there |= now.handles[i] == handle;
    free(now.handles);
    return there;
}

/* What another session made is destroyed by its handle and its very name, and no other way. */
static void removed_by_name_only(struct bench *b, const struct key_desc *key)
{
    struct key_desc other[] = {*key, *key, *key};

    if (strcmp(driver(b)->name, "fake") != 0) /* which leaves that to the agent */
        MUST_FAIL(b, driver(b)->destroy(b->hsm, key->handle, &b->err), ERR_DENIED);
    other[0].class = key->class == KEY_CLASS_DATA ? KEY_CLASS_OTHER : KEY_CLASS_DATA;
    key_set_label(&other[1], "hsmferry:other", 14);
    key_set_id(&other[2], key->id, (size_t)(key->id_len ? key->id_len - 1 : 0));
    if (key->id_len == 0)
        key_set_id(&other[2], "x", 1);
    for (size_t i = 0; i < 3; i++)
        MUST_FAIL(b, driver(b)->remove(b->hsm, &other[i], &b->err), ERR_CONFLICT);
    assert_true(is_there(b, key->handle));
    MUST(b, driver(b)->remove(b->hsm, key, &b->err));
    assert_false(is_there(b, key->handle));
    MUST(b, driver(b)->remove(b->hsm, key, &b->err)); /* twice is no error */
}

static void committed_keys_stay(void **state)
{
    struct bench *b = *state;
    struct object *known[16] = {NULL};
    struct key_desc found;

    bench_login(b);
    if (!b->caps.can_copy)
        skip();
    for (size_t i = 0; known_types[i]; i++) {
        if (!bench_has(b, known_types[i]))
            continue;
        known[i] = known_key(known_types[i]);
        known[i]->desc.flags &= ~(uint32_t)KEY_EXTRACTABLE;
        assert_int_equal(count_named(b, known[i], &found), 0);
        bench_prove(b, bench_import_token(b, known[i]), known[i]);
    }
    bench_close(b);
    bench_login(b);
    for (size_t i = 0; known_types[i]; i++) {
        if (!known[i])
            continue;
        assert_int_equal(count_named(b, known[i], &found), 1);
        check_flags(&found, known[i]->desc.flags | KEY_TOKEN,
                    KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_PRIVATE | KEY_TOKEN);
        bench_prove(b, found.handle, known[i]);
        removed_by_name_only(b, &found);
        assert_int_equal(count_named(b, known[i], &found), 0);
        object_free(known[i]);
    }
}

/* Attributes of what another session kept are set by its handle and its very name. */
static void kept_copies_are_tightened(void **state)
{
    const struct tightening to = {.off = KEY_EXTRACTABLE | KEY_DECRYPT};
    struct bench *b = *state;
    struct object *known = known_key("aes32");
    struct key_desc found, other, is;

    bench_login(b);
    if (!b->caps.can_copy)
        skip();
    known->desc.flags |= KEY_EXTRACTABLE;
    bench_import_token(b, known);
    bench_close(b);
    bench_login(b);
    assert_int_equal(count_named(b, known, &found), 1);
    assert_false(tightening_holds(&to, &found));
    other = found;
    key_set_label(&other, "hsmferry:other", 14);
    MUST_FAIL(b, driver(b)->tighten(b->hsm, &other, &to, &b->err), ERR_CONFLICT);
    MUST(b, driver(b)->tighten(b->hsm, &found, &to, &b->err));
    MUST(b, driver(b)->describe(b->hsm, found.handle, &is, &b->err));
    assert_true(tightening_holds(&to, &is));
    check_flags(&is, found.flags & ~to.off, KEY_USES | KEY_SENSITIVE | KEY_PRIVATE | KEY_TOKEN);
    MUST(b, driver(b)->remove(b->hsm, &found, &b->err));
    MUST_FAIL(b, driver(b)->tighten(b->hsm, &found, &to, &b->err), ERR_NO_INPUT);
    object_free(known);
}

static void label_and_id_arrive_byte_for_byte(void **state)
{
    static const uint8_t hostile[] = {'a', 0x1b, '[', '2', 'J', 0xe2, 0x80, 0xae, '\n', 0xff, 'z'};
    struct bench *b = *state;
    struct object *known = known_key("aes32");
    struct key_desc found;
    uint8_t id[KEY_ID_MAX / 2];

    bench_login(b);
    if (!b->caps.can_copy)
        skip();
    memset(id, 0xa5, sizeof id);
    id[3] = 0;
    key_set_label(&known->desc, hostile, sizeof hostile);
    key_set_id(&known->desc, id, sizeof id);
    bench_import_token(b, known);
    assert_int_equal(count_named(b, known, &found), 1);
    object_free(known);
}

static void temporary_objects_vanish(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("aes32");

    bench_login(b);
    struct inventory before = bench_inventory(b);
    bench_import(b, known);
    struct inventory after = bench_inventory(b);
    assert_true(after.count > before.count);
    free(after.handles);
    bench_close(b);
    bench_login(b);
    after = bench_inventory(b);
    assert_int_equal(after.count, before.count);
    free(after.handles);
    free(before.handles);
    object_free(known);
}

/* What one session of a login makes, the others use; its temporary objects vanish with it, and the
 * login stays. */
static void sessions_of_one_login_share_it(void **state)
{
    struct bench *b = *state;
    struct bytes wrapped_key = {0};
    struct hsm *other;
    struct key_desc key;
    uint64_t theirs, lost, ours, public;

    bench_login(b);
    if (!driver(b)->another || bench_oaep(b, true) == HSM_ALGS)
        skip(); /* this API has one session */
    struct object *rsa = known_key("rsa2048");
    struct bytes spki = known_spki(rsa);
    struct inventory before = bench_inventory(b);
    MUST(b, driver(b)->another(b->hsm, &other, &b->err));
    MUST(b, driver(b)->make_kek(other, 256, label, &theirs, &b->err));
    MUST(b, driver(b)->make_kek(other, 256, label, &lost, &b->err));
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &ours, &b->err));
    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &public, &b->err));
    MUST(b, driver(b)->wrap(b->hsm, bench_oaep(b, true), public, theirs, &wrapped_key, &b->err));
    bytes_free(&wrapped_key);
    MUST(b, driver(b)->wrap(other, bench_oaep(b, true), public, ours, &wrapped_key, &b->err));
    bytes_free(&wrapped_key);
    MUST(b, driver(b)->destroy(b->hsm, theirs, &b->err));
    MUST_FAIL(b, driver(b)->describe(other, theirs, &key, &b->err), ERR_NO_INPUT);
    described(b, lost); /* the control */
    driver(b)->close(other);
    MUST_FAIL(b, driver(b)->describe(b->hsm, lost, &key, &b->err), ERR_NO_INPUT);
    described(b, ours);
    MUST(b, driver(b)->destroy(b->hsm, ours, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, public, &b->err));
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &ours, &b->err)); /* also under that number */
    MUST(b, driver(b)->destroy(b->hsm, ours, &b->err));
    bench_same_inventory(b, before);
    bytes_free(&spki);
    object_free(rsa);
}

enum { SESSIONS = 4, THREADS = 8, ROUNDS = 10 };

struct caller {
    struct bench *b;
    pthread_t thread;
    unsigned rounds; /* that went well */
    struct err err;
};

/* Each round makes a key that the HSM must keep apart from all others. */
static void *make_and_destroy(void *arg)
{
    struct caller *caller = arg;
    struct hsm *hsm = caller->b->hsm;
    char own[64];
    uint64_t handle;
    struct key_desc key;

    for (; caller->rounds < ROUNDS; caller->rounds++) {
        snprintf(own, sizeof own, "hsmferry:%p-%u", arg, caller->rounds);
        if (!hsm->driver->make_kek(hsm, 256, own, &handle, &caller->err) ||
            !hsm->driver->describe(hsm, handle, &key, &caller->err) ||
            key.label_len != strlen(own) || memcmp(key.label, own, key.label_len) != 0 ||
            !hsm->driver->destroy(hsm, handle, &caller->err))
            break;
    }
    return NULL;
}

/* More threads than sessions, and also with the one session of an API that has no more. */
static void threads_share_one_login(void **state)
{
    struct bench *b = *state;
    struct caller callers[THREADS] = {0};
    unsigned have = 0;

    bench_login(b);
    if (!driver(b)->sessions)
        skip(); /* one thread uses it */
    struct inventory before = bench_inventory(b);
    MUST(b, driver(b)->sessions(b->hsm, SESSIONS, &have, &b->err));
    assert_in_range(have, 1, SESSIONS);
    for (size_t i = 0; i < THREADS; i++) {
        callers[i].b = b;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, make_and_destroy, &callers[i]),
                         0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        if (callers[i].rounds != ROUNDS)
            fail_msg("thread %zu, round %u: %s", i, callers[i].rounds, callers[i].err.what);
    bench_same_inventory(b, before);
}

/* --- objects that are gone, public halves --- */

static void destroyed_object_is_gone(void **state)
{
    struct bench *b = *state;
    struct key_desc key;
    uint64_t handle;

    bench_login(b);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &handle, &b->err));
    described(b, handle);
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    MUST_FAIL(b, driver(b)->describe(b->hsm, handle, &key, &b->err), ERR_NO_INPUT);
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err)); /* twice is no error */
}

/* What is destroyed leaves room: its number may come again, and that is then a new object. */
static void numbers_may_come_again(void **state)
{
    struct bench *b = *state;
    uint64_t first, handle;

    bench_login(b);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &first, &b->err));
    for (unsigned i = 0; i < 40; i++) {
        MUST(b, driver(b)->make_kek(b->hsm, 256, label, &handle, &b->err));
        assert_true(handle != first);
        MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
        assert_false(is_there(b, handle));
    }
    assert_true(is_there(b, first));
}

static void public_half_is_the_known_one(void **state)
{
    static const char *const types[] = {"rsa2048", "ec256", "ec384"};
    struct bench *b = *state;

    bench_login(b);
    for (size_t i = 0; i < 3; i++) {
        if (!bench_has(b, types[i]))
            continue;
        struct object *known = known_key(types[i]);
        struct bytes spki = known_spki(known), reported = {0};
        uint64_t handle = bench_import(b, known);
        bool ok = driver(b)->public_key(b->hsm, handle, &reported, &b->err);
        if (ok)
            assert_true(bytes_equal(&reported, &spki));
        else if (known->desc.kind == KEY_KIND_RSA || b->err.code != ERR_UNSUPPORTED)
            MUST(b, ok);
        struct key_desc key = described(b, handle);
        assert_int_equal(key.has_public, ok);
        if (ok)
            assert_memory_equal(key.spki_sha256, known->desc.spki_sha256, SHA256_SIZE);
        bytes_free(&spki);
        bytes_free(&reported);
        object_free(known);
    }
}

static void secret_has_no_public_half(void **state)
{
    struct bench *b = *state;
    struct bytes spki = {0};
    uint64_t handle;

    bench_login(b);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &handle, &b->err));
    MUST_FAIL(b, driver(b)->public_key(b->hsm, handle, &spki, &b->err), ERR_UNSUPPORTED);
    assert_null(spki.data);
}

/* --- public objects --- */

/* An object of this kind, of der, named as known is. */
static struct hsm_template public_template(const struct object *known, enum key_class class,
                                           const struct bytes *der)
{
    return (struct hsm_template){
        .class = class,
        .kind = class == KEY_CLASS_PUBLIC ? known->desc.kind : KEY_KIND_NONE,
        .flags = class == KEY_CLASS_PUBLIC ? KEY_TOKEN | KEY_VERIFY : KEY_TOKEN,
        .label = known->desc.label,
        .label_len = known->desc.label_len,
        .id = known->desc.id,
        .id_len = known->desc.id_len,
        .spki = der,
    };
}

/* The one object of this class after a new login, which bears this name. */
static struct key_desc found_again(struct bench *b, enum key_class class,
                                   const struct object *known)
{
    struct key_list list = {0};
    struct key_desc key = {0};
    size_t found = 0;

    bench_close(b);
    bench_login(b);
    MUST(b, driver(b)->list(b->hsm, &list, &b->err));
    for (size_t i = 0; i < list.count; i++) {
        const struct key_desc *is = &list.keys[i];
        if (is->class != class || is->id_len != known->desc.id_len ||
            memcmp(is->id, known->desc.id, is->id_len) != 0)
            continue;
        key = *is;
        found++;
    }
    assert_int_equal(found, 1);
    check_label(&key, known->desc.label, known->desc.label_len);
    key_list_free(&list);
    return key;
}

static void public_keys_are_stored_byte_for_byte(void **state)
{
    static const char *const types[] = {"rsa2048", "ec256", "ec384"};
    struct bench *b = *state;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    for (size_t i = 0; i < 3; i++) {
        if (!bench_has(b, types[i]))
            continue;
        struct object *known = known_key(types[i]);
        struct bytes spki = known_spki(known), reported = {0};
        struct hsm_template t = public_template(known, KEY_CLASS_PUBLIC, &spki);
        uint64_t handle;
        MUST(b, driver(b)->make_public(b->hsm, &t, &handle, &b->err));
        struct key_desc key = found_again(b, KEY_CLASS_PUBLIC, known);
        check_flags(&key, KEY_VERIFY | KEY_TOKEN, KEY_USES | KEY_TOKEN | KEY_PRIVATE);
        assert_int_equal(key.kind, known->desc.kind);
        assert_memory_equal(key.spki_sha256, known->desc.spki_sha256, SHA256_SIZE);
        MUST(b, driver(b)->public_key(b->hsm, key.handle, &reported, &b->err));
        assert_true(bytes_equal(&reported, &spki));
        bytes_free(&reported);
        MUST_FAIL(b, driver(b)->certificate(b->hsm, key.handle, &reported, &b->err),
                  ERR_UNSUPPORTED);
        removed_by_name_only(b, &key);
        bytes_free(&spki);
        object_free(known);
    }
    bench_same_inventory(b, before);
}

static void certificates_are_stored_byte_for_byte(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("rsa2048");
    struct bytes der = known_certificate(known, "CN=contract"), reported = {0};
    struct hsm_template t = public_template(known, KEY_CLASS_CERTIFICATE, &der);
    uint64_t handle;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    MUST(b, driver(b)->make_public(b->hsm, &t, &handle, &b->err));
    struct key_desc key = found_again(b, KEY_CLASS_CERTIFICATE, known);
    MUST(b, driver(b)->certificate(b->hsm, key.handle, &reported, &b->err));
    assert_true(bytes_equal(&reported, &der));
    removed_by_name_only(b, &key);
    bench_same_inventory(b, before);
    bytes_free(&reported);
    bytes_free(&der);
    object_free(known);
}

/* A key's value is the key: who asks for it as a certificate's gets nothing. */
static void key_is_no_certificate(void **state)
{
    struct bench *b = *state;
    struct bytes der = {0};
    uint64_t handle;

    bench_login(b);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &handle, &b->err));
    MUST_FAIL(b, driver(b)->certificate(b->hsm, handle, &der, &b->err), ERR_UNSUPPORTED);
    assert_null(der.data);
}

static void garbage_is_no_public_object(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("rsa2048");
    uint8_t noise[270];
    struct bytes garbage = {noise, sizeof noise}, spki = known_spki(known);
    uint64_t handle = 0;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    memset(noise, 0x30, sizeof noise);
    for (enum key_class class = KEY_CLASS_PUBLIC; class <= KEY_CLASS_CERTIFICATE; class ++) {
        struct hsm_template t = public_template(known, class, &garbage);
        assert_false(driver(b)->make_public(b->hsm, &t, &handle, &b->err));
    }
    struct hsm_template t = public_template(known, KEY_CLASS_CERTIFICATE, &spki);
    assert_false(driver(b)->make_public(b->hsm, &t, &handle, &b->err));
    t.class = KEY_CLASS_PRIVATE;
    MUST_FAIL(b, driver(b)->make_public(b->hsm, &t, &handle, &b->err), ERR_UNSUPPORTED);
    assert_int_equal(handle, 0);
    bench_same_inventory(b, before);
    bytes_free(&spki);
    object_free(known);
}

/* --- a source only --- */

/* What a destination does is refused, and said not to be there. */
static void destination_is_refused(void **state)
{
    struct bench *b = *state;
    struct object *rsa = known_key("rsa2048");
    struct bytes spki = known_spki(rsa), answer = {0};
    struct hsm_template public = public_template(rsa, KEY_CLASS_PUBLIC, &spki);
    const struct evidence_subject of = {.proof = HSM_PROOF_DIGEST, .key = 1, .evidence_key = 2};
    const struct evidence_cipher cipher = {0};
    struct hsm_pair pair;
    uint64_t kek, handle = 0;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        assert_false(b->caps.alg[alg].unwrap);
    MUST_FAIL(b, driver(b)->make_pair(b->hsm, 2048, label, &pair, &b->err), ERR_UNSUPPORTED);
    MUST_FAIL(b, driver(b)->make_token_pair(b->hsm, 2048, label, &pair, &b->err), ERR_UNSUPPORTED);
    MUST_FAIL(b, driver(b)->make_public(b->hsm, &public, &handle, &b->err), ERR_UNSUPPORTED);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &kek, &b->err));
    MUST_FAIL(b,
              driver(b)->commit(b->hsm, kek, public.label, public.label_len, public.id,
                                public.id_len, &handle, &b->err),
              ERR_UNSUPPORTED);
    assert_false(driver(b)->unseal(b->hsm, &of, &cipher, &answer, &b->err));
    assert_null(answer.data);
    assert_int_equal(handle, 0);
    MUST(b, driver(b)->destroy(b->hsm, kek, &b->err));
    bench_same_inventory(b, before);
    bytes_free(&spki);
    object_free(rsa);
}

/* Nothing that a session does reaches the token itself. */
static void object_of_the_source_stays(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("ec256");
    uint64_t handle;

    bench_login(b);
    handle = bench_import(b, known);
    struct key_desc key = described(b, handle);
    struct inventory before = bench_inventory(b);
    MUST_FAIL(b, driver(b)->destroy(b->hsm, handle, &b->err), ERR_DENIED);
    MUST_FAIL(b, driver(b)->remove(b->hsm, &key, &b->err), ERR_UNSUPPORTED);
    bench_same_inventory(b, before);
    object_free(known);
}

/* --- the suite --- */

static int start(void **state)
{
    static struct bench bench; /* one at a time */

    if (!bench_start(&bench, *state))
        return -1;
    *state = &bench;
    bench_open(&bench);
    return 0;
}

static int finish(void **state)
{
    bench_stop(*state);
    return 0;
}

enum { ROWS_MAX = 64 };

static int run_rows(const struct contract_hsm *hsm, const struct contract_row *rows, size_t count)
{
    struct CMUnitTest tests[ROWS_MAX];

    assert_true(count <= ROWS_MAX);
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){rows[i].name, rows[i].run, start, finish, (void *)hsm};
    return _cmocka_run_group_tests(hsm->name, tests, count, NULL, NULL);
}

#define ROW(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }
int contract_run_guards(const struct contract_hsm *hsm)
{
    static const struct contract_row rows[] = {
        ROW(key_that_may_not_leave_does_not),
        ROW(key_for_trusted_keys_stays),
        ROW(ordinary_key_leaves),
        ROW(key_that_may_not_wrap_does_not),
        ROW(lengths_are_those_of_the_algorithm),
        ROW(altered_envelope_is_refused),
        ROW(altered_transport_is_refused),
    };
    return run_rows(hsm, rows, sizeof rows / sizeof rows[0]) +
           run_rows(hsm, evidence_guard_rows,
                    sizeof evidence_guard_rows / sizeof evidence_guard_rows[0]) +
           run_rows(hsm, agreement_guard_rows,
                    sizeof agreement_guard_rows / sizeof agreement_guard_rows[0]) +
           run_rows(hsm, kem_guard_rows, sizeof kem_guard_rows / sizeof kem_guard_rows[0]);
}

int contract_run_source(const struct contract_hsm *hsm)
{
    static const struct contract_row rows[] = {
        ROW(info_is_text_for_people),
        ROW(slots_hold_the_token),
        ROW(wrong_pin_is_denied),
        ROW(no_such_slot_is_refused),
        ROW(nothing_works_before_login),
        ROW(login_happens_once),
        ROW(capabilities_are_complete),
        ROW(loaded_public_key_is_the_one_given),
        ROW(garbage_is_no_public_key),
        ROW(aes_is_for_wrapping_only),
        ROW(throw_away_keys_of_every_kind),
        ROW(throw_away_key_that_cannot_be),
        ROW(wrap_by_oaep),
        ROW(wrap_by_each_envelope),
        ROW(every_offered_proof_is_right),
        ROW(destroyed_object_is_gone),
        ROW(numbers_may_come_again),
        ROW(public_half_is_the_known_one),
        ROW(secret_has_no_public_half),
        ROW(key_is_no_certificate),
        ROW(destination_is_refused),
        ROW(object_of_the_source_stays),
    };
    return run_rows(hsm, rows, sizeof rows / sizeof rows[0]);
}

int contract_run(const struct contract_hsm *hsm)
{
    static const struct contract_row rows[] = {
        ROW(info_is_text_for_people),
        ROW(dialect_is_recognised),
        ROW(slots_hold_the_token),
        ROW(wrong_pin_is_denied),
        ROW(no_such_slot_is_refused),
        ROW(nothing_works_before_login),
        ROW(login_happens_once),
        ROW(capabilities_are_complete),
        ROW(pair_is_for_unwrapping_only),
        ROW(token_pair_waits_for_a_later_session),
        ROW(two_pairs_differ),
        ROW(loaded_public_key_is_the_one_given),
        ROW(garbage_is_no_public_key),
        ROW(aes_is_for_wrapping_only),
        ROW(transport_keys_report_their_guards),
        ROW(throw_away_keys_of_every_kind),
        ROW(throw_away_key_that_cannot_be),
        ROW(wrap_by_oaep),
        ROW(wrap_by_each_envelope),
        ROW(unwrap_every_kind),
        ROW(unwrap_makes_what_the_template_says),
        ROW(what_a_key_demands_is_kept_or_known_to_get_lost),
        ROW(unwrap_by_oaep_directly),
        ROW(unwrap_takes_the_length),
        ROW(secret_is_no_private_key),
        ROW(no_more_of_encrypted_zeros_than_a_check_value),
        ROW(every_offered_proof_is_right),
        ROW(proof_of_another_kind_is_unsupported),
        ROW(committed_keys_stay),
        ROW(kept_copies_are_tightened),
        ROW(label_and_id_arrive_byte_for_byte),
        ROW(temporary_objects_vanish),
        ROW(sessions_of_one_login_share_it),
        ROW(threads_share_one_login),
        ROW(destroyed_object_is_gone),
        ROW(numbers_may_come_again),
        ROW(public_half_is_the_known_one),
        ROW(secret_has_no_public_half),
        ROW(public_keys_are_stored_byte_for_byte),
        ROW(certificates_are_stored_byte_for_byte),
        ROW(key_is_no_certificate),
        ROW(garbage_is_no_public_object),
    };
    int failed = run_rows(hsm, rows, sizeof rows / sizeof rows[0]) +
                 run_rows(hsm, agreement_rows, sizeof agreement_rows / sizeof agreement_rows[0]) +
                 run_rows(hsm, kem_rows, sizeof kem_rows / sizeof kem_rows[0]) +
                 run_rows(hsm, evidence_rows, sizeof evidence_rows / sizeof evidence_rows[0]);

    return hsm->agent ? failed + contract_run_guards(hsm) : failed;
}
#undef ROW
