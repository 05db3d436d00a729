/* SPDX-License-Identifier: Apache-2.0 */
/* Transports by ML-KEM, alone and with ECDH: an independent implementation is the other side, and
 * knows every secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/contract/agreement.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "driver/dialect/counterpart_kem.h"
#include "hsm/key_agreement.h"
#include "hsm/layers.h"
#include "transfer/own_key.h"

static const char label[] = "hsmferry:encapsulation";

/* One agreement: what the HSM made, what we know, and what follows. */
struct deal {
    struct bench *b;
    enum hsm_alg alg;
    enum hsm_kdf kdf;
    bool source; /* the HSM is */
    struct hsm_pair pair;
    struct counterpart_kem *ours; /* NULL: we are the source */
    struct bytes peer;            /* what we send */
    struct counterpart_secrets secrets;
    struct bytes known;
    uint8_t info[HSM_INFO_SIZE];
    uint64_t inner, outer; /* the HSM's keys, once they were derived; outer: in two layers */
};

static const struct hsm_driver *driver(const struct deal *d)
{
    return d->b->hsm->driver;
}

/* The next transport and KDF that this HSM has; false: there is none. Begin with {-1, HSM_KDFS}. */
struct way {
    int alg;
    enum hsm_kdf kdf;
};

static bool next_way(const struct bench *b, struct way *way)
{
    do {
        if (++way->kdf >= HSM_KDFS) {
            way->kdf = 0;
            way->alg++;
        }
        if (way->alg >= HSM_ALGS)
            return false;
    } while (!wrap_is_post_quantum((enum hsm_alg)way->alg) || !b->caps.alg[way->alg].wrap ||
             !b->caps.alg[way->alg].unwrap ||
             !(b->caps.alg[way->alg].kdfs & UINT32_C(1) << way->kdf));
    return true;
}
static const struct way first_way = {-1, HSM_KDFS};

static bool is_layered(const struct deal *d)
{
    return d->kdf == HSM_KDF_NESTED;
}

static struct hsm_encapsulation to_peer(const struct deal *d, const struct bytes *peer)
{
    return (struct hsm_encapsulation){.alg = d->alg, .kdf = d->kdf, .peer = peer, .label = label};
}

static void begin(struct deal *d, struct bench *b, const struct way *way, bool source)
{
    *d = (struct deal){.b = b, .alg = (enum hsm_alg)way->alg, .kdf = way->kdf, .source = source};
    if (source) {
        d->ours = counterpart_kem_new(d->alg, &d->peer);
        assert_non_null(d->ours);
        const struct hsm_encapsulation with = to_peer(d, &d->peer);
        MUST(b, driver(d)->encapsulate(b->hsm, &with, &d->pair, &b->err));
        assert_true(counterpart_kem_take(d->ours, &d->pair.spki, &d->secrets));
    } else {
        MUST(b, driver(d)->make_agreement_pair(b->hsm, d->alg, label, &d->pair, &b->err));
        assert_true(agreement_check_public(d->alg, &d->pair.spki, "public key", &b->err));
        assert_true(counterpart_kem_answer(d->alg, &d->pair.spki, &d->peer, &d->secrets));
    }
}

static struct hsm_meeting meeting_of(const struct deal *d, const struct bytes *peer)
{
    return (struct hsm_meeting){.alg = d->alg,
                                .source = d->source,
                                .private_handle = d->pair.private_handle,
                                .public_handle = d->pair.public_handle,
                                .kem_private = d->pair.kem_private,
                                .kem_public = d->pair.kem_public,
                                .migration = label,
                                .peer = peer,
                                .sent = d->source ? &d->pair.spki : NULL};
}

static void meet(struct deal *d)
{
    const struct hsm_meeting with = meeting_of(d, &d->peer);

    MUST(d->b, driver(d)->meet(d->b->hsm, &with, &d->known, &d->b->err));
    SHA256(d->known.data, d->known.len, d->info);
}

static struct hsm_agreement agreement_on(const struct deal *d, bool outer)
{
    return (struct hsm_agreement){.alg = d->alg,
                                  .kdf = d->kdf,
                                  .private_handle = d->pair.private_handle,
                                  .kem_handle = d->pair.kem_private,
                                  .peer = &d->peer,
                                  .info = d->info,
                                  .use = outer ? (d->source ? KEY_ENCRYPT : KEY_DECRYPT)
                                               : (d->source ? KEY_WRAP : KEY_UNWRAP),
                                  .label = label};
}

