/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a transport on which both sides agree. By ECDH, each makes a pair, and derives a key
 * from its own private half and the other's public half; by ML-KEM, the destination makes a pair,
 * and the source encapsulates a key to it; a hybrid does both. The source's AES key crosses under
 * what follows. The source answers before officers compare the fingerprints, which cover what both
 * have sent: what is replaced must be replaced before, and that is seen.
 */
#include "transfer/agreed.h"

#include <stdio.h>

#include <openssl/sha.h>

#include "hsm/key_agreement.h"
#include "hsm/wrap_alg.h"
#include "transfer/own_key.h"
#include "transfer/wrapped_key.h"

static enum hsm_alg alg_of(const struct transport *t)
{
    return t->suite->transport;
}

static enum hsm_kdf kdf_of(const struct transport *t)
{
    return t->suite->kdf;
}

static bool is_layered(const struct transport *t)
{
    return kdf_of(t) == HSM_KDF_NESTED;
}

/* Takes over all objects of a pair. An HSM that returns another object's handle for one of them has
 * made none that we know of. */
static bool take_pair(struct transport_side *side, struct hsm_pair *pair, struct bytes *sent,
                      struct err *err)
{
    uint64_t *const made[] = {&side->private_key, &side->public_key, &side->kem_private,
                              &side->kem_public};
    bool ok = true;

    bytes_free(sent);
    *sent = pair->spki; /* transferred */
    side->private_key = pair->private_handle;
    side->public_key = pair->public_handle;
    side->kem_private = pair->kem_private;
    side->kem_public = pair->kem_public;
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        ok &= *made[i] == 0 || known_made(side->known, NULL, made[i], err);
    return ok;
}

static void say_pair(const struct transport *t, bool answers, struct step_result *result)
{
    const struct wrap_alg *alg = wrap_alg(alg_of(t));
    const size_t size = sizeof result->text;
    size_t len =
        (size_t)snprintf(result->text, size, "%s", answers ? "taken, and answered with " : "");

    if (alg->curve)
        len +=
            (size_t)snprintf(result->text + len, size - len, "EC %s, to derive only", alg->curve);
    if (alg->kem)
        snprintf(result->text + len, size - len, "%s%sML-KEM-%u%s", alg->curve ? ", and " : "",
                 answers ? "a key that was encapsulated by " : "", alg->kem,
                 answers ? "" : ", to decapsulate only");
}

/* Both private halves, or the encapsulated key, are for their one use. */
static bool check_pair(struct hsm *hsm, const struct transport *t,
                       const struct transport_side *side, struct step_result *result,
                       struct err *err)
{
    const struct wrap_alg *alg = wrap_alg(alg_of(t));
    const uint64_t kem = alg->curve ? side->kem_private : side->private_key;
    const struct own_key *secret = kdf_of(t) == HSM_KDF_HKDF ? &own_kem_secret
                                   : is_layered(t)           ? &own_agreed_encrypting
                                                             : &own_agreed_wrapping;

    return (!alg->curve ||
            transport_check_own(hsm, side, side->private_key, &own_agreed_private, result, err)) &&
           (!alg->kem ||
            transport_check_own(hsm, side, kem, side == &t->source ? secret : &own_kem_private,
                                result, err));
}

static bool make_pair(struct hsm *hsm, struct transport *t, struct transport_side *side,
                      struct bytes *spki, struct step_result *result, struct err *err)
{
    struct hsm_pair pair = {0};

    result->call =
        side->caps
            ->op_calls[wrap_alg(alg_of(t))->kem ? HSM_MAKE_KEM_PAIR : HSM_MAKE_AGREEMENT_PAIR];
    say_pair(t, side == &t->source, result);
    if (!hsm->driver->make_agreement_pair)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not agree on keys");
    return hsm->driver->make_agreement_pair(hsm, alg_of(t), t->label, &pair, err) &&
           take_pair(side, &pair, spki, err) && check_pair(hsm, t, side, result, err);
}

/* The source's part of a transport by ML-KEM. */
static bool encapsulate(struct hsm *hsm, struct transport *t, struct step_result *result,
                        struct err *err)
{
    const struct hsm_encapsulation with = {
        .alg = alg_of(t), .kdf = kdf_of(t), .peer = &t->wire.spki, .label = t->label};
    struct transport_side *side = &t->source;
    struct hsm_pair pair = {0};

