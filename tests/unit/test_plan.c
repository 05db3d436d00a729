/* SPDX-License-Identifier: Apache-2.0 */
/* plan and negotiate: which keys go and how, and the reason beside each that cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/companion.h"
#include "plan/name_index.h"
#include "plan/plan.h"
#include "plan/selection.h"
#include "plan/wanted.h"
#include "plan/strength.h"

static const uint32_t all_known = (1U << KEY_FLAGS) - 1;

struct world {
    struct policy policy;
    struct hsm_capabilities source, destination;
    struct suite suite;
    struct key_list keys, there;
    struct plan plan;
    struct uri uris[8];
    size_t uri_count;
    struct err err;
};

static void capability(struct hsm_capabilities *caps, enum hsm_alg alg, const char *reason)
{
    caps->alg[alg].wrap = caps->alg[alg].unwrap = !*reason;
    snprintf(caps->alg[alg].reason, sizeof caps->alg[alg].reason, "%s", reason);
}

/* Two HSMs like SoftHSM: SHA-1 only, an envelope that pads secrets. */
static int setup(void **state)
{
    static struct world w;

    w = (struct world){.policy = policy_default()};
    for (unsigned i = 0; i < 2; i++) {
        struct hsm_capabilities *caps = i ? &w.destination : &w.source;
        capability(caps, HSM_RSA_OAEP_SHA256, "CKR_ARGUMENTS_BAD");
        capability(caps, HSM_RSA_OAEP_SHA1, "");
        capability(caps, HSM_AES_KWP, "");
        caps->exact_length = HSM_NO;
        caps->takes_length = HSM_NO;
        caps->proofs = (1U << HSM_PROOFS) - 1;
    }
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    key_list_free(&w->keys);
    key_list_free(&w->there);
    plan_free(&w->plan);
    return 0;
}

static struct key_desc *add(struct key_list *list, enum key_class class, enum key_kind kind,
                            uint32_t length, const char *label)
{
    struct key_desc key = {.handle = list->count + 1,
                           .class = class,
                           .kind = kind,
                           .length = length,
                           .bits = length * 8,
                           .flags = KEY_EXTRACTABLE | KEY_SENSITIVE | KEY_SIGN | KEY_ENCRYPT,
                           .flags_known = all_known,
                           .has_public = class == KEY_CLASS_PRIVATE};

    key_set_label(&key, label, strlen(label));
    key_set_id(&key, label, strlen(label));
    assert_true(key_list_add(list, &key));
    return &list->keys[list->count - 1];
}

static void choose(struct world *w, const char *uri)
{
    assert_true(uri_parse(uri, &w->uris[w->uri_count++], &w->err));
}

static bool make(struct world *w)
{
    const struct selection selection = {.uris = w->uris, .uri_count = w->uri_count};

    plan_free(&w->plan);
    return negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err) &&
           plan_make(&w->policy, &w->suite, &w->keys, &w->there, &selection, &w->plan, &w->err) &&
           companion_add(&w->plan, &w->keys, w->suite.one_per_id, &w->err) &&
           plan_judge(&w->policy, &w->suite, &w->keys, &w->there, &w->plan, &w->err);
}

static const struct plan_item *only(struct world *w)
{
    assert_true(make(w));
    for (size_t i = 1; i < w->plan.count; i++)
        assert_int_equal(w->plan.items[i].companion_of, 1);
    return &w->plan.items[0];
}

static void refused(const struct plan_item *item, enum err_code code, const char *words)
{
    assert_int_equal(item->route, ROUTE_NONE);
    assert_int_equal(item->reason.code, code);
    assert_non_null(strstr(err_note_get(&item->reason).what, words));
}

/* --- negotiation --- */

static void strongest_common_transport(void **state)
{
    struct world *w = *state;

    assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_int_equal(w->suite.transport, HSM_RSA_OAEP_SHA1);
    assert_int_equal(w->suite.direct_max, 384 - 42);
    assert_int_equal(w->suite.rejected_count, 3);
    assert_string_equal(w->suite.rejected[0].reason, "source: CKR_ARGUMENTS_BAD");

    capability(&w->source, HSM_RSA_OAEP_SHA256, "");
    capability(&w->destination, HSM_RSA_OAEP_SHA256, "");
    assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_int_equal(w->suite.transport, HSM_RSA_OAEP_SHA256);
    assert_int_equal(w->suite.direct_max, 384 - 66);
}

