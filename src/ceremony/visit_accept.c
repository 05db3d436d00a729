/* SPDX-License-Identifier: Apache-2.0 */
/* accept: the destination decrypts, proves and keeps the keys of a bundle, and destroys the
 * transport pair. The source is the paper one (paper.h): the rows of the tables do not know it from
 * another. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/fresh.h"
#include "ceremony/open_offers.h"
#include "ceremony/paper.h"
#include "ceremony/rows.h"
#include "ceremony/sweep.h"
#include "sealed/sealed_expect.h"
#include "transfer/own_key.h"

/* --- the file --- */

static bool no_journal(struct err *err)
{
    err_set(err, ERR_DENIED, "the journal that the offer wrote is not in this report folder");
    err_now(err, "Nothing was opened");
    return err_next(err, "Use the ceremony file, and the folder, with which the offer was made");
}

static bool check_accept(struct visit_walk *v, struct err *err)
{
    const struct sealed_head *head = &sealed_file(v->job->file)->head;
    const struct visit_past *past = v->past;
    const struct visit_file *offer, *ack, *taken, *answered;
    struct sealed_expected expected = {.format = SEALED_BUNDLE};
    struct sealed_device device;
    const int64_t now = v->c->host.utc_ms(v->c->host.ctx);

    if (!past || !past->has_pair)
        return no_journal(err);
    if (past->returned.is)
        return err_set(err, ERR_DENIED, "the offer took the file of a key service, not a bundle");
    offer = &past->written[SEALED_OFFER][SEALED_STAGE_OFFER];
    ack = &past->written[SEALED_ACK][SEALED_STAGE_CANARY];
    taken = &past->taken[SEALED_BUNDLE][head->stage];
    answered =
        head->stage == SEALED_STAGE_CANARY ? ack : &past->written[SEALED_RECEIPT][head->stage];
    device = sealed_device_of(&past->slot);
    if (!offer->is)
        return no_journal(err);
    expected.stages = v->job->order == SEALED_ONE_BUNDLE ? 1U << SEALED_STAGE_ALL
                      : ack->is                          ? 1U << SEALED_STAGE_KEYS
                                                         : 1U << SEALED_STAGE_CANARY;
    expected.migration = past->migration;
    expected.offer = offer->sha256;
    expected.answers = head->stage == SEALED_STAGE_KEYS ? ack->sha256 : offer->sha256;
    expected.device[SIDE_DESTINATION] = &device;
    expected.only = taken->is ? taken->sha256 : NULL;
    expected.expires_ms = past->expires_ms;
    expected.not_before_ms = past->offered_ms / 1000 * 1000;
    if (taken->is && answered->is) {
        expected.used = &taken->sha256;
        expected.used_count = 1;
    } else if (taken->is && now >= past->expires_ms)
        expected.now_ms = past->expires_ms - 1; /* it was taken in time, and goes on */
    return visit_expect(v, v->job->file, &expected, err);
}

/* --- first reading: what is in it --- */

/* Fixed lengths, with a whole tag. */
static bool take_cipher(const struct sealed_evidence *from, struct evidence_cipher *to)
{
    if (from->challenge.len != sizeof to->challenge || from->answer.iv.len != sizeof to->iv ||
        from->answer.ciphertext.len != sizeof to->ciphertext)
        return false;
    memcpy(to->challenge, from->challenge.data, sizeof to->challenge);
    memcpy(to->iv, from->answer.iv.data, sizeof to->iv);
    memcpy(to->ciphertext, from->answer.ciphertext.data, sizeof to->ciphertext);
    return true;
}

/* All of it is encrypted, or nothing. */
static bool take_sealed(const struct visit_walk *v, const struct sealed_key *key,
                        struct evidence *to, struct err *err)
{
    bool ok = key->proof_count == AHEAD_TURNS && take_cipher(&key->open, &to->open_cipher);

    for (uint32_t i = 0; ok && i < AHEAD_TURNS; i++)
        ok = take_cipher(&key->proofs[i], &to->cipher[i]);
    to->sealed = true;
    to->of.number = key->number;
    text_print(to->of.migration, sizeof to->of.migration, "%s",
               sealed_file(v->job->file)->head.migration);
    return ok || err_set(err, ERR_DATA, "the encrypted evidence of record %u is not complete",
                         key->number);
}