    result->call = side->caps->op_calls[HSM_ENCAPSULATE];
    say_pair(t, true, result);
    if (!hsm->driver->encapsulate)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not encapsulate keys");
    return hsm->driver->encapsulate(hsm, &with, &pair, err) &&
           take_pair(side, &pair, &t->wire.answer, err) && check_pair(hsm, t, side, result, err);
}

static bool destroy_pair(struct hsm *hsm, struct transport_side *side, struct err *err)
{
    return known_destroy(side->known, hsm, NULL, &side->private_key, err) &&
           known_destroy(side->known, hsm, NULL, &side->public_key, err) &&
           known_destroy(side->known, hsm, NULL, &side->kem_private, err) &&
           known_destroy(side->known, hsm, NULL, &side->kem_public, err);
}

/* What this side knows of both public halves. */
static bool meet(struct hsm *hsm, struct transport *t, enum side at, const struct bytes *peer,
                 struct bytes *known, struct err *err)
{
    const struct transport_side *side = at == SIDE_SOURCE ? &t->source : &t->destination;
    const struct hsm_meeting with = {
        .alg = alg_of(t),
        .source = at == SIDE_SOURCE,
        .private_handle = side->private_key,
        .public_handle = side->public_key,
        .kem_private = side->kem_private,
        .kem_public = side->kem_public,
        .migration = t->label,
        .peer = peer,
        .sent = at == SIDE_SOURCE && wrap_alg(alg_of(t))->kem ? &t->wire.answer : NULL};

    return hsm->driver->meet(hsm, &with, known, err);
}

static void digest_known(const struct transport *t, enum side at, uint8_t *info)
{
    const struct bytes *known = at == SIDE_SOURCE ? &t->wire.read_back : &t->wire.met;

    SHA256(known->data, known->len, info);
}

/* The key that was encapsulated for this use: its handle has a place, which it leaves. */
static bool take_encapsulated(struct transport_side *side, uint64_t *key)
{
    uint64_t *const places[] = {&side->private_key, &side->kem_private};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (*places[i] == *key)
            *places[i] = 0;
    return true;
}

static bool agree_on(struct hsm *hsm, const struct transport *t, enum side at, uint32_t use,
                     const struct hsm_template *key, uint64_t *handle, struct err *err)
{
    const bool source = at == SIDE_SOURCE;
    const struct transport_side *side = source ? &t->source : &t->destination;
    uint8_t info[SHA256_DIGEST_LENGTH];
    const struct hsm_agreement on = {.alg = alg_of(t),
                                     .kdf = kdf_of(t),
                                     .private_handle = side->private_key,
                                     .kem_handle = side->kem_private,
                                     .peer = source ? &t->wire.spki : &t->wire.answer,
                                     .info = info,
                                     .use = use,
                                     .label = t->label,
                                     .key = key};

    digest_known(t, at, info);
    return hsm->driver->agree(hsm, &on, handle, err);
}

bool agreed_derive_key(struct hsm *hsm, const struct transport *t, enum side at,
                       const struct hsm_template *key, uint64_t *handle, struct err *err)
{
    return agree_on(hsm, t, at, 0, key, handle, err);
}

/* Derives this side's key for one use, in two layers one of its keys. */
static bool derive_for(struct hsm *hsm, struct transport *t, enum side at, uint32_t use,
                       uint64_t *key, struct err *err)
{
    const bool source = at == SIDE_SOURCE;
    struct transport_side *side = source ? &t->source : &t->destination;
    const struct hsm_agreement made = {.alg = alg_of(t),
                                       .kdf = kdf_of(t),
                                       .private_handle = side->private_key,
                                       .kem_handle = side->kem_private,
                                       .use = use};

    if (!agree_on(hsm, t, at, use, NULL, key, err))
        return false;
    return source && *key == agreement_encapsulated(&made)
               ? take_encapsulated(side, key)
               : known_made(side->known, NULL, key, err);
}

/* Derives this side's key or keys. They are destroyed as soon as they were used. */
static bool derive(struct hsm *hsm, struct transport *t, enum side at, struct step_result *result,
                   struct err *err)
{
    const bool source = at == SIDE_SOURCE;
    struct transport_side *side = source ? &t->source : &t->destination;

    return derive_for(hsm, t, at, source ? KEY_WRAP : KEY_UNWRAP, &side->derived, err) &&
           transport_check_own(hsm, side, side->derived,
                               source ? &own_agreed_wrapping : &own_agreed_unwrapping, result,
                               err) &&
           (!is_layered(t) ||
            (derive_for(hsm, t, at, source ? KEY_ENCRYPT : KEY_DECRYPT, &side->outer, err) &&
             transport_check_own(hsm, side, side->outer,
                                 source ? &own_agreed_encrypting : &own_agreed_decrypting, result,
                                 err)));
}