static void policy_forbids_a_transport(void **state)
{
    struct world *w = *state;

    w->policy.transports = 1U << HSM_RSA_OAEP_SHA256;
    assert_false(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_int_equal(w->err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(w->err.what, "CKR_ARGUMENTS_BAD"));
    assert_non_null(strstr(w->err.what, "policy"));
}

static void destination_cannot(void **state)
{
    struct world *w = *state;

    capability(&w->destination, HSM_RSA_OAEP_SHA1, "CKR_MECHANISM_INVALID");
    assert_false(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_non_null(strstr(w->err.what, "destination: CKR_MECHANISM_INVALID"));
}

/* One blob is the transport only if there is no other, and then its hash is the policy's too. */
static void one_blob_if_nothing_else(void **state)
{
    struct world *w = *state;

    capability(&w->source, HSM_RSA_AES_SHA1, "");
    capability(&w->destination, HSM_RSA_AES_SHA1, "");
    assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_int_equal(w->suite.transport, HSM_RSA_OAEP_SHA1);
    assert_int_equal(w->suite.option_count, 2); /* as both have the envelope */

    capability(&w->destination, HSM_AES_KWP, "CKR_MECHANISM_INVALID");
    assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_int_equal(w->suite.transport, HSM_RSA_OAEP_SHA1);
    assert_int_equal(w->suite.option_count, 2);
    assert_int_equal(w->suite.options[0].alg, HSM_RSA_OAEP_SHA1);
    assert_int_equal(w->suite.options[1].alg, HSM_RSA_AES_SHA1);
    assert_int_equal(w->suite.options[1].route, ROUTE_DIRECT);

    capability(&w->destination, HSM_RSA_OAEP_SHA1, "CKR_MECHANISM_INVALID");
    assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_int_equal(w->suite.transport, HSM_RSA_AES_SHA1);
    assert_int_equal(w->suite.option_count, 1);
    assert_int_equal(w->suite.options[0].alg, HSM_RSA_AES_SHA1);
    assert_false(w->suite.options[0].exact); /* the source pads */

    w->policy.transports = 1U << HSM_RSA_OAEP_SHA256;
    assert_false(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_non_null(strstr(w->err.what, "rsa-aes-sha1 the policy does not allow it"));
}

static void rejected(const struct world *w, enum hsm_alg alg, const char *words)
{
    for (unsigned i = 0; i < w->suite.rejected_count; i++)
        if (w->suite.rejected[i].alg == alg) {
            assert_non_null(strstr(w->suite.rejected[i].reason, words));
            return;
        }
    fail_msg("%s was not rejected", hsm_alg_name(alg));
}

/* What protects no integrity comes last, and only where the policy says so. */
static void ways_in_their_order(void **state)
{
    static const enum hsm_alg order[] = {HSM_AES_KWP, HSM_AES_KW, HSM_RSA_OAEP_SHA1,
                                         HSM_AES_CBC_PAD};
    struct world *w = *state;

    for (unsigned i = 0; i < 2; i++) {
        capability(i ? &w->destination : &w->source, HSM_AES_KW, "");
        capability(i ? &w->destination : &w->source, HSM_AES_CBC_PAD, "");
    }
    for (unsigned allowed = 0; allowed < 2; allowed++) {
        w->policy.unauthenticated = allowed;
        assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
        assert_int_equal(w->suite.option_count, 3 + allowed);
        for (unsigned i = 0; i < w->suite.option_count; i++)
            assert_int_equal(w->suite.options[i].alg, order[i]);
        if (!allowed)
            rejected(w, HSM_AES_CBC_PAD, "no integrity");
    }
}

/* --- routes --- */

/* One of each kind, under envelopes that are not the best. */
static void weaker_envelopes(void **state)
{
    static const struct {
        enum key_kind kind;
        uint32_t length;
        enum hsm_alg kw, cbc; /* HSM_ALGS: it cannot go */
    } rows[] = {
        {KEY_KIND_AES, 24, HSM_AES_KW, HSM_RSA_OAEP_SHA1},
        {KEY_KIND_GENERIC, 8, HSM_RSA_OAEP_SHA1, HSM_RSA_OAEP_SHA1},
        {KEY_KIND_GENERIC, 13, HSM_RSA_OAEP_SHA1, HSM_RSA_OAEP_SHA1},
        {KEY_KIND_GENERIC, 16, HSM_AES_KW, HSM_RSA_OAEP_SHA1},
        {KEY_KIND_GENERIC, 343, HSM_ALGS, HSM_AES_CBC_PAD},
        {KEY_KIND_GENERIC, 400, HSM_AES_KW, HSM_AES_CBC_PAD},
        {KEY_KIND_RSA, 0, HSM_ALGS, HSM_AES_CBC_PAD},
    };
    struct world *w = *state;

    w->policy.unauthenticated = true;
    choose(w, "pkcs11:object=k");
    for (unsigned cbc = 0; cbc < 2; cbc++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            enum hsm_alg want = cbc ? rows[i].cbc : rows[i].kw;
            for (unsigned side = 0; side < 2; side++) {
                struct hsm_capabilities *caps = side ? &w->destination : &w->source;
                capability(caps, HSM_AES_KWP, "CKR_MECHANISM_INVALID");
                capability(caps, HSM_AES_KW, cbc ? "CKR_MECHANISM_INVALID" : "");
                capability(caps, HSM_AES_CBC_PAD, cbc ? "" : "CKR_MECHANISM_INVALID");
            }
            add(&w->keys, rows[i].kind == KEY_KIND_RSA ? KEY_CLASS_PRIVATE : KEY_CLASS_SECRET,
                rows[i].kind, rows[i].length, "k");
            if (want == HSM_ALGS)
                assert_int_equal(only(w)->route, ROUTE_NONE);
            else
                assert_int_equal(only(w)->alg, want);
            key_list_free(&w->keys);
        }
}

static void routes_of_secrets(void **state)
{
    static const struct {
        uint32_t length;
        enum key_route route;
    } rows[] = {{8, ROUTE_ENVELOPE},  {13, ROUTE_DIRECT},     {20, ROUTE_DIRECT},
                {32, ROUTE_ENVELOPE}, {0, ROUTE_DIRECT},      {341, ROUTE_DIRECT},
                {342, ROUTE_DIRECT},  {343, ROUTE_NONE},      {344, ROUTE_ENVELOPE},
                {1, ROUTE_DIRECT},    {4096, ROUTE_ENVELOPE}, {4097, ROUTE_NONE}};
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_GENERIC, 0, "s");
    choose(w, "pkcs11:object=s");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w->keys.keys[0].length = rows[i].length;
        assert_int_equal(only(w)->route, rows[i].route);
        if (rows[i].route == ROUTE_NONE)
            refused(only(w), ERR_DATA, "bytes");
    }
}

static void exact_envelope_takes_every_length(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_GENERIC, 13, "s");
    choose(w, "pkcs11:object=s");
    w->destination.takes_length = HSM_YES;
    assert_int_equal(only(w)->route, ROUTE_ENVELOPE);
    w->destination.takes_length = HSM_NO;
    w->source.exact_length = HSM_YES;
    assert_int_equal(only(w)->route, ROUTE_ENVELOPE);
    /* Unknown is not yes. */
    w->source.exact_length = HSM_UNKNOWN;
    assert_int_equal(only(w)->route, ROUTE_DIRECT);
}

static void without_envelope(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a");
    add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "r");
    choose(w, "pkcs11:");
    capability(&w->source, HSM_AES_KWP, "CKR_MECHANISM_INVALID");
    assert_true(make(w));
    assert_int_equal(w->plan.items[0].route, ROUTE_DIRECT);
    refused(&w->plan.items[1], ERR_UNSUPPORTED, "no envelope");
    assert_int_equal(w->plan.movable, 1);
}