static bool take_evidence(const struct visit_walk *v, const struct sealed_key *key,
                          struct evidence *to, struct err *err)
{
    *to =
        (struct evidence){.proof = key->route == ROUTE_PUBLIC ? HSM_PROOF_BYTES : key->open.proof};
    if (key->route != ROUTE_PUBLIC && evidence_seals(to->proof) && !take_sealed(v, key, to, err))
        return false;
    for (uint32_t i = 0; i < key->proof_count && i < AHEAD_TURNS; i++) {
        const struct sealed_evidence *from = &key->proofs[i];
        if (from->proof != to->proof)
            return err_set(err, ERR_DATA, "record %u of the bundle has two kinds of proof",
                           key->number);
        if (!bytes_set(&to->challenge[i], from->challenge.data, from->challenge.len, err) ||
            !bytes_set(&to->answer[i], from->answer.clear.data, from->answer.clear.len, err))
            return false;
    }
    return key->open.challenge.len == 0 ||
           bytes_set(&to->open, key->open.challenge.data, key->open.challenge.len, err);
}

/* Does the ceremony file name it? A companion belongs to a key that it names. */
static bool is_named(const struct visit_walk *v, const struct sealed_key *key)
{
    const struct selection *selection = v->job->selection;

    for (size_t i = 0; i < selection->uri_count; i++)
        if (plan_selects(&selection->uris[i], &key->desc))
            return true;
    return key->role != SEALED_KEY;
}

struct record *accept_add_record(struct accept *a, struct err *err)
{
    if (a->count == a->room) {
        const size_t room = a->room ? 2 * a->room : 64;
        struct record *more = reallocarray(a->records, room, sizeof *more);
        if (!more) {
            err_set(err, ERR_FAILED, "no memory for the records of a bundle");
            return NULL;
        }
        a->records = more;
        a->room = room;
    }
    a->records[a->count] = (struct record){0};
    return &a->records[a->count++];
}

static bool note_record(void *ctx, const struct sealed_key *key, struct err *err)
{
    struct visit_walk *v = ctx;
    struct accept *a = accept_of(v);
    struct record *record = accept_add_record(a, err);
    struct key_desc desc = key->desc;

    if (!record)
        return false;
    record->number = key->number;
    record->role = key->role;
    record->route = key->route;
    record->alg = key->alg;
    record->want_flags = key->want_flags;
    if (!take_evidence(v, key, &record->evidence, err))
        return false;
    if (key->role == SEALED_TEST_KEY)
        return true;
    a->keys += key->role == SEALED_KEY;
    if (!is_named(v, key))
        return err_set(err, ERR_DATA,
                       "record %u of the bundle is a key that the ceremony file "
                       "does not name",
                       key->number);
    desc.handle = key->number;
    return paper_add(v->c->side[SIDE_SOURCE].hsm, &desc, &key->public_half, err);
}

static bool read_records(struct visit_walk *v, struct err *err)
{
    struct party *from = &v->c->side[SIDE_SOURCE];

    return paper_new(&from->hsm, err) && sealed_read_keys(v->job->file, note_record, v, err) &&
           from->hsm->driver->list(from->hsm, &from->keys, err);
}

/* --- the pair --- */

bool accept_find_pair(struct visit_walk *v, struct err *err)
{
    struct accept *a = accept_of(v);
    const struct key_list *keys = &v->own->keys;
    uint32_t unread;
    unsigned found[2] = {0};

    for (size_t i = 0; i < keys->count; i++) {
        const bool public = keys->keys[i].class == KEY_CLASS_PUBLIC;
        if (!open_offers_is_of(v->past, &keys->keys[i]))
            continue;
        a->pair[public] = keys->keys[i];
        found[public]++;
    }
    if (found[0] == 0 && v->c->setup.interrupted)
        return true; /* it was destroyed before the visit was cut off */
    if (found[0] != 1) {
        err_set(err, ERR_CONFLICT, "the token has %u private keys of this offer, not one",
                found[0]);
        return err_next(err, "Determine who changed the token since the offer was made.");
    }
    return own_key_check(v->own->hsm, a->pair[0].handle, &own_offered_private,
                         v->own->caps.unreadable, &unread, err);
}