static bool destroy_derived(struct hsm *hsm, struct transport_side *side, struct err *err)
{
    return known_destroy(side->known, hsm, NULL, &side->derived, err) &&
           known_destroy(side->known, hsm, NULL, &side->outer, err);
}

/* --- the steps --- */

static bool make_first(struct hsm *hsm, struct transport *t, struct step_result *result,
                       struct err *err)
{
    return make_pair(hsm, t, &t->destination, &t->wire.spki, result, err);
}

static bool undo_make_first(struct hsm *hsm, struct transport *t, struct err *err)
{
    bytes_free(&t->wire.spki);
    return destroy_pair(hsm, &t->destination, err);
}

static bool relay_first(struct hsm *none, struct transport *t, struct step_result *result,
                        struct err *err)
{
    (void)none;
    result->crossed = &t->wire.spki;
    return agreement_check_public(alg_of(t), &t->wire.spki, "destination's public key", err);
}

static bool answer(struct hsm *hsm, struct transport *t, struct step_result *result,
                   struct err *err)
{
    if (!(wrap_alg(alg_of(t))->kem ? encapsulate(hsm, t, result, err)
                                   : make_pair(hsm, t, &t->source, &t->wire.answer, result, err)) ||
        !meet(hsm, t, SIDE_SOURCE, &t->wire.spki, &t->wire.read_back, err))
        return false;
    result->crossed = &t->wire.answer;
    result->fingerprint = &t->wire.read_back;
    return true;
}

static bool undo_answer(struct hsm *hsm, struct transport *t, struct err *err)
{
    bytes_free(&t->wire.answer);
    bytes_free(&t->wire.read_back);
    return destroy_pair(hsm, &t->source, err);
}

static bool relay_answer(struct hsm *none, struct transport *t, struct step_result *result,
                         struct err *err)
{
    (void)none;
    result->crossed = &t->wire.answer;
    return agreement_check_answer(alg_of(t), &t->wire.answer, "source's public key", err);
}

/* Both know what this host has seen, and each has it from its own HSM and its own agent. */
static bool all_know_the_same(const struct transport *t)
{
    uint8_t destination[SHA256_DIGEST_LENGTH], source[SHA256_DIGEST_LENGTH];
    uint8_t text[AGREEMENT_KNOWN_MAX];
    struct bytes here = {text, 0};

    SHA256(t->wire.spki.data, t->wire.spki.len, destination);
    SHA256(t->wire.answer.data, t->wire.answer.len, source);
    here.len = agreement_known(alg_of(t), t->label, destination, source, text);
    return bytes_equal(&here, &t->wire.read_back) && bytes_equal(&here, &t->wire.met);
}

static bool take_answer(struct hsm *hsm, struct transport *t, struct step_result *result,
                        struct err *err)
{
    if (!meet(hsm, t, SIDE_DESTINATION, &t->wire.answer, &t->wire.met, err))
        return false;
    result->crossed = &t->wire.answer;
    result->fingerprint = &t->wire.met;
    snprintf(result->text, sizeof result->text, "both sides report the same two public keys");
    if (all_know_the_same(t))
        return true;
    err_set(err, ERR_DATA, "the two HSMs do not report the same two public keys");
    return err_next(err, "Do not continue until you know what changed a key between the two.");
}

static bool undo_take_answer(struct hsm *hsm, struct transport *t, struct err *err)
{
    (void)hsm;
    (void)err;
    bytes_free(&t->wire.met);
    return true;
}

static bool wrap_under_derived(struct hsm *hsm, struct transport *t, struct err *err)
{
    const struct transport_side *from = &t->source;
    uint8_t info[SHA256_DIGEST_LENGTH];
    const struct hsm_layers by = {wrap_alg(alg_of(t))->inner, from->derived, from->outer, info};

    digest_known(t, SIDE_SOURCE, info);
    return is_layered(t)
               ? wrapped_key_wrap_layers(hsm, &by, from->kek, &t->wire.wrapped_kek, err)
               : wrapped_key_wrap(hsm, by.alg, by.inner, from->kek, &t->wire.wrapped_kek, err);
}