static void proofs_of_kinds(void **state)
{
    struct world *w = *state;
    struct key_desc *key = add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_EC, 0, "e");

    choose(w, "pkcs11:object=e");
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_ECDSA | 1U << HSM_PROOF_ECDSA_SHA256 |
                                          1U << HSM_PROOF_ECDSA_SHA384 |
                                          1U << HSM_PROOF_ECDSA_SHA512);
    key->flags = KEY_EXTRACTABLE | KEY_DERIVE;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_ECDH);
    key->flags = KEY_EXTRACTABLE | KEY_UNWRAP;
    refused(only(w), ERR_DATA, "no proof");
    key->kind = KEY_KIND_RSA;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_RSA_UNWRAP);
    key->constraints.templates[KEY_TEMPLATE_UNWRAP] =
        (struct key_template){KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, 0, 0, 0};
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_RSA_UNWRAP);
    key->constraints.templates[KEY_TEMPLATE_UNWRAP].kind = KEY_KIND_AES; /* the proof's is none */
    refused(only(w), ERR_DATA, "no proof");
    key->constraints.templates[KEY_TEMPLATE_UNWRAP] = (struct key_template){0};
    key->flags = KEY_EXTRACTABLE | KEY_DECRYPT;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_RSA_DECRYPT);
    key->flags = KEY_EXTRACTABLE | KEY_VERIFY | KEY_SIGN_RECOVER;
    refused(only(w), ERR_DATA, "no proof");
    key->class = KEY_CLASS_SECRET;
    key->kind = KEY_KIND_AES;
    key->flags = KEY_EXTRACTABLE | KEY_WRAP;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_DIGEST);
    key->flags = KEY_EXTRACTABLE | KEY_DECRYPT;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_DIGEST | 1U << HSM_PROOF_AES_DECRYPT);
    key->class = KEY_CLASS_SECRET;
    key->kind = KEY_KIND_GENERIC;
    key->flags = KEY_EXTRACTABLE | KEY_SIGN;
    key->length = 24;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_DIGEST);
    key->length = 32;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_DIGEST | 1U << HSM_PROOF_HMAC);
    w->destination.proofs = 0;
    refused(only(w), ERR_UNSUPPORTED, "no operation for generic secret keys");
    w->destination.proofs = 1U << HSM_PROOF_HMAC; /* and the source cannot do that */
    w->source.proofs = 1U << HSM_PROOF_DIGEST;
    refused(only(w), ERR_DATA, "no proof");
}

/* Each mechanism allows its own proofs and no others. */
static void proofs_of_allowed_mechanisms(void **state)
{
    static const struct {
        enum key_class class;
        enum key_kind kind;
        uint32_t mechanism, proofs;
    } rows[] = {
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0x1, 1U << HSM_PROOF_RSA_SIGN},
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0x9,
         1U << HSM_PROOF_RSA_DECRYPT | 1U << HSM_PROOF_RSA_UNWRAP},
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0xd, 1U << HSM_PROOF_RSA_PSS},
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0x40, 1U << HSM_PROOF_RSA_SHA256},
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0x42, 1U << HSM_PROOF_RSA_SHA512},
        {KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0x44, 1U << HSM_PROOF_RSA_PSS_SHA384},
        {KEY_CLASS_PRIVATE, KEY_KIND_EC, 0x1041, 1U << HSM_PROOF_ECDSA},
        {KEY_CLASS_PRIVATE, KEY_KIND_EC, 0x1045, 1U << HSM_PROOF_ECDSA_SHA384},
        {KEY_CLASS_PRIVATE, KEY_KIND_EC, 0x1050, 1U << HSM_PROOF_ECDH},
        {KEY_CLASS_PRIVATE, KEY_KIND_EC, 0x1042, 0},  /* ECDSA with SHA-1 */
        {KEY_CLASS_PRIVATE, KEY_KIND_EC, 0x10041, 0}, /* the same lower 16 bits */
        {KEY_CLASS_SECRET, KEY_KIND_AES, 0x1085, 1U << HSM_PROOF_DIGEST},
        {KEY_CLASS_SECRET, KEY_KIND_AES, 0x1081,
         1U << HSM_PROOF_DIGEST | 1U << HSM_PROOF_AES_ECB | 1U << HSM_PROOF_AES_DECRYPT},
    };
    struct world *w = *state;
    struct key_desc *key = add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_EC, 0, "e");

    choose(w, "pkcs11:object=e");
    key->flags = KEY_EXTRACTABLE | (KEY_USES & ~(KEY_SIGN_RECOVER | KEY_VERIFY_RECOVER));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        key->class = rows[i].class;
        key->kind = rows[i].kind;
        key->length = rows[i].class == KEY_CLASS_SECRET ? 32 : 0;
        key->constraints.allowed_count = 1;
        key->constraints.allowed[0] = rows[i].mechanism;
        if (rows[i].proofs)
            assert_int_equal(only(w)->proofs, rows[i].proofs);
        else
            refused(only(w), ERR_UNSUPPORTED, "of the mechanisms that it allows");
    }
    key->constraints.allowed_count = 2; /* one that proves is enough */
    key->class = KEY_CLASS_PRIVATE;
    key->kind = KEY_KIND_RSA;
    key->constraints.allowed[0] = 0x6;
    key->constraints.allowed[1] = 0x43;
    assert_int_equal(only(w)->proofs, 1U << HSM_PROOF_RSA_PSS_SHA256);
    w->source.proofs &= ~(1U << HSM_PROOF_RSA_PSS_SHA256); /* both sides are asked */
    refused(only(w), ERR_UNSUPPORTED, "of the mechanisms that it allows");
}