static void agree(struct deal *d)
{
    const struct hsm_agreement inner = agreement_on(d, false), outer = agreement_on(d, true);

    MUST(d->b, driver(d)->agree(d->b->hsm, &inner, &d->inner, &d->b->err));
    if (is_layered(d))
        MUST(d->b, driver(d)->agree(d->b->hsm, &outer, &d->outer, &d->b->err));
}

static struct hsm_layers layers_of(const struct deal *d)
{
    return (struct hsm_layers){HSM_AES_KWP, d->inner, d->outer, d->info};
}

/* Destroys all that the HSM made; a key that was encapsulated is one of the pair, too. */
static void end(struct deal *d)
{
    const uint64_t made[] = {d->inner,
                             d->outer,
                             d->pair.private_handle,
                             d->pair.public_handle,
                             d->pair.kem_private,
                             d->pair.kem_public};

    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        bool again = made[i] == 0;
        for (size_t before = 0; before < i; before++)
            again |= made[before] == made[i];
        if (!again)
            MUST(d->b, driver(d)->destroy(d->b->hsm, made[i], &d->b->err));
    }
    counterpart_kem_free(d->ours);
    counterpart_secrets_free(&d->secrets);
    bytes_free(&d->pair.spki);
    bytes_free(&d->peer);
    bytes_free(&d->known);
}

/* --- what the other side does --- */

static bool our_keys(const struct deal *d, struct bytes keys[2])
{
    return counterpart_kem_keys(d->kdf, &d->secrets, d->info, &keys[0], &keys[1]);
}

static void free_keys(struct bytes keys[2])
{
    bytes_free(&keys[0]);
    bytes_free(&keys[1]);
}

/* Does what the HSM wrapped come out with the secrets that we have? */
static bool opens(const struct deal *d, const struct bytes *wrapped_key)
{
    const struct bytes context = {(uint8_t *)(uintptr_t)d->info, HSM_INFO_SIZE};
    struct bytes keys[2] = {{0}}, inner = {0}, plain = {0};
    bool ok = our_keys(d, keys);

    if (is_layered(d)) {
        assert_int_equal(wrapped_key->len, layers_len(HSM_AES_KWP, 32));
        const struct bytes text = {wrapped_key->data + HSM_LAYER_IV,
                                   wrapped_key->len - HSM_LAYER_IV};
        ok = ok && layers_gcm(false, &keys[1], wrapped_key->data, &context, &text, &inner);
    } else {
        ok = ok && bytes_set(&inner, wrapped_key->data, wrapped_key->len, NULL);
    }
    ok = ok && counterpart_open(HSM_AES_KWP, &keys[0], &inner, &plain) && plain.len == 32;
    free_keys(keys);
    bytes_free(&inner);
    bytes_free(&plain);
    return ok;
}

/* An AES key, wrapped with the secrets that we have. */
static void close_ours(const struct deal *d, struct bytes *wrapped_key)
{
    static const uint8_t value[32] = {7}, iv[HSM_LAYER_IV] = {9};
    const struct bytes plain = {(uint8_t *)(uintptr_t)value, sizeof value},
                       context = {(uint8_t *)(uintptr_t)d->info, HSM_INFO_SIZE};
    struct bytes keys[2] = {{0}}, inner = {0}, text = {0};

    assert_true(our_keys(d, keys) && counterpart_close(HSM_AES_KWP, &keys[0], &plain, &inner));
    if (is_layered(d)) {
        assert_true(layers_gcm(true, &keys[1], iv, &context, &inner, &text) &&
                    bytes_make(wrapped_key, sizeof iv + text.len, NULL));
        memcpy(wrapped_key->data, iv, sizeof iv);
        memcpy(wrapped_key->data + sizeof iv, text.data, text.len);
    } else {
        assert_true(bytes_set(wrapped_key, inner.data, inner.len, NULL));
    }
    free_keys(keys);
    bytes_free(&inner);
    bytes_free(&text);
}

/* --- what the HSM does --- */

