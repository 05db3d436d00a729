/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL plays the other side of an agreement: it knows the derived key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/contract/agreement.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#include "hsm/key_agreement.h"
#include "hsm/spki.h"
#include "transfer/own_key.h"

static const char label[] = "hsmferry:agreement";

/* One agreement: the HSM's pair, ours, and what follows. */
struct deal {
    struct bench *b;
    enum hsm_alg alg;
    bool source; /* the HSM is */
    struct hsm_pair pair;
    EVP_PKEY *ours;
    struct bytes our_spki;
    struct bytes known;
    uint8_t info[HSM_INFO_SIZE];
    struct hsm_agreement on;
};

static const struct hsm_driver *driver(const struct bench *b)
{
    return b->hsm->driver;
}

static bool offers(const struct bench *b, enum hsm_alg alg)
{
    return wrap_is_agreed(alg) && !wrap_is_post_quantum(alg) && b->caps.alg[alg].wrap &&
           b->caps.alg[alg].unwrap;
}

static void write_spki(EVP_PKEY *key, struct bytes *spki)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    assert_true(len > 0 && bytes_set(spki, der, (size_t)len, NULL));
    OPENSSL_free(der);
}

static struct hsm_meeting meeting_of(const struct deal *d, const struct bytes *peer)
{
    return (struct hsm_meeting){.alg = d->alg,
                                .source = d->source,
                                .private_handle = d->pair.private_handle,
                                .public_handle = d->pair.public_handle,
                                .migration = label,
                                .peer = peer};
}

static void begin(struct deal *d, struct bench *b, enum hsm_alg alg, bool source)
{
    *d = (struct deal){.b = b, .alg = alg, .source = source};
    MUST(b, driver(b)->make_agreement_pair(b->hsm, alg, label, &d->pair, &b->err));
    d->ours = EVP_EC_gen(wrap_alg(alg)->curve);
    assert_non_null(d->ours);
    write_spki(d->ours, &d->our_spki);
}

static void meet(struct deal *d)
{
    const struct hsm_meeting with = meeting_of(d, &d->our_spki);

    MUST(d->b, driver(d->b)->meet(d->b->hsm, &with, &d->known, &d->b->err));
    SHA256(d->known.data, d->known.len, d->info);
    d->on = (struct hsm_agreement){.alg = d->alg,
                                   .private_handle = d->pair.private_handle,
                                   .peer = &d->our_spki,
                                   .info = d->info,
                                   .use = d->source ? KEY_WRAP : KEY_UNWRAP,
                                   .label = label};
    while (!(d->b->caps.alg[d->alg].kdfs & UINT32_C(1) << d->on.kdf))
        d->on.kdf++;
}

static void end(struct deal *d)
{
    struct bench *b = d->b;

    MUST(b, driver(b)->destroy(b->hsm, d->pair.private_handle, &b->err));
    if (d->pair.public_handle)
        MUST(b, driver(b)->destroy(b->hsm, d->pair.public_handle, &b->err));
    EVP_PKEY_free(d->ours);
    bytes_free(&d->pair.spki);
    bytes_free(&d->our_spki);
    bytes_free(&d->known);
}

/* The key that follows, by our half. */
static void derive(const struct deal *d, enum hsm_kdf kdf, struct object **key)
{
    EVP_PKEY *theirs = spki_read(&d->pair.spki);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(d->ours, NULL);
    struct key_desc desc = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES};
    uint8_t secret[128], value[HSM_AGREED_BITS / 8];
    size_t len = sizeof secret;

    assert_true(theirs && ctx && EVP_PKEY_derive_init(ctx) == 1 &&
                EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, secret, &len) == 1 &&
                agreement_key(kdf, secret, len, d->info, value));
    *key = object_new(&desc, value, sizeof value);
    assert_non_null(*key);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
}

/* --- every driver --- */