/* What the destination is known not to take. */
static void limits_of_the_destination(void **state)
{
    struct world *w = *state;
    struct hsm_limits *limits = &w->destination.limits;
    struct key_desc *key = add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_GENERIC, 0, "e");

    choose(w, "pkcs11:object=e");
    key->length = 257;
    assert_int_not_equal(only(w)->route, ROUTE_NONE); /* where nothing is known */
    limits->secret_max = 256;
    refused(only(w), ERR_UNSUPPORTED,
            "257 bytes: the destination takes no secret of more than 256");
    key->length = 256;
    assert_int_not_equal(only(w)->route, ROUTE_NONE);

    key->class = KEY_CLASS_PRIVATE;
    key->kind = KEY_KIND_EC;
    key->length = 0;
    key->has_public = true;
    key->flags |= KEY_SIGN;
    strcpy(key->curve, "brainpoolP256r1");
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
    strcpy(limits->curves, "P-256 P-384");
    refused(only(w), ERR_UNSUPPORTED, "no key on the curve brainpoolP256r1, only on P-256 P-384");
    strcpy(key->curve, "P-38"); /* part of a name is none */
    refused(only(w), ERR_UNSUPPORTED, "no key on the curve P-38,");
    strcpy(key->curve, "P-384");
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
    strcpy(key->curve, KEY_CURVE_EXPLICIT);
    key->has_public = false;
    refused(only(w), ERR_DATA, "explicit EC parameters");

    key->kind = KEY_KIND_RSA;
    key->has_public = true;
    key->bits = 8192;
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
    limits->rsa_min = 1024;
    limits->rsa_max = 4096;
    refused(only(w), ERR_UNSUPPORTED, "8192 bits: the destination uses RSA keys of 1024 to 4096");
    key->bits = 512;
    refused(only(w), ERR_UNSUPPORTED, "512 bits");
    key->bits = 4096;
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
}

/* NIST SP 800-57 part 1 rev. 5, table 2. */
static void strengths(void **state)
{
    static const struct {
        enum key_kind kind;
        uint32_t bits;
        unsigned strength;
    } rows[] = {
        {KEY_KIND_RSA, 2048, 112},  {KEY_KIND_RSA, 3072, 128},   {KEY_KIND_RSA, 7680, 192},
        {KEY_KIND_RSA, 15360, 256}, {KEY_KIND_EC, 256, 128},     {KEY_KIND_EC, 384, 192},
        {KEY_KIND_EC, 521, 256},    {KEY_KIND_AES, 128, 128},    {KEY_KIND_AES, 256, 256},
        {KEY_KIND_AES, 0, 256},     {KEY_KIND_GENERIC, 2048, 0}, {KEY_KIND_DES3, 192, 112},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(strength_of(rows[i].kind, rows[i].bits), rows[i].strength);
    assert_true(strength_of(KEY_KIND_RSA, 4096) > strength_of(KEY_KIND_RSA, 3072));
}

/* --- names --- */

static void named_key_is_absent(void **state)
{
    struct world *w = *state;

    choose(w, "pkcs11:object=nobody");
    assert_false(make(w));
    assert_int_equal(w->err.code, ERR_NO_INPUT);
    assert_non_null(strstr(w->err.what, "nobody"));
}

static void two_keys_match_one_name(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "k");
    key_set_id(add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "k"), "2", 1);
    choose(w, "pkcs11:object=k");
    assert_false(make(w));
    assert_int_equal(w->err.code, ERR_CONFLICT);
    w->uri_count = 0;
    choose(w, "pkcs11:object=k;id=2");
    assert_int_equal(only(w)->key->handle, 2);
}

static void twins_are_refused(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "k");
    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "k");
    choose(w, "pkcs11:object=*");
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 0);
    refused(&w->plan.items[0], ERR_CONFLICT, "two keys");
    refused(&w->plan.items[1], ERR_CONFLICT, "two keys");
}

static void name_is_taken(void **state)
{
    struct world *w = *state;
    struct key_desc *other;

    add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "k");
    choose(w, "pkcs11:object=k");
    other = add(&w->there, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "other");
    key_set_id(other, "k", 1);
    refused(only(w), ERR_CONFLICT, "there already");
    other->spki_sha256[0] = 1;
    refused(only(w), ERR_CONFLICT, "by another key");
    key_set_id(other, "x", 1);
    assert_int_equal(only(w)->route, ROUTE_ENVELOPE);
    key_set_label(other, "k", 1);
    refused(only(w), ERR_CONFLICT, "taken");
    other->class = KEY_CLASS_PUBLIC;
    assert_int_equal(only(w)->route, ROUTE_ENVELOPE);
}

static bool make_knowing(struct world *w, const struct plan_known *known, size_t count)
{
    const struct selection selection = {
        .uris = w->uris, .uri_count = w->uri_count, .known = known, .known_count = count};

    plan_free(&w->plan);
    return negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err) &&
           plan_make(&w->policy, &w->suite, &w->keys, &w->there, &selection, &w->plan, &w->err) &&
           companion_add(&w->plan, &w->keys, w->suite.one_per_id, &w->err) &&
           plan_rename_companions(&w->plan, &w->err) &&
           plan_judge(&w->policy, &w->suite, &w->keys, &w->there, &w->plan, &w->err);
}

static void is_named(const struct key_desc *key, const char *label, const char *id)
{
    assert_int_equal(key->label_len, strlen(label));
    assert_memory_equal(key->label, label, strlen(label));
    assert_int_equal(key->id_len, strlen(id));
    assert_memory_equal(key->id, id, strlen(id));
}

/* It takes its public key along under the new name; each keeps what it is on the source. */
static void arrives_under_another_name(void **state)
{
    struct world *w = *state;
    struct plan_known known = {.handle = 1,
                               .renamed = true,
                               .name = {.label_len = 3, .id_len = 1, .label = "new", .id = "9"}};
    struct key_desc listed;

    add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "k");
    add(&w->keys, KEY_CLASS_PUBLIC, KEY_KIND_RSA, 0, "k")->has_public = true;
    add(&w->there, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "k")->spki_sha256[0] = 1;
    choose(w, "pkcs11:object=k;type=private");
    assert_true(make_knowing(w, NULL, 0));
    refused(&w->plan.items[0], ERR_CONFLICT, "by another key"); /* control */
    assert_true(make_knowing(w, &known, 1));
    assert_int_equal(w->plan.items[0].route, ROUTE_ENVELOPE);
    is_named(w->plan.items[0].key, "new", "9");
    listed = plan_item_listed(&w->plan.items[0]);
    is_named(&listed, "k", "k");
    assert_int_equal(w->plan.count, 2);
    is_named(w->plan.items[1].key, "new", "9");
    is_named(&w->keys.keys[0], "k", "k");

    known.name.label_len = 1;
    known.name.label[0] = 'k'; /* which is taken, too */
    assert_true(make_knowing(w, &known, 1));
    refused(&w->plan.items[0], ERR_CONFLICT, "by another key");
}