static bool hsm_wraps(struct deal *d, uint64_t key, struct bytes *wrapped_key)
{
    const struct hsm_layers by = layers_of(d);

    return is_layered(d)
               ? driver(d)->wrap_layers(d->b->hsm, &by, key, wrapped_key, &d->b->err)
               : driver(d)->wrap(d->b->hsm, HSM_AES_KWP, d->inner, key, wrapped_key, &d->b->err);
}

static const struct hsm_template kek_template = {
    .class = KEY_CLASS_SECRET,
    .kind = KEY_KIND_AES,
    .length = 32,
    .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
    .label = (const uint8_t *)label,
    .label_len = sizeof label - 1,
};

static bool hsm_unwraps(struct deal *d, const struct bytes *wrapped_key,
                        const struct hsm_template *template, uint64_t *kek)
{
    const struct hsm_layers by = layers_of(d);
    struct bench *b = d->b;

    return is_layered(d)
               ? driver(d)->unwrap_layers(b->hsm, &by, wrapped_key, template, kek, &b->err)
               : driver(d)->unwrap(b->hsm, HSM_AES_KWP, d->inner, wrapped_key, template, kek,
                                   &b->err);
}

/* --- every driver --- */

/* Our secret of the curve, or of ML-KEM, as another one. */
static void change(struct deal *d, bool of_curve)
{
    struct bytes *secret = of_curve ? &d->secrets.on_curve : &d->secrets.kem;

    assert_true(secret->len > 0);
    secret->data[of_curve ? 0 : secret->len - 1] ^= 1;
}

static bool has_curve(const struct deal *d)
{
    return wrap_alg(d->alg)->curve;
}

static void check_own(struct deal *d, uint64_t key, const struct own_key *want)
{
    uint32_t unread;

    MUST(d->b, own_key_check(d->b->hsm, key, want, d->b->caps.unreadable, &unread, &d->b->err));
}

/* The source's AES key comes out with both secrets, and with neither of them alone. */
static void wraps_a_kek(struct bench *b, const struct way *way)
{
    struct bytes wrapped_key = {0};
    struct deal d;
    uint64_t kek;

    begin(&d, b, way, true);
    meet(&d);
    MUST(b, driver(&d)->make_kek(b->hsm, 256, label, &kek, &b->err));
    agree(&d);
    check_own(&d, d.inner, &own_agreed_wrapping);
    if (is_layered(&d))
        check_own(&d, d.outer, &own_agreed_encrypting);
    MUST(b, hsm_wraps(&d, kek, &wrapped_key));
    assert_true(opens(&d, &wrapped_key));
    for (int of_curve = 0; of_curve <= has_curve(&d); of_curve++) {
        change(&d, of_curve);
        assert_false(opens(&d, &wrapped_key));
        change(&d, of_curve);
    }
    assert_true(opens(&d, &wrapped_key));
    MUST(b, driver(&d)->destroy(b->hsm, kek, &b->err));
    bytes_free(&wrapped_key);
    end(&d);
}

/* changed: which of our secrets is another one; 0: none, 1: that of ML-KEM, 2: of the curve. */
static void unwraps_a_kek(struct bench *b, const struct way *way, int changed)
{
    struct bytes wrapped_key = {0};
    struct deal d;
    uint64_t kek;

    begin(&d, b, way, false);
    meet(&d);
    agree(&d);
    check_own(&d, d.inner, &own_agreed_unwrapping);
    if (is_layered(&d))
        check_own(&d, d.outer, &own_agreed_decrypting);
    if (changed)
        change(&d, changed == 2);
    close_ours(&d, &wrapped_key);
    if (changed) {
        MUST_FAIL(b, hsm_unwraps(&d, &wrapped_key, &kek_template, &kek), ERR_DATA);
    } else {
        MUST(b, hsm_unwraps(&d, &wrapped_key, &kek_template, &kek));
        MUST(b, driver(&d)->destroy(b->hsm, kek, &b->err));
    }
    bytes_free(&wrapped_key);
    end(&d);
}

static void encapsulated_keys_carry_one_kek(void **state)
{
    struct bench *b = *state;
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    struct inventory before = bench_inventory(b);
    for (; next_way(b, &way); tried++) {
        wraps_a_kek(b, &way);
        for (int changed = 0; changed <= (wrap_alg((enum hsm_alg)way.alg)->curve ? 2 : 1);
             changed++)
            unwraps_a_kek(b, &way, changed);
    }
    bench_same_inventory(b, before);
    if (!tried)
        skip();
}