static void wraps_a_kek(struct deal *d, enum hsm_kdf kdf)
{
    struct bench *b = d->b;
    struct bytes wrapped_key = {0}, plain = {0};
    struct object *ours;
    uint64_t derived, kek;
    uint32_t unread;

    d->on.kdf = kdf;
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &kek, &b->err));
    MUST(b, driver(b)->agree(b->hsm, &d->on, &derived, &b->err));
    MUST(b, own_key_check(b->hsm, derived, &own_agreed_wrapping, b->caps.unreadable, &unread,
                          &b->err));
    MUST(b, driver(b)->wrap(b->hsm, HSM_AES_KWP, derived, kek, &wrapped_key, &b->err));
    derive(d, kdf, &ours);
    assert_true(crypto_unwrap(HSM_AES_KWP, ours, &wrapped_key, &plain));
    assert_int_equal(plain.len, 32);
    MUST(b, driver(b)->destroy(b->hsm, derived, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, kek, &b->err));
    object_free(ours);
    bytes_free(&wrapped_key);
    bytes_free(&plain);
}

static void unwraps_a_kek(struct deal *d, enum hsm_kdf kdf)
{
    const struct hsm_template aes = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = 32,
        .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
        .label = (const uint8_t *)label,
        .label_len = strlen(label),
    };
    struct bench *b = d->b;
    uint8_t value[32] = {7};
    const struct bytes plain = {value, sizeof value};
    struct bytes wrapped_key = {0};
    struct object *ours;
    uint64_t derived, kek;
    uint32_t unread;

    d->on.kdf = kdf;
    derive(d, kdf, &ours);
    assert_true(crypto_wrap(HSM_AES_KWP, ours, &plain, &wrapped_key));
    MUST(b, driver(b)->agree(b->hsm, &d->on, &derived, &b->err));
    MUST(b, own_key_check(b->hsm, derived, &own_agreed_unwrapping, b->caps.unreadable, &unread,
                          &b->err));
    MUST(b, driver(b)->unwrap(b->hsm, HSM_AES_KWP, derived, &wrapped_key, &aes, &kek, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, kek, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, derived, &b->err));
    object_free(ours);
    bytes_free(&wrapped_key);
}

static void both_sides_derive_one_key(void **state)
{
    struct bench *b = *state;
    unsigned tried = 0;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        for (enum hsm_kdf kdf = 0; kdf < HSM_KDFS; kdf++)
            for (int source = 0; offers(b, alg) && source < 2; source++) {
                struct deal d;
                if (!(b->caps.alg[alg].kdfs & UINT32_C(1) << kdf))
                    continue;
                begin(&d, b, alg, source);
                meet(&d);
                if (source)
                    wraps_a_kek(&d, kdf);
                else
                    unwraps_a_kek(&d, kdf);
                end(&d);
                tried++;
            }
    bench_same_inventory(b, before);
    if (!tried)
        skip();
}

static void the_base_key_is_for_deriving_only(void **state)
{
    struct bench *b = *state;
    uint32_t unread;
    struct deal d;

    bench_login(b);
    if (!offers(b, HSM_ECDH_P256))
        skip();
    begin(&d, b, HSM_ECDH_P256, true);
    MUST(b, own_key_check(b->hsm, d.pair.private_handle, &own_agreed_private, b->caps.unreadable,
                          &unread, &b->err));
    assert_true(agreement_check_public(d.alg, &d.pair.spki, "public key", &b->err));
    end(&d);
}

/* What a relay may give in place of the other side's point. */
static void must_not_meet(struct deal *d, const void *der, size_t len)
{
    struct bytes spki = {0};

    assert_true(bytes_set(&spki, der, len, NULL));
    const struct hsm_meeting with = meeting_of(d, &spki);
    MUST_FAIL(d->b, driver(d->b)->meet(d->b->hsm, &with, &d->known, &d->b->err), ERR_DATA);
    bytes_free(&spki);
}

static void no_other_point_is_met(void **state)
{
    struct bench *b = *state;
    uint8_t der[512];
    EVP_PKEY *other;
    struct bytes spki = {0};
    struct deal d;

    bench_login(b);
    if (!offers(b, HSM_ECDH_P256))
        skip();
    begin(&d, b, HSM_ECDH_P256, true);
    memcpy(der, d.our_spki.data, d.our_spki.len);
    der[d.our_spki.len] = 0;
    must_not_meet(&d, der, d.our_spki.len + 1); /* an octet follows */
    must_not_meet(&d, der, d.our_spki.len - 1);
    der[d.our_spki.len - 1] ^= 1;
    must_not_meet(&d, der, d.our_spki.len); /* not on the curve */
    other = EVP_EC_gen("P-384");
    write_spki(other, &spki);
    must_not_meet(&d, spki.data, spki.len);               /* another curve */
    must_not_meet(&d, d.pair.spki.data, d.pair.spki.len); /* its own */
    EVP_PKEY_free(other);
    bytes_free(&spki);
    meet(&d); /* control */
    end(&d);
}