static void two_do_not_arrive_as_one(void **state)
{
    struct world *w = *state;
    const struct plan_known known[] = {
        {.handle = 1, .renamed = true, .name = {.label_len = 1, .label = "n"}},
        {.handle = 2, .renamed = true, .name = {.label_len = 1, .label = "n"}}};

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a");
    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "b");
    choose(w, "pkcs11:object=*");
    assert_true(make_knowing(w, known, 1));
    assert_int_equal(w->plan.movable, 2);
    assert_true(make_knowing(w, known, 2));
    refused(&w->plan.items[0], ERR_CONFLICT, "arrives under this label");
    refused(&w->plan.items[1], ERR_CONFLICT, "arrives under this label");
}

static void what_is_there_is_left_out(void **state)
{
    struct world *w = *state;
    const struct plan_known known = {.handle = 1, .there = "challenge"};

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a");
    choose(w, "pkcs11:object=a");
    assert_true(make_knowing(w, NULL, 0));
    assert_int_equal(w->plan.movable, 1); /* control */
    assert_true(make_knowing(w, &known, 1));
    refused(&w->plan.items[0], ERR_CONFLICT, "there already: the same key (by challenge)");
}

/* A destination that keeps one key of each class and id: of two that were chosen neither goes. */
static void one_replaces_the_other(void **state)
{
    struct world *w = *state;
    struct plan_verdicts verdicts;

    key_set_id(add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a"), "1", 1);
    key_set_id(add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_GENERIC, 32, "b"), "1", 1);
    key_set_id(add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "c"), "1", 1);
    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "d");
    key_set_id(add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "e"), "", 0);
    key_set_id(add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "f"), "", 0);
    choose(w, "pkcs11:");
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 6);
    w->destination.one_per_id = true;
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 4);
    refused(&w->plan.items[0], ERR_CONFLICT, "another chosen key has its id");
    refused(&w->plan.items[1], ERR_CONFLICT, "another chosen key has its id");
    /* each by itself may go, also where the other one stays anyway */
    assert_true(plan_verdicts(&w->policy, &w->suite, &w->keys, &w->there, &verdicts, &w->err));
    assert_int_equal(verdicts.count, 6);
    for (size_t i = 0; i < verdicts.count; i++)
        assert_true(verdicts.at[i].movable && verdicts.at[i].handle == i + 1);
    plan_verdicts_free(&verdicts);
    w->keys.keys[1].flags &= ~(uint32_t)KEY_EXTRACTABLE;
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 5);
    assert_int_equal(w->plan.items[0].route, ROUTE_ENVELOPE);
}

/* What a key demands of others must not get lost: also not that of a public key. */
static void templates_need_a_place(void **state)
{
    static const struct key_template template = {KEY_SENSITIVE, KEY_SENSITIVE, 0, 0, 0};
    struct world *w = *state;
    struct key_desc *secret = add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a"), *public;

    secret->constraints.templates[KEY_TEMPLATE_UNWRAP] = template;
    public = add(&w->keys, KEY_CLASS_PUBLIC, KEY_KIND_RSA, 0, "p");
    public->has_public = true;
    public->constraints.templates[KEY_TEMPLATE_WRAP] = template;
    choose(w, "pkcs11:object=a");
    choose(w, "pkcs11:object=p;type=public");
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 2);
    w->destination.lost_templates = 1U << KEY_TEMPLATE_WRAP;
    assert_true(make(w));
    assert_int_equal(w->plan.items[0].route, ROUTE_ENVELOPE);
    refused(&w->plan.items[1], ERR_DENIED,
            "no wrap template, so this one would get lost: sensitiv");
    w->destination.lost_templates = 1U << KEY_TEMPLATE_UNWRAP;
    assert_true(make(w));
    refused(&w->plan.items[0], ERR_DENIED, "no unwrap template");
    assert_int_equal(w->plan.items[1].route, ROUTE_PUBLIC);
}

/* What limits a key, or shall, is refused by its name where the destination is known to lose it. */
static void limits_need_a_place(void **state)
{
    struct world *w = *state;
    struct key_desc *secret = add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_GENERIC, 300, "a");
    struct key_desc *private;

    key_set_id(secret, "1", 1);
    strcpy(secret->constraints.end, "20301231");
    secret->constraints.allowed_count = 1;
    secret->constraints.allowed[0] = 0x251;
    secret->flags_known |= KEY_MODIFIABLE;
    secret->flags &= ~(uint32_t)KEY_MODIFIABLE;
    choose(w, "pkcs11:object=a");
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
    w->destination.lost_constraints = KEY_DATES;
    refused(only(w), ERR_DENIED, "these would get lost: any to 20301231");
    w->destination.lost_constraints = KEY_ALLOWED;
    refused(only(w), ERR_DENIED, "keeps no list of allowed mechanisms");
    w->destination.lost_constraints = 0;
    w->destination.lost_flags = KEY_MODIFIABLE;
    refused(only(w), ERR_DENIED, "can be modified");
    w->destination.lost_flags = 0;
    w->source.limits.digest_max = 299;
    refused(only(w), ERR_UNSUPPORTED, "300 bytes: the source proves no secret of more than 299");
    w->source.limits.digest_max = 300;
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
    /* the control: a key that is not limited */
    secret->constraints = (struct key_constraints){0};
    secret->flags |= KEY_MODIFIABLE;
    w->destination.lost_constraints = KEY_DATES | KEY_ALLOWED;
    w->destination.lost_flags = KEY_MODIFIABLE;
    assert_int_not_equal(only(w)->route, ROUTE_NONE);
    /* a private key, too */
    private = add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "p");
    private->flags_known |= KEY_MODIFIABLE;
    private->flags &= ~(uint32_t)KEY_MODIFIABLE;
    w->uri_count = 0;
    choose(w, "pkcs11:object=p");
    refused(only(w), ERR_DENIED, "can be modified");
}

static void chosen_twice_goes_once(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a");
    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "b");
    choose(w, "pkcs11:object=*");
    choose(w, "pkcs11:object=b");
    choose(w, "pkcs11:");
    assert_true(make(w));
    assert_int_equal(w->plan.count, 2);
    assert_false(w->plan.items[0].explicit);
    assert_true(w->plan.items[1].explicit);
}