/* The destination's pair decapsulates, its half on a curve derives, and what a source has of an
 * encapsulation is for its one use. */
static void what_is_kept_is_for_one_use(void **state)
{
    struct bench *b = *state;
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    for (; next_way(b, &way); tried++) {
        struct deal d;
        begin(&d, b, &way, false);
        check_own(&d, has_curve(&d) ? d.pair.kem_private : d.pair.private_handle, &own_kem_private);
        if (has_curve(&d))
            check_own(&d, d.pair.private_handle, &own_agreed_private);
        end(&d);
        begin(&d, b, &way, true);
        check_own(&d, has_curve(&d) ? d.pair.kem_private : d.pair.private_handle,
                  d.kdf == HSM_KDF_HKDF ? &own_kem_secret
                  : is_layered(&d)      ? &own_agreed_encrypting
                                        : &own_agreed_wrapping);
        if (has_curve(&d))
            check_own(&d, d.pair.private_handle, &own_agreed_private);
        end(&d);
    }
    if (!tried)
        skip();
}

static void must_not_meet(struct deal *d, const uint8_t *data, size_t len)
{
    struct bytes peer = {0};

    assert_true(bytes_set(&peer, data, len, NULL));
    const struct hsm_meeting with = meeting_of(d, &peer);
    MUST_FAIL(d->b, driver(d)->meet(d->b->hsm, &with, &d->known, &d->b->err), ERR_DATA);
    bytes_free(&peer);
}

/* What a relay may give a destination in place of the source's answer. */
static void no_other_answer_is_met(void **state)
{
    struct bench *b = *state;
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    for (; next_way(b, &way); tried++) {
        struct deal d;
        struct bytes longer = {0};
        begin(&d, b, &way, false);
        assert_true(bytes_make(&longer, d.peer.len + 1, NULL));
        memcpy(longer.data, d.peer.data, d.peer.len);
        must_not_meet(&d, longer.data, longer.len);
        must_not_meet(&d, d.peer.data, d.peer.len - 1);
        must_not_meet(&d, d.pair.spki.data, d.pair.spki.len); /* its own */
        if (has_curve(&d)) {
            longer.data[d.peer.len - agreement_split(d.alg, &d.peer).kem.len - 1] ^= 1;
            must_not_meet(&d, longer.data, d.peer.len); /* not on the curve */
        }
        bytes_free(&longer);
        meet(&d); /* control */
        end(&d);
    }
    if (!tried)
        skip();
}

/* A relay gives a destination what the source sent in another run: it is of the right form, but
 * what that wrapped does not come out, and this side knows another answer than the source. */
static void a_replayed_encapsulation_opens_nothing(void **state)
{
    struct bench *b = *state;
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    for (; next_way(b, &way); tried++) {
        struct bytes wrapped_key = {0}, answer = {0}, own_answer;
        struct deal old, now;
        uint64_t kek;
        begin(&old, b, &way, false);
        meet(&old);
        close_ours(&old, &wrapped_key);
        assert_true(bytes_set(&answer, old.peer.data, old.peer.len, NULL));
        agree(&old); /* control: in its own run it does */
        MUST(b, hsm_unwraps(&old, &wrapped_key, &kek_template, &kek));
        MUST(b, driver(&old)->destroy(b->hsm, kek, &b->err));
        end(&old);
        begin(&now, b, &way, false);
        own_answer = now.peer;
        now.peer = answer;
        meet(&now);
        assert_false(bytes_equal(&now.known, &old.known));
        agree(&now);
        MUST_FAIL(b, hsm_unwraps(&now, &wrapped_key, &kek_template, &kek), ERR_DATA);
        bytes_free(&own_answer);
        bytes_free(&wrapped_key);
        end(&now);
    }
    if (!tried)
        skip();
}

#define ROW(function)                                                                              \
    {                                                                                              \
#function, function                                                                        \
    }
const struct contract_row kem_rows[] = {
    ROW(encapsulated_keys_carry_one_kek),
    ROW(what_is_kept_is_for_one_use),
    ROW(no_other_answer_is_met),
    ROW(a_replayed_encapsulation_opens_nothing),
};

/* --- the agent --- */

static const uint8_t challenge_octets[32] = {1};
static const struct bytes challenge = {(uint8_t *)(uintptr_t)challenge_octets, 32};