/* By the same rules by which the source chose. */
static bool take_evidence_key(struct visit_walk *v, struct err *err)
{
    const struct sealed_wrapped *from = &accept_bundle(v)->evidence;
    struct transport *t = &v->c->transport;

    if (from->alg == SEALED_ALG_NONE)
        return true;
    if (wrap_alg(from->alg)->family != WRAP_AES || suite_is_weak(from->alg) ||
        !v->own->caps.alg[from->alg].unwrap || !v->own->caps.evidence.unwrap)
        return err_set(err, ERR_DATA, "the bundle has an evidence key that is not allowed here");
    t->evidence.wanted = true;
    t->evidence.alg = from->alg;
    return bytes_set(&t->evidence.wrapped, from->wrapped.data, from->wrapped.len, err);
}

bool accept_take_transport(struct visit_walk *v, struct err *err)
{
    const struct accept *a = accept_of(v);
    const struct bytes *kek = &accept_bundle(v)->kek.wrapped;
    struct transport *t = &v->c->transport;
    uint8_t sha256[SHA256_SIZE];

    if (!a->pair[0].handle)
        return true;
    t->destination.private_key = a->pair[0].handle;
    if (!v->own->hsm->driver->public_key(v->own->hsm, a->pair[0].handle, &t->wire.spki, err))
        return false;
    SHA256(t->wire.spki.data, t->wire.spki.len, sha256);
    if (memcmp(sha256, accept_bundle(v)->transport_sha256, SHA256_SIZE) != 0)
        return err_set(err, ERR_DATA, "the bundle is for another transport key");
    t->wire.there |= WIRE_PUBLIC | WIRE_READ_BACK | (kek->len > 0 ? WIRE_KEK : 0U);
    return take_evidence_key(v, err) && bytes_set(&t->wire.wrapped_kek, kek->data, kek->len, err);
}

/* A bundle without test keys needs a policy that wants none. */
static bool has_canary(const struct visit_walk *v, struct err *err)
{
    const struct accept *a = accept_of(v);

    if (v->c->setup.policy.canary != CANARY_REQUIRED || accept_stage(v) == SEALED_STAGE_KEYS ||
        (a->count > 0 && a->records[0].role == SEALED_TEST_KEY))
        return true;
    err_set(err, ERR_DATA, "the bundle has no test key, and the policy requires a canary");
    return err_next(err, "Determine on the source who wrote this file.");
}

/* --- the visit --- */

static bool ask_review(struct visit_walk *v, struct err *err)
{
    char word[32];

    if (accept_stage(v) == SEALED_STAGE_CANARY)
        return visit_review(v, "accept canary", err);
    text_print(word, sizeof word, "accept %zu", v->c->plan.movable);
    return visit_review(v, word, err);
}

/* The transport of the bundle, and no other one. */
static bool negotiate_bundle(struct visit_walk *v, struct err *err)
{
    const enum hsm_alg alg = accept_bundle(v)->kek.alg;
    struct policy only = v->c->setup.policy;

    if (alg == SEALED_ALG_NONE || !policy_allows(&only, alg))
        return err_set(err, ERR_DATA, "the bundle's transport is not one that the policy allows");
    policy_only(&only, alg);
    return accept_negotiate(v, &only, wrap_alg(alg)->family == WRAP_RSA_AES, err);
}

bool accept_take_kek(struct visit_walk *v, struct err *err)
{
    if (!accept_of(v)->pair[0].handle || accept_bundle(v)->kek.wrapped.len == 0)
        return true;
    if (!visit_transport_row(v, STEP_RELAY_KEK, err) ||
        !visit_transport_row(v, STEP_UNWRAP_KEK, err))
        return false;
    v->c->transport.wire.there |= WIRE_ACCEPTED;
    return true;
}