/* Patterns mean keys; public keys and certificates go only when they are asked for by type. */
static void patterns_mean_keys(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0, "c");
    add(&w->keys, KEY_CLASS_PUBLIC, KEY_KIND_RSA, 0, "p");
    add(&w->keys, KEY_CLASS_DATA, KEY_KIND_NONE, 0, "d");
    choose(w, "pkcs11:object=*");
    refused(only(w), ERR_DATA, "data object");
    choose(w, "pkcs11:type=cert");
    assert_true(make(w));
    assert_int_equal(w->plan.count, 2);
}

/* Behind the keys, what bears their ids: whoever was chosen itself does not go along as well. */
static void companions_go_along(void **state)
{
    struct world *w = *state;
    struct key_desc *other;

    add(&w->keys, KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0, "a");
    add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "b")->spki_sha256[0] = 2;
    add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "a");
    add(&w->keys, KEY_CLASS_PUBLIC, KEY_KIND_RSA, 0, "a")->has_public = true;
    add(&w->keys, KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0, "stranger");
    choose(w, "pkcs11:object=*");
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 2);
    assert_int_equal(w->plan.companions, 3);
    assert_int_equal(w->plan.count, 5);
    assert_int_equal(w->plan.items[2].companion_of, 1);
    assert_int_equal(w->plan.items[2].key->handle, 4);
    assert_int_equal(w->plan.items[3].companion_of, 1);
    assert_int_equal(w->plan.items[3].key->handle, 1);
    /* b has no public key object: it is made of what the private key tells */
    assert_int_equal(w->plan.items[4].companion_of, 2);
    assert_int_equal(w->plan.items[4].key->handle, 2);
    assert_int_equal(w->plan.items[4].key->class, KEY_CLASS_PUBLIC);
    assert_int_equal(w->plan.items[4].key->flags, KEY_VERIFY);
    for (size_t i = 2; i < 5; i++)
        assert_int_equal(w->plan.items[i].route, ROUTE_PUBLIC);

    choose(w, "pkcs11:type=cert;object=a");
    w->keys.keys[3].spki_sha256[0] = 1;
    assert_true(make(w));
    assert_int_equal(w->plan.count, 6); /* one more public key is made: */
    assert_int_equal(w->plan.movable, 3);
    refused(&w->plan.items[3], ERR_CONFLICT, "is another key's");
    assert_int_equal(w->plan.items[4].companion_of, w->plan.items[3].companion_of);

    other = add(&w->there, KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0, "a");
    key_set_label(other, "renewed", 7);
    assert_true(make(w)); /* of one id there may be many certificates */
    assert_int_equal(w->plan.movable, 3);
    key_set_label(other, "a", 1);
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 2);
}

static struct key_desc *add_half(struct world *w, enum key_class class, const char *label,
                                 const char *id, uint8_t half)
{
    struct key_desc *key = add(&w->keys, class, KEY_KIND_RSA, 0, label);

    key_set_id(key, id, strlen(id));
    key->has_public = true;
    key->spki_sha256[0] = half;
    return key;
}

static const struct plan_item *accompanies(struct world *w, uint64_t handle)
{
    const struct plan_item *found = NULL;

    for (size_t i = 0; i < w->plan.count; i++)
        if (w->plan.items[i].companion_of && w->plan.items[i].key->handle == handle) {
            assert_null(found); /* each once */
            found = &w->plan.items[i];
        }
    return found;
}

/* Two pairs with one id, and objects without the key's id: the public key alone joins them. */
static void companions_are_known_by_their_public_key(void **state)
{
    struct world *w = *state;

    add_half(w, KEY_CLASS_PRIVATE, "a", "1", 1);
    add_half(w, KEY_CLASS_PRIVATE, "b", "1", 2);
    add_half(w, KEY_CLASS_PUBLIC, "b", "1", 2);
    add_half(w, KEY_CLASS_PUBLIC, "a", "1", 1);
    add_half(w, KEY_CLASS_CERTIFICATE, "other", "9", 1);
    add_half(w, KEY_CLASS_CERTIFICATE, "b", "8", 7); /* b's label, nobody's key */
    add_half(w, KEY_CLASS_PUBLIC, "z", "1", 6);      /* their id, nobody's key */
    add_half(w, KEY_CLASS_CERTIFICATE, "y", "7", 5); /* nothing of theirs */
    choose(w, "pkcs11:type=private");
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 2);
    assert_int_equal(w->plan.companions, 4); /* what 6 certifies is read later */
    assert_int_equal(accompanies(w, 3)->companion_of, 2);
    assert_int_equal(accompanies(w, 4)->companion_of, 1);
    assert_int_equal(accompanies(w, 5)->companion_of, 1);
    assert_int_equal(accompanies(w, 5)->route, ROUTE_PUBLIC);
    assert_false(accompanies(w, 5)->renamed);
    assert_int_equal(accompanies(w, 6)->companion_of, 2);
    refused(accompanies(w, 7), ERR_CONFLICT, "it bears the private key's id and is another");
    assert_null(accompanies(w, 8));
    assert_int_equal(w->plan.count, 7); /* and none is made */
}

/* Of a private key that was not chosen, the label alone is no reason to list its public key. */
static void label_of_many_keys(void **state)
{
    struct world *w = *state;

    add_half(w, KEY_CLASS_PRIVATE, "key", "1", 1);
    add_half(w, KEY_CLASS_PRIVATE, "key", "2", 2);
    add_half(w, KEY_CLASS_PUBLIC, "key", "2", 2);
    add_half(w, KEY_CLASS_PUBLIC, "key", "1", 1);
    choose(w, "pkcs11:id=1;type=private");
    assert_true(make(w));
    assert_int_equal(w->plan.count, 2);
    assert_non_null(accompanies(w, 4));
}