/* Each key of the agreement does its one thing, and nothing else. */
static void answers_nothing(struct deal *d, uint64_t key, enum hsm_proof proof)
{
    struct bench *b = d->b;
    struct bytes out = {0};
    uint64_t kept;

    MUST_FAIL(b, driver(d)->prove(b->hsm, proof, key, &challenge, &out, &b->err), ERR_DENIED);
    MUST_FAIL(b, driver(d)->commit(b->hsm, key, (const uint8_t *)"x", 1, NULL, 0, &kept, &b->err),
              ERR_DENIED);
}

/* The session has one pair or encapsulation, until all of it is gone. */
static void no_second(struct deal *d)
{
    struct bench *b = d->b;
    struct bytes public = {0};
    struct counterpart_kem *stranger = counterpart_kem_new(d->alg, &public);
    const struct hsm_encapsulation with = to_peer(d, &public);
    struct hsm_pair second = {0};

    assert_non_null(stranger);
    MUST_FAIL(b, driver(d)->encapsulate(b->hsm, &with, &second, &b->err), ERR_DENIED);
    MUST_FAIL(b, driver(d)->make_agreement_pair(b->hsm, d->alg, label, &second, &b->err),
              ERR_DENIED);
    counterpart_kem_free(stranger);
    bytes_free(&public);
}

/* It meets what its encapsulation was for, or the first answer, and nobody else. */
static void no_stranger(struct deal *d)
{
    struct bench *b = d->b;
    struct bytes stranger = {0}, changed = {0}, out = {0};
    struct counterpart_secrets secrets = {{0}, {0}};
    struct counterpart_kem *other = NULL;
    struct hsm_meeting with;

    if (d->source)
        other = counterpart_kem_new(d->alg, &stranger);
    else
        assert_true(counterpart_kem_answer(d->alg, &d->pair.spki, &stranger, &secrets));
    with = meeting_of(d, &stranger);
    MUST_FAIL(b, driver(d)->meet(b->hsm, &with, &out, &b->err), ERR_DENIED);
    if (d->source) {
        assert_true(bytes_set(&changed, d->pair.spki.data, d->pair.spki.len, NULL));
        changed.data[changed.len - 1] ^= 1;
        with = meeting_of(d, &d->peer);
        with.sent = &changed; /* not what it sent */
        MUST_FAIL(b, driver(d)->meet(b->hsm, &with, &out, &b->err), ERR_DENIED);
    }
    counterpart_kem_free(other);
    counterpart_secrets_free(&secrets);
    bytes_free(&stranger);
    bytes_free(&changed);
}

static void does_not_agree(struct deal *d, const struct hsm_agreement *on)
{
    uint64_t derived;

    MUST_FAIL(d->b, driver(d)->agree(d->b->hsm, on, &derived, &d->b->err), ERR_DENIED);
}

/* It derives with whom it met, of what it reported, by its own KDF and for its own side. */
static void no_other_key(struct deal *d)
{
    struct hsm_agreement on = agreement_on(d, false);
    const struct bytes cut = {d->peer.data, d->peer.len - 1};
    const uint8_t other[HSM_INFO_SIZE] = {1};

    on.peer = &cut;
    does_not_agree(d, &on);
    on = agreement_on(d, false);
    on.info = other;
    does_not_agree(d, &on);
    on = agreement_on(d, false);
    on.kdf = HSM_KDF_NONE;
    does_not_agree(d, &on);
    on.kdf = d->kdf;
    on.use = d->source ? KEY_UNWRAP : KEY_WRAP;
    does_not_agree(d, &on);
    on.use = d->source ? KEY_DECRYPT : KEY_ENCRYPT;
    does_not_agree(d, &on);
    if (is_layered(d))
        return;
    on.use = d->source ? KEY_ENCRYPT : KEY_DECRYPT; /* there is one layer */
    does_not_agree(d, &on);
}