/* An earlier visit had proven all, and destroyed the pair; only its receipt is missing. */
static bool complete(struct visit_walk *v, const char *trust, struct err *err)
{
    struct accept *a = accept_of(v);

    a->through = visit_review(v, "accept 0", err) && visit_taken(v, v->job->file, trust, err);
    return a->through;
}

static bool run_accept(struct visit_walk *v, struct err *err)
{
    char trust[EVENT_TEXT_MAX];
    struct accept *a = v->own_data = calloc(1, sizeof *a);

    if (!a)
        return err_set(err, ERR_FAILED, "no memory for a bundle");
    a->bundle = &sealed_file(v->job->file)->bundle;
    a->stage = sealed_file(v->job->file)->head.stage;
    if (!visit_trust(v, v->job->file, trust, err) || !read_records(v, err) || !has_canary(v, err) ||
        !visit_capabilities(v, err) || !negotiate_bundle(v, err) || !accept_find_pair(v, err) ||
        !accept_find_draft(v, &a->draft, err))
        return false;
    if (a->draft)
        return complete(v, trust, err);
    if (!accept_take_transport(v, err) || (a->keys > 0 && !accept_make_plan(v, err)) ||
        !ask_review(v, err) || !visit_taken(v, v->job->file, trust, err) ||
        !accept_take_kek(v, err) || !accept_sweep_left(v, err) ||
        !sealed_read_keys(v->job->file, accept_take_record, v, err))
        return false;
    return a->through = true;
}

/* May the same bundle be accepted later, when the reason of the failure is gone? */
static bool may_go_on(const struct visit_walk *v)
{
    const enum err_code code = v->failed.code;

    return !accept_of(v)->through && (code == ERR_HSM || code == ERR_GONE || code == ERR_FAILED ||
                                      code == ERR_STOPPED || code == ERR_IO);
}

static bool destroy(struct visit_walk *v, struct step_result *result, struct err *err)
{
    struct accept *a = accept_of(v);
    const struct crew crew = crew_of(v->c);
    bool ok = rows_undo_transport(&crew, &v->c->transport, err);

    text_print(result->text, sizeof result->text, "the KEK is destroyed; the pair waits");
    if (accept_stage(v) == SEALED_STAGE_CANARY || a->waits || may_go_on(v))
        return ok;
    for (size_t i = 0; i < 2; i++)
        if (a->pair[i].handle &&
            !sweep_object(v->own, &a->pair[i], "the pair of the offer", &v->c->narrator, err))
            return false;
    a->destroyed = true;
    text_print(result->text, sizeof result->text, "no transport key is left");
    return ok;
}

/* What is kept is proven by a fresh process while the pair exists, which decrypts the evidence key
 * for it. If it cannot, its proofs will say so. */
bool accept_close(struct visit_walk *v, struct err *err)
{
    struct accept *a = accept_of(v);
    struct err why = {0}, late = {0};
    bool ok = true, drafted = true;

    if (a->through && accept_stage(v) != SEALED_STAGE_CANARY && a->pair[0].handle) {
        if (!fresh_prepare(v->c, &a->pair[0], &why))
            emit_note(&v->c->narrator, EVENT_WARNING, SIDE_DESTINATION, "fresh",
                      "a fresh process could not decrypt the evidence key: %.200s", why.what);
        ok = accept_prove_fresh(v, &why);
        drafted = v->job->arrival || accept_draft(v, &late);
        a->waits = !drafted;
    }
    if (!visit_step(v, STEP_DESTROY, destroy, err))
        return false;
    if (!ok || !drafted)
        *err = drafted ? why : late;
    return ok && drafted;
}

void accept_free(struct visit_walk *v)
{
    struct accept *a = accept_of(v);

    fresh_forget(v->c);
    if (a)
        sealed_close(a->draft);
    for (size_t i = 0; a && i < a->count; i++) {
        evidence_free(&a->records[i].evidence);
        bytes_free(&a->records[i].answer);
    }
    if (a)
        free(a->records);
    free(a);
    v->own_data = NULL;
}

const struct visit_row visit_accept = {VISIT_ACCEPT, check_accept,  run_accept,
                                       accept_close, accept_answer, accept_free};