/* A destination that joins the two by id gets the key's; but never two objects of one name. */
static void certificate_takes_the_id_of_its_key(void **state)
{
    struct world *w = *state;
    struct key_desc *renewed;

    add_half(w, KEY_CLASS_PRIVATE, "k", "1", 1);
    add_half(w, KEY_CLASS_PUBLIC, "k", "1", 1);
    add_half(w, KEY_CLASS_PUBLIC, "copy", "5", 1);
    add_half(w, KEY_CLASS_CERTIFICATE, "c", "9", 1);
    choose(w, "pkcs11:type=private");
    w->destination.one_per_id = true;
    assert_true(make(w));
    assert_int_equal(w->plan.companions, 3);
    assert_true(accompanies(w, 4)->renamed);
    assert_memory_equal(accompanies(w, 4)->key->id, "1\0", 2);
    assert_false(accompanies(w, 2)->renamed);
    assert_false(accompanies(w, 3)->renamed); /* the key's id is taken by the first */
    assert_memory_equal(w->keys.keys[3].id, "9", 1);
    renewed = add_half(w, KEY_CLASS_CERTIFICATE, "c", "1", 1);
    assert_true(make(w));
    assert_false(accompanies(w, 4)->renamed);
    assert_false(accompanies(w, renewed->handle)->renamed);
}

/* A public half that the HSM does not join to its key: looked for at the review, and not before. */
static void half_is_looked_for(void **state)
{
    struct world *w = *state;
    struct key_desc *key = add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_EC, 0, "k");

    key->has_public = false;
    choose(w, "pkcs11:type=private");
    assert_int_equal(only(w)->route, ROUTE_ENVELOPE);
    assert_non_null(strstr(err_note_get(&only(w)->reason).what, "looked for at the review"));
    w->plan.items[0].sought = true;
    strcpy(w->plan.items[0].half_text, "none belongs to it");
    assert_true(plan_judge(&w->policy, &w->suite, &w->keys, &w->there, &w->plan, &w->err));
    refused(&w->plan.items[0], ERR_DATA, "none belongs to it, so the copy could not be proven");
    /* what nothing can mend comes first */
    assert_true(plan_item_own(&w->plan.items[0], &w->err));
    w->plan.items[0].own->flags &= ~(uint32_t)KEY_EXTRACTABLE;
    assert_true(plan_judge(&w->policy, &w->suite, &w->keys, &w->there, &w->plan, &w->err));
    refused(&w->plan.items[0], ERR_DENIED, "not extractable");
    w->plan.items[0].own->flags |= KEY_EXTRACTABLE;
    w->plan.items[0].own->constraints.allowed_count = 1; /* none that is a proof */
    w->plan.items[0].own->constraints.allowed[0] = 1;
    add(&w->there, KEY_CLASS_PRIVATE, KEY_KIND_EC, 0, "k"); /* whose name is taken, too */
    assert_true(plan_judge(&w->policy, &w->suite, &w->keys, &w->there, &w->plan, &w->err));
    refused(&w->plan.items[0], ERR_UNSUPPORTED, "of the mechanisms that it allows, none");
    /* and of what can be mended, the name */
    w->plan.items[0].own->constraints.allowed_count = 0;
    assert_true(plan_judge(&w->policy, &w->suite, &w->keys, &w->there, &w->plan, &w->err));
    refused(&w->plan.items[0], ERR_CONFLICT, "is taken on the destination");
}

/* A plan has no copy of what is listed; what is known better than the list is the item's own. */
static void keys_are_those_of_the_list(void **state)
{
    struct world *w = *state;
    struct plan_item *item;

    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "a");
    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "b");
    choose(w, "pkcs11:object=b");
    assert_true(make(w));
    item = &w->plan.items[0];
    assert_ptr_equal(item->key, &w->keys.keys[1]);
    w->keys.keys[0] = w->keys.keys[1];
    plan_key_moved(&w->plan, &w->keys.keys[1], &w->keys.keys[0]);
    assert_ptr_equal(item->key, &w->keys.keys[0]);
    assert_true(plan_item_own(item, &w->err));
    item->own->handle = 77;
    assert_int_equal(item->key->handle, 77);
    assert_int_equal(w->keys.keys[0].handle, 2);
    plan_key_moved(&w->plan, &w->keys.keys[0], &w->keys.keys[1]);
    assert_int_equal(item->key->handle, 77);
}

/* What cannot go takes nothing along. */
static void refused_key_has_no_companions(void **state)
{
    struct world *w = *state;

    add(&w->keys, KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, "k")->flags &= ~(uint32_t)KEY_EXTRACTABLE;
    add(&w->keys, KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, 0, "k");
    choose(w, "pkcs11:object=k;type=private");
    assert_true(make(w));
    assert_int_equal(w->plan.count, 1);
    refused(&w->plan.items[0], ERR_DENIED, "not extractable");
}

static void marked_key_has_gone(void **state)
{
    struct world *w = *state;
    const uint64_t handle = 7;
    const struct selection selection = {.handles = &handle, .handle_count = 1};

    assert_true(negotiate(&w->policy, &w->source, &w->destination, &w->suite, &w->err));
    assert_false(
        plan_make(&w->policy, &w->suite, &w->keys, &w->there, &selection, &w->plan, &w->err));
    assert_int_equal(w->err.code, ERR_NO_INPUT);
}

/* names_*() must agree with key_name_collides() and key_same_name() asked of every key. */
static void names_agree_with_asking_everybody(void **state)
{
    static const char *const words[] = {"", "a", "b", "aa"};
    struct world *w = *state;
    struct names names;

    for (unsigned i = 0; i < 40; i++) {
        struct key_desc *key = add(&w->keys, i % 3 ? KEY_CLASS_SECRET : KEY_CLASS_PRIVATE,
                                   KEY_KIND_AES, 32, words[i % 4]);
        const char *id = words[(i / 5) % 4];
        key_set_id(key, id, strlen(id));
    }
    assert_true(names_make(&w->keys, &names, &w->err));
    for (unsigned label = 0; label < 4; label++)
        for (unsigned id = 0; id < 4; id++)
            for (enum key_class class = 0; class < KEY_CLASSES; class ++) {
                struct key_desc key = {.class = class};
                unsigned same = 0, collide = 0;
                key_set_label(&key, words[label], strlen(words[label]));
                key_set_id(&key, words[id], strlen(words[id]));
                for (size_t i = 0; i < w->keys.count; i++) {
                    same += key_same_name(&w->keys.keys[i], &key);
                    collide += key_name_collides(&w->keys.keys[i], &key);
                }
                assert_int_equal(names_same(&names, &key), same > 2 ? 2 : same);
                assert_int_equal(names_taken(&names, &key) != NULL, collide > 0);
                assert_int_equal(names_only(&names, &key) != NULL, same == 1);
            }
    names_free(&names);
}