/* Of two layers, neither goes without the other, and none is bound to anything else. */
static void no_single_layer(struct deal *d, uint64_t kek)
{
    struct bench *b = d->b;
    struct hsm_layers by = layers_of(d);
    const uint8_t other[HSM_INFO_SIZE] = {1};
    struct bytes text = {0};
    uint64_t in;

    assert_true(bytes_make(&text, 40, NULL));
    for (int outer = 0; outer < 2; outer++) {
        const uint64_t under = outer ? d->outer : d->inner;
        if (d->source)
            MUST_FAIL(b, driver(d)->wrap(b->hsm, HSM_AES_KWP, under, kek, &text, &b->err),
                      ERR_DENIED);
        else
            MUST_FAIL(
                b,
                driver(d)->unwrap(b->hsm, HSM_AES_KWP, under, &text, &kek_template, &in, &b->err),
                ERR_DENIED);
    }
    bytes_free(&text);
    assert_true(bytes_make(&text, layers_len(HSM_AES_KWP, 32), NULL));
    for (int what = 0; what < 2; what++) {
        by = layers_of(d);
        if (what)
            by.info = other;
        else
            by.outer = by.inner;
        if (d->source)
            MUST_FAIL(b, driver(d)->wrap_layers(b->hsm, &by, kek, &text, &b->err), ERR_DENIED);
        else
            MUST_FAIL(b, driver(d)->unwrap_layers(b->hsm, &by, &text, &kek_template, &in, &b->err),
                      ERR_DENIED);
    }
    bytes_free(&text);
}

/* All that comes before the one wrapped key. */
static void guards_of_agreement(struct deal *d, uint64_t kek)
{
    const struct hsm_agreement early = agreement_on(d, false), outer = agreement_on(d, true);

    no_second(d);
    does_not_agree(d, &early); /* it has not met */
    if (d->source)
        no_stranger(d); /* who was encapsulated to is the one to meet */
    meet(d);
    no_stranger(d);
    no_other_key(d);
    agree(d);
    does_not_agree(d, &early);
    if (is_layered(d))
        does_not_agree(d, &outer);
    answers_nothing(d, d->inner, HSM_PROOF_DIGEST);
    answers_nothing(d, d->pair.private_handle, has_curve(d) ? HSM_PROOF_ECDH : HSM_PROOF_ML_KEM);
    if (has_curve(d))
        answers_nothing(d, d->pair.kem_private, HSM_PROOF_ML_KEM);
    if (!is_layered(d))
        return;
    answers_nothing(d, d->outer, HSM_PROOF_AES_ECB);
    no_single_layer(d, kek);
}

static void guards_of_a_source(struct bench *b, const struct way *way, uint64_t ordinary)
{
    struct bytes out = {0};
    struct deal d;
    uint64_t kek;

    begin(&d, b, way, true);
    MUST(b, driver(&d)->make_kek(b->hsm, 256, label, &kek, &b->err));
    guards_of_agreement(&d, kek);
    MUST(b, hsm_wraps(&d, kek, &out));
    assert_true(opens(&d, &out));
    MUST_FAIL(b, hsm_wraps(&d, kek, &out), ERR_DENIED); /* once */
    end(&d);
    begin(&d, b, way, true); /* once all is gone, another may come */
    meet(&d);
    agree(&d);
    MUST_FAIL(b, hsm_wraps(&d, ordinary, &out), ERR_DENIED); /* a real key goes under the KEK */
    MUST_FAIL(b, hsm_wraps(&d, kek, &out), ERR_DENIED);      /* and now none does */
    MUST(b, driver(&d)->destroy(b->hsm, kek, &b->err));
    bytes_free(&out);
    end(&d);
}

static void guards_of_a_destination(struct bench *b, const struct way *way)
{
    struct hsm_template loose = kek_template;
    struct bytes wrapped_key = {0};
    struct deal d;
    uint64_t kek;

    begin(&d, b, way, false);
    guards_of_agreement(&d, 0);
    close_ours(&d, &wrapped_key);
    MUST(b, hsm_unwraps(&d, &wrapped_key, &kek_template, &kek));
    MUST(b, driver(&d)->destroy(b->hsm, kek, &b->err));
    MUST_FAIL(b, hsm_unwraps(&d, &wrapped_key, &kek_template, &kek), ERR_DENIED);
    end(&d);
    begin(&d, b, way, false);
    meet(&d);
    agree(&d);
    bytes_free(&wrapped_key);
    close_ours(&d, &wrapped_key);
    loose.flags |= KEY_EXTRACTABLE; /* the KEK could leave */
    MUST_FAIL(b, hsm_unwraps(&d, &wrapped_key, &loose, &kek), ERR_DENIED);
    bytes_free(&wrapped_key);
    end(&d);
}