static bool wrap_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                     struct err *err)
{
    struct transport_side *from = &t->source;

    result->call = from->caps->alg[alg_of(t)].wrap_call;
    result->crossed = &t->wire.wrapped_kek;
    snprintf(result->text, sizeof result->text, "under the %s, by %s, KDF %s",
             is_layered(t) ? "two derived keys, one in the other" : "derived key",
             hsm_alg_name(wrap_alg(alg_of(t))->inner), hsm_kdf_name(kdf_of(t)));
    return derive(hsm, t, SIDE_SOURCE, result, err) && wrap_under_derived(hsm, t, err) &&
           destroy_derived(hsm, from, err);
}

static bool undo_wrap_kek(struct hsm *hsm, struct transport *t, struct err *err)
{
    return destroy_derived(hsm, &t->source, err);
}

static bool relay_kek(struct hsm *none, struct transport *t, struct step_result *result,
                      struct err *err)
{
    (void)none;
    result->crossed = &t->wire.wrapped_kek;
    return is_layered(t)
               ? wrapped_key_check_layers(wrap_alg(alg_of(t))->inner, KEK_BITS / 8,
                                          &t->wire.wrapped_kek, err)
               : wrapped_key_check(wrap_alg(alg_of(t))->inner, 0, &t->wire.wrapped_kek, err);
}

static bool unwrap_under_derived(struct hsm *hsm, struct transport *t, struct err *err)
{
    struct transport_side *to = &t->destination;
    const struct hsm_template template = transport_kek_template(t, KEY_UNWRAP);
    uint8_t info[SHA256_DIGEST_LENGTH];
    const struct hsm_layers by = {wrap_alg(alg_of(t))->inner, to->derived, to->outer, info};

    digest_known(t, SIDE_DESTINATION, info);
    return is_layered(t)
               ? wrapped_key_unwrap_layers(hsm, &by, &t->wire.wrapped_kek, &template, &to->kek, err)
               : wrapped_key_unwrap(hsm, by.alg, by.inner, &t->wire.wrapped_kek, &template,
                                    &to->kek, err);
}

static bool unwrap_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                       struct err *err)
{
    struct transport_side *to = &t->destination;

    result->call = to->caps->alg[alg_of(t)].unwrap_call;
    result->crossed = &t->wire.wrapped_kek;
    snprintf(result->text, sizeof result->text, "accepted");
    return derive(hsm, t, SIDE_DESTINATION, result, err) && unwrap_under_derived(hsm, t, err) &&
           known_made(to->known, NULL, &to->kek, err) &&
           transport_check_own(hsm, to, to->kek, &own_destination_kek, result, err) &&
           destroy_derived(hsm, to, err);
}

static bool undo_unwrap_kek(struct hsm *hsm, struct transport *t, struct err *err)
{
    return destroy_derived(hsm, &t->destination, err) &&
           known_destroy(t->destination.known, hsm, NULL, &t->destination.kek, err);
}

const struct transport_row agreed_transport_rows[] = {
    /* step, side, gate before it, needs, leaves, run, undo */
    {{STEP_MAKE_PAIR, SIDE_DESTINATION, GATE_REVIEW, 0, WIRE_PUBLIC}, make_first, undo_make_first},
    {{STEP_RELAY_PUBLIC, SIDE_RELAY, GATE_NONE, WIRE_PUBLIC, 0}, relay_first, NULL},
    {{STEP_LOAD_PUBLIC, SIDE_SOURCE, GATE_NONE, WIRE_PUBLIC, WIRE_READ_BACK}, answer, undo_answer},
    {{STEP_RELAY_ANSWER, SIDE_RELAY, GATE_NONE, WIRE_READ_BACK, 0}, relay_answer, NULL},
    {{STEP_LOAD_ANSWER, SIDE_DESTINATION, GATE_NONE, WIRE_READ_BACK, WIRE_MET},
     take_answer,
     undo_take_answer},
    {{STEP_MAKE_KEK, SIDE_SOURCE, GATE_FINGERPRINT, WIRE_MET, 0},
     transport_make_kek,
     transport_undo_make_kek},
    {{STEP_WRAP_KEK, SIDE_SOURCE, GATE_NONE, WIRE_MET, WIRE_KEK}, wrap_kek, undo_wrap_kek},
    {{STEP_RELAY_KEK, SIDE_RELAY, GATE_NONE, WIRE_KEK, 0}, relay_kek, NULL},
    {{STEP_UNWRAP_KEK, SIDE_DESTINATION, GATE_NONE, WIRE_KEK, WIRE_ACCEPTED},
     unwrap_kek,
     undo_unwrap_kek},
};

const size_t agreed_transport_rows_count =
    sizeof agreed_transport_rows / sizeof agreed_transport_rows[0];

const size_t agreed_transport_rows_met = 5; /* up to STEP_LOAD_ANSWER */