/* No more is tried on an HSM than its keys, their test keys and the policy need. */
static void test_what_need_be_known(void **state)
{
    struct key_desc keys[2] = {
        {.class = KEY_CLASS_SECRET,
         .kind = KEY_KIND_AES,
         .length = 32,
         .flags = KEY_ENCRYPT | KEY_MODIFIABLE,
         .flags_known = KEY_USES | KEY_MODIFIABLE},
        {.class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_RSA, .bits = 2048, .flags_known = KEY_USES},
    };
    struct key_list aes = {keys, 1, 0}, both = {keys, 2, 0};
    struct policy policy = policy_default();
    const uint32_t ecb = 1U << HSM_PROOF_AES_ECB, rsa = 1U << HSM_PROOF_RSA_SIGN;
    struct hsm_wanted wanted, more;

    (void)state;
    policy.canary = CANARY_NONE;
    wanted = wanted_for(&aes, &policy, HSM_GIVES, false);
    assert_int_equal(wanted.kinds, 1U << KEY_KIND_AES);
    assert_true((wanted.proofs & ecb) && !(wanted.proofs & rsa));
    assert_false(wanted.proofs & 1U << HSM_PROOF_AES_DECRYPT);
    assert_false(wanted.unmodifiable || wanted.constraints);
    assert_false(wanted.algs & 1U << HSM_AES_CBC_PAD);
    assert_true(wanted.algs & 1U << HSM_AES_KWP);
    more = wanted_for(&both, &policy, HSM_GIVES, false);
    assert_false(more.proofs & rsa); /* its uses allow none ... */
    assert_true(more.unmodifiable);
    assert_true(hsm_wanted_has(&more, &wanted) && !hsm_wanted_has(&wanted, &more));
    policy.canary = CANARY_REQUIRED;
    more = wanted_for(&both, &policy, HSM_GIVES, false);
    assert_true(more.proofs & rsa); /* ... but its test key is proven by one */
    policy.unauthenticated = true;
    keys[0].constraints.allowed_count = 1;
    more = wanted_for(&aes, &policy, HSM_TAKES, true);
    assert_true(more.algs & 1U << HSM_AES_CBC_PAD);
    assert_int_equal(more.constraints, KEY_ALLOWED);
    assert_true(more.kinds & 1U << KEY_KIND_GENERIC);
    assert_false(hsm_wanted_has(&more, &wanted)); /* in the other role */
    assert_true(hsm_wanted_has(&hsm_wanted_all, &more));
}

/* Which of the versions is migrated: the one of this label alone. */
static void newest_is(struct world *w, const char *label)
{
    assert_true(make(w));
    for (size_t i = 0; i < w->plan.count; i++) {
        const struct key_desc *key = w->plan.items[i].key;
        const bool is =
            key->label_len == strlen(label) && !memcmp(key->label, label, strlen(label));
        if (memcmp(key->label, "pay", 3) != 0)
            assert_int_not_equal(w->plan.items[i].route, ROUTE_NONE);
        else if (is)
            assert_int_not_equal(w->plan.items[i].route, ROUTE_NONE);
        else
            refused(&w->plan.items[i], ERR_DENIED, "an older version");
    }
}

static void versions_by_number_and_by_date(void **state)
{
    static const char *const labels[] = {"pay-2", "pay-10", "pay-9"};
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++)
        add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, labels[i]);
    add(&w->keys, KEY_CLASS_SECRET, KEY_KIND_AES, 32, "other-11");
    strcpy(w->keys.keys[0].constraints.start, "20270101");
    strcpy(w->keys.keys[1].constraints.start, "20260101");
    choose(w, "pkcs11:object=*");
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 4); /* without a policy, there are no versions */
    strcpy(w->policy.versions.pattern, "pay-{n}");
    w->policy.versions.rule = VERSIONS_BY_NUMBER;
    newest_is(w, "pay-10");
    w->policy.versions.rule = VERSIONS_BY_DATE;
    newest_is(w, "pay-2");
    strcpy(w->keys.keys[2].constraints.start, "20270101");
    assert_false(make(w));
    assert_int_equal(w->err.code, ERR_CONFLICT);
    w->policy.versions.rule = VERSIONS_BY_NUMBER;
    choose(w, "pkcs11:object=pay-2"); /* one that is named is taken */
    assert_true(make(w));
    assert_int_equal(w->plan.movable, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_need_be_known),
        cmocka_unit_test_setup_teardown(strongest_common_transport, setup, teardown),
        cmocka_unit_test_setup_teardown(policy_forbids_a_transport, setup, teardown),
        cmocka_unit_test_setup_teardown(destination_cannot, setup, teardown),
        cmocka_unit_test_setup_teardown(one_blob_if_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(ways_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(weaker_envelopes, setup, teardown),
        cmocka_unit_test(strengths),
        cmocka_unit_test_setup_teardown(routes_of_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(exact_envelope_takes_every_length, setup, teardown),
        cmocka_unit_test_setup_teardown(without_envelope, setup, teardown),
        cmocka_unit_test_setup_teardown(proofs_of_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(proofs_of_allowed_mechanisms, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_of_the_destination, setup, teardown),
        cmocka_unit_test_setup_teardown(named_key_is_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(two_keys_match_one_name, setup, teardown),
        cmocka_unit_test_setup_teardown(twins_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(name_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(arrives_under_another_name, setup, teardown),
        cmocka_unit_test_setup_teardown(two_do_not_arrive_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_there_is_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(one_replaces_the_other, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_need_a_place, setup, teardown),
        cmocka_unit_test_setup_teardown(templates_need_a_place, setup, teardown),
        cmocka_unit_test_setup_teardown(chosen_twice_goes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(patterns_mean_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(versions_by_number_and_by_date, setup, teardown),
        cmocka_unit_test_setup_teardown(companions_go_along, setup, teardown),
        cmocka_unit_test_setup_teardown(companions_are_known_by_their_public_key, setup, teardown),
        cmocka_unit_test_setup_teardown(label_of_many_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(certificate_takes_the_id_of_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(half_is_looked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_those_of_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_key_has_no_companions, setup, teardown),
        cmocka_unit_test_setup_teardown(marked_key_has_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(names_agree_with_asking_everybody, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