static void one_encapsulation_one_peer_one_key(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("aes32");
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    const uint64_t ordinary = bench_import(b, known);
    for (; next_way(b, &way); tried++) {
        guards_of_a_source(b, &way, ordinary);
        guards_of_a_destination(b, &way);
    }
    object_free(known);
    if (!tried)
        skip();
}

/* A relay may not choose what an HSM encapsulates to. */
static void no_other_key_is_encapsulated_to(void **state)
{
    struct bench *b = *state;
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    for (; next_way(b, &way); tried++) {
        struct deal d = {.b = b, .alg = (enum hsm_alg)way.alg, .kdf = way.kdf, .source = true};
        struct counterpart_kem *other = counterpart_kem_new(d.alg, &d.peer);
        struct bytes cut = {d.peer.data, d.peer.len - 1};
        struct hsm_encapsulation with = to_peer(&d, &cut);
        assert_non_null(other);
        MUST_FAIL(b, driver(&d)->encapsulate(b->hsm, &with, &d.pair, &b->err), ERR_DATA);
        d.peer.data[d.peer.len - 32 - 384 + 1] |= 0x0f; /* a coefficient that is not below q */
        d.peer.data[d.peer.len - 32 - 384] = 0xff;
        with.peer = &d.peer;
        MUST_FAIL(b, driver(&d)->encapsulate(b->hsm, &with, &d.pair, &b->err), ERR_DATA);
        with.kdf = HSM_KDF_SHA256;
        MUST_FAIL(b, driver(&d)->encapsulate(b->hsm, &with, &d.pair, &b->err), ERR_UNSUPPORTED);
        counterpart_kem_free(other);
        bytes_free(&d.peer);
        begin(&d, b, &way, true); /* control */
        end(&d);
    }
    if (!tried)
        skip();
}

/* A key that was derived stays under its rules when its pair is destroyed first. */
static void a_derived_key_outlives_its_pair_under_its_rules(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("aes32");
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    const uint64_t ordinary = bench_import(b, known);
    for (; next_way(b, &way); tried++) {
        struct bytes out = {0};
        struct deal d;
        begin(&d, b, &way, true);
        meet(&d);
        agree(&d);
        if (d.pair.private_handle != d.inner) {
            MUST(b, driver(&d)->destroy(b->hsm, d.pair.private_handle, &b->err));
            d.pair.private_handle = 0;
        }
        if (d.pair.kem_private && d.pair.kem_private != d.outer) {
            MUST(b, driver(&d)->destroy(b->hsm, d.pair.kem_private, &b->err));
            d.pair.kem_private = 0;
        }
        no_second(&d);
        MUST_FAIL(b, hsm_wraps(&d, ordinary, &out), ERR_DENIED);
        end(&d);
        begin(&d, b, &way, true); /* control: once it is gone, too */
        end(&d);
    }
    object_free(known);
    if (!tried)
        skip();
}

const struct contract_row kem_guard_rows[] = {
    ROW(one_encapsulation_one_peer_one_key),
    ROW(no_other_key_is_encapsulated_to),
    ROW(a_derived_key_outlives_its_pair_under_its_rules),
};

/* --- control --- */

/* A token that drops the second secret when it makes one key of two. What it wraps does not come
 * out with both, but does with the first one alone: then whoever breaks the curve has the key. */
void kem_truncating_control(void **state)
{
    struct bench *b = *state;
    struct way way = first_way;
    unsigned tried = 0;

    bench_login(b);
    while (next_way(b, &way)) {
        struct bytes wrapped_key = {0};
        struct deal d;
        uint64_t kek;
        if (way.kdf != HSM_KDF_HKDF)
            continue;
        begin(&d, b, &way, true);
        meet(&d);
        MUST(b, driver(&d)->make_kek(b->hsm, 256, label, &kek, &b->err));
        agree(&d);
        MUST(b, hsm_wraps(&d, kek, &wrapped_key));
        assert_false(opens(&d, &wrapped_key));
        bytes_free(&d.secrets.kem);
        assert_true(opens(&d, &wrapped_key));
        MUST(b, driver(&d)->destroy(b->hsm, kek, &b->err));
        bytes_free(&wrapped_key);
        end(&d);
        tried++;
    }
    assert_true(tried > 0);
}