#define ROW(function)                                                                              \
    {                                                                                              \
#function, function                                                                        \
    }
const struct contract_row agreement_rows[] = {
    ROW(both_sides_derive_one_key),
    ROW(the_base_key_is_for_deriving_only),
    ROW(no_other_point_is_met),
};

/* --- the agent --- */

static void one_pair_one_peer_one_key(void **state)
{
    static const uint8_t challenge_octets[32] = {1};
    const struct bytes challenge = {(uint8_t *)(uintptr_t)challenge_octets, 32};
    struct bench *b = *state;
    struct hsm_pair second = {0};
    struct bytes out = {0}, stranger = {0};
    EVP_PKEY *other = EVP_EC_gen("P-256");
    uint64_t derived, again, kek, kept;
    struct hsm_agreement with_other;
    struct deal d;

    bench_login(b);
    if (!offers(b, HSM_ECDH_P256))
        skip();
    begin(&d, b, HSM_ECDH_P256, true);
    write_spki(other, &stranger);
    MUST_FAIL(b, driver(b)->make_agreement_pair(b->hsm, d.alg, label, &second, &b->err),
              ERR_DENIED);
    meet(&d);
    const struct hsm_meeting stranger_met = meeting_of(&d, &stranger);
    MUST_FAIL(b, driver(b)->meet(b->hsm, &stranger_met, &out, &b->err), ERR_DENIED);
    with_other = d.on;
    with_other.peer = &stranger; /* not the one whose fingerprint was reported */
    MUST_FAIL(b, driver(b)->agree(b->hsm, &with_other, &derived, &b->err), ERR_DENIED);
    with_other = d.on;
    with_other.use = KEY_UNWRAP; /* the source's key wraps */
    MUST_FAIL(b, driver(b)->agree(b->hsm, &with_other, &derived, &b->err), ERR_DENIED);
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &kek, &b->err));
    MUST(b, driver(b)->agree(b->hsm, &d.on, &derived, &b->err));
    MUST_FAIL(b, driver(b)->agree(b->hsm, &d.on, &again, &b->err), ERR_DENIED);
    MUST_FAIL(b, driver(b)->prove(b->hsm, HSM_PROOF_DIGEST, derived, &challenge, &out, &b->err),
              ERR_DENIED);
    MUST_FAIL(
        b,
        driver(b)->prove(b->hsm, HSM_PROOF_ECDH, d.pair.private_handle, &challenge, &out, &b->err),
        ERR_DENIED);
    MUST_FAIL(b,
              driver(b)->commit(b->hsm, derived, (const uint8_t *)"x", 1, NULL, 0, &kept, &b->err),
              ERR_DENIED);
    MUST(b, driver(b)->wrap(b->hsm, HSM_AES_KWP, derived, kek, &out, &b->err));
    MUST_FAIL(b, driver(b)->wrap(b->hsm, HSM_AES_KWP, derived, kek, &out, &b->err), ERR_DENIED);
    MUST(b, driver(b)->destroy(b->hsm, derived, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, kek, &b->err));
    end(&d);
    bytes_free(&out);
    bytes_free(&stranger);
    EVP_PKEY_free(other);
    begin(&d, b, HSM_ECDH_P256, true); /* once the pair is gone, another may come */
    meet(&d);
    struct object *known = known_key("aes32");
    uint64_t ordinary = bench_import(b, known);
    MUST(b, driver(b)->agree(b->hsm, &d.on, &derived, &b->err));
    MUST_FAIL(b, driver(b)->wrap(b->hsm, HSM_AES_KWP, derived, ordinary, &out, &b->err),
              ERR_DENIED); /* a real key goes under the KEK */
    MUST(b, driver(b)->destroy(b->hsm, derived, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, ordinary, &b->err));
    object_free(known);
    end(&d);
}

const struct contract_row agreement_guard_rows[] = {ROW(one_pair_one_peer_one_key)};
