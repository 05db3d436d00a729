/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a transport on which both sides agree by ECDH. Each makes a pair, and derives a key
 * from its own private half and the other's public half; the source's AES key crosses under that.
 * The source makes its pair before officers compare the fingerprints, which cover both public
 * halves: one that is replaced must be replaced before, and that is seen.
 */
#include "transfer/transport.h"

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

static bool make_pair(struct hsm *hsm, struct transport *t, struct transport_side *side,
                      struct bytes *spki, struct step_result *result, struct err *err)
{
    struct hsm_pair pair = {0};
    bool ours;

    result->call = side->caps->op_calls[HSM_MAKE_AGREEMENT_PAIR];
    snprintf(result->text, sizeof result->text, "%sEC %s, to derive only",
             side == &t->source ? "taken, and answered with " : "", wrap_alg(alg_of(t))->curve);
    if (!hsm->driver->make_agreement_pair)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not agree on keys");
    if (!hsm->driver->make_agreement_pair(hsm, alg_of(t), t->label, &pair, err))
        return false;
    bytes_free(spki);
    *spki = pair.spki; /* transferred */
    side->private_key = pair.private_handle;
    side->public_key = pair.public_handle;
    ours = known_made(side->known, NULL, &side->private_key, err);
    return (side->public_key == 0 || known_made(side->known, NULL, &side->public_key, err)) &&
           ours &&
           transport_check_own(hsm, side, side->private_key, &own_agreed_private, result, err);
}

static bool destroy_pair(struct hsm *hsm, struct transport_side *side, struct err *err)
{
    return known_destroy(side->known, hsm, NULL, &side->private_key, err) &&
           known_destroy(side->known, hsm, NULL, &side->public_key, err);
}

/* What this side knows of both public halves. */
static bool meet(struct hsm *hsm, struct transport *t, enum side at, const struct bytes *peer,
                 struct bytes *known, struct err *err)
{
    const struct transport_side *side = at == SIDE_SOURCE ? &t->source : &t->destination;
    const struct hsm_meeting with = {.alg = alg_of(t),
                                     .source = at == SIDE_SOURCE,
                                     .private_handle = side->private_key,
                                     .public_handle = side->public_key,
                                     .migration = t->label,
                                     .peer = peer};

    return hsm->driver->meet(hsm, &with, known, err);
}

/* Derives this side's key. It is destroyed as soon as it was used. */
static bool derive(struct hsm *hsm, struct transport *t, enum side at, struct step_result *result,
                   struct err *err)
{
    const bool source = at == SIDE_SOURCE;
    struct transport_side *side = source ? &t->source : &t->destination;
    const struct bytes *known = source ? &t->wire.read_back : &t->wire.met;
    uint8_t info[SHA256_DIGEST_LENGTH];
    const struct hsm_agreement on = {.alg = alg_of(t),
                                     .kdf = t->suite->kdf,
                                     .private_handle = side->private_key,
                                     .peer = source ? &t->wire.spki : &t->wire.answer,
                                     .info = info,
                                     .use = source ? KEY_WRAP : KEY_UNWRAP,
                                     .label = t->label};

    SHA256(known->data, known->len, info);
    return hsm->driver->agree(hsm, &on, &side->derived, err) &&
           known_made(side->known, NULL, &side->derived, err) &&
           transport_check_own(hsm, side, side->derived,
                               source ? &own_agreed_wrapping : &own_agreed_unwrapping, result, err);
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
    if (!make_pair(hsm, t, &t->source, &t->wire.answer, result, err) ||
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
    return agreement_check_public(alg_of(t), &t->wire.answer, "source's public key", err);
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

static bool wrap_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                     struct err *err)
{
    struct transport_side *from = &t->source;

    result->call = from->caps->alg[alg_of(t)].wrap_call;
    result->crossed = &t->wire.wrapped_kek;
    snprintf(result->text, sizeof result->text, "under the derived key, by %s, KDF %s",
             hsm_alg_name(wrap_alg(alg_of(t))->inner), hsm_kdf_name(t->suite->kdf));
    return derive(hsm, t, SIDE_SOURCE, result, err) &&
           wrapped_key_wrap(hsm, wrap_alg(alg_of(t))->inner, from->derived, from->kek,
                            &t->wire.wrapped_kek, err) &&
           known_destroy(from->known, hsm, NULL, &from->derived, err);
}

static bool undo_wrap_kek(struct hsm *hsm, struct transport *t, struct err *err)
{
    return known_destroy(t->source.known, hsm, NULL, &t->source.derived, err);
}

static bool relay_kek(struct hsm *none, struct transport *t, struct step_result *result,
                      struct err *err)
{
    (void)none;
    result->crossed = &t->wire.wrapped_kek;
    return wrapped_key_check(wrap_alg(alg_of(t))->inner, 0, &t->wire.wrapped_kek, err);
}

static bool unwrap_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                       struct err *err)
{
    struct transport_side *to = &t->destination;
    const struct hsm_template template = transport_kek_template(t, KEY_UNWRAP);

    result->call = to->caps->alg[alg_of(t)].unwrap_call;
    result->crossed = &t->wire.wrapped_kek;
    snprintf(result->text, sizeof result->text, "accepted");
    return derive(hsm, t, SIDE_DESTINATION, result, err) &&
           wrapped_key_unwrap(hsm, wrap_alg(alg_of(t))->inner, to->derived, &t->wire.wrapped_kek,
                              &template, &to->kek, err) &&
           known_made(to->known, NULL, &to->kek, err) &&
           transport_check_own(hsm, to, to->kek, &own_destination_kek, result, err) &&
           known_destroy(to->known, hsm, NULL, &to->derived, err);
}

static bool undo_unwrap_kek(struct hsm *hsm, struct transport *t, struct err *err)
{
    return known_destroy(t->destination.known, hsm, NULL, &t->destination.derived, err) &&
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
